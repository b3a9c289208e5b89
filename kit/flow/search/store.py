"""The record of one search: every proposal before it is evaluated, every score as it comes."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from kit.base.alive import alive, started
from kit.base.errors import RunError
from kit.base.specs import read_spec
from kit.base.store import open_store, transaction
from kit.variant.spec import VariantSpec
from kit.variant.trial import Trial

SEARCH_FILE = "search.sqlite"
SEALED = "sealed folder"
"""Under what name the record keeps where the log lies."""
_PROCESS = "process"
_MIGRATIONS = (
    """
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE trials (
        number INTEGER PRIMARY KEY,
        spec TEXT NOT NULL,
        parent INTEGER,
        status TEXT NOT NULL CHECK (status IN ('proposed', 'scored', 'stopped', 'refused')),
        share REAL NOT NULL,
        score REAL,
        seconds REAL NOT NULL,
        why TEXT NOT NULL
    );
    CREATE TABLE evaluations (
        number INTEGER NOT NULL REFERENCES trials,
        share REAL NOT NULL,
        surplus REAL,
        broken TEXT NOT NULL,
        refused TEXT NOT NULL,
        seconds REAL NOT NULL,
        folder TEXT NOT NULL,
        PRIMARY KEY (number, share)
    )
    """,
)


class SearchStore:
    """A search on disk.

    Parameters
    ----------
    folder : Path
        Where ``search.sqlite`` lies, or is made.
    settings : mapping of str to str
        What decides the search; one that was begun with others is refused.

    Raises
    ------
    RunError
        If the folder holds another search, or the file cannot be read.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.path, self._is_held = folder / SEARCH_FILE, False
        try:
            self._connection = open_store(self.path, _MIGRATIONS)
            self._settle(settings)
        except (OSError, sqlite3.Error) as error:
            raise RunError(
                f"{self.path}: cannot be opened as a search ({error}); must be one that kit "
                "propose wrote. Move it away, or pass another folder."
            ) from None

    def close(self) -> None:
        """Let go of the file."""
        if self._is_held:
            with suppress(sqlite3.Error):  # the mark of a process that is gone counts for nothing
                self._connection.execute("DELETE FROM settings WHERE name = ?", (_PROCESS,))
        self._connection.close()

    def hold(self) -> None:
        """Keep other processes from going on with this search until it is closed, or we are gone.

        Raises
        ------
        RunError
            If another one is at it.
        """
        mine = f"{os.getpid()} {started(os.getpid())}"
        with self._writing() as connection:
            row = connection.execute(
                "SELECT value FROM settings WHERE name = ?", (_PROCESS,)
            ).fetchone()
            pid, start = ("0", "0") if row is None else row["value"].split()
            is_free = row is None or not alive(int(pid), float(start))
            if is_free:
                connection.execute(
                    "INSERT OR REPLACE INTO settings VALUES (?, ?)", (_PROCESS, mine)
                )
        if not is_free:
            raise RunError(
                f"{self.path}: process {pid} is searching in this folder now; must be one at a "
                "time. Wait for it, or pass another folder."
            )
        self._is_held = True

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Write all of a block or none."""
        try:
            with transaction(self._connection) as connection:
                yield connection
        except sqlite3.Error as error:
            raise RunError(
                f"{self.path}: cannot be written ({error}); must lie on a disk with room. What was "
                "recorded stays: make room, and run the same again."
            ) from None

    def _settle(self, settings: Mapping[str, str]) -> None:
        with transaction(self._connection) as connection:
            rows = connection.execute("SELECT name, value FROM settings").fetchall()
            known = {row["name"]: row["value"] for row in rows}
            if not known:
                connection.executemany("INSERT INTO settings VALUES (?, ?)", settings.items())
        odd = [name for name in settings if known and known.get(name) != settings[name]]
        if odd:
            self._connection.close()
            name = odd[0]
            raise RunError(
                f"{self.path}: holds a search whose {name} is {known.get(name)}, not "
                f"{settings[name]}; a search goes on with the settings that it began with. Pass "
                "them, or another folder."
            )

    def note(self, name: str, value: str) -> None:
        """Keep a text under a name; what is there stays."""
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, value))

    def noted(self, name: str) -> str | None:
        """Return a text that was kept; None if there is none."""
        found = self._connection.execute(
            "SELECT value FROM settings WHERE name = ?", (name,)
        ).fetchone()
        return None if found is None else str(found["value"])

    def add(self, trials: Sequence[Trial]) -> None:
        """Record proposals, all or none, before any is evaluated."""
        with self._writing() as connection:
            for trial in trials:
                connection.execute(
                    "INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (trial.number, trial.spec.model_dump_json(), *_moving(trial)),
                )

    def save(self, trials: Sequence[Trial]) -> None:
        """Record how trials ended, all or none."""
        with self._writing() as connection:
            for trial in trials:
                connection.execute(
                    "UPDATE trials SET parent = ?, status = ?, share = ?, score = ?, seconds = ?, "
                    "why = ? WHERE number = ?",
                    (*_moving(trial), trial.number),
                )

    def trials(self) -> list[Trial]:
        """Return every trial in order."""
        rows = self._connection.execute("SELECT * FROM trials ORDER BY number")
        return [
            Trial(
                row["number"], read_spec(VariantSpec, json.loads(row["spec"])), row["parent"],
                row["status"], row["share"], row["score"], row["seconds"], row["why"],
            )
            for row in rows
        ]  # fmt: skip

    def evaluated(self, number: int, share: float) -> dict[str, Any] | None:
        """Return what an evaluation gave, if it was made before."""
        row = self._connection.execute(
            "SELECT surplus, broken, refused, seconds, folder FROM evaluations "
            "WHERE number = ? AND share = ?",
            (number, share),
        ).fetchone()
        return None if row is None else dict(row)

    def keep(self, number: int, share: float, found: Mapping[str, Any]) -> None:
        """Record what an evaluation gave, as soon as it is there: it is not paid for again."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO evaluations VALUES (?, ?, ?, ?, ?, ?, ?)",
                (number, share, *(found[name] for name in _FOUND)),
            )

    def folder_of(self, number: int) -> str:
        """Return where a trial's frozen variant lies; empty if it was not built on every row."""
        row = self._connection.execute(
            "SELECT folder FROM evaluations WHERE number = ? AND share = 1", (number,)
        ).fetchone()
        return "" if row is None else str(row["folder"])


_FOUND = ("surplus", "broken", "refused", "seconds", "folder")


def _moving(trial: Trial) -> tuple[Any, ...]:
    return (trial.parent, trial.status, trial.share, trial.score, trial.seconds, trial.why)
