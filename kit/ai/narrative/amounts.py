"""Whether one amount is larger than another where a sentence says so of two different things."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.ai.narrative.meaning import meaning_of
from kit.ai.narrative.quantities import named_in
from kit.ai.narrative.sentences import Sentence
from kit.report.facts import Fact

_MORE = re.compile(
    r"\b(?:(?:larger|bigger|greater|higher|more(?! than (?:made|off|comp))|longer|wider|harder|"
    r"heavier|worse)(?: [^;,]{0,40}?)? than|exceed\w*|above|beyond|surpass\w*|tops|topp(?:ed|ing)|"
    r"outweighs?|ahead of|(?:did|does|fared|was|is) better than|over(?! the (?:hold|tune|log|"
    r"data)| [\d,.]+ \[f\d+\] (?:auctions|impressions|blocks|days|requests)\b))\b|>"
)
_LESS = re.compile(
    r"\b(?:(?:smaller|less|lower|fewer|shorter|narrower)(?: [^;,]{0,40}?)? than|below|under|"
    r"short of|beneath|behind(?! (?:on|in|at|for|us|him|it)\b)|"
    r"(?:did|does|fared|was|is) worse than|within)\b|<"
)
_MOST = re.compile(
    r"\bthe (?:larger|largest|bigger|biggest|greater|greatest|higher|highest|most)\b(?! by\b)"
)
_LEAST = re.compile(
    r"\bthe (?:smaller|smallest|lesser|least|lower|lowest|weaker|weakest)\b(?! by\b)"
)
_SEVERAL = 3
_OBJECT = 40
"""How far after *above* and the like what something is compared with is named."""
_NOT = re.compile(r"\b(?:not|never|nor|no|neither|cannot)\b|n't\b")
_MANY = re.compile(
    r"\btoo (?:many|much|high)\b|\bover-?(?:predict|estimat|stat)\w*|\btoo optimistic\b|"
    r"\boptimistic\b"
)
_FEW = re.compile(
    r"\btoo (?:few|little|low)\b|\bunder-?(?:predict|estimat|stat)\w*|\btoo pessimistic\b|"
    r"\bpessimistic\b"
)
_WAS_FOUND = re.compile(
    r"\b(?:was|were|is|has been|have been|we) (?:found|shown|seen|measured|observed|detected)\b"
)
_COULD = re.compile(r"\b(?:could|would|can|may|might|able|exceed\w*|than)\b")
_SUPERLATIVE = re.compile(
    r"\bthe (?:(?P<most>largest|biggest|greatest|strongest|heaviest|steepest)|smallest|least|"
    r"slightest|weakest) (?:gain|los|contribut|drop|rise|lift|uplift|increase|decrease|plus|minus|"
    r"effect|difference|improvement|share|part|slice)|\b(?:contributed|gained|brought|lost|added|"
    r"earned|gave|made) (?:the )?(?:(?P<more>most)|least)\b"
)
_WITH_OBJECT = re.compile(r"than|ahead of|behind|tops|topp|surpass|outweigh")
_BY = re.compile(r"\bby (?:more|less) than\b|\bin size\b|\boutweigh")
_OF_LOSSES = re.compile(r"\b(?:los[st]\w*|los(?:e|es|ing)|hit|fell|dropped|down|worse)\b")
_APART = frozenset({"margin for not worse"})
"""Held against an end of the interval, with its sign: `intervals` does that."""


def wrong_amounts(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Return which of two amounts is not larger, as a sentence says; empty where none.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> facts = [Fact("F1", "auctions", 9e6, "count", "data"),
    ...          Fact("F2", "effective sample size", 2e6, "count", "data")]
    >>> said = "The effective sample, 2 million [F2], is larger than the log, 9 million [F1]."
    >>> wrong_amounts(sentences_of(said, [])[0], facts)
    'F2 is less than F1'
    """
    known = {fact.id: fact for fact in facts}
    cited = [(known[name], place) for name, place in sentence.cites if name in known]
    if reason := _found(sentence.plain, [fact for fact, _ in cited]):
        return reason
    return (
        _wrong_prediction(sentence.plain, [fact for fact, _ in cited])
        or _wrong_pair(sentence.plain, cited)
        or _wrong_part(sentence.plain, cited)
        or _wrong_extreme(sentence.plain, cited)
        or _wrong_alone(sentence.plain, [fact for fact, _ in cited], facts)
    )


