"""The canonical columns of an auction log: names, types, roles, allowed values.

Names follow OpenRTB 2.6 where it has a word. A ``_cpm`` column is a price per mille in the log's
one declared unit. Time is UTC. Three roles decide who may see a column: a bid policy receives
*request* columns only; *bid* columns say what we did; *outcome* columns say what happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from kit.base.checks import bad_values, did_you_mean, has_columns
from kit.base.errors import DataError

Role = Literal["request", "bid", "outcome"]

MARKET_KINDS = ("known", "at_most", "at_least")
"""What a row says about the market price, the highest other bid (codes 0, 1, 2)."""
KNOWN, AT_MOST, AT_LEAST = range(3)

FIRST_PRICE, SECOND_PRICE, FIXED_PRICE = 1, 2, 3
"""OpenRTB ``at``; 3 is a deal's fixed price."""

_TIME = pa.timestamp("us", tz="UTC")
_LABEL = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Column:
    """One canonical column.

    Parameters
    ----------
    name : str
        Column name; a price's unit is its suffix.
    role : {"request", "bid", "outcome"}
        Who may see it.
    type : pyarrow.DataType
        Type on disk.
    low, high : float or None
        Inclusive bounds of a number.
    nullable : bool
        Whether a row may lack it.
    about : str
        One line, with the OpenRTB name where there is one.
    """

    name: str
    role: Role
    type: pa.DataType
    about: str
    low: float | None = None
    high: float | None = None
    nullable: bool = False


COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        Column("auction_id", "request", pa.string(), "`id` of the bid request", nullable=True),
        Column("timestamp", "request", _TIME, "when the request came, UTC"),
        Column("time_index", "request", pa.int64(), "order in time where there is no clock"),
        Column("exchange", "request", _LABEL, "the exchange that sent the request"),
        Column("auction_type", "request", pa.int8(), "`at`: 1 first, 2 second, 3 fixed", 1, 3),
        Column("bid_floor_cpm", "request", pa.float64(), "`imp.bidfloor`", 0),
        Column("campaign_id", "request", _LABEL, "the campaign the bid is for"),
        Column("unit_id", "request", _LABEL, "ad unit (placement); `imp.tagid`", nullable=True),
        Column("experiment_arm", "request", _LABEL, "arm the request fell into", nullable=True),
        Column("deal_id", "request", _LABEL, "`imp.pmp.deals.id`", nullable=True),
        Column("deal_at", "request", pa.int8(), "`imp.pmp.deals.at`; 3 fixed price", 1, 3, True),
        Column("supply_path", "request", _LABEL, "`source.schain`, as one label", nullable=True),
        Column("fee_cpm", "request", pa.float64(), "exchange and data fees on a win", 0),
        Column("click_value_cpm", "request", pa.float64(), "value of a click: value_cpm / pctr", 0),
        Column("pctr", "request", pa.float64(), "predicted click probability", 0, 1),
        Column("pcvr", "request", pa.float64(), "predicted conversion rate of a click", 0, 1),
        Column("bid_price_cpm", "bid", pa.float64(), "`bid.price`", 0, nullable=True),
        Column("bid_propensity", "bid", pa.float64(), "probability or density of our bid", 0),
        Column("is_exploration", "bid", pa.bool_(), "our bid was drawn to explore"),
        Column("won", "outcome", pa.bool_(), "we won the impression"),
        Column("clearing_price_cpm", "outcome", pa.float64(), "`${AUCTION_PRICE}`", 0, None, True),
        Column("min_bid_to_win_cpm", "outcome", pa.float64(), "`${AUCTION_MIN_TO_WIN}`", 0, None, True),  # noqa: E501
        Column("market_price_cpm", "outcome", pa.float64(), "highest other bid, or its bound", 0),
        Column("market_price_kind", "outcome", _LABEL, "known, at_most or at_least"),
        Column("floor_bound", "outcome", pa.bool_(), "the floor, not a rival, set the price"),
        Column("click", "outcome", pa.bool_(), "the impression was clicked"),
        Column("conversion", "outcome", pa.bool_(), "a conversion followed"),
        Column("conversion_time", "outcome", _TIME, "when it did, UTC", nullable=True),
        Column("label_mature_at", "outcome", _TIME, "when labels count as final", nullable=True),
        Column("conversion_value_cpm", "outcome", pa.float64(), "its value", 0, None, True),
        Column("is_invalid_traffic", "outcome", pa.bool_(), "later found invalid"),
    )
}  # fmt: skip

REQUIRED = ("market_price_cpm", "market_price_kind")


