"""The engine: runs any SQL in a child process that can change nothing and cannot run away."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kit.data.sql.contract.limits import MB, Limits
from kit.data.sql.contract.protocol import QueryEngine
from kit.data.sql.contract.results import QueryResult, ScanEstimate, read_answer
from kit.data.sql.contract.text import sayable
from kit.data.sql.local.process import EndedError, EngineProcess, file_identities
from kit.data.sql.local.sources import DatabaseFile, ParquetTables, Source

__all__ = ["DatabaseFile", "Engine", "Limits", "ParquetTables", "QueryResult", "ScanEstimate"]


class Engine(QueryEngine):
    """Runs SQL over a database file or Parquet files, in a child process of its own.

    Whatever the SQL: no file is written but its own temporary ones, which go; none is read but the
    source's; time, memory and the answer's size are bounded. Each query meets a freshly opened
    database, so nothing of one reaches the next. Which tables may be read is the policy's to say,
    not the engine's.

    The child starts with the first query and is used again. Threads may share an engine; their
    queries wait for each other.

    Parameters
    ----------
    source : DatabaseFile or ParquetTables
        What is read.
    limits : Limits, optional
        What one query may cost.

    Examples
    --------
    >>> from kit.base.assets import asset_dir
    >>> log = asset_dir("data_samples") / "auctions.parquet"
    >>> with Engine(ParquetTables({"auctions": log})) as engine:
    ...     engine.run("SELECT count(*) AS n FROM auctions").frame["n"].item()
    ...     engine.explain("SELECT count(*) AS n FROM auctions WHERE won").by_table
    ...     engine.run("COPY auctions TO 'copy.csv'")
    Traceback (most recent call last):
    kit.base.errors.QueryError: sql: got COPY; must be one SELECT. Ask one question at a time, and change nothing.
    """  # noqa: E501

    def __init__(self, source: Source, limits: Limits | None = None) -> None:
        self.source = source
        self.limits = limits or Limits()
        self._lock = threading.Lock()
        self._process: EngineProcess | None = None

    @property
    def dialect(self) -> str:
        """Dialect of its SQL, as the guard names it."""
        return "duckdb"

    @property
    def files(self) -> tuple[Path, ...]:
        """What is read."""
        return self.source.files

    @property
    def pid(self) -> int | None:
        """Process id of the child that runs; None if none does."""
        process = self._process
        return process.pid if process is not None and process.alive else None

    @property
    def confined(self) -> bool | None:
        """Whether the kernel confines the child to its files; None before the first query."""
        process = self._process
        return process.confined if process is not None else None

    def run(self, sql: str) -> QueryResult:
        """Return the answer to one SELECT.

        Raises
        ------
        QueryError
            If it cannot be answered; `kind` says why.
        DataError
            If the source cannot be read any more.
        """
        started = time.perf_counter()
        limits = self.limits
        request = {"do": "rows", "rows": limits.rows, "bytes": limits.answer_mb * MB}
        header, payload = self._ask({**request, "sql": sayable(sql)})
        columns, frame = read_answer(payload)
        return QueryResult(columns, frame, bool(header["truncated"]), time.perf_counter() - started)

    def explain(self, sql: str) -> ScanEstimate:
        """Return what a query would read, without running it.

        Raises
        ------
        QueryError
            If it is no SELECT, or names what is not there.
        """
        header, _ = self._ask({"do": "estimate", "sql": sayable(sql)})
        by_table: dict[str, int] = header["by_table"]
        return ScanEstimate(sum(by_table.values()), by_table, header["text"])

    def schema(self) -> dict[str, dict[str, str]]:
        """Return the SQL type of every column, by table; outside main as ``schema.table``."""
        header, _ = self._ask({"do": "schema"})
        tables: dict[str, dict[str, str]] = header["tables"]
        return tables

    def stop(self) -> None:
        """End what another thread runs: its query fails. A later one starts another child."""
        process = self._process
        if process is not None:
            process.stop()

    def close(self) -> None:
        """End the child; a later query starts another."""
        with self._lock:
            self._end()

    def _ask(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        with self._lock:
            try:
                return self._running().ask(request, self.limits.timeout_seconds)
            except EndedError as ended:
                if not ended.idle:
                    raise ended.query_error() from None
            # It had begun to end for idleness when it was asked: that is not the query's fault.
            try:
                return self._running().ask(request, self.limits.timeout_seconds)
            except EndedError as ended:
                raise ended.query_error() from None

    def _running(self) -> EngineProcess:
        """Return a child that can open the files as they are now; a replaced file needs another."""
        process = self._process
        if process is None or not process.alive or process.files != file_identities(self.source):
            self._end()
            process = self._process = EngineProcess(self.source, self.limits)
        return process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.end()
