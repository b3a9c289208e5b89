"""Compiled loops of the SHALE-style plan: N segments of supply, A contracts.

`worth` (N, A) or (T, A) is money of giving an impression to a contract, NaN where it may not have
it; `fair` (A,) the share of its eligible supply that a contract is owed; `spread` money.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.base.jit import kernel

Array = NDArray[np.float64]
_EXACT = 1e-13
_STEPS = 60


@kernel()
def shares(
    worth: Array, alpha: Array, fair: Array, spread: float, beta: float, out: Array
) -> float:
    """Fill in each contract's share of one impression at a supply price; return their sum."""
    total = 0.0
    for a in range(len(worth)):
        out[a] = 0.0
        if not np.isnan(worth[a]):
            out[a] = max(0.0, fair[a] * (1.0 + (worth[a] + alpha[a] - beta) / spread))
            total += out[a]
    return total


@kernel()
def supply_price(worth: Array, alpha: Array, fair: Array, spread: float, out: Array) -> float:
    """Return the least supply price at which the shares add up to at most 1; fill them in.

    The sum falls with the price and is convex, so Newton's steps from 0 never overshoot.
    """
    beta = 0.0
    for _ in range(len(worth) + 1):
        total, slope = shares(worth, alpha, fair, spread, beta, out), 0.0
        if total <= 1.0 + _EXACT:
            break
        for a in range(len(worth)):
            if out[a] > 0.0:
                slope += fair[a] / spread
        beta += (total - 1.0) / slope
    return beta


@kernel()
def demand_price(
    contract: int, size: Array, worth: Array, beta: Array, fair: Array, spread: float,
    owed: float, low: float, high: float, start: float,
) -> float:  # fmt: skip
    """Return the contract's price at which its plan delivers what it is owed, within limits.

    Newton's steps, halving the limits where they would leave them.
    """
    price = min(high, max(low, start))
    for _ in range(_STEPS):
        total, slope = -owed, 0.0
        for i in range(len(size)):
            if not np.isnan(worth[i, contract]):
                share = fair[contract] * (1.0 + (worth[i, contract] + price - beta[i]) / spread)
                total += size[i] * min(1.0, max(0.0, share))
                if 0.0 < share < 1.0:
                    slope += size[i] * fair[contract] / spread
        if abs(total) <= _EXACT:
            return price
        if total < 0.0:
            low = price
        else:
            high = price
        step = price - total / slope if slope > 0.0 else low - 1.0
        price = step if low < step < high else 0.5 * (low + high)
    return price


@kernel()
def sweep(
    size: Array, worth: Array, alpha: Array, beta: Array, fair: Array, spread: float,
    owed: Array, low: Array, high: Array, plan: Array,
) -> None:  # fmt: skip
    """Set every supply price given the contracts' prices, then every contract's; in place."""
    for i in range(len(size)):
        beta[i] = supply_price(worth[i], alpha, fair, spread, plan[i])
    for a in range(len(owed)):
        alpha[a] = demand_price(
            a, size, worth, beta, fair, spread, owed[a], low[a], high[a], alpha[a]
        )


@kernel()
def serve_plan(
    worth: Array, quality: Array, luck: Array, alpha: Array, fair: Array, spread: float,
    unsold: float, left: Array, totals: Array, delivered: Array,
) -> None:  # fmt: skip
    """Serve impressions by the plan; what no contract gets earns `unsold`."""
    part = np.empty(len(alpha))
    for t in range(len(worth)):
        supply_price(worth[t], alpha, fair, spread, part)
        pick, chosen = luck[t], -1
        for a in range(len(alpha)):
            pick -= part[a]
            if pick < 0.0:
                chosen = a
                break
        if chosen >= 0 and left[chosen] >= 1.0:
            left[chosen] -= 1.0
            delivered[chosen] += 1.0
            totals[1] += quality[t, chosen]
        else:
            totals[0] += unsold
