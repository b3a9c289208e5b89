"""The values behind first-price bids, and floors fitted for buyers who will answer them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from kit.allocate.floors.auctions import SellerAuctions
from kit.allocate.floors.bid_curves import price_levels
from kit.allocate.floors.fit import FloorPlan, fit_floors, fit_single_floor
from kit.base.errors import DataError

Array = NDArray[np.float64]

_STEP = 0.04
_LOGS = np.arange(-3.5, 3.5, _STEP)
_SPREAD = 4
_TAIL = 0.995
_MOST_BUYERS = 12.0
_LEAST_BUYERS = 1.5
_MOST_RATIO = 4.0


@dataclass(frozen=True, eq=False)
class Markdown:
    """By how much first-price bids lie under the values behind them.

    Parameters
    ----------
    buyers : float
        How many equal buyers would leave these highest and second highest bids.
    ratio : ndarray, shape (bids,)
        Value over bid, >= 1, at log bids over the segment's price level.
    """

    buyers: float
    ratio: Array

    @property
    def fits(self) -> bool:
        """Whether the two highest bids lie near enough to be those of at least two equal buyers."""
        return self.buyers >= _LEAST_BUYERS

    def values(self, bids: Array, level: Array) -> Array:
        """Return the values behind bids of segments with these price levels, shape (n,)."""
        made = bids > 0
        logs = np.log(np.where(made, bids / level, 1.0))
        return np.where(made, bids * np.interp(logs, _LOGS, self.ratio), 0.0)


def effective_buyers(top: Array, second: Array) -> float:
    """Return how many equal and independent buyers fit the two highest bids best.

    Parameters
    ----------
    top, second : ndarray, shape (n,)
        Highest and second highest bid, over their segment's price level; 0 where there is none.

    Notes
    -----
    With F the distribution of one buyer's bid (no bid counts as 0) and N buyers, the highest bid
    has T = F^N and the second S = N F^(N-1) - (N-1) F^N; N makes S fit best over a grid.

    References
    ----------
    Krishna, "Auction Theory" (2009), appendix C (order statistics).

    Examples
    --------
    >>> bids = np.sort(np.random.default_rng(0).random((20_000, 4)), axis=1)
    >>> bool(abs(effective_buyers(bids[:, -1], bids[:, -2]) - 4) < 0.5)
    True
    """
    grid = np.exp(_LOGS)
    upper, lower = (np.searchsorted(np.sort(bids), grid, "right") / bids.size
                    for bids in (top, second))  # fmt: skip

    def misfit(log_buyers: float) -> float:
        buyers = float(np.exp(log_buyers))
        one = upper ** (1 / buyers)
        fitted = buyers * one ** (buyers - 1) - (buyers - 1) * upper
        return float(((fitted - lower) ** 2).sum())

    bounds = (np.log(1.05), np.log(_MOST_BUYERS))
    found = minimize_scalar(misfit, bounds=bounds, method="bounded")
    return float(np.exp(found.x))


def fit_markdown(top: Array, second: Array) -> Markdown:
    """Return how far bids lie under values, if every bid answers its rivals best.

    Parameters
    ----------
    top, second : ndarray, shape (n,)
        Highest and second highest first-price bid, over their segment's price level.

    Notes
    -----
    A best first-price bid b solves v = b + G(b) / g(b), with G the distribution of the highest
    rival bid; with N equal buyers and T that of the highest bid, G / g = N / (N - 1) T / t. T is
    smoothed over log bids; above its 99.5 % point the last ratio holds. N is at least 2 and no
    ratio above 4: where bids are few the formula explodes.

    Raises
    ------
    DataError
        If there is no bid.

    References
    ----------
    Guerre, Perrigne, Vuong, "Optimal Nonparametric Estimation of First-Price Auctions",
    Econometrica 68 (2000), eq. (3) and section 3.
    """
    bids = top[top > 0]
    if not bids.size:
        raise DataError(
            "first-price bids: there are none; must be at least one. Pass a longer log."
        )
    found = effective_buyers(top, second)
    buyers = max(found, 2.0)
    counts, _ = np.histogram(np.log(bids), np.append(_LOGS, _LOGS[-1] + _STEP) - _STEP / 2)
    kernel = np.hanning(4 * _SPREAD + 3)[1:-1]
    density = np.convolve(counts, kernel / kernel.sum(), mode="same") / top.size
    below = 1 - bids.size / top.size + np.cumsum(density) - density / 2
    known = np.flatnonzero(density * top.size > 0.5)
    hazard = below[known] * _STEP / density[known]
    ratio = np.interp(_LOGS, _LOGS[known], 1 + buyers / (buyers - 1) * hazard)
    ratio[below > _TAIL] = ratio[below <= _TAIL][-1] if (below <= _TAIL).any() else 1.0
    value = np.exp(_LOGS) * np.clip(ratio, 1.0, _MOST_RATIO)
    rising = np.minimum.accumulate(value[::-1])[::-1]  # where bids are few the ratio explodes
    return Markdown(found, np.maximum(rising / np.exp(_LOGS), 1.0))


def with_values(auctions: SellerAuctions) -> tuple[SellerAuctions, Markdown | None]:
    """Return the auctions with the values behind their two highest bids in the bids' place.

    At second price a bid is its value; one markdown is fitted for all first-price segments, over
    their price levels.
    """
    first = auctions.first_price
    if not first.any():
        return auctions, None
    level = price_levels(auctions)[auctions.segment]
    top, second = auctions.top_cpm / level, auctions.second_cpm / level
    markdown = fit_markdown(top[first], second[first])
    worth = [
        np.where(first, markdown.values(bids, level), bids)
        for bids in (auctions.top_cpm, auctions.second_cpm)
    ]
    return auctions.with_bids(worth[0], worth[1]), markdown


def fit_answered_floors(
    auctions: SellerAuctions,
    *,
    max_lost_fill: float | None = None,
    shrink: bool = True,
    single: bool = False,
) -> FloorPlan:
    """Return floors that earn most once first-price buyers have answered them.

    Bids that were shaded without these floors would make any floor look like a loss. The values
    behind them are recovered instead, and the floors are those of a second-price auction over the
    values: with equal and independent buyers both auctions then earn the same.

    Parameters
    ----------
    auctions : SellerAuctions
        Rows to fit on.
    max_lost_fill : float, optional
        Most that fill may fall, as a share of all auctions.
    shrink : bool
        Whether thin segments are pulled towards their parents.
    single : bool
        Whether to fit one floor for all auctions.

    Raises
    ------
    DataError
        If a number is out of range, or there are no auctions.

    References
    ----------
    Riley and Samuelson, "Optimal Auctions", American Economic Review 71 (1981), proposition 1.
    """
    valued, _ = with_values(auctions)
    if single:
        plan = fit_single_floor(valued, rule="second price", max_lost_fill=max_lost_fill)
    else:
        plan = fit_floors(valued, rule="second price", max_lost_fill=max_lost_fill, shrink=shrink)
    return replace(plan, rule="as sold")
