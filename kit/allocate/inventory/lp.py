"""Sampling rates of the paths by linear programming, and the bound its duals prove."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kit.allocate.highs import quiet_highs, run_highs
from kit.allocate.inventory import kernels_inventory as kernels
from kit.allocate.inventory.bound import priced_bound
from kit.allocate.inventory.greedy import greedy_inventory
from kit.allocate.inventory.problem import Array, Inventory, InventorySelection, QpsLimit
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
    import highspy

    program = _Program.of(lot, limit)
    solver = quiet_highs()
    if time_limit is not None:
        solver.setOptionValue("time_limit", float(time_limit))
    solver.passModel(program.model())
    status = run_highs(solver)
    if status == highspy.HighsModelStatus.kTimeLimit:
        return None, None
    if status != highspy.HighsModelStatus.kOptimal:
        raise SolverError(
            f"inventory LP: HiGHS ended with status {solver.modelStatusToString(status)!r}; must "
            "be optimal. Use the greedy."
        )
    solution = solver.getSolution()
    rate = np.asarray(solution.col_value)[: len(lot)]
    price = np.zeros(len(lot.groups))
    # a group with one path is bought whenever the path is heard: no price of its own
    dual = np.asarray(solution.row_dual)[len(program.limit) - len(program.groups) :]
    price[program.groups] = np.maximum(-dual, 0.0) * program.scale
    return rate, price


@dataclass(frozen=True, eq=False)
class _Program:
    """min cost z, rows z <= limit, 0 <= z <= 1, with z the rates, then the shares.

    ``groups`` are those with two paths or more; their rows come last. Costs are in units of
    `scale`, queries as shares of all requests: the solver likes numbers near one.
    """

    cost: Array
    rows: Any
    limit: Array
    groups: NDArray[np.int64]
    scale: float

    @classmethod
    def of(cls, lot: Inventory, limit: QpsLimit) -> _Program:
        size = np.diff(lot.group_start)
        group = np.repeat(np.arange(len(size)), size)
        offers = np.flatnonzero(size[group] > 1)
        alone = size[group] == 1
        scale = float(lot.group_worth.max(initial=0.0)) or 1.0
        gain = np.bincount(lot.group_path[alone], lot.group_worth[alone], len(lot))
        groups, row = np.unique(group[offers], return_inverse=True)
        count, ones, place = len(offers), np.ones(len(offers)), np.arange(len(offers))
        queries, most = _query_rows(lot, limit)
        heard = sparse.csr_array((-ones, (place, lot.group_path[offers])), (count, len(lot)))
        once = sparse.csr_array((ones, (row, place)), (len(groups), count))
        rows = sparse.block_array(
            [
                [queries, sparse.csr_array((len(most), count))],
                [heard, sparse.eye_array(count)],  # share <= rate
                [sparse.csr_array((len(groups), len(lot))), once],
            ],
            format="csr",
        )
        cost = -np.concatenate([gain, lot.group_worth[offers]]) / scale
        bounds = np.concatenate([most, np.zeros(count), np.ones(len(groups))])
        return cls(cost, rows, bounds, groups, scale)

    def model(self) -> Any:
        """Return the program in HiGHS's form."""
        import highspy

        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = self.rows.shape
        model.col_cost_ = self.cost
        model.col_lower_, model.col_upper_ = np.zeros(len(self.cost)), np.ones(len(self.cost))
        model.row_lower_ = np.full(len(self.limit), -np.inf)
        model.row_upper_ = self.limit
        matrix = model.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_, matrix.index_ = self.rows.indptr, self.rows.indices
        matrix.value_ = self.rows.data
        return model


def _query_rows(lot: Inventory, limit: QpsLimit) -> tuple[Any, Array]:
    """Return the rows of the limits, in all and by exchange, and their right-hand sides."""
    weight, requests = lot.qps / lot.qps.sum(), lot.qps.sum()
    by_exchange = limit.of(lot)
    limited = np.flatnonzero(np.isfinite(by_exchange))
    inside = lot.exchange == limited[:, None]
    rows = sparse.csr_array(np.vstack([weight, inside * weight]))
    most = np.concatenate([[limit.total], by_exchange[limited]]) / requests
    return rows, np.minimum(most, 1.0)


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
