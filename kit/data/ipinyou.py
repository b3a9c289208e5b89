"""The iPinYou formats: prices in CNY fen CPM, whole, at most 300; days on the Shanghai clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from kit.base.errors import DataError
from kit.base.units import FEN_CPM
from kit.data.formats import FeatureKind, TextFormat
from kit.data.log import LogMeta
from kit.data.parse import FieldKind, Layout
from kit.data.row_checks import RowFaults, to_bool
from kit.data.schema import AT_LEAST, AT_MOST, KNOWN, MARKET_KINDS, SECOND_PRICE

CAP, STEP, ZONE = 300.0, 1.0, "Asia/Shanghai"
_KNOWN, _AT_MOST, _AT_LEAST = (MARKET_KINDS[code] for code in (KNOWN, AT_MOST, AT_LEAST))

_LOG_FIELDS: dict[str, FieldKind] = {
    "click": "number", "weekday": "number", "hour": "number", "bid_id": "text",
    "timestamp": "text", "log_type": "skip", "ipinyou_id": "skip", "user_agent": "text",
    "ip": "skip", "region": "text", "city": "text", "ad_exchange": "text", "domain": "text",
    "url": "skip", "anonymous_url": "skip", "slot_id": "text", "slot_width": "number",
    "slot_height": "number", "slot_visibility": "text", "slot_format": "text",
    "slot_floor": "number", "creative": "text", "bid_price": "number", "pay_price": "number",
    "key_page": "skip", "advertiser": "text", "user_tags": "text",
}  # fmt: skip
_LABEL_FIELDS: dict[str, FieldKind] = {"later_clicks": "text", "conversions": "number"}
_LOG_FEATURES: dict[str, FeatureKind] = {
    "weekday": "number", "hour": "number", "user_agent": "text", "region": "text", "city": "text",
    "domain": "text", "slot_width": "number", "slot_height": "number", "slot_visibility": "text",
    "slot_format": "text", "creative": "text", "user_tag_count": "number",
}  # fmt: skip


def log_format(first_line: str) -> TextFormat:
    """Return the format of a raw impression log, with 27 columns or with 29.

    Every row is an impression that was won. The price paid is the market price, except where it
    is not above the floor: then the highest other bid was at most that. The two more columns of
    the longer layout count the clicks (as the first column does) and conversions that followed.

    Raises
    ------
    DataError
        If the first line has neither number of columns.
    """
    count = first_line.count("\t") + 1
    fields = dict(_LOG_FIELDS)
    if count == len(_LOG_FIELDS) + len(_LABEL_FIELDS):
        fields |= _LABEL_FIELDS
    elif count != len(_LOG_FIELDS):
        raise _wrong_fields("ipinyou-log", count, "27 or 29, between tabs")
    return TextFormat(
        meta=_meta("ipinyou-log", ties_win=True, features=tuple(_LOG_FEATURES)),
        layout=Layout("\t", fields),
        convert=_convert_log,
        features=_LOG_FEATURES,
    )


def _convert_log(raw: pd.DataFrame, faults: RowFaults) -> pd.DataFrame:
    floor, paid = raw["slot_floor"], raw["pay_price"]
    bound = (paid <= floor).to_numpy()
    tags = raw["user_tags"]
    columns = {
        "auction_id": raw["bid_id"],
        "timestamp": _shanghai_time(raw["timestamp"], faults),
        "exchange": raw["ad_exchange"].fillna("unknown"),
        "auction_type": np.full(len(raw), SECOND_PRICE, dtype=np.int8),
        "bid_floor_cpm": floor,
        "campaign_id": raw["advertiser"].fillna("unknown"),
        "unit_id": raw["slot_id"],
        "bid_price_cpm": raw["bid_price"],
        "won": np.ones(len(raw), dtype=bool),
        "clearing_price_cpm": paid,
        "market_price_cpm": paid,
        "market_price_kind": np.where(bound, _AT_MOST, _KNOWN),
        "floor_bound": bound,
        "click": to_bool(raw["click"], "click", faults),
    }
    if "conversions" in raw.columns:
        columns["conversion"] = raw["conversions"].fillna(0).to_numpy() > 0
    faults.add(paid.isna().to_numpy(), lambda row: "pay_price: missing")
    over = (paid > raw["bid_price"]).to_numpy()
    faults.add(
        over,
        lambda row: (
            f"pay_price: {paid.iloc[row]:g}, above the bid of "
            f"{raw['bid_price'].iloc[row]:g}; must be <= the bid"
        ),
    )
    columns |= {name: raw[name] for name in _LOG_FEATURES if name in raw.columns}
    columns["user_tag_count"] = (tags.str.count(",") + 1).fillna(0).astype(np.float64)
    return pd.DataFrame(columns)


def _shanghai_time(texts: pd.Series, faults: RowFaults) -> pd.Series:
    """Return ``yyyyMMddHHmmssSSS`` on the Shanghai clock as UTC."""
    padded = texts.where(texts.str.fullmatch(r"\d{17}").fillna(False).astype(bool))
    local = pd.to_datetime(padded + "000", format="%Y%m%d%H%M%S%f", errors="coerce")
    faults.add(
        local.isna().to_numpy(),
        lambda row: f"timestamp: {texts.iloc[row]!r}; must be yyyyMMddHHmmssSSS",
    )
    return local.dt.tz_localize(ZONE).dt.tz_convert("UTC").astype("datetime64[us, UTC]")


def theta_format(first_line: str) -> TextFormat:
    """Return the format of ``click price pCTR`` rows with spaces.

    Raises
    ------
    DataError
        If the first line has neither three nor four fields.
    """
    count = first_line.count(" ") + 1
    if count not in (3, 4):
        raise _wrong_fields("ipinyou-theta", count, "3 or 4, between single spaces")
    fields: dict[str, FieldKind] = {"click": "number", "price": "number", "pctr": "number"}
    if count == 4:
        fields["extra"] = "skip"
    return _research("ipinyou-theta", Layout(" ", fields))


def ctr_format(first_line: str) -> TextFormat:
    """Return the format of ``click price pCTR time_index`` rows with tabs.

    Raises
    ------
    DataError
        If the first line has another number of fields than four.
    """
    count = first_line.count("\t") + 1
    if count != 4:
        raise _wrong_fields("ipinyou-ctr", count, "4, between tabs")
    fields: dict[str, FieldKind] = {
        "click": "number", "price": "number", "pctr": "number", "time_index": "integer",
    }  # fmt: skip
    return _research("ipinyou-ctr", Layout("\t", fields))


def _research(name: str, layout: Layout) -> TextFormat:
    return TextFormat(_meta(name, ties_win=True), layout, _convert_research)


def _convert_research(raw: pd.DataFrame, faults: RowFaults) -> pd.DataFrame:
    columns = {
        "market_price_cpm": raw["price"],
        "market_price_kind": _KNOWN,
        "pctr": raw["pctr"],
        "click": to_bool(raw["click"], "click", faults),
    }
    if "time_index" in raw.columns:
        columns = {"time_index": raw["time_index"]} | columns
    return pd.DataFrame(columns, index=raw.index)


def yzbx_format(first_line: str) -> TextFormat:
    """Return the format of ``click market_price our_bid feature:1 ...`` rows with spaces.

    The bids are simulated. A bid above the market price wins and pays it; otherwise all that a
    bidder would know is that the price was at least the bid, and no click is known.

    Raises
    ------
    DataError
        If the first line has no feature.
    """
    features = len(re.findall(r" \S+:\S+", first_line))
    if not features or len(first_line.split()) != features + 3:
        raise _wrong_fields("ipinyou-yzbx", len(first_line.split()), "3, then feature:1 ...")
    names = [f"field_{number}" for number in range(1, features + 1)]
    fields: dict[str, FieldKind] = {"click": "number", "price": "number", "our_bid": "number"}
    declared: dict[str, FeatureKind] = dict.fromkeys(names, "text")
    return TextFormat(
        meta=_meta("ipinyou-yzbx", ties_win=False, features=tuple(names)),
        layout=Layout(" ", fields | dict.fromkeys(names, "text")),
        convert=partial(_convert_yzbx, names=names),
        features=declared,
    )


def _convert_yzbx(raw: pd.DataFrame, faults: RowFaults, names: list[str]) -> pd.DataFrame:
    price, bid = raw["price"], raw["our_bid"]
    faults.add(price.isna().to_numpy(), lambda row: "price: missing")
    faults.add((price < 0).to_numpy(), lambda row: f"price: {price.iloc[row]:g}; must be >= 0")
    won = (bid > price).to_numpy()
    columns = {
        "bid_price_cpm": bid,
        "won": won,
        "clearing_price_cpm": price.where(won),
        "market_price_cpm": np.where(won, price, bid.fillna(0.0)),
        "market_price_kind": np.where(won, _KNOWN, _AT_LEAST),
        "click": to_bool(raw["click"], "click", faults) & won,
    }
    columns |= {name: raw[name].str.removesuffix(":1") for name in names}
    return pd.DataFrame(columns)


def _meta(name: str, ties_win: bool, features: tuple[str, ...] = ()) -> LogMeta:
    return LogMeta(
        name, FEN_CPM, ties_win=ties_win, features=features, bid_step_cpm=STEP,
        bid_cap_cpm=CAP, timezone=ZONE,
    )  # fmt: skip


def _wrong_fields(name: str, count: int, allowed: str) -> DataError:
    return DataError(
        f"line 1: has {count} field{'s' * (count != 1)}; format {name} has {allowed}. "
        "Pass the right --format."
    )


IPINYOU: dict[str, Callable[[str], TextFormat]] = {
    "ipinyou-log": log_format,
    "ipinyou-theta": theta_format,
    "ipinyou-ctr": ctr_format,
    "ipinyou-yzbx": yzbx_format,
}
"""Formats by name, each made from a file's first line."""
