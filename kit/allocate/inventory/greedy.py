"""Choose paths by gain per query, lazily, from many seeds; the bound comes with the answer."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from kit.allocate.inventory import kernels_greedy
from kit.allocate.inventory import kernels_inventory as kernels
from kit.allocate.inventory.bound import WHOLE_SEEDS, guarantee, priced_bound, tightened_bound
from kit.allocate.inventory.problem import Array, Inventory, InventorySelection, QpsLimit
from kit.base.checks import number

AFFORDABLE = 5_000_000
"""Offers times seed sets that the partial enumeration may take on: well under a second."""
_SURE = (0.5, 0.7, 0.9)


def greedy_inventory(
    inventory: Inventory,
    limit: QpsLimit,
    *,
    seeds: int | None = None,
    fill: bool = True,
    steps: int = 200,
) -> InventorySelection:
    """Choose whole paths by gain per query, and fill the last queries with a sampled one.

    Parameters
    ----------
    inventory : Inventory
        Paths, groups of identical impressions, offers.
    limit : QpsLimit
        Queries per second, in all and by exchange.
    seeds : int, optional
        Start from every set of at most so many paths, 0 to 3; None takes the most that is
        affordable (`AFFORDABLE`).
    fill : bool
        Whether queries that fit no further whole path go to sampled ones.
    steps : int
        Subgradient steps on the bound; 0 leaves the data-dependent bound as it is.

    Returns
    -------
    InventorySelection
        ``bounds`` holds "guarantee" (the greedy's own, for whole paths under one limit),
        "data" (data-dependent) and "prices" (that one tightened, at most the LP's gap above it).

    Notes
    -----
    Gains only shrink as paths are taken, so a gain computed earlier bounds the present one, and
    only the top of a heap is computed anew. The steps on the bound also yield rates near the
    LP's; the greedy is grown once more from the paths that those are sure of, and the better
    answer kept, which about halves its gap.

    References
    ----------
    Leskovec et al. (2007), Cost-effective Outbreak Detection in Networks, KDD (CELF).
    Sviridenko (2004), A Note on Maximizing a Submodular Set Function Subject to a Knapsack
    Constraint, Operations Research Letters 32, theorem 1.
    Khuller, Moss, Naor (1999), The Budgeted Maximum Coverage Problem, Information Processing
    Letters 70, theorems 3 and 4.

    Examples
    --------
    >>> import pandas as pd
    >>> inventory = Inventory.of(pd.DataFrame({
    ...     "path_id": ["p", "q", "r"], "exchange": "x", "qps": [4.0, 3.0, 3.0],
    ...     "surplus": [1.0, 0.9, 0.8]}))
    >>> found = greedy_inventory(inventory, QpsLimit(6.0), fill=False)
    >>> found.rate.tolist(), round(found.value, 2), round(found.bound, 2)
    ([0.0, 1.0, 1.0], 5.1, 5.8)
    """
    start = time.perf_counter()
    by_exchange = limit.of(inventory)
    depth = affordable_seeds(inventory) if seeds is None else int(number("seeds", seeds, 0, 3))
    value, taken = _seeded(inventory, limit.total, by_exchange, depth)
    whole = bool((by_exchange >= limit.total).all())
    bounds = {} if fill else {"guarantee": guarantee(value, depth, whole)}
    price = _best_offers(inventory, taken)
    proved = priced_bound(inventory, limit, price)
    bounds["data"] = proved.bound
    if steps:
        proved, _, mean = tightened_bound(inventory, limit, price, value, steps)
        bounds["prices"] = proved.bound
        regrown, again = _regrown(inventory, limit.total, by_exchange, mean)
        taken = again if regrown > value else taken
    rate = taken.astype(np.float64)
    if fill:
        _fill(inventory, limit.total, by_exchange, rate)
    value = inventory.value(rate)
    seconds = time.perf_counter() - start
    method = f"greedy, seeds of {depth}" if depth else "greedy"
    return InventorySelection(
        inventory, limit, rate, value, bounds, method, seconds, proved.query_price,
        proved.exchange_price,
    )  # fmt: skip


def affordable_seeds(inventory: Inventory) -> int:
    """Return the largest seed sets, 1 to 3, that `AFFORDABLE` offers can pay for."""
    offers = len(inventory.path_group) + len(inventory.groups)
    for depth in range(WHOLE_SEEDS, 1, -1):
        sets = sum(math.comb(len(inventory), size) for size in range(depth + 1))
        if sets * 2 * offers <= AFFORDABLE:
            return depth
    return 1


def _seeded(
    lot: Inventory, total: float, by_exchange: Array, depth: int
) -> tuple[float, NDArray[np.bool_]]:
    """Run the greedy from every seed set; one path alone is compared rather than grown."""
    gain, weight = np.empty(len(lot)), lot.qps
    kernels.gains_over(
        lot.group_start, lot.group_path, lot.group_worth, np.zeros(len(lot.groups)), gain
    )
    sets = [()] if depth < 2 else _seed_sets(len(lot), depth)
    value, taken = _grown(lot, total, by_exchange, gain, sets)
    if depth == 1:
        room = np.minimum(total, by_exchange[lot.exchange])
        single = int(np.argmax(np.where(weight <= room, gain, -1.0)))
        if weight[single] <= room[single] and gain[single] > value:
            taken = np.arange(len(lot)) == single
            value = float(gain[single])
    return value, taken


def _grown(
    lot: Inventory, total: float, by_exchange: Array, gain: Array, sets: Sequence[Sequence[int]]
) -> tuple[float, NDArray[np.bool_]]:
    """Return the best greedy answer over some seed sets."""
    seeds = np.full((len(sets), max(1, max(map(len, sets)))), -1, dtype=np.int64)
    for row, members in enumerate(sets):
        seeds[row, : len(members)] = members
    keys = gain / lot.qps
    items = np.argsort(-keys, kind="stable").astype(np.int64)
    value, taken, _ = kernels_greedy.seeded_greedy(
        lot.path_start, lot.path_group, lot.path_worth, lot.qps, lot.exchange, keys[items], items,
        total, by_exchange, len(lot.groups), seeds,
    )  # fmt: skip
    return value, taken


def _regrown(
    lot: Inventory, total: float, by_exchange: Array, mean: Array
) -> tuple[float, NDArray[np.bool_]]:
    """Grow the greedy from the paths with high mean rates, as many as fit."""
    fitting, gain = np.zeros(len(lot)), np.empty(len(lot))
    kernels.fractional_fill(
        np.argsort(-mean, kind="stable"), np.ones(len(lot)), lot.qps, lot.exchange, total,
        by_exchange, fitting,
    )  # fmt: skip
    kernels.gains_over(
        lot.group_start, lot.group_path, lot.group_worth, np.zeros(len(lot.groups)), gain
    )
    sets = [np.flatnonzero((mean >= sure) & (fitting >= 1.0)).tolist() for sure in _SURE]
    return _grown(lot, total, by_exchange, gain, sets)


def _seed_sets(paths: int, depth: int) -> list[tuple[int, ...]]:
    return [seed for size in range(depth + 1) for seed in combinations(range(paths), size)]


def _best_offers(lot: Inventory, taken: NDArray[np.bool_]) -> Array:
    """Return the best offer of each group among whole paths, shape (G,)."""
    best = np.zeros(len(lot.groups))
    chosen = np.repeat(taken, np.diff(lot.path_start))
    np.maximum.at(best, lot.path_group[chosen], lot.path_worth[chosen])
    return best


def _fill(lot: Inventory, total: float, by_exchange: Array, rate: Array) -> None:
    """Give the queries left to further paths by gain per query, in part where they must be."""
    weight = lot.qps
    best = _best_offers(lot, rate > 0)
    gain = np.empty(len(lot))
    kernels.gains_over(lot.group_start, lot.group_path, lot.group_worth, best, gain)
    gain[rate > 0] = 0.0
    used = np.bincount(lot.exchange, rate * weight, len(lot.exchanges))
    kernels.fractional_fill(
        np.argsort(-gain / weight, kind="stable"), gain, weight, lot.exchange,
        max(0.0, total - used.sum()), np.maximum(0.0, by_exchange - used), rate,
    )  # fmt: skip
