"""What rows say about the market price, and the likelihood of such statements.

The model is accelerated failure time: ``log(price + offset) = location + scale * noise``, noise
logistic, so that censored rows have bounded, smooth and convex losses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit

from kit.data.log import AuctionLog
from kit.data.schema import AT_LEAST, AT_MOST, FIXED_PRICE, KNOWN, SECOND_PRICE

Floats = NDArray[np.float64]

_SCALES = (0.02, 5.0)
_MIN_CURVATURE = 1e-3


@dataclass(frozen=True)
class Statements:
    """One statement a row about a quantity that may be censored.

    Parameters
    ----------
    value : ndarray, shape (n,)
        The quantity, or its bound.
    kind : ndarray of int8, shape (n,)
        0 known, 1 at most `value`, 2 at least `value`.
    """

    value: Floats
    kind: NDArray[np.int8]

    def __len__(self) -> int:
        return self.value.size

    def rows(self, keep: slice | NDArray[np.bool_] | NDArray[np.intp]) -> Statements:
        """Return the statements of some rows."""
        return Statements(self.value[keep], self.kind[keep])

    def loss(self, location: Floats | float, scale: float) -> Floats:
        """Return the negative log likelihood of each row, shape (n,)."""
        error = (self.value - location) / scale
        # -log density = log(scale) - log F - log(1 - F); one of the terms where censored
        below, above = np.logaddexp(0, -error), np.logaddexp(0, error)
        loss = np.where(self.kind == AT_LEAST, above, below)
        return np.where(self.kind == KNOWN, below + above + np.log(scale), loss)

    def derivatives(self, location: Floats, scale: float) -> tuple[Floats, Floats]:
        """Return first and second derivatives of `loss` by location, both of shape (n,)."""
        share = expit((self.value - location) / scale)
        terms = np.where(self.kind == KNOWN, 2.0, 1.0)
        first = (np.where(self.kind == AT_LEAST, 0.0, 1.0) - terms * share) / scale
        second = np.maximum(terms * share * (1 - share), _MIN_CURVATURE) / scale**2
        return first, second

    def best_scale(self, location: Floats | float) -> float:
        """Return the most likely scale given locations."""

        def total(log_scale: float) -> float:
            return float(self.loss(location, float(np.exp(log_scale))).mean())

        bounds = (np.log(_SCALES[0]), np.log(_SCALES[1]))
        return float(np.exp(minimize_scalar(total, bounds=bounds, method="bounded").x))

    def best_constant(self) -> tuple[float, float]:
        """Return the most likely location, the same in every row, and scale."""
        location, scale = float(np.median(self.value)), 1.0
        for _ in range(50):
            first, second = self.derivatives(np.full(len(self), location), scale)
            step = float(first.sum() / second.sum())
            location -= float(np.clip(step, -2 * scale, 2 * scale))
            scale = self.best_scale(location)
            if abs(step) < 1e-6:
                break
        return location, scale


def number_column(frame: pd.DataFrame, name: str, default: float) -> Floats:
    """Return a number column as float64, or `default` in every row if absent."""
    if name not in frame.columns:
        return np.full(len(frame), default)
    return frame[name].to_numpy(dtype=np.float64, na_value=np.nan)


def fixed_price(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which requests are deals at a fixed price; ``deal_at`` overrides ``auction_type``."""
    types = number_column(frame, "auction_type", SECOND_PRICE)
    deal = number_column(frame, "deal_at", np.nan)
    return np.asarray(np.where(np.isnan(deal), types, deal) == FIXED_PRICE)


def informative(log: AuctionLog) -> NDArray[np.bool_]:
    """Return which rows say something about rival bids, shape (n,).

    A bid below the floor loses whatever the rivals do, and a fixed-price deal has none.
    """
    bid = number_column(log.frame, "bid_price_cpm", np.nan)
    below_floor = bid < number_column(log.frame, "bid_floor_cpm", 0.0)
    return np.asarray(~fixed_price(log.frame) & ~((log.market_kind == AT_LEAST) & below_floor))


def winsorised(statements: Statements, share: float = 0.02) -> Statements:
    """Turn the lowest known values into "at most": a mass at zero must not bend the location."""
    known = statements.kind == KNOWN
    if not known.any():
        return statements
    # quantile above the smallest value: zero prices, one mass, must not use up the share
    values = statements.value[known]
    above = values[values > values.min()]
    if not above.size:
        return statements
    low = float(np.quantile(above, share))
    kind = np.where(known & (statements.value < low), AT_MOST, statements.kind).astype(np.int8)
    value = np.where(known, np.maximum(statements.value, low), statements.value)
    return Statements(value, kind)
