"""Compiled passes that turn prices into a plan, and make a plan keep its limits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.allocate.linear.kernels_dual import threshold
from kit.base.jit import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]


@kernel()
def shares(
    row_start: Ints, demand: Codes, value: Floats, cost: Floats, capacity: Floats,
    prices: Floats, gamma: float, centre: Floats, out: Floats,
) -> None:  # fmt: skip
    """Write the plan as shares of each row's capacity; `out` may be `centre`."""
    rows = len(row_start) - 1
    longest = 1
    for s in range(rows):
        longest = max(longest, row_start[s + 1] - row_start[s])
    q = np.empty(longest)
    has_centre = len(centre) > 0
    for s in range(rows):
        first, last = row_start[s], row_start[s + 1]
        if first == last:
            continue
        scale = 0.0
        for p in range(first, last):
            scale = max(scale, value[p])
        width = gamma * scale
        if capacity[s] <= 0.0 or width <= 0.0:
            out[first:last] = 0.0
            continue
        for p in range(first, last):
            q[p - first] = value[p] - prices[demand[p]] * cost[p]
            if has_centre:
                q[p - first] += width * centre[p]
        tau = threshold(q, last - first, width)
        for p in range(first, last):
            out[p] = max(q[p - first] - tau, 0.0) / width


@kernel()
def to_amounts(
    row_start: Ints, demand: Codes, value: Floats, cost: Floats, capacity: Floats,
    keep: Floats, x: Floats, spend: Floats,
) -> None:  # fmt: skip
    """Turn shares in `x` into amounts, cut by each demand's `keep`, and add up what they cost."""
    spend[:] = 0.0
    for s in range(len(row_start) - 1):
        total = 0.0
        for p in range(row_start[s], row_start[s + 1]):
            total += x[p]
        size = capacity[s] / max(total, 1.0)
        for p in range(row_start[s], row_start[s + 1]):
            x[p] *= size * (keep[demand[p]] if cost[p] > 0.0 else 1.0)
            spend[demand[p]] += x[p] * cost[p]


@kernel()
def refill(
    row_start: Ints, demand: Codes, value: Floats, cost: Floats, capacity: Floats,
    prices: Floats, least: float, x: Floats, left: Floats,
) -> None:  # fmt: skip
    """Sell what is unsold to demands with money `left`, in each row the best margin first.

    Only pairs with a margin above `least` (-inf: any that earn) are filled.
    """
    for s in range(len(row_start) - 1):
        first, last = row_start[s], row_start[s + 1]
        free = capacity[s]
        for p in range(first, last):
            free -= x[p]
        if free <= 1e-15 * capacity[s]:
            continue
        for _ in range(last - first):
            best, at = least, -1
            for p in range(first, last):
                d = demand[p]
                margin = value[p] - prices[d] * cost[p]
                open_ = cost[p] == 0.0 or left[d] > 0.0
                if value[p] > 0.0 and open_ and margin > best and x[p] < capacity[s]:
                    best, at = margin, p
            if at < 0:
                break
            d = demand[at]
            amount = free
            if cost[at] * free > left[d] and cost[at] > 0.0:
                amount = left[d] / cost[at]
                left[d] = 0.0
            else:
                left[d] = max(left[d] - cost[at] * free, 0.0)
            x[at] += amount
            free -= amount
            if cost[at] == 0.0 or free <= 1e-15 * capacity[s]:
                break


@kernel()
def total_value(value: Floats, x: Floats) -> float:
    """Return ``sum value x`` with a compensated sum (Neumaier)."""
    total, lost = 0.0, 0.0
    for p in range(len(x)):
        term = value[p] * x[p]
        new = total + term
        if abs(total) >= abs(term):
            lost += (total - new) + term
        else:
            lost += (term - new) + total
        total = new
    return float(total + lost)


@kernel()
def add_spend(
    row_start: Ints, demand: Codes, value: Floats, cost: Floats, capacity: Floats,
    x: Floats, spend: Floats,
) -> None:  # fmt: skip
    """Write what shares in `x` cost each demand, rows that are oversold cut back."""
    spend[:] = 0.0
    for s in range(len(row_start) - 1):
        total = 0.0
        for p in range(row_start[s], row_start[s + 1]):
            total += x[p]
        size = capacity[s] / max(total, 1.0)
        for p in range(row_start[s], row_start[s + 1]):
            spend[demand[p]] += size * x[p] * cost[p]


@kernel()
def amounts_spent(demand: Codes, cost: Floats, x: Floats, spend: Floats) -> None:
    """Write what the amounts cost each demand."""
    spend[:] = 0.0
    for p in range(len(x)):
        spend[demand[p]] += x[p] * cost[p]
