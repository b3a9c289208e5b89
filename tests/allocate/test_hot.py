"""Hot re-solves: the model inside HiGHS follows every change, and nothing is compiled twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import cvxpy as cp
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.allocate.canonical import Canonical
from kit.allocate.hot import HotModel
from kit.allocate.problem import AllocationProblem
from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import ConvexTerm, Limit, Part, Term
from kit.allocate.terms.capacity import Budget, Capacity
from kit.allocate.terms.fairness import Fairness
from kit.allocate.terms.guarantee import Guarantee
from kit.allocate.terms.quality import Quality
from kit.allocate.terms.share import Share
from kit.allocate.terms.target import TargetCPA
from kit.base.errors import KitError
from tests.allocate.term_cases import world

WORLD = world(3)
ROOT = Path(__file__).parents[2]
TERMS: list[Term] = [
    Capacity(), Budget(), Share("exchange", max=0.6, of="spend"), Quality("viewability", min=0.55),
    TargetCPA(20.0), Guarantee({"d0": 100.0}, penalty=1.0), Fairness("maxmin", weight=0.2),
]  # fmt: skip


def model_of(backend: HotModel) -> tuple[Any, ...]:
    lp = backend._highs.getLp()
    matrix = lp.a_matrix_
    dense = np.zeros((lp.num_row_, lp.num_col_))
    if "Colwise" in str(matrix.format_):
        column = np.repeat(np.arange(lp.num_col_), np.diff(matrix.start_))
        dense[matrix.index_, column] = matrix.value_
    else:
        row = np.repeat(np.arange(lp.num_row_), np.diff(matrix.start_))
        dense[row, matrix.index_] = matrix.value_
    return dense, *(np.array(v) for v in (lp.col_cost_, lp.row_lower_, lp.row_upper_))


@settings(max_examples=15, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 10_000), st.floats(0.5, 1.5)), min_size=1, max_size=12
    )
)
def test_the_live_model_is_the_one_compiled_with_the_new_numbers(
    changes: list[tuple[int, float]],
) -> None:
    compiled = AllocationProblem(WORLD, TERMS).compile()
    names = list(compiled.limits)
    new = {}
    for pick, factor in changes:
        name = names[pick % len(names)]
        new[name] = min(compiled.limits[name] * factor, 0.99 if "share" in name else 1e9)
    try:
        hot = compiled.solve(new).value
    except KitError:
        return
    assert compiled.canonical is not None
    fresh = HotModel(compiled.canonical, compiled.theta)
    assert isinstance(compiled.backend, HotModel)
    for live, expected in zip(model_of(compiled.backend), model_of(fresh), strict=True):
        assert live == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert hot == pytest.approx(-fresh.solve().minimum, rel=1e-7)


def test_a_sequence_of_changes_is_followed_and_can_be_undone() -> None:
    compiled = AllocationProblem(WORLD, TERMS).compile()
    names, rng = list(compiled.limits), np.random.default_rng(0)
    first = compiled.solve()
    plan = first.x.copy()
    start = compiled.limits
    for _ in range(40):
        name = names[rng.integers(len(names))]
        if "share" not in name:
            compiled.solve({name: start[name] * rng.uniform(0.8, 1.2)})
    again = compiled.solve(start)
    assert again.value == pytest.approx(first.value, rel=1e-9)
    assert first.x is not again.x
    assert (first.x == plan).all()


def test_a_plan_read_late_is_still_its_own() -> None:
    compiled = AllocationProblem(WORLD).compile()
    late = compiled.solve()
    compiled.solve({"budget[d0]": 0.0})
    paid = np.bincount(WORLD.demand_code, late.x * WORLD.cost)
    assert paid[0] == pytest.approx(WORLD.budget[0])
    assert late.value == pytest.approx(float(WORLD.value @ late.x))


def test_cvxpy_canonicalises_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = AllocationProblem(WORLD, TERMS).compile()
    compiled.solve()

    def again(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("canonicalised again")

    monkeypatch.setattr(cp.Problem, "get_problem_data", again)
    monkeypatch.setattr(cp.Problem, "solve", again)
    for name in ("budget[d0]", "viewability_min", "fairness_weight", "target_cpa[d1]"):
        assert compiled.solve({name: compiled.limits[name] * 0.9}).gap == 0


def test_a_share_moves_one_entry_rather_than_one_a_pair() -> None:
    compiled = AllocationProblem(WORLD, TERMS).compile()
    assert compiled.canonical is not None
    for name in ("share_max[exchange=x1]", "viewability_min", "target_cpa[d1]", "budget[d2]"):
        entries, costs = compiled.canonical.moves(compiled.place(name))
        assert len(entries) == 1, name
        assert len(costs) == 0


def test_solvers_print_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    AllocationProblem(WORLD, TERMS).solve().words()
    AllocationProblem(WORLD, [*TERMS[:2], Fairness("variance", weight=0.1)]).solve()
    with pytest.raises(KitError):
        AllocationProblem(WORLD, [*TERMS[:2], Guarantee({"d1": 1e9})]).solve()
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_a_large_first_solve_is_by_interior_point_and_leaves_a_basis() -> None:
    rng = np.random.default_rng(1)
    supplies, demands = 2_100, 40
    columns = np.sort(np.argsort(rng.random((supplies, demands)), axis=1)[:, :10], axis=1)
    value = rng.lognormal(0, 1, supplies * 10)
    tables = AllocationTables.of(
        pd.DataFrame({"supply_id": np.arange(supplies), "capacity": rng.lognormal(3, 1, supplies)}),
        pd.DataFrame({"demand_id": np.arange(demands), "budget": 800.0}),
        pd.DataFrame({"supply_id": np.repeat(np.arange(supplies), 10),
                      "demand_id": columns.ravel(), "value": value,
                      "cost": value * rng.uniform(0.3, 0.9, len(value))}),
    )  # fmt: skip
    compiled = AllocationProblem(tables).compile()
    first, second = compiled.solve(), compiled.solve({"budget[3]": 900.0})
    assert (first.method, second.method) == ("highs-ipm", "highs-simplex")
    cold = AllocationProblem(tables).compile().solve({"budget[3]": 900.0})
    assert second.value == pytest.approx(cold.value, rel=1e-8)
    assert isinstance(compiled.backend, HotModel)
    assert compiled.backend._highs.getInfo().simplex_iteration_count < 500


def test_bounds_written_as_limits_of_one_pair_become_bounds_of_the_variable() -> None:
    class Narrow(ConvexTerm):
        def expr(self, x: Any, tables: AllocationTables) -> Part:
            moving = Limit("first_max", x[0], "<=", 3.0)
            return Part((moving,), constraints=[x[1] <= 2.0, 2.0 * x[2] <= 3.0])

    problem = AllocationProblem(WORLD, [Capacity(), Narrow()])
    compiled = problem.compile()
    assert isinstance(compiled.backend, HotModel)
    assert compiled.backend.high[compiled.canonical.columns][:3].tolist() == [np.inf, 2.0, 1.5]  # type: ignore[union-attr]
    x = compiled.solve().x
    assert (x[:3] <= [3.0 + 1e-9, 2.0 + 1e-9, 1.5 + 1e-9]).all()
    assert compiled.solve({"first_max": 1.0}).x[0] <= 1.0 + 1e-9


def test_rates_of_the_canonical_form_are_slopes() -> None:
    """The envelope theorem against finite differences, on a program with every kind of number."""
    x, p, q, w = (
        cp.Variable(2, nonneg=True),
        cp.Parameter(),
        cp.Parameter(2),
        cp.Parameter(nonneg=True),
    )
    p.value, q.value, w.value = 0.4, np.array([3.0, 5.0]), 2.0
    total = cp.Variable()
    held = [total == cp.sum(x), x[0] <= p * total, x <= q]
    canonical = Canonical(cp.Problem(cp.Maximize(w * x[0] + x[1]), held), x)
    theta = np.ones(canonical.size + 1)
    places = [canonical.start[p.id], canonical.start[q.id], canonical.start[q.id] + 1,
              canonical.start[w.id]]  # fmt: skip
    theta[places] = [0.4, 3.0, 5.0, 2.0]
    raw = HotModel(canonical, theta).solve()
    rates = canonical.rates(raw.z, raw.y)
    for place in places:
        moved = theta.copy()
        moved[place] += 1e-6
        slope = (HotModel(canonical, moved).solve().minimum - raw.minimum) / 1e-6
        assert rates[place] == pytest.approx(slope, abs=1e-4)


@pytest.mark.slow
def test_a_scheduler_that_another_caller_has_started_is_taken_as_it_is() -> None:
    """HiGHS refuses another number of threads once a process has started its scheduler."""
    script = (
        "import cvxpy as cp, numpy as np\n"
        "x, a = cp.Variable(3000, nonneg=True), np.random.default_rng(0).random((200, 3000))\n"
        "cp.Problem(cp.Maximize(cp.sum(x)), [a @ x <= 1]).solve(solver='HIGHS')\n"
        "from tests.allocate.term_cases import world\n"
        "from kit.allocate.problem import AllocationProblem\n"
        "assert AllocationProblem(world(3)).solve().gap == 0\n"
        "from kit.allocate.linear.lp import solve_lp\n"
        "assert solve_lp(world(3), 'exact').gap < 1e-9\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, cwd=ROOT)
