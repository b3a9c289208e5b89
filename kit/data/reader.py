"""Read a log of any format as a stream of checked batches."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kit.base.checks import one_of
from kit.base.errors import DataError
from kit.base.files import file_hash
from kit.data.formats import FORMATS, TextFormat, to_table
from kit.data.ipinyou import IPINYOU
from kit.data.lines import BLOCK_BYTES, LineBlock, LineFile
from kit.data.log import LogMeta, refuse_sealed
from kit.data.mapped import ColumnMap, csv_format
from kit.data.parquet_reader import ParquetReader
from kit.data.parse import parse_block, raw_text
from kit.data.rejects import BadRow, Rejects
from kit.data.row_checks import RowFaults, check_rows

_SAMPLE_LINES = 1000


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
        # Whole numbers beside a missing one stay whole: float64 would drop digits above 2^53.
        frame = self.format.convert(raw.table.to_pandas(integer_object_nulls=True), faults)
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
