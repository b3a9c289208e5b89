"""The exact method against cvxpy + HiGHS, brute force and closed forms; what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from kit.allocate.linear.lp import solve_lp
from kit.allocate.tables import AllocationTables
from kit.base.errors import DataError, SolverError


def drawn(seed: int, rows: int, demands: int) -> AllocationTables:
    rng = np.random.default_rng([6, seed])
    supply, demand = np.divmod(np.arange(rows * demands), demands)
    keep = rng.random(len(supply)) < 0.6
    supply, demand = supply[keep], demand[keep]
    return tables_of(
        rng.lognormal(0, 1, rows), rng.lognormal(0, 1, demands) * rows / demands / 3,
        supply, demand, rng.normal(1, 1, len(supply)), rng.lognormal(0, 1, len(supply)),
    )  # fmt: skip


def tables_of(capacity, budget, supply, demand, value, cost) -> AllocationTables:  # type: ignore[no-untyped-def]
    return AllocationTables.of(
        pd.DataFrame({"supply_id": np.arange(len(capacity)), "capacity": capacity}),
        pd.DataFrame({"demand_id": np.arange(len(budget)), "budget": budget}),
        pd.DataFrame({"supply_id": supply, "demand_id": demand, "value": value, "cost": cost}),
    )


def by_cvxpy(tables: AllocationTables) -> float:
    cp = pytest.importorskip("cvxpy")
    from scipy import sparse

    size = len(tables)
    at = np.arange(size)
    sold = sparse.csr_array((np.ones(size), (tables.supply_code, at)), (len(tables.capacity), size))
    spent = sparse.csr_array((tables.cost, (tables.demand_code, at)), (len(tables.budget), size))
    x = cp.Variable(size)
    limits = [x >= 0, sold @ x <= tables.capacity, spent @ x <= tables.budget]
    return float(cp.Problem(cp.Maximize(tables.value @ x), limits).solve(solver="HIGHS"))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("method", ["exact", "dual"])
def test_medium_problems_match_cvxpy(seed: int, method: str) -> None:
    tables = drawn(seed, 300, 12)
    found = solve_lp(tables, method, gap=1e-6)
    assert found.objective == pytest.approx(by_cvxpy(tables), rel=1e-6)


def test_interior_point_and_crossover_match_the_dual_bound() -> None:
    tables = drawn(9, 1000, 40)  # above the size at which simplex is left
    found = solve_lp(tables, "exact")
    assert found.gap <= 1e-8
    assert found.objective <= solve_lp(tables, "dual").bound * (1 + 1e-9)


def brute_force(tables: AllocationTables) -> float:
    """Try every vertex: as many tight limits as pairs."""
    size, rows = len(tables), len(tables.capacity)
    matrix = np.zeros((rows + len(tables.budget) + size, size))
    matrix[tables.supply_code, np.arange(size)] = 1.0
    matrix[rows + tables.demand_code, np.arange(size)] = tables.cost
    matrix[-size:] = -np.eye(size)
    limit = np.concatenate([tables.capacity, tables.budget, np.zeros(size)])
    best = 0.0
    for tight in itertools.combinations(range(len(limit)), size):
        square = matrix[list(tight)]
        if abs(np.linalg.det(square)) > 1e-9:
            x = np.linalg.solve(square, limit[list(tight)])
            if (matrix @ x <= limit + 1e-9).all():
                best = max(best, float(tables.value @ x))
    return best


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("method", ["exact", "dual"])
def test_tiny_problems_match_brute_force(seed: int, method: str) -> None:
    tables = drawn(seed + 20, 3, 2)
    found = solve_lp(tables, method, gap=1e-7)
    assert found.objective == pytest.approx(brute_force(tables), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("method", ["exact", "dual"])
def test_one_budget_is_spent_by_value_per_cost(method: str) -> None:
    tables = tables_of([4.0, 4.0, 4.0], [6.0], [0, 1, 2], [0] * 3, [3.0, 8.0, 1.0], [1.0, 2.0, 1.0])
    found = solve_lp(tables, method, gap=1e-8)  # the second first, three of it; it pays 4 a unit
    assert found.objective == pytest.approx(24.0)
    assert found.prices[0] == pytest.approx(4.0, rel=1e-4)


@pytest.mark.parametrize("method", ["exact", "dual", "auto"])
def test_nothing_to_allocate(method: str) -> None:
    empty = tables_of([], [], [], [], [], [])
    no_pairs = tables_of([1.0], [1.0], [], [], [], [])
    losses = tables_of([1.0], [1.0], [0], [0], [-1.0], [1.0])
    nothing = tables_of([0.0], [0.0], [0], [0], [1.0], [1.0])
    for tables in (empty, no_pairs, losses, nothing):
        found = solve_lp(tables, method)
        assert (found.objective, found.bound, found.gap, found.reached) == (0.0, 0.0, 0.0, True)
        assert not found.x.any()


@pytest.mark.parametrize("method", ["exact", "dual"])
def test_unbounded_is_refused(method: str) -> None:
    tables = tables_of([np.inf], [np.inf], [0], [0], [1.0], [1.0])
    with pytest.raises(SolverError, match=r"supply 0 is unlimited .* unbounded"):
        solve_lp(tables, method)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"method": "simplex"}, "method: got 'simplex'; must be one of: auto, dual, exact"),
        ({"gap": 0.0}, r"gap: got 0.0; must be a number in \[1e-09, 1\]"),
        ({"gap": float("nan")}, "gap: got nan"),
        ({"time_limit": 0.0}, "time_limit: got 0.0; must be a number > 0"),
    ],
)
def test_settings_that_are_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        solve_lp(drawn(0, 3, 2), **given)  # type: ignore[arg-type]
