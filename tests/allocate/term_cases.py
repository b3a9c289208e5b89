"""Small worlds, and every term written a second time, pair by pair, straight from its definition.

A twin is a list of rows (name, coefficients, sense, right-hand side), made by plain loops, and
where the term adds money a cvxpy expression of its own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cvxpy as cp
import numpy as np
import pandas as pd
from scipy import sparse

from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import ConvexTerm, Part, Term
from kit.allocate.terms.cvar import CVaR
from kit.allocate.terms.fairness import Fairness
from kit.allocate.terms.frequency import Frequency
from kit.allocate.terms.guarantee import Guarantee
from kit.allocate.terms.quality import Quality
from kit.allocate.terms.robust import Robust
from kit.allocate.terms.share import Concentration, Pacing, Share
from kit.allocate.terms.target import TargetCPA, TargetROAS


class Thrift(ConvexTerm):
    """A custom term of an objective part alone: most of the value does not count."""

    def expr(self, x: Any, tables: AllocationTables) -> Part:
        return Part(objective=-0.9 * (tables.value @ x))


Row = tuple[str, np.ndarray, str, float]


def world(seed: int, supplies: int = 24, demands: int = 4, dense: float = 0.7) -> AllocationTables:
    """Return random tables with an attribute of every kind."""
    rng = np.random.default_rng(seed)
    supply = pd.DataFrame(
        {
            "supply_id": [f"s{i}" for i in range(supplies)],
            "capacity": rng.uniform(10, 100, supplies),
            "exchange": [f"x{i % 3 + 1}" for i in range(supplies)],
            "hour": np.arange(supplies) % 4,
            "viewability": rng.uniform(0.3, 0.9, supplies),
            "fraud": rng.uniform(0, 0.1, supplies),
            "user_segment": [("a", "b")[i // 2 % 2] for i in range(supplies)],
        }
    )
    demand = pd.DataFrame(
        {
            "demand_id": [f"d{j}" for j in range(demands)],
            "budget": rng.uniform(0.3, 0.9, demands) * supplies * 55 / demands * 0.7,
        }
    )
    chosen = rng.random((supplies, demands)) < dense
    chosen[:, 0] = True
    place = np.argwhere(chosen)
    value = rng.lognormal(0, 0.5, len(place))
    pairs = pd.DataFrame(
        {
            "supply_id": supply["supply_id"].to_numpy()[place[:, 0]],
            "demand_id": demand["demand_id"].to_numpy()[place[:, 1]],
            "value": value,
            "cost": value * rng.uniform(0.3, 0.9, len(place)),
            "conversions": rng.uniform(0.02, 0.1, len(place)),
            "value_sd": value * rng.uniform(0, 0.5, len(place)),
        }
    )
    return AllocationTables.of(supply, demand, pairs)


def scenarios(tables: AllocationTables, low: float, high: float) -> np.ndarray:
    """Return 30 scenarios of a number of each supply row."""
    return np.random.default_rng(7).uniform(low, high, (30, len(tables.supply)))


@dataclass(frozen=True, eq=False)
class Case:
    """A term and its twin."""

    name: str
    terms: Callable[[AllocationTables], list[Term]]
    rows: Callable[[AllocationTables], list[Row]] = lambda tables: []
    added: Callable[[Any, AllocationTables], Any] | None = None
    held: Callable[[Any, AllocationTables], list[Any]] | None = None


@functools.cache
def each(tables: AllocationTables) -> list[dict[str, Any]]:
    """Return every pair as one dictionary of all its attributes."""
    found = []
    for place in range(len(tables)):
        supply = tables.supply.iloc[int(tables.supply_code[place])]
        demand = tables.demand.iloc[int(tables.demand_code[place])]
        found.append(
            {**supply, **demand, **tables.pairs.iloc[place], "supply_id": supply.name,
             "demand_id": demand.name, "value": tables.value[place], "cost": tables.cost[place]}
        )  # fmt: skip
    return found


def row(tables: AllocationTables, name: str, sense: str, right: float, weigh: Any) -> Row:
    return name, np.array([float(weigh(pair)) for pair in each(tables)]), sense, right


def base_rows(tables: AllocationTables) -> list[Row]:
    found = [
        row(tables, f"capacity[{s}]", "<=", c, lambda p, s=s: p["supply_id"] == s)
        for s, c in zip(tables.supply.index, tables.capacity, strict=True)
    ]
    return found + [
        row(tables, f"budget[{d}]", "<=", b, lambda p, d=d: p["cost"] * (p["demand_id"] == d))
        for d, b in zip(tables.demand.index, tables.budget, strict=True)
    ]


def ids(tables: AllocationTables) -> list[str]:
    return list(tables.demand.index)


def _shares(tables: AllocationTables) -> list[Row]:
    high = row(tables, "share_max[exchange=x1]", "<=", 0.0,
               lambda p: p["cost"] * ((p["exchange"] == "x1") - 0.2))  # fmt: skip
    low = row(tables, "share_min[exchange=x2]", ">=", 0.0,
              lambda p: p["cost"] * ((p["exchange"] == "x2") - 0.4))  # fmt: skip
    return [high, low]


def _own_shares(tables: AllocationTables) -> list[Row]:
    return [
        row(tables, f"share_max[{d}, exchange={x}]", "<=", 0.0,
            lambda p, d=d, x=x: (p["demand_id"] == d) * ((p["exchange"] == x) - 0.4))
        for d in ids(tables) for x in ("x1", "x2", "x3")
    ]  # fmt: skip


def _quality(tables: AllocationTables) -> list[Row]:
    low = row(tables, "viewability_min", ">=", 0.0, lambda p: p["viewability"] - 0.65)
    return [
        low,
        *(row(tables, f"fraud_max[{d}]", "<=", 0.0,
              lambda p, d=d: (p["demand_id"] == d) * (p["fraud"] - 0.045)) for d in ids(tables)),
    ]  # fmt: skip


def _pacing(tables: AllocationTables) -> list[Row]:
    share = {0: 0.1, 1: 0.2, 2: 0.3, 3: 0.4}
    return [
        row(tables, f"pacing_{edge}[hour={h}]", sense, 0.0,
            lambda p, h=h, k=k: p["cost"] * ((p["hour"] == h) - share[h] * k))
        for edge, sense, k in (("max", "<=", 1.1), ("min", ">=", 0.9)) for h in share
    ]  # fmt: skip


def _frequency(tables: AllocationTables) -> list[Row]:
    reach = {"a": 100.0, "b": 60.0}
    return [
        row(tables, f"frequency_max[{d}, user_segment={s}]", "<=", 2.0,
            lambda p, d=d, s=s: (p["demand_id"] == d) * (p["user_segment"] == s) / reach[s])
        for d in ids(tables) for s in reach
    ]  # fmt: skip


def _goals(tables: AllocationTables) -> list[Row]:
    return [
        row(tables, f"guarantee[{d}]", ">=", goal, lambda p, d=d: p["demand_id"] == d)
        for d, goal in (("d0", 300.0), ("d1", 480.0))
    ]


def _sums(x: Any, tables: AllocationTables, key: str, of: Any, weigh: Any) -> Any:
    """Return one cvxpy sum a group, its matrix filled pair by pair."""
    matrix = np.zeros((len(of), len(tables)))
    for place, pair in enumerate(each(tables)):
        if pair[key] in of:
            matrix[list(of).index(pair[key]), place] = weigh(pair)
    return sparse.csr_array(matrix) @ x


def _got(x: Any, tables: AllocationTables, weigh: Any = lambda p: 1.0) -> Any:
    return _sums(x, tables, "demand_id", ids(tables), weigh)


def _makegood(x: Any, tables: AllocationTables) -> Any:
    got = _got(x, tables)
    return -3.0 * (cp.pos(400.0 - got[0]) + cp.pos(300.0 - got[1]))


def _variance(x: Any, tables: AllocationTables) -> Any:
    got = _got(x, tables, lambda p: 0.01)
    return -2.0 * cp.sum_squares(got - cp.sum(got) / len(ids(tables))) / len(ids(tables))


def _lost(x: Any, tables: AllocationTables) -> Any:
    return _sums(x, tables, "exchange", ("x1", "x2", "x3"), lambda p: p["value_sd"])


def _two_worst(x: Any, tables: AllocationTables) -> Any:
    lost = _lost(x, tables)
    return cp.maximum(lost[0] + lost[1], lost[0] + lost[2], lost[1] + lost[2])


def _tail(outcome: Any, tail: float) -> Any:
    """Rockafellar and Uryasev's program, with its threshold written out."""
    level = cp.Variable()
    return level - cp.sum(cp.pos(level - outcome)) / (tail * outcome.size)


