"""Whether every comparison in words goes the way the facts do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.ai.narrative.directions import Direction, directions_in
from kit.ai.narrative.meaning import Meaning, meaning_of
from kit.ai.narrative.quantities import RELATED, named_in
from kit.ai.narrative.sentences import CITE, Sentence
from kit.report.facts import Fact

Subject = tuple[str, str]

_CLAUSE = re.compile(r"[;:]|,(?!\d)|\b(?:and|but|while|whereas|though|although|yet)\b")
_THAN = re.compile(
    r"\b(?:than|against|compared (?:with|to)|versus|vs|as opposed to|in place of|instead of|to the|"
    r"beside|below|above|behind|ahead of|exceeds?|exceeded|topp?(?:s|ed)|beats?|from|over|"
    r"relative to)\b"
)
_MARKED = re.compile(
    r"\bmargin\b|\bdetect\w*|\bsmallest\b|\bcould (?:not )?(?:have|be) (?:found|seen|told)"
)
_TO_MARK = re.compile(r"larger|smaller|bigger|exceed|above|below|greater|less|more|lower|higher")
_ON = re.compile(
    r"\b(?:under|with|for|by|in|at|of|to|on)\s(?:the\s)?(?:side of the\s)?(candidate|"
    r"baseline)\b(?!'s)"
)
_SIDE = re.compile(r"\b(candidate|baseline)\b")
_FROM_TO = re.compile(r"\bfrom\b[^;\[]*\[(f\d+)\][^;\[]*\bto\b[^;\[]*\[(f\d+)\]")
_TO_FROM = re.compile(r"\bto\b[^;\[]*\[(f\d+)\][^;\[]*\bfrom\b[^;\[]*\[(f\d+)\]")
_AFTER = re.compile(
    r"\[(f\d+)\],? (?:after|instead of|in place of|rather than|up from|down from)[^;\[]*\[(f\d+)\]"
)
_BETWEEN_AFTER = re.compile(r"\s(?:clicks? |conversions? |impressions? |of (?:extra )?)?")
_BETWEEN_BEFORE = re.compile(
    r"\s(?:by |some |about |another |only |just |nearly |"
    r"almost )*[-+$€£¥−]?\s?[\d.,]+\s?[km]?"  # noqa: RUF001
    r"(?: ?(?:%|[a-z]{3}|percent|points|percentage points|pp|clicks|conversions|impressions))?\s"
)
"""What may stand between a word and the amount that it is said of."""
_AGAIN = re.compile(
    r"^(?:so|nor|neither) (?:did|does|do|is|was|are|were|has|have|it)\b|\bby that much\b"
)


def wrong_direction(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Return in plain words which comparison the facts do not bear out; empty where none.

    Parameters
    ----------
    sentence : Sentence
        Of a narrative.
    facts : sequence of Fact
        All that the narrative may cite.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> facts = [Fact("F1", "CPC", 1.2, "USD", "candidate"),
    ...          Fact("F2", "CPC", 1.4, "USD", "baseline")]
    >>> wrong_direction(sentences_of("CPC went up [F1][F2].", [])[0], facts)
    '"up": CPC is lower for the candidate'
    """
    cited = _cited(sentence, facts)
    words = _words(sentence.plain)
    for word in words:
        if reason := _wrong(word, sentence.plain, cited, facts):
            return reason
    return (
        _wrong_again(sentence, cited, facts)
        or _wrong_shared(sentence.plain, words, cited, facts)
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
        start, end = _clause(plain, word.start)
        about_surplus = _nearest_named(plain, start, end, word.start) == "surplus"
        if about_surplus and not CITE.search(plain, start, end + 30):
            found.append(word)
    return found


def _words(plain: str) -> list[Direction]:
    """Return the words of comparison; `intervals` has those that hold an effect against a mark."""
    return [word for word in directions_in(plain) if not _is_to_mark(word, plain)]


def _is_to_mark(word: Direction, plain: str) -> bool:
    start, end = _clause(plain, word.start)
    is_marked = _MARKED.search(plain, start, end) or plain.startswith("the margin")
    return bool(is_marked and _TO_MARK.match(word.word))


def _cited(sentence: Sentence, facts: Sequence[Fact]) -> list[tuple[Fact, int]]:
    known = {fact.id: fact for fact in facts}
    return [(known[name], place) for name, place in sentence.cites if name in known]


def _wrong(
    word: Direction, plain: str, cited: Sequence[tuple[Fact, int]], facts: Sequence[Fact]
) -> str:
    found = _meant(word, plain, cited, facts)
    if not found:
        return ""
    meaning = meaning_of(found[0])
    actual = _actual(word, plain, found, facts)
    if actual is None:
        return ""
    return _verdict_of(word, actual * _subject_sign(word, plain, found), meaning, actual)


def _verdict_of(word: Direction, said_of: int, meaning: Meaning, actual: int) -> str:
    says = word.sign(meaning.quantity)
    agrees = said_of != says if word.negated else said_of == says
    if agrees:
        return ""
    how = {1: "higher", -1: "lower", 0: "the same"}[actual]
    name = " of ".join(filter(None, (meaning.quantity, meaning.segment)))
    negation = "not " if word.negated else ""
    return f'"{negation}{word.word}": {name} is {how} for the candidate'


def _meant(
    word: Direction, plain: str, cited: Sequence[tuple[Fact, int]], facts: Sequence[Fact]
) -> list[Fact]:
    """Return the facts of one subject that a word of comparison is about."""
    cited = [pair for pair in cited if _compares(pair[0])]
    if beside := _beside(word, plain, cited):
        return beside
    start, end = _clause(plain, word.start)
    named = _nearest_named(plain, start, end, word.start)
    if named is not None:
        own = [pair for pair in cited if meaning_of(pair[0]).quantity == named]
        own = own or [p for p in cited if named in RELATED.get(meaning_of(p[0]).quantity, ())]
        if own:
            return _one_subject(own, word.start)
        return [] if cited or named == "surplus" else _in_table(named, plain, facts)
    return _one_subject(cited, word.start)


def _beside(word: Direction, plain: str, cited: Sequence[tuple[Fact, int]]) -> list[Fact]:
    """Return the difference that stands right beside a word: ``30.89 USD [F9] more``."""
    for fact, place in cited:
        if fact.of != "difference" or meaning_of(fact).end:
            continue
        after = plain[place + len(fact.id) + 2 : word.start]
        before = plain[word.end : place]
        is_after = place < word.start and _BETWEEN_AFTER.fullmatch(after)
        is_before = place > word.start and _BETWEEN_BEFORE.fullmatch(before)
        if is_after or is_before:
            return [fact]
    return []


def _compares(fact: Fact) -> bool:
    return fact.of in ("candidate", "baseline", "difference")


def _in_table(quantity: str, plain: str, facts: Sequence[Fact]) -> list[Fact]:
    tune = "tun" in plain
    return [
        fact
        for fact in facts
        if _compares(fact)
        and (read := meaning_of(fact)).subject == (quantity, "")
        and read.tune == tune
    ]


def _one_subject(cited: Sequence[tuple[Fact, int]], place: int) -> list[Fact]:
    """Return the facts of the subject that is cited soonest after a place, else nearest before."""
    if not cited:
        return []
    after = [pair for pair in cited if pair[1] >= place]
    nearest = min(after or cited, key=lambda pair: abs(pair[1] - place))
    subject = meaning_of(nearest[0]).subject
    return [fact for fact, _ in cited if meaning_of(fact).subject == subject]


def _clause(plain: str, place: int) -> tuple[int, int]:
    marks = [found.start() for found in _CLAUSE.finditer(plain)]
    start = max((mark for mark in marks if mark < place), default=0)
    end = min((mark for mark in marks if mark > place), default=len(plain))
    return start, end


def _nearest_named(plain: str, start: int, end: int, place: int) -> str | None:
    places = [
        (abs(start + at - place), name)
        for name, found in named_in(plain[start:end]).items()
        for at in found
        if name not in ("looks left", "looks used", "auctions", "exchanges", "campaigns")
    ]
    return min(places)[1] if places else None


def _actual(
    word: Direction, plain: str, found: Sequence[Fact], facts: Sequence[Fact]
) -> int | None:
    """Return the sign of candidate less baseline, as the facts have it; None where they do not."""
    changes = [fact for fact in found if fact.of == "difference"]
    whole = [fact for fact in changes if not meaning_of(fact).end]
    if whole or changes:
        return _common([_sign(fact.value) for fact in whole or changes], word)
    sides: dict[str, float] = {fact.of: fact.value for fact in found}
    return _from_sides(sides, found[0], facts)


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


def _subject_sign(word: Direction, plain: str, found: Sequence[Fact]) -> int:
    """Return -1 where the sentence compares the baseline with the candidate, else 1."""
    start, _ = _clause(plain, word.start)
    before = _sides(plain[: word.start])
    here = _sides(plain[start : word.start])
    stated = here or before
    if stated:
        return -1 if stated[-1] == "baseline" and not _is_object(plain[: word.start]) else 1
    if _THAN.match(plain, word.start):
        return 1
    after = plain[word.end :]
    than = _THAN.search(after)
    first = _ON.findall(after[: than.start()] if than else after[:60])
    if first:
        return -1 if first[0] == "baseline" else 1
    compared = _sides(after[than.end() :]) if than else []
    return -1 if compared and compared[0] == "candidate" else 1


def _sides(text: str) -> list[str]:
    return _SIDE.findall(text)


def _is_object(before: str) -> bool:
    """Return whether the last side named is what something is compared with."""
    last = [found.start() for found in _SIDE.finditer(before)][-1]
    return bool(
        re.search(
            rf"(?:{_THAN.pattern})\s(?:the\s|that of (?:the )?|under (?:the )?)?$", before[:last]
        )
    )


def _wrong_again(
    sentence: Sentence, cited: Sequence[tuple[Fact, int]], facts: Sequence[Fact]
) -> str:
    """Hold ``So did spend`` against what the sentence before said."""
    if not cited or sentence.before is None or not _AGAIN.search(sentence.plain):
        return ""
    if directions_in(sentence.plain):
        return ""
    before = directions_in(sentence.before.plain)
    if not before:
        return '"so": no comparison stands before it'
    word = before[-1]
    negated = word.negated or sentence.plain.startswith(("nor", "neither"))
    found = _one_subject([pair for pair in cited if _compares(pair[0])], 0)
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
    cited: Sequence[tuple[Fact, int]],
    facts: Sequence[Fact],
) -> str:
    """Hold ``both value and surplus are up`` against each of the two."""
    if len(words) != 1 or not re.search(r"\bboth\b|\balike\b|\band so\b|, and \w+ from\b", plain):
        return ""
    compared = [pair for pair in cited if _compares(pair[0]) and not meaning_of(pair[0]).end]
    subjects = {meaning_of(fact).subject for fact, _ in compared}
    for subject in sorted(subjects):
        found = [fact for fact, _ in compared if meaning_of(fact).subject == subject]
        actual = _actual(words[0], plain, found, facts)
        if actual is not None and (len(found) > 1 or found[0].of == "difference"):
            wrong = _verdict_of(words[0], actual * _subject_sign(words[0], plain, found),
                                meaning_of(found[0]), actual)  # fmt: skip
            if wrong:
                return wrong
    return ""
