"""Compiled passes over the pairs of a linear program: its smoothed dual and its curvature."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.base.jit import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

# A row's plan y (as shares of its capacity) maximises  r y - g/2 |y - centre|^2  over y >= 0,
# sum y <= 1, in which r = value - price * cost and g = gamma * (the row's largest value).
# With q = r + g * centre it is y = max(q - tau, 0) / g.


@kernel()
def threshold(q: Floats, n: int, width: float) -> float:
    """Return tau >= 0 with ``sum max(q - tau, 0) = width``; 0 if less than that is positive.

    Michelot's method: the mean of those above the last threshold, until none drops out.
    """
    top = q[0]
    for j in range(1, n):
        top = max(top, q[j])
    tau = max(top - width, 0.0)
    count = -1
    while True:
        total, above = 0.0, 0
        for j in range(n):
            if q[j] > tau:
                total += q[j]
                above += 1
        if above == count or above == 0:
            return float(tau)
        count = above
        tau = max((total - width) / above, tau)


@kernel()
def sweep(
    row_start: Ints, demand: Codes, value: Floats, cost: Floats, capacity: Floats,
    prices: Floats, gamma: float, centre: Floats, stride: int,
    spend: Floats, totals: Floats, row_end: Ints, row_weight: Floats, row_full: NDArray[np.bool_],
    kept_demand: Codes, kept_cost: Floats,
) -> tuple[int, int]:  # fmt: skip
    """Add up the smoothed dual, and keep the rows that bend it.

    ``totals`` becomes: supply part of the dual, of the smoothed dual, value of the plan. Every
    `stride`-th row with a share strictly between bounds is kept for the curvature. Returns the
    rows and entries kept, or (-1, entries) if the room did not suffice.
    """
    rows = len(row_start) - 1
    longest = 1
    for s in range(rows):
        longest = max(longest, row_start[s + 1] - row_start[s])
    q = np.empty(longest)
    has_centre = len(centre) > 0
    room, room_rows = len(kept_demand), len(row_end)
    kept_rows, kept = 0, 0
    spend[:] = 0.0
    dual, smooth, worth = 0.0, 0.0, 0.0
    for s in range(rows):
        first, last = row_start[s], row_start[s + 1]
        size = capacity[s]
        if size <= 0.0 or first == last:
            continue
        best, scale = 0.0, 0.0
        for p in range(first, last):
            r = value[p] - prices[demand[p]] * cost[p]
            q[p - first] = r
            best = max(best, r)
            scale = max(scale, value[p])
        if scale <= 0.0:
            continue
        dual += size * best
        width = gamma * scale
        n = last - first
        if has_centre:
            for j in range(n):
                q[j] += width * centre[first + j]
                best = max(best, q[j])
        if best <= 0.0:
            continue
        low = best - width
        near, at = 0, 0
        for j in range(n):
            if q[j] > low:
                near += 1
                if q[j] == best:
                    at = j
        if near == 1 and low >= 0.0:
            p = first + at
            spend[demand[p]] += size * cost[p]
            worth += size * value[p]
            smooth += size * (best - 0.5 * width)
            continue
        tau = threshold(q, n, width)
        total, square, active = 0.0, 0.0, 0
        for j in range(n):
            if q[j] > tau:
                share = (q[j] - tau) / width
                p = first + j
                spend[demand[p]] += size * share * cost[p]
                worth += size * share * value[p]
                total += share * q[j]
                square += share * share
                active += 1
        smooth += size * (total - 0.5 * width * square)
        full = tau > 0.0
        if s % stride != 0 or (active == 1 and full):
            continue
        if kept + active > room or kept_rows >= room_rows:
            return -1, kept
        for j in range(n):
            if q[j] > tau:
                kept_demand[kept] = demand[first + j]
                kept_cost[kept] = cost[first + j]
                kept += 1
        row_end[kept_rows] = kept
        row_weight[kept_rows] = stride * size / width
        row_full[kept_rows] = full
        kept_rows += 1
    totals[0], totals[1], totals[2] = dual, smooth, worth
    return kept_rows, kept


@kernel()
def curvature_diagonal(
    rows: int, row_end: Ints, row_weight: Floats, row_full: NDArray[np.bool_],
    demand: Codes, cost: Floats, out: Floats,
) -> None:  # fmt: skip
    """Write the diagonal of the smoothed dual's second derivative."""
    out[:] = 0.0
    first = 0
    for k in range(rows):
        last = row_end[k]
        left = 1.0 - 1.0 / (last - first) if row_full[k] else 1.0
        for p in range(first, last):
            out[demand[p]] += row_weight[k] * left * cost[p] * cost[p]
        first = last


@kernel()
def curvature_product(
    rows: int, row_end: Ints, row_weight: Floats, row_full: NDArray[np.bool_],
    demand: Codes, cost: Floats, vector: Floats, out: Floats,
) -> None:  # fmt: skip
    """Write the second derivative times a vector."""
    out[:] = 0.0
    first = 0
    for k in range(rows):
        last = row_end[k]
        mean = 0.0
        if row_full[k]:
            for p in range(first, last):
                mean += cost[p] * vector[demand[p]]
            mean /= last - first
        weight = row_weight[k]
        for p in range(first, last):
            d = demand[p]
            out[d] += weight * cost[p] * (cost[p] * vector[d] - mean)
        first = last


@kernel()
def ceiling(demand: Codes, value: Floats, cost: Floats, out: Floats) -> None:
    """Raise `out` to the price at which no pair of the demand that costs anything earns."""
    for p in range(len(demand)):
        if cost[p] > 0.0 and value[p] > 0.0:
            ratio = min(value[p] / cost[p] * (1.0 + 1e-9), 1e300)
            out[demand[p]] = max(out[demand[p]], ratio)
