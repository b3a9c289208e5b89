"""Whether every comparison in words goes the way the facts do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from kit.ai.narrative.advice import is_advice, is_to_be_done
from kit.ai.narrative.amounts import are_of_one
from kit.ai.narrative.directions import Direction, directions_in
from kit.ai.narrative.ends import NAMED
from kit.ai.narrative.levels import is_level
from kit.ai.narrative.meaning import Meaning, meaning_of
from kit.ai.narrative.pairs import (
    TO_MARK,
    Cited,
    clause_around,
    compares,
    meant,
    nearest_named,
    one_subject,
)
from kit.ai.narrative.quantities import COSTS
from kit.ai.narrative.sentences import CITE, Sentence
from kit.ai.narrative.subjects import subject_sign
from kit.report.facts import Fact

_MARKED = re.compile(
    r"\bmargin\b|\bmde\b|\bdetect\w*|\bsmallest\b|\bcould (?:not )?(?:have|be) (?:found|seen|told)"
)
_MARK_FIRST = re.compile(r"the margin\b|compared with the (?:minimum detectable|margin)\b")
_NOUN = re.compile(r"(?:gain|loss|lift|uplift|advantage|deficit|shortfall|disadvantage)(?:e?s)?")
_DETERMINED = re.compile(
    r"\b(?:an?|the|any|no|its|this|that|all|into|of|net|contains|excludes|not|such|real|"
    r"small)\s(?:\w+\s)?$"
)
_OF_NUMBER = re.compile(
    r"\s?[:(,]?\s?(?:(?:of|is|was|about|some|by|only|at|just|of the (?:candidate|"
    r"baseline))\s)*[-+$€£¥\u2212]?\s?\d"
)
_EXTREME = re.compile(r"(?:small|larg|bigg|great|low|high|weak|strong)est|most|least|best|worst")
_OF_PARTS = re.compile(rf"{TO_MARK.pattern}|{_EXTREME.pattern}|ahead|behind|better|worse")
_FEW = 4
"""Words of a sentence that says of the one before it what it means: ``Both lower.``"""
_CLOSE = 0.005
_DEFINITE = re.compile(r"\b(?:the|its|this|that|their)\s(?:surplus\s|whole\s)?$")
_PREDICATE = re.compile(r"\b(?:is|was|remains|still|means)\s(?:still\s)?an?\s$")
_LEFT_OPEN = re.compile(r"\b(?:could|may|might|if|whether|any)\b")
_OF_LOSSES = re.compile(r"\blos(?:s|t|e|ing)|\bnegative\b|\bdeficits?\b|\bred\b|\bshortfall")
_LOSS_THAT = re.compile(r"\b(?:loss(?:es)?|deficit|shortfall)\s(?:has |have |was |had )?\w+$")
_SIZE = re.compile(r"more|less|larger|bigger|greater|smaller|heavier|lighter")
_LOST = re.compile(r"los|negative|minus|deficit|in the red")
_EXCEPT = re.compile(
    r"\b(?:all|every\w*|each)(?: \w+)? (?:but|except|save|bar)\b[^,;\[]*\[f\d+\]\W* ?$"
)
"""``All but video (-5 USD [F3]) gained``: it did not."""
_OF_PRICE = re.compile(r"cheap|dear|costl|pric|thrift|frugal|economical")
_FAVOURS = re.compile(
    r"\b(?:on the (?P<a>candidate|baseline)'s side|in the (?P<b>candidate|baseline)'s favou?r|"
    r"(?:in favou?r of|favou?rs?|speaks? for|on the side of|leans? towards?) the (?P<c>candidate|"
    r"baseline)(?!'s))\b"
)
_SIDE = re.compile(r"\b(candidate|baseline)\b")
_FROM_TO = re.compile(r"\bfrom\b[^;\[]*\[(f\d+)\][^;\[]*\bto\b[^;\[]*\[(f\d+)\]")
_TO_FROM = re.compile(r"\bto\b[^;\[]*\[(f\d+)\][^;\[]*\bfrom\b[^;\[]*\[(f\d+)\]")
_AFTER = re.compile(
    r"\[(f\d+)\],? (?:after|instead of|in place of|rather than|up from|down from)[^;\[]*\[(f\d+)\]"
)
_REACHES = re.compile(
    r"\b(?:difference|gap|interval|range|band)(?: \w+){0,5}? (?:starts?|begins?|goes|runs|ends?|"
    r"ending|starting|stops?|extends?|up to|down to|from|to|as (?:far|high|low) as)\b"
)
"""What, like the name of an end, leads to an end of an interval that is only quoted."""
_NOT = re.compile(r"\b(?:not|no|never|n't|nothing)\b")
_AGAIN = re.compile(
    r"^(?:so|nor|neither) (?:did|does|do|is|was|are|were|has|have|it)\b|\bby that much\b"
)


def wrong_direction(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Return in plain words which comparison the facts do not bear out; empty where none.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> facts = [Fact("F1", "CPC", 1.2, "USD", "candidate"),
    ...          Fact("F2", "CPC", 1.4, "USD", "baseline")]
    >>> wrong_direction(sentences_of("CPC went up [F1][F2].", [])[0], facts)
    '"up": CPC is lower for the candidate'
    """
    cited = _cited(sentence, facts)
    if not cited and is_advice(sentence.plain):
        return ""
    words = [
        replace(word, negated=word.negated != bool(_EXCEPT.search(sentence.plain[: word.start])))
        for word in _words(sentence.plain)
        if not is_level(sentence.plain, word.start)
        and not _is_of_parts(word, cited)
        and not is_to_be_done(sentence.plain, word.start)
    ]
    if respective := _respective(words, cited):
        found = (
            _verdict_of(w, _sign(f.value), meaning_of(f), _sign(f.value)) for w, f in respective
        )
        return next(filter(None, found), "")
    for word in words:
        if reason := _wrong(word, sentence.plain, cited, facts):
            return reason
    return (
        _wrong_again(sentence, cited, facts)
        or _wrong_shared(sentence.plain, words, cited, facts)
        or _wrong_favour(sentence.plain, cited, facts)
        or _wrong_order(sentence.plain, facts)
    )


