"""One small SQLite helper: migrated by number, one transaction a write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kit.base.errors import RunError


def open_store(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    """Open (or make) a database and bring it to the newest schema.

    Parameters
    ----------
    path : Path
        The database file; its folder is made.
    migrations : sequence of str
        SQL scripts; script ``i`` brings version ``i`` to ``i + 1``. Never edit one that shipped.

    Raises
    ------
    RunError
        If the file was written by a newer version.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=30.0, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        # DELETE journaling, not WAL: workspaces live on network homes, where WAL corrupts.
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA synchronous=FULL")
        with transaction(connection):
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > len(migrations):
                raise RunError(
                    f"{path.name}: has schema {version}; this version reads up to "
                    f"{len(migrations)}. Upgrade programmatic-kit."
                )
            for number, script in enumerate(migrations[version:], start=version + 1):
                for statement in _statements(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={number}")
    except BaseException:
        connection.close()
        raise
    return connection


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script; the semicolons inside a trigger end none."""
    held = ""
    for part in script.split(";"):
        held += f"{part};"
        if sqlite3.complete_statement(held):
            if held.strip(" \n;"):
                yield held
            held = ""


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run a block in one write transaction: all of it is stored, or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
