"""Hours of the day in words: ``before 6 am``, ``between 18:00 and 22:00``, ``hours 9 to 17``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kit.ai.words.numbers import whole_at
from kit.ai.words.tokens import Token

_TO = frozenset({"to", "-", "\u2013", "and", "until", "till", "through", "thru"})
_NAMED = {"midnight": 0, "noon": 12, "midday": 12}
_SIDED = {"before": "<", "until": "<", "till": "<", "after": ">=", "from": ">=", "since": ">="}


@dataclass(frozen=True)
class Hours:
    """Hours of the day from `first` to before `end`, UTC; over midnight where `end` is less."""

    first: int
    end: int


def match_hours(tokens: Sequence[Token], start: int) -> tuple[Hours, int] | None:
    """Return the hours that start at a token and the place after them, if they do.

    Examples
    --------
    >>> from kit.ai.words.tokens import tokenize
    >>> match_hours(tokenize("between 6 and 9 pm"), 0)
    (Hours(first=18, end=21), 5)
    """
    norms = [token.norm for token in tokens] + [""] * 4
    word = norms[start]
    return (
        _between(tokens, norms, start + (word in ("from", "between")))
        or _numbered(tokens, norms, start)
        or _sided(tokens, norms, start)
        or _at(tokens, norms, start)
    )


def _between(tokens: Sequence[Token], norms: list[str], place: int) -> tuple[Hours, int] | None:
    first = _hour(tokens, norms, place)
    bare = whole_at(tokens, place, 1, 12) if first is None else None
    joint = (first or bare or (0, place))[1]
    if (first is None and bare is None) or norms[joint] not in _TO:
        return None
    second = _hour(tokens, norms, joint + 1)
    if second is None:
        return None
    if first is None and bare is not None:  # "6 and 9 pm": both of one half of the day
        half = norms[second[1] - 1]
        if half not in ("am", "pm", "o'clock"):
            return None
        low = bare[0] if half == "o'clock" else bare[0] % 12 + 12 * (half == "pm")
    else:
        low = (first or (0, 0))[0]
    high = second[0] or 24
    over_midnight = first is not None and low > high  # "from 10 pm to 6 am"
    return (Hours(low, high), second[1]) if low < high or over_midnight else None


def _numbered(tokens: Sequence[Token], norms: list[str], start: int) -> tuple[Hours, int] | None:
    """Read ``hours 9 to 17``, by number and so with the last hour, and ``hour 14``."""
    if norms[start] not in ("hour", "hours", "hrs", "hr"):
        return None
    place = start + 1 + (norms[start + 1] in ("from", "between"))
    first = whole_at(tokens, place, 0, 23)
    if first is None:
        return None
    last = whole_at(tokens, first[1] + 1, 0, 23) if norms[first[1]] in _TO else None
    if last is None:
        return Hours(first[0], first[0] + 1), first[1]
    return (Hours(first[0], last[0] + 1), last[1]) if first[0] <= last[0] else None


def _sided(tokens: Sequence[Token], norms: list[str], start: int) -> tuple[Hours, int] | None:
    side = _SIDED.get(norms[start])
    hour = _hour(tokens, norms, start + 1) if side else None
    if hour is None:
        return None
    end = hour[1] + (norms[hour[1]] in ("on", "onward", "onwards"))
    return (Hours(0, hour[0]), end) if side == "<" else (Hours(hour[0], 24), end)


def _at(tokens: Sequence[Token], norms: list[str], start: int) -> tuple[Hours, int] | None:
    if norms[start] not in ("at", "in"):
        return None
    hour = _hour(tokens, norms, start + 1)
    if hour is None:
        return None
    return Hours(hour[0], hour[0] + 1), hour[1] + (norms[hour[1]] == "hour")


def _hour(tokens: Sequence[Token], norms: list[str], place: int) -> tuple[int, int] | None:
    """Read one full hour; a number alone is none."""
    if norms[place] in _NAMED:
        return _NAMED[norms[place]], place + 1
    hours, colon, minutes = norms[place].partition(":")
    if colon:
        if minutes != "00" or not int(hours) <= 24:
            return None
        half = norms[place + 1]
        if half in ("am", "pm"):
            return int(hours) % 12 + (12 if half == "pm" else 0), place + 2
        return int(hours), place + 1
    number = whole_at(tokens, place, 1, 12) if place < len(tokens) else None
    if number is not None and norms[number[1]] in ("am", "pm"):
        return number[0] % 12 + (12 if norms[number[1]] == "pm" else 0), number[1] + 1
    clock = whole_at(tokens, place, 0, 24) if place < len(tokens) else None
    if clock is not None and norms[clock[1]] == "o'clock":
        return clock[0], clock[1] + 1
    return None
