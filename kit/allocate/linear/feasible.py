"""Make a plan that almost keeps capacities and budgets keep them, and sell what is left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.allocate.linear import kernels_plan as kernels
from kit.allocate.linear.smoothing import Pairs

Floats = NDArray[np.float64]


def feasible_plan(pairs: Pairs, x: Floats, prices: Floats) -> tuple[Floats, float]:
    """Return a feasible plan near shares of the rows' capacities, and its value.

    Over-spent demands are scaled down; then unsold capacity goes to demands with money left,
    first where that earns more than the prices ask, then wherever it earns at all.

    Parameters
    ----------
    pairs : Pairs
        The problem.
    x : ndarray, shape (P,)
        Shares; overwritten with amounts.
    prices : ndarray, shape (D,)
        Prices that say which pair is best.
    """
    spend = np.zeros(len(pairs.budget))
    keep = np.ones(len(pairs.budget))
    kernels.add_spend(*pairs.arrays, x, spend)
    np.divide(pairs.budget, spend, out=keep, where=spend > pairs.budget)
    kernels.to_amounts(*pairs.arrays, keep, x, spend)
    left = np.maximum(pairs.budget - spend, 0.0)
    for least in (0.0, -np.inf):
        kernels.refill(*pairs.arrays, prices, least, x, left)
    return x, float(kernels.total_value(pairs.value, x))
