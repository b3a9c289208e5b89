"""Check loaded rows one by one: a bad value costs its row, never the file."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from kit.data.parse import texts_to_numbers
from kit.data.schema import COLUMNS, MARKET_KINDS, Column

Flags = NDArray[np.bool_]
_DATED = r"\s*\d{4}-\d{2}-\d{2}|\s*\d{8}(T|\s*$)"
_LONGEST_WHOLE = 2.0**63
_TRUE, _FALSE = ("1", "1.0", "true", "t", "yes"), ("0", "0.0", "false", "f", "no")


class RowFaults:
    """Collects, row by row, the first thing that is wrong.

    Parameters
    ----------
    rows : int
        Rows that are checked.
    """

    def __init__(self, rows: int) -> None:
        self.reason: NDArray[np.object_] = np.full(rows, "", dtype=object)

    @property
    def bad(self) -> Flags:
        """Which rows are bad, shape (n,)."""
        return np.asarray(self.reason != "", dtype=bool)

    def add(self, flags: Flags, say: Callable[[int], str]) -> None:
        """Give flagged rows that have no reason yet the one that `say` finds for them."""
        for row in np.flatnonzero(flags & ~self.bad):
            self.reason[row] = say(int(row))


def to_bool(texts: pd.Series, name: str, faults: RowFaults) -> Flags:
    """Return 0/1, true/false or yes/no as bool; anything else is a fault."""
    if pd.api.types.is_numeric_dtype(texts.dtype):
        number = texts.to_numpy(dtype=np.float64, na_value=np.nan)
        other = (number != 0) & (number != 1)
        faults.add(other, lambda row: f"{name}: {_shown(texts, row)}; must be 0 or 1")
        return np.asarray(number == 1)
    plain = texts.astype(str).str.strip().str.lower()
    true = plain.isin(_TRUE).to_numpy()
    known = true | plain.isin(_FALSE).to_numpy()
    faults.add(~known, lambda row: f"{name}: {_shown(texts, row)}; must be 0 or 1")
    return np.asarray(true)


def to_number(values: pd.Series, column: Column, faults: RowFaults) -> pd.Series:
    """Return text as numbers; anything else is a fault. Numbers pass."""
    if not pd.api.types.is_string_dtype(values):
        return values
    whole = pa.types.is_integer(column.type)
    texts = pa.chunked_array([pa.array(values, pa.string(), from_pandas=True)])
    numbers, fault = texts_to_numbers(texts, pa.int64() if whole else pa.float64())
    said = "a whole number" if whole else "a number"
    faults.add(fault, lambda row: f"{column.name}: {_shown(values, row)} is not {said}")
    return pd.Series(numbers.to_pandas(integer_object_nulls=True).to_numpy(), index=values.index)


def to_time(texts: pd.Series, name: str, nullable: bool, faults: RowFaults) -> pd.Series:
    """Return ISO 8601 text as UTC time (without an offset it is UTC); else a fault."""
    dated = texts
    if pd.api.types.is_string_dtype(texts):  # pandas would read "-1" as a year
        dated = texts.where(texts.str.match(_DATED).fillna(False).astype(bool))
    times = pd.to_datetime(dated, utc=True, format="ISO8601", errors="coerce")
    bad = times.isna() & ~(texts.isna() & nullable)
    faults.add(
        bad.to_numpy(),
        lambda row: f"{name}: {_shown(texts, row)}; must be an ISO 8601 time",
    )
    return times.astype("datetime64[us, UTC]")


def check_rows(frame: pd.DataFrame, faults: RowFaults) -> None:
    """Add a fault for every value that the schema does not allow."""
    for name in frame.columns.intersection(list(COLUMNS)):
        column = COLUMNS[name]
        if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
            _check_number(column, frame[name], faults)
        elif not column.nullable and not pa.types.is_boolean(column.type):
            _check_present(column, frame[name], faults)
    if "market_price_kind" in frame.columns:
        kinds = frame["market_price_kind"]
        faults.add(
            ~kinds.isin(MARKET_KINDS).to_numpy(),
            lambda row: (
                f"market_price_kind: {_shown(kinds, row)}; must be one of {', '.join(MARKET_KINDS)}"
            ),
        )
    if {"won", "bid_price_cpm"} <= set(frame.columns):
        unbid = frame["won"].to_numpy(dtype=bool) & frame["bid_price_cpm"].isna().to_numpy()
        faults.add(unbid, lambda row: "bid_price_cpm: missing, and the auction was won")


def _check_present(column: Column, values: pd.Series, faults: RowFaults) -> None:
    faults.add(values.isna().to_numpy(), lambda row: f"{column.name}: missing")


def _check_number(column: Column, values: pd.Series, faults: RowFaults) -> None:
    array = values.to_numpy(dtype=np.float64, na_value=np.nan)
    name = column.name
    if not column.nullable:
        faults.add(np.isnan(array), lambda row: f"{name}: missing")
    faults.add(np.isinf(array), lambda row: f"{name}: {array[row]:g}; must be finite")
    if column.low is not None:
        low = column.low
        faults.add(array < low, lambda row: f"{name}: {array[row]:g}; must be >= {low:g}")
    if column.high is not None:
        high = column.high
        faults.add(array > high, lambda row: f"{name}: {array[row]:g}; must be <= {high:g}")
    if pa.types.is_integer(column.type):
        broken = np.isfinite(array) & (array != np.round(array))
        wide = np.abs(array) >= _LONGEST_WHOLE
        faults.add(wide, lambda row: f"{name}: {array[row]:g}; must fit in 64 bits")
        faults.add(broken, lambda row: f"{name}: {array[row]:g}; must be a whole number")


def _shown(values: pd.Series, row: int) -> str:
    value = values.iloc[row]
    if pd.isna(value):
        return "missing"
    return repr(value) if isinstance(value, str) else f"{value:g}"
