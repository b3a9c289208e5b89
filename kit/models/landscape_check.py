"""Predicted against observed win rates, by exchange and bid."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import number
from kit.data.log import AuctionLog
from kit.data.schema import AT_LEAST, AT_MOST, KNOWN
from kit.models.censored import Floats, number_column
from kit.models.reliability import jeffreys_interval
from kit.models.win_curve import WinCurves


def check_win_rates(curves: WinCurves, log: AuctionLog, bins: int = 5) -> pd.DataFrame:
    """Compare predicted with observed win rates.

    Where the log holds bids that won and bids that lost, its own bids are judged. Otherwise (won
    impressions only, or no bids) quantiles of the log's prices are judged as bids, on the rows
    whose outcome the log determines.

    Parameters
    ----------
    curves : WinCurves
        Predictions for the rows of `log`.
    log : AuctionLog
        Rows that the model was not fitted on.
    bins : int
        Bins of bids by exchange.

    Returns
    -------
    pandas.DataFrame
        One row an exchange and bin: ``exchange``, ``bid_cpm`` (mean), ``predicted``,
        ``observed``, ``low``, ``high`` (Jeffreys 95 % interval), ``rows``, ``determined`` (share
        of rows whose outcome is known).
    """
    number("bins", bins, 1)
    if {"won", "bid_price_cpm"} <= set(log.frame.columns) and 0 < log.frame["won"].mean() < 1:
        judged = _own_bids(curves, log, int(bins))
    else:
        judged = _quantile_bids(curves, log, int(bins))
    known = judged[judged["determined"]]
    keys = ["exchange", "bin"]
    table = known.groupby(keys).agg(
        bid_cpm=("bid", "mean"), predicted=("predicted", "mean"), observed=("won", "mean"),
        wins=("won", "sum"), rows=("won", "size"),
    )  # fmt: skip
    table["low"], table["high"] = jeffreys_interval(table["wins"], table["rows"])
    table["determined"] = judged.groupby(keys)["determined"].mean()
    order = ["bid_cpm", "predicted", "observed", "low", "high", "rows", "determined"]
    return table[order].reset_index().drop(columns="bin")


def _own_bids(curves: WinCurves, log: AuctionLog, bins: int) -> pd.DataFrame:
    bid = number_column(log.frame, "bid_price_cpm", np.nan)
    codes, names = log.labels("exchange", "all")
    judged = pd.DataFrame(
        {
            "exchange": np.array(names, dtype=object)[codes],
            "bid": bid,
            "predicted": curves.win_rate(bid),
            "won": log.frame["won"].to_numpy(dtype=bool),
            "determined": True,
        }
    )[~np.isnan(bid)]
    ranks = judged.groupby("exchange")["bid"].rank(method="average", pct=True)
    return judged.assign(bin=np.ceil(ranks * bins).astype(int))


def _quantile_bids(curves: WinCurves, log: AuctionLog, bins: int) -> pd.DataFrame:
    price, kind = log.column("market_price_cpm", 0.0), log.market_kind
    floor = number_column(log.frame, "bid_floor_cpm", 0.0)
    codes, names = log.labels("exchange", "all")
    parts = []
    for bin_, level in enumerate((np.arange(bins) + 0.5) / bins):
        bid = _by_code(price, codes, len(names), level)
        won, determined = _outcome(price, kind, bid, log.meta.ties_win)
        parts.append(
            pd.DataFrame(
                {
                    "exchange": np.array(names, dtype=object)[codes],
                    "bin": bin_,
                    "bid": bid,
                    "predicted": curves.win_rate(bid),
                    "won": won,
                    "determined": determined & (bid >= floor),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _by_code(price: Floats, codes: NDArray[np.int32], count: int, level: float) -> Floats:
    """Return, in each row, a quantile of the prices of its exchange."""
    quantile = [np.quantile(price[codes == code], level) for code in range(count)]
    return np.asarray(quantile)[codes]


def _outcome(
    price: Floats, kind: NDArray[np.int8], bid: Floats, ties_win: bool
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return whether each bid wins, and whether the row says so."""
    beats = bid >= price if ties_win else bid > price
    enough = (kind == AT_MOST) & (bid >= price)
    short = (kind == AT_LEAST) & (bid < price)
    return np.where(kind == KNOWN, beats, enough), (kind == KNOWN) | enough | short
