"""`QueryEngine`: what answers a checked query, whether files or a server hold the tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from kit.data.sql.contract.limits import Limits
from kit.data.sql.contract.results import QueryResult, ScanEstimate


class QueryEngine(Protocol):
    """Runs one SELECT at a time, changes nothing, and is bounded in time and size.

    `kit.data.sql.engine.Engine` reads DuckDB and Parquet files, and a server is read by
    `kit.data.sql.remote.engine.RemoteEngine`. One suite of tests runs over both.
    """

    limits: Limits

    @property
    def dialect(self) -> str:
        """Dialect of its SQL, as the guard names it: ``duckdb`` or ``postgres``."""
        ...

    @property
    def files(self) -> tuple[Path, ...]:
        """Files that are read; none of a server."""
        ...

    def run(self, sql: str) -> QueryResult:
        """Return the answer to one SELECT.

        Raises
        ------
        QueryError
            If it cannot be answered; `kind` says why.
        DataError
            If the source cannot be read.
        """
        ...

    def explain(self, sql: str) -> ScanEstimate:
        """Return what a query would read, without running it.

        Raises
        ------
        QueryError
            If it is no SELECT, or names what is not there.
        """
        ...

    def schema(self) -> Mapping[str, Mapping[str, str]]:
        """Return the SQL type of every column, by table."""
        ...

    def stop(self) -> None:
        """Stop what another thread runs: its query fails with a `QueryError`."""
        ...

    def close(self) -> None:
        """Let go of the source; a later query takes it up again."""
        ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