def uncited_surplus(plain: str) -> list[Direction]:
    """Return the words of rise and fall said of surplus in a sentence that cites nothing for it.

    Examples
    --------
    >>> [word.word for word in uncited_surplus("the candidate ended with less surplus")]
    ['less']
    """
    found = []
    for word in _words(plain):
        start, end = clause_around(plain, word.start)
        about_surplus = nearest_named(plain, start, end, word.start) == "surplus"
        if about_surplus and not CITE.search(plain, start, end + 30):
            found.append(word)
    return found


def without_told(sentence: Sentence, facts: Sequence[Fact]) -> Sentence:
    """Return a sentence without the comparisons, cited or not, that figures of both sides bear out.

    Of surplus, by which the candidate is judged, none is taken away.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> facts = [Fact("F1", "CPC", 1.2, "USD", "candidate"),
    ...          Fact("F2", "CPC", 1.4, "USD", "baseline")]
    >>> without_told(sentences_of("Its CPC is lower.", [])[0], facts).plain
    'its cpc is      .'
    """
    plain = sentence.plain
    if sentence.cites:
        return sentence
    for word in _words(plain):
        found = meant(word, plain, [], facts)
        sides = {fact.of for fact in found}
        is_told = sides >= {"candidate", "baseline"} and word.kind in ("up", "down")
        is_told = is_told and not _NOUN.fullmatch(word.word)
        if is_told and not _wrong_change(word, plain, found, facts):
            plain = plain[: word.start] + " " * (word.end - word.start) + plain[word.end :]
    return replace(sentence, plain=plain, told=plain != sentence.plain)


def _respective(words: Sequence[Direction], cited: Cited) -> list[tuple[Direction, Fact]]:
    """Pair ``A dipped and B rose (-1 USD [F1], +2 USD [F2])``, parts of one, in order.

    Of three or more, the first for which a word is true is taken.
    """
    if len(words) != 2 or len(cited) < 2 or words[1].end > cited[0][1]:
        return []
    facts = [fact for fact, _ in cited]
    quantity = meaning_of(facts[0]).quantity
    signs = [word.sign(quantity) for word in words]
    if signs[0] == signs[1] or not all(are_of_one(facts[0], fact) for fact in facts[1:]):
        return []
    if len(facts) == 2:
        return list(zip(words, facts, strict=True))
    suits = [next((f for f in facts if f.value * sign > 0), facts[0]) for sign in signs]
    return list(zip(words, suits, strict=True))


def _words(plain: str) -> list[Direction]:
    """Return the words of comparison; `intervals` has those that hold an effect against a mark."""
    return [word for word in directions_in(plain) if not _is_to_mark(word, plain)]


def _is_to_mark(word: Direction, plain: str) -> bool:
    start, end = clause_around(plain, word.start)
    is_marked = _MARKED.search(plain, start, end) or _MARK_FIRST.match(plain)
    return bool(is_marked and (TO_MARK.match(word.word) or _EXTREME.match(word.word)))


