"""Limits that contradict each other: irreducible by brute force, and what each must give."""

from __future__ import annotations

import itertools
from typing import Any

import cvxpy as cp
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.allocate.conflicts import ConflictError
from kit.allocate.problem import AllocationProblem
from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import ConvexTerm, Limit, Term
from kit.allocate.terms.capacity import Budget, Capacity
from kit.allocate.terms.guarantee import Guarantee
from kit.allocate.terms.quality import Quality
from kit.allocate.terms.robust import Robust
from kit.allocate.terms.share import Share
from kit.base.errors import InfeasibleError, KitError
from tests.allocate.term_cases import Row, base_rows, row, world

WORLD = world(3)


def conflict(problem: AllocationProblem, changes: dict[str, float] | None = None) -> ConflictError:
    with pytest.raises(InfeasibleError) as caught:
        problem.compile().solve(changes)
    assert isinstance(caught.value, ConflictError)
    return caught.value


def test_a_goal_beyond_a_budget() -> None:
    """30 impressions at 2 and then at 4: 100 of them cost 340, so the budget lacks 240."""
    tables = AllocationTables.of(
        pd.DataFrame({"supply_id": ["a", "b"], "capacity": [30.0, 200.0]}),
        pd.DataFrame({"demand_id": ["line A"], "budget": [100.0]}),
        pd.DataFrame({"supply_id": ["a", "b"], "demand_id": "line A", "value": 5.0,
                      "cost": [2.0, 4.0]}),
    )  # fmt: skip
    problem = AllocationProblem(tables, [Capacity(), Budget(), Guarantee({"line A": 100.0})])
    frame = conflict(problem).conflicts.set_index("limit")
    # a's capacity is no part of it: 100 impressions of a alone would cost 200
    assert set(frame.index) == {"budget[line A]", "guarantee[line A]"}
    assert frame["bound"].tolist() == [100.0, 100.0]
    assert frame.loc["budget[line A]", "must_give"] == pytest.approx(240.0)
    # 100 buys 30 of a for 60 and 10 of b for 40
    assert frame.loc["guarantee[line A]", "must_give"] == pytest.approx(60.0)
    message = str(conflict(problem))
    assert "budget[line A] (now 100)" in message
    assert "Relax one of them alone:" in message
    assert "guarantee[line A] by 60" in message


def test_two_floors_that_do_not_fit_beside_a_goal() -> None:
    problem = AllocationProblem(
        WORLD, [Capacity(), Share("exchange", min={"x1": 0.5, "x2": 0.6}), Guarantee({"d0": 50.0})]
    )
    frame = conflict(problem).conflicts.set_index("limit")
    assert set(frame.index) == {
        "share_min[exchange=x1]", "share_min[exchange=x2]", "guarantee[d0]"
    }  # fmt: skip
    assert frame["must_give"].to_dict() == pytest.approx(
        {"share_min[exchange=x1]": 0.1, "share_min[exchange=x2]": 0.1, "guarantee[d0]": 50.0}
    )


def test_a_ratio_gives_in_its_own_unit() -> None:
    """The best 60 impressions of three kinds average (0.9 * 40 + 0.7 * 20) / 60."""
    tables = AllocationTables.of(
        pd.DataFrame({"supply_id": ["a", "b", "c"], "capacity": [40.0, 50.0, 60.0],
                      "viewability": [0.9, 0.7, 0.5]}),
        pd.DataFrame({"demand_id": ["line A"], "budget": [np.inf]}),
        pd.DataFrame({"supply_id": ["a", "b", "c"], "demand_id": "line A", "value": 5.0,
                      "cost": 1.0}),
    )  # fmt: skip
    problem = AllocationProblem(
        tables, [Capacity(), Guarantee({"line A": 60.0}), Quality("viewability", min=0.88)]
    )
    frame = conflict(problem).conflicts.set_index("limit")
    needed = 0.88 - (0.9 * 40 + 0.7 * 20) / 60
    assert frame.loc["viewability_min", "must_give"] == pytest.approx(needed, rel=1e-6)
    mended = problem.compile().solve({"viewability_min": 0.88 - needed - 1e-9})
    assert mended.x == pytest.approx([40, 20, 0], abs=1e-4)


