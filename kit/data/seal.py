"""Split a log while it streams: the holdout goes to a file that only a scoring step opens."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from kit.base.errors import DataError
from kit.base.files import file_hash, write_text
from kit.data.lines import BLOCK_BYTES
from kit.data.load import LoadReport, good_batches, load_report
from kit.data.log import SEALED_SUFFIX, BatchWriter
from kit.data.mapped import ColumnMap
from kit.data.order import OrderCheck, sort_file
from kit.data.reader import LogReader, open_reader
from kit.data.rejects import open_rejects
from kit.data.split import (
    PARTS,
    checked_shares,
    cut_counts,
    cut_texts,
    key_starts,
    mask_conversions,
)

SPLIT_FILE = "split.json"
REJECTS_FILE = "rejects.tsv"
_NAMES = dict(zip(PARTS, ("train.parquet", "tune.parquet", f"holdout{SEALED_SUFFIX}"), strict=True))
_PER_DAY = 24


@dataclass(frozen=True)
class SealReport(LoadReport):
    """What a sealed load read, left out, and wrote.

    Parameters
    ----------
    parts : mapping of str to int
        Rows of train, tune and holdout.
    kind : str
        What was never cut in two; see `kit.data.split.Split`.
    cutoffs : mapping of str to str
        Where tune and holdout begin.
    files : tuple of str
        What was written.
    holdout_hash : str
        SHA-256 of the sealed file: a scoring step refuses one that has changed.

    Notes
    -----
    The other fields are those of `kit.data.load.LoadReport`.
    """

    parts: Mapping[str, int]
    kind: str
    cutoffs: Mapping[str, str]
    files: tuple[str, ...]
    holdout_hash: str = ""


@dataclass(frozen=True, eq=False)
class _Cuts:
    """Where the parts begin: the first key of tune and of holdout."""

    kind: str
    keys: NDArray[np.int64]
    rows: int


def load_sealed(
    path: str | Path,
    format: str,
    out_dir: str | Path,
    *,
    tune: float = 0.2,
    holdout: float = 0.2,
    columns: Mapping[str, str] | None = None,
    features: Sequence[str] = (),
    currency: str = "USD",
    ties_win: bool = False,
    timezone: str = "UTC",
    errors: str = "raise",
    progress: bool = False,
    memory_limit: str = "256MB",
    block_bytes: int = BLOCK_BYTES,
) -> SealReport:
    """Split a log of any size into ``train``, ``tune`` and a sealed holdout.

    The file is read twice: to find the cuts, and to write the parts; the cuts are those of
    `kit.data.split.time_split`. Holdout rows are only ever written to a file whose name says that
    it is sealed, also while the work goes on. All files appear together, or none.

    Parameters
    ----------
    path, format, columns, features, currency, ties_win, timezone, errors, progress, memory_limit
        As in `kit.data.load.load_to_parquet`.
    out_dir : str or Path
        A new folder, for ``train.parquet``, ``tune.parquet``, ``holdout.sealed.parquet``,
        ``split.json`` and, with ``errors="skip"``, ``rejects.tsv``.
    tune, holdout : float
        Shares of the rows.

    Raises
    ------
    DataError
        If the folder exists, or the log cannot be read or split.
    """
    shares = checked_shares(tune, holdout)
    mapping = ColumnMap(dict(columns or {}), tuple(features), currency, ties_win, timezone)
    source, target = Path(path), Path(out_dir)

    def reader() -> LogReader:
        return open_reader(source, format, mapping, progress=progress, block_bytes=block_bytes)

    with _new_folder(target) as folder:
        cuts = _find_cuts(reader(), errors, folder / REJECTS_FILE, shares)
        order = OrderCheck(allowed=True)
        read = reader()
        with open_rejects(source.name, errors, folder / REJECTS_FILE) as taken:
            rows = _write_parts(order.watch(good_batches(read, taken)), read, cuts, folder)
        if order.rows and cuts.kind == "row":
            raise DataError(
                f"{order.column}: {order.rows:,} rows are out of order, and a log that spans fewer "
                "than three hours is cut by row; must be in time order. Load it with `kit load` "
                "first, which sorts it, and seal that."
            )
        if order.rows:
            for name in _NAMES.values():
                sort_file(folder / name, order.column, memory_limit)
        loaded = load_report(read, cuts.rows, taken, target / REJECTS_FILE, order)
        report = SealReport(
            **vars(loaded),
            parts=rows,
            kind=cuts.kind,
            cutoffs=cut_texts(cuts.kind, cuts.keys, read.meta.timezone),
            files=tuple(str(target / name) for name in (*_NAMES.values(), SPLIT_FILE)),
            holdout_hash=file_hash(folder / _NAMES["holdout"]),
        )
        write_text(folder / SPLIT_FILE, json.dumps(report.to_dict(), indent=1) + "\n")
    return report


@contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `target` that takes its place if the block succeeds."""
    if target.exists():
        raise DataError(
            f"{target}: exists; a sealed split must go to a new folder, so that no holdout is "
            "overwritten or mixed. Pass another --out."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield folder
        folder.chmod(0o755)
        folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _find_cuts(reader: LogReader, errors: str, rejects: Path, shares: tuple[float, float]) -> _Cuts:
    """Read the log once and count its rows by hour, or by time_index."""
    counts: Counter[int] = Counter()
    rows, kind = 0, "row"
    with open_rejects(reader.source, errors, rejects) as taken:
        for table in good_batches(reader, taken):
            rows += table.num_rows
            kind, keys = _finest_keys(table, reader.meta.timezone)
            if keys is not None:
                values, number = np.unique(keys, return_counts=True)
                counts.update(dict(zip(values.tolist(), number.tolist(), strict=True)))
    hours = np.array(sorted(counts), dtype=np.int64)
    number = np.array([counts[key] for key in hours.tolist()], dtype=np.int64)
    if kind == "hour" and len(np.unique(hours // _PER_DAY)) >= len(PARTS):
        days, day_of = np.unique(hours // _PER_DAY, return_inverse=True)
        kind, hours, number = "day", days, np.bincount(day_of, number).astype(np.int64)
    if len(hours) < len(PARTS):
        kind, hours = "row", np.arange(1, rows + 1, dtype=np.int64)
        number = np.ones(rows, dtype=np.int64)
    return _Cuts(kind, cut_counts(hours, number, shares, "the log"), rows)


def _finest_keys(table: pa.Table, zone: str) -> tuple[str, NDArray[np.int64] | None]:
    if "timestamp" in table.column_names:
        times = table.column("timestamp").to_pandas().dt.tz_convert(zone).dt.tz_localize(None)
        hours = np.asarray(times, dtype="datetime64[us]").astype("datetime64[h]")
        return "hour", hours.astype(np.int64)
    if "time_index" in table.column_names:
        return "time_index", table.column("time_index").to_numpy().astype(np.int64)
    return "row", None


def _write_parts(
    tables: Iterator[pa.Table], reader: LogReader, cuts: _Cuts, folder: Path
) -> dict[str, int]:
    """Send each row to the file of its part; return the rows of each."""
    starts = pd.DatetimeIndex([])
    if cuts.kind in ("day", "hour"):
        starts = key_starts(cuts.kind, cuts.keys, reader.meta.timezone)
    writers = {
        name: BatchWriter(folder / file, replace(reader.meta, sealed=name == "holdout"))
        for name, file in _NAMES.items()
    }
    seen = 0
    try:
        for table in tables:
            keys = _keys(table, cuts.kind, seen, reader.meta.timezone)
            seen += table.num_rows
            part = np.searchsorted(cuts.keys, keys, side="right")
            for number, name in enumerate(PARTS):
                chosen = table.filter(pa.array(part == number))
                if name != "holdout" and len(starts):
                    chosen = _as_known(chosen, starts[number])
                writers[name].write(chosen)
    finally:
        for writer in writers.values():
            writer.close()
    return {name: writer.rows for name, writer in writers.items()}


def _keys(table: pa.Table, kind: str, seen: int, zone: str) -> NDArray[np.int64]:
    if kind == "row":
        return np.arange(seen + 1, seen + table.num_rows + 1, dtype=np.int64)
    _, keys = _finest_keys(table, zone)
    if keys is None:
        raise DataError("time: missing in a part of the log; must be in all of it or none.")
    return keys // _PER_DAY if kind == "day" else keys


def _as_known(table: pa.Table, until: pd.Timestamp) -> pa.Table:
    """Take out conversions that came after the part's end."""
    if "conversion_time" not in table.column_names or not table.num_rows:
        return table
    frame = mask_conversions(table.to_pandas(), until)
    return pa.Table.from_pandas(frame, schema=table.schema, preserve_index=False)
