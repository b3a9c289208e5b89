"""100 multipliers in one pass against 100 fused replays."""

from __future__ import annotations

import math

import numpy as np

from kit.replay.linear import LinearLog
from tests.benchmarks.data import MULTIPLIER, auctions
from tests.benchmarks.table import Row, Table, milliseconds
from tests.benchmarks.timing import medians

MULTIPLIERS = np.geomspace(0.1, 10.0, 100)


def tables(quick: bool) -> list[Table]:
    """Time both without and with a budget, after checking that they agree exactly."""
    rows = 200_000 if quick else 10_000_000
    data = auctions(rows)
    log = LinearLog(data.price, data.value, data.exchange, data.hour)
    budget = math.floor(0.7 * log.replay(MULTIPLIER)[..., 1].sum())
    found = []
    for name, limit, target in (("no", math.inf, "<= 0.12"), ("a", budget, "<= 0.2")):
        _same(log, limit)
        seconds = medians(
            {
                "grid": lambda limit=limit: log.replay_grid(MULTIPLIERS, limit),
                "singles": lambda limit=limit: [log.replay(m, limit) for m in MULTIPLIERS],
            },
            5,
        )
        found.append(
            Row(
                f"100 multipliers, {name} budget",
                milliseconds(seconds["grid"]),
                f"100 replays {milliseconds(seconds['singles'])}",
                seconds["grid"] / seconds["singles"],
                target,
            )
        )
    return [Table(f"Grid of multipliers, {rows:,} auctions", found)]


def _same(log: LinearLog, budget: float) -> None:
    grid = log.replay_grid(MULTIPLIERS, budget)
    for place, multiplier in enumerate(MULTIPLIERS):
        if not np.array_equal(grid[place, ..., :2], log.replay(multiplier, budget)[..., :2]):
            raise RuntimeError(f"grid: differs from the single replay at {multiplier:g}")
