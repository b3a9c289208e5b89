"""The magic ``%kit_ask``: a question in a line, looked up in documents."""

from __future__ import annotations

import html
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class

from kit.base.errors import KitError

if TYPE_CHECKING:
    from kit.ai.documents.answer import LookedUp
    from kit.ai.documents.passage import Passage

_OPTIONS = ("--folder", "--passages")
_ASKED = re.compile(r"^(\s*%kit_ask\s+.*?\w.*?)[\s?]*\?[\s?]*?(\n?)$")
_OPTION = re.compile(r"--folder(?:=|\s+)(\"[^\"]*\"|'[^']*'|\S+)\s*|--passages(?:\s+|$)")


@magics_class
class AskDocsMagics(Magics):
    """The magic that looks things up."""

    @line_magic
    def kit_ask(self, line: str) -> Shown:
        """Look a question up in the package's documents, past write-ups and a folder.

        Shows the passages, with file and line; with a model (OPENAI_BASE_URL, KIT_MODEL) first
        an answer whose sentences each cite one. Options come first: ``--folder DIR`` names more
        texts, ``--passages`` asks no model. Example::

            %kit_ask --folder notes why did we lower the floor on aurora?
        """
        folder, alone, question = _read(line)
        try:
            done = _looked_up(question, folder, alone)
        except KitError as error:
            raise UsageError(f"%kit_ask: {error}") from None
        return Shown(done)


@dataclass(frozen=True)
class Shown:
    """What was found, as JupyterLab and a terminal show it.

    Parameters
    ----------
    done : LookedUp
        The same as data.
    """

    done: LookedUp

    def __repr__(self) -> str:
        from kit.flow.ask_docs import answer_lines

        return "\n".join(answer_lines(self.done))

    def _repr_html_(self) -> str:
        return _html(self.done)


def _read(line: str) -> tuple[str | None, bool, str]:
    """Return the folder, whether no model is asked, and the question: its quotes are its own.

    Examples
    --------
    >>> _read("--folder 'my notes' what's a look?")
    ('my notes', False, "what's a look?")
    """
    folder, alone, rest = None, False, line.strip()
    while found := _OPTION.match(rest):
        folder = found[1].strip("\"'") if found[1] else folder
        alone = alone or not found[1]
        rest = rest[found.end() :]
    if rest.startswith("--"):
        raise UsageError(
            f"%kit_ask: got {rest.split()[0]!r}; must be one of: {', '.join(_OPTIONS)}."
        )
    return folder, alone, rest


def _looked_up(question: str, folder: str | None, alone: bool) -> LookedUp:
    from kit.base.specs import read_spec
    from kit.flow.ask_docs import AskDocsSpec, ask_documents, client_of

    drafter = "passages" if alone else "auto"
    spec = read_spec(AskDocsSpec, {"question": question or "-", "drafter": drafter})
    return ask_documents(question, folder, client_of(spec))


def _html(done: LookedUp) -> str:
    """Return an answer as HTML: every text in it is data, and escaped."""
    from kit.ai.documents.answer import PASSAGES
    from kit.flow.ask_docs import answer_notes, skipped_lines

    said = [
        f"<p>{html.escape(one.text)} [{_link(one.passage)}]</p>" for one in done.sentences
    ]  # fmt: skip
    by = [] if done.by == PASSAGES else [f"<p><small>{html.escape(done.by)}:</small></p>"]
    notes = [f"<p><small>{html.escape(line)}</small></p>" for line in answer_notes(done)]
    found = [
        f"<details{'' if said or number else ' open'}><summary>{_link(each)} "
        f"{html.escape(each.part.title)}</summary><pre>{html.escape(each.part.text)}</pre></details>"
        for number, each in enumerate(done.passages)
    ]
    skipped = [f"<p><small>{html.escape(line)}</small></p>" for line in skipped_lines(done)]
    if done.failure:
        notes.append(f"<p>{html.escape(done.failure)}</p>")
    return "\n".join([*by, *said, *notes, *found, *skipped])


def _link(passage: Passage) -> str:
    """Return where a passage stands, as a link if JupyterLab can open it from here."""
    place = html.escape(passage.place)
    here = Path.cwd()
    path = passage.path.absolute()
    if passage.origin == "package" or not path.is_relative_to(here):
        return f'<code title="{html.escape(str(path))}">{place}</code>'
    target = quote(path.relative_to(here).as_posix())
    return f'<a href="{html.escape(target)}"><code>{place}</code></a>'


def _keep_question(lines: list[str]) -> list[str]:
    r"""Take the mark from the end of a question: IPython would read it as a call for help.

    Examples
    --------
    >>> _keep_question(["%kit_ask what is a look?\n", "%kit_ask?\n", "bid?\n"])
    ['%kit_ask what is a look\n', '%kit_ask?\n', 'bid?\n']
    """
    return [_ASKED.sub(r"\1\2", line) for line in lines]


def complete_ask(shell: InteractiveShell, event: object) -> list[str]:
    """Complete ``%kit_ask``: its options, and folders."""
    symbol = str(getattr(event, "symbol", ""))
    line = str(getattr(event, "line", ""))
    if line[: len(line) - len(symbol)].rstrip().endswith("--folder"):
        folders = (entry.name for entry in os.scandir() if entry.is_dir())
        return sorted(name for name in folders if name.startswith(symbol) and name[0] != ".")
    return [word for word in _OPTIONS if word.startswith(symbol)]


def load_ask_docs(shell: InteractiveShell) -> None:
    """Add the magic and its completion to a shell."""
    shell.register_magics(AskDocsMagics)
    if _keep_question not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(_keep_question)
    shell.set_hook("complete_command", complete_ask, str_key="%kit_ask")
