"""Read Parquet: this package's own files, or anyone's with a column map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types
from tqdm import tqdm

from kit.base.errors import DataError
from kit.base.files import file_hash
from kit.data.formats import FeatureKind, to_table
from kit.data.log import META_KEY, open_meta
from kit.data.mapped import ColumnMap, convert_mapped
from kit.data.rejects import BadRow, Rejects
from kit.data.row_checks import RowFaults, check_rows
from kit.data.schema import COLUMNS

_BATCH_ROWS = 131_072


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
        self.meta = open_meta(path) if self.is_ours else mapping.meta("parquet")
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
        for name, source in self.resolved.items():
            _check_type(source, schema.field(source).type, _allowed(name))
        for name in self.meta.features:
            _check_type(name, schema.field(name).type, _FEATURE)

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
        raw = batch.to_pandas(integer_object_nulls=True, date_as_object=False)
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


@dataclass(frozen=True)
class _Allowed:
    """The Arrow types a column may have, and how to say so."""

    tests: tuple[Callable[[pa.DataType], bool], ...]
    said: str


_TEXT = (types.is_string, types.is_large_string, types.is_string_view, types.is_null)
_NUMBERS = (types.is_integer, types.is_floating, types.is_decimal)
_NUMBER = _Allowed((*_NUMBERS, *_TEXT), "a number")
_FLAG = _Allowed((types.is_boolean, *_NUMBERS, *_TEXT), "a boolean, 0/1 or true/false text")
_TIME = _Allowed((types.is_timestamp, types.is_date, *_TEXT), "a time, a date or ISO 8601 text")
_LABEL = _Allowed((types.is_boolean, types.is_integer, types.is_floating, *_TEXT), "text")
_FEATURE = _Allowed((types.is_boolean, *_NUMBERS, *_TEXT), "a number or text")


def _allowed(name: str) -> _Allowed:
    kind = COLUMNS[name].type
    if types.is_boolean(kind):
        return _FLAG
    if types.is_timestamp(kind):
        return _TIME
    return _NUMBER if _is_number(kind) else _LABEL


def _check_type(source: str, kind: pa.DataType, allowed: _Allowed) -> None:
    """Refuse a column whose values could only be guessed at, such as times counted as integers."""
    plain = kind.value_type if types.is_dictionary(kind) else kind
    if not any(test(plain) for test in allowed.tests):
        raise DataError(
            f"column {source} has the type {kind}; must be {allowed.said}. Cast it in the file."
        )


def _is_number(kind: pa.DataType) -> bool:
    return bool(types.is_floating(kind) or types.is_integer(kind) or types.is_decimal(kind))


def _as_text(row: pd.Series) -> str:
    return "\t".join("" if pd.isna(cell) else str(cell) for cell in row)
