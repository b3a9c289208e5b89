"""Judge a selection of inventory by replay on rows that chose nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kit.allocate.inventory.from_log import RequestWorth, request_worth
from kit.allocate.inventory.supply_paths import SupplyPaths, best_copies
from kit.base.checks import one_of
from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.flow.select_inventory import RANKING, UNIFORM, InventoryPlan, ranking_plan, uniform_plan
from kit.models.landscape import LandscapeModel
from kit.replay.result import ReplayResult
from kit.replay.run import replay
from kit.validate.blocks import time_blocks
from kit.validate.compare import compare
from kit.validate.comparison import Comparison
from kit.validate.readings import impression_value
from kit.validate.scoring import METRICS


@dataclass(frozen=True, eq=False)
class InventoryJudged:
    """One plan against others on rows that chose none of them.

    Parameters
    ----------
    totals : pandas.DataFrame
        One row a plan, the judged one first: queries, impressions, clicks, spend, value, surplus.
    comparisons : mapping of str to Comparison
        The plan against each other one: the paired difference with its interval.
    results : mapping of str to ReplayResult
        The replays.
    """

    totals: pd.DataFrame
    comparisons: Mapping[str, Comparison]
    results: Mapping[str, ReplayResult]

    @property
    def differences(self) -> pd.DataFrame:
        """One row an other plan: surplus gained over it, with the interval for all of them."""
        rows = []
        for name, comparison in self.comparisons.items():
            first = comparison.first
            rows.append(
                {"over": name, "difference": first.difference, "low": first.simultaneous_low,
                 "high": first.simultaneous_high, "decision": comparison.decision}
            )  # fmt: skip
        return pd.DataFrame(rows)


def judge_inventory(
    holdout: AuctionLog,
    market: LandscapeModel,
    plan: InventoryPlan,
    others: Mapping[str, InventoryPlan] | None = None,
    *,
    reading: Literal["pessimistic", "optimistic"] = "pessimistic",
    value: ArrayLike | None = None,
    seed: int = 0,
) -> InventoryJudged:
    """Replay what each plan hears on held-out rows, at the best bids, and compare in money.

    Parameters
    ----------
    holdout : AuctionLog
        With ``pctr`` and ``click_value_cpm``; seen by no fit and no choice.
    market : LandscapeModel
        Sets the bids; fitted before.
    plan : InventoryPlan
        What is judged.
    others : mapping of str to InventoryPlan, optional
        What it is compared with; default every path alike, and the best paths by surplus per
        request, under the same limit.
    reading : {"pessimistic", "optimistic"}
        How outcomes that the log does not determine are read; see `kit.flow.judge`.
    value : array_like, shape (n,), optional
        Value of each impression if won, where it is known better than by its click.
    seed : int
        Of the sampling and the bootstrap.

    Raises
    ------
    DataError
        If `others` is empty.
    """
    one_of("reading", reading, ("pessimistic", "optimistic"))
    if others is None:
        others = {UNIFORM: uniform_plan(plan), RANKING: ranking_plan(plan)}
    if not others:
        raise DataError("others: got none; must be at least one plan. Pass one to compare with.")
    worth, paths = request_worth(holdout, market), plan.paths_of(holdout)
    blocks, won = (
        time_blocks(holdout),
        impression_value(holdout, reading) if value is None else value,
    )
    results, queries = {}, {}
    for name, one in {"selected": plan, **others}.items():
        heard = one.heard(paths, seed)
        queries[name] = int(heard.sum())
        results[name] = replay(
            holdout, _bids(worth, paths, heard), name=name, value=won, censored=reading,
            blocks=blocks.codes,
        )  # fmt: skip
    mine = results["selected"]
    comparisons = {
        name: compare(
            mine.blocks, results[name].blocks, rng=np.random.default_rng(seed), blocks=blocks,
            metrics=METRICS, policies=len(others),
        )
        for name in others
    }  # fmt: skip
    return InventoryJudged(_totals(results, queries), comparisons, results)


def _bids(worth: RequestWorth, paths: SupplyPaths, heard: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return one bid an impression, on its best copy heard."""
    chosen = best_copies(paths.impression, worth.surplus_cpm, heard)
    return np.where(chosen, worth.bid_cpm, np.nan)


def _totals(results: Mapping[str, ReplayResult], queries: Mapping[str, int]) -> pd.DataFrame:
    rows = [
        {"plan": name, "queries": queries[name], "impressions": result.impressions,
         "clicks": result.clicks, "spend": result.cost, "value": result.value,
         "surplus": result.surplus}
        for name, result in results.items()
    ]  # fmt: skip
    return pd.DataFrame(rows).set_index("plan")
