"""A DuckDB that can read what it was given, and change nothing that outlives it (in the child)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

_OFF = (
    "autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions",
    "allow_persistent_secrets", "python_enable_replacements",
)  # fmt: skip


@dataclass(frozen=True)
class Setup:
    """What the parent says once, when the child starts.

    Parameters
    ----------
    source : mapping
        ``{"database": path}``, or ``{"tables": [names]}`` whose files lie in `folder` as
        ``0.parquet``, ``1.parquet`` and so on.
    folder : Path
        The child's own folder, with ``spill`` in it.
    memory_mb, spill_mb, threads : int
        As in `kit.data.sql.contract.limits.Limits`.
    """

    source: Mapping[str, Any]
    folder: Path
    memory_mb: int
    spill_mb: int
    threads: int

    @property
    def spill(self) -> Path:
        """Where DuckDB writes what outgrows its memory."""
        return self.folder / "spill"

    def config(self) -> dict[str, str | bool | int | float | list[str]]:
        """Return the settings that a database starts with."""
        return {
            **dict.fromkeys(_OFF, "false"),
            "threads": str(self.threads),
            "memory_limit": f"{self.memory_mb}MiB",
            "temp_directory": str(self.spill),
        }


def open_locked(setup: Setup) -> duckdb.DuckDBPyConnection:
    """Open the source and lock it; whoever gets this may say anything to it.

    A database of its own for each query: temporary tables, variables, prepared statements, views
    and transactions end with it, and between two queries no lock is held on the user's file.
    """
    database = setup.source.get("database")
    if database is not None:
        connection = duckdb.connect(database, read_only=True, config=setup.config())
        allowed: list[str] = []  # DuckDB adds the file that it has opened, and its logs
    else:
        connection = duckdb.connect(":memory:", config=setup.config())
        allowed = [str(setup.folder / f"{at}.parquet") for at in range(len(setup.source["tables"]))]
        for name, path in zip(setup.source["tables"], allowed, strict=True):
            connection.execute(f'CREATE VIEW "{name}" AS {_scan(path)}')
    return _lock(connection, setup, allowed)


def open_outline(setup: Setup) -> tuple[duckdb.DuckDBPyConnection, dict[str, int]]:
    """Open a database with a first row of each Parquet table, and say how many rows there are.

    A plan names the tables that it scans, but no Parquet files.
    """
    connection = duckdb.connect(":memory:", config=setup.config())
    rows: dict[str, int] = {}
    for at, name in enumerate(setup.source["tables"]):
        scan = _scan(str(setup.folder / f"{at}.parquet"))
        connection.execute(f'CREATE TABLE "{name}" AS {scan} LIMIT 1')
        counted = connection.execute(f"SELECT count(*) FROM ({scan})").fetchall()
        rows[name] = int(counted[0][0])
    connection.execute("PRAGMA disable_optimizer")  # one row would be folded away
    return _lock(connection, setup, []), rows


def _scan(path: str) -> str:
    quoted = path.replace("'", "''")
    # A folder named year=2020 on the way must not become a column.
    return f"FROM read_parquet('{quoted}', hive_partitioning = false)"


def _lock(
    connection: duckdb.DuckDBPyConnection, setup: Setup, allowed: list[str]
) -> duckdb.DuckDBPyConnection:
    """Allow the files first: once external access is off, nothing more can be."""
    connection.execute("SET TimeZone = 'UTC'")
    # Given with the others when the database is opened, it would be shown but not kept to.
    connection.execute(f"SET max_temp_directory_size = '{setup.spill_mb}MiB'")
    connection.execute("SET allow_extension_repositories = 'forbidden'")
    connection.execute("SET allowed_paths = ?", [allowed])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection
