"""The workspace's record of runs: what ran, on which bytes, with what outcome."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kit.base.alive import alive, started
from kit.base.errors import RunError
from kit.base.store import open_store, transaction
from kit.base.workspace import runs_path

STATUSES = ("running", "done", "failed")
_BUSY_S = 2.0
_MIGRATIONS = (
    """
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        verb TEXT NOT NULL,
        spec TEXT NOT NULL,
        folder TEXT NOT NULL,
        versions TEXT NOT NULL,
        pid INTEGER NOT NULL,
        pid_started REAL NOT NULL,
        started_at TEXT NOT NULL,
        ended_at TEXT,
        status TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed')),
        inputs TEXT NOT NULL DEFAULT '{}',
        outputs TEXT NOT NULL DEFAULT '{}',
        summary TEXT NOT NULL DEFAULT '{}',
        message TEXT NOT NULL DEFAULT ''
    )
    """,
)
KILLED = "the process ended before the run did"

Say = Callable[[str], None]
"""Tells a person how far a verb has come."""


@dataclass(frozen=True)
class Outcome:
    """What a verb hands back.

    Parameters
    ----------
    summary : mapping
        What ``--json`` prints: plain numbers, texts, lists.
    inputs, outputs : mapping of str to str
        SHA-256 by path, of what was read and what was written.
    lines : tuple of str
        What a person is told at the end.
    """

    summary: Mapping[str, Any]
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """One recorded run.

    Parameters
    ----------
    id : int
        Its number in this workspace.
    verb : str
        What was run.
    spec : dict
        Its settings, seed included; running them again is the same run.
    folder : str
        Where relative paths in the settings start.
    versions : dict
        Versions of what computed it.
    started_at, ended_at : str
        UTC; `ended_at` is empty while it runs, and for a killed run when that was noticed.
    status : {"running", "done", "failed"}
        How it stands.
    inputs, outputs : dict
        SHA-256 by path.
    summary : dict
        What it printed.
    message : str
        Why it failed.
    """

    id: int
    verb: str
    spec: dict[str, Any]
    folder: str
    versions: dict[str, str]
    started_at: str
    ended_at: str
    status: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    summary: dict[str, Any]
    message: str


@contextmanager
def open_runs(path: Path | None = None) -> Iterator[sqlite3.Connection]:
    """Open the record; runs whose process is gone are marked failed first.

    Raises
    ------
    RunError
        If the record cannot be opened or written.
    """
    target = path or runs_path()
    try:
        connection = open_store(target, _MIGRATIONS)
    except (OSError, sqlite3.Error) as error:
        raise RunError(
            f"{target}: the record of runs cannot be opened ({error}). Repair or move it, or set "
            "KIT_WORKSPACE to a folder that can be written."
        ) from None
    with closing(connection):
        _mark_killed(connection)
        yield connection


def start_run(verb: str, spec: Mapping[str, Any], versions: Mapping[str, str]) -> int:
    """Record, in one transaction, that a run begins; return its number."""
    with open_runs() as connection, transaction(connection):
        cursor = connection.execute(
            "INSERT INTO runs (verb, spec, folder, versions, pid, pid_started, started_at, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'running')",
            (
                verb,
                _json(spec),
                str(Path.cwd()),
                _json(versions),
                os.getpid(),
                started(os.getpid()),
                utc_now(),
            ),
        )
    return int(cursor.lastrowid or 0)


def finish_run(number: int, outcome: Outcome) -> None:
    """Record, in one transaction, what a run read, wrote and found."""
    _end(number, "done", outcome, "")


def fail_run(number: int, message: str) -> None:
    """Record why a run failed."""
    _end(number, "failed", Outcome({}), message)


def list_runs(limit: int = 50) -> list[Run]:
    """Return the newest runs first."""
    with open_runs() as connection:
        rows = connection.execute("SELECT * FROM runs ORDER BY id DESC LIMIT ?", (limit,))
        return [_run(row) for row in rows]


def read_runs(path: Path, limit: int = 50) -> list[Run]:
    """Return the newest runs first and write nothing.

    No record is made where there is none, and a run whose process is gone reads as failed
    without being marked.

    Raises
    ------
    RunError
        If the record cannot be read.
    """
    if not path.is_file():
        return []
    try:
        source = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(source, uri=True, timeout=_BUSY_S)) as connection:
            connection.row_factory = sqlite3.Row
            rows = connection.execute("SELECT * FROM runs ORDER BY id DESC LIMIT ?", (limit,))
            return [_as_it_stands(row) for row in rows]
    except sqlite3.Error as error:
        raise RunError(
            f"{path.name}: the record of runs cannot be read ({error}). Try again; if it stays "
            "so, repair or move the file."
        ) from None


def get_run(number: int) -> Run:
    """Return one run.

    Raises
    ------
    RunError
        If the workspace has no such run.
    """
    with open_runs() as connection:
        row = connection.execute("SELECT * FROM runs WHERE id = ?", (number,)).fetchone()
        last = connection.execute("SELECT max(id) FROM runs").fetchone()[0]
    if row is None:
        known = f"the last one is {last}" if last else "this workspace has none"
        raise RunError(f"run: got {number}; {known}. List them with `kit runs`.")
    return _run(row)


def utc_now() -> str:
    """Return the time as text, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _end(number: int, status: str, outcome: Outcome, message: str) -> None:
    with open_runs() as connection, transaction(connection):
        connection.execute(
            "UPDATE runs SET status = ?, ended_at = ?, inputs = ?, outputs = ?, summary = ?,"
            " message = ? WHERE id = ?",
            (
                status,
                utc_now(),
                _json(outcome.inputs),
                _json(outcome.outputs),
                _json(outcome.summary),
                message,
                number,
            ),
        )


def _mark_killed(connection: sqlite3.Connection) -> None:
    running = connection.execute(
        "SELECT id, pid, pid_started FROM runs WHERE status = 'running'"
    ).fetchall()
    gone = [row["id"] for row in running if not alive(row["pid"], row["pid_started"])]
    if not gone:
        return
    with transaction(connection):
        connection.executemany(
            "UPDATE runs SET status = 'failed', ended_at = ?, message = ?"
            " WHERE id = ? AND status = 'running'",
            [(utc_now(), KILLED, number) for number in gone],
        )


def _as_it_stands(row: sqlite3.Row) -> Run:
    run = _run(row)
    if run.status == "running" and not alive(row["pid"], row["pid_started"]):
        return replace(run, status="failed", message=KILLED)
    return run


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), sort_keys=True, allow_nan=False)


def _run(row: sqlite3.Row) -> Run:
    return Run(
        id=row["id"],
        verb=row["verb"],
        spec=json.loads(row["spec"]),
        folder=row["folder"],
        versions=json.loads(row["versions"]),
        started_at=row["started_at"],
        ended_at=row["ended_at"] or "",
        status=row["status"],
        inputs=json.loads(row["inputs"]),
        outputs=json.loads(row["outputs"]),
        summary=json.loads(row["summary"]),
        message=row["message"],
    )
