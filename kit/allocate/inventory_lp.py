"""Sampling rates of the paths by linear programming, and the bound its duals prove."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kit.allocate import kernels_inventory as kernels
from kit.allocate.inventory import Array, Inventory, InventorySelection, QpsLimit
from kit.allocate.inventory_bound import priced_bound
from kit.allocate.inventory_greedy import greedy_inventory
from kit.base.errors import SolverError

_EDGE = 1e-7


def lp_inventory(
    inventory: Inventory, limit: QpsLimit, *, time_limit: float | None = None
) -> InventorySelection:
    """Choose sampling rates by the LP relaxation; its bound comes from its duals.

    Parameters
    ----------
    inventory : Inventory
        Paths, groups of identical impressions, offers.
    limit : QpsLimit
        Queries per second, in all and by exchange.
    time_limit : float, optional
        Seconds; when they run out the greedy's selection and bound are returned.

    Returns
    -------
    InventorySelection
        ``value`` is what independent sampling at these rates earns, not the LP's objective, which
        only sampling coordinated between paths would reach; ``bounds["lp"]`` is proved by the
        solver's duals, evaluated anew, so that no tolerance of the solver enters it.

    Raises
    ------
    SolverError
        If the solver fails.

    Notes
    -----
    With x the rate of a path, y the share of a group bought over a path, w its worth and q the
    path's requests per second: max sum w y, y_gp <= x_p, sum_p y_gp <= 1, sum_p q_p x_p <= Q.
    Groups with one path need no y. Rates strictly between 0 and 1 are then moved in pairs within
    an exchange until one is left (pipage), which never lowers the value.

    References
    ----------
    Cornuejols, Fisher, Nemhauser (1977), Location of Bank Accounts to Optimize Float, Management
    Science 23 (the relaxation).
    Ageev, Sviridenko (2004), Pipage Rounding, J. Combinatorial Optimization 8, section 3.

    Examples
    --------
    >>> import pandas as pd
    >>> inventory = Inventory.of(pd.DataFrame({
    ...     "path_id": ["p", "q", "r"], "exchange": "x", "qps": [4.0, 3.0, 3.0],
    ...     "surplus": [1.0, 0.9, 0.8]}))
    >>> found = lp_inventory(inventory, QpsLimit(6.0))
    >>> found.rate.round(6).tolist(), round(found.value, 6), round(found.bound, 6)
    ([1.0, 0.666667, 0.0], 5.8, 5.8)
    """
    start = time.perf_counter()
    rate, price = _solve(inventory, limit, time_limit)
    if rate is None or price is None:
        found = greedy_inventory(inventory, limit)
        return InventorySelection(
            inventory, limit, found.rate, found.value, found.bounds,
            f"{found.method} (the LP ran out of time)", time.perf_counter() - start,
            found.query_price, found.exchange_price,
        )  # fmt: skip
    rate = _within(inventory, limit, rate)
    rounded = _pipage(inventory, rate.copy())
    if inventory.value(rounded) > inventory.value(rate):
        rate = rounded
    proved = priced_bound(inventory, limit, price)
    return InventorySelection(
        inventory, limit, rate, inventory.value(rate), {"lp": proved.bound}, "lp",
        time.perf_counter() - start, proved.query_price, proved.exchange_price,
    )  # fmt: skip


def _solve(
    lot: Inventory, limit: QpsLimit, time_limit: float | None
) -> tuple[Array | None, Array | None]:
    """Return rates and the price of each group; None where time ran out."""
    import cvxpy as cp

    size = np.diff(lot.group_start)
    group = np.repeat(np.arange(len(size)), size)
    shared = size[group] > 1
    scale = float(lot.group_worth.max(initial=0.0)) or 1.0
    worth = lot.group_worth / scale
    rate: Any = cp.Variable(len(lot))
    alone = np.bincount(lot.group_path[~shared], worth[~shared], len(lot))
    objective: Any = alone @ rate
    limits: list[Any] = [rate >= 0, rate <= 1, *_qps_limits(lot, limit, rate)]
    offers = np.flatnonzero(shared)
    once: Any = None
    if len(offers):
        share: Any = cp.Variable(len(offers))
        once = _by_group(group[offers]) @ share <= 1
        objective = objective + worth[offers] @ share
        limits += [share >= 0, share <= _by_path(lot.group_path[offers], len(lot)) @ rate, once]
    problem: Any = cp.Problem(cp.Maximize(objective), limits)
    options = {} if time_limit is None else {"time_limit": float(time_limit)}
    try:
        with warnings.catch_warnings():  # a time-out is answered for below
            warnings.simplefilter("ignore", UserWarning)
            problem.solve(solver=cp.HIGHS, **options)
    except cp.error.SolverError as error:
        raise SolverError(
            f"inventory LP: HiGHS failed ({error}); must reach an optimum. Use the greedy."
        ) from None
    if problem.status != "optimal":
        return None, None
    price = np.zeros(len(lot.groups))
    # a group with one path is bought whenever the path is heard: no price of its own
    if once is not None:
        price[np.unique(group[offers])] = np.maximum(once.dual_value, 0.0) * scale
    return np.asarray(rate.value, dtype=np.float64), price


def _qps_limits(lot: Inventory, limit: QpsLimit, rate: Any) -> list[Any]:
    """Return the limits as shares of all requests: the solver likes numbers near one."""
    weight = lot.qps / lot.qps.sum()
    limits = [weight @ rate <= min(limit.total / lot.qps.sum(), 1.0)]
    for code, most in enumerate(limit.of(lot)):
        if np.isfinite(most):
            inside = np.where(lot.exchange == code, weight, 0.0)
            limits.append(inside @ rate <= most / lot.qps.sum())
    return limits


def _by_group(group: NDArray[np.int64]) -> Any:
    """Return the matrix that adds up the offers of each group."""
    row = np.cumsum(np.r_[True, np.diff(group) > 0]) - 1
    return sparse.csr_array((np.ones(len(group)), (row, np.arange(len(group)))))


def _by_path(path: NDArray[np.int32], paths: int) -> Any:
    """Return the matrix that gives each offer the rate of its path."""
    row = np.arange(len(path))
    return sparse.csr_array((np.ones(len(path)), (row, path)), (len(path), paths))


def _within(lot: Inventory, limit: QpsLimit, rate: Array) -> Array:
    """Bring rates off the solver's tolerance and back inside every limit."""
    rate = np.clip(rate, 0.0, 1.0)
    rate = np.where(rate < _EDGE, 0.0, np.where(rate > 1 - _EDGE, 1.0, rate))
    weight, by_exchange = lot.qps, limit.of(lot)
    used = np.bincount(lot.exchange, rate * weight, len(lot.exchanges))
    share = np.minimum(1.0, np.divide(by_exchange, used, out=np.ones_like(used), where=used > 0))
    rate = rate * share[lot.exchange]
    used_in_all = float(rate @ weight)
    return rate * min(1.0, limit.total / used_in_all) if used_in_all > 0 else rate


def _pipage(lot: Inventory, rate: Array) -> Array:
    """Round pairs of partly heard paths, exchange by exchange."""
    for code in range(len(lot.exchanges)):
        partial: NDArray[np.int64] = np.flatnonzero(
            (lot.exchange == code) & (rate > 0) & (rate < 1)
        ).astype(np.int64)
        if len(partial) > 1:
            kernels.pipage(
                partial, lot.path_start, lot.path_group, lot.group_start, lot.group_path,
                lot.group_worth, lot.qps, rate,
            )  # fmt: skip
    return rate
