"""Inventory chosen on tune earns more on held-out requests than what it is compared with."""

from __future__ import annotations

import numpy as np
import pytest

from kit.allocate.inventory.problem import QpsLimit
from kit.allocate.inventory.reselling import resell
from kit.allocate.inventory.supply_paths import SupplyPaths
from kit.base.errors import DataError
from kit.data.simulate import SimulationConfig, simulate
from kit.data.split import Split, time_split
from kit.data.valid import valid_clicks
from kit.flow.fit import ClickValue, Models, fit_models, with_values
from kit.flow.judge_inventory import judge_inventory
from kit.flow.select_inventory import (
    RANKING,
    UNIFORM,
    inventory_frontier,
    select_inventory,
)
from kit.report.inventory_figures import inventory_picture

BY = ("exchange", "supply_path", "ad_format")
Fitted = tuple[Split, Models, np.ndarray]


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    """An oracle's log, so that every outcome of the replay is known; four held-out days.

    Beside it the true expected value of every held-out impression: what a replay earns is then
    not a matter of a few clicks.
    """
    simulation = simulate(SimulationConfig(auctions=40_000, days=10, ctr=0.03), seed=71)
    sold = resell(valid_clicks(simulation.full_log()), np.random.default_rng(72))
    value = simulation.truth.value(simulation.log.request)[sold.source]
    raw = time_split(sold.log, tune=0.2, holdout=0.4)
    models = fit_models(raw.train, raw.tune, lambda _: None, targets=("click", "market"))
    assert models.click is not None
    split = with_values(raw, models.click, ClickValue.of(raw.train, raw.tune))
    return split, models, value[-len(raw.holdout) :]


def test_the_selection_beats_both_baselines_on_held_out_requests(fitted: Fitted) -> None:
    split, models, value = fitted
    assert models.market is not None
    plan = select_inventory(
        split.tune, models.market, qps_share=0.3, by=BY, impression="auction_id"
    )
    assert plan.selection.gap < 0.02
    assert plan.selection.qps <= plan.selection.limit.total * (1 + 1e-9)
    judged = judge_inventory(split.holdout, models.market, plan, value=value)
    queries = judged.totals["queries"]
    assert queries.max() < 1.1 * queries.min()  # the same limit for all
    found = judged.differences.set_index("over")
    for name in (UNIFORM, RANKING):
        assert found.loc[name, "low"] > 0, found
        assert found.loc[name, "decision"] == "better"
    clicks = judge_inventory(split.holdout, models.market, plan).differences.set_index("over")
    assert clicks.loc[UNIFORM, "low"] > 0
    picture = inventory_picture(
        inventory_frontier(plan, 4), judged.differences, now=plan.selection.limit.total
    )
    assert "every path alike" in picture


def test_everything_heard_leaves_nothing_to_choose(fitted: Fitted) -> None:
    split, models, _ = fitted
    assert models.market is not None
    plan = select_inventory(split.tune, models.market, qps_share=1.0, impression="auction_id")
    judged = judge_inventory(split.holdout, models.market, plan)
    assert judged.differences["difference"].abs().max() <= 1e-6 * judged.totals["surplus"].max()


def test_plans_hear_what_they_say(fitted: Fitted) -> None:
    split, models, _ = fitted
    assert models.market is not None
    limit = QpsLimit(0.02, {"aurora": 0.005})
    plan = select_inventory(split.tune, models.market, limit, by=BY, exploration=0.1)
    assert plan.selection.method.endswith("10% exploring")
    paths = plan.paths_of(split.tune)
    heard = plan.heard(paths)
    span = split.tune.frame["timestamp"]
    seconds = (span.iloc[-1] - span.iloc[0]).total_seconds()
    assert heard.sum() / seconds == pytest.approx(0.02, rel=0.1)
    aurora = (split.tune.frame["exchange"] == "aurora").to_numpy()
    assert (heard & aurora).sum() / seconds <= 0.005 * 1.15
    assert plan.heard(paths).tolist() == heard.tolist()
    other = SupplyPaths.of(split.tune, ["country"])
    assert not plan.heard(other).any()  # no path of the plan
    assert plan.words()[0].startswith("Listen to ")
    assert {"rate", "loses", "adds", *BY} <= set(plan.table.columns)


def test_the_frontier_rises_under_its_bound(fitted: Fitted) -> None:
    split, models, _ = fitted
    assert models.market is not None
    plan = select_inventory(split.tune, models.market, qps_share=0.3, by=BY,
                            impression="auction_id")  # fmt: skip
    frontier = inventory_frontier(plan, 5)
    assert (frontier["selected"].diff().dropna() >= -1e-12).all()
    assert (frontier["bound"] >= frontier["selected"] - 1e-15).all()
    assert (frontier["selected"] >= frontier[["uniform", "ranking"]].max(axis=1) - 1e-12).all()
    last = frontier.iloc[-1]
    assert last["uniform"] == pytest.approx(last["selected"])


def test_refusals(fitted: Fitted) -> None:
    split, models, _ = fitted
    assert models.market is not None
    log, market = split.tune, models.market
    with pytest.raises(DataError, match="qps: got None and qps_share: got None"):
        select_inventory(log, market)
    with pytest.raises(DataError, match=r"qps: got 3.0 and qps_share: got 0.1"):
        select_inventory(log, market, 3.0, qps_share=0.1)
    with pytest.raises(DataError, match="qps: got -1"):
        select_inventory(log, market, -1.0)
    with pytest.raises(DataError, match=r"qps_share: got 1.2"):
        select_inventory(log, market, qps_share=1.2)
    with pytest.raises(DataError, match=r"exploration share: got 1.5"):
        select_inventory(log, market, 1.0, exploration=1.5)
    with pytest.raises(DataError, match="method: got 'best'"):
        select_inventory(log, market, 1.0, method="best")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="log: has no requests"):
        select_inventory(log.rows(slice(0, 0)), market, 1.0)
    plan = select_inventory(log, market, 0.01)
    with pytest.raises(DataError, match="others: got none"):
        judge_inventory(log, market, plan, {})
    with pytest.raises(DataError, match="reading: got 'given'"):
        judge_inventory(log, market, plan, reading="given")  # type: ignore[arg-type]
