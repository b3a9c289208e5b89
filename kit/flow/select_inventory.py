"""Select inventory on the tune split under a limit of queries, and judge it by replay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.inventory.exploration import Exploration, explore_inventory
from kit.allocate.inventory.from_log import inventory_from_log, request_worth
from kit.allocate.inventory.greedy import greedy_inventory
from kit.allocate.inventory.lp import lp_inventory
from kit.allocate.inventory.problem import Inventory, InventorySelection, QpsLimit
from kit.allocate.inventory.supply_paths import SupplyPaths, compare_paths
from kit.base.checks import number, one_of
from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.models.landscape import LandscapeModel

Method = Literal["auto", "lp", "greedy"]
LP_OFFERS = 20_000
"""Up to so many offers ``auto`` also solves the LP: about two seconds."""
UNIFORM, RANKING = "every path alike", "best paths by surplus per request"


@dataclass(frozen=True, eq=False)
class InventoryPlan:
    """Which paths to listen to, and how to apply that to a log.

    Parameters
    ----------
    selection : InventorySelection
        Rates, value and bound on the rows it was chosen on.
    by : tuple of str
        Columns that define a path.
    impression : str or None
        Column that is the same for every copy of an impression.
    overlaps : pandas.DataFrame
        Each path beside the others of its impressions (`compare_paths`).
    exploration : Exploration or None
        What was set aside for unknown paths; the rates of `selection` include it.
    currency : str
        Of the money.
    """

    selection: InventorySelection
    by: tuple[str, ...]
    impression: str | None
    overlaps: pd.DataFrame
    exploration: Exploration | None = None
    currency: str = "USD"

    @property
    def table(self) -> pd.DataFrame:
        """One row a path with its rate, best first; see `InventorySelection.table`."""
        return self.selection.table

    def words(self) -> list[str]:
        """Return the plan in sentences."""
        return self.selection.words(self.currency)

    def with_rates(self, rate: NDArray[np.float64], method: str) -> InventoryPlan:
        """Return the plan with other rates of the same paths."""
        chosen = self.selection
        value = chosen.inventory.value(rate)
        return replace(self, selection=replace(chosen, rate=rate, value=value, method=method))

    def paths_of(self, log: AuctionLog) -> SupplyPaths:
        """Return the paths of another log, cut in the same way."""
        return SupplyPaths.of(log, self.by, self.impression)

    def heard(self, paths: SupplyPaths, seed: int = 0) -> NDArray[np.bool_]:
        """Return which requests are listened to, shape (n,); paths not in the plan are not.

        Each request has one lot for each seed, whatever the plan: two plans that listen to a path
        at one rate hear the same requests.
        """
        place = paths.known_path(self.selection.inventory.paths.reset_index())
        rate = np.append(self.selection.rate, 0.0)[place]
        return np.asarray(np.random.default_rng(seed).random(len(place)) < rate)


def select_inventory(
    log: AuctionLog,
    market: LandscapeModel,
    qps: float | QpsLimit | None = None,
    *,
    qps_share: float | None = None,
    by: Sequence[str] = (),
    impression: str | None = None,
    exploration: float = 0.0,
    method: Method = "auto",
    seconds: float | None = None,
    traffic_scale: float = 1.0,
) -> InventoryPlan:
    """Choose which paths to listen to under a limit of queries per second.

    Parameters
    ----------
    log : AuctionLog
        The tune split, with ``pctr`` and ``click_value_cpm``.
    market : LandscapeModel
        Market prices.
    qps : float or QpsLimit, optional
        Queries per second, in all or also by exchange.
    qps_share : float, optional
        The same as a share of all requests, in [0, 1]. Pass one of both.
    by : sequence of str
        Columns that define a path; default exchange and supply_path, those there are.
    impression : str, optional
        Column that is the same for every copy of an impression; None: no copies.
    exploration : float
        Share of the queries set aside for paths seen too little, in [0, 1).
    method : {"auto", "lp", "greedy"}
        *auto*: the greedy, and up to `LP_OFFERS` offers also the LP; the better answer with the
        least bound.
    seconds, traffic_scale
        See `kit.allocate.inventory.from_log.inventory_from_log`.

    Returns
    -------
    InventoryPlan

    Raises
    ------
    DataError
        If a limit, share or column is not allowed.
    """
    one_of("method", method, ("auto", "lp", "greedy"))
    paths = SupplyPaths.of(log, by, impression)
    worth = request_worth(log, market)
    inventory = inventory_from_log(
        log, worth.surplus_cpm, paths, seconds=seconds, traffic_scale=traffic_scale
    )
    limit = _limit(inventory, qps, qps_share)
    found = choose_inventory(inventory, limit, method)
    names = tuple(str(name) for name in paths.table.columns if name != "path_id")
    overlaps, currency = compare_paths(log, paths), log.meta.unit.currency
    plan = InventoryPlan(found, names, impression, overlaps, currency=currency)
    if not exploration:
        return plan
    explored = explore_inventory(inventory, limit, exploration)
    method_name = f"{found.method}, {explored.share:.0%} exploring"
    return replace(plan.with_rates(explored.rate, method_name), exploration=explored)


def choose_inventory(
    inventory: Inventory, limit: QpsLimit, method: Method = "auto"
) -> InventorySelection:
    """Return the best selection that the method finds, with every bound computed on the way.

    Parameters
    ----------
    inventory, limit : Inventory and QpsLimit
        The problem.
    method : {"auto", "lp", "greedy"}
        See `select_inventory`.

    Examples
    --------
    >>> inventory = Inventory.of(pd.DataFrame({
    ...     "path_id": ["p", "q"], "exchange": "x", "qps": [4.0, 3.0], "surplus": [1.0, 0.9]}))
    >>> found = choose_inventory(inventory, QpsLimit(5.5))
    >>> found.rate.round(6).tolist(), round(found.value, 6), abs(round(found.gap, 6))
    ([1.0, 0.5], 5.35, 0.0)
    """
    if method == "lp":
        return lp_inventory(inventory, limit)
    greedy = greedy_inventory(inventory, limit)
    if method == "greedy" or len(inventory.path_group) > LP_OFFERS:
        return greedy
    lp = lp_inventory(inventory, limit)
    best = max(greedy, lp, key=lambda found: found.value)
    return replace(
        best, bounds={**greedy.bounds, **lp.bounds}, seconds=greedy.seconds + lp.seconds,
        query_price=lp.query_price, exchange_price=lp.exchange_price,
    )  # fmt: skip


def uniform_plan(plan: InventoryPlan) -> InventoryPlan:
    """Return the plan that samples every path at one rate, under the same limit in all."""
    chosen = plan.selection
    share = min(1.0, chosen.limit.total / chosen.inventory.qps.sum())
    return plan.with_rates(np.full(len(chosen.rate), share), UNIFORM)


def ranking_plan(plan: InventoryPlan) -> InventoryPlan:
    """Return the plan that takes paths by surplus per request, copies left out of account."""
    lot = plan.selection.inventory
    surplus = lot.paths["surplus"].to_numpy(dtype=np.float64)
    alone = lot.paths.reset_index().assign(surplus=np.maximum(surplus, 0.0))
    ranked = greedy_inventory(Inventory.of(alone), plan.selection.limit, seeds=0, steps=0)
    return plan.with_rates(ranked.rate, RANKING)


def inventory_frontier(plan: InventoryPlan, points: int = 12) -> pd.DataFrame:
    """Return what each number of queries earns, at the estimates the plan was chosen on.

    Parameters
    ----------
    plan : InventoryPlan
        Its paths are chosen from anew under each limit; limits by exchange move along.
    points : int
        Limits between none and all requests.

    Returns
    -------
    pandas.DataFrame, one row a limit
        ``qps``, and money per second: ``selected``, ``bound``, ``uniform`` (every path alike) and
        ``ranking`` (best paths by surplus per request).
    """
    lot, limit = plan.selection.inventory, plan.selection.limit
    most = float(lot.qps.sum())
    rows = []
    for total in np.linspace(0.0, most, int(number("points", points, 2)) + 1)[1:]:
        scale = total / limit.total if limit.total > 0 else 0.0
        scaled = QpsLimit(
            float(total), {name: scale * part for name, part in limit.by_exchange.items()}
        )
        one = replace(plan, selection=choose_inventory(lot, scaled))
        rows.append(
            {"qps": total, "selected": one.selection.value, "bound": one.selection.bound,
             "uniform": uniform_plan(one).selection.value,
             "ranking": ranking_plan(one).selection.value}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _limit(inventory: Inventory, qps: float | QpsLimit | None, share: float | None) -> QpsLimit:
    if (qps is None) == (share is None):
        raise DataError(
            f"qps: got {qps!r} and qps_share: got {share!r}; must be one of them. Pass qps=300, "
            "or qps_share=0.3."
        )
    if isinstance(qps, QpsLimit):
        return qps
    if qps is not None:
        return QpsLimit(number("qps", qps, 0))
    return QpsLimit(number("qps_share", share, 0, 1) * float(inventory.qps.sum()))
