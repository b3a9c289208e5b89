"""Columns of a simulated log: allocate them, and make checked frames of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.data.schema import MARKET_KINDS
from kit.data.simulate_config import (
    CATEGORIES,
    COUNTRIES,
    DEVICES,
    FEATURES,
    FORMATS,
    SEGMENTS,
    SimulationConfig,
)
from kit.data.simulate_traffic import MILLI, unit_names

Columns = dict[str, NDArray[Any]]
"""Drawn values by column name; labels are codes, times microseconds."""

NO_TIME = np.iinfo(np.int64).min
"""Microseconds of a missing time."""

_NUMBERS = (
    "bid_floor_cpm", "fee_cpm", "click_value_cpm", "bid_price_cpm", "bid_propensity",
    "clearing_price_cpm", "min_bid_to_win_cpm", "market_price_cpm", "recency_hours",
    "page_quality",
)  # fmt: skip
_FLAGS = (
    "is_exploration", "won", "floor_bound", "click", "conversion", "is_invalid_traffic",
    "would_click", "would_convert",
)  # fmt: skip
_TIMES = ("timestamp", "conversion_time", "label_mature_at")
_REQUEST = (
    "timestamp", "exchange", "auction_type", "bid_floor_cpm", "campaign_id", "unit_id",
    "fee_cpm", "click_value_cpm", *FEATURES,
)  # fmt: skip
_SEEN = (
    "bid_price_cpm", "bid_propensity", "is_exploration", "won", "clearing_price_cpm",
    "min_bid_to_win_cpm", "market_price_cpm", "market_price_kind", "floor_bound", "click",
    "conversion", "conversion_time", "label_mature_at", "is_invalid_traffic",
)  # fmt: skip


def label_names(config: SimulationConfig) -> dict[str, list[str]]:
    """Return the labels of each label column, in code order."""
    return {
        "exchange": [exchange.name for exchange in config.exchanges],
        "campaign_id": [campaign.name for campaign in config.campaigns],
        "unit_id": unit_names(config.units),
        "country": list(COUNTRIES),
        "device": list(DEVICES),
        "ad_format": list(FORMATS),
        "site_category": list(CATEGORIES),
        "user_segment": list(SEGMENTS),
    }


def empty_columns(config: SimulationConfig) -> Columns:
    """Allocate every column of a log of ``config.auctions`` rows."""
    codes = (*label_names(config), "market_price_kind", "auction_type", "hour", "weekday")
    kinds: dict[str, Any] = {
        **dict.fromkeys(codes, np.int8),
        **dict.fromkeys(_NUMBERS, np.float64),
        **dict.fromkeys(_FLAGS, np.bool_),
        **dict.fromkeys(_TIMES, np.int64),
        "market_milli": np.int32,
    }
    return {name: np.empty(config.auctions, dtype=kind) for name, kind in kinds.items()}


def log_frame(config: SimulationConfig, columns: Columns) -> pd.DataFrame:
    """Return what the buyer's log shows. Clicks and conversions follow impressions only."""
    hidden = columns["would_convert"] & ~columns["won"]
    conversion_time = columns["conversion_time"].copy()
    conversion_time[hidden] = NO_TIME
    invalid = columns["is_invalid_traffic"] & columns["won"]
    shown = {**columns, "conversion_time": conversion_time, "is_invalid_traffic": invalid}
    return _frame(config, shown, (*_REQUEST, *_SEEN))


def full_frame(config: SimulationConfig, columns: Columns) -> pd.DataFrame:
    """Return what an oracle's log would show: every market price, what would have followed."""
    shown = {
        **columns,
        "market_price_cpm": columns["market_milli"] / MILLI,
        "market_price_kind": np.zeros(len(columns["won"]), dtype=np.int8),
        "click": columns["would_click"],
        "conversion": columns["would_convert"],
    }
    outcomes = (
        "market_price_cpm", "market_price_kind", "click", "conversion", "conversion_time",
        "label_mature_at", "is_invalid_traffic",
    )  # fmt: skip
    return _frame(config, shown, (*_REQUEST, *outcomes))


def _frame(config: SimulationConfig, columns: Columns, names: tuple[str, ...]) -> pd.DataFrame:
    labels = {**label_names(config), "market_price_kind": list(MARKET_KINDS)}
    frame: dict[str, Any] = {}
    for name in names:
        values = columns[name]
        if name in labels:
            frame[name] = pd.Categorical.from_codes(values, labels[name], validate=False)  # type: ignore[call-overload]
        elif name in _TIMES:
            frame[name] = pd.DatetimeIndex(values.view("datetime64[us]")).tz_localize("UTC")
        else:
            frame[name] = values
    return pd.DataFrame(frame, copy=False)
