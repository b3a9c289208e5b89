"""The auctions that the replay benchmarks run on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
