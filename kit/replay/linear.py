"""The fast path: a linear bid on plain second-price auctions held in small columns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kit.base.checks import bad_values, number
from kit.base.errors import DataError
from kit.replay.limits import to_grid
from kit.replay.market import writable

MAX_PRICE = 2.0**19
HOURS = 24
CHUNK_ROWS = 4096


@dataclass(frozen=True)
class LinearLog:
    """Second-price auctions with known market prices, ready for bids of ``m * value``.

    Checked once, when it is made; each replay then costs a few times a read of the columns.
    For first prices, floors, bounds, campaigns or clicks use `replay`.

    Parameters
    ----------
    price : array_like of float32, shape (n,)
        Market price (the highest other bid) in ``[0, 2**19)``, rounded to 2**-14.
    value : array_like of float32, shape (n,)
        Value of the impression, >= 0; NaN is no bid.
    exchange, hour : array_like of int8, shape (n,)
        Codes 0..126 and hours 0..23.
    ties_win : bool
        Whether a bid equal to the market price wins.

    Raises
    ------
    DataError
        On values out of range or columns of different lengths.

    Examples
    --------
    >>> log = LinearLog([1.0, 2.0, 4.0], [3.0, 3.0, 3.0], [0, 0, 0], [5, 5, 6])
    >>> log.replay(1.0)[0, 5].tolist()  # impressions, spend, value of exchange 0, 5 o'clock
    [2.0, 3.0, 6.0]
    >>> log.replay(1.0, budget=2.5).sum(axis=(0, 1)).tolist()
    [1.0, 1.0, 3.0]
    >>> log.replay_grid([0.5, 2.0])[:, 0].sum(axis=1).tolist()
    [[1.0, 1.0, 3.0], [3.0, 7.0, 9.0]]
    """

    price: NDArray[np.float32]
    value: NDArray[np.float32]
    exchange: NDArray[np.int8]
    hour: NDArray[np.int8]
    ties_win: bool = False

    def __post_init__(self) -> None:
        rows = np.shape(self.price)
        for name, kind in (("price", "f4"), ("value", "f4"), ("exchange", "i1"), ("hour", "i1")):
            column = _small_column(name, getattr(self, name), np.dtype(kind))
            if column.ndim != 1 or column.shape != rows:
                raise DataError(
                    f"{name}: has shape {column.shape}; must be {rows}, one a row. "
                    "Pass columns of one length."
                )
            object.__setattr__(self, name, column)
        _check_range("price", self.price, 0.0, MAX_PRICE, missing=False)
        _check_range("value", self.value, 0.0, math.inf, missing=True)
        _check_range("exchange", self.exchange, 0, 127, missing=False)
        _check_range("hour", self.hour, 0, HOURS, missing=False)

    @cached_property
    def exchanges(self) -> int:
        """Number of exchange codes: one more than the largest."""
        return int(self.exchange.max()) + 1 if self.exchange.size else 1

    @cached_property
    def highest_price(self) -> float:
        """The largest market price; 0 without rows."""
        return float(self.price.max(initial=0.0))

    def replay(self, multiplier: float, budget: float = math.inf) -> NDArray[np.float64]:
        """Replay bids of ``multiplier * value`` in time order.

        Parameters
        ----------
        multiplier : float
            Bid per value, >= 0.
        budget : float
            Price sum; a win that costs more than what is left is skipped.

        Returns
        -------
        ndarray, shape (exchanges, 24, 3)
            Impressions, spend and value.

        Raises
        ------
        DataError
            If an argument is negative or NaN.
        """
        from kit.replay import kernels_linear as fast

        number("multiplier", multiplier, 0)
        totals = np.zeros((self.exchanges * HOURS, 3))
        flush = fast.FLUSH_ROWS if self.highest_price < fast.FLUSH_PRICE else fast.BLOCK
        fast.replay_linear(
            self.price, self.value, self.exchange, self.hour, float(multiplier), self.ties_win,
            _budget(budget), self.exchanges, flush, totals,
        )  # fmt: skip
        return totals.reshape(-1, HOURS, 3)

    def replay_grid(self, multipliers: ArrayLike, budget: float = math.inf) -> NDArray[np.float64]:
        """Replay many multipliers in one pass, each with the whole budget.

        Parameters
        ----------
        multipliers : array_like, shape (k,)
            Bids per value, >= 0, in any order.
        budget : float
            Price sum of each.

        Returns
        -------
        ndarray, shape (k, exchanges, 24, 3)
            Impressions, spend and value; equal to `replay` of each multiplier (value to
            rounding).

        Raises
        ------
        DataError
            If an argument is negative or NaN.
        """
        from kit.replay import kernels_grid as grid

        ordered, places = sorted_multipliers(multipliers)
        totals = np.zeros((ordered.size, self.exchanges * HOURS, grid.WIDTH))
        grid.grid_linear(
            self.price, self.value, self.exchange, self.hour, ordered, self.ties_win,
            _budget(budget), CHUNK_ROWS, totals,
        )  # fmt: skip
        columns = [grid.IMPRESSIONS, grid.SPEND, grid.VALUE]
        return totals[places][:, :, columns].reshape(len(places), -1, HOURS, 3)


def sorted_multipliers(multipliers: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return checked multipliers in increasing order, and the place of each given one.

    Raises
    ------
    DataError
        If there are none, more than 32,767, or one is negative or not finite.
    """
    given = np.atleast_1d(np.asarray(multipliers, dtype=np.float64))
    if given.ndim != 1 or not 0 < given.size < 2**15:
        raise DataError(
            f"multipliers: has shape {given.shape}; must be one row of 1 to 32,767. Split it."
        )
    bad_values("multipliers", given, ~np.isfinite(given), "finite", "Drop them.", "non-finite")
    bad_values("multipliers", given, given < 0, ">= 0", "Drop them.", "negative")
    order = np.argsort(given, kind="stable")
    return given[order], np.argsort(order, kind="stable")


def _budget(budget: float) -> float:
    return math.inf if budget == math.inf else to_grid(number("budget", budget, 0))


def _small_column(name: str, column: ArrayLike, kind: np.dtype[np.generic]) -> NDArray[np.generic]:
    given = np.asarray(column)
    if kind.kind == "i" and given.size and given.dtype != kind:
        outside = (given < -128) | (given > 127) | (given != np.floor(given))
        bad_values(name, given, outside, "a small whole number")
    return writable(given.astype(kind, copy=False))


def _check_range(
    name: str,
    column: NDArray[np.float32] | NDArray[np.int8],
    low: float,
    end: float,
    *,
    missing: bool,
) -> None:
    if not column.size:
        return
    fine = (column >= low) & (column < end)
    if missing:
        fine |= np.isnan(column)
    allowed = f">= {low:g} and < {end:g}" + (", or NaN" if missing else "")
    bad_values(name, column, ~fine, allowed)
