"""Numbers as they are written: digits with thousands, ``k``, words up to twelve."""

from __future__ import annotations

from collections.abc import Sequence

from kit.ai.words.tokens import Token

NUMBER_WORDS = {
    word: number
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
         "eleven", "twelve")
    )
}  # fmt: skip
ORDINALS = {
    word: number
    for number, word in enumerate(
        ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
         "tenth"), start=1,
    )
}  # fmt: skip
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "mn": 1e6}


def number_at(tokens: Sequence[Token], start: int) -> tuple[float, int] | None:
    """Return the number that starts at a token and the place after it, if one does.

    Examples
    --------
    >>> from kit.ai.words.tokens import tokenize
    >>> number_at(tokenize("15,000 impressions"), 0), number_at(tokenize("2k"), 0)
    ((15000.0, 1), (2000.0, 2))
    """
    if start >= len(tokens):
        return None
    token = tokens[start]
    if token.norm in NUMBER_WORDS:
        value = float(NUMBER_WORDS[token.norm])
    elif token.is_number:
        digits = token.norm.replace(",", "")
        if digits.count(".") > 1:
            return None
        value = float(digits)
    else:
        return None
    after = tokens[start + 1].norm if start + 1 < len(tokens) else ""
    return (value * _SCALES[after], start + 2) if after in _SCALES else (value, start + 1)


def whole_at(tokens: Sequence[Token], start: int, low: int, high: int) -> tuple[int, int] | None:
    """Return the whole number in ``[low, high]`` that starts at a token, if one does."""
    found = number_at(tokens, start)
    if found is None or found[0] != int(found[0]) or not low <= found[0] <= high:
        return None
    return int(found[0]), found[1]
