"""Read a log of any format as a stream of checked batches."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from tqdm import tqdm

from kit.base.checks import one_of
from kit.base.errors import DataError
from kit.base.files import file_hash
from kit.data.formats import FEATURE_TYPES, FORMATS, FeatureKind, TextFormat
from kit.data.ipinyou import IPINYOU
from kit.data.lines import BLOCK_BYTES, LineBlock, LineFile
from kit.data.log import META_KEY, LogMeta, read_meta, refuse_sealed
from kit.data.mapped import ColumnMap, convert_mapped, csv_format
from kit.data.parse import parse_block, raw_text
from kit.data.rejects import BadRow, Rejects
from kit.data.row_checks import RowFaults, check_rows
from kit.data.schema import COLUMNS, arrow_schema

_SAMPLE_LINES = 1000
_BATCH_ROWS = 131_072


class LogReader(Protocol):
    """A log that is read once, batch by batch, in file order."""

    meta: LogMeta
    """What the format states."""
    source: str
    """Name of the file."""
    source_hash: str
    """SHA-256 of its bytes."""

    def batches(self, rejects: Rejects) -> Iterator[pa.Table]:
        """Yield good rows in the canonical schema; hand bad ones to `rejects`."""
        ...


def open_reader(
    path: Path, format: str, mapping: ColumnMap, *, progress: bool, block_bytes: int = BLOCK_BYTES
) -> LogReader:
    """Return the reader of a format.

    Raises
    ------
    DataError
        If the format is unknown, or the file is missing, empty or plainly of another format.
    LeakageError
        If the file is a sealed holdout.
    """
    one_of("format", format, FORMATS)
    refuse_sealed(path)
    if format == "parquet":
        return ParquetReader(path, mapping, progress)
    lines = LineFile(path, block_bytes, progress)
    head = _first_lines(path)
    if format == "csv":
        return TextReader(lines, csv_format(head[0], head[1:], mapping))
    if mapping != ColumnMap():
        raise DataError(
            f"format {format}: its columns, unit and rules are fixed; a column map, features, "
            "currency, ties or time zone are for csv and parquet. Drop them."
        )
    return TextReader(lines, IPINYOU[format](head[0]))


def _first_lines(path: Path) -> list[str]:
    blocks = LineFile(path, 1 << 20).blocks()
    rows = itertools.islice((row for block in blocks for row in block.rows()), _SAMPLE_LINES)
    return [row.rstrip(b"\r").decode("utf-8", "replace") for row in rows]


class TextReader:
    """Reads a text format.

    Parameters
    ----------
    lines : LineFile
        The file.
    format : TextFormat
        How a row is read.
    """

    def __init__(self, lines: LineFile, format: TextFormat) -> None:
        self.lines = lines
        self.format = format
        self.source, self.source_hash = lines.path.name, file_hash(lines.path)
        self.meta = replace(format.meta, source=self.source, source_hash=self.source_hash)

    def batches(self, rejects: Rejects) -> Iterator[pa.Table]:
        """Yield good rows in the canonical schema; hand bad ones to `rejects`."""
        good = 0
        for block in self.lines.blocks():
            table, bad = self._read(_without_header(block) if self.format.has_header else block)
            good += table.num_rows
            rejects.take(bad, good)
            if table.num_rows:
                yield table

    def _read(self, block: LineBlock) -> tuple[pa.Table, list[BadRow]]:
        raw = parse_block(block, self.format.layout)
        faults = RowFaults(raw.table.num_rows)
        frame = self.format.convert(raw.table.to_pandas(), faults)
        check_rows(frame, faults)
        bad = raw.bad
        if faults.bad.any():
            rows = block.rows()
            bad = sorted(bad + _bad_rows(faults, raw.lines, block, rows), key=lambda row: row.line)
            frame = frame[~faults.bad]
        return to_table(frame, self.format.features), bad


def _without_header(block: LineBlock) -> LineBlock:
    if block.first_line > 1:
        return block
    end = block.data.find(b"\n") + 1 or len(block.data)
    return LineBlock(block.data[end:], 2, block.cut_short)


def _bad_rows(
    faults: RowFaults, lines: NDArray[np.int64], block: LineBlock, rows: list[bytes]
) -> list[BadRow]:
    return [
        BadRow(int(lines[at]), str(faults.reason[at]), raw_text(block, rows, int(lines[at])))
        for at in np.flatnonzero(faults.bad)
    ]


class ParquetReader:
    """Reads Parquet: this package's own, or anyone's with a mapping.

    Parameters
    ----------
    path : Path
        The file.
    mapping : ColumnMap
        For a file that this package did not write.
    progress : bool
        Show a bar over the rows.
    """

    def __init__(self, path: Path, mapping: ColumnMap, progress: bool) -> None:
        self.path = path
        self.progress = progress
        self.file = _open_parquet(path)
        schema = self.file.schema_arrow
        self.source, self.source_hash = path.name, file_hash(path)
        self.is_ours = META_KEY in (schema.metadata or {})
        self.meta = read_meta(path) if self.is_ours else mapping.meta("parquet")
        if not self.meta.source:
            self.meta = replace(self.meta, source=self.source, source_hash=self.source_hash)
        present = [name for name in schema.names if name in COLUMNS]
        self.resolved = (
            dict(zip(present, present, strict=True))
            if self.is_ours
            else mapping.resolve(schema.names)
        )
        self.features: dict[str, FeatureKind] = {
            name: "number" if _is_number(schema.field(name).type) else "text"
            for name in self.meta.features
        }

    def batches(self, rejects: Rejects) -> Iterator[pa.Table]:
        """Yield good rows in the canonical schema; hand bad ones to `rejects`."""
        columns = list(dict.fromkeys([*self.resolved.values(), *self.features]))
        good = row = 0
        bar = tqdm(
            total=self.file.metadata.num_rows, unit=" rows", unit_scale=True, delay=1.0,
            desc=self.path.name, disable=not self.progress,
        )  # fmt: skip
        with bar:
            for batch in self.file.iter_batches(_BATCH_ROWS, columns=columns):
                table, bad = self._read(batch, row)
                row += batch.num_rows
                good += table.num_rows
                bar.update(batch.num_rows)
                rejects.take(bad, good)
                if table.num_rows:
                    yield table
        if not row:
            raise DataError(f"{self.path.name}: has no rows; a log needs at least one. Export it.")

    def _read(self, batch: pa.RecordBatch, first: int) -> tuple[pa.Table, list[BadRow]]:
        raw = batch.to_pandas()
        faults = RowFaults(len(raw))
        frame = convert_mapped(raw, faults, resolved=self.resolved, features=tuple(self.features))
        check_rows(frame, faults)
        bad = [
            BadRow(first + int(at) + 1, str(faults.reason[at]), _as_text(raw.iloc[int(at)]))
            for at in np.flatnonzero(faults.bad)
        ]
        return to_table(frame[~faults.bad] if bad else frame, self.features), bad


def _open_parquet(path: Path) -> pq.ParquetFile:
    if not path.is_file():
        raise DataError(f"{path}: no such file. Pass the path of an auction log.")
    try:
        return pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise DataError(
            f"{path.name}: not a whole Parquet file ({error}). Pass the right --format, or fetch "
            "the file again."
        ) from None


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _as_text(row: pd.Series) -> str:
    return "\t".join("" if pd.isna(cell) else str(cell) for cell in row)


def to_table(frame: pd.DataFrame, features: Mapping[str, FeatureKind]) -> pa.Table:
    """Return a frame of good rows as a table in the schema on disk."""
    names = [name for name in frame.columns if name in COLUMNS]
    schema = arrow_schema(names, {name: FEATURE_TYPES[kind] for name, kind in features.items()})
    columns = [
        pa.array(frame[field.name], from_pandas=True).cast(field.type, safe=False)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
