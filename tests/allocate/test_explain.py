"""Prices in words, one-sided where the plan is degenerate, against closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.allocate.problem import AllocationProblem
from kit.allocate.tables import AllocationTables
from kit.allocate.terms.capacity import Budget, Capacity
from kit.allocate.terms.fairness import Fairness
from kit.allocate.terms.guarantee import Guarantee
from kit.allocate.terms.share import Share
from kit.allocate.terms.target import TargetCPA
from kit.base.errors import DataError, SolverError
from tests.allocate.term_cases import world


def tables_of(
    capacity: list[float], budget: list[float], pairs: list[tuple[int, int, float, float]]
) -> AllocationTables:
    supply = pd.DataFrame({"supply_id": [f"s{i}" for i in range(len(capacity))]})
    supply["capacity"], supply["exchange"] = capacity, [f"x{i}" for i in range(len(capacity))]
    demand = pd.DataFrame({"demand_id": [f"line {c}" for c in "ABC"[: len(budget)]]})
    demand["budget"] = budget
    rows = pd.DataFrame(pairs, columns=["s", "d", "value", "cost"])
    rows["supply_id"] = supply["supply_id"].to_numpy()[rows.pop("s")]
    rows["demand_id"] = demand["demand_id"].to_numpy()[rows.pop("d")]
    return AllocationTables.of(supply, demand, rows)


def prices(problem: AllocationProblem, name: str) -> tuple[float, float]:
    row = problem.solve().limits.set_index("limit").loc[name]
    return row["price_low"], row["price_high"]


def test_a_plan_without_ties_has_one_price_a_limit() -> None:
    problem = AllocationProblem(tables_of([100, 50], [120], [(0, 0, 2, 1), (1, 0, 3, 1)]))
    frame = problem.solve().limits.set_index("limit")
    assert frame["price_low"].tolist() == pytest.approx([0, 1, 2])
    assert frame["price_high"].tolist() == pytest.approx([0, 1, 2])
    assert frame["binds"].tolist() == [False, True, True]
    assert frame["slack"].tolist() == pytest.approx([30, 0, 0])


def test_value_is_the_smaller_of_two_limits() -> None:
    """V = 2 min(budget, capacity): at equality each is worth nothing more and 2 less."""
    problem = AllocationProblem(tables_of([100], [100], [(0, 0, 2, 1)]))
    assert prices(problem, "budget[line A]") == pytest.approx((0, 2))
    assert prices(problem, "capacity[s0]") == pytest.approx((0, 2))
    assert problem.solve().words() == [
        "1,000 more impressions of supply s0 return nothing; 1,000 fewer impressions of supply s0 "
        "cost $2,000.",
        "$1 more budget for line A returns nothing; $1 less budget for line A costs $2.00.",
    ]


def test_a_budget_at_the_kink_of_two_supplies() -> None:
    """The first 50 impressions earn 3, the next 2, at cost 1: at a budget of 50 the rate jumps."""
    problem = AllocationProblem(tables_of([100, 50], [50], [(0, 0, 2, 1), (1, 0, 3, 1)]))
    assert prices(problem, "budget[line A]") == pytest.approx((2, 3))
    assert prices(problem, "capacity[s1]") == pytest.approx((0, 1))


def test_three_limits_through_one_point() -> None:
    """V = 2 min(c, b / 1, g) with all three equal to 40: less of any costs 2, more gains 0."""
    tables = tables_of([40], [40], [(0, 0, 2, 1)])
    problem = AllocationProblem(tables, [Capacity(), Budget(), TargetLike(40.0)])
    for name in ("capacity[s0]", "budget[line A]", "most"):
        assert prices(problem, name) == pytest.approx((0, 2)), name


class TargetLike(Capacity):
    """A second limit on the same impressions."""

    def __init__(self, most: float) -> None:
        object.__setattr__(self, "most", most)

    def rows(self, tables: AllocationTables):  # type: ignore[no-untyped-def]
        from kit.allocate.terms.base import Limit
        from kit.allocate.terms.groups import matrix

        used = matrix(np.zeros(len(tables), dtype=np.int64), np.ones(len(tables)), 1)
        return (Limit("most", used, "<=", self.most),)


def test_a_zero_budget_has_a_price_above_and_none_below() -> None:
    problem = AllocationProblem(tables_of([100], [0], [(0, 0, 2, 1)]))
    low, high = prices(problem, "budget[line A]")
    assert low == pytest.approx(2)
    assert high == np.inf
    assert problem.solve().words()[-1] == (
        "$1 more budget for line A returns $2.00; $1 less budget for line A cannot be had."
    )


def test_a_share_cap_at_its_kink() -> None:
    """Caps of 0.5 on each of two supplies: V(cap) is level above and falls to 0 below.

    Supply of 3 and of 1 an impression, 100 impressions each, no budget: at caps (a, 0.5) the plan
    is x0 = x1 = 100; with a cap a < 0.5 on s0, x0 = a / (1 - a) * 100.  But x1 / (x0 + x1) then
    exceeds its own cap, so nothing at all can be bought: the value falls off a cliff.
    """
    tables = tables_of([100, 100], [np.inf], [(0, 0, 3, 1), (1, 0, 1, 1)])
    problem = AllocationProblem(tables, [Capacity(), Share("exchange", max={"x0": 0.5})])
    low, high = prices(problem, "share_max[exchange=x0]")
    # V(a) = 300 a / (1 - a) + 100 below 0.5 and 400 above
    assert low == pytest.approx(0, abs=1e-3)
    assert high == pytest.approx(300 / 0.5**2, rel=1e-3)


def test_the_price_of_a_ratio_is_its_slope() -> None:
    """V(a) = 100 + 300 a / (1 - a) for a cap a on the better of two supplies."""
    tables = tables_of([100, 100], [np.inf], [(0, 0, 3, 1), (1, 0, 1, 1)])
    terms = [Capacity(), Share("exchange", max={"x0": 0.2})]
    problem = AllocationProblem(tables, terms, period="day")
    allocation = problem.solve()
    assert prices(problem, "share_max[exchange=x0]") == pytest.approx((300 / 0.64,) * 2)
    assert allocation.worth("share_max[exchange=x0]") == pytest.approx(400 - allocation.value)
    (words,) = [line for line in allocation.words() if "x0" in line]
    assert words == (
        "exchange x0's share cap costs $225.00 a day; raising exchange x0's share cap by 1 point "
        "returns $4.69."
    )


def test_a_guarantee_costs_what_it_displaces() -> None:
    """90 of 100 impressions go to B at 1 instead of to A at 3."""
    tables = tables_of([100], [np.inf, np.inf], [(0, 0, 3, 1), (0, 1, 1, 1)])
    problem = AllocationProblem(
        tables, [Capacity(), Guarantee({"line B": 90.0})], currency="€", period="day"
    )
    assert prices(problem, "guarantee[line B]") == pytest.approx((-2, -2))
    assert "1,000 fewer impressions guaranteed to line B return €2,000." in problem.solve().words()
    soft = AllocationProblem(tables, [Capacity(), Guarantee({"line B": 90.0}, penalty=1.5)])
    allocation = soft.solve()
    assert allocation.value == pytest.approx(300 - 1.5 * 90)
    assert prices(soft, "guarantee[line B]") == pytest.approx((-1.5, -1.5))
    assert allocation.limits.set_index("limit").loc["guarantee[line B]", "slack"] == -90


def test_a_hard_guarantee_at_the_edge_cannot_be_raised() -> None:
    tables = tables_of([100], [np.inf, np.inf], [(0, 0, 3, 1), (0, 1, 1, 1)])
    problem = AllocationProblem(tables, [Capacity(), Guarantee({"line B": 100.0})])
    low, high = prices(problem, "guarantee[line B]")
    assert low == -np.inf
    assert high == pytest.approx(-2)


def test_a_cost_per_conversion_is_priced_in_its_own_unit() -> None:
    """Two supplies at cost 1 and 4 a conversion; a target of 2 mixes them 2 to 1."""
    tables = tables_of([100, 300], [np.inf], [(0, 0, 1, 1), (1, 0, 1, 4)])
    tables.pairs["conversions"] = 1.0
    problem = AllocationProblem(tables, [Capacity(), TargetCPA(2.0)])
    # x0 = 100; (x0 + 4 x1) = cpa (x0 + x1), so x1 = 100 (cpa - 1) / (4 - cpa)
    allocation = problem.solve()
    assert allocation.x == pytest.approx([100, 50])
    slope = 100 * (1 / 2 + 1 / 4)
    assert prices(problem, "target_cpa[line A]") == pytest.approx((slope, slope))
    assert "raising target CPA of line A by $1 returns $75.00" in " ".join(allocation.words())


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_one_sided_prices_are_one_sided_slopes(seed: int) -> None:
    """On worlds of whole numbers, where ties are common, every price against two cold solves."""
    rng = np.random.default_rng(seed)
    capacity, budget = rng.integers(1, 4, 3) * 10.0, rng.integers(1, 4, 2) * 10.0
    pairs = [(i, j, float(rng.integers(1, 4)), 1.0) for i in range(3) for j in range(2)]
    problem = AllocationProblem(tables_of(list(capacity), list(budget), pairs))
    compiled = problem.compile()
    allocation = compiled.solve()
    for row in allocation.limits.itertuples():
        name, step = str(row.limit), 0.01
        more = problem.compile().solve({name: row.bound + step}).value - allocation.value
        less = allocation.value - problem.compile().solve({name: row.bound - step}).value
        assert row.price_low == pytest.approx(more / step, abs=1e-6), name
        assert row.price_high == pytest.approx(less / step, abs=1e-6), name


def odd_tables(seed: int) -> AllocationTables:
    """Return few or many rows, dense or thin, whole or broken numbers, zeros and no budgets."""
    rng = np.random.default_rng(seed)
    supplies, demands = int(rng.integers(1, 30)), int(rng.integers(1, 8))
    place = np.argwhere(rng.random((supplies, demands)) < rng.choice([0.1, 0.5, 1.0]))
    value, cost = rng.lognormal(0, 1, len(place)), rng.uniform(0, 1, len(place))
    if seed % 2:
        value, cost = rng.integers(-2, 6, len(place)), rng.integers(0, 3, len(place))
    budget = rng.integers(0, 5, demands).astype(float)
    budget[rng.random(demands) < 0.2] = np.inf
    capacity = rng.integers(0, 5, supplies) * rng.choice([1.0, 1000.0])
    return AllocationTables.of(
        pd.DataFrame({"supply_id": np.arange(supplies), "capacity": capacity}),
        pd.DataFrame({"demand_id": np.arange(demands), "budget": budget}),
        pd.DataFrame({"supply_id": place[:, 0], "demand_id": place[:, 1],
                      "value": value * 1.0, "cost": cost * 1.0}),
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_prices_of_odd_tables_are_one_sided_slopes(seed: int) -> None:
    problem, step = AllocationProblem(odd_tables(seed)), 1e-3
    if not len(problem.tables):
        assert problem.solve().value == 0
        return
    allocation = problem.solve()
    frame = allocation.limits[np.isfinite(allocation.limits["bound"])]
    for row in frame.sample(min(4, len(frame)), random_state=0).itertuples():
        more = problem.compile().solve({str(row.limit): row.bound + step}).value
        assert row.price_low == pytest.approx((more - allocation.value) / step, abs=1e-5)
        if row.bound > 0:
            less = problem.compile().solve({str(row.limit): row.bound - step}).value
            assert row.price_high == pytest.approx((allocation.value - less) / step, abs=1e-5)


def test_the_frontier_of_a_budget_is_concave_and_piecewise_linear() -> None:
    problem = AllocationProblem(tables_of([100, 50], [120], [(0, 0, 2, 1), (1, 0, 3, 1)]))
    compiled = problem.compile()
    numbers = [0.0, 25.0, 50.0, 75.0, 100.0, 150.0, 200.0]
    frame = compiled.frontier("budget[line A]", numbers)
    assert frame["number"].tolist() == numbers
    assert frame["value"].tolist() == pytest.approx([0, 75, 150, 200, 250, 350, 350])
    assert frame["spend"].tolist() == pytest.approx([0, 25, 50, 75, 100, 150, 150])
    assert frame["price"].iloc[[1, 3, 6]].tolist() == pytest.approx([3, 2, 0])
    assert compiled.limits["budget[line A]"] == 120.0
    assert compiled.solve().value == pytest.approx(290)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), name=st.sampled_from(["budget[d0]", "capacity[s3]"]))
def test_every_frontier_of_a_bound_is_concave_and_priced_by_its_slope(seed: int, name: str) -> None:
    compiled = AllocationProblem(world(seed, supplies=10, demands=3)).compile()
    frame = compiled.frontier(name, np.linspace(0.0, 2.0 * compiled.limits[name], 15).tolist())
    slope = np.diff(frame["value"]) / np.diff(frame["number"])
    assert (np.diff(slope) <= 1e-7).all()
    price = frame["price"].to_numpy()
    assert (price[:-1] >= slope - 1e-7).all()
    assert (price[1:] <= slope + 1e-7).all()


def test_a_frontier_runs_on_through_what_is_infeasible() -> None:
    tables = tables_of([100], [np.inf, np.inf], [(0, 0, 3, 1), (0, 1, 1, 1)])
    compiled = AllocationProblem(tables, [Capacity(), Guarantee({"line B": 50.0})]).compile()
    frame = compiled.frontier("guarantee[line B]", [50.0, 150.0, 100.0])
    assert frame["value"].tolist() == pytest.approx([200, np.nan, 100], nan_ok=True)


def test_the_frontier_of_fairness() -> None:
    """Weighed fairness: more weight, less value to the richer line, never a falling minimum."""
    problem = AllocationProblem(world(5), [Capacity(), Budget(), Fairness("maxmin", weight=0.1)])
    compiled = problem.compile()
    frame = compiled.frontier("fairness_weight", [0.0, 0.5, 1.0, 5.0])
    assert (np.diff(frame["price"]) >= -1e-6).all()  # the least one's amount
    assert (np.diff(frame["value"]) >= 0).all()


def test_an_explanation_stays_with_its_answer_when_the_problem_moves_on() -> None:
    compiled = AllocationProblem(tables_of([100, 50], [50], [(0, 0, 2, 1), (1, 0, 3, 1)])).compile()
    first = compiled.solve()
    second = compiled.solve({"budget[line A]": 120.0})
    assert first.limits.set_index("limit").loc["budget[line A]", "price_high"] == pytest.approx(3)
    assert first.price_range("budget[line A]") == pytest.approx((2, 3))
    assert compiled.limits["budget[line A]"] == 120.0
    assert second.price_range("budget[line A]") == pytest.approx((2, 2))
    assert second.value == pytest.approx(290)


def test_an_unknown_limit_has_no_price() -> None:
    allocation = AllocationProblem(world(1)).solve()
    with pytest.raises(DataError, match=r"limit 'budget\[d9\]': unknown.*Did you mean"):
        allocation.price_range("budget[d9]")


def test_dropping_a_limit_that_holds_everything_is_unbounded() -> None:
    tables = tables_of([np.inf], [100], [(0, 0, 2, 1)])
    assert AllocationProblem(tables).solve().worth("budget[line A]") == np.inf


def test_two_shares_of_one_attribute_are_told_apart_by_name() -> None:
    tables = tables_of([100, 100], [100], [(0, 0, 2, 1), (1, 0, 3, 2)])
    terms = [
        Capacity(),
        Budget(),
        Share("exchange", max=0.6),
        Share("exchange", max=0.7, of="spend"),
    ]
    with pytest.raises(DataError, match="named twice"):
        AllocationProblem(tables, terms).compile()
    terms[-1] = Share("exchange", max=0.7, of="spend", name="spend")
    limits = AllocationProblem(tables, terms).compile().limits
    assert limits["share_max[exchange=x0]"] == 0.6
    assert limits["spend_max[exchange=x0]"] == 0.7


def test_a_share_of_nothing_leaves_no_room() -> None:
    """Caps of 0.4 on two supplies allow nothing; a little more on one still does not."""
    tables = tables_of([100, 100], [100], [(0, 0, 2, 1), (1, 0, 3, 1)])
    terms = [Capacity(), Budget(), Share("exchange", max={"x0": 0.5, "x1": 0.4})]
    frame = AllocationProblem(tables, terms).solve().limits.set_index("limit")
    row = frame.loc["share_max[exchange=x1]"]
    assert row["used"] == 0
    assert row["binds"]
    assert (row["price_low"], row["price_high"]) == (0, 0)


def test_an_empty_plan_says_so() -> None:
    tables = tables_of([100, 100], [100], [(0, 0, 2, 1), (1, 0, 3, 1)])
    problem = AllocationProblem(
        tables, [Capacity(), Budget(), Share("exchange", max={"x0": 0.4, "x1": 0.4})]
    )
    allocation = problem.solve()
    assert allocation.value == 0
    assert allocation.words()[0].startswith("The plan is empty")


def test_the_dual_method_explains_nothing_by_resolving() -> None:
    allocation = AllocationProblem(world(1)).solve()
    allocation.compiled = None
    with pytest.raises(SolverError, match="keeps no live problem"):
        allocation.worth("budget[d0]")
