"""A log on disk that may be larger than memory: read in batches, or asked in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kit.base.errors import DataError, QueryError
from kit.data.log import META_KEY, AuctionLog, LogMeta, open_meta, refuse_sealed
from kit.data.sql.engine import Engine, Limits, ParquetTables

BATCH_ROWS = 131_072
_LONGEST_S, _MOST_ROWS, _MOST_MB = 3600.0, 10_000_000, 1024


def is_kit_log(path: Path) -> bool:
    """Whether a file is Parquet with an auction log's metadata.

    Raises
    ------
    LeakageError
        If its name says that it is sealed.
    """
    refuse_sealed(path)
    try:
        return META_KEY in (pq.read_schema(path).metadata or {})
    except (OSError, pa.ArrowInvalid):
        return False


class ScannedLog:
    """A log that `kit.load_to_parquet` wrote, never held in memory as a whole.

    Parameters
    ----------
    path : str or Path
        The Parquet file.
    batch_rows : int
        Rows read at a time.

    Raises
    ------
    LeakageError
        If the file is a sealed holdout.
    DataError
        If it is no log of this package.

    Examples
    --------
    >>> from kit.base.assets import asset_dir
    >>> scanned = ScannedLog(asset_dir("data_samples") / "auctions.parquet")
    >>> len(scanned), len(next(scanned.batches()))
    (150000, 131072)
    >>> scanned.sql("SELECT count(*) AS won FROM auctions WHERE won")["won"].item() < len(scanned)
    True
    """

    def __init__(self, path: str | Path, batch_rows: int = BATCH_ROWS) -> None:
        self.path = Path(path)
        self.meta: LogMeta = open_meta(self.path)
        self.batch_rows = batch_rows
        self._rows = int(pq.read_metadata(self.path).num_rows)

    def __len__(self) -> int:
        return self._rows

    @property
    def columns(self) -> list[str]:
        """Names of its columns."""
        return list(pq.read_schema(self.path).names)

    def batches(self) -> Iterator[AuctionLog]:
        """Yield the log piece by piece, in time order; `kit.replay` takes them."""
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(self.batch_rows):
                table = pa.Table.from_batches([batch]).replace_schema_metadata(None)
                yield AuctionLog(table.to_pandas(), self.meta)

    def sql(self, query: str, memory_mb: int = 1024) -> pd.DataFrame:
        """Return the answer to a person's own SQL; the log is the table ``auctions``.

        It is one SELECT, run in a process that can read this file and no other, and write nothing
        (`kit.data.sql.engine.Engine`).

        Parameters
        ----------
        query : str
        memory_mb : int
            What a query may hold; sorts that need more go through a temporary file.

        Raises
        ------
        DataError
            With DuckDB's message, if the query cannot be answered, or is not one SELECT.
        """
        limits = Limits(
            timeout_seconds=_LONGEST_S, memory_mb=memory_mb, rows=_MOST_ROWS, answer_mb=_MOST_MB
        )
        try:
            with Engine(ParquetTables({"auctions": self.path}), limits) as engine:
                answer = engine.run(query)
        except QueryError as error:
            raise DataError(str(error)) from None
        if answer.truncated:
            raise DataError(
                f"sql: the answer is larger than {_MOST_ROWS:,} rows or {_MOST_MB:,} MB. "
                "Aggregate it, or read the log with batches()."
            )
        return answer.frame
