"""`AuctionLog`: a checked frame of auctions with what its format states about them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from kit.base.errors import DataError, LeakageError
from kit.base.files import atomic_path
from kit.base.units import USD_CPM, PriceUnit
from kit.data.schema import COLUMNS, MARKET_KINDS, check_frame, role_columns

META_KEY = b"programmatic-kit.log"
SEALED_SUFFIX = ".sealed.parquet"


@dataclass(frozen=True)
class LogMeta:
    """What a log's format states, beside its rows.

    Parameters
    ----------
    format : str
        The named format it was loaded from.
    unit : PriceUnit
        Unit of every ``*_cpm`` column.
    ties_win : bool
        Whether a bid equal to the market price wins.
    features : tuple of str
        Request-time columns that are not canonical but may be used by models.
    bid_step_cpm : float
        Bids are rounded down to a multiple of this; 0 means any number.
    bid_cap_cpm : float or None
        Highest bid the exchange takes; None means no cap.
    timezone : str
        Where a "day" and an "hour" of this log are counted (IANA name).
    source, source_hash : str
        File name and SHA-256 of what was loaded.
    sealed : bool
        Whether the rows are a holdout that only a scoring step opens; it is written into the
        file, so that a copy under another name is still known for what it is.
    """

    format: str
    unit: PriceUnit = USD_CPM
    ties_win: bool = False
    features: tuple[str, ...] = ()
    bid_step_cpm: float = 0.0
    bid_cap_cpm: float | None = None
    timezone: str = "UTC"
    source: str = ""
    source_hash: str = ""
    sealed: bool = False

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise DataError(
                f"timezone: got {self.timezone!r}; must be an IANA name such as 'Europe/Berlin'. "
                "Pass one."
            ) from None

    def to_json(self) -> str:
        """Return the metadata as one JSON object."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> LogMeta:
        """Read what `to_json` wrote."""
        raw: dict[str, Any] = json.loads(text)
        raw["unit"] = PriceUnit(**raw["unit"])
        raw["features"] = tuple(raw["features"])
        return cls(**raw)


@dataclass(frozen=True)
class AuctionLog:
    """Auctions in time order, one row each, checked on entry.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (n, columns)
        Canonical columns (`kit.data.schema.COLUMNS`) and the declared features.
    meta : LogMeta
        Unit, tie rule, features, source.

    Raises
    ------
    DataError
        If a name, type, value or the time order breaks the schema.

    Examples
    --------
    >>> frame = pd.DataFrame({"market_price_cpm": [1.0, 2.0], "market_price_kind": "known"})
    >>> log = AuctionLog(frame, LogMeta("example"))
    >>> len(log), log.request.columns.tolist()
    (2, [])
    """

    frame: pd.DataFrame
    meta: LogMeta = field(default_factory=lambda: LogMeta("frame"))

    def __post_init__(self) -> None:
        frame = self.frame.copy(deep=False).reset_index(drop=True)
        check_frame(frame, self.meta.features)
        if "market_price_kind" in frame and not _has_kind_codes(frame["market_price_kind"]):
            kinds = pd.Categorical(frame["market_price_kind"], categories=list(MARKET_KINDS))
            frame["market_price_kind"] = kinds
        object.__setattr__(self, "frame", frame)

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def request(self) -> pd.DataFrame:
        """The columns a bid policy may see: request columns and declared features."""
        allowed = (*role_columns("request"), *self.meta.features)
        return self.frame[[name for name in self.frame.columns if name in allowed]]

    @property
    def market_kind(self) -> NDArray[np.int8]:
        """Codes of ``market_price_kind``: 0 known, 1 at most, 2 at least."""
        return np.asarray(self.frame["market_price_kind"].cat.codes, dtype=np.int8)

    def column(self, name: str, default: float) -> NDArray[np.float64]:
        """Return a number column as float64, or `default` in every row if absent."""
        if name not in self.frame.columns:
            return np.full(len(self), default)
        return self.frame[name].to_numpy(dtype=np.float64)

    def labels(self, name: str, default: str) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Return a label column as codes and names; one code `default` if absent.

        Names are in sorted order, so that codes do not depend on how a file was cut.
        """
        if name not in self.frame.columns:
            return np.zeros(len(self), dtype=np.int32), (default,)
        values = self.frame[name].astype(str)
        codes, names = pd.factorize(values, sort=True)
        return codes.astype(np.int32), tuple(map(str, names))

    @property
    def hour(self) -> NDArray[np.int8]:
        """Hour of day 0-23 in the log's time zone; 0 where the log has no clock."""
        if "timestamp" not in self.frame.columns:
            return np.zeros(len(self), dtype=np.int8)
        local = self.frame["timestamp"].dt.tz_convert(self.meta.timezone)
        return np.asarray(local.dt.hour, dtype=np.int8)

    @property
    def day(self) -> NDArray[np.int64]:
        """Day number since 1970 in the log's time zone; else ``time_index``; else 0."""
        if "timestamp" in self.frame.columns:
            local = self.frame["timestamp"].dt.tz_convert(self.meta.timezone).dt.tz_localize(None)
            return np.asarray(local, dtype="datetime64[D]").astype(np.int64)
        if "time_index" in self.frame.columns:
            return self.frame["time_index"].to_numpy(dtype=np.int64)
        return np.zeros(len(self), dtype=np.int64)

    def rows(self, keep: slice | NDArray[np.bool_] | NDArray[np.intp]) -> AuctionLog:
        """Return the log of some rows, in the same order."""
        return AuctionLog(self.frame.iloc[keep], self.meta)

    def with_columns(self, **columns: Any) -> AuctionLog:
        """Return a log with canonical columns added or replaced (``pctr=...``)."""
        return AuctionLog(self.frame.assign(**columns), self.meta)

    def content_hash(self) -> str:
        """Return a SHA-256 of the rows and the metadata that give them meaning."""
        digest = hashlib.sha256(self.meta.to_json().encode())
        digest.update(",".join(self.frame.columns).encode())
        digest.update(pd.util.hash_pandas_object(self.frame, index=False).to_numpy().tobytes())
        return digest.hexdigest()

    def to_arrow(self) -> pa.Table:
        """Return an Arrow table with canonical types and the metadata in its schema."""
        table = pa.Table.from_pandas(self.frame, preserve_index=False)
        for position, name in enumerate(table.column_names):
            if name in COLUMNS:
                column = table.column(name).cast(COLUMNS[name].type)
                table = table.set_column(position, name, column)
        return table.replace_schema_metadata({META_KEY: self.meta.to_json().encode()})

    def save(self, path: str | Path) -> Path:
        """Write a Parquet file, whole or not at all."""
        target = Path(path)
        with atomic_path(target) as partial:
            write_table(self.to_arrow(), partial)
        return target

    @classmethod
    def read(cls, path: str | Path, columns: Sequence[str] | None = None) -> AuctionLog:
        """Read a Parquet file that `save` or ``kit load`` wrote.

        Raises
        ------
        LeakageError
            If the file is sealed: only a scoring step opens those.
        DataError
            If the file is no auction log.
        """
        source = Path(path)
        open_meta(source)
        return read_parquet(source, columns)


