"""Made-up allocation problems of any size, for the large-scale rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kit.allocate.tables import AllocationTables


def arrays(
    pairs: int,
    demands: int,
    seed: int,
    *,
    value_sigma: float = 0.5,
    tightness: float = 0.5,
    part: int = 0,
) -> dict[str, np.ndarray]:
    """Draw about ten eligible pairs a supply row, popular demands in more of them.

    Values are lognormal with an effect of the row, of the demand and of the pair; capacities and
    budgets have heavy tails; about `tightness` of what each demand would spend unhindered is its
    budget, so that most budgets bind. Parts of one problem share the demands.
    """
    rng = np.random.default_rng(seed)
    rows = max(pairs // 10, 1)
    popularity = rng.pareto(1.5, demands) + 0.2
    demand_effect, richness = rng.normal(0, 0.4, demands), rng.normal(0, 0.7, demands)
    rng = np.random.default_rng([seed, part])  # parts share the demands
    cut = np.cumsum(popularity / popularity.sum())
    drawn = np.searchsorted(cut, rng.random((rows, 11))).clip(0, demands - 1).astype(np.int32)
    drawn.sort(axis=1)
    once = np.ones(drawn.shape, dtype=bool)
    once[:, 1:] = drawn[:, 1:] != drawn[:, :-1]
    demand = drawn[once][:pairs]
    supply = np.repeat(np.arange(rows, dtype=np.int32), once.sum(axis=1))[:pairs]
    row_effect = rng.normal(0, 0.7, rows)
    noise = rng.normal(0, value_sigma, len(demand))
    value = np.exp(row_effect[supply] + demand_effect[demand] + noise)
    cost = np.exp(0.6 * row_effect[supply] + rng.normal(0, 0.3, len(demand)) - 0.5)
    capacity = 10.0 * (rng.pareto(2.0, rows) + 0.1)
    asked = np.bincount(demand, cost * capacity[supply], demands) / 10.0
    budget = tightness * asked * np.exp(richness)
    return {
        "supply": supply, "demand": demand, "value": value, "cost": cost,
        "capacity": capacity, "budget": np.maximum(budget, 1e-9),
    }  # fmt: skip


def tables_of(drawn: dict[str, np.ndarray]) -> AllocationTables:
    """Wrap sorted arrays without the checks of `AllocationTables.of`."""
    capacity, budget = drawn["capacity"], drawn["budget"]
    start = np.searchsorted(drawn["supply"], np.arange(len(capacity) + 1)).astype(np.int64)
    return AllocationTables(
        pd.DataFrame({"capacity": capacity}), pd.DataFrame({"budget": budget}),
        pd.DataFrame(index=pd.RangeIndex(len(drawn["value"]))), capacity, budget, start,
        drawn["supply"], drawn["demand"], drawn["value"], drawn["cost"],
    )  # fmt: skip


def frames_of(drawn: dict[str, np.ndarray]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the three long tables, as a user would hold them."""
    return (
        pd.DataFrame({"supply_id": np.arange(len(drawn["capacity"])),
                      "capacity": drawn["capacity"]}),
        pd.DataFrame({"demand_id": np.arange(len(drawn["budget"])), "budget": drawn["budget"]}),
        pd.DataFrame({"supply_id": drawn["supply"], "demand_id": drawn["demand"],
                      "value": drawn["value"], "cost": drawn["cost"]}),
    )  # fmt: skip