def _is_of_parts(word: Direction, cited: Cited) -> bool:
    """Return whether two parts or ends of one difference are compared: `amounts` holds those."""
    if len(cited) < 2 or not _OF_PARTS.match(word.word):
        return False
    if len(cited) > 2 and not _EXTREME.match(word.word):
        return False
    return all(are_of_one(cited[0][0], fact) for fact, _ in cited[1:])


def _cited(sentence: Sentence, facts: Sequence[Fact]) -> list[tuple[Fact, int]]:
    known = {fact.id: fact for fact in facts}
    return [(known[name], place) for name, place in sentence.cites if name in known]


def _wrong(word: Direction, plain: str, cited: Cited, facts: Sequence[Fact]) -> str:
    found = meant(word, plain, cited, facts)
    if not found:
        return ""
    if _NOUN.fullmatch(word.word):
        return _wrong_noun(word, plain, found, cited, facts)
    return _wrong_change(word, plain, found, facts)


def _wrong_change(word: Direction, plain: str, found: list[Fact], facts: Sequence[Fact]) -> str:
    meaning = meaning_of(found[0])
    if _LOST.match(word.word) and _is_loss(found):
        return ""
    if _OF_PRICE.match(word.word) and meaning.quantity not in COSTS:
        return ""
    actual = _actual(word, plain, found, facts)
    if actual is None or (word.negated and _is_close(found)):
        return ""
    return _verdict_of(word, actual * subject_sign(word, plain, found), meaning, actual)


def _is_close(found: Sequence[Fact]) -> bool:
    """Return whether two sides hardly differ, so that neither is much higher."""
    low, *_, high = sorted([fact.value for fact in found] * 2)
    return all(fact.of != "difference" for fact in found) and high - low <= _CLOSE * abs(high)


def _is_loss(found: Sequence[Fact]) -> bool:
    """Return whether a word of loss is said of one side, which made one."""
    return found[0].of != "difference" and all(fact.value < 0 for fact in found)


def _verdict_of(word: Direction, said_of: int, meaning: Meaning, actual: int) -> str:
    says = word.sign(meaning.quantity)
    agrees = said_of != says if word.negated else said_of == says
    if agrees:
        return ""
    how = {1: "higher", -1: "lower", 0: "the same"}[actual]
    name = " of ".join(filter(None, (meaning.quantity, meaning.segment)))
    negation = "not " if word.negated else ""
    return f'"{negation}{word.word}": {name} is {how} for the candidate'


def _wrong_noun(
    word: Direction,
    plain: str,
    found: list[Fact],
    cited: Cited,
    facts: Sequence[Fact],
) -> str:
    """Hold ``a loss of 3 USD [F1]``, ``the loss`` and ``is a loss`` against what is cited."""
    before, after = plain[: word.start], plain[word.end :]
    following = [fact for fact, place in cited if place > word.end]
    preceding = [fact for fact, place in cited if place < word.start]
    if _OF_NUMBER.match(after) and following and not word.negated:
        return _wrong_sign(word, following[:1])
    if _DEFINITE.search(before) and not word.negated and not _LEFT_OPEN.search(plain):
        return _wrong_sign(word, [fact for fact, _ in cited if fact.of == "difference"])
    if _PREDICATE.search(before) and not _NOT.search(before):
        near = preceding[-1:] or following[:1]
        return _wrong_sign(word, [fact for fact in near if fact.of == "difference"])
    is_noun = word.word.startswith("loss") or _DETERMINED.search(before)
    is_told = not is_noun or _OF_NUMBER.match(after) or re.match(r"\s(?:in|on|for)\b", after)
    return _wrong_change(word, plain, found, facts) if is_told else ""


def _wrong_sign(word: Direction, told: Sequence[Fact]) -> str:
    """Return which figure is no gain, or no loss; ends of both signs are neither."""
    signs = {fact.value > 0 for fact in told}
    if len(signs) != 1 or (word.kind == "up") in signs:
        return ""
    return f'"{word.word}": {told[0].id} is none'


def _actual(
    word: Direction, plain: str, found: Sequence[Fact], facts: Sequence[Fact]
) -> int | None:
    """Return the sign of candidate less baseline, as the facts have it; None where they do not."""
    changes = [fact for fact in found if fact.of == "difference"]
    whole = [fact for fact in changes if not meaning_of(fact).end]
    if changes and not whole and (NAMED.search(plain) or _REACHES.search(plain)):
        return _from_sides({f.of: f.value for f in found if f not in changes}, found[0], facts)
    if whole or changes:
        return _common([_sign(fact.value) for fact in whole or changes], word)
    sides: dict[str, float] = {fact.of: fact.value for fact in found}
    is_of_losses = max(sides.values()) < 0 and _OF_LOSSES.search(plain[: word.end])
    actual = _from_sides(sides, found[0], facts)
    is_size = _SIZE.fullmatch(plain[word.start : word.end])
    is_size = is_size or _LOSS_THAT.search(plain[: word.end])
    return -actual if actual and is_of_losses and is_size else actual