def _values(x: Any, tables: AllocationTables) -> Any:
    sold = _sums(x, tables, "supply_id", list(tables.supply.index), lambda p: p["value"])
    return scenarios(tables, 0.5, 1.5) @ sold


def _oversold(x: Any, tables: AllocationTables) -> Any:
    sold = _sums(x, tables, "supply_id", list(tables.supply.index), lambda p: 1.0)
    return cp.hstack([-cp.sum(cp.pos(sold - draw)) for draw in scenarios(tables, 5.0, 110.0)])


def _all(rows: Callable[[AllocationTables, str], Row]) -> Callable[[AllocationTables], list[Row]]:
    return lambda tables: [rows(tables, d) for d in ids(tables)]


REACH = {"a": 100.0, "b": 60.0}
PROFILE = {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0}

CASES = [
    Case("base", lambda t: []),
    Case("share", lambda t: [Share("exchange", max={"x1": 0.2}, min={"x2": 0.4}, of="spend")],
         _shares),
    Case("share per demand", lambda t: [Share("exchange", max=0.4, per_demand=True)], _own_shares),
    Case("quality", lambda t: [Quality("viewability", min=0.65),
                               Quality("fraud", max=0.045, per_demand=True)], _quality),
    Case("pacing", lambda t: [Pacing(0.1, PROFILE)], _pacing),
    Case("concentration", lambda t: [Concentration("user_segment", 0.505, of="value")],
         lambda t: [row(t, f"concentration_max[user_segment={s}]", "<=", 0.0,
                        lambda p, s=s: p["value"] * ((p["user_segment"] == s) - 0.505))
                    for s in REACH]),
    Case("frequency", lambda t: [Frequency(2.0, reach=REACH)], _frequency),
    Case("target cpa", lambda t: [TargetCPA(9.0)],
         _all(lambda t, d: row(t, f"target_cpa[{d}]", "<=", 0.0, lambda p: (p["demand_id"] == d)
                               * (p["cost"] - 9.0 * p["conversions"])))),
    Case("target roas", lambda t: [TargetROAS(2.1)],
         _all(lambda t, d: row(t, f"target_roas[{d}]", ">=", 0.0, lambda p: (p["demand_id"] == d)
                               * (p["value"] - 2.1 * p["cost"])))),
    Case("guarantee", lambda t: [Guarantee({"d0": 300.0, "d1": 480.0})], _goals),
    Case("make-good", lambda t: [Guarantee({"d0": 400.0, "d1": 300.0}, penalty=3.0)],
         added=_makegood),
    Case("fair floor", lambda t: [Fairness("floor", least=200.0)],
         _all(lambda t, d: row(t, f"fairness_min[{d}]", ">=", 200.0,
                               lambda p: p["demand_id"] == d))),
    Case("fair maxmin", lambda t: [Fairness("maxmin", weight=3.0, of="spend")],
         added=lambda x, t: 3.0 * cp.min(_got(x, t, lambda p: p["cost"]))),
    Case("fair variance", lambda t: [Fairness("variance", weight=2.0,
                                              claim=dict.fromkeys(ids(t), 100.0))],
         added=_variance),
    Case("box", lambda t: [Robust("value_sd", "box")],
         added=lambda x, t: -cp.sum(_lost(x, t))),
    Case("budgeted", lambda t: [Robust("value_sd", "budgeted", 2.0, by="exchange")],
         added=lambda x, t: -_two_worst(x, t)),
    Case("ellipsoid", lambda t: [Robust("value_sd", "ellipsoid", 1.5, by="exchange")],
         added=lambda x, t: -1.5 * cp.norm(cp.hstack(_lost(x, t)))),
    Case("cvar limit", lambda t: [CVaR(scenarios(t, 0.5, 1.5), 0.1, limit=500.0), Thrift()],
         added=lambda x, t: -0.9 * (t.value @ x),
         held=lambda x, t: [_tail(_values(x, t), 0.1) >= 500.0]),
    Case("cvar weight", lambda t: [CVaR(scenarios(t, 0.5, 1.5), 0.15, weight=0.7)],
         added=lambda x, t: 0.7 * _tail(_values(x, t), 0.15)),
    Case("cvar capacity", lambda t: [CVaR(scenarios(t, 5.0, 110.0), 0.1, "capacity", limit=60.0)],
         held=lambda x, t: [_tail(_oversold(x, t), 0.1) >= -60.0]),
]  # fmt: skip
