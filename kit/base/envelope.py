"""The rising concave envelope of points: what is worth having as a price rises."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def rising_envelope(cost: Array, gain: Array, least: float = 0.0) -> NDArray[np.int64]:
    """Return the places of the points on the rising concave envelope, the cheapest first.

    Along it every step costs more, gains more, and gains less for its cost than the step before.

    Parameters
    ----------
    cost, gain : ndarray, shape (n,)
        The points; at equal cost the one that gains most counts.
    least : float
        What a point must gain beyond the best cheaper one; rounding in `gain`.

    References
    ----------
    Andrew, "Another Efficient Algorithm for Convex Hulls in Two Dimensions" (1979): the upper
    half of the monotone chain.

    Examples
    --------
    >>> rising_envelope(np.array([0.0, 0.1, 0.2, 0.5]), np.array([1.0, 1.5, 3.0, 2.0])).tolist()
    [0, 2]
    """
    kept: list[int] = []
    for place in np.lexsort((-gain, cost)):
        if kept and gain[place] <= gain[kept[-1]] + least:
            continue
        while len(kept) > 1 and _is_below(cost, gain, kept[-2], kept[-1], place):
            kept.pop()
        kept.append(int(place))
    return np.array(kept, dtype=np.int64)


def _is_below(cost: Array, gain: Array, start: int, middle: int, end: int) -> bool:
    """Return whether the middle point lies on or below the line from start to end."""
    rise = (gain[middle] - gain[start]) * (cost[end] - cost[start])
    return bool(rise <= (gain[end] - gain[start]) * (cost[middle] - cost[start]))
