"""The package's own documents: README, docs, prompts, notebooks and docstrings of public names."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from kit.ai.documents.cut import cut_lines, cut_text
from kit.ai.documents.passage import Part, Passage, passages_of, plain_text
from kit.base.assets import asset_root
from kit.base.public import PUBLIC

_FILES = (
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/*.md", "data_samples/README.md",
    "prompts/*.md", "notebooks/*.ipynb",
)  # fmt: skip
_PACKAGE = Path(__file__).parents[2]
_Documented = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@functools.cache
def package_passages() -> tuple[Passage, ...]:
    """Return what the package says of itself; it is read once.

    Examples
    --------
    >>> any(each.place.startswith("README.md:") for each in package_passages())
    True
    """
    root = asset_root()
    found: list[Passage] = []
    for pattern in _FILES:
        for path in sorted(root.glob(pattern)):
            name = path.relative_to(root).as_posix()
            parts = cut_text(name, plain_text(path.read_text(encoding="utf-8")))
            found += passages_of(name, path, "package", parts)
    return (*found, *_docstrings())


def _docstrings() -> Iterator[Passage]:
    for public, place in PUBLIC.items():
        module, _, attribute = place.partition(":")
        defined = _definition(module, attribute or public)
        if defined is None:
            continue
        path, node, lines = defined
        name = f"kit/{path.relative_to(_PACKAGE).as_posix()}"
        parts = _documented(f"kit.{public}", node, lines)
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, _Documented) and not inner.name.startswith("_"):
                    parts += _documented(f"kit.{public}.{inner.name}", inner, lines)
        yield from passages_of(name, path, "package", parts)


def _definition(module: str, name: str) -> tuple[Path, _Documented, list[str]] | None:
    """Return where a name is defined, through the modules that only hand it on."""
    path, tree, lines = _parsed(module)
    for node in tree.body:
        if isinstance(node, _Documented) and node.name == name:
            return path, node, lines
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return _definition(node.module, alias.name)
    return None


@functools.cache
def _parsed(module: str) -> tuple[Path, ast.Module, list[str]]:
    """Parse a module of the package without importing it: some of them are heavy."""
    base = _PACKAGE.joinpath(*module.split(".")[1:])
    path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    text = path.read_text(encoding="utf-8")
    return path, ast.parse(text), text.split("\n")


def _documented(name: str, node: _Documented, lines: list[str]) -> list[Part]:
    """Return a signature and its docstring, cut; none where there is no more than a sentence."""
    first = node.body[0]
    if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)):
        return []
    end = first.end_lineno or first.lineno
    if end == first.lineno and not isinstance(node, ast.ClassDef):
        return []
    return cut_lines(lines[node.lineno - 1 : end], node.lineno, name)
