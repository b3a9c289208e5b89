"""Answer a question from documents: ``kit ask``."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from kit.ai.client import Client
from kit.ai.documents.answer import MOST, PASSAGES, LookedUp, look_up
from kit.ai.documents.excerpt import excerpt
from kit.ai.documents.folder import Documents, read_folder, read_write_ups, together
from kit.ai.documents.index import query_words
from kit.ai.documents.package import package_passages
from kit.ai.documents.passage import Passage
from kit.ai.endpoint import endpoint_from_env
from kit.base.errors import DataError
from kit.base.files import file_hash
from kit.base.specs import Spec
from kit.base.workspace import runs_path, workspace_root
from kit.flow.runs import Outcome, Run, Say, read_runs

FOUND, NOTHING, NEEDS_A_PERSON = 0, 1, 3
NO_MODEL = "No model is named (OPENAI_BASE_URL or OPENAI_API_KEY): the passages stand alone."
WRITE_UP = "report.md"
MOST_RUNS = 200
"""Of the newest runs the write-ups are read."""

_SHOWN_SKIPPED = 5


class AskDocsSpec(Spec):
    """Settings of ``kit ask``.

    Parameters
    ----------
    question : str
        In words.
    folder : Path or None
        More texts to look in.
    most : int
        Passages to show, at most 50.
    drafter : {"auto", "passages"}
        Whether a model, if one is named, may answer from the passages.
    mode : {"live", "record", "replay"}
        Of the journal of calls.
    money, calls, seconds : Decimal, int, float or None
        What calls to a model may cost together.
    """

    question: str = Field(min_length=1)
    folder: Path | None = None
    most: int = Field(default=MOST, ge=1, le=50)
    drafter: Literal["auto", "passages"] = "auto"
    mode: Literal["live", "record", "replay"] = "live"
    money: Decimal | None = None
    calls: int | None = None
    seconds: float | None = None


def ask_documents(
    question: str,
    folder: str | Path | None = None,
    client: Client | None = None,
    most: int = MOST,
) -> LookedUp:
    """Look a question up in the package's documents, past write-ups and a folder.

    Parameters
    ----------
    question : str
        In words.
    folder : str or Path, optional
        More texts: Markdown, plain text, reStructuredText, notebooks (their cells, not what they
        printed), Python and SQL.
    client : Client, optional
        A model that answers from the passages; what does not stand in them is struck.
    most : int
        Passages to return.

    Raises
    ------
    DataError
        If the question has no word, or the folder is none.
    LeakageError
        If the folder is a sealed log's.
    AIBudgetError, JournalError, PromptError
        As `kit.ai.documents.answer.look_up`.

    Examples
    --------
    >>> done = ask_documents("How do I run the slow tests?")
    >>> done.passages[0].name
    'CONTRIBUTING.md'
    """
    query_words(question)  # an empty question reads no folder
    read = read_documents(folder)
    return look_up(question, read.passages, client, most, read.skipped)


def read_documents(folder: str | Path | None = None) -> Documents:
    """Read all that a question is looked up in; the errors are those of `ask_documents`."""
    parts = [Documents(package_passages()), read_write_ups(dict(_write_ups()))]
    if folder is not None:
        parts.append(read_folder(Path(folder)))
    return together(parts)


def run_ask_docs(spec: Spec, say: Say) -> Outcome:
    """Answer one question; see `AskDocsSpec`.

    Raises
    ------
    KitError
        If the question or the folder is wrong, or a model was asked and gave no usable reply.
    """
    if not isinstance(spec, AskDocsSpec):
        raise DataError("ask: got other settings; must be an AskDocsSpec. Pass one.")
    client = client_of(spec)
    if client is None and spec.drafter == "auto":
        say(NO_MODEL)
    done = ask_documents(spec.question, spec.folder, client, spec.most)
    read = {each.path for each in done.passages if each.origin != "package"}
    return Outcome(
        {**summary_of(done), "exit_code": exit_code(done)},
        {str(path): file_hash(path) for path in sorted(read)},
        lines=tuple(answer_lines(done)),
    )


def client_of(spec: AskDocsSpec) -> Client | None:
    """Return the model that may answer, within the budget; None if none may or none is named.

    Raises
    ------
    EndpointError
        If the environment names one in part.
    """
    if spec.drafter == "passages" or endpoint_from_env() is None:
        return None
    from kit.flow.ask_data import AskSpec, open_client  # brings the SQL engine, which is heavy

    return open_client(AskSpec(
        question=spec.question, mode=spec.mode, money=spec.money, calls=spec.calls,
        seconds=spec.seconds,
    ))  # fmt: skip


def exit_code(done: LookedUp) -> int:
    """Return 0 for passages or an answer, 3 if the model failed or was struck, 1 for nothing."""
    if not done.passages:
        return NOTHING
    return NEEDS_A_PERSON if done.struck or done.failure else FOUND


def summary_of(done: LookedUp) -> dict[str, Any]:
    """Return an answer as plain values."""
    return {
        "question": done.question,
        "by": done.by,
        "answer": [{"text": one.text, "at": one.passage.place} for one in done.sentences],
        "struck": [vars(one) for one in done.struck],
        "passages": [_plain(each) for each in done.passages],
        "not_sent": done.kept,
        "skipped": [vars(one) for one in done.skipped],
        "entries": list(done.entries),
        "failure": done.failure,
    }


def answer_lines(done: LookedUp) -> list[str]:
    """Return an answer as a person reads it."""
    if not done.passages:
        words = ", ".join(query_words(done.question))
        return [f"Nothing found: no passage holds any of: {words}. Ask in other words.",
                *skipped_lines(done)]  # fmt: skip
    lines: list[str] = [done.failure, ""] if done.failure else []
    if done.by != PASSAGES:
        lines += [f"Answered by: {done.by}", ""]
        lines += [f"{one.text} [{one.passage.place}]" for one in done.sentences]
        lines += [*answer_notes(done), ""]
    for number, each in enumerate(done.passages, start=1):
        title = f"  {each.part.title}" if each.part.title else ""
        lines.append(f"{number}. {each.place}{title}")
        lines += [f"   {line}" for line in excerpt(each, done.question)]
        lines.append("")
    ours = [each for each in done.passages if each.origin == "package"]
    folders = {str(each.path).removesuffix(each.name) for each in ours}
    lines += [f"Files of the package lie in {folder}" for folder in sorted(folders)]
    return lines + skipped_lines(done)


def answer_notes(done: LookedUp) -> list[str]:
    """Say what of a model's answer was struck, and what it was not shown; without one, nothing."""
    if done.by == PASSAGES:
        return []
    notes = [f"struck: {one.text} ({one.why})" for one in done.struck]
    if not done.sentences:
        notes.append("None of its sentences holds: the passages stand alone." if done.struck
                     else "It found no answer in what it was shown.")  # fmt: skip
    if done.kept:
        are = "1 passage below tells" if done.kept == 1 else f"{done.kept} passages below tell"
        notes.append(f"{are} of a verdict or a holdout, and did not leave this machine.")
    return notes


def skipped_lines(done: LookedUp) -> list[str]:
    """Say which files were not read."""
    shown = [f"skipped {one.name}: {one.why}" for one in done.skipped[:_SHOWN_SKIPPED]]
    more = len(done.skipped) - len(shown)
    return [*shown, f"... and {more:,} more; --json lists them"] if more else shown


def _plain(passage: Passage) -> dict[str, Any]:
    part = passage.part
    return {
        "at": passage.place, "file": passage.name, "first": part.first, "last": part.last,
        "title": part.title, "text": part.text, "origin": passage.origin,
        "path": str(passage.path),
    }  # fmt: skip


def _write_ups() -> Iterator[tuple[str, Path]]:
    """Yield the write-ups of this workspace's runs, each once, with the name it is cited by."""
    root = workspace_root()
    seen = set()
    for run in read_runs(runs_path(root), MOST_RUNS):
        for path in _written_by(run):
            if path not in seen:
                seen.add(path)
                inside = path.is_relative_to(root)
                yield (path.relative_to(root).as_posix() if inside else str(path)), path


def _written_by(run: Run) -> list[Path]:
    paths = [Path(run.folder) / name for name in run.outputs]
    return [Path(path) for path in paths if path.name == WRITE_UP]
