"""One contract for every term: optimum, evaluation, hot re-solve, prices, empty tables."""

from __future__ import annotations

import itertools
from typing import Any

import cvxpy as cp
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.allocate.problem import AllocationProblem
from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import ConvexTerm, Limit, Term
from kit.allocate.terms.capacity import Budget, Capacity
from kit.allocate.terms.cvar import CVaR
from kit.allocate.terms.fairness import Fairness
from kit.allocate.terms.frequency import Frequency
from kit.allocate.terms.guarantee import Guarantee
from kit.allocate.terms.quality import Quality
from kit.allocate.terms.registry import TERMS, describe_terms, make_term
from kit.allocate.terms.robust import Robust
from kit.allocate.terms.share import Pacing, Share
from kit.base.errors import DataError, KitError, SolverError
from tests.allocate.term_cases import CASES, Case, base_rows, world

WORLD = world(3)
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def problem_of(case: Case, tables: AllocationTables = WORLD) -> AllocationProblem:
    return AllocationProblem(tables, [Capacity(), Budget(), *case.terms(tables)])


def twin(case: Case, tables: AllocationTables) -> tuple[float, np.ndarray]:
    """Return the optimum of the term written out by hand; cvxpy's own bounds multiply 0 by inf."""
    with np.errstate(invalid="ignore"):
        return _twin(case, tables)


def _twin(case: Case, tables: AllocationTables) -> tuple[float, np.ndarray]:
    x = cp.Variable(len(tables), nonneg=True)
    held = [
        c @ x <= r if sense == "<=" else c @ x >= r
        for _, c, sense, r in base_rows(tables) + case.rows(tables)
    ]
    held += case.held(x, tables) if case.held else []
    money = tables.value @ x + (case.added(x, tables) if case.added else 0.0)
    problem = cp.Problem(cp.Maximize(money), held)
    linear = case.name not in ("fair variance", "ellipsoid")
    problem.solve(solver="HIGHS" if linear else "CLARABEL")
    return float(problem.value), np.asarray(x.value)


@every_case
def test_the_optimum_is_that_of_the_term_written_out_by_hand(case: Case) -> None:
    allocation = problem_of(case).solve()
    value, _ = twin(case, WORLD)
    assert allocation.value == pytest.approx(value, rel=1e-6)
    assert allocation.gap < 1e-6


@pytest.mark.slow
@every_case
def test_the_optimum_of_a_larger_world_is_that_of_the_term_written_out_by_hand(case: Case) -> None:
    tables = world(8, supplies=150, demands=6)
    assert problem_of(case, tables).solve().value == pytest.approx(twin(case, tables)[0], rel=1e-6)


@pytest.mark.parametrize("case", CASES[1:], ids=lambda case: case.name)
def test_a_case_changes_the_plan(case: Case) -> None:
    problem, plain = problem_of(case), AllocationProblem(WORLD)
    assert problem.solve().value != pytest.approx(plain.solve().value, rel=1e-4)


@every_case
def test_the_numpy_value_of_the_plan_is_the_optimizers(case: Case) -> None:
    problem = problem_of(case)
    allocation = problem.solve()
    assert problem.value(allocation.x) == pytest.approx(allocation.value, rel=2e-6)


@every_case
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_evaluation_by_numpy_is_the_row_activity_of_the_optimizer(case: Case, seed: int) -> None:
    """Each limit's slack by `evaluate` against the canonical rows its number moves."""
    tables = world(seed, supplies=12, demands=3)
    compiled = problem_of(case, tables).compile()
    try:
        allocation = compiled.solve()
    except KitError:
        return  # that world cannot keep the limits: nothing to compare
    assert compiled.canonical is not None
    assert allocation.raw is not None
    program = compiled.canonical.numbers(compiled.theta)
    slack = program.a @ allocation.raw.z + program.b
    compiled.model.hold(allocation.x)
    for limit in compiled.model.limits:
        if limit.soft is None:
            rows = [_row(compiled.canonical, compiled.place(name)) for name in limit.names]
            used = limit.evaluate(allocation.x)
            size = 1.0 if limit.per is None else _per(limit, allocation.x)
            expected = (limit.number - used) * size * (1.0 if limit.sense == "<=" else -1.0)
            scale = max(1.0, float(np.abs(used * size).max()), float(np.abs(limit.number).max()))
            exact = compiled.is_linear and case.name not in ("cvar limit", "cvar capacity")
            if exact:
                assert slack[rows] == pytest.approx(expected, abs=1e-7 * scale)
            else:  # variables of the tail may leave room in the row
                assert (slack[rows] <= expected + 1e-5 * scale).all()


def _row(canonical: Any, place: int) -> int:
    entries, _ = canonical.moves(place)
    return int(np.unique(canonical.row[entries])[0])


