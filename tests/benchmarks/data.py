"""The auctions that the replay benchmarks run on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.data.log import AuctionLog, LogMeta

EXCHANGES, HOURS = 4, 24
MULTIPLIER = 0.75
"""Exact in binary: its bids stay on the money grid, so that all rivals see the same winners."""


@dataclass(frozen=True)
class Auctions:
    """Columns of one log, in time order.

    Parameters
    ----------
    price, value : ndarray of float32, shape (n,)
        Lognormal, independent; the bid wins about half the auctions.
    exchange, hour : ndarray of int8, shape (n,)
        Exchanges at random, hours at random (`spread`) or one after the other.
    """

    price: NDArray[np.float32]
    value: NDArray[np.float32]
    exchange: NDArray[np.int8]
    hour: NDArray[np.int8]


def auctions(rows: int, seed: int = 0, *, spread: bool = True) -> Auctions:
    """Draw auctions on the money grid, so that all rivals see the same winners and prices."""
    rng = np.random.default_rng(seed)
    price = np.rint(rng.lognormal(1.0, 0.8, rows) * 2**14) / 2**14
    value = np.rint(rng.lognormal(1.3, 0.8, rows) * 2**12) / 2**12
    hour = rng.integers(0, HOURS, rows)
    return Auctions(
        price.astype(np.float32),
        value.astype(np.float32),
        rng.integers(0, EXCHANGES, rows).astype(np.int8),
        (hour if spread else np.sort(hour)).astype(np.int8),
    )


def panel_log(rows: int, seed: int = 0) -> AuctionLog:
    """Draw a week of auctions on four exchanges, two of them first price, with their values."""
    rng = np.random.default_rng(seed)
    exchange = rng.integers(0, EXCHANGES, rows)
    seconds = np.sort(rng.integers(0, 7 * 86_400, rows))
    kinds = ["known", "at_most", "at_least"]
    frame = pd.DataFrame(
        {
            "timestamp": pd.Timestamp("2026-03-01", tz="UTC") + pd.to_timedelta(seconds, unit="s"),
            "exchange": pd.Categorical.from_codes(exchange, ["adx-1", "adx-2", "adx-3", "adx-4"]),
            "auction_type": (1 + exchange % 2).astype(np.int8),
            "market_price_cpm": rng.lognormal(0.0, 0.9, rows),
            "market_price_kind": pd.Categorical.from_codes(np.zeros(rows, np.int8), kinds),
            "pctr": rng.lognormal(-6.2, 0.7, rows).clip(0, 1),
            "click_value_cpm": 1000.0,
        }
    )
    return AuctionLog(frame, LogMeta("bench"))
