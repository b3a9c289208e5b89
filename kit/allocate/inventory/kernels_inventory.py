"""Compiled loops of inventory selection: what sampled paths earn, whole paths, the dual bound.

P paths, G groups of identical impressions, K offers (a group on a path). Arrays by path hold the
offers of path p at ``path_start[p]:path_start[p + 1]``; arrays by group hold those of group g at
``group_start[g]:group_start[g + 1]``, the dearest first. ``worth`` is money per second: the
group's impressions per second times the surplus of one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.base.jit import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]


@kernel()
def sampled_value(
    group_start: Ints, group_path: Codes, worth: Floats, rate: Floats, group_value: Floats
) -> None:
    """Fill in what each group earns when each path is sampled by itself at its rate.

    The best offer heard is the one that is bid on: an offer counts if it is heard and no dearer
    one is.
    """
    for group in range(group_start.size - 1):
        unheard, value = 1.0, 0.0
        for offer in range(group_start[group], group_start[group + 1]):
            heard = rate[group_path[offer]]
            value += unheard * heard * worth[offer]
            unheard *= 1.0 - heard
        group_value[group] = value


@kernel()
def gains_over(
    group_start: Ints, group_path: Codes, worth: Floats, price: Floats, gain: Floats
) -> None:
    """Fill in what each path's offers are worth above the price of their groups.

    Group by group, since the gains of all paths fit into a cache and the prices of all groups
    do not.
    """
    gain[:] = 0.0
    for group in range(group_start.size - 1):
        for offer in range(group_start[group], group_start[group + 1]):
            extra = worth[offer] - price[group]
            if extra <= 0.0:  # the dearest come first
                break
            gain[group_path[offer]] += extra


@kernel()
def fractional_fill(
    order: Ints,
    gain: Floats,
    weight: Floats,
    exchange: Codes,
    total: float,
    by_exchange: Floats,
    rate: Floats,
) -> float:
    """Fill the limits in the given order, the last path in part; return the gain.

    In falling order of gain per query that is optimal: the limits are nested, so the queries a
    set of paths may use are a polymatroid.
    """
    left, left_exchange, value = total, by_exchange.copy(), 0.0
    for path in order:
        if gain[path] <= 0.0:
            break
        code = exchange[path]
        amount = min(weight[path], left, left_exchange[code])
        if amount > 0.0:
            rate[path] = amount / weight[path]
            value += gain[path] * rate[path]
            left -= amount
            left_exchange[code] -= amount
    return value


@kernel()
def coverage(
    group_start: Ints, group_path: Codes, worth: Floats, price: Floats, rate: Floats,
    covered: Floats,
) -> None:  # fmt: skip
    """Fill in how often each group would be bought at its price."""
    for group in range(group_start.size - 1):
        often = 0.0
        for offer in range(group_start[group], group_start[group + 1]):
            if worth[offer] <= price[group]:  # the dearest come first
                break
            often += rate[group_path[offer]]
        covered[group] = often


@kernel()
def _pair_value(
    path: int,
    path_start: Ints,
    path_group: Codes,
    group_start: Ints,
    group_path: Codes,
    worth: Floats,
    rate: Floats,
    skip: int,
) -> float:
    """Return what the groups of `path` earn, those that `skip` carries too left out."""
    value = 0.0
    for place in range(path_start[path], path_start[path + 1]):
        group = path_group[place]
        unheard, part, shared = 1.0, 0.0, False
        for offer in range(group_start[group], group_start[group + 1]):
            shared = shared or group_path[offer] == skip
            heard = rate[group_path[offer]]
            part += unheard * heard * worth[offer]
            unheard *= 1.0 - heard
        if not shared:
            value += part
    return value


@kernel()
def pipage(
    partial: Ints,
    path_start: Ints,
    path_group: Codes,
    group_start: Ints,
    group_path: Codes,
    worth: Floats,
    weight: Floats,
    rate: Floats,
) -> None:
    """Move queries between partly heard paths of one exchange until one is left; never lose.

    What independent sampling earns is convex when queries move from one path to another, so one
    of the two ends is no worse than the middle.
    """
    kept = -1
    for other in partial:
        if kept < 0:
            kept = other
            continue
        start_kept, start_other = rate[kept], rate[other]
        most, at_kept, at_other = -1.0, start_kept, start_other
        for end in range(2):
            up, down = (kept, other) if end == 0 else (other, kept)
            moved = min((1.0 - rate[up]) * weight[up], rate[down] * weight[down])
            rate[up] = min(1.0, rate[up] + moved / weight[up])
            rate[down] = max(0.0, rate[down] - moved / weight[down])
            value = _pair_value(
                kept, path_start, path_group, group_start, group_path, worth, rate, -1
            ) + _pair_value(
                other, path_start, path_group, group_start, group_path, worth, rate, kept
            )
            if value > most:
                most, at_kept, at_other = value, rate[kept], rate[other]
            rate[kept], rate[other] = start_kept, start_other
        rate[kept], rate[other] = at_kept, at_other
        whole_kept = at_kept < 1e-12 or at_kept > 1.0 - 1e-12
        whole_other = at_other < 1e-12 or at_other > 1.0 - 1e-12
        if whole_kept:
            kept = -1 if whole_other else other


@kernel()
def changes(
    path_start: Ints,
    path_group: Codes,
    group_start: Ints,
    group_path: Codes,
    worth: Floats,
    rate: Floats,
    loses: Floats,
    adds: Floats,
) -> None:
    """Fill in what dropping each path would lose, and what hearing all of it would add."""
    for path in range(path_start.size - 1):
        kept = rate[path]
        value = np.zeros(3)
        for end, trial in enumerate((0.0, kept, 1.0)):
            rate[path] = trial
            value[end] = _pair_value(
                path, path_start, path_group, group_start, group_path, worth, rate, -1
            )
        rate[path] = kept
        loses[path] = value[1] - value[0]
        adds[path] = value[2] - value[1]


@kernel()
def deflect(
    covered: Floats, price: Floats, scale: Floats, memory: float, direction: Floats, step: Floats
) -> float:
    """Turn the direction of descent towards the present slope; return the step's scaled length.

    Parameters
    ----------
    covered, price, scale : ndarray, shape (groups,)
        How often each group would be bought; its price; its scale.
    memory : float
        Share of the last direction that is kept.
    direction, step : ndarray, shape (groups,)
        Written; a price at 0 does not step below it.
    """
    length = 0.0
    for group in range(price.size):
        way = 1.0 - covered[group] + memory * direction[group]
        direction[group] = way
        if price[group] <= 0.0 and way > 0.0:
            way = 0.0
        step[group] = way
        length += scale[group] * way * way
    return length


@kernel()
def descend(price: Floats, step: Floats, scale: Floats, amount: float, lower: Floats) -> None:
    """Fill in the prices after a step, none below 0."""
    for group in range(price.size):
        lower[group] = max(0.0, price[group] - amount * scale[group] * step[group])
