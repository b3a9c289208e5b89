"""What the allocation explorer stands on: knobs, floors, prices, frontiers; no browser."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from kit.allocate.problem import AllocationProblem
from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import ConvexTerm
from kit.allocate.terms.capacity import Budget, Capacity
from kit.allocate.terms.fairness import Fairness
from kit.allocate.terms.floor import PriceFloor
from kit.allocate.terms.guarantee import Guarantee
from kit.allocate.terms.limit import Limit
from kit.allocate.terms.quality import Quality
from kit.allocate.terms.share import Share
from kit.base.errors import DataError, InfeasibleError, KitError
from kit.flow.allocation import OTHERS, AllocationExploration
from kit.flow.allocation_knobs import label_of


def tables(supplies: int, demands: int, seed: int, budget: float = 60.0) -> AllocationTables:
    rng = np.random.default_rng(seed)
    supply = pd.DataFrame({
        "supply_id": [f"s{place}" for place in range(supplies)],
        "capacity": rng.uniform(20, 80, supplies), "exchange": rng.choice(list("xyz"), supplies),
    })  # fmt: skip
    demand = pd.DataFrame({"demand_id": [f"d{place}" for place in range(demands)],
                           "budget": budget * rng.uniform(0.5, 2, demands)})  # fmt: skip
    pairs = supply[["supply_id"]].merge(demand[["demand_id"]], how="cross")
    pairs["value"], pairs["cost"] = rng.lognormal(0, 0.5, (2, len(pairs)))
    return AllocationTables.of(supply, demand, pairs)


def reference(made: AllocationTables, budget: np.ndarray, keep: np.ndarray) -> float:
    """Solve with scipy, pairs that are not kept left out."""
    pairs, supplies, demands = len(made.value), len(made.capacity), len(budget)
    capacity, spend = np.zeros((supplies, pairs)), np.zeros((demands, pairs))
    capacity[made.supply_code, np.arange(pairs)] = 1.0
    spend[made.demand_code, np.arange(pairs)] = made.cost
    solved = linprog(
        -made.value, np.vstack([capacity, spend]), np.concatenate([made.capacity, budget]),
        bounds=[(0, None if kept else 0) for kept in keep],
    )  # fmt: skip
    return -float(solved.fun)


@pytest.fixture
def small() -> AllocationTables:
    return tables(30, 3, 1)


@pytest.fixture
def exploration(small: AllocationTables) -> AllocationExploration:
    return AllocationExploration(small)


def test_turned_knobs_are_the_problem_anew(
    exploration: AllocationExploration, small: AllocationTables
) -> None:
    """Any setting reached hot is what another solver says of the changed problem."""
    rng = np.random.default_rng(2)
    exchange = small.supply["exchange"].to_numpy()[small.supply_code]
    for _ in range(12):
        settings = {name: float(rng.choice(knob.options))
                    for name, knob in exploration.knobs.items()}  # fmt: skip
        view = exploration.view(settings)
        budget = np.array([settings[f"budget[{name}]"] for name in small.demand.index])
        floor = np.array([settings[f"floor[{name}]"] for name in exchange])
        expected = reference(small, budget, small.cost >= floor)
        assert view.summary["value"] == pytest.approx(expected, rel=1e-7)
        assert view.settings == settings == exploration.settings
        closed = small.cost < floor
        assert view.allocation.x[closed].sum() == pytest.approx(0.0, abs=1e-9)


def test_flows_add_up(exploration: AllocationExploration, small: AllocationTables) -> None:
    view = exploration.view({"budget[d0]": 90.0})
    spend = exploration.flows(view, "spend")
    assert spend.to_numpy().sum() == pytest.approx(view.summary["spend"])
    assert list(spend.index) == ["x", "y", "z"]
    is_x = (small.supply["exchange"].to_numpy() == "x")[small.supply_code]
    is_d1 = small.demand_code == 1
    mine = (view.allocation.x * small.cost)[is_x & is_d1].sum()
    assert spend.loc["x", "d1"] == pytest.approx(mine)
    impressions = exploration.flows(view, "impressions")
    assert impressions.to_numpy().sum() == pytest.approx(view.summary["impressions"])
    assert exploration.flows(view, "value").to_numpy().sum() == pytest.approx(view.summary["value"])
    with pytest.raises(DataError, match="measure: got 'clicks'"):
        exploration.flows(view, "clicks")


def test_prices_are_slopes_of_the_value(exploration: AllocationExploration) -> None:
    view = exploration.exact(exploration.view())
    rows = view.binding.set_index("limit")
    assert set(rows.index) == {"budget[d0]", "budget[d1]", "budget[d2]"}
    small = exploration.tables
    base = np.array([exploration.settings[f"budget[{name}]"] for name in small.demand.index])
    everything = np.ones(len(small.value), dtype=bool)
    for place, name in enumerate(small.demand.index):
        up = base.copy()
        up[place] += 1e-4
        slope = (reference(small, up, everything) - reference(small, base, everything)) / 1e-4
        assert rows.loc[f"budget[{name}]", "price_low"] == pytest.approx(slope, rel=1e-4)
        assert "more budget for" in rows.loc[f"budget[{name}]", "words"]


def test_a_degenerate_plan_gets_a_range() -> None:
    """Capacity and budget run out together: one more unit is worth nothing, one less costs."""
    made = AllocationTables.of(
        pd.DataFrame({"supply_id": ["a", "b"], "capacity": 10.0, "exchange": ["x", "y"]}),
        pd.DataFrame({"demand_id": ["d"], "budget": [20.0]}),
        pd.DataFrame({"supply_id": ["a", "b"], "demand_id": "d", "value": [3.0, 2.0],
                      "cost": 1.0}),
    )  # fmt: skip
    exploration = AllocationExploration(made, floors=False)
    row = exploration.exact(exploration.view()).binding.iloc[0]
    assert (row["price_low"], row["price_high"]) == (0.0, pytest.approx(2.0))


def test_a_floor_says_what_it_costs(
    exploration: AllocationExploration, small: AllocationTables
) -> None:
    free = exploration.view().summary["value"]
    floor = exploration.knobs["floor[y]"].options[8]
    view = exploration.exact(exploration.view({"floor[y]": floor}))
    words = view.binding[view.binding["limit"] == "floor[y]"]["words"].iloc[0]
    is_y = (small.supply["exchange"].to_numpy() == "y")[small.supply_code]
    closed = int((is_y & (small.cost < floor)).sum())
    assert f"closes {closed:,} pairs" in words
    assert f"costs ${free - view.summary['value']:,.2f}" in words
    assert exploration.view().summary["value"] == view.summary["value"]  # left as it was set


@pytest.mark.parametrize("name", ["budget[d1]", "floor[x]"])
def test_the_frontier_is_the_value_at_each_number(small: AllocationTables, name: str) -> None:
    exploration = AllocationExploration(small)
    before = exploration.view({"budget[d0]": 40.0}).summary["value"]
    front = exploration.frontier(name, points=6)
    assert exploration.view().summary["value"] == pytest.approx(before)
    anew = AllocationExploration(small)
    anew.view({"budget[d0]": 40.0})
    for row in front.to_dict("records"):
        found = anew.view({name: row["number"]}).summary
        assert row["value"] == pytest.approx(found["value"])
    rising = np.diff(front["value"])
    assert (rising >= -1e-9).all() if name.startswith("budget") else (rising <= 1e-9).all()


def test_a_conflict_leaves_everything_as_it_was(small: AllocationTables) -> None:
    problem = AllocationProblem(
        small, [Capacity(), Budget(), Share("exchange", max={"x": 0.5}), Guarantee({"d0": 40.0})]
    )
    exploration = AllocationExploration(problem)
    before = exploration.view()
    knob = exploration.knobs["guarantee[d0]"]
    exploration.view({"budget[d0]": exploration.knobs["budget[d0]"].options[0]})
    settings = exploration.settings
    with pytest.raises(InfeasibleError, match=r"guarantee\[d0\]"):
        exploration.view({"guarantee[d0]": knob.options[-1], "budget[d1]": 100.0})
    assert exploration.settings == settings
    exploration.view({"budget[d0]": before.settings["budget[d0]"]})
    assert exploration.view().summary["value"] == pytest.approx(before.summary["value"])


def test_a_frontier_through_a_conflict_has_holes(small: AllocationTables) -> None:
    problem = AllocationProblem(small, [Capacity(), Budget(), Guarantee({"d0": 40.0})])
    exploration = AllocationExploration(problem)
    exploration.view({"budget[d0]": exploration.knobs["budget[d0]"].options[0]})
    front = exploration.frontier("guarantee[d0]")
    is_hole = front["value"].isna().to_numpy()
    assert is_hole.any()
    assert not is_hole.all()
    assert (np.diff(is_hole.astype(int)) >= 0).all()  # what is promised can be kept up to a point


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"budget[d9]": 1.0}, r"limit: got 'budget\[d9\]'"),
        ({"budget[d0]": 1e9}, r"budget\[d0\]: got 1000000000"),
        ({"budget[d0]": math.nan}, r"budget\[d0\]: got nan"),
    ],
)
def test_wrong_changes_are_named(
    exploration: AllocationExploration, change: dict[str, float], said: str
) -> None:
    before = exploration.settings
    with pytest.raises(DataError, match=said):
        exploration.view(change)
    assert exploration.settings == before


def test_knobs_can_be_chosen(small: AllocationTables) -> None:
    exploration = AllocationExploration(small, knobs=["budget[d2]", "floor[z]"])
    assert list(exploration.knobs) == ["budget[d2]", "floor[z]"]
    with pytest.raises(DataError, match=r"knobs: 'budgets'.*must be one of"):
        AllocationExploration(small, knobs=["budgets"])
    with pytest.raises(KitError, match="'region'"):
        AllocationExploration(small, by="region")


def test_many_groups_and_demands_are_joined() -> None:
    made = tables(60, 14, 3)
    exploration = AllocationExploration(made, by="supply_id", floors=False)
    flows = exploration.flows(exploration.start)
    assert flows.shape == (12, 8)
    assert flows.index[-1] == flows.columns[-1] == OTHERS
    assert flows.to_numpy().sum() == pytest.approx(exploration.start.summary["spend"])
    assert len(exploration.knobs) <= 16
    assert exploration.exact(exploration.start).binding_count == 14


def test_many_budgets_leave_room_for_other_knobs() -> None:
    terms = [Capacity(), Budget(), Share("exchange", max={"x": 0.4}, min={"y": 0.1})]
    knobs = list(AllocationExploration(AllocationProblem(tables(40, 20, 5), terms)).knobs)
    assert len(knobs) == 16
    assert {"share_max[exchange=x]", "share_min[exchange=y]", "floor[z]"} <= set(knobs)
    assert sum(name.startswith("budget[") for name in knobs) == 11


def test_floors_given_with_the_problem(small: AllocationTables) -> None:
    term = PriceFloor("exchange", {"x": 1.0})
    solved = AllocationProblem(small, [Capacity(), Budget(), term]).solve(method="exact")
    is_x = (small.supply["exchange"].to_numpy() == "x")[small.supply_code]
    expected = reference(small, small.budget, ~(is_x & (small.cost < 1.0)))
    assert solved.value == pytest.approx(expected, rel=1e-7)
    with pytest.raises(DataError, match=r"floor: exchange 'w' is unknown"):
        term.numbers(small, {"w": 1.0})
    with pytest.raises(DataError, match=r"floor\[x\]: got -1"):
        term.numbers(small, {"x": -1.0})


def test_ten_thousand_pairs_answer_while_a_slider_moves() -> None:
    """The panel has 50 ms to the last pixel; this is its share, with room for a slow machine."""
    exploration = AllocationExploration(tables(1000, 10, 4, budget=2000.0))
    assert len(exploration.tables) == 10_000
    knob = exploration.knobs["budget[d3]"]
    seconds = []
    for value in knob.options[8:24]:
        start = time.perf_counter()
        view = exploration.view({"budget[d3]": value})
        exploration.flows(view)
        seconds.append(time.perf_counter() - start)
    assert float(np.median(seconds)) < 0.15


def test_a_small_share_turns_in_small_steps(small: AllocationTables) -> None:
    rng = np.random.default_rng(6)
    supply = small.supply.assign(fraud=rng.uniform(0, 0.05, len(small.supply)))
    made = replace(small, supply=supply)
    terms = [Capacity(), Budget(), Quality("fraud", max=0.02), Share("exchange", max={"x": 0.4})]
    knobs = AllocationExploration(AllocationProblem(made, terms)).knobs
    fraud, share = knobs["fraud_max"].options, knobs["share_max[exchange=x]"].options
    assert fraud[0] == pytest.approx(0.005)
    assert max(np.diff(fraud)[fraud.index(0.02) - 1 :][:2]) < 0.002
    assert (share[0], share[-1]) == (0.0, 1.0)


def test_labels() -> None:
    assert label_of("floor[x]") == "floor, x"
    assert label_of("share_min[d1, exchange=x]") == "share min, d1, exchange x"


def test_a_conic_problem_turns_too(small: AllocationTables) -> None:
    terms = [Capacity(), Budget(), Fairness("variance", weight=0.01)]
    exploration = AllocationExploration(AllocationProblem(small, terms))
    assert not exploration.compiled.is_linear
    floor = exploration.knobs["floor[x]"].options[5]
    view = exploration.exact(exploration.view({"floor[x]": floor}))
    kept = AllocationProblem(small, [*terms, PriceFloor("exchange", {"x": floor})])
    assert view.summary["value"] == pytest.approx(kept.solve().value, rel=1e-5)
    front = exploration.frontier("budget[d0]", points=5)
    assert front["value"].notna().sum() >= 4  # a number it cannot settle is a hole, no more
    assert np.diff(front["value"].dropna()).min() > -1e-6


class Early(ConvexTerm):
    """A limit of one's own, written in cvxpy."""

    def expr(self, x: Any, tables: AllocationTables) -> Limit:
        return Limit("early_max", x[: len(tables) // 2].sum(), "<=", 30.0, unit="impressions")


def test_a_term_in_cvxpy_is_explored_like_a_built_in_one(small: AllocationTables) -> None:
    problem = AllocationProblem(small, [Capacity(), Budget(), Early()])
    exploration = AllocationExploration(problem, floors=False)
    binding = exploration.start.binding.set_index("limit")
    assert binding.loc["early_max", "used"] == pytest.approx(30)
    knob = exploration.knobs["early_max"]
    less = max(option for option in knob.options if option < 30)
    fewer = exploration.view({"early_max": less}).summary["value"]
    lost = exploration.start.summary["value"] - fewer
    assert lost >= binding.loc["early_max", "price_low"] * (30 - less) * (1 - 1e-7)


def test_a_conflict_with_a_term_in_cvxpy_is_named(small: AllocationTables) -> None:
    class Much(Early):
        def expr(self, x: Any, tables: AllocationTables) -> Limit:
            return Limit("much_min", x.sum(), ">=", 1e6, unit="impressions")

    with pytest.raises(InfeasibleError, match="much_min"):
        AllocationProblem(small, [Capacity(), Budget(), Much()]).solve()
