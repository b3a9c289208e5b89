"""The problem as a whole: optimum, order, objective, refusals, time-outs."""

from __future__ import annotations

import itertools
from typing import Any

import cvxpy as cp
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from kit.allocate.problem import AllocationProblem
from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import ConvexTerm, Limit, Term
from kit.allocate.terms.capacity import Budget, Capacity
from kit.allocate.terms.guarantee import Guarantee
from kit.allocate.terms.robust import Robust
from kit.allocate.terms.share import Share
from kit.base.errors import DataError, SolverError
from tests.allocate.term_cases import world

WORLD = world(3)


def shuffled(seed: int, supplies: int = 300, demands: int = 12) -> AllocationTables:
    """Return tables whose pairs come in no order."""
    rng = np.random.default_rng(seed)
    place = np.argwhere(rng.random((supplies, demands)) < 0.4)
    rng.shuffle(place)
    value = rng.lognormal(0, 1, len(place))
    return AllocationTables.of(
        pd.DataFrame({"supply_id": np.arange(supplies), "capacity": rng.uniform(1, 50, supplies)}),
        pd.DataFrame({"demand_id": np.arange(demands), "budget": rng.uniform(50, 400, demands)}),
        pd.DataFrame({"supply_id": place[:, 0], "demand_id": place[:, 1], "value": value,
                      "cost": value * rng.uniform(0.2, 1.1, len(place))}),
    )  # fmt: skip


def by_cvxpy(tables: AllocationTables, gain: np.ndarray) -> float:
    x = cp.Variable(len(tables), nonneg=True)
    size = np.arange(len(tables))
    one = sparse.csr_array((np.ones(len(tables)), (tables.supply_code, size)),
                           shape=(len(tables.supply), len(tables)))  # fmt: skip
    pay = sparse.csr_array((tables.cost, (tables.demand_code, size)),
                           shape=(len(tables.demand), len(tables)))  # fmt: skip
    held = [one @ x <= tables.capacity, pay @ x <= tables.budget]
    return float(cp.Problem(cp.Maximize(gain @ x), held).solve(solver="HIGHS"))


@pytest.mark.parametrize("side", ["value", "surplus", "cost"])
def test_medium_problems_by_cvxpy_and_highs(side: str) -> None:
    tables = shuffled(1)
    problem = AllocationProblem(tables, objective=side)
    allocation = problem.solve()
    expected = {"value": tables.value, "surplus": tables.value - tables.cost, "cost": tables.cost}
    assert allocation.value == pytest.approx(by_cvxpy(tables, expected[side]), rel=1e-6)
    assert allocation.value == pytest.approx(float(expected[side] @ allocation.x), rel=1e-9)
    assert (allocation.limits["slack"] >= -1e-7).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2), st.data())
def test_whole_number_problems_by_brute_force(budgets: int, data: st.DataObject) -> None:
    """Cost 1 everywhere makes a transport problem: whole limits have a whole optimum."""
    capacity = data.draw(st.lists(st.integers(0, 3), min_size=2, max_size=2))
    budget = data.draw(st.lists(st.integers(0, 3), min_size=2, max_size=2))
    value = data.draw(st.lists(st.integers(-2, 5), min_size=4, max_size=4))
    pairs = pd.DataFrame({"supply_id": [0, 0, 1, 1], "demand_id": [0, 1, 0, 1], "value": value})
    tables = AllocationTables.of(
        pd.DataFrame({"supply_id": [0, 1], "capacity": capacity}),
        pd.DataFrame({"demand_id": [0, 1], "budget": budget}),
        pairs.assign(cost=1.0),
    )
    best = max(
        float(np.dot(value, plan))
        for plan in itertools.product(range(4), repeat=4)
        if plan[0] + plan[1] <= capacity[0] and plan[2] + plan[3] <= capacity[1]
        and plan[0] + plan[2] <= budget[0] and plan[1] + plan[3] <= budget[1]
    )  # fmt: skip
    assert AllocationProblem(tables).solve().value == pytest.approx(best, abs=1e-9)


def test_the_plan_comes_in_the_order_of_the_pairs_given() -> None:
    tables = shuffled(2, supplies=30, demands=4)
    allocation = AllocationProblem(tables).solve()
    assert tables.order is not None
    plan = allocation.plan
    assert plan["x"].tolist() == tables.in_given_order(allocation.x).tolist()
    back = plan.iloc[tables.order]
    assert back["supply_id"].tolist() == tables.supply.index[tables.supply_code].tolist()
    assert back["demand_id"].tolist() == tables.demand.index[tables.demand_code].tolist()


