"""Time order of a log that is read in batches: watched, and mended where asked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kit.base.errors import DataError
from kit.data.log import read_meta, write_batches

TIME_COLUMNS = ("timestamp", "time_index")
_SORT_ROWS = 131_072


class OrderCheck:
    """Counts rows that come earlier than the one before.

    Parameters
    ----------
    allowed : bool
        Whether such rows are counted, or refused.
    """

    def __init__(self, allowed: bool) -> None:
        self.allowed = allowed
        self.rows = 0
        self.column = ""
        self._seen = 0
        self._last: Any = None

    def watch(self, tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
        """Pass tables through, looking at their times.

        Raises
        ------
        DataError
            At the first row out of order, unless they are allowed.
        """
        for table in tables:
            self.column = next((name for name in TIME_COLUMNS if name in table.column_names), "")
            if self.column:
                self._look(table.column(self.column).cast(pa.int64()).to_numpy())
            self._seen += table.num_rows
            yield table

    def _look(self, times: np.ndarray) -> None:
        before = np.concatenate([[times[0] if self._last is None else self._last], times[:-1]])
        early = times < before
        if early.any() and not self.allowed:
            row = self._seen + int(np.flatnonzero(early)[0]) + 1
            raise DataError(
                f"{self.column}: row {row:,} comes earlier than the row before it; must be in "
                "time order. Load with sort=True."
            )
        self.rows += int(early.sum())
        self._last = times[-1]


def sort_file(path: Path, column: str, memory_limit: str = "256MB") -> None:
    """Sort a log on disk by time, in place; rows of equal time keep their order.

    Parameters
    ----------
    path : Path
        A log that `write_batches` wrote.
    column : str
        ``timestamp`` or ``time_index``.
    memory_limit : str
        What DuckDB may hold in memory; the rest goes to a folder beside the file.
    """
    schema, meta = pq.read_schema(path), read_meta(path)
    pa.default_memory_pool().release_unused()  # what parsing held, the sort may need
    target = path.with_name(f"sorted-{path.name}")  # a sealed file keeps its suffix
    spill = path.with_name(f"spill-{path.name}")
    try:
        with duckdb.connect() as connection:
            connection.execute(f"SET memory_limit = '{memory_limit}'")
            connection.execute("SET temp_directory = ?", [str(spill)])
            connection.execute("SET threads = 1")
            connection.execute("SET enable_progress_bar = false")  # it would print on stdout
            rows = connection.sql(
                "SELECT * EXCLUDE (file_row_number) FROM read_parquet(?, file_row_number = true)"
                f' ORDER BY "{column}", file_row_number',
                params=[str(path)],
            )
            write_batches(_typed(rows.to_arrow_reader(_SORT_ROWS), schema), meta, target)
        target.replace(path)
    finally:
        target.unlink(missing_ok=True)
        shutil.rmtree(spill, ignore_errors=True)


def _typed(batches: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.Table]:
    for batch in batches:
        yield pa.Table.from_batches([batch]).cast(schema.remove_metadata())