def _per(limit: Limit, x: np.ndarray) -> np.ndarray:
    return np.broadcast_to(limit.per @ x, (len(limit),))


@every_case
def test_names_and_used_amounts_are_those_written_out_by_hand(case: Case) -> None:
    problem = problem_of(case)
    x = np.random.default_rng(0).uniform(0, 5, len(WORLD))
    used = problem.evaluate(x)
    compiled = problem.compile()
    assert set(used.index) <= set(compiled.limits)
    for name, coefficients, sense, right in base_rows(WORLD) + case.rows(WORLD):
        by_hand = coefficients @ x - right
        number = compiled.limits[name]
        assert (used[name] > number) == (by_hand > 0), name
        if right:
            assert used[name] == pytest.approx(coefficients @ x), name
            assert number == right
        assert sense in ("<=", ">=")


@every_case
def test_a_changed_number_solved_hot_is_the_number_solved_cold(case: Case) -> None:
    problem = problem_of(case)
    hot = problem.compile()
    hot.solve()
    mine = [n for n in hot.limits if not n.startswith(("capacity[", "budget["))][:4]
    for name in [*mine, "budget[d0]", "capacity[s1]"]:
        number = hot.limits[name]
        for factor in (1.03, 0.97):
            try:
                cold = problem.compile().solve({name: number * factor})
            except KitError:
                continue
            again = hot.solve({name: number * factor})
            assert again.value == pytest.approx(cold.value, rel=1e-6)
        hot.solve({name: number})


@every_case
def test_prices_are_the_slopes_of_the_value(case: Case) -> None:
    problem = problem_of(case)
    compiled = problem.compile()
    frame = compiled.solve().limits.set_index("limit")
    mine = frame[frame["binds"] & ~frame["term"].isin(["Capacity", "Budget"])].index[:3]
    for name in [*mine, "budget[d0]"]:
        number, low, high = frame.loc[name, ["bound", "price_low", "price_high"]]
        step = 1e-4 * abs(number)
        more = compiled.solve({name: number + step}).value
        less = compiled.solve({name: number - step}).value
        here = compiled.solve({name: number}).value
        tolerance = 1e-3 * max(abs(low), abs(high)) + 1e-6 * abs(here) / step
        assert (more - here) / step == pytest.approx(low, abs=tolerance)
        assert (here - less) / step == pytest.approx(high, abs=tolerance)


NAMES_GROUPS = ("share", "pacing", "guarantee", "make-good")


@pytest.mark.parametrize(
    "case", [c for c in CASES if not c.name.startswith(NAMES_GROUPS)], ids=lambda case: case.name
)
def test_a_term_of_empty_tables_has_nothing_to_say(case: Case) -> None:
    tables = AllocationTables.of(
        WORLD.supply.iloc[:0].reset_index(), WORLD.demand.iloc[:0].reset_index(),
        pd.DataFrame({"supply_id": [], "demand_id": [], "value": [], "cost": [],
                      "conversions": [], "value_sd": []}),
    )  # fmt: skip
    terms = [term for term in case.terms(tables) if not isinstance(term, CVaR)]
    allocation = AllocationProblem(tables, [Capacity(), Budget(), *terms]).solve()
    assert allocation.value == 0.0
    assert len(allocation.plan) == 0


def _vertices(rows: list[Any], count: int) -> list[np.ndarray]:
    """Return every vertex of the rows and x >= 0, by solving all square systems."""
    a = np.vstack([*(c if s == "<=" else -c for _, c, s, _ in rows), -np.eye(count)])
    b = np.array([*(r if s == "<=" else -r for _, _, s, r in rows), *np.zeros(count)])
    found = []
    for chosen in itertools.combinations(range(len(b)), count):
        square = a[list(chosen)]
        if abs(np.linalg.det(square)) > 1e-9:
            point = np.linalg.solve(square, b[list(chosen)])
            if (a @ point <= b + 1e-9).all():
                found.append(point)
    return found


@pytest.mark.parametrize("case", [c for c in CASES if c.rows(WORLD)], ids=lambda c: c.name)
def test_the_optimum_of_a_tiny_problem_is_its_best_vertex(case: Case) -> None:
    tables = world(11, supplies=4 if case.name == "pacing" else 3, demands=2, dense=0.4)
    vertices = _vertices(base_rows(tables) + case.rows(tables), len(tables))
    problem = problem_of(case, tables)
    if not vertices:
        with pytest.raises(KitError, match="contradict"):
            problem.solve()
        return
    best = max(float(tables.value @ vertex) for vertex in vertices)
    assert problem.solve().value == pytest.approx(best, rel=1e-9, abs=1e-9)


class Night(ConvexTerm):
    """A user's term in five lines."""

    def expr(self, x: Any, tables: AllocationTables) -> Limit:
        night = (tables.supply["hour"] < 2).to_numpy()[tables.supply_code]
        return Limit("night_max", cp.sum(x[night]), "<=", 100.0, unit="impressions")


