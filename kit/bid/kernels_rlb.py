"""The value table of RLB, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.base.jit import kernel


@kernel()
def value_table(
    auctions: int, budget: int, average_score: float, price_probability: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the expected score still to be won, shape (auctions + 1, budget + 1).

    A price is worth paying while the score exceeds the value of the budget it takes; that gain
    falls as the price rises (the value does not fall with the budget), so the sum over prices
    stops at the first that is not worth it, which is also where the best bid lies.
    """
    table = np.zeros((auctions + 1, budget + 1))
    highest = price_probability.size - 1
    for left in range(1, auctions + 1):
        after = table[left - 1]
        for money in range(budget + 1):
            keep = after[money]
            gained = 0.0
            for price in range(min(money, highest) + 1):
                gain = average_score + after[money - price] - keep
                if gain < 0.0:
                    break
                gained += price_probability[price] * gain
            table[left, money] = keep + gained
    return table
