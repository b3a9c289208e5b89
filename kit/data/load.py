"""Load a log of any named format: into memory, or into Parquet of any size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from kit.base.errors import DataError
from kit.base.files import atomic_path
from kit.data.lines import BLOCK_BYTES
from kit.data.log import AuctionLog, read_parquet, write_batches
from kit.data.mapped import ColumnMap
from kit.data.order import OrderCheck, sort_file
from kit.data.parquet_reader import ParquetReader
from kit.data.reader import LogReader, open_reader
from kit.data.rejects import BadRow, Rejects, open_rejects, rejects_path


@dataclass(frozen=True)
class LoadReport:
    """What a load read, left out and rearranged.

    Parameters
    ----------
    source, source_hash : str
        File name and SHA-256 of what was read.
    rows : int
        Rows loaded.
    bad_rows : int
        Rows set aside.
    first_bad : tuple of BadRow
        The first five of them.
    rejects : str or None
        File that holds all of them.
    out_of_order : int
        Rows that came earlier than the one before; they were sorted in.
    """

    source: str
    source_hash: str
    rows: int
    bad_rows: int
    first_bad: tuple[BadRow, ...]
    rejects: str | None
    out_of_order: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        return asdict(self) | {"first_bad": [asdict(row) for row in self.first_bad]}


def load_log(path: str | Path, format: str = "parquet", **options: Any) -> AuctionLog:
    r"""Load a log into memory; see `load_with_report` for the options.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "log.txt"
    >>> _ = path.write_text("0 70 0.001\n1 12 0.004\n")
    >>> log = load_log(path, "ipinyou-theta")
    >>> len(log), log.meta.unit.label, log.meta.ties_win
    (2, 'CNY fen CPM', True)
    """
    return load_with_report(path, format, **options)[0]


def load_with_report(
    path: str | Path,
    format: str = "parquet",
    *,
    columns: Mapping[str, str] | None = None,
    features: Sequence[str] = (),
    currency: str = "USD",
    ties_win: bool = False,
    timezone: str = "UTC",
    errors: str = "raise",
    rejects: str | Path | None = None,
    sort: bool = True,
    progress: bool = False,
    block_bytes: int = BLOCK_BYTES,
) -> tuple[AuctionLog, LoadReport]:
    """Load a log into memory and say what was left out.

    Parameters
    ----------
    path : str or Path
        The file, plain or gzip.
    format : str
        A key of `kit.data.formats.FORMATS`.
    columns, features, currency, ties_win, timezone
        For ``csv`` and ``parquet``; see `kit.data.mapped.ColumnMap`.
    errors : {"raise", "skip"}
        Refuse a file with bad rows, or set them aside.
    rejects : str or Path, optional
        File for skipped rows; without one, up to 10,000 are kept and more are refused.
    sort : bool
        Sort rows that are out of time order, or refuse them.
    progress : bool
        Show progress on stderr where reading takes longer than a second.
    block_bytes : int
        Bytes parsed at a time; it changes no result.

    Raises
    ------
    DataError
        If the file is missing, empty, of another format, or has bad rows with ``errors="raise"``.
    LeakageError
        If the file is a sealed holdout.
    """
    mapping = ColumnMap(dict(columns or {}), tuple(features), currency, ties_win, timezone)
    reader = open_reader(Path(path), format, mapping, progress=progress, block_bytes=block_bytes)
    kept_at = Path(rejects) if rejects else None
    order = OrderCheck(sort)
    if isinstance(reader, ParquetReader) and reader.is_ours:
        # Written by this package, so whole and in order: read it at once.
        log = read_parquet(Path(path))
        return replace(log, meta=reader.meta), load_report(
            reader, len(log), Rejects(reader.source, errors), None, order
        )
    with open_rejects(Path(path).name, errors, kept_at) as taken:
        tables = list(order.watch(good_batches(reader, taken)))
    frame = pa.concat_tables(tables).unify_dictionaries().to_pandas()
    if order.rows:
        frame = frame.sort_values(order.column, kind="stable", ignore_index=True)
    log = AuctionLog(frame, reader.meta)
    return log, load_report(reader, len(log), taken, kept_at, order)


def load_to_parquet(
    path: str | Path,
    format: str,
    out: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    features: Sequence[str] = (),
    currency: str = "USD",
    ties_win: bool = False,
    timezone: str = "UTC",
    errors: str = "raise",
    sort: bool = True,
    progress: bool = False,
    memory_limit: str = "256MB",
    block_bytes: int = BLOCK_BYTES,
) -> LoadReport:
    """Convert a log of any size to Parquet; memory stays bounded.

    Skipped rows go to ``OUT.rejects.tsv``. Rows that are out of time order are sorted by DuckDB
    within `memory_limit`. Other parameters and errors are those of `load_with_report`.

    Parameters
    ----------
    out : str or Path
        The Parquet file; it is written whole or not at all.
    memory_limit : str
        What the sort may hold in memory, as DuckDB writes it.
    """
    mapping = ColumnMap(dict(columns or {}), tuple(features), currency, ties_win, timezone)
    reader = open_reader(Path(path), format, mapping, progress=progress, block_bytes=block_bytes)
    target = Path(out)
    kept_at = rejects_path(target)
    order = OrderCheck(sort)
    with (
        atomic_path(target) as partial,
        open_rejects(Path(path).name, errors, kept_at) as taken,
    ):
        rows = write_batches(order.watch(good_batches(reader, taken)), reader.meta, partial)
        if order.rows:
            sort_file(partial, order.column, memory_limit)
    return load_report(reader, rows, taken, kept_at, order)


def good_batches(reader: LogReader, taken: Rejects) -> Iterator[pa.Table]:
    """Yield the good rows of a log; there must be some.

    Raises
    ------
    DataError
        If no row was good.
    """
    rows = 0
    for table in reader.batches(taken):
        rows += table.num_rows
        yield table
    taken.finish(rows)
    if not rows:
        raise DataError(
            f"{reader.source}: has no good row ({taken.count:,} bad); a log needs at least one. "
            "Repair it, or pass the right --format."
        )


def load_report(
    reader: LogReader, rows: int, taken: Rejects, kept_at: Path | None, order: OrderCheck
) -> LoadReport:
    """Return what a finished load has to say."""
    return LoadReport(
        source=reader.source,
        source_hash=reader.source_hash,
        rows=rows,
        bad_rows=taken.count,
        first_bad=tuple(taken.first),
        rejects=str(kept_at) if kept_at and taken.count else None,
        out_of_order=order.rows,
    )
