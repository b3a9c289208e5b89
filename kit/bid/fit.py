"""Fit ORTB's two constants on training totals: the landscape's price and the budget's price."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from kit.base.checks import number
from kit.base.errors import DataError
from kit.bid.training import TrainingStats

BidCurve = Callable[[NDArray[np.float64], float], NDArray[np.float64]]
"""(pCTR of shape (n,), shadow price) -> bids of shape (n,), falling in the shadow price."""


def fit_landscape_price(probability: NDArray[np.float64], power: int) -> float:
    """Fit ``c`` of the win rate ``b**power / (c**power + b**power)`` by maximum likelihood.

    Parameters
    ----------
    probability : ndarray, shape (max_price + 1,)
        Share of each whole market price.
    power : int
        1 for ORTB1's landscape, 2 for ORTB2's.

    Returns
    -------
    float
        ``c > 0``, in the unit of the prices: the price at which half the auctions are won.

    Raises
    ------
    DataError
        If half of the prices or more are zero: then no ``c > 0`` is the likeliest.

    Notes
    -----
    With market price z, the density is ``power * c**p * z**(p-1) / (c**p + z**p)**2``. Setting
    the derivative of its log-likelihood to zero gives ``mean(c**p / (c**p + z**p)) = 1/2``, whose
    left side rises with ``c`` from the share of zero prices to 1, so the root is unique.

    References
    ----------
    Zhang, Yuan and Wang, "Optimal real-time bidding for display advertising", KDD 2014, gives
    both landscapes.

    Examples
    --------
    >>> round(fit_landscape_price(np.array([0.0, 0.0, 1.0]), power=2), 6)
    2.0
    """
    from scipy.optimize import brentq  # here, so that listing the policies does not load scipy

    if probability[0] >= 0.5:
        raise DataError(
            f"price_histogram: {probability[0]:.0%} of the market prices are 0; must be under 50% "
            "to fit ORTB's c. Set c by hand, or train on priced auctions."
        )
    prices = np.arange(len(probability), dtype=np.float64)

    def lost_share(log_price: float) -> float:
        ratio = (prices * np.exp(-log_price)) ** power
        return float((probability / (1 + ratio)).sum() - 0.5)

    reach = np.log(max(len(probability), 2)) + 40.0
    return float(np.exp(brentq(lost_share, -reach, reach)))


def fit_shadow_price(stats: TrainingStats, curve: BidCurve, budget_share: float) -> float:
    """Choose lambda so that second-price spend is a share of the training spend an auction.

    Parameters
    ----------
    stats : TrainingStats
        Gives the market prices, the mean price, and the pCTR (its quantiles if known, else the
        average CTR alone, which ignores how pCTR spreads).
    curve : callable
        ``curve(pctr, lambda) -> bids``, falling in lambda.
    budget_share : float
        Budget an auction over the training mean price, in (0, 1].

    Returns
    -------
    float
        The smallest lambda that does not overspend, in clicks a unit of price.

    Raises
    ------
    DataError
        If the share is out of range, or the statistics lack clicks or a histogram, or
        their pCTR is nowhere above 0.
    """
    number("budget_share", budget_share, high=1.0, above=0.0)
    probability = stats.price_probability
    cost_below = np.cumsum(np.arange(len(probability)) * probability)
    pctr = np.asarray(stats.pctr_quantiles or (stats.ctr,), dtype=np.float64)
    number("highest training pctr", pctr.max(), high=1.0, above=0.0)
    # Just under the whole spend at most: beyond it every smaller lambda spends the same.
    target = min(budget_share * stats.mean_price_cpm, np.nextafter(cost_below[-1], 0.0))

    def spend(log_lambda: float) -> float:
        bids = curve(pctr, float(np.exp(log_lambda)))
        reached = np.minimum(bids, len(cost_below) - 1).astype(np.int64)  # rounds down
        return float(cost_below[reached].mean())

    low, high = np.log(pctr.max()) + np.array([-60.0, 60.0])
    for _ in range(80):  # to a relative width of 1e-22: below rounding
        middle = (low + high) / 2
        low, high = (middle, high) if spend(middle) > target else (low, middle)
    return float(np.exp(high))
