"""The best floor of every segment under a limit on lost fill: an exact choice with its bound."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kit.base.checks import number
from kit.base.envelope import rising_envelope

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Step = tuple[float, float, float, int, int]

_MOST_STATES = 100_000
_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class FloorChoice:
    """One point on each segment's curve.

    Parameters
    ----------
    point : ndarray of int64, shape (S,)
        Index of the chosen floor.
    revenue, lost : float
        Their sums over segments.
    bound : float
        No choice within the limit earns more.
    fill_price : float
        What the limit costs: revenue gained by one more unit of lost fill, from the linear
        relaxation; 0 where the limit does not bind.
    """

    point: Ints
    revenue: float
    lost: float
    bound: float
    fill_price: float


def choose_points(revenue: Array, lost: Array, limit: float | None = None) -> FloorChoice:
    """Return the choice of one point a segment that earns most and loses at most `limit`.

    Parameters
    ----------
    revenue, lost : ndarray, shape (S, G)
        What each point earns and how much fill it loses (>= 0), segments weighted already; every
        segment has a point that loses nothing.
    limit : float or None
        Most fill lost in all; None: no limit.

    Notes
    -----
    This is a multiple-choice knapsack. The linear relaxation walks the concave envelopes of all
    segments in falling order of slope; its price removes points that no optimum can contain, and a
    dynamic program over the rest, pruned by the same price, closes the gap. Beyond 100,000 states
    the best are kept, and `bound` says what may have been lost.

    References
    ----------
    Kellerer, Pferschy, Pisinger, "Knapsack Problems" (2004), sections 11.2 and 11.5.

    Examples
    --------
    >>> choice = choose_points(np.array([[1.0, 3.0], [1.0, 2.0]]), np.array([[0, 0.2], [0, 0.2]]),
    ...                        limit=0.2)
    >>> choice.point.tolist(), choice.revenue, round(choice.fill_price, 6)
    ([1, 0], 4.0, 5.0)
    """
    best = _first_best(revenue, lost)
    free = _sum_at(revenue, best), _sum_at(lost, best)
    if limit is None or free[1] <= number("max_lost_fill", limit, 0.0) + _TINY:
        return FloorChoice(best, *free, free[0], 0.0)
    point, price, bound = _relaxed(revenue, lost, limit)
    return _exact(revenue, lost, limit, point, price, bound)


def _first_best(revenue: Array, lost: Array) -> Ints:
    """Return the best point of each segment; of equals the one that loses least."""
    most = revenue.max(axis=1, keepdims=True)
    return np.asarray(np.argmin(np.where(revenue >= most, lost, np.inf), axis=1))


def _sum_at(values: Array, point: Ints) -> float:
    return float(values[np.arange(len(point)), point].sum())


def _slope(revenue: Array, lost: Array, left: int, right: int) -> float:
    run = lost[right] - lost[left]
    return float((revenue[right] - revenue[left]) / run) if run > 0 else np.inf


def steps_of(
    revenue: Array, lost: Array
) -> tuple[Ints, list[tuple[float, float, float, int, int]]]:
    """Return where every segment starts, and all steps along the envelopes, the steepest first.

    A step is its slope, the revenue and the lost fill that it adds, its segment, its new point.
    """
    start = np.zeros(len(revenue), dtype=np.int64)
    steps = []
    for segment in range(len(revenue)):
        earns, loses = revenue[segment], lost[segment]
        hull = rising_envelope(loses, earns, least=_TINY)
        start[segment] = hull[0]
        for left, right in pairwise(hull):
            gain, loss = float(earns[right] - earns[left]), float(loses[right] - loses[left])
            steps.append((_slope(earns, loses, left, right), gain, loss, segment, int(right)))
    # slopes fall along an envelope, so a stable sort keeps each segment's steps in order
    steps.sort(key=lambda step: -step[0])
    return start, steps


def _relaxed(revenue: Array, lost: Array, limit: float) -> tuple[Ints, float, float]:
    """Return a feasible choice, the price of fill and the bound of the linear relaxation."""
    point, steps = steps_of(revenue, lost)
    left = limit - _sum_at(lost, point)
    bound, price, stopped = _sum_at(revenue, point), 0.0, set[int]()
    for slope, gain, loss, segment, new in steps:
        if not stopped:
            bound += gain * min(1.0, left / loss if loss > 0 else 1.0)
        if segment in stopped:
            continue
        if loss <= left + _TINY:
            point[segment], left = new, max(0.0, left - loss)
        else:
            price = price if stopped else slope
            stopped.add(segment)
    return point, price, bound


def _exact(
    revenue: Array, lost: Array, limit: float, point: Ints, price: float, bound: float
) -> FloorChoice:
    """Search the choices segment by segment, keeping those that no other beats at less loss."""
    net = revenue - price * lost
    most = net.max(axis=1)
    known = _sum_at(revenue, point)
    # a point this far below its segment's best cannot be in a better choice
    open_points = [
        np.flatnonzero(net[segment] >= most[segment] - (bound - known) - _TINY * abs(bound))
        for segment in range(len(revenue))
    ]
    ceiling = price * limit + most.sum() - np.cumsum(most)
    loses, earns = np.zeros(1), np.zeros(1)
    trail: list[tuple[Ints, Ints]] = []
    dropped = -np.inf
    for segment, points in enumerate(open_points):
        total_loss = (loses[:, None] + lost[segment, points]).ravel()
        total = (earns[:, None] + revenue[segment, points]).ravel()
        reach = total - price * total_loss + ceiling[segment]
        keep = np.flatnonzero((total_loss <= limit + _TINY) & (reach >= known - _TINY * abs(known)))
        keep = keep[np.lexsort((-total[keep], total_loss[keep]))]
        rising = np.maximum.accumulate(total[keep])
        keep = keep[np.r_[True, total[keep][1:] > rising[:-1]]] if keep.size else keep
        if not keep.size:  # nothing beats the choice in hand
            return _choice(revenue, lost, point, max(known, dropped), price)
        if keep.size > _MOST_STATES:
            rank = np.argsort(-reach[keep], kind="stable")
            dropped = max(dropped, float(reach[keep[rank[_MOST_STATES]]]))
            keep = np.sort(keep[rank[:_MOST_STATES]])
        loses, earns = total_loss[keep], total[keep]
        trail.append((keep // points.size, points[keep % points.size]))
    state = int(np.argmax(earns))
    if earns[state] > known:
        point = _walk_back(trail, state)
    return _choice(revenue, lost, point, max(_sum_at(revenue, point), min(dropped, bound)), price)


def _walk_back(trail: list[tuple[Ints, Ints]], state: int) -> Ints:
    """Return the point of each segment on the way to the last segment's state."""
    point = np.empty(len(trail), dtype=np.int64)
    for segment in range(len(trail) - 1, -1, -1):
        back, chosen = trail[segment]
        point[segment], state = chosen[state], int(back[state])
    return point


def _choice(revenue: Array, lost: Array, point: Ints, bound: float, price: float) -> FloorChoice:
    return FloorChoice(point, _sum_at(revenue, point), _sum_at(lost, point), bound, price)
