"""Which limits of a plan bind and what they cost: at once from the duals, exactly on request."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from kit.allocate.allocation import Allocation
from kit.allocate.wording import sentence

COLUMNS = ("limit", "bound", "used", "price_low", "price_high", "unit", "words")
_TOLERANCE = 1e-6


class BindingLimit(NamedTuple):
    """One limit that binds; prices are money per unit of its number, in ascending order."""

    limit: str
    bound: float
    used: float
    price: float
    price_low: float
    price_high: float
    unit: str
    sense: str
    subject: str


def binding_limits(allocation: Allocation) -> tuple[list[BindingLimit], int]:
    """Return the limits that bind, the dearest first, and how many capacities are used up.

    Prices are the duals of the answer; where it is degenerate they are one of many (see
    `with_ranges`). Steps of price floors are left out: they are no numbers of their own.
    """
    compiled, raw = allocation.live(), allocation.raw
    if compiled.canonical is None or raw is None:
        return [], 0
    rates = -compiled.canonical.rates(raw.z, raw.y)
    compiled.model.hold(allocation.x)
    found: list[BindingLimit] = []
    used_up = 0
    for block, numbers in zip(compiled.model.limits, compiled.numbers(), strict=True):
        kind = block.names[0].partition("[")[0]
        if kind == "floor":
            continue
        used = block.evaluate(allocation.x)
        slack = numbers - used if block.sense == "<=" else used - numbers
        binds = np.flatnonzero(slack <= _TOLERANCE * np.maximum(np.abs(used), 1e-3))
        if kind == "capacity":
            used_up += len(binds)
            continue
        for row in binds.tolist():
            name = block.names[row]
            price = float(rates[compiled.place(name)]) + 0.0
            found.append(
                BindingLimit(name, float(numbers[row]), float(used[row]), price, price, price,
                             block.unit, block.sense, block.subject[row])
            )  # fmt: skip
    found.sort(key=lambda row: -abs(row.price * row.bound))
    return found, used_up


def with_ranges(allocation: Allocation, rows: list[BindingLimit]) -> list[BindingLimit]:
    """Return the same with one-sided prices, found by re-solving where the plan is degenerate."""
    compiled, raw = allocation.live(), allocation.raw
    if raw is None or compiled.backend is None or compiled.backend.unique(compiled.run()):
        return rows
    ranges = [allocation.price_range(row.limit) for row in rows]
    return [
        row._replace(price_low=low, price_high=high)
        for row, (low, high) in zip(rows, ranges, strict=True)
    ]


def worded_limits(
    allocation: Allocation, rows: list[BindingLimit], *, whole: bool = False
) -> pd.DataFrame:
    """Return the limits as a table, with sentences.

    Parameters
    ----------
    allocation : Allocation
        The plan.
    rows : list of BindingLimit
        What to show.
    whole : bool
        Whether shares and other ratios also say what the whole limit costs, by re-solving.
    """
    return pd.DataFrame(_sentences(allocation, rows, whole), columns=list(COLUMNS))


def _sentences(
    allocation: Allocation, rows: list[BindingLimit], whole: bool
) -> Iterator[tuple[Any, ...]]:
    problem = allocation.problem
    for row in rows:
        is_ratio = whole and row.unit not in ("money", "impressions")
        worth = allocation.worth(row.limit) if is_ratio else None
        words = sentence(row, problem.currency, problem.period, worth)
        yield (row.limit, row.bound, row.used, _clean(row.price_low), _clean(row.price_high),
               row.unit, words)  # fmt: skip


def _clean(value: float) -> float:
    return value if math.isfinite(value) else math.nan
