"""CSV and Parquet logs of anyone: their columns, mapped to the canonical ones."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import pandas as pd
import pyarrow as pa

from kit.base.checks import did_you_mean, has_columns
from kit.base.errors import DataError
from kit.base.units import PriceUnit
from kit.data.formats import FeatureKind, TextFormat
from kit.data.log import LogMeta
from kit.data.market_price import MARKET_COLUMNS, add_market_price, can_tell_market
from kit.data.parse import FieldKind, Layout
from kit.data.row_checks import RowFaults, to_bool, to_number, to_time
from kit.data.schema import COLUMNS


@dataclass(frozen=True)
class ColumnMap:
    """What a person says about a file of their own.

    Parameters
    ----------
    columns : mapping of str to str
        Canonical name to the file's name; columns that already have a canonical name need none.
    features : sequence of str
        The file's columns that models may use.
    currency : str
        ISO 4217 code of every price.
    ties_win : bool
        Whether a bid equal to the market price wins.
    timezone : str
        Where days and hours are counted (IANA name).
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    features: Sequence[str] = ()
    currency: str = "USD"
    ties_win: bool = False
    timezone: str = "UTC"

    def meta(self, name: str) -> LogMeta:
        """Return what the log of a format then states."""
        unit = PriceUnit(self.currency, 1, f"{self.currency} CPM")
        return LogMeta(name, unit, self.ties_win, tuple(self.features), timezone=self.timezone)

    def resolve(self, present: Sequence[str]) -> dict[str, str]:
        """Return canonical name to file name for all columns that will be read.

        Raises
        ------
        DataError
            If a mapped name is not canonical, a column is absent, or the columns say nothing
            about the market price.
        """
        for name in self.columns:
            if name not in COLUMNS:
                raise DataError(
                    f"column {name}={self.columns[name]}: {name!r} is no canonical column. "
                    f"{did_you_mean(name, COLUMNS)} `kit load --help` lists them."
                )
        has_columns("file", present, [*self.columns.values(), *self.features])
        taken = set(self.columns.values()) | set(self.features)
        resolved = {name: name for name in present if name in COLUMNS and name not in taken}
        resolved |= self.columns
        if not can_tell_market(set(resolved)):
            raise DataError(
                f"file: has columns {', '.join(present)}, and none is mapped to the market price; "
                "must have market_price_cpm, or won and bid_price_cpm. Pass "
                "--column market_price_cpm=NAME."
            )
        return {name: resolved[name] for name in COLUMNS if name in resolved}


def csv_format(header: str, sample: Sequence[str], mapping: ColumnMap) -> TextFormat:
    """Return the format of a CSV file, from its header and some of its first rows.

    A feature is a number if all of the first rows say so, else a label.

    Raises
    ------
    DataError
        If the header repeats a name, or lacks a column that the mapping names.
    """
    names = _cells(header)
    if not names:
        raise DataError("header: the first line names no column; must be names between commas.")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"header: column {repeated[0]!r} comes twice; must be once. Rename one.")
    resolved = mapping.resolve(names)
    rows = [row for row in map(_cells, sample) if len(row) == len(names)]
    features: dict[str, FeatureKind] = {
        name: _kind([row[names.index(name)] for row in rows]) for name in mapping.features
    }
    kinds: dict[str, FieldKind] = dict.fromkeys(names, "skip")
    kinds |= {source: _field_kind(name) for name, source in resolved.items()}
    kinds |= features
    return TextFormat(
        meta=mapping.meta("csv"),
        layout=Layout(",", kinds, quoted=True),
        convert=partial(convert_mapped, resolved=resolved, features=tuple(features)),
        features=features,
        has_header=True,
    )


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader([line]))
    except csv.Error:
        return []


def _kind(texts: Sequence[str]) -> FeatureKind:
    try:
        [float(text) for text in texts if text]
    except ValueError:
        return "text"
    return "number" if any(texts) else "text"


def _field_kind(name: str) -> FieldKind:
    kind = COLUMNS[name].type
    return "number" if pa.types.is_floating(kind) or pa.types.is_integer(kind) else "text"


def convert_mapped(
    raw: pd.DataFrame, faults: RowFaults, *, resolved: Mapping[str, str], features: Sequence[str]
) -> pd.DataFrame:
    """Return canonical columns and features of a frame in the file's own names."""
    columns: dict[str, pd.Series] = {}
    for name, source in resolved.items():
        columns[name] = _canonical(name, raw[source], faults)
    frame = pd.DataFrame(columns, index=raw.index)
    if not set(MARKET_COLUMNS) <= set(frame.columns):
        frame = add_market_price(frame)
    return frame.assign(**{name: raw[name] for name in features})


def _canonical(name: str, values: pd.Series, faults: RowFaults) -> pd.Series:
    kind = COLUMNS[name].type
    if pa.types.is_boolean(kind):
        if values.dtype == bool:
            return values
        return pd.Series(to_bool(values, name, faults), index=values.index)
    if pa.types.is_timestamp(kind):
        return to_time(values, name, COLUMNS[name].nullable, faults)
    if _field_kind(name) == "number":
        return to_number(values, COLUMNS[name], faults)
    if values.isna().all():
        return values
    return values.astype(str).where(values.notna())
