"""A text cut into sentences, and a sentence with the names in it blanked out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kit.ai.narrative.idioms import without_idioms

# ruff: noqa: RUF001 - the marks of other scripts are what ends a sentence there
_END = re.compile(
    r"(?<=[.!?。！？])(?![\"')\]”’]+\s+[a-z])[\"')\]”’]*(?:\s+|$)|\n\s*\n|\n(?=[-*#])"
)
_SHORT = re.compile(r"\b(?:vs|approx|e\.g|i\.e|incl|cf)\.$|^\d+\.$", re.IGNORECASE)
CITE = re.compile(r"\[([A-Za-z]+\d+)\]")
_LIST = re.compile(r"\[[A-Za-z]+\d+(?:[,;] [A-Za-z]+\d+)+\]")
_BULLET = re.compile(r"^(?:[QA]:\s+|[-*#•–]+\s+|\d+\.\s+(?=\D))")
_ENTITY = re.compile(
    r"(?<!\w)[A-Za-z]*[a-z][A-Z]\w*\s\d{2,5}(?!\w|[.,]\d)"  # a name with a capital inside: adX 12
    r"|(?<!\w)(?:[A-Z]{1,4}\d{1,3}|[a-z]+_[a-z0-9_]+)(?!\w)(?!\])"  # P95, bid_floor_cpm
)
_ARTICLES = re.compile(r"\b(?:the|a|an|our|this|that|your) (?=the (?:candidate|baseline)\b)")
_WHOLE_NOT = re.compile(r"\b(ca|wo|sha)n['’]t\b")
_CONTRACTED = re.compile(r"(?<=[a-z])n['’]t\b")
_KIND = r"(?:policy|bidder|bidding|strategy|rule|setup|version|model|side|arm|group|one)"
_ROLES = (
    (
        rf"challenger|contender|treatment|(?:new|proposed|candidate|test|tested) {_KIND}",
        "candidate",
    ),
    (
        rf"incumbent|control(?: {_KIND})?|status quo|reference(?: {_KIND})?|(?:older|old|current|"
        rf"existing|previous|former|baseline) {_KIND}",
        "baseline",
    ),
)
"""What else the two sides are called, by the part that they play."""
_OURS = re.compile(r"(?<![\w-])ours(?![\w-])")


@dataclass(frozen=True)
class Sentence:
    """One sentence, and what came before.

    Parameters
    ----------
    text : str
        As written.
    plain : str
        In small letters, with names that could be misread put aside.
    before : Sentence or None
        The sentence before it.
    told : bool
        Whether figures that it does not cite bear out a comparison in it.
    """

    text: str
    plain: str
    before: Sentence | None = None
    told: bool = False

    @property
    def cites(self) -> list[tuple[str, int]]:
        """Return the ids cited, each with where."""
        return [(found[1].upper(), found.start()) for found in CITE.finditer(self.plain)]


def sentences_of(text: str, names: Iterable[tuple[str, str]]) -> list[Sentence]:
    """Cut a text into sentences.

    Parameters
    ----------
    text : str
        A narrative.
    names : iterable of (str, str)
        Names of the sides, segments and the like, each with what is read in its place: a side is
        read as ``candidate`` or ``baseline``, other names as nothing.

    Examples
    --------
    >>> [one.plain for one in sentences_of("We tried Bid 2. It won 3.5 %.", [("Bid 2", "")])]
    ['we tried .', 'it won 3.5 %.']
    """
    found: list[Sentence] = []
    for piece in _cut(text):
        found.append(Sentence(piece, plain_text(piece, names), found[-1] if found else None))
    return found


def plain_text(text: str, names: Iterable[tuple[str, str]]) -> str:
    """Return a sentence in small letters with `names` replaced.

    Examples
    --------
    >>> plain_text("Flat bids won.", [("flat bids", "the baseline")])
    'the baseline won.'
    """
    text = _BULLET.sub("", text)
    text = _LIST.sub(lambda found: found[0].replace(", ", "][").replace("; ", "]["), text)
    for name, stands_for in sorted(names, key=lambda pair: -len(pair[0])):
        whole = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
        text = whole.sub(stands_for, text)
    text = _ENTITY.sub(lambda found: _blank(found[0]), text)
    text = _CONTRACTED.sub(" not", _WHOLE_NOT.sub(_spelled_out, text.lower()))
    for pattern, side in _ROLES:
        text = re.sub(rf"(?<![\w-])the (?:{pattern})(?![\w-])", f"the {side}", text)
    text = _OURS.sub("the candidate's", text)
    return without_idioms(_ARTICLES.sub("", text))


def _spelled_out(found: re.Match[str]) -> str:
    return {"ca": "cannot", "wo": "will not", "sha": "shall not"}[found[1]]


def _blank(name: str) -> str:
    """Keep the letters, by which quantities are known, and drop the digits."""
    return name if name in ("P95", "F1") else re.sub(r"\d", "x", name)


def _cut(text: str) -> list[str]:
    pieces: list[str] = []
    start = 0
    for end in _END.finditer(text):
        piece = text[start : end.end()]
        if piece.strip() and not _SHORT.search(piece.strip()):
            pieces.append(piece.strip())
            start = end.end()
    rest = text[start:].strip()
    return [*pieces, rest] if rest else pieces
