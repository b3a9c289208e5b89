"""What a row says about the market price, from what happened to our bid."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kit.base.errors import DataError
from kit.data.schema import AT_LEAST, AT_MOST, FIRST_PRICE, KNOWN, MARKET_KINDS, SECOND_PRICE

MARKET_COLUMNS = ("market_price_cpm", "market_price_kind")
SOURCES = ("won", "bid_price_cpm")


def can_tell_market(columns: set[str]) -> bool:
    """Whether rows with these columns say something about the market price.

    Examples
    --------
    >>> can_tell_market({"market_price_cpm"}), can_tell_market({"won"})
    (True, False)
    """
    return "market_price_cpm" in columns or columns.issuperset(SOURCES)


def add_market_price(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with ``market_price_cpm`` and ``market_price_kind``, where it lacks them.

    A market price without a kind is known. Otherwise: the minimum bid to win, where given, is
    known; a second-price win is the price that was paid, at most that if it is the floor; a
    first-price win says at most our bid; a loss says at least our bid, and a loss below the floor
    (or without a bid) says at least 0.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (n, columns)
        Canonical columns.

    Raises
    ------
    DataError
        If the columns say nothing about the market price.

    Examples
    --------
    >>> frame = pd.DataFrame({"won": [True, False], "bid_price_cpm": [3.0, 2.0],
    ...                       "auction_type": 1})
    >>> add_market_price(frame)[["market_price_cpm", "market_price_kind"]].values.tolist()
    [[3.0, 'at_most'], [2.0, 'at_least']]
    """
    if "market_price_kind" in frame.columns:
        return frame
    if "market_price_cpm" in frame.columns:
        return frame.assign(market_price_kind=MARKET_KINDS[KNOWN])
    if not can_tell_market(set(frame.columns)):
        raise DataError(
            "columns: say nothing about the market price; must have market_price_cpm, or won and "
            "bid_price_cpm (with clearing_price_cpm or min_bid_to_win_cpm where known). Map them."
        )
    price, kind = _market(frame)
    names = np.array(MARKET_KINDS, dtype=object)[kind]
    return frame.assign(market_price_cpm=price, market_price_kind=names)


def _market(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    def column(name: str, default: float) -> np.ndarray:
        if name not in frame.columns:
            return np.full(len(frame), default)
        return frame[name].to_numpy(dtype=np.float64, na_value=np.nan)

    won = frame["won"].to_numpy(dtype=bool)
    bid, floor = column("bid_price_cpm", np.nan), column("bid_floor_cpm", 0.0)
    paid, to_win = column("clearing_price_cpm", np.nan), column("min_bid_to_win_cpm", np.nan)
    second = column("auction_type", SECOND_PRICE) != FIRST_PRICE
    # Losses first, then what is more telling, which overrides.
    reached = ~np.isnan(bid) & (bid >= floor)
    price, kind = np.where(reached, bid, 0.0), np.full(len(frame), AT_LEAST)
    price, kind = np.where(won, bid, price), np.where(won, AT_MOST, kind)
    told = won & second & ~np.isnan(paid)
    price = np.where(told, paid, price)
    kind = np.where(told & (paid > floor), KNOWN, kind)
    given = ~np.isnan(to_win)
    price = np.where(given, to_win, price)
    # Where the floor alone had to be beaten, rivals were at most there.
    kind = np.where(given, np.where((floor > 0) & (to_win <= floor), AT_MOST, KNOWN), kind)
    return price, kind
