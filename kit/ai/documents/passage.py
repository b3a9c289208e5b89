"""`Passage`: some lines of a document, or one cell, and where they stand."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Origin = Literal["package", "write-up", "folder"]

_HELD = re.compile(
    r"\bhold-?outs?\b|\bheld[- ]?out\b|(?<!not a )(?<!no )\bverdicts?\b|\bvault\b|"
    r"\bsealed\b|\bshown (better|worse)\b|\blooks? \d",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\d[\d,]*\.\d+|\d{1,3}(?:,\d{3})+|\d{4,}")


@dataclass(frozen=True)
class Part:
    """A piece of a text.

    Parameters
    ----------
    first, last : int
        Its lines, counted from 1; of a notebook the number of its cell, twice.
    title : str
        The headings above it, or the name that it documents.
    text : str
    """

    first: int
    last: int
    title: str
    text: str


@dataclass(frozen=True)
class Passage:
    """A piece of a document.

    Parameters
    ----------
    name : str
        The document as it is cited.
    path : Path
        The document on this machine.
    origin : {"package", "write-up", "folder"}
        Whose it is.
    part : Part
    stays : bool
        Whether it may hold a figure of a holdout: a person sees it, a model does not.

    Examples
    --------
    >>> where = Path("docs/rule.md")
    >>> Passage("docs/rule.md", where, "package", Part(9, 14, "What a look is", "...")).place
    'docs/rule.md:9-14'
    """

    name: str
    path: Path
    origin: Origin
    part: Part
    stays: bool = False

    @property
    def place(self) -> str:
        """File and lines, or file and cell."""
        first, last = self.part.first, self.part.last
        if self.path.suffix == ".ipynb":
            return f"{self.name}:cell {first}"
        return f"{self.name}:{first}" + (f"-{last}" if last > first else "")


def passages_of(name: str, path: Path, origin: Origin, parts: list[Part]) -> list[Passage]:
    """Return the parts of one document as passages, and mark what must stay on this machine.

    What speaks of a holdout stays, and so does what repeats a figure that stands beside such words
    or under such a heading. The package's own documents hold no figure of the user's.
    """
    if origin == "package":
        return [Passage(name, path, origin, part) for part in parts]
    held = [part for part in parts if _HELD.search(f"{part.title}\n{part.text}")]
    lines = [
        line for part in held for line in part.text.split("\n")
        if _HELD.search(part.title) or _HELD.search(line)
    ]  # fmt: skip
    figures = {figure for line in lines for figure in _FIGURE.findall(line)}
    return [
        Passage(
            name, path, origin, part,
            part in held or not figures.isdisjoint(_FIGURE.findall(part.text)),
        )
        for part in parts
    ]  # fmt: skip


def plain_text(text: str) -> str:
    r"""Return a text without what moves a terminal's cursor or hides; its lines stay the same.

    Examples
    --------
    >>> plain_text("a\x1b[2Jb\r\n\u202ec")
    'a[2Jb\nc'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        char for char in lines
        if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )  # fmt: skip