def _from_sides(sides: dict[str, float], fact: Fact, facts: Sequence[Fact]) -> int | None:
    meaning = meaning_of(fact)
    for other in facts:
        read = meaning_of(other)
        if read.subject == meaning.subject and read.tune == meaning.tune and not read.end:
            if other.of == "difference":
                sides.setdefault("difference", other.value)
            sides.setdefault(other.of, other.value)
    if "candidate" in sides and "baseline" in sides:
        return _sign(sides["candidate"] - sides["baseline"])
    return _sign(sides["difference"]) if "difference" in sides else None


def _common(signs: Sequence[int], word: Direction) -> int | None:
    """Return the sign of several ends; ends of both signs bear out neither word."""
    return signs[0] if len(set(signs)) == 1 else None


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _wrong_again(sentence: Sentence, cited: Cited, facts: Sequence[Fact]) -> str:
    """Hold ``So did spend`` against what the sentence before said."""
    if sentence.before is None or (not cited and len(sentence.plain.split()) > _FEW):
        return ""
    if not cited and re.match(r"both\b", sentence.plain):
        words = directions_in(sentence.plain)
        return _wrong_shared(
            f"both {sentence.before.plain}", words, _cited(sentence.before, facts), facts
        )
    if not cited or not _AGAIN.search(sentence.plain):
        return ""
    if directions_in(sentence.plain):
        return ""
    before = directions_in(sentence.before.plain)
    if not before:
        return '"so": no comparison stands before it'
    word = before[-1]
    negated = word.negated or sentence.plain.startswith(("nor", "neither"))
    found = one_subject([pair for pair in cited if compares(pair[0])], 0)
    actual = _actual(word, sentence.plain, found, facts) if found else None
    if actual is None:
        return ""
    again = Direction(word.word, word.kind, negated, 0, 0)
    return _verdict_of(again, actual, meaning_of(found[0]), actual)


def _wrong_order(plain: str, facts: Sequence[Fact]) -> str:
    """Strike ``from 1.75 [candidate] to 1.42 [baseline]``: a change goes from the baseline on."""
    known = {fact.id.lower(): fact for fact in facts}
    for pattern, is_first_old in ((_FROM_TO, True), (_TO_FROM, False), (_AFTER, False)):
        for found in pattern.finditer(plain):
            first, second = known.get(found[1]), known.get(found[2])
            if first is None or second is None or _SIDE.search(plain):
                continue
            old, new = (first, second) if is_first_old else (second, first)
            if (old.of, new.of) == ("candidate", "baseline"):
                return f"{old.id} is the candidate's: a change goes from the baseline to it"
    return ""


def _wrong_shared(
    plain: str,
    words: Sequence[Direction],
    cited: Cited,
    facts: Sequence[Fact],
) -> str:
    """Hold ``both value and surplus are up`` against each of the two."""
    if len(words) != 1 or not re.search(r"\bboth\b|\balike\b|\band so\b|, and \w+ from\b", plain):
        return ""
    compared = [pair for pair in cited if compares(pair[0]) and not meaning_of(pair[0]).end]
    subjects = {meaning_of(fact).subject for fact, _ in compared}
    for subject in sorted(subjects):
        found = [fact for fact, _ in compared if meaning_of(fact).subject == subject]
        actual = _actual(words[0], plain, found, facts)
        if _LOST.match(words[0].word) and _is_loss(found):
            continue
        if actual is not None and (len(found) > 1 or found[0].of == "difference"):
            wrong = _verdict_of(words[0], actual * subject_sign(words[0], plain, found),
                                meaning_of(found[0]), actual)  # fmt: skip
            if wrong:
                return wrong
    return ""


def _wrong_favour(plain: str, cited: Cited, facts: Sequence[Fact]) -> str:
    """Hold ``the CPC speaks for the baseline`` against the figures cited for it."""
    side = _FAVOURS.search(plain)
    compared = [pair for pair in cited if compares(pair[0]) and not meaning_of(pair[0]).end]
    if side is None or not compared or directions_in(plain) or _NOT.search(plain):
        return ""
    word = Direction(side[0], "good", False, *side.span())
    found = one_subject(compared, side.start())
    actual = _actual(word, plain, found, facts)
    said_of = 1 if "candidate" in side[0] else -1
    return _verdict_of(word, actual * said_of, meaning_of(found[0]), actual) if actual else ""
