"""Compiled loops of the SHALE-style plan: N impressions of supply, A contracts.

`worth` (N, A) is money that an impression is worth to a contract, NaN where it may not have it;
`fair` (A,) the share of its eligible supply that a contract is owed; `spread` money; `prob`,
`revenue`, `switch` the corners of the acceptance curve.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.allocate.contracts.kernels_contracts import corner_of
from kit.base.jit import kernel

Array = NDArray[np.float64]
_EXACT = 1e-13
_STEPS = 60


@kernel()
def gains(
    worth: Array, alpha: Array, prob: Array, revenue: Array, switch: Array, out: Array
) -> None:  # fmt: skip
    """Fill in what each contract as the fallback adds to the exchange's best revenue."""
    for a in range(len(worth)):
        out[a] = np.nan
        if not np.isnan(worth[a]):
            fallback = worth[a] + alpha[a]
            corner = corner_of(switch, fallback)
            out[a] = revenue[corner] + (1.0 - prob[corner]) * fallback - revenue[0]


@kernel()
def supply_price(gain: Array, fair: Array, spread: float, out: Array) -> float:
    """Return the least supply price at which the shares add up to at most 1; fill them in.

    The sum falls with the price and is convex, so Newton's steps from 0 never overshoot.
    """
    beta = 0.0
    for _ in range(len(gain) + 1):
        total, slope = 0.0, 0.0
        for a in range(len(gain)):
            out[a] = 0.0
            if not np.isnan(gain[a]):
                out[a] = max(0.0, fair[a] * (1.0 + (gain[a] - beta) / spread))
            if out[a] > 0.0:
                total += out[a]
                slope += fair[a] / spread
        if total <= 1.0 + _EXACT:
            break
        beta += (total - 1.0) / slope
    return beta


@kernel()
def demand_price(
    contract: int, size: Array, worth: Array, beta: Array, fair: Array, spread: float,
    prob: Array, revenue: Array, switch: Array, owed: float, low: float, high: float,
    start: float,
) -> float:  # fmt: skip
    """Return the contract's price at which its plan delivers what it is owed, within limits.

    Newton's steps, halving the limits where they would leave them.
    """
    price = min(high, max(low, start))
    for _ in range(_STEPS):
        total, slope = -owed, 0.0
        for i in range(len(size)):
            if np.isnan(worth[i, contract]):
                continue
            fallback = worth[i, contract] + price
            corner = corner_of(switch, fallback)
            kept = 1.0 - prob[corner]
            gain = revenue[corner] + kept * fallback - revenue[0]
            share = fair[contract] * (1.0 + (gain - beta[i]) / spread)
            total += size[i] * kept * min(1.0, max(0.0, share))
            if 0.0 < share < 1.0:
                slope += size[i] * kept * kept * fair[contract] / spread
        if abs(total) <= _EXACT:
            return price
        if total < 0.0:
            low = price
        else:
            high = price
        step = price - total / slope if slope > 0.0 else low - 1.0
        price = step if low < step < high else 0.5 * (low + high)
        if high - low <= _EXACT * spread:
            return price
    return price


@kernel()
def sweep(
    size: Array, worth: Array, alpha: Array, beta: Array, fair: Array, spread: float,
    prob: Array, revenue: Array, switch: Array, owed: Array, low: Array, high: Array,
    plan: Array, move: bool,
) -> None:  # fmt: skip
    """Set every supply price given the contracts' prices, then (`move`) every contract's."""
    gain = np.empty(len(alpha))
    for i in range(len(size)):
        gains(worth[i], alpha, prob, revenue, switch, gain)
        beta[i] = supply_price(gain, fair, spread, plan[i])
    if move:
        for a in range(len(owed)):
            alpha[a] = demand_price(
                a, size, worth, beta, fair, spread, prob, revenue, switch, owed[a], low[a],
                high[a], alpha[a],
            )  # fmt: skip


@kernel()
def serve_plan(
    worth: Array, quality: Array, luck: Array, alpha: Array, fair: Array, spread: float,
    prob: Array, revenue: Array, switch: Array, left: Array, totals: Array, delivered: Array,
) -> None:  # fmt: skip
    """Serve impressions: the plan draws the contract, the exchange is asked first."""
    contracts = len(alpha)
    part, gain = np.empty(contracts), np.empty(contracts)
    for t in range(len(worth)):
        gains(worth[t], alpha, prob, revenue, switch, gain)
        supply_price(gain, fair, spread, part)
        pick, chosen = luck[t, 0], -1
        for a in range(contracts):
            pick -= part[a]
            if pick < 0.0:
                chosen = a
                break
        if chosen < 0 or left[chosen] < 1.0:
            totals[0] += revenue[0]
            continue
        corner = corner_of(switch, worth[t, chosen] + alpha[chosen])
        totals[0] += revenue[corner]
        if luck[t, 1] >= prob[corner]:
            left[chosen] -= 1.0
            delivered[chosen] += 1.0
            totals[1] += quality[t, chosen]
