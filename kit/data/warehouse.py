"""A log on disk that may be larger than memory: read in batches, or asked in SQL."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kit.base.errors import DataError
from kit.data.log import META_KEY, AuctionLog, LogMeta, open_meta, refuse_sealed

BATCH_ROWS = 131_072


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

    def sql(self, query: str, memory_limit: str = "1GB") -> pd.DataFrame:
        """Return the answer to a person's own SQL; the log is the view ``auctions``.

        The query can read this file and no other, and write nothing.

        Raises
        ------
        DataError
            With DuckDB's message, if the query cannot be answered, or is not one SELECT.
        """
        with tempfile.TemporaryDirectory() as spill, duckdb.connect() as connection:
            connection.execute("SET temp_directory = ?", [spill])
            connection.execute(f"SET memory_limit = '{memory_limit}'")
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")
            scan = connection.read_parquet(str(self.path))
            scan.create_view("auctions")
            connection.execute("SET allowed_paths = ?", [[str(self.path)]])
            connection.execute("SET enable_external_access = false")
            connection.execute("SET python_enable_replacements = false")
            connection.execute("SET lock_configuration = true")
            try:
                _one_select(connection, query)
                answer = connection.sql(query).to_arrow_table()
            except duckdb.Error as error:
                raise DataError(f"sql: {error}") from None
        return _frame(answer)


def _frame(table: pa.Table) -> pd.DataFrame:
    """Return pandas' own types; DuckDB's sums of whole numbers are decimals."""
    decimals = [field.name for field in table.schema if pa.types.is_decimal(field.type)]
    frame: pd.DataFrame = table.to_pandas()
    return frame.astype(dict.fromkeys(decimals, "float64"))


def _one_select(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    kinds = [statement.type.name for statement in connection.extract_statements(query)]
    if kinds != ["SELECT"]:
        raise DataError(
            f"sql: got {', '.join(kinds) or 'no statement'}; must be one SELECT. "
            "Ask one question at a time."
        )
