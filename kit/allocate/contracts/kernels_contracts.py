"""Compiled loops over impressions for contracts beside an exchange.

Arrays shared by all: `quality` (T, A), NaN where a contract is not eligible; `price` (A,), the
contracts' dual prices; the curve's corners `prob`, `revenue` (k,) and `switch` (k - 1,).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.base.jit import kernel

Array = NDArray[np.float64]


@kernel()
def corner_of(switch: Array, worth: float) -> int:
    """Return the corner of the acceptance curve that is best beside a fallback."""
    low, high = 0, len(switch)
    while low < high:
        middle = (low + high) // 2
        if switch[middle] <= worth:
            low = middle + 1
        else:
            high = middle
    return low


@kernel()
def dual_by_group(
    quality: Array, group: NDArray[np.int64], weight: float, price: Array, prob: Array,
    revenue: Array, switch: Array, value: Array, slope: Array,
) -> None:  # fmt: skip
    """Add up ``R(max_a weight q_a - price_a)`` and its slope by group; (G,) and (G, A)."""
    value[:] = 0.0
    slope[:] = 0.0
    for t in range(quality.shape[0]):
        worth, chosen = 0.0, -1
        for a in range(quality.shape[1]):
            score = weight * quality[t, a] - price[a]
            if score > worth:  # never true of a NaN
                worth, chosen = score, a
        corner = corner_of(switch, worth)
        value[group[t]] += revenue[corner] + (1.0 - prob[corner]) * worth
        if chosen >= 0:
            slope[group[t], chosen] -= 1.0 - prob[corner]


@kernel()
def _sure_supply(share: Any, ahead: int) -> float:
    """Return the eligible impressions ahead, less two standard deviations and one."""
    return float(share * ahead - 2.0 * np.sqrt(share * (1.0 - share) * ahead) - 1.0)


@kernel()
def serve(
    quality: Array, luck: Array, first: int, last: int, weight: float, prob: Array,
    revenue: Array, switch: Array, price: Array, left: Array, lowest: Array, eligible: Array,
    metric: Array, step: Array, paced: bool, urgency: Array, totals: Array, delivered: Array,
) -> None:  # fmt: skip
    """Serve impressions `first` to `last` of T, moving `price` after each; in place.

    `left` (A,) still to deliver; `lowest` (A,) floor of the prices; `eligible` (A + 1,) share of
    impressions that each, and any, contract may have; `metric` (A, A) money per unit of delivery
    share; `step` (T,); `urgency` (A,) money that puts a contract first once its supply is just
    enough; `totals` is exchange revenue, quality. Unpaced: the target stays that of the start.
    """
    horizon, contracts = quality.shape
    move = np.empty(contracts)
    target = left / (horizon - first)
    for t in range(first, last):
        ahead = horizon - t
        worth, chosen = 0.0, -1
        all_tight = left.sum() > _sure_supply(eligible[contracts], ahead)
        for a in range(contracts):
            if left[a] < 1.0 or np.isnan(quality[t, a]):
                continue
            score = weight * quality[t, a] - price[a]
            # what is left of its supply, or of all supply, is just enough: the exchange waits
            if all_tight or left[a] > _sure_supply(eligible[a], ahead):
                score += urgency[a]
            if score > worth:
                worth, chosen = score, a
        corner = corner_of(switch, worth)
        totals[0] += revenue[corner]
        for a in range(contracts):
            move[a] = left[a] / ahead if paced else target[a]
        if chosen >= 0:
            move[chosen] -= 1.0 - prob[corner]
            if luck[t] >= prob[corner]:
                left[chosen] -= 1.0
                delivered[chosen] += 1.0
                totals[1] += quality[t, chosen]
        for a in range(contracts):
            change = 0.0
            for b in range(contracts):
                change += metric[a, b] * move[b]
            price[a] = max(lowest[a], price[a] - step[t] * change)
