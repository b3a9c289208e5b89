"""Bounds that no selection exceeds, from prices on groups of impressions and on queries."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kit.allocate.inventory import kernels_inventory as kernels
from kit.allocate.inventory.problem import Array, Inventory, QpsLimit

WHOLE_SEEDS = 3
"""Seeds from which on the greedy's own guarantee is 1 - 1/e."""
_PATIENCE, _PROGRESS = 10, 1e-6
_MEMORY, _CHEAPER, _NEWEST = 0.9, 0.7, 0.03
_ROUNDING = 1.0 + 1e-12


@dataclass(frozen=True, eq=False)
class PricedBound:
    """A bound and what goes with it.

    Parameters
    ----------
    bound : float
        Money per second that no selection exceeds.
    rate : ndarray, shape (P,)
        Rates that attain it at the prices of the groups.
    query_price : float
        Money that one more query per second in all would add to it.
    exchange_price : ndarray, shape (exchanges,)
        Money that one more query per second on each exchange would add, the limit in all kept.
    """

    bound: float
    rate: Array
    query_price: float
    exchange_price: Array


def priced_bound(inventory: Inventory, limit: QpsLimit, price: Array) -> PricedBound:
    """Return the bound that a price on each group proves.

    Parameters
    ----------
    inventory, limit : Inventory and QpsLimit
        The problem.
    price : ndarray, shape (G,), >= 0
        Money per second paid for each group once.

    Notes
    -----
    With w the worth of an offer, u the price of its group and x the rates,
    sum_g u_g + max { sum_p x_p sum_g (w_gp - u_g)+ : x within the limits } is the Lagrangean of
    the LP relaxation, so it is an upper bound for every u >= 0, and the LP's optimum at the best
    u. At u = the best offers of a selection S it is the data-dependent bound f(S) + sum of the
    most that the remaining gains can fill. Limits on single exchanges keep the inner problem
    easy: they are nested in the total, so filling by gain per query is optimal.

    References
    ----------
    Leskovec et al. (2007), Cost-effective Outbreak Detection in Networks, KDD, section 3.2.
    Fisher (1981), The Lagrangian Relaxation Method, Management Science 27, eq. 2.

    Examples
    --------
    >>> import pandas as pd
    >>> inventory = Inventory.of(pd.DataFrame({
    ...     "path_id": ["p", "q"], "exchange": "x", "qps": [1.0, 1.0], "surplus": [3.0, 2.0]}))
    >>> found = priced_bound(inventory, QpsLimit(1.5), np.zeros(2))
    >>> round(found.bound, 6), found.rate.tolist(), found.query_price
    (4.0, [1.0, 0.5], 2.0)
    """
    gain, weight = np.empty(len(inventory)), inventory.qps
    kernels.gains_over(
        inventory.group_start, inventory.group_path, inventory.group_worth, price, gain
    )
    density = gain / weight
    order = np.argsort(-density, kind="stable")
    rate = np.zeros(len(inventory))
    value = kernels.fractional_fill(
        order, gain, weight, inventory.exchange, limit.total, limit.of(inventory), rate
    )
    query, by_exchange = _query_prices(inventory, limit, rate, density, order)
    return PricedBound((float(price.sum()) + value) * _ROUNDING, rate, query, by_exchange)


def _query_prices(
    lot: Inventory, limit: QpsLimit, rate: Array, density: Array, order: NDArray[np.int64]
) -> tuple[float, Array]:
    """Return the gain per query of the next path: in all, and beyond that by exchange."""
    used = np.bincount(lot.exchange, rate * lot.qps, len(lot.exchanges))
    open_ = used < limit.of(lot) * (1.0 - 1e-9)
    waiting = order[rate[order] < 1.0]
    free = waiting[open_[lot.exchange[waiting]]]
    full = used.sum() >= limit.total * (1.0 - 1e-9)
    query = max(float(density[free[0]]), 0.0) if full and len(free) else 0.0
    first = np.zeros(len(lot.exchanges))
    shut = waiting[~open_[lot.exchange[waiting]]]
    np.maximum.at(first, lot.exchange[shut], density[shut])
    return query, np.maximum(first - query, 0.0) * ~open_


def tightened_bound(
    inventory: Inventory, limit: QpsLimit, price: Array, value: float, steps: int = 200
) -> tuple[PricedBound, Array, Array]:
    """Return a lesser bound, by subgradient steps on the prices of the groups.

    Parameters
    ----------
    price : ndarray, shape (G,)
        Where to start.
    value : float
        Value of a selection: what the bound may come down to.
    steps : int
        Steps taken at most.

    Returns
    -------
    (PricedBound, ndarray, ndarray)
        The bound; the prices that prove it, shape (G,); the rates that attained the bounds met,
        late ones weighing most, which come near the LP's rates, shape (P,).

    Notes
    -----
    Each group's price is scaled by its dearest offer. A step aims at `value`, along the slope
    plus 0.9 of the last direction, and is halved after 10 steps without progress; 200 steps end
    about 0.2 % above the LP's bound where the plain slope ends 1 % above. The best offers of a
    selection are dear prices to start from: the LP spreads a group over several paths.

    References
    ----------
    Held, Wolfe, Crowder (1974), Validation of Subgradient Optimization, Math. Programming 6.
    Camerini, Fratta, Maffioli (1975), On Improving Relaxation Methods by Modified Gradient
    Techniques, Math. Programming Study 3 (deflected directions).
    """
    lot = inventory
    scale = np.append(lot.group_worth, 0.0)[lot.group_start[:-1]] ** 2  # the dearest is first
    covered, step, direction = np.zeros((3, len(lot.groups)))
    best = priced_bound(lot, limit, price)
    mean, proof, price = best.rate, price, _CHEAPER * price
    theta, waited = 1.0, 0
    for _ in range(steps):
        here = priced_bound(lot, limit, price)
        mean = (1.0 - _NEWEST) * mean + _NEWEST * here.rate
        waited = 0 if here.bound < best.bound * (1 - _PROGRESS) else waited + 1
        if here.bound < best.bound:
            best, proof = here, price
        if best.bound <= value * (1 + 1e-9):
            break
        if waited > _PATIENCE:
            theta, waited, price = theta / 2, 0, proof
            direction[:] = 0.0
            continue
        kernels.coverage(
            lot.group_start, lot.group_path, lot.group_worth, price, here.rate, covered
        )
        length = kernels.deflect(covered, price, scale, _MEMORY, direction, step)
        if length <= 0:
            break
        lower = np.empty(len(price))
        kernels.descend(price, step, scale, theta * (here.bound - value) / length, lower)
        price = lower
    return best, proof, mean


def guarantee(value: float, seeds: int, whole: bool) -> float:
    """Return the bound that the greedy's own guarantee gives, from its value.

    Parameters
    ----------
    value : float
        Value of the best seeded greedy answer.
    seeds : int
        All sets of at most so many paths were tried as seeds.
    whole : bool
        Whether one limit alone binds; with limits by exchange there is no such guarantee: inf.

    References
    ----------
    Sviridenko (2004), A Note on Maximizing a Submodular Set Function Subject to a Knapsack
    Constraint, Operations Research Letters 32: 1 - 1/e from seeds of three.
    Khuller, Moss, Naor (1999), The Budgeted Maximum Coverage Problem, Information Processing
    Letters 70: (1 - 1/e) / 2 from the better of the greedy and the best single set.
    """
    if not whole or seeds < 1:
        return math.inf
    share = 1.0 - math.exp(-1.0)
    return value / (share if seeds >= WHOLE_SEEDS else share / 2)
