"""Parse a block of lines into typed columns, and say exactly which lines do not parse.

A good block takes one typed pass of ``pyarrow.csv``. Only a block that fails it is read again
line by line; that slow pass accepts everything the fast one does, so what is loaded does not
depend on how the file was cut into blocks.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
from numpy.typing import NDArray

from kit.data.lines import LONGEST_LINE, LineBlock
from kit.data.rejects import BadRow

FieldKind = Literal["number", "integer", "text", "skip"]

NULLS = ("", "null", "NULL", "Na", "NA", "N/A", "NaN", "nan", "None")
"""Spellings of a missing value."""

_TYPES: Mapping[str, pa.DataType] = {
    "number": pa.float64(),
    "integer": pa.int64(),
    "text": pa.string(),
}
_ARROW_BLOCK = 1 << 20
_WORDS = {"number": "a number", "integer": "a whole number"}
csv.field_size_limit(LONGEST_LINE)  # its own limit, 128 KB, is below what Arrow reads

CUT_GZIP = "the gzip stream ends early; rows after this line are missing"
MID_LINE = "the file ends mid-line"


@dataclass(frozen=True)
class Layout:
    """How a text format writes a row.

    Parameters
    ----------
    delimiter : str
        One character.
    fields : mapping of str to {"number", "integer", "text", "skip"}
        Every field of a row, in file order.
    quoted : bool
        Whether a field may stand in double quotes (never with a line break inside).
    """

    delimiter: str
    fields: Mapping[str, FieldKind]
    quoted: bool = False

    @property
    def kept(self) -> dict[str, FieldKind]:
        """The fields that are read."""
        return {name: kind for name, kind in self.fields.items() if kind != "skip"}


@dataclass(frozen=True)
class RawRows:
    """Typed rows of one block, with the line each came from.

    Parameters
    ----------
    table : pyarrow.Table
        One column a kept field.
    lines : ndarray of int64, shape (n,)
        1-based line numbers of the rows.
    bad : list of BadRow
        The lines that did not parse.
    """

    table: pa.Table
    lines: NDArray[np.int64]
    bad: list[BadRow]


def parse_block(block: LineBlock, layout: Layout) -> RawRows:
    """Parse one block; lines that do not fit the layout come back as bad rows."""
    if not block.cut_short and _plain_line_ends(block.data):
        try:
            table = _read(block.data, layout, _TYPES)
        except pa.ArrowInvalid:
            return _parse_lines(block, layout)
        if table.num_rows == block.line_count:
            lines = np.arange(block.first_line, block.first_line + table.num_rows, dtype=np.int64)
            return RawRows(table, lines, [])
    return _parse_lines(block, layout)


def _plain_line_ends(data: bytes) -> bool:
    return b"\r" not in data or data.count(b"\r") == data.count(b"\r\n")


def _read(
    data: bytes, layout: Layout, types: Mapping[str, pa.DataType], longest: int = 0
) -> pa.Table:
    kept = layout.kept
    return pv.read_csv(
        pa.BufferReader(data),
        read_options=pv.ReadOptions(
            column_names=list(layout.fields),
            block_size=max(_ARROW_BLOCK, 2 * longest),  # a row must fit into one
        ),
        parse_options=pv.ParseOptions(
            delimiter=layout.delimiter, quote_char='"' if layout.quoted else False
        ),
        convert_options=pv.ConvertOptions(
            column_types={name: types[kind] for name, kind in kept.items()},
            include_columns=list(kept),
            null_values=list(NULLS),
            strings_can_be_null=True,
        ),
    )


def _parse_lines(block: LineBlock, layout: Layout) -> RawRows:
    rows = block.rows()
    reasons: dict[int, str] = {}
    good: list[int] = []
    for position, row in enumerate(rows):
        if not row.strip(b"\r"):
            continue  # a blank line holds nothing to lose
        reason = _shape_fault(row, layout)
        if reason:
            reasons[position] = reason
        else:
            good.append(position)
    if block.cut_short:
        good = _drop_cut_row(block, rows, good, reasons)
    texts = dict.fromkeys(layout.kept.values(), pa.string())
    joined = b"\n".join(rows[position].rstrip(b"\r") for position in good) + b"\n"
    longest = max((len(row) for row in rows), default=0)
    table = _read(joined, layout, texts, longest) if good else _empty(layout)
    kept = np.ones(len(good), dtype=bool)
    for index, (name, kind) in enumerate(layout.kept.items()):
        if kind in _WORDS:
            column, fault = texts_to_numbers(table.column(name), _TYPES[kind])
            for row_index in np.flatnonzero(fault & kept):
                value = table.column(name)[int(row_index)].as_py()
                reasons[good[row_index]] = f"{name}: {value!r} is not {_WORDS[kind]}"
            kept &= ~fault
            table = table.set_column(index, name, column)
    positions = np.asarray(good, dtype=np.int64)[kept]
    bad = _bad_rows(block, rows, reasons)
    return RawRows(table.filter(pa.array(kept)), positions + block.first_line, bad)


def _shape_fault(row: bytes, layout: Layout) -> str:
    """Say what is wrong with a line before its values are looked at; empty if nothing."""
    try:
        text = row.decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8 text"
    if "\r" in text.rstrip("\r"):
        return "a carriage return inside the line"
    count = _field_count(text, layout)
    if not count:
        return "a quote is not closed (line breaks inside a field are not supported)"
    if count != len(layout.fields):
        return f"has {count} field{'s' * (count != 1)}; must have {len(layout.fields)}"
    return ""


def _field_count(text: str, layout: Layout) -> int:
    """Count the fields of a line; 0 if a quote stays open."""
    if not layout.quoted or '"' not in text:
        return text.count(layout.delimiter) + 1
    try:
        return len(next(csv.reader([text], delimiter=layout.delimiter, strict=True)))
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            return 0
    return len(next(csv.reader([text], delimiter=layout.delimiter)))


def _drop_cut_row(
    block: LineBlock, rows: Sequence[bytes], good: list[int], reasons: dict[int, str]
) -> list[int]:
    """Take out the row a broken gzip stream stops in: even if it parses, it may be shortened."""
    last = len(rows) - 1 if rows and block.ends_mid_line else len(rows)
    reasons[last] = CUT_GZIP
    return [position for position in good if position != last]


def _empty(layout: Layout) -> pa.Table:
    fields = [pa.field(name, pa.string()) for name in layout.kept]
    return pa.schema(fields).empty_table()


def texts_to_numbers(
    texts: pa.ChunkedArray, kind: pa.DataType
) -> tuple[pa.ChunkedArray, NDArray[np.bool_]]:
    """Cast texts; flag those that are no number. Accepts what the fast pass accepts."""
    trimmed = pc.utf8_trim_whitespace(texts).combine_chunks()
    trimmed = pc.if_else(pc.is_in(trimmed, pa.array(NULLS)), pa.scalar(None, pa.string()), trimmed)
    fault = np.zeros(len(trimmed), dtype=bool)
    _flag(trimmed, kind, 0, fault)
    clean = pc.if_else(pa.array(fault), pa.scalar(None, pa.string()), trimmed)
    return pa.chunked_array([clean.cast(kind)]), fault


def _flag(texts: pa.Array, kind: pa.DataType, offset: int, fault: NDArray[np.bool_]) -> None:
    """Halve until each failing value stands alone: good stretches cost one cast."""
    try:
        texts.cast(kind)
    except pa.ArrowInvalid:
        if len(texts) == 1:
            fault[offset] = True
            return
        middle = len(texts) // 2
        _flag(texts.slice(0, middle), kind, offset, fault)
        _flag(texts.slice(middle), kind, offset + middle, fault)


def _bad_rows(block: LineBlock, rows: Sequence[bytes], reasons: Mapping[int, str]) -> list[BadRow]:
    bad = []
    for position in sorted(reasons):
        reason = reasons[position]
        if position == len(rows) - 1 and block.ends_mid_line and reason != CUT_GZIP:
            reason = f"{reason} ({MID_LINE})"
        text = rows[position].decode("utf-8", "replace") if position < len(rows) else ""
        bad.append(BadRow(block.first_line + position, reason, text))
    return bad


def raw_text(block: LineBlock, rows: Sequence[bytes], line: int) -> str:
    """Return one line of a block as text, for a rejects file."""
    return rows[line - block.first_line].decode("utf-8", "replace")