def write_table(table: pa.Table, target: Path) -> None:
    """Write a table, metadata in its schema, to Parquet."""
    with _writer(table.schema, target) as writer:
        writer.write_table(table)


class BatchWriter:
    """Writes tables of one schema, one after the other, as one log.

    Parameters
    ----------
    target : Path
        The Parquet file; it appears with the first rows.
    meta : LogMeta
        What the log states.
    """

    def __init__(self, target: Path, meta: LogMeta) -> None:
        self.target = target
        self.rows = 0
        self._metadata = {META_KEY: meta.to_json().encode()}
        self._writer: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        """Append the rows of a table."""
        if not table.num_rows:
            return
        table = table.replace_schema_metadata(self._metadata)
        if self._writer is None:
            self._writer = _writer(table.schema, self.target)
        self._writer.write_table(table)
        self.rows += table.num_rows

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()


def write_batches(tables: Iterable[pa.Table], meta: LogMeta, target: Path) -> int:
    """Write tables of one schema as one log; return the rows."""
    writer = BatchWriter(target, meta)
    with closing(writer):
        for table in tables:
            writer.write(table)
    return writer.rows


def _writer(schema: pa.Schema, target: Path) -> pq.ParquetWriter:
    """Open a file; times, nearly sorted, are kept as differences: a third of the size."""
    times = [item.name for item in schema if pa.types.is_timestamp(item.type)]
    return pq.ParquetWriter(
        target,
        schema,
        compression="zstd",
        use_dictionary=[name for name in schema.names if name not in times],
        column_encoding=dict.fromkeys(times, "DELTA_BINARY_PACKED") or None,
    )


def read_parquet(source: Path, columns: Sequence[str] | None = None) -> AuctionLog:
    """Read any log file, sealed or not; `AuctionLog.read` is the guarded way."""
    meta = read_meta(source)
    table = pq.read_table(source, columns=list(columns) if columns else None)
    frame = table.replace_schema_metadata(None).to_pandas()
    kept = tuple(name for name in meta.features if name in frame.columns)
    return AuctionLog(frame, replace(meta, features=kept))


def read_meta(source: Path) -> LogMeta:
    """Read only the metadata of a log file.

    Raises
    ------
    DataError
        If the file is missing, is not Parquet, or carries no metadata of ours.
    """
    if not source.is_file():
        raise DataError(f"{source}: no such file. Pass the path of a log that `kit load` wrote.")
    try:
        metadata = pq.read_schema(source).metadata or {}
    except pa.ArrowInvalid as error:
        raise DataError(f"{source}: not a Parquet file ({error}). Load it with --format.") from None
    if META_KEY not in metadata:
        raise DataError(
            f"{source}: Parquet without an auction log's metadata. "
            "Load it with --format parquet and a column mapping."
        )
    return LogMeta.from_json(metadata[META_KEY].decode())


def open_meta(source: Path) -> LogMeta:
    """Read the metadata of a log whose rows anyone may open: the way in of every reader.

    Raises
    ------
    LeakageError
        If the file is sealed, by its name (before it is opened) or by the mark in it.
    DataError
        As in `read_meta`.
    """
    refuse_sealed(source)
    meta = read_meta(source)
    if meta.sealed:
        raise LeakageError(_sealed(source))
    return meta


def refuse_sealed(source: Path) -> None:
    """Raise `LeakageError` if the path names a sealed holdout, or links to one."""
    if any(path.name.endswith(SEALED_SUFFIX) for path in (source, source.resolve())):
        raise LeakageError(_sealed(source))


def _sealed(source: Path) -> str:
    return (
        f"{source.name}: sealed holdout rows; only a scoring step opens them. "
        "Work on the train and tune files beside it."
    )


def _has_kind_codes(values: pd.Series) -> bool:
    dtype = values.dtype
    return isinstance(dtype, pd.CategoricalDtype) and list(dtype.categories) == list(MARKET_KINDS)
