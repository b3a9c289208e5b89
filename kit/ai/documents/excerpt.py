"""The lines of a passage that a person should see first."""

from __future__ import annotations

import re
from textwrap import dedent

from kit.ai.documents.index import query_words
from kit.ai.documents.passage import Passage

LINES, SIGNS = 8, 200
"""Lines that are shown of a passage, and signs of a line."""

_STEM = 5
_DOCSTRING = re.compile(r"\s*r?\"{3}\w")
"""Where a docstring begins: what a function is for comes before how it is written."""


def excerpt(passage: Passage, question: str) -> list[str]:
    r"""Return the lines in a row that hold most words of a question, ``...`` where it is cut.

    Examples
    --------
    >>> from pathlib import Path
    >>> from kit.ai.documents.passage import Part
    >>> text = "\n".join([*"abcdefgh", "the vault", "i"])
    >>> excerpt(Passage("a.md", Path("a.md"), "folder", Part(1, 10, "", text)), "vaults")
    ['...', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'the vault', '...']
    """
    lines = dedent(passage.part.text).split("\n")
    stems = [word[:_STEM] for word in query_words(question)]
    held = [sum(stem in line.lower() for stem in stems) for line in lines]
    first = next((at for at, line in enumerate(lines) if _DOCSTRING.match(line)), 0)
    starts = range(first, max(len(lines) - LINES, first) + 1)
    start = max(starts, key=lambda at: (sum(held[at : at + LINES]), -at))
    shown = [_short(line) for line in lines[start : start + LINES]]
    before = ["..."] if start else []
    return before + shown + (["..."] if start + LINES < len(lines) else [])


def _short(line: str) -> str:
    return line if len(line) <= SIGNS else f"{line[:SIGNS]}..."