def test_empty_tables_have_an_empty_plan() -> None:
    tables = shuffled(2, supplies=3, demands=2)
    none = AllocationTables.of(
        tables.supply.iloc[:0].reset_index(), tables.demand.iloc[:0].reset_index(),
        pd.DataFrame({"supply_id": [], "demand_id": [], "value": [], "cost": []}),
    )  # fmt: skip
    allocation = AllocationProblem(none).solve()
    assert (allocation.value, allocation.gap, len(allocation.plan)) == (0.0, 0.0, 0)
    assert allocation.words() == []


def test_supply_or_demand_without_pairs_changes_nothing() -> None:
    base = AllocationProblem(WORLD).solve().value
    supply = pd.concat([WORLD.supply.reset_index(),
                        pd.DataFrame({"supply_id": ["alone"], "capacity": [5.0]})])  # fmt: skip
    demand = pd.concat([WORLD.demand.reset_index(),
                        pd.DataFrame({"demand_id": ["alone"], "budget": [5.0]})])  # fmt: skip
    pairs = WORLD.pairs.assign(
        supply_id=WORLD.supply.index[WORLD.supply_code],
        demand_id=WORLD.demand.index[WORLD.demand_code], value=WORLD.value, cost=WORLD.cost,
    )  # fmt: skip
    problem = AllocationProblem(AllocationTables.of(supply, demand, pairs))
    assert problem.solve().value == pytest.approx(base)
    assert problem.compile().limits["budget[alone]"] == 5.0


def one_pair(capacity: float, budget: float, cost: float = 1.0) -> AllocationTables:
    return AllocationTables.of(
        pd.DataFrame({"supply_id": ["s"], "capacity": [capacity]}),
        pd.DataFrame({"demand_id": ["d"], "budget": [budget]}),
        pd.DataFrame({"supply_id": ["s"], "demand_id": ["d"], "value": [2.0], "cost": [cost]}),
    )


def test_an_unlimited_supply_is_held_by_the_budget() -> None:
    assert AllocationProblem(one_pair(np.inf, 10.0, 0.5)).solve().value == pytest.approx(40.0)


@pytest.mark.parametrize(
    ("tables", "terms", "message"),
    [
        (one_pair(np.inf, np.inf), None, "supply 's' is unlimited"),
        (one_pair(np.inf, 5.0, 0.0), None, "supply 's' is unlimited"),
        (one_pair(5.0, 5.0), [], "value is unbounded.*Add Capacity"),
    ],
)
def test_an_unbounded_problem_says_so(
    tables: AllocationTables, terms: list[Term] | None, message: str
) -> None:
    with pytest.raises(SolverError, match=message):
        AllocationProblem(tables, terms).solve()


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda p: AllocationProblem("tables"), "tables: got str; must be AllocationTables"),
        (lambda p: AllocationProblem(WORLD, objective="profit"), "objective: got 'profit'"),
        (lambda p: p.solve(method="fast"), "method: got 'fast'"),
        (lambda p: p.evaluate([1.0]), r"x: has shape \(1,\); must be \(80,\)"),
        (lambda p: p.compile().solve({"budget[d7]": 1.0}), r"Did you mean 'budget\[d"),
        (lambda p: p.compile().solve({"budget[d0]": -1.0}), r"budget\[d0\]: got -1"),
        (lambda p: p.compile().solve({"budget[d0]": np.nan}), r"budget\[d0\]: got nan"),
        (lambda p: p.compile().solve({"budget[d0]": "much"}), r"budget\[d0\]: got 'much'"),
        (lambda p: p.compile().solve({"share_max[exchange=x1]": np.inf}), "got inf"),
        (lambda p: p.compile().solve(time_limit=0.0), "time_limit: got 0.0"),
        (lambda p: p.compile().frontier("budget[d0]", [1.0, -2.0]), r"budget\[d0\]: got -2"),
        (lambda p: p.solve(method="dual"), "method 'dual': the problem has terms .*Share"),
        (lambda p: AllocationProblem(WORLD, [Capacity(), Capacity()]).compile(), "named twice"),
        (lambda p: AllocationProblem(WORLD, [Capacity(), 3]).compile(), "terms: entry 1 is 3"),
    ],
)
def test_what_makes_no_sense_is_refused(act: Any, message: str) -> None:
    problem = AllocationProblem(WORLD, [Capacity(), Budget(), Share("exchange", max=0.6)])
    with pytest.raises(DataError, match=message):
        act(problem)


def test_a_term_that_is_not_convex_is_refused_by_name() -> None:
    class Bad(ConvexTerm):
        def expr(self, x: Any, tables: AllocationTables) -> Limit:
            return Limit("bad", cp.sqrt(cp.sum(x)), "<=", 1.0)

    with pytest.raises(DataError, match=r"bad: .*not convex"):
        AllocationProblem(WORLD, [Capacity(), Bad()]).compile()


