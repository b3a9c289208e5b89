"""Whether a surplus that is said to be negative or positive is so: a level, not a comparison."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.ai.narrative.meaning import meaning_of
from kit.ai.narrative.sentences import Sentence
from kit.ai.narrative.subjects import CLAUSE
from kit.report.facts import Fact

_BELOW = (
    r"negative|in the red|at a (?:\w+ )?loss(?= of|[,.;:]|$| and| on| in)|below (?:zero|nil)|"
    r"(?:los(?:e|es|ing|t)|burn(?:s|ed|t|ing)?) money|loss-making|unprofitable|under ?water"
)
_ABOVE = (
    r"positive|in the (?:black|plus)|above (?:zero|nil)|(?:ma[dk]e|earn)(?:s|ed|ing)? money|"
    r"making money|br(?:eak(?:s|ing)?|oke) even|profitable|at a (?:\w+ )?profit|turn(?:s|"
    r"ed)? a profit"
)
LEVEL = re.compile(rf"(?<![\w-])(?:(?P<below>{_BELOW})|(?P<above>{_ABOVE}))(?!\w)")
_ALL = re.compile(r"\b(?:both(?P<ends> ends)?|either|neither|each|alike|all)\b")
_NOT = re.compile(r"\b(?:not|no|never|neither|nor|nobody|none)\b(?: \w+){0,4} $")
_NEITHER = re.compile(r"\b(?:neither|none)\b[^;:]*$")
_SIDE = re.compile(r"\b(candidate|baseline)\b")
_WHICH = re.compile(r"[,:] (?:which|that|a figure|an end)\b")
"""``starts at -3 [F4], which is negative``: said of the figure before it."""
_OF_INTERVAL = re.compile(
    r"\b(?:interval|range|partly|part of|could|may|might|can|side of|from a negative to a)\b"
)


def wrong_level(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Return which figure is of the other sign than a sentence says; empty where none.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> facts = [Fact("F1", "surplus", -2.7, "USD", "candidate"),
    ...          Fact("F2", "surplus", -3.0, "USD", "baseline")]
    >>> said = sentences_of("Both are in the black: -2.7 USD [F1] and -3 USD [F2].", [])[0]
    >>> wrong_level(said, facts)
    '"in the black": F1 is not'
    """
    plain = sentence.plain
    known = {fact.id: fact for fact in facts}
    signed = [
        (known[name], place)
        for name, place in sentence.cites
        if name in known and _is_signed(known[name])
    ]
    for word in LEVEL.finditer(plain):
        start, end = _clause(plain, word.start())
        if _OF_INTERVAL.search(plain, start, end):
            continue
        before = plain[: word.start()]
        is_denied = _NOT.search(before[start:]) or _NEITHER.search(before)
        says_above = bool(word["above"]) != bool(is_denied)
        for fact in _meant(plain, word, signed, (start, end)):
            if fact.value and (fact.value > 0) != says_above:
                return f'"{word[0]}": {fact.id} is not'
    return ""


def is_level(plain: str, place: int) -> bool:
    """Return whether the word at a place says of which sign something is.

    Examples
    --------
    >>> is_level("both lose money", 5), is_level("both lose more", 5)
    (True, False)
    """
    return any(found.start() <= place < found.end() for found in LEVEL.finditer(plain))


def _is_signed(fact: Fact) -> bool:
    return fact.of == "difference" or meaning_of(fact).quantity == "surplus"


def _meant(
    plain: str,
    word: re.Match[str],
    signed: Sequence[tuple[Fact, int]],
    clause: tuple[int, int],
) -> list[Fact]:
    """Return the figures in a word's own clause; else all, or the next, of the sentence."""
    start, end = clause
    own = [fact for fact, place in signed if start <= place < end]
    if own or not signed:
        return own
    if every := _ALL.search(plain):
        ends = [fact for fact, _ in signed if meaning_of(fact).end]
        return ends if ends and every["ends"] else [fact for fact, _ in signed]
    before = [fact for fact, place in signed if place < start]
    if before and _WHICH.match(plain, start):
        return before[-1:]
    after = [fact for fact, place in signed if place > word.start()]
    stated = _SIDE.findall(plain[start : word.start()])
    after = [fact for fact in after if stated and fact.of == stated[-1]] or after
    return [after[0] if after else signed[-1][0]]


def _clause(plain: str, place: int) -> tuple[int, int]:
    marks = [found.start() for found in CLAUSE.finditer(plain)]
    start = max((mark for mark in marks if mark <= place), default=0)
    return start, min((mark for mark in marks if mark > place), default=len(plain))
