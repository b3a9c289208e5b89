"""The workspace's runs for the sidebar: read only, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kit.base.errors import RunError
from kit.base.workspace import runs_path, workspace_root
from kit.flow.runs import Run, read_runs
from kit.lab.refusal import RefusalError

MAX_RUNS = 200
_TIME = "%Y-%m-%d %H:%M:%S UTC"  # as kit.flow.runs.utc_now writes it


@dataclass(frozen=True)
class RunLine:
    """One run, as the sidebar shows it.

    Parameters
    ----------
    id : int
        Its number in the workspace.
    verb : str
        What was run.
    status : {"running", "done", "failed"}
        How it stands; ``failed`` too if its process is gone.
    started : str
        ISO 8601, UTC.
    seconds : int or None
        How long it took; None while it runs, and if nobody saw it end.
    headline : str
        What it found, or why it failed; may be empty.
    report : str or None
        Path of its report relative to the server's root.
    report_missing : str
        Why a report that was written cannot be opened; empty if it can, or if there is none.
    """

    id: int
    verb: str
    status: str
    started: str
    seconds: int | None
    headline: str
    report: str | None
    report_missing: str


def list_run_lines(root: Path | None, *, allow_hidden: bool = False) -> list[RunLine]:
    """Return the newest runs of the workspace that a server's root lies in.

    Nothing is written. The record may lie above the root, as `kit.base.workspace` finds it; of
    files outside the root nothing is said, not even whether they exist.

    Parameters
    ----------
    root : Path or None
        The server's root folder; None if its files are not on disk.
    allow_hidden : bool
        Whether the server hands out hidden files.

    Raises
    ------
    RefusalError
        503, if the record cannot be read.
    """
    place = root.resolve() if root else None
    try:
        runs = read_runs(runs_path(workspace_root(root)), MAX_RUNS)
    except RunError as error:
        raise RefusalError(503, str(error)) from error
    return [_line(run, place, allow_hidden) for run in runs]


def _line(run: Run, root: Path | None, allow_hidden: bool) -> RunLine:
    started = _time(run.started_at)
    report, missing = _report(run, root, allow_hidden)
    return RunLine(
        id=run.id,
        verb=run.verb,
        status=run.status,
        started=started.isoformat().replace("+00:00", "Z"),
        seconds=int((_time(run.ended_at) - started).total_seconds()) if run.ended_at else None,
        headline=run.message or str(run.summary.get("headline", "")),
        report=report,
        report_missing=missing,
    )


def _time(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def _report(run: Run, root: Path | None, allow_hidden: bool) -> tuple[str | None, str]:
    """Path of a run's report below the root, or why it cannot be opened."""
    written = run.summary.get("report")
    if not written:
        return None, ""
    if root is None:
        return None, "the report is not among this server's files"
    report = (Path(run.folder) / written).resolve()
    if not report.is_relative_to(root):
        return None, "the report is outside the folder that JupyterLab was opened on"
    inside = report.relative_to(root)
    if not allow_hidden and any(part.startswith(".") for part in inside.parts):
        return None, "the report is in a hidden folder"
    if not report.is_file():
        return None, "the report is gone; run it again"
    return inside.as_posix(), ""
