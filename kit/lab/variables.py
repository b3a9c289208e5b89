"""What a magic's argument names: a variable of the notebook, or a path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

if TYPE_CHECKING:
    from kit.flow.specs import Source

_USUAL = "sealed"
"""What templates call a sealed log."""


def value_of(magic: str, shell: InteractiveShell, text: str) -> Any:
    """Return the variable of this name, else the path.

    Raises
    ------
    UsageError
        If there is neither.
    """
    bare = text.strip("'\"")  # quotes are not taken
    if bare in shell.user_ns:
        return shell.user_ns[bare]
    if Path(bare).exists():
        return Path(bare)
    raise UsageError(
        f"{magic}: got {bare!r}; must be a variable of this notebook, or a path. Name one."
    )


def source_of(magic: str, shell: InteractiveShell, text: str | None) -> Source:
    """Return where a sealed log lies: the one named, the notebook's own, or that of ``kit.toml``.

    Raises
    ------
    UsageError
        If nothing is named, and the notebook has no sealed log or several.
    """
    from kit.base.specs import read_spec
    from kit.data.sealed import SealedSplit
    from kit.flow.specs import Source
    from kit.flow.workspace import read_settings

    found = _own(shell) if text is None else value_of(magic, shell, text)
    if found is None:
        source = read_settings().log
        if source is None:
            raise UsageError(
                f"{magic}: no log; must be a variable that holds a sealed log, or its folder. Make "
                "one with kit.seal_log, or name a log in kit.toml."
            )
        return source
    if not isinstance(found, SealedSplit | str | Path):
        raise UsageError(
            f"{magic}: {text} is {type(found).__name__}; must be a sealed log, or its folder. Make "
            "one with kit.seal_log."
        )
    path = found.folder if isinstance(found, SealedSplit) else Path(found)
    return read_spec(Source, {"path": path, "format": "parquet"})


def _own(shell: InteractiveShell) -> Any:
    """Return the notebook's sealed log, if it is clear which one that is."""
    from kit.data.sealed import SealedSplit

    usual = shell.user_ns.get(_USUAL)
    if isinstance(usual, SealedSplit):
        return usual
    every = {id(each): each for name, each in shell.user_ns.items()
             if isinstance(each, SealedSplit) and not name.startswith("_")}  # fmt: skip
    return next(iter(every.values())) if len(every) == 1 else None


def complete_word(
    shell: InteractiveShell, event: Any, options: tuple[str, ...], words: dict[str, tuple[str, ...]]
) -> list[str]:
    """Complete an option, what may follow it, or a variable of the notebook."""
    symbol = str(getattr(event, "symbol", ""))
    line = str(getattr(event, "line", ""))
    before = line[: len(line) - len(symbol)].rstrip()
    for option, allowed in words.items():
        if before.endswith(option):
            return [word for word in allowed if word.startswith(symbol)]
    names = [name for name in shell.user_ns if symbol and not name.startswith("_")]
    return [word for word in (*options, *names) if word.startswith(symbol)]
