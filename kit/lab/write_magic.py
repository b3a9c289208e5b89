"""The magic ``%kit_write``: a result in words, each sentence held against its facts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class

from kit.base.errors import KitError

if TYPE_CHECKING:
    from kit.report.narrative import Narrative


@magics_class
class WriteMagics(Magics):
    """The magic that tells a result."""

    @line_magic
    def kit_write(self, line: str) -> Shown:
        """Tell the result of ``kit demo`` in words.

        Takes the path of a ``result.json``, or of the folder that holds it. A model
        (OPENAI_BASE_URL, KIT_MODEL) writes it if one is named, the built-in writer elsewhere; what
        does not hold against the facts and the verdict is struck and listed. Example::

            %kit_write out/result.json
        """
        try:
            return Shown(_told(line))
        except KitError as error:
            raise UsageError(f"%kit_write: {error}") from None


@dataclass(frozen=True)
class Shown:
    """A narrative, as JupyterLab and a terminal show it.

    Parameters
    ----------
    told : Narrative
        The same as data.
    """

    told: Narrative

    def __repr__(self) -> str:
        struck = [f"struck: {one.text} ({one.reason})" for one in self.told.struck]
        note = [self.told.note] if self.told.note else []
        return "\n".join([*self.told.sentences, f"Written by {self.told.by}.", *note, *struck])

    def _repr_html_(self) -> str:
        from kit.report.page import narrative_html

        return narrative_html(self.told)


def _told(line: str) -> Narrative:
    from kit.flow.findings import RESULT, Findings
    from kit.flow.narrate import narrative_of, rewritten

    given = Path(line.strip().strip("\"'") or RESULT)
    path = given / RESULT if given.is_dir() else given
    return narrative_of(rewritten(Findings.load(path), _quiet))


def _quiet(text: str) -> None:
    """Say nothing on the way: a cell's output is its result."""


def complete_write(shell: InteractiveShell, event: object) -> list[str]:
    """Complete ``%kit_write``: JSON files and folders here."""
    symbol = str(getattr(event, "symbol", ""))
    with os.scandir() as found:
        names = [each.name for each in found if each.is_dir() or each.name.endswith(".json")]
    return sorted(name for name in names if name.startswith(symbol) and name[0] != ".")


def load_write(shell: InteractiveShell) -> None:
    """Add the magic and its completion to a shell."""
    shell.register_magics(WriteMagics)
    shell.set_hook("complete_command", complete_write, str_key="%kit_write")
