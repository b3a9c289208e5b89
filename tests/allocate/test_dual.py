"""Dual ascent against HiGHS on random instances of every odd kind: plan, bound, certificate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kit.allocate.linear.lp import LPSolution, solve_lp
from kit.allocate.tables import AllocationTables

INSTANCES = 200


def random_tables(seed: int) -> AllocationTables:
    """Draw a small problem: seeds cycle through plain, tied, unbalanced, free and empty ones."""
    rng = np.random.default_rng([4, seed])
    kind = seed % 8
    rows, demands = int(rng.integers(1, 60)), int(rng.integers(1, 12))
    if kind == 1:  # nothing to match
        rows, demands = int(rng.integers(0, 2)), int(rng.integers(0, 2))
    eligible = np.argwhere(rng.random((rows, demands)) < rng.uniform(0.1, 1.0))
    supply, demand = eligible[:, 0], eligible[:, 1]
    value, cost = rng.lognormal(0, 1, len(supply)), rng.lognormal(0, 1, len(supply))
    capacity = rng.lognormal(2, 1, rows) * (rng.random(rows) > 0.1)
    budget = rng.pareto(1.5, demands) * rows * rng.choice([0.01, 1.0, 100.0])
    if kind == 2:  # many equal optima
        value, cost = np.round(value), np.round(cost)
        capacity, budget = np.round(capacity), np.round(budget)
    if kind == 3:  # one price for all, value all alike
        value, cost = np.full(len(value), 2.0), np.ones(len(cost))
    if kind == 4:  # losses, free pairs, no budget, endless budget
        value -= 1.0
        cost *= rng.random(len(cost)) > 0.3
        budget[rng.random(demands) < 0.3] = 0.0
        budget[rng.random(demands) < 0.3] = np.inf
    if kind == 5:  # odd units
        value, capacity, budget = value * 1e-7, capacity * 1e6, budget * 1e5
    if kind == 6:  # endless supply, limited by budgets
        capacity[rng.random(rows) < 0.5] = np.inf
    if kind == 7:  # value in proportion to cost
        value = 3.0 * cost
    return AllocationTables.of(
        pd.DataFrame({"supply_id": np.arange(rows), "capacity": capacity}),
        pd.DataFrame({"demand_id": np.arange(demands), "budget": budget}),
        pd.DataFrame({"supply_id": supply, "demand_id": demand, "value": value, "cost": cost}),
    )


def broken_limits(tables: AllocationTables, x: np.ndarray) -> float:
    """Return the worst excess of a limit, relative to it."""
    sold = np.bincount(tables.supply_code, x, len(tables.capacity))
    spent = np.bincount(tables.demand_code, x * tables.cost, len(tables.budget))
    worst = 0.0
    for used, limit in ((sold, tables.capacity), (spent, tables.budget)):
        finite = np.isfinite(limit)
        over = used[finite] - limit[finite]
        worst = max(worst, float((over / np.maximum(limit[finite], 1e-12)).max(initial=0.0)))
    return max(worst, float((-x).max(initial=0.0)))


@pytest.mark.parametrize("seed", range(INSTANCES))
def test_dual_and_exact_agree_and_the_certificate_holds(seed: int) -> None:
    tables = random_tables(seed)
    exact = solve_lp(tables, "exact")
    dual = solve_lp(tables, "dual", gap=1e-4)
    best = exact.objective
    assert exact.gap <= 1e-8
    for found in (exact, dual):
        assert broken_limits(tables, found.x) <= 1e-9
        assert found.objective == pytest.approx(float(found.x @ tables.value), rel=1e-9, abs=1e-12)
        assert found.bound >= best * (1 - 1e-9)
    assert dual.reached
    assert best - dual.objective <= 1e-4 * best + 1e-12
    true_gap = (best - dual.objective) / max(abs(best), 1e-300)
    assert dual.gap >= true_gap - 1e-9


@pytest.mark.parametrize("seed", [0, 2, 4, 6])
def test_the_bound_is_the_dual_at_the_prices_given(seed: int) -> None:
    tables = random_tables(seed)
    found = solve_lp(tables, "dual")
    assert bound_at(tables, found) == pytest.approx(found.bound, rel=1e-9)


def bound_at(tables: AllocationTables, found: LPSolution) -> float:
    margin = tables.value - found.prices[tables.demand_code] * tables.cost
    best = np.zeros(len(tables.capacity))
    np.maximum.at(best, tables.supply_code, margin)
    limited = np.isfinite(tables.budget)
    paid = tables.budget[limited] @ found.prices[limited]
    return float(paid + (best * tables.bounded_capacity()).sum())


def test_a_narrow_gap_is_reached() -> None:
    tables = random_tables(40)
    found = solve_lp(tables, "dual", gap=1e-8)
    assert found.reached
    assert found.objective == pytest.approx(solve_lp(tables, "exact").objective, rel=2e-8)


def test_same_answer_each_time_and_the_tables_stay_as_they_were() -> None:
    tables = random_tables(8)
    before = tables.value.copy(), tables.cost.copy(), tables.capacity.copy()
    first, second = solve_lp(tables, "dual"), solve_lp(tables, "dual")
    assert np.array_equal(first.x, second.x)
    after = tables.value, tables.cost, tables.capacity
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def large(seed: int, rows: int = 30_000, demands: int = 200) -> AllocationTables:
    """Draw a problem of about 300,000 pairs."""
    rng = np.random.default_rng([5, seed])
    key = np.unique(np.repeat(np.arange(rows), 10) * demands + rng.integers(0, demands, rows * 10))
    supply, demand = key // demands, key % demands
    cost = rng.lognormal(0, 0.3, len(key))
    capacity = rng.pareto(2.0, rows) + 0.1
    budget = (
        0.05
        * np.bincount(demand, cost * capacity[supply], demands)
        * rng.lognormal(0, 0.7, demands)
    )
    return AllocationTables.of(
        pd.DataFrame({"supply_id": np.arange(rows), "capacity": capacity}),
        pd.DataFrame({"demand_id": np.arange(demands), "budget": budget}),
        pd.DataFrame({"supply_id": supply, "demand_id": demand,
                      "value": rng.lognormal(0, 0.5, len(key)), "cost": cost}),
    )  # fmt: skip


def test_auto_takes_the_dual_method_for_many_pairs() -> None:
    tables = large(0)
    found = solve_lp(tables)
    assert (found.method, found.reached) == ("dual", True)
    assert found.gap <= 1e-4
    assert broken_limits(tables, found.x) <= 1e-9
    assert bound_at(tables, found) == pytest.approx(found.bound, rel=1e-9)


@pytest.mark.parametrize("method", ["dual", "exact"])
def test_out_of_time_returns_a_feasible_plan_with_its_gap(method: str) -> None:
    tables = large(1)
    found = solve_lp(tables, method, gap=1e-9, time_limit=0.02)
    assert not found.reached
    assert found.gap > 1e-9
    assert found.objective > 0
    assert broken_limits(tables, found.x) <= 1e-9
    assert found.bound >= solve_lp(tables, "dual", gap=1e-3).objective
