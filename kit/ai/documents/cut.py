"""Cut documents into passages: at headings, cells and functions, then at empty lines."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from kit.ai.documents.passage import Part, plain_text

SOFT_LINES, SOFT_SIGNS = 12, 1200
"""From here on a passage ends at the next empty line, list item or row of a table."""

HARD_LINES, HARD_SIGNS = 25, 2000
"""Here it ends."""

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_FENCE = re.compile(r"\s*(```|~~~)")
_UNDERLINE = re.compile(r"([=\-~^\"'#*+])\1{2,}\s*$")
_SOFT = re.compile(r"\s*$|[-*|] |\|")


def cut_text(name: str, text: str) -> list[Part]:
    r"""Cut a text as the end of its file's name says.

    Raises
    ------
    ValueError
        If it is no notebook though it is called one.

    Examples
    --------
    >>> [(part.first, part.title) for part in cut_text("a.md", "# A\none\n## B\ntwo")]
    [(1, 'A'), (3, 'A > B')]
    """
    suffix = Path(name).suffix.lower()
    if suffix == ".ipynb":
        return _cells(text)
    lines = text.split("\n")
    if suffix == ".md":
        parts = _sections(lines, _markdown_headings(lines))
        return [part for part in parts if not _HEADING.fullmatch(part.text)]
    if suffix == ".rst":
        return _sections(lines, _underlined_headings(lines))
    if suffix == ".py":
        return _sections(lines, _definitions(text))
    return cut_lines(lines, 1, "")


def cut_lines(lines: Sequence[str], first: int, title: str) -> list[Part]:
    """Cut lines, the first of which has a number, into parts of about the same size."""
    parts: list[Part] = []
    start, signs = 0, 0
    for at, line in enumerate(lines):
        held = at - start
        full = held >= SOFT_LINES or signs >= SOFT_SIGNS
        over = held >= HARD_LINES or signs + len(line) > HARD_SIGNS
        if held and (over or (full and _SOFT.match(line))):
            parts += _part(lines, start, at, first, title)
            start, signs = at, 0
        signs += len(line) + 1
    return parts + _part(lines, start, len(lines), first, title)


def _part(lines: Sequence[str], start: int, end: int, first: int, title: str) -> list[Part]:
    """Return the lines as one part, without empty ones at its ends; none if all are empty."""
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    if start == end:
        return []
    return [Part(first + start, first + end - 1, title, "\n".join(lines[start:end]))]


def _sections(lines: Sequence[str], heads: Sequence[tuple[int, int, str]]) -> list[Part]:
    """Cut at heads, each with its line (from 0), its depth and its title."""
    parts: list[Part] = []
    path: list[tuple[int, str]] = []
    start = 0
    for at, depth, title in [*heads, (len(lines), 0, "")]:
        named = " > ".join(name for _, name in path)
        parts += cut_lines(lines[start:at], start + 1, named)
        path = [(deep, name) for deep, name in path if deep < depth]
        path.append((depth, title))
        start = at
    return parts


def _markdown_headings(lines: Sequence[str]) -> list[tuple[int, int, str]]:
    heads = []
    fenced = ""
    for at, line in enumerate(lines):
        fence = _FENCE.match(line)
        if fence and fenced in ("", fence[1]):
            fenced = "" if fenced else fence[1]
        found = None if fenced else _HEADING.match(line)
        if found:
            heads.append((at, len(found[1]), found[2]))
    return heads


def _underlined_headings(lines: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return reStructuredText's headings; the first kind of line is the highest, and so on."""
    kinds: list[str] = []
    heads = []
    for at, (line, under) in enumerate(pairwise(lines)):
        found = _UNDERLINE.match(under)
        if not (found and line.strip() and len(under.strip()) >= len(line.strip())):
            continue
        if found[1] not in kinds:
            kinds.append(found[1])
        heads.append((at, kinds.index(found[1]) + 1, line.strip()))
    return heads


def _definitions(text: str) -> list[tuple[int, int, str]]:
    """Return the functions and classes of a module; none if it cannot be parsed."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [
        (min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1, 1, node.name)
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]


def _cells(text: str) -> list[Part]:
    """Return the sources of a notebook's cells; outputs hold rows and figures, and are not read."""
    notebook: Any = json.loads(text)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise ValueError("it has no cells")
    parts: list[Part] = []
    title = ""
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict):
            continue
        source = cell.get("source", "")
        said = "".join(map(str, source)) if isinstance(source, list) else str(source)
        lines = plain_text(said).split("\n")  # what JSON escapes is plain only now
        heads = _markdown_headings(lines) if cell.get("cell_type") == "markdown" else []
        title = heads[0][2] if heads else title
        parts += [Part(number, number, title, each.text) for each in cut_lines(lines, 1, "")]
    return parts