def _feasible(rows: list[Row], count: int) -> bool:
    x = cp.Variable(count, nonneg=True)
    held = [c @ x <= r if s == "<=" else c @ x >= r for _, c, s, r in rows]
    problem = cp.Problem(cp.Minimize(0), held)
    problem.solve(solver="HIGHS")
    return bool(problem.status == "optimal")


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_set_is_irreducible(seed: int) -> None:
    """By the definition, with rows written out by hand: none is enough without each of them."""
    tables = world(seed, supplies=4, demands=2)
    rng = np.random.default_rng(seed)
    goal = {"d0": float(rng.uniform(20, 200)), "d1": float(rng.uniform(20, 200))}
    least, most = float(rng.uniform(0.3, 0.9)), float(rng.uniform(0.1, 0.6))
    terms: list[Term] = [
        Capacity(), Budget(), Guarantee(goal), Quality("viewability", min=least),
        Share("exchange", max={"x1": most}),
    ]  # fmt: skip
    rows = base_rows(tables)
    rows += [
        row(tables, f"guarantee[{d}]", ">=", g, lambda p, d=d: p["demand_id"] == d)
        for d, g in goal.items()
    ]
    rows.append(row(tables, "viewability_min", ">=", 0.0, lambda p: p["viewability"] - least))
    rows.append(row(tables, "share_max[exchange=x1]", "<=", 0.0,
                    lambda p: (p["exchange"] == "x1") - most))  # fmt: skip
    compiled = AllocationProblem(tables, terms).compile()
    if _feasible(rows, len(tables)):
        assert compiled.solve().gap == 0
        return
    with pytest.raises(ConflictError) as caught:
        compiled.solve()
    named = caught.value.conflicts
    chosen = [r for r in rows if r[0] in set(named["limit"])]
    assert len(chosen) == len(named)
    assert not _feasible(chosen, len(tables))
    for fewer in itertools.combinations(chosen, len(chosen) - 1):
        assert _feasible(list(fewer), len(tables))
    for one in named[np.isfinite(named["must_give"])].itertuples():
        sign = 1.0 if str(one.limit).startswith(("capacity", "budget", "share")) else -1.0
        fresh = AllocationProblem(tables, terms).compile()
        with pytest.raises(ConflictError):
            fresh.solve({str(one.limit): one.bound + sign * one.must_give * 0.99})
        give = one.must_give * (1 + 1e-6) + 1e-9
        assert fresh.solve({str(one.limit): one.bound + sign * give}).gap == 0


def test_many_limits_of_one_kind_are_taken_together() -> None:
    tables = world(2, supplies=60, demands=2)
    problem = AllocationProblem(tables, [Capacity(), Guarantee({"d0": 1e5})])
    frame = conflict(problem).conflicts.set_index("limit")
    total = float(tables.capacity[np.unique(tables.supply_code[tables.demand_code == 0])].sum())
    assert set(frame.index) == {"capacity (60 limits together)", "guarantee[d0]"}
    assert frame.loc["guarantee[d0]", "must_give"] == pytest.approx(1e5 - total)
    assert frame.loc["capacity (60 limits together)", "must_give"] == pytest.approx(1e5 - total)


class Norm(ConvexTerm):
    """A user's conic limit."""

    def expr(self, x: Any, tables: AllocationTables) -> Limit:
        return Limit("norm_max", cp.norm(x), "<=", 1.0)


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        ([Norm(), Guarantee({"d0": 90.0})], {"norm_max", "guarantee[d0]"}),
        ([Capacity(), Robust("value_sd", "ellipsoid", 1.0, least=1e5)],
         {"capacity (24 limits together)", "robust_value_min"}),
    ],
)  # fmt: skip
def test_conic_limits_are_named_too(terms: list[Term], names: set[str]) -> None:
    frame = conflict(AllocationProblem(WORLD, terms)).conflicts
    assert set(frame["limit"]) == names
    assert (frame["must_give"] > 0).all()


def test_nothing_is_lost_by_an_infeasible_number() -> None:
    terms: list[Term] = [Capacity(), Budget(), Guarantee({"d0": 100.0})]
    compiled = AllocationProblem(WORLD, terms).compile()
    before = compiled.solve()
    for name, number in (("guarantee[d0]", 1e6), ("budget[d0]", 0.0)):
        with pytest.raises(ConflictError, match="contradict"):
            compiled.solve({name: number})
        after = compiled.solve()
        assert after.value == pytest.approx(before.value, rel=1e-9)
        assert after.x == pytest.approx(before.x, abs=1e-6)
    changed = compiled.solve({"budget[d1]": 10.0})
    fresh = AllocationProblem(WORLD, terms).compile().solve({"budget[d1]": 10.0})
    assert changed.value == pytest.approx(fresh.value, rel=1e-9)


def test_without_pairs_a_promise_cannot_be_kept() -> None:
    tables = AllocationTables.of(
        WORLD.supply.reset_index(), WORLD.demand.reset_index(),
        pd.DataFrame({"supply_id": [], "demand_id": [], "value": [], "cost": []}),
    )  # fmt: skip
    problem = AllocationProblem(tables, [Capacity(), Guarantee({"d0": 5.0})])
    with pytest.raises(KitError, match=r"guarantee\[d0\] \(now 5\)"):
        problem.solve()
    assert problem.compile().solve({"guarantee[d0]": 0.0}).value == 0.0
