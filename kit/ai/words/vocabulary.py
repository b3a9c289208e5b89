"""Every phrase that can be understood over some tables, and the longest one at a place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kit.ai.words.fillers import FILLERS, STRANGERS
from kit.ai.words.grammar import GRAMMAR
from kit.ai.words.tokens import Token, stem, tokenize

SHORT_LABEL = 2
"""Labels of so few letters count in their own case only: ``US`` is a country, ``us`` is we."""
TYPO_LENGTH = 5
"""Letters that a word must have to be taken for a misspelling of another."""


@dataclass(frozen=True)
class Meaning:
    """What a phrase can stand for.

    Parameters
    ----------
    kind : str
        ``metric``, ``column``, ``dimension``, ``label``, ``filter``, ``filler`` or a kind of
        `kit.ai.words.grammar.GRAMMAR`.
    value : object
        Its name; of a label, its dimension and the label; of a filter, its name and whether it
        holds.
    """

    kind: str
    value: Any = ""


class Vocabulary:
    """Phrases to meanings.

    Parameters
    ----------
    phrases : iterable of (str, Meaning)
        What there is beside the grammar's own words.

    Examples
    --------
    >>> words = Vocabulary([("click-through rate", Meaning("metric", "ctr"))])
    >>> tokens = tokenize("click through rates by day")
    >>> words.longest(tokens, 0)
    ((Meaning(kind='metric', value='ctr'),), 3)
    >>> words.near("clk")  # too short to be sure
    >>> words.near("clik")
    'click'
    >>> words.near("througj")
    'through'
    """

    def __init__(self, phrases: Iterable[tuple[str, Meaning]]) -> None:
        self._spoken = _spoken()
        self._own = _Phrases()
        for phrase, meaning in phrases:
            self._own.add(phrase, meaning)
        self._words = self._spoken.words | self._own.words
        self._longest = max(self._spoken.longest, self._own.longest)

    def phrases_at(
        self, tokens: Sequence[Token], start: int
    ) -> Iterator[tuple[tuple[Meaning, ...], int]]:
        """Yield the meanings of each phrase at a token and the place after it, longest first."""
        for length in range(min(self._longest, len(tokens) - start), 0, -1):
            found = self._meanings(tuple(tokens[start : start + length]))
            if found:
                yield found, start + length

    def longest(self, tokens: Sequence[Token], start: int) -> tuple[tuple[Meaning, ...], int]:
        """Return the meanings of the longest phrase at a token and the place after it."""
        return next(self.phrases_at(tokens, start), ((), start))

    def _meanings(self, piece: tuple[Token, ...]) -> tuple[Meaning, ...]:
        key = tuple(token.stem for token in piece)
        entries = [*self._spoken.entries.get(key, ()), *self._own.entries.get(key, ())]
        cased = [entry for entry in entries if _case_fits(entry[0], piece, entry[1])]
        exact = [entry for entry in cased if _norms(entry[0]) == _norms(piece)]
        return tuple(dict.fromkeys(meaning for _, meaning in exact or cased))

    def knows(self, word: str) -> bool:
        """Say whether a word is part of some phrase."""
        return word in self._words or stem(word) in self._words

    def near(self, word: str) -> str | None:
        """Return the one known word that is a single edit away, if the word is long enough.

        One of four letters counts if it lacks a letter of a word that names something here.
        """
        if word in STRANGERS or not word.isalpha() or self.knows(word):
            return None
        if len(word) == TYPO_LENGTH - 1:
            known_words = frozenset(each for each in self._own.named if len(each) == TYPO_LENGTH)
        elif len(word) >= TYPO_LENGTH:
            known_words = frozenset(each for each in self._words if len(each) >= TYPO_LENGTH)
        else:
            return None
        edits = [known for known in known_words if known[0] == word[0] and one_edit(word, known)]
        stems = {stem(known) for known in edits}
        return min(edits, key=len) if len(stems) == 1 else None

    @property
    def named(self) -> frozenset[str]:
        """Words that name something in the data, and are no words of English grammar alone."""
        return frozenset(self._own.named)


class _Phrases:
    """Phrases by their stems, and the words that they are made of."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, ...], list[tuple[tuple[Token, ...], Meaning]]] = {}
        self.words: set[str] = set()
        self.named: set[str] = set()
        self.longest = 1

    def add(self, phrase: str, meaning: Meaning) -> None:
        tokens = tokenize(phrase)
        if not tokens:
            return
        known = self.entries.setdefault(tuple(token.stem for token in tokens), [])
        if all(meaning != other or tokens != written for written, other in known):
            known.append((tokens, meaning))
        spelt = {token.norm for token in tokens if token.norm.isalpha()}
        self.words |= spelt
        if meaning.kind in ("metric", "column", "dimension", "label", "filter"):
            self.named |= spelt
        self.longest = max(self.longest, len(tokens))


@lru_cache(maxsize=1)
def _spoken() -> _Phrases:
    """Return the grammar's own words, which are the same over all tables."""
    found = _Phrases()
    for (kind, value), spoken in GRAMMAR.items():
        for phrase in spoken:
            found.add(phrase, Meaning(kind, value))
    for phrase in FILLERS:
        found.add(phrase, Meaning("filler"))
    return found


def _norms(tokens: tuple[Token, ...]) -> tuple[str, ...]:
    return tuple(token.norm for token in tokens)


def _case_fits(written: tuple[Token, ...], piece: tuple[Token, ...], meaning: Meaning) -> bool:
    if meaning.kind != "label" or any(len(token.text) > SHORT_LABEL for token in written):
        return True
    return tuple(token.text for token in written) == tuple(token.text for token in piece)


def one_edit(one: str, other: str) -> bool:
    """Say whether one letter more, less, other, or two swapped turn a word into another.

    Examples
    --------
    >>> [one_edit("impressons", word) for word in ("impressions", "impression")]
    [True, False]
    >>> one_edit("cilck", "click")
    True
    """
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    first = next((i for i, letter in enumerate(short) if letter != long[i]), len(short))
    if len(short) < len(long):
        return short[first:] == long[first + 1 :]
    swapped = short[first + 1 : first + 2] + short[first : first + 1] + short[first + 2 :]
    return short[first + 1 :] == long[first + 1 :] or swapped == long[first:]


def label_phrases(dimension: str, label: str) -> list[str]:
    """Return the ways to write a label: ``unit03`` is also ``unit 3``.

    Examples
    --------
    >>> label_phrases("unit_id", "unit03")
    ['unit03', 'unit 03', 'unit 3', 'unit3']
    """
    head = label.rstrip("0123456789")
    digits = label[len(head) :]
    if not digits or not head.isalpha():
        return [label]
    number = str(int(digits))
    return [label, f"{head} {digits}", f"{head} {number}", f"{head}{number}"]