def _found(plain: str, cited: Sequence[Fact]) -> str:
    """Return which fact says how large an effect would be found, where one is said to be found."""
    if not _WAS_FOUND.search(plain) or _NOT.search(plain) or _COULD.search(plain):
        return ""
    least = [fact for fact in cited if meaning_of(fact).quantity == "minimum detectable effect"]
    return f"{least[0].id} is what could be found, not what was" if least else ""


def _wrong_prediction(plain: str, cited: Sequence[Fact]) -> str:
    """Hold ``predicts too many clicks`` against the ratio of predicted to observed."""
    ratio = next((fact for fact in cited if meaning_of(fact).quantity == "calibration ratio"), None)
    many, few = _MANY.search(plain), _FEW.search(plain)
    if ratio is None or bool(many) == bool(few):
        return ""
    negated = bool(_NOT.search(plain))
    if ((ratio.value > 1) == bool(many)) != negated:
        return ""
    return f"{ratio.id}: it predicts too {'many' if ratio.value > 1 else 'few'}"


def _wrong_pair(plain: str, cited: Sequence[tuple[Fact, int]]) -> str:
    more, less = _MORE.search(plain), _LESS.search(plain)
    word = more or less
    cited = _around(word, cited) if word else cited
    if len(cited) != 2 or word is None or bool(more) == bool(less) or not _may_compare(cited):
        return ""
    is_between = cited[0][1] < word.start() < cited[1][1]
    if are_of_one(cited[0][0], cited[1][0]) and not (is_between or _WITH_OBJECT.search(word[0])):
        return ""
    first, second = _in_order(plain, word.end(), cited)
    is_of_losses = max(first.value, second.value) < 0 and _OF_LOSSES.search(plain)
    if is_of_losses and are_of_one(first, second):
        more = less
    says_more = bool(more) != bool(_NOT.search(plain[: word.start()]))
    return _wrong_rank(first, second, says_more, plain)


def _around(word: re.Match[str], cited: Sequence[tuple[Fact, int]]) -> Sequence[tuple[Fact, int]]:
    """Return the two figures on either side of a word, where all others are in another unit."""
    before = [pair for pair in cited if pair[1] < word.start()]
    after = [pair for pair in cited if pair[1] > word.start()]
    if len(cited) < _SEVERAL or not before or not after:
        return cited
    near = [before[-1], after[0]]
    units = {fact.unit for fact, _ in near}
    is_apart = all(pair in near or pair[0].unit not in units for pair in cited)
    return near if is_apart else cited


def _wrong_rank(first: Fact, second: Fact, says_more: bool, plain: str = "") -> str:
    a, b = first.value, second.value
    if not are_of_one(first, second) or (a * b < 0 and _BY.search(plain)):
        a, b = abs(a), abs(b)
    if a == b or (a > b) == says_more:
        return ""
    return f"{first.id} is {'more' if a > b else 'less'} than {second.id}"


def _wrong_part(plain: str, cited: Sequence[tuple[Fact, int]]) -> str:
    """Hold ``the larger piece, 9 [F1], ..., 4 [F2]``, of two parts, against the two."""
    if len(cited) != 2 or not are_of_one(cited[0][0], cited[1][0]):
        return ""
    (first, place), (second, _) = cited
    more, less = _MOST.search(plain[:place]), _LEAST.search(plain[:place])
    ends = meaning_of(first).end or meaning_of(second).end
    if bool(more) == bool(less) or ends:
        return ""
    return _wrong_rank(first, second, bool(more))


