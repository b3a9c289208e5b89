"""A share of the queries for unknown paths: within limits, worth its cost, accounted for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kit.allocate.inventory.exploration import (
    Beliefs,
    best_known,
    expected_gain,
    explore_inventory,
    information,
)
from kit.allocate.inventory.problem import Inventory, QpsLimit
from kit.allocate.inventory.regret import exploration_regret
from kit.base.errors import DataError

RULES = ("information", "ucb", "thompson")


def world(seed: int, paths: int = 80) -> tuple[pd.DataFrame, np.ndarray, QpsLimit]:
    """Half of the paths known, the others believed mediocre; some of those are the best."""
    rng = np.random.default_rng(seed)
    truth = rng.lognormal(0, 0.8, paths)
    known = np.arange(paths) < paths // 2
    table = pd.DataFrame(
        {
            "path_id": np.arange(paths),
            "exchange": rng.choice(["x", "y"], paths),
            "qps": rng.lognormal(0, 1, paths),
            "surplus": np.where(known, truth, 0.8),
            "surplus_se": np.where(known, 0.02, 1.0),
            "surplus_sd": 4.0,
            "requests": np.where(known, 40_000, 0),
        }
    )
    return table, truth, QpsLimit(0.25 * table["qps"].sum())


def test_expected_gain_against_draws() -> None:
    draws = np.random.default_rng(0).standard_normal(400_000)
    for away, learned in ((0.0, 1.0), (0.5, 0.8), (2.0, 1.5)):
        mean = np.maximum(learned * draws - away, 0).mean()
        found = expected_gain(np.array([away]), np.array([learned]))[0]
        assert found == pytest.approx(mean, rel=0.02)


def test_information_is_worth_most_near_the_price() -> None:
    beliefs = Beliefs(np.array([1.0, 5.0, 1.0]), np.array([0.5, 0.5, 0.0]), np.ones(3), np.zeros(3))
    count, index = information(beliefs, 1.1, np.full(3, 1000.0))
    assert index[0] > index[1] > 0
    assert index[2] == 0
    assert 1 <= count[0] < 1000


@pytest.mark.parametrize("rule", RULES)
def test_limits_hold_and_the_cost_is_what_is_given_up(rule: str) -> None:
    table, _, limit = world(1)
    limit = QpsLimit(limit.total, {"x": 0.4 * limit.total})
    lot = Inventory.of(table)
    found = explore_inventory(lot, limit, 0.1, rule=rule)  # type: ignore[arg-type]
    used = np.bincount(lot.exchange, found.rate * lot.qps, 2)
    assert used.sum() <= limit.total * (1 + 1e-9)
    assert used[0] <= 0.4 * limit.total * (1 + 1e-9)
    assert found.explored @ lot.qps == pytest.approx(0.1 * limit.total, rel=1e-6)
    assert set(found.table["requests"]) == {0}
    full = best_known(lot, limit).value
    assert found.cost == pytest.approx(full - lot.value(found.rate))
    assert found.cost > 0


def test_what_no_unknown_path_needs_goes_back() -> None:
    table, _, limit = world(2)
    lot = Inventory.of(table.assign(requests=10**6, surplus_se=0.01))
    found = explore_inventory(lot, limit, 0.3)
    assert found.cost == pytest.approx(0, abs=1e-9)
    assert found.rate @ lot.qps == pytest.approx(limit.total)


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_exploring_pays_where_good_paths_are_unknown(rule: str) -> None:
    kept, explored = [], []
    for seed in range(20, 24):
        table, truth, limit = world(seed)
        for share, sums in ((0.0, kept), (0.1, explored)):
            found = exploration_regret(
                table, truth, limit, share, np.random.default_rng(seed), rule=rule, rounds=20,
                queries_per_qps=20.0,
            )  # type: ignore[arg-type]  # fmt: skip
            assert found["regret"].iloc[-1] == pytest.approx(
                (found["best"] - found["earned"]).sum()
            )
            parts = found["exploring"] + found["mistaken"]
            assert parts.to_numpy() == pytest.approx((found["best"] - found["earned"]).to_numpy())
            sums.append(found["regret"].iloc[-1])
    assert np.sum(explored) < 0.8 * np.sum(kept)


def test_exploring_costs_where_everything_is_known() -> None:
    table, truth, limit = world(5)
    table = table.assign(surplus=truth, surplus_se=1e-6, requests=0)
    found = exploration_regret(table, truth, limit, 0.2, np.random.default_rng(0), rounds=3)
    assert (found["exploring"] > 0).all()
    assert found["mistaken"].abs().max() < 0.01 * found["best"].max()


@pytest.mark.parametrize(
    ("share", "message"),
    [
        (1.0, "exploration share: got 1; must be below 1"),
        (1.5, "exploration share: got 1.5; must be a number in"),
        (-0.1, "exploration share: got -0.1"),
        (float("nan"), "exploration share: got nan"),
    ],
)
def test_refused_shares(share: float, message: str) -> None:
    table, _, limit = world(1)
    with pytest.raises(DataError, match=message):
        explore_inventory(Inventory.of(table), limit, share)


def test_refused_beliefs() -> None:
    table, truth, limit = world(1)
    with pytest.raises(DataError, match="paths: lacks column surplus_se"):
        explore_inventory(Inventory.of(table.drop(columns="surplus_se")), limit, 0.1)
    with pytest.raises(DataError, match=r"paths.surplus_sd: 80 negative values"):
        explore_inventory(Inventory.of(table.assign(surplus_sd=-1.0)), limit, 0.1)
    with pytest.raises(DataError, match="rule: got 'luck'"):
        explore_inventory(Inventory.of(table), limit, 0.1, rule="luck")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="truth: has shape"):
        exploration_regret(table, truth[:2], limit, 0.1, np.random.default_rng(0))
