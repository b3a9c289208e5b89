"""A narrative as data: sentences that hold, the facts they cite, and what was struck."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kit.report.facts import Fact

BUILT_IN = "the built-in writer"

_CITED = re.compile(r"\s?\[(F\d+(?:[,;] ?F\d+)*)\]", re.IGNORECASE)


@dataclass(frozen=True)
class Struck:
    """One sentence that was struck.

    Parameters
    ----------
    text : str
        As it was written.
    reason : str
        Why, in plain words.
    """

    text: str
    reason: str


@dataclass(frozen=True)
class Piece:
    """A stretch of a sentence, and the facts that are cited after it.

    Parameters
    ----------
    text : str
    cites : tuple of str
        Ids of facts.
    """

    text: str
    cites: tuple[str, ...]


@dataclass(frozen=True)
class Narrative:
    """The story of a result, each sentence held against the facts.

    Parameters
    ----------
    by : str
        Who wrote it: `BUILT_IN`, or a model's name.
    sentences : tuple of str
        What holds, in order, with citations: ``1,435 USD [F2]``.
    facts : tuple of Fact
        That the sentences may cite.
    struck : tuple of Struck
        What did not hold.
    note : str
        Why a model that was named did not write it; empty otherwise.

    Examples
    --------
    >>> told = Narrative("me", ("It won 5 USD [F1].",), (Fact("F1", "surplus", 5, "USD", "data"),))
    >>> told.text
    'It won 5 USD [F1].'
    >>> told.pieces[0]
    (Piece(text='It won 5 USD', cites=('F1',)), Piece(text='.', cites=()))
    """

    by: str
    sentences: tuple[str, ...]
    facts: tuple[Fact, ...]
    struck: tuple[Struck, ...] = ()
    note: str = ""

    @property
    def text(self) -> str:
        """Return what holds as one text, with its citations."""
        return " ".join(self.sentences)

    @property
    def pieces(self) -> tuple[tuple[Piece, ...], ...]:
        """Return each sentence, cut where it cites a fact."""
        return tuple(map(_pieces, self.sentences))

    @property
    def cited(self) -> tuple[Fact, ...]:
        """Return the facts that the sentences cite, in the order of their ids."""
        named = {name for pieces in self.pieces for piece in pieces for name in piece.cites}
        return tuple(fact for fact in self.facts if fact.id in named)


def _pieces(sentence: str) -> tuple[Piece, ...]:
    found, start = [], 0
    for cite in _CITED.finditer(sentence):
        ids = tuple(re.findall(r"F\d+", cite[1].upper()))
        found.append(Piece(sentence[start : cite.start()], ids))
        start = cite.end()
    rest = sentence[start:]
    return (*found, Piece(rest, ())) if rest else tuple(found)
