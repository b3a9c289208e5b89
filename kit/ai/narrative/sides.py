"""Whether a number is said of the side that its fact is of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.ai.narrative.numbers import Written, numbers_in
from kit.ai.narrative.sentences import Sentence
from kit.report.facts import Fact

_SIDE = re.compile(r"\b(candidate|baseline)\b")
_PART = re.compile(
    r",(?!\d)|;|\band\b|\bagainst\b|\bwhile\b|\bcompared with\b|\bthan\b|\bversus\b|\bwhere\b"
)
_LISTED = re.compile(
    r"\b(candidate|baseline)(?:'s)?,? (?:and|or|to|against) (?:the )?(candidate|baseline)\b"
    r"(?!'s (?:is|was|being)\b)"
)
_COMPARED = re.compile(
    r"\b(?:than|against|above|below|over|to|from|without|exceed\w*|as for|lag(?:s|ged)|left|"
    r"topp?\w*|beat\w*|behind|"
    r"ahead of|out[a-z]+|undercut\w*|match\w*|surpass\w*|trail\w*|relative to|"
    r"compared with|compared to|versus|vs|short of|instead of|next to|rather than)\b[^,\d]{0,24}$"
)
_OWNS = re.compile(r"\b(candidate|baseline)'s (?:[a-z]+ ){0,2}$")

_SET_APART = re.compile(r"(?:'s)?(?: [a-z]+){0,6}? ?[,:(] ?(?:at |with )?[-+$€£¥\u2212]?$")
_BESIDE = re.compile(
    r"\b(?:compared (?:with|to)|against|instead of|rather than|versus|vs|next to|beside|"
    r"as opposed to)\b"
)
_OTHER = {"candidate": "baseline", "baseline": "candidate"}
"""``short of the baseline's, 4 compared with 5``: the first figure is of the side not named."""
_TURNED = re.compile(r"\bturn(?:s|ed|ing)?\b.*\binto\b")
_ITS = re.compile(r"its? ")

Said = tuple[Written, str]


def wrong_side(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Return which number is said of the other side; empty where none is.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> fact = Fact("F1", "ROAS", 1.2, "ratio", "candidate")
    >>> wrong_side(sentences_of("The baseline's ROAS is 1.2 [F1].", [])[0], [fact])
    "1.2: F1 is the candidate's, not the baseline's"
    """
    known = {fact.id: fact.of for fact in facts}
    numbers = [
        one for one in numbers_in(sentence)
        if one.cites and known.get(one.cites[0]) in ("candidate", "baseline")
    ]  # fmt: skip
    before = sentence.before
    if before is not None and "baseline" in before.plain.split("candidate")[-1]:
        numbers = [] if _ITS.match(sentence.plain) else numbers
    for number, said in _said(sentence.plain, numbers, [known[one.cites[0]] for one in numbers]):
        side = known[number.cites[0]]
        if side != said:
            return f"{number.text}: {number.cites[0]} is the {side}'s, not the {said}'s"
    return ""


def _said(plain: str, numbers: Sequence[Written], sides: Sequence[str]) -> list[Said]:
    """Return the numbers whose side the sentence leaves no doubt of, each with that side."""
    if _TURNED.search(plain):
        return []
    if listed := _LISTED.search(plain):
        in_order = [listed[1], listed[2]]
        return list(zip(numbers, in_order, strict=True)) if len(numbers) == 2 else []
    return (
        _owned(plain, numbers)
        or _alternating(plain, numbers)
        or _by_part(plain, numbers)
        or _alone(plain, numbers, sides)
        or _first(plain, numbers)
        or _its(plain, numbers)
    )


def _owned(plain: str, numbers: Sequence[Written]) -> list[Said]:
    """Take ``the baseline's 14.7 %`` at its word."""
    found = ((number, _OWNS.search(plain[: number.start])) for number in numbers)
    return [(number, owner[1]) for number, owner in found if owner]


def _first(plain: str, numbers: Sequence[Written]) -> list[Said]:
    """Take ``the candidate got 5 as opposed to 4``: the first number is of the side named."""
    named = list(_SIDE.finditer(plain))
    if len(named) != 1 or len(numbers) != 2 or named[0].start() > numbers[0].start:
        return []
    is_other = _COMPARED.search(plain[: named[0].start()])
    if is_other and _SET_APART.match(plain[named[0].end() : numbers[0].start]):
        between = plain[numbers[0].end : numbers[1].start]
        return [(numbers[0], _OTHER[named[0][1]])] if _BESIDE.search(between) else []
    if re.search(r"\bfrom\b", plain) or is_other:
        return []
    return [(numbers[0], named[0][1])]


def _its(plain: str, numbers: Sequence[Written]) -> list[Said]:
    """Take ``Its ROAS is 1.44``, where no side is named, as said of the candidate."""
    if len(numbers) != 1 or not _ITS.match(plain) or _SIDE.search(plain):
        return []
    if re.search(r"\b(?:from|against|than|versus|vs|before|old)\b", plain):
        return []
    return [(numbers[0], "candidate")]


def _alternating(plain: str, numbers: Sequence[Written]) -> list[Said]:
    """Pair side and number where they take turns: ``the candidate 5, the baseline 6``."""
    named = [(found.start(), found[1]) for found in _SIDE.finditer(plain)]
    if len(named) != len(numbers) or len(numbers) < 2:
        return []
    side_first = named[0][0] < numbers[0].start
    tokens = sorted([*named, *((one.start, "") for one in numbers)])
    turns = [bool(side) == (side_first == (i % 2 == 0)) for i, (_, side) in enumerate(tokens)]
    return list(zip(numbers, [side for _, side in named], strict=True)) if all(turns) else []


def _by_part(plain: str, numbers: Sequence[Written]) -> list[Said]:
    found: list[Said] = []
    for number in numbers:
        start, end = _part(plain, number)
        inside = [one for one in numbers if start <= one.start < end]
        own = list(_SIDE.finditer(plain, start, end))
        if (
            len(inside) == 1
            and len(own) == 1
            and not _COMPARED.search(plain[start : own[0].start()])
        ):
            found.append((number, own[0][1]))
    return found


def _alone(plain: str, numbers: Sequence[Written], sides: Sequence[str]) -> list[Said]:
    """Take the one side named for every number, where all are of one side."""
    named = list(_SIDE.finditer(plain))
    if len(named) != 1 or len(set(sides)) != 1 or _COMPARED.search(plain[: named[0].start()]):
        return []
    return [(number, named[0][1]) for number in numbers]


def _part(plain: str, number: Written) -> tuple[int, int]:
    marks = [found.start() for found in _PART.finditer(plain)]
    start = max((mark for mark in marks if mark < number.start), default=0)
    end = min((mark for mark in marks if mark >= number.end), default=len(plain))
    return start, end
