"""Which side a word of comparison is said of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.ai.narrative.directions import Direction
from kit.ai.narrative.sentences import CITE
from kit.report.facts import Fact

CLAUSE = re.compile(r"[;:]|,(?!\d)|\b(?:and|but|while|whereas|though|although|yet|where)\b")
_SIDE = re.compile(r"\b(candidate|baseline)\b")
_ASIDE = re.compile(r"\([^()]*\)")
_THAN = re.compile(
    r"\b(?:than|against|compared (?:with|to)|versus|vs|as opposed to|in place of|instead of|to the|"
    r"beside|below|above|behind|ahead of|exceeds?|exceeded|topp?(?:s|ed)|beats?|from|over|"
    r"relative to|rather than|where|next to|undercuts?|outbids?|outspends?|outnumber\w*|"
    r"short of|outshin\w*)\b"
)
_OWNER = re.compile(
    r"[^,;:]{0,40}?\b(?:belongs? to|lies? with|goes to|went to|is (?:with|on the side of|had by)|"
    r"was (?:with|had by)) (?:the )?(candidate|baseline)\b"
)
"""Whose the amount is that a word is said of: ``the lower CPC belongs to the baseline``."""
_ON = re.compile(
    r"\b(?:under|with|for|by|in|at|of|to|on)\s(?:the\s)?(?:side of the\s)?(candidate|"
    r"baseline)\b(?!'s)"
)
_CHANGED = re.compile(r"\b(?:to|into|before|previously|used to)\b|\u2192|->|=>")
_FROM, _TO = re.compile(r"\bfrom\b[^\[]*\[f\d+\][^\[]*$"), re.compile(r" to\b")
"""``went from 5 [F1] with the baseline down to 4 [F2]``: said of the second figure."""
_AFTER_FIGURE = re.compile(
    r"\band [^\[;]*\[(f\d+)\](?: for the (?:candidate|baseline))?,(?: which is| a (?:little|bit|"
    r"shade|touch)| slightly| much| far)*\s$"
)
"""``5 [F1] for the candidate and 4 [F2] for the baseline, which is less``: said of the last."""
_BEFORE_FIGURE = re.compile(r",? [-+$€£¥\u2212]?\d[^\[,;]*(?:,\d[^\[,;]*)*\[(f\d+)\]")
_ITS_OWN = re.compile(r"\b(?:an?|the|and|but)(?: \w+ly| little| bit| far| much)?\s$")
"""``5 [F1] against a slightly higher 6 [F2]``: said of the figure after it."""
_BEFORE = re.compile(r"^\[f\d+\] (?:after|now)\b")


def subject_sign(word: Direction, plain: str, found: Sequence[Fact]) -> int:
    """Return -1 where a word of comparison is said of the baseline, else 1.

    Its subject is the side named before it in its clause; else of two figures the first, but for
    ``5 [F1] to 4 [F2]``, a change to the candidate; else the side named after it.

    Parameters
    ----------
    word : Direction
        In the sentence.
    plain : str
        The sentence.
    found : sequence of Fact
        What it compares.

    Examples
    --------
    >>> from kit.ai.narrative.directions import directions_in
    >>> said = "the baseline spent more."
    >>> subject_sign(directions_in(said)[0], said, [])
    -1
    """
    plain = _without_asides(plain, word.start)
    if side := _side_of_figure(word, plain, found):
        return _sign(side)
    source = _FROM.search(plain[: word.start])
    if source and not CLAUSE.search(source[0]) and _TO.match(plain, word.end) and len(found) > 1:
        last = max(found, key=lambda fact: plain.find(f"[{fact.id.lower()}]"))
        return _sign(last.of)
    if owner := _OWNER.match(plain, word.end):
        return _sign(owner[1])
    start = max((m.start() for m in CLAUSE.finditer(plain) if m.start() < word.start), default=0)
    stated = _sides(plain[start : word.start])
    if stated and not _is_object(plain[: word.start]):
        return _sign(stated[-1])
    if first := _first_cited(plain, found):
        return _sign(first)
    if stated := _sides(plain[: word.start]):
        return 1 if _is_object(plain[: word.start]) else _sign(stated[-1])
    if _THAN.match(plain, word.start) or word.word == "well ahead":
        return 1
    return _named_after(plain[word.end :])


def _sign(side: str) -> int:
    return -1 if side == "baseline" else 1


def _side_of_figure(word: Direction, plain: str, found: Sequence[Fact]) -> str:
    """Return the side of the figure that a word is tied to; empty where to none."""
    tied = _BEFORE_FIGURE.match(plain, word.end) if _ITS_OWN.search(plain[: word.start]) else None
    if tied is None and plain[word.end :] in ("", "."):
        tied = _AFTER_FIGURE.search(plain[: word.start])
    of = {fact.id.lower(): fact.of for fact in found if fact.of != "difference"}
    return of.get(tied[1], "") if tied else ""


def _first_cited(plain: str, found: Sequence[Fact]) -> str:
    """Return the side of the figure that the other is held against; empty where not both stand."""
    places = sorted((plain.find(f"[{fact.id.lower()}]"), fact.of) for fact in found)
    places = [pair for pair in places if pair[0] >= 0 and pair[1] != "difference"]
    if {side for _, side in places} != {"candidate", "baseline"}:
        return ""
    (place, first), (end, second), *_ = places
    if first == second:
        return ""
    between = plain[place:end]
    if not CITE.sub("", between).strip():
        return ""
    if _CHANGED.search(between) or _BEFORE.search(plain[end:]):
        return "candidate"  # a change goes from the baseline to it
    return first


def _named_after(after: str) -> int:
    than = _THAN.search(after)
    first = _ON.findall(after[: than.start()] if than else after[:60])
    if first:
        return _sign(first[0])
    compared = _sides(after[than.end() :]) if than else []
    return -1 if compared and compared[0] == "candidate" else 1


def _without_asides(plain: str, place: int) -> str:
    """Return a sentence without the sides named in brackets, but for those around a place."""
    return _ASIDE.sub(
        lambda found: (
            found[0]
            if found.start() < place < found.end()
            else _SIDE.sub(lambda side: " " * len(side[0]), found[0])
        ),
        plain,
    )


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