def test_a_refused_number_changes_none_of_those_given_with_it() -> None:
    compiled = AllocationProblem(WORLD).compile()
    before = compiled.limits
    with pytest.raises(DataError):
        compiled.solve({"budget[d0]": 1.0, "budget[d1]": -1.0})
    assert compiled.limits == before


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), warm=st.booleans(), shared=st.booleans())
def test_a_time_out_returns_a_feasible_plan_and_a_bound_that_holds(
    seed: int, warm: bool, shared: bool
) -> None:
    tables = shuffled(seed)
    if shared:
        tables.supply["exchange"] = np.arange(300) % 3
    terms: list[Term] = [Capacity(), Budget()]
    terms += [Share("exchange", max=0.5)] if shared else []
    problem = AllocationProblem(tables, terms)
    compiled, changes = problem.compile(), {"budget[3]": 20.0, "capacity[7]": 0.0}
    best = problem.compile().solve(changes)
    if warm:
        compiled.solve()
    late = compiled.solve(changes, time_limit=1e-9)
    assert late.method.endswith("(time limit)")
    assert late.value <= best.value * (1 + 1e-9)
    assert late.bound >= best.value * (1 - 1e-9)
    assert late.gap == pytest.approx(1 - late.value / late.bound)
    used, limit = problem.evaluate(late.x), compiled.limits
    assert all(used[name] <= limit[name] * (1 + 1e-9) + 1e-9 for name in used.index)
    assert problem.value(late.x) == pytest.approx(late.value)
    assert not late.words()  # without prices there is nothing to say
    assert (late.limits["words"] == "").all()
    if warm and not shared:
        assert late.value > 0.5 * best.value
    assert compiled.solve().value == pytest.approx(best.value, rel=1e-9)


def test_a_time_out_of_a_conic_problem() -> None:
    tables = shuffled(4)
    tables.pairs["sd"] = 0.1
    compiled = AllocationProblem(
        tables, [Capacity(), Budget(), Robust("sd", "ellipsoid", 1.0)]
    ).compile()
    best = compiled.solve()
    late = compiled.solve({"budget[3]": 20.0}, time_limit=1e-9)
    assert late.method == "clarabel (time limit)"
    assert 0 < late.value <= best.value
    assert late.bound >= late.value


def test_a_time_out_without_any_plan_is_an_error() -> None:
    tables = shuffled(5)
    compiled = AllocationProblem(tables, [Capacity(), Budget(), Guarantee({3: 10.0})]).compile()
    with pytest.raises(SolverError, match="time_limit: 1e-09 s passed without a plan"):
        compiled.solve(time_limit=1e-9)
    assert compiled.solve().gap == 0


def test_a_weight_changed_before_a_time_out_counts_in_the_value() -> None:
    compiled = AllocationProblem(
        shuffled(6), [Capacity(), Budget(), Guarantee({3: 1e6}, penalty=1.0)]
    ).compile()
    first = compiled.solve()
    late = compiled.solve({"guarantee_penalty": 2.0}, time_limit=1e-9)
    exact = compiled.solve()
    assert exact.value < first.value < 0
    assert late.value <= exact.value * (1 - 1e-9)
    assert late.bound >= exact.value


@pytest.mark.parametrize("objective", ["value", "surplus", "cost"])
def test_the_dual_method_gives_plan_bound_and_prices(objective: str) -> None:
    problem = AllocationProblem(shuffled(9), objective=objective)
    exact, dual = problem.solve(), problem.solve(method="dual", gap=1e-5)
    assert dual.method == "dual"
    assert dual.value == pytest.approx(exact.value, rel=1e-4)
    assert dual.bound >= exact.value * (1 - 1e-9)
    assert dual.gap <= 1e-4
    assert len(dual.plan) == len(problem.tables)
    frames = [answer.limits.set_index("limit")["price"] for answer in (dual, exact)]
    budgets = [frame[frame.index.str.startswith("budget")] for frame in frames]
    assert budgets[0].to_numpy() == pytest.approx(budgets[1].to_numpy(), rel=0.05, abs=0.05)
    assert any("more budget for" in line for line in dual.words())
    with pytest.raises(SolverError, match="keeps no live problem"):
        dual.price_range("budget[3]")


def test_an_interrupt_leaves_the_numbers_of_the_last_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled = AllocationProblem(shuffled(9)).compile()
    before, value = dict(compiled.limits), compiled.solve().value
    name = next(name for name in before if name.startswith("budget"))

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(compiled, "_answer", stopped)
        with pytest.raises(KeyboardInterrupt):
            compiled.solve({name: 0.5 * before[name]})
    assert compiled.limits == before
    assert compiled.solve().value == pytest.approx(value, rel=1e-12)


def test_a_problem_prints_what_it_is() -> None:
    allocation = AllocationProblem(WORLD).solve()
    assert repr(allocation).startswith("Allocation(value=")
    assert "80" in repr(allocation)
    limit = Capacity().rows(WORLD)[0]
    assert repr(limit) == f"Limit('capacity[s0]' and 23 more <= {WORLD.capacity[0]:g})"
