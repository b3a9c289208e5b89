"""From tokens to items: each the longest phrase that is understood, with all it can mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from kit.ai.words.grammar import SEPARATORS
from kit.ai.words.numbers import number_at
from kit.ai.words.times import Reader
from kit.ai.words.tokens import Token, tokenize
from kit.ai.words.vocabulary import Meaning, Vocabulary


@dataclass(frozen=True)
class Item:
    """A phrase and its meanings.

    Parameters
    ----------
    text : str
        The phrase in lower case.
    meanings : tuple of Meaning
        What it can stand for; none if it is unknown.
    plural : bool
        Whether a word of it is in the plural.
    """

    text: str
    meanings: tuple[Meaning, ...]
    plural: bool = False

    def get(self, kind: str) -> Meaning | None:
        """Return its first meaning of a kind."""
        return next((meaning for meaning in self.meanings if meaning.kind == kind), None)

    def all(self, kind: str) -> tuple[Meaning, ...]:
        """Return its meanings of a kind."""
        return tuple(meaning for meaning in self.meanings if meaning.kind == kind)

    def has(self, *kinds: str) -> bool:
        """Say whether it can mean one of some kinds."""
        return any(meaning.kind in kinds for meaning in self.meanings)


@dataclass(frozen=True)
class Lexed:
    """A question as items, with the misspellings that were read as known words."""

    items: tuple[Item, ...]
    typos: tuple[tuple[str, str], ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """The words without a meaning, once each."""
        return tuple(dict.fromkeys(item.text for item in self.items if not item.meanings))


def lex(question: str, words: Vocabulary, span: tuple[date, date] | None) -> Lexed:
    """Return the items of a question.

    Examples
    --------
    >>> lexed = lex("top 3 by clicks", Vocabulary([("clicks", Meaning("metric", "clicks"))]), None)
    >>> [(item.text, item.meanings[0].kind) for item in lexed.items]
    [('top', 'rank'), ('3', 'number'), ('by', 'by'), ('clicks', 'metric')]
    """
    tokens, typos = _mended(tokenize(question), words)
    return Lexed(tuple(_cut(tokens, words, Reader(tokens, span))), typos)


def _cut(tokens: Sequence[Token], words: Vocabulary, reader: Reader) -> list[Item]:
    """Cut tokens into items: as few unknown words as can be, then as few items, long ones first."""
    best: list[tuple[int, list[Item]]] = [(0, [])] * (len(tokens) + 1)
    for place in range(len(tokens) - 1, -1, -1):
        choices = []
        for meanings, end in _pieces(tokens, place, words, reader):
            unknown, rest = best[end]
            if meanings and (_is_cut_short(meanings, rest) or _asks_on(tokens[place:end], rest)):
                continue
            item = _item(tokens, place, end, meanings)
            choices.append((unknown + (not meanings), [item, *rest]))
        best[place] = min(choices, key=lambda choice: (choice[0], len(choice[1])))
    return best[0][1]


def _asks_on(piece: Sequence[Token], rest: list[Item]) -> bool:
    """Tell ``..., and how many?`` from ``spend and how many wins``, which asks for more."""
    words = tuple(token.norm for token in piece)
    return words[:2] == ("and", "how") and bool(rest) and not rest[0].has("separator")


def _is_cut_short(meanings: tuple[Meaning, ...], rest: list[Item]) -> bool:
    """Tell ``with a floor`` from ``with a floor above 1 CPM``, in which it is a number."""
    if rest and rest[0].text == "than" and any(each.kind == "tail" for each in meanings):
        return True  # "and more" of "and more than 100 clicks"
    if any(meaning.kind != "filter" for meaning in meanings) or len(rest) < 2:
        return False
    return rest[0].has("cmp", "between") and (
        rest[1].has("number", "column") or rest[1].text == "$"
    )


def _pieces(
    tokens: Sequence[Token], place: int, words: Vocabulary, reader: Reader
) -> Iterator[tuple[tuple[Meaning, ...], int]]:
    point = _quantile(tokens, place)
    if point is not None:  # before times: the 10th of "10th and 90th percentile" is no day
        yield (Meaning("quantile", point[0]),), point[1]
    time = reader.match(place)
    if time is not None and point is None:
        yield (Meaning("time", time[0]),), time[1]
    number = number_at(tokens, place)
    phrases = list(words.phrases_at(tokens, place))
    if number is not None and not any(end > number[1] for _, end in phrases):
        yield (Meaning("number", number[0]),), number[1]
    yield from phrases
    separator = tokens[place].norm in SEPARATORS
    yield ((Meaning("separator"),) if separator else ()), place + 1


def _mended(
    tokens: Sequence[Token], words: Vocabulary
) -> tuple[tuple[Token, ...], tuple[tuple[str, str], ...]]:
    mended, typos = [], []
    for token in tokens:
        known = words.near(token.norm)
        if known is not None:
            typos.append((token.text, known))
            token = tokenize(known)[0]
        mended.append(token)
    return tuple(mended), tuple(typos)


def _item(
    tokens: Sequence[Token], start: int, end: int, meanings: tuple[Meaning, ...]
) -> Item:  # fmt: skip
    piece = tokens[start:end]
    text = " ".join(token.norm for token in piece)
    return Item(text, meanings, any(token.norm != token.stem for token in piece))


_QUARTILES = {"lower": 0.25, "first": 0.25, "upper": 0.75, "third": 0.75}
_SUFFIXES = ("st", "nd", "rd", "th")


def _quantile(tokens: Sequence[Token], place: int) -> tuple[float, int] | None:
    """Read ``p90 of``, ``90th percentile of``, and the 10th of ``10th and 90th percentiles``."""
    norms = [token.norm for token in tokens[place:]] + [""] * 4
    if norms[0] in _QUARTILES and norms[1] == "quartile":
        return _QUARTILES[norms[0]], place + 2 + (norms[2] == "of")
    if norms[0].startswith("p") and norms[0][1:].isdigit():
        end, percent = 1, norms[0][1:]
    elif norms[0].isdigit() and _is_percentile(norms):
        percent, end = norms[0], 1 + (norms[1] in _SUFFIXES)
        end += norms[end].startswith("percentile")
    else:
        return None
    if not 0 < int(percent) < 100:
        return None
    return int(percent) / 100, place + end + (norms[end] == "of")


def _is_percentile(norms: list[str]) -> bool:
    """Say whether a number, or the list of numbers that it begins, is of percentiles."""
    end = 1 + (norms[1] in _SUFFIXES)
    while norms[end] in ("and", ",") and norms[end + 1].isdigit() and norms[1] in _SUFFIXES:
        end += 2 + (norms[end + 2] in _SUFFIXES)
    return norms[end].startswith("percentile")
