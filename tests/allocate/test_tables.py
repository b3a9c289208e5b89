"""Long tables become arrays; what cannot be allocated is refused by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kit.allocate.linear.lp import solve_lp
from kit.allocate.tables import AllocationTables
from kit.base.errors import DataError, SolverError

SUPPLY = pd.DataFrame({"supply_id": ["a", "b", "c"], "capacity": [10.0, 5.0, 0.0], "exchange": "x"})
DEMAND = pd.DataFrame({"demand_id": [7, 8], "budget": [8.0, np.inf]})
PAIRS = pd.DataFrame(
    {
        "supply_id": ["b", "a", "a"],
        "demand_id": [7, 8, 7],
        "value": [3.0, -2.0, 1.0],
        "cost": [1.0, 1.5, 0.0],
        "deal": ["p", "q", "r"],
    }
)


def test_pairs_are_sorted_and_a_plan_goes_back_to_the_order_given() -> None:
    tables = AllocationTables.of(SUPPLY, DEMAND, PAIRS)
    assert tables.row_start.tolist() == [0, 2, 3, 3]
    assert tables.value.tolist() == [1.0, -2.0, 3.0]
    assert tables.pairs["deal"].tolist() == ["r", "q", "p"]
    assert tables.in_given_order(np.array([1.0, 2.0, 3.0])).tolist() == [3.0, 2.0, 1.0]
    assert tables.supply["exchange"].tolist() == ["x"] * 3


def test_sorted_pairs_are_taken_as_they_are() -> None:
    pairs = PAIRS.sort_values(["supply_id", "demand_id"])
    tables = AllocationTables.of(SUPPLY, DEMAND, pairs)
    assert tables.order is None
    assert tables.in_given_order(np.arange(3.0)).tolist() == [0.0, 1.0, 2.0]


def test_empty_tables() -> None:
    tables = AllocationTables.of(SUPPLY.iloc[:0], DEMAND.iloc[:0], PAIRS.iloc[:0])
    assert len(tables) == 0
    assert tables.row_start.tolist() == [0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"supply": SUPPLY.assign(capacity=[1, np.nan, 2])}, "supply.capacity: 1 missing value"),
        ({"supply": SUPPLY.assign(capacity=[1, -4, 2])}, "supply.capacity: 1 negative value .*-4"),
        ({"supply": SUPPLY.assign(supply_id="a")}, "supply.supply_id: 2 repeated values"),
        ({"supply": SUPPLY.drop(columns="capacity")}, "supply: lacks column capacity"),
        ({"demand": DEMAND.assign(budget=["much", "more"])}, "demand.budget: .*must be numbers"),
        ({"demand": DEMAND.assign(demand_id=[7, None])}, "demand.demand_id: 1 missing value"),
        ({"pairs": PAIRS.assign(value=[1, np.nan, 2])}, "pairs.value: 1 missing value"),
        ({"pairs": PAIRS.assign(value=[1, np.inf, 2])}, "pairs.value: 1 missing or infinite|infin"),
        (
            {"pairs": PAIRS.assign(cost=[1, -1, 2])},
            r"pairs.cost: 1 negative value \(first at row 1",
        ),
        ({"pairs": PAIRS.assign(demand_id=[7, 9, 8])}, "pairs.demand_id: 1 unknown value .*9"),
        ({"pairs": PAIRS.assign(value=[1, -1e101, 2])}, "pairs.value: 1 too large value .*1e.101"),
        ({"supply": SUPPLY.assign(capacity=1e308)}, "supply.capacity: 3 too large values"),
        (
            {"pairs": PAIRS.assign(demand_id=["7", "8", "7"])},
            "pairs.demand_id: holds string values, the demand table integer; must be of one type",
        ),
        ({"pairs": PAIRS.assign(demand_id=7)}, r"pairs: 1 repeated value .*\(a, 7\)"),
    ],
)
def test_what_is_refused(change: dict[str, pd.DataFrame], message: str) -> None:
    tables = {"supply": SUPPLY, "demand": DEMAND, "pairs": PAIRS} | change
    with pytest.raises(DataError, match=message):
        AllocationTables.of(**tables)


def test_unlimited_supply_is_bounded_by_budgets_or_refused() -> None:
    supply = SUPPLY.assign(capacity=[10.0, np.inf, 0.0])
    tables = AllocationTables.of(supply, DEMAND, PAIRS)
    assert tables.bounded_capacity().tolist() == [10.0, 8.0, 0.0]
    free = AllocationTables.of(supply, DEMAND, PAIRS.assign(cost=0.0))
    with pytest.raises(SolverError, match=r"supply 'b' is unlimited .* unbounded"):
        free.bounded_capacity()


def test_supply_far_beyond_the_budgets_is_cut_to_what_they_can_pay_for() -> None:
    pairs = PAIRS.assign(cost=1.0)
    demand = DEMAND.assign(budget=[8.0, 4.0])
    tables = AllocationTables.of(SUPPLY.assign(capacity=[1e9, 7000.0, 0.0]), demand, pairs)
    assert tables.bounded_capacity().tolist() == [8.0, 7000.0, 0.0]  # a: only d 7 earns


@pytest.mark.parametrize("method", ["exact", "dual"])
@pytest.mark.parametrize("capacity", [1e9, 1e18])
def test_a_huge_capacity_solves_as_an_unlimited_one(method: str, capacity: float) -> None:
    pairs = pd.DataFrame(
        {"supply_id": ["b", "a", "c", "a"], "demand_id": [7, 8, 8, 7],
         "value": [3.0, 2.5, -1.0, 2.0], "cost": [1.0, 0.5, 1.0, 1.0]}
    )  # fmt: skip
    demand = DEMAND.assign(budget=[8.0, 4.0])
    tables = AllocationTables.of(SUPPLY.assign(capacity=capacity), demand, pairs)
    found = solve_lp(tables, method)
    assert found.reached
    assert found.objective == pytest.approx(44.0, rel=1e-4)  # 8 x 3 from b, 8 x 2.5 from a
