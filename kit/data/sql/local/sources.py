"""What an engine reads: a DuckDB database file, or Parquet files under table names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kit.base.errors import DataError
from kit.data.log import META_KEY, open_meta, refuse_sealed

_SIDECARS = (".wal", ".wal.checkpoint", ".wal.recovery")


@dataclass(frozen=True)
class DatabaseFile:
    """A DuckDB database file, opened read-only for each query.

    Parameters
    ----------
    path : str or Path
        The file.

    Raises
    ------
    DataError
        If it is missing, or no DuckDB database.
    LeakageError
        If its name is that of a sealed holdout.

    Examples
    --------
    >>> DatabaseFile("nowhere.duckdb")
    Traceback (most recent call last):
    kit.base.errors.DataError: nowhere.duckdb: no such file; must be a DuckDB database. Check the path.
    """  # noqa: E501

    path: Path

    def __post_init__(self) -> None:
        path = _readable(Path(self.path), "a DuckDB database")
        with path.open("rb") as file:
            start = file.read(12)
        if start[8:12] != b"DUCK":
            raise DataError(
                f"{path.name}: not a DuckDB database; must be one. Pass Parquet files as "
                "ParquetTables, or write the database with DuckDB."
            )
        object.__setattr__(self, "path", path)

    @property
    def files(self) -> tuple[Path, ...]:
        """What DuckDB opens to read it: the file, and the logs of writes that are there."""
        beside = (self.path.with_name(self.path.name + suffix) for suffix in _SIDECARS)
        return (self.path, *(path for path in beside if path.exists()))

    def spec(self) -> dict[str, Any]:
        """Say it to the child."""
        return {"database": str(self.path)}


@dataclass(frozen=True)
class ParquetTables:
    """Parquet files, each a table under a name.

    Parameters
    ----------
    tables : mapping of str to str or Path
        Name of the table, and its file.

    Raises
    ------
    DataError
        If a file is missing or no Parquet, or a name is no plain one.
    LeakageError
        If a file is a sealed holdout, by its name or by the mark in it.

    Examples
    --------
    >>> from kit.base.assets import asset_dir
    >>> source = ParquetTables({"auctions": asset_dir("data_samples") / "auctions.parquet"})
    >>> list(source.tables)
    ['auctions']
    """

    tables: Mapping[str, Path]

    def __post_init__(self) -> None:
        if not self.tables:
            raise DataError("tables: got none; must name one Parquet file or more. Add one.")
        folded = [name.casefold() for name in self.tables]
        for name in self.tables:
            if not name.isidentifier() or folded.count(name.casefold()) > 1:
                raise DataError(
                    f"table {name!r}: must be letters, digits and underscores, once each whatever "
                    "its case. Rename it."
                )
        checked = {name: _parquet(Path(path)) for name, path in self.tables.items()}
        object.__setattr__(self, "tables", checked)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files."""
        return tuple(self.tables.values())

    def spec(self) -> dict[str, Any]:
        """Say it to the child, which reads each file by its place in `files`."""
        return {"tables": list(self.tables)}


Source = DatabaseFile | ParquetTables


def _readable(path: Path, what: str) -> Path:
    refuse_sealed(path)
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no such file"
        raise DataError(f"{path}: {kind}; must be {what}. Check the path.")
    return path.resolve()


def _parquet(path: Path) -> Path:
    resolved = _readable(path, "a Parquet file")
    try:
        metadata = pq.read_schema(resolved).metadata or {}
    except (OSError, pa.ArrowInvalid):
        raise DataError(f"{path}: not a Parquet file; must be one. Load it first.") from None
    if META_KEY in metadata:
        open_meta(resolved)  # refuses what is marked as sealed, whatever its name
    return resolved