class Curved(ConvexTerm):
    """A user's conic term."""

    def expr(self, x: Any, tables: AllocationTables) -> Limit:
        return Limit("norm_max", cp.norm(x), "<=", 100.0)


@pytest.mark.parametrize("term", [Night(), Curved()])
def test_a_users_term_works_like_a_built_in_one(term: Term) -> None:
    problem = AllocationProblem(WORLD, [Capacity(), Budget(), term])
    compiled = problem.compile()
    name = list(compiled.limits)[-1]
    allocation = compiled.solve()
    last = allocation.limits.iloc[-1]
    assert last["limit"] == name
    assert last["used"] == pytest.approx(100.0, rel=1e-5)
    assert problem.evaluate(allocation.x)[name] == pytest.approx(100.0, rel=1e-5)
    step = 1e-2
    rate = (compiled.solve({name: 100.0 + step}).value - allocation.value) / step
    assert last["price_low"] == pytest.approx(rate, rel=1e-2)
    assert any(name in word for word in compiled.solve({name: 100.0}).words(100))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Share("exchange"), "share: neither max nor min given"),
        (lambda: Quality("fraud"), "quality: neither max nor min given"),
        (lambda: CVaR([[1.0]]), "cvar: neither limit nor weight given"),
        (lambda: Fairness("even"), "kind: got 'even'"),
        (lambda: Robust("value_sd", size=-1.0), "size: got -1.0"),
        (lambda: make_term("budgets"), "Did you mean 'budget'"),
        (lambda: make_term("share", bye="x"), "unexpected keyword argument 'bye'"),
        (lambda: Limit("a", None, "==", 1.0), "a: sense '=='"),
        (lambda: Limit(["a", "b"], None, "<=", [1.0, 2.0, 3.0]), "shape \\(3,\\) for 2 limits"),
        (lambda: Limit("a", None, "<=", float("nan")), "a: got nan"),
    ],
)
def test_a_term_that_makes_no_sense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        make()


@pytest.mark.parametrize(
    ("term", "message"),
    [
        (Quality("viewabilty", min=0.5), "column 'viewabilty': no table has it.*'viewability'"),
        (Quality("exchange", min=0.5), "column 'exchange': .*must be numbers"),
        (Share("exchange", max={"x9": 0.1}), "share_max: 'x9' is unknown"),
        (Share("exchange", max=1.4), r"share_max\[exchange=x1\]: got 1.4"),
        (Share("exchange", max="much"), "share_max: got 'much'; must be a number"),
        (Share("exchange", max={"x1": "low"}), r"share_max\[x1\]: got 'low'"),
        (Quality("fraud", max="low"), "fraud_max: got 'low'; must be a number"),
        (Share("exchange", max=0.4, of="money"), "of: got 'money'"),
        (Guarantee({"d9": 1.0}), "goal: 'd9' is unknown"),
        (Frequency(2.0), "column 'reach'"),
        (Frequency(2.0, reach="capacity"), "capacity: differs inside a user_segment"),
        (Frequency(2.0, reach={"a": 1.0}), "reach: lacks column b"),
        (Frequency(2.0, reach={"a": 1.0, "b": "few"}), "reach: holds no plain numbers"),
        (Frequency(2.0, reach="exchange"), "column 'exchange': .*must be numbers"),
        (
            Fairness("variance", weight=1.0, claim=dict.fromkeys(["d0", "d1", "d2", "d3"], "all")),
            "claim: holds no plain numbers",
        ),
        (Pacing(0.1, dict.fromkeys(range(4), "even")), "profile: holds no plain numbers"),
        (Pacing(0.1, dict.fromkeys(range(4), 0.0)), "all weights are 0"),
        (CVaR([[1.0, 1.0]], limit=1.0), r"scenarios: has shape \(1, 2\); must be \(N, 24\)"),
        (Capacity, "terms: entry 0 is"),
    ],
)
def test_a_term_that_does_not_fit_the_tables_is_refused(term: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        AllocationProblem(WORLD, [term]).compile()


def test_an_expression_with_variables_of_its_own_says_why_it_has_no_value() -> None:
    class Hidden(ConvexTerm):
        def expr(self, x: Any, tables: AllocationTables) -> Limit:
            return Limit("hidden", cp.sum(x) + cp.Variable(nonneg=True), "<=", 1.0)

    with pytest.raises(SolverError, match="variables of its own"):
        Hidden().evaluate(np.zeros(len(WORLD)), WORLD)


def test_the_registry_names_every_term() -> None:
    assert set(describe_terms()) == set(TERMS)
    assert all(len(line) > 20 for line in describe_terms().values())
    assert all(hasattr(term, "expr") and hasattr(term, "evaluate") for term in TERMS.values())
