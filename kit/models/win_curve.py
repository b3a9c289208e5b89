"""Win rates, draws and best bids for some requests under a fitted landscape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kit.base.checks import bad_values
from kit.base.errors import DataError
from kit.models.censored import Floats
from kit.models.price_shape import PriceShape

_GRID = np.linspace(0.0, 1.0, 33)
_ZOOMS = 3


@dataclass(frozen=True)
class WinCurves:
    """One market-price distribution a request; all arrays have shape (n,).

    Parameters
    ----------
    shape : PriceShape
        Distribution of the residual, by group.
    group : ndarray of int
        Row of the shape; the last pools all exchanges.
    location : ndarray or None
        Location of ``log(price + offset)``; None means that the shape is one of prices.
    offset : float
        Keeps the logarithm of a zero price finite.
    floor_cpm : ndarray
        No bid below it wins.
    fixed_price : ndarray of bool
        Deals at a fixed price: every bid from the floor on wins.
    ties_win : bool
        Whether a bid equal to the market price wins.
    """

    shape: PriceShape
    group: NDArray[np.intp]
    location: Floats | None
    offset: float
    floor_cpm: Floats
    fixed_price: NDArray[np.bool_]
    ties_win: bool

    def __len__(self) -> int:
        return self.group.size

    def win_rate(self, bid_cpm: ArrayLike) -> Floats:
        """Return the probability that each bid wins, shape (n,); 0 for NaN (no bid).

        Raises
        ------
        DataError
            If the bids are no number or one number a request.
        """
        return self._win_rate(self._each("bid_cpm", bid_cpm))

    def _win_rate(self, bid: Floats) -> Floats:
        rate = self.shape.probability(self.group, self._inner(bid), equal=self.ties_win)
        # NaN compares false: no bid, no win
        return np.where(bid >= self.floor_cpm, np.where(self.fixed_price, 1.0, rate), 0.0)

    def draw(
        self,
        rng: np.random.Generator,
        low: ArrayLike | None = None,
        high: ArrayLike | None = None,
    ) -> Floats:
        """Draw market prices, each given that it lies inside [low, high], shape (n,).

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness.
        low, high : array_like, shape (n,) or scalar, optional
            Bounds; None or NaN means none. Bounds without any mass between them give the nearer
            bound.

        Raises
        ------
        DataError
            If a lower bound exceeds its upper bound.
        """
        bottom = self._bound("low", low, 0.0)
        top = self._bound("high", high, np.inf)
        bad_values(
            "low", bottom, bottom > top, "<= high", "Swap or repair the bounds.", "too large"
        )
        under = self.shape.probability(self.group, self._inner(bottom), equal=False)
        under = np.where(bottom > 0, under, 0.0)
        upto = self.shape.probability(self.group, self._inner(top), equal=True)
        level = under + rng.random(len(self)) * np.maximum(upto - under, 0.0)
        return np.clip(self._outer(self.shape.quantile(self.group, level)), bottom, top)

    def best_first_price_bid(self, value_cpm: ArrayLike) -> Floats:
        """Return the bids that maximise (value - bid) x win rate, shape (n,).

        NaN, no bid, where the value does not exceed the floor. A grid over [floor, value] is
        refined around its best point, so the win rate need not have one peak.

        Raises
        ------
        DataError
            If the values are no number or one number a request.
        """
        value = self._each("value_cpm", value_cpm)
        left, right = self.floor_cpm, np.maximum(value, self.floor_cpm)
        best, most = left, np.full(len(self), -np.inf)
        for _ in range(_ZOOMS):
            for share in _GRID:
                bid = left + share * (right - left)
                surplus = (value - bid) * self._win_rate(bid)
                best = np.where(surplus > most, bid, best)
                most = np.fmax(surplus, most)
            step = (right - left) * _GRID[1]
            left, right = np.maximum(best - step, self.floor_cpm), np.minimum(best + step, value)
        return np.where(value > self.floor_cpm, best, np.nan)

    def _inner(self, price: Floats) -> Floats:
        """Return prices on the scale of the shape."""
        if self.location is None:
            return price
        return np.log(price + self.offset) - self.location

    def _outer(self, value: Floats) -> Floats:
        if self.location is None:
            return np.maximum(value, 0.0)
        return np.maximum(np.exp(value + self.location) - self.offset, 0.0)

    def _each(self, name: str, values: ArrayLike) -> Floats:
        """Return one number a request; scalars are for all of them."""
        array = np.asarray(values, dtype=np.float64)
        if array.shape not in ((), (len(self),)):
            raise DataError(
                f"{name}: has shape {array.shape}; must be a number or have shape "
                f"({len(self)},), one a request. Pass one for each row."
            )
        bad_values(name, np.atleast_1d(array), np.atleast_1d(array < 0), ">= 0", what="negative")
        return np.broadcast_to(array, (len(self),))

    def _bound(self, name: str, values: ArrayLike | None, missing: float) -> Floats:
        if values is None:
            return np.full(len(self), missing)
        given = self._each(name, values)
        return np.where(np.isnan(given), missing, given)