def _wrong_extreme(plain: str, cited: Sequence[tuple[Fact, int]]) -> str:
    """Hold ``video was the smallest, 2 [F3]``, of three parts or more, against all cited."""
    most, least = _MOST.search(plain), _LEAST.search(plain)
    word = most or least
    if word is None or bool(most) == bool(least) or len(cited) < _SEVERAL:
        return ""
    first = cited[0][0]
    if not all(are_of_one(first, fact) for fact, _ in cited[1:]):
        return ""
    after = [fact for fact, place in cited if place > word.start()]
    said = after[0] if after else cited[-1][0]
    values = [fact.value for fact, _ in cited]
    if said.value == (max(values) if most else min(values)):
        return ""
    return f'"{word[0]}": {said.id} is not'


def _wrong_alone(plain: str, cited: Sequence[Fact], facts: Sequence[Fact]) -> str:
    """Hold ``video is the smallest gainer, 2 [F3]`` against the parts that are not cited."""
    found = _SUPERLATIVE.search(plain)
    if found is None or len(cited) != 1 or not meaning_of(cited[0]).segment:
        return ""
    said = cited[0]
    others = [fact for fact in facts if are_of_one(said, fact) and meaning_of(fact).segment]
    sizes = [abs(fact.value) for fact in others if fact.value * said.value > 0]
    size = abs(said.value)
    is_most = bool(found["most"] or found["more"])
    if not sizes or (size >= max(sizes) if is_most else size <= min(sizes)):
        return ""
    return f'"{found[0]}": {said.id} is not'


def are_of_one(first: Fact, second: Fact) -> bool:
    """Return whether two differences are of one quantity, but of two parts or two ends of it.

    Examples
    --------
    >>> are_of_one(Fact("F1", "surplus, video", 1.0, "USD", "difference"),
    ...            Fact("F2", "surplus, banner", 2.0, "USD", "difference"))
    True
    """
    one, other = meaning_of(first), meaning_of(second)
    is_same = one.quantity == other.quantity and first.of == second.of and one.tune == other.tune
    return (
        is_same
        and first.unit == second.unit
        and (one.segment, one.end)
        != (
            other.segment,
            other.end,
        )
    )


def _may_compare(cited: Sequence[tuple[Fact, int]]) -> bool:
    """Return whether two facts are of different things in one unit; `comparisons` has sides."""
    (one, _), (other, _) = cited
    first, second = meaning_of(one), meaning_of(other)
    if are_of_one(one, other):
        return True
    is_apart = first.quantity != second.quantity
    if one.of == other.of == "difference" and first.tune != second.tune:
        is_apart = True  # one difference on both splits: told as sizes
    if one.unit != other.unit or _APART & {first.quantity, second.quantity}:
        return False
    return not (first.end or second.end) and is_apart


def _in_order(plain: str, place: int, cited: Sequence[tuple[Fact, int]]) -> tuple[Fact, Fact]:
    """Return the two facts as the sentence compares them: by where each is cited, else named."""
    (one, _), (other, at) = cited
    if (at > place and cited[0][1] < place) or are_of_one(one, other):
        return one, other
    names = named_in(plain)
    then = named_in(plain[place:].split("[")[0][:_OBJECT])
    if meaning_of(other).quantity in then and meaning_of(one).quantity not in then:
        return one, other  # above the detectable effect: 9 [F1] against 5 [F2]
    if re.match(r" (?:it|that)\b", plain[place:]):
        return other, one
    is_next = cited[0][1] > place and ", " not in plain[place : cited[0][1]]
    if is_next and meaning_of(one).quantity not in names:
        return other, one  # within the budget of 50 [F1], at 49 [F2]
    places = [min(names.get(meaning_of(fact).quantity, [place])) for fact, _ in cited]
    return (one, other) if places[0] <= places[1] else (other, one)