def auction_types(frame: pd.DataFrame) -> NDArray[np.int8]:
    """Return each row's auction type, shape (n,): a deal's own ``deal_at``, as in OpenRTB, first.

    Examples
    --------
    >>> auction_types(pd.DataFrame({"auction_type": [1, 2], "deal_at": [3, None]})).tolist()
    [3, 2]
    """
    types = np.full(len(frame), SECOND_PRICE, dtype=np.float64)
    for name in ("auction_type", "deal_at"):
        if name in frame.columns:
            given = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
            types = np.where(np.isnan(given), types, given)
    return types.astype(np.int8)


def role_columns(role: Role) -> tuple[str, ...]:
    """Return the canonical columns of one role, in order."""
    return tuple(name for name, column in COLUMNS.items() if column.role == role)


def arrow_schema(
    columns: Iterable[str], features: dict[str, pa.DataType] | None = None
) -> pa.Schema:
    """Return the on-disk schema of some canonical columns and declared features."""
    fields = [pa.field(name, COLUMNS[name].type) for name in columns]
    fields += [pa.field(name, kind) for name, kind in (features or {}).items()]
    return pa.schema(fields)


def check_frame(frame: pd.DataFrame, features: Iterable[str]) -> None:
    """Check names, types and values of a whole frame.

    Raises
    ------
    DataError
        Naming the column, the first bad row, the limit and the mend.
    """
    declared = list(features)
    has_columns("auction log", frame.columns, [*REQUIRED, *declared])
    for name in map(str, frame.columns):
        if name not in COLUMNS and name not in declared:
            raise DataError(
                f"auction log: column {name!r} is neither canonical nor a declared feature. "
                f"{did_you_mean(name, COLUMNS)} Rename it, or list it in `features`."
            )
    for name in declared:
        if name in COLUMNS:
            raise DataError(
                f"features: {name!r} is a canonical {COLUMNS[name].role} column and cannot be "
                "declared a feature. Request columns are available to models by name."
            )
    for name in frame.columns.intersection(list(COLUMNS)):
        _check_column(COLUMNS[name], frame[name])
    _check_time_order(frame)


def _check_column(column: Column, values: pd.Series) -> None:
    if pa.types.is_dictionary(column.type) or pa.types.is_string(column.type):
        _check_labels(column, values)
    elif pa.types.is_timestamp(column.type):
        if not isinstance(values.dtype, pd.DatetimeTZDtype) or str(values.dt.tz) != "UTC":
            raise DataError(
                f"{column.name}: has type {values.dtype}; must be a UTC time. "
                "Use pd.to_datetime(..., utc=True)."
            )
        _check_nulls(column, values)
    elif pa.types.is_boolean(column.type):
        if values.dtype != np.bool_:
            raise DataError(
                f"{column.name}: has type {values.dtype}; must be bool. Use .astype(bool)."
            )
    else:
        _check_number(column, values)


def _check_labels(column: Column, values: pd.Series) -> None:
    _check_nulls(column, values)
    if column.name == "market_price_kind":
        known = values.isin(MARKET_KINDS).to_numpy()
        bad_values(column.name, values, ~known, f"one of {', '.join(MARKET_KINDS)}", what="unknown")


def _check_nulls(column: Column, values: pd.Series) -> None:
    if not column.nullable:
        bad_values(column.name, values, values.isna().to_numpy(), "present", what="missing")


def _check_number(column: Column, values: pd.Series) -> None:
    if not pd.api.types.is_numeric_dtype(values.dtype) or values.dtype == np.bool_:
        raise DataError(
            f"{column.name}: has type {values.dtype}; must be a number. Use pd.to_numeric."
        )
    array = values.to_numpy(dtype=np.float64, na_value=np.nan)
    if not column.nullable:
        bad_values(column.name, array, np.isnan(array), "a number", what="missing")
    bad_values(column.name, array, np.isinf(array), "finite", what="infinite")
    if column.low is not None:
        what = "negative" if column.low == 0 else "too small"
        bad_values(column.name, array, array < column.low, f">= {column.low:g}", what=what)
    if column.high is not None:
        bad_values(column.name, array, array > column.high, f"<= {column.high:g}", what="too large")


def _check_time_order(frame: pd.DataFrame) -> None:
    for name in ("timestamp", "time_index"):
        if name in frame.columns:
            times = frame[name]
            # without its zone, or numpy makes a Python object of every time
            later = (times.dt.tz_localize(None) if name == "timestamp" else times).to_numpy()
            bad = np.zeros(len(later), dtype=bool)
            bad[1:] = later[1:] < later[:-1]
            bad_values(
                name, frame[name], bad, "in time order", what="out-of-order",
                mend="Load with sort=True, or sort_values first.",
            )  # fmt: skip
            return
