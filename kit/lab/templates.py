"""The templates that ship in ``notebooks/``: what a launcher card says of each, and its cells."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.lab.refusal import RefusalError

# Numbered names only: in a checkout a person's own copies may lie in the same folder.
_TEMPLATE = "[0-9][0-9]_*.ipynb"
_MARKUP = re.compile(r"[`*]")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
DEFAULT_ICON = "template"


@dataclass(frozen=True)
class Template:
    """One template, as its launcher card shows it.

    Parameters
    ----------
    name : str
        File name without ending, ``01_compare_policies``.
    title : str
        Its first heading.
    about : str
        The first sentence below that heading; may be empty.
    icon : str
        ``kit.icon`` of the notebook's metadata, a name that the front end draws.
    """

    name: str
    title: str
    about: str
    icon: str


def list_templates() -> list[Template]:
    """Return what ships, in the order of the numbers.

    Examples
    --------
    >>> list_templates()[0].title
    'Compare two ways to bid, and write it up'
    """
    return [_describe(path) for path in _paths().values()]


def read_template(name: str) -> dict[str, Any]:
    """Return a template's notebook.

    The name is looked up among those that ship and never becomes part of a path.

    Raises
    ------
    RefusalError
        404, if no template has this name.
    """
    paths = _paths()
    if name not in paths:
        raise RefusalError(
            404, f"template: got {name!r}; must be one of {', '.join(paths)}. Reload the page."
        )
    return _read(paths[name])


def copy_stem(name: str) -> str:
    """Return what a copy is called, without ending: the template's name without its number.

    Examples
    --------
    >>> copy_stem("01_compare_policies")
    'compare_policies'
    """
    return name.partition("_")[2]


def _paths() -> dict[str, Path]:
    from kit.base.assets import asset_dir  # imports numpy, which a server need not wait for

    return {path.stem: path for path in sorted(asset_dir("notebooks").glob(_TEMPLATE))}


def _read(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def _describe(path: Path) -> Template:
    notebook = _read(path)
    title, about = _heading(notebook)
    return Template(
        name=path.stem,
        title=title or copy_stem(path.stem).replace("_", " ").capitalize(),
        about=about,
        icon=notebook["metadata"].get("kit", {}).get("icon", DEFAULT_ICON),
    )


def _heading(notebook: dict[str, Any]) -> tuple[str, str]:
    """First ``# `` heading and the first sentence below it, without markup."""
    lines = [
        line.strip()
        for cell in notebook["cells"]
        if cell["cell_type"] == "markdown"
        for line in "".join(cell["source"]).splitlines()
    ]
    start = next((i for i, line in enumerate(lines) if line.startswith("# ")), None)
    if start is None:
        return "", ""
    below = next((line for line in lines[start + 1 :] if line), "")
    about = "" if below.startswith("#") else _SENTENCE_END.split(below)[0]
    return _MARKUP.sub("", lines[start][2:]), _MARKUP.sub("", about)
