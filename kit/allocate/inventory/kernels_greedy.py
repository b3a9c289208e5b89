"""Compiled loops of the greedy choice of paths: gains per query, taken lazily from a heap.

P paths, G groups of identical impressions, K offers (a group on a path), laid out as in
`kit.allocate.inventory.kernels_inventory`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.base.jit import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

_SLACK = 1e-12


@kernel()
def gain_of(path: int, path_start: Ints, path_group: Codes, worth: Floats, best: Floats) -> float:
    """Return what a path adds to the best offers already listened to."""
    gain = 0.0
    for offer in range(path_start[path], path_start[path + 1]):
        extra = worth[offer] - best[path_group[offer]]
        if extra > 0.0:
            gain += extra
    return gain


@kernel()
def take(path: int, path_start: Ints, path_group: Codes, worth: Floats, best: Floats) -> None:
    """Raise the best offer of every group that the path carries."""
    for offer in range(path_start[path], path_start[path + 1]):
        group = path_group[offer]
        if worth[offer] > best[group]:
            best[group] = worth[offer]


@kernel()
def _sift(keys: Floats, items: Ints, size: int) -> None:
    """Let the top of a max-heap sink to its place."""
    key, item, place = keys[0], items[0], 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] > keys[child]:
            child += 1
        if keys[child] <= key:
            break
        keys[place], items[place] = keys[child], items[child]
        place = child
    keys[place], items[place] = key, item


@kernel()
def fits(weight: float, left: float, left_exchange: float) -> bool:
    """Return whether a path fits into what is left, up to rounding."""
    room: float = min(left, left_exchange)
    return weight <= room * (1.0 + _SLACK)


@kernel()
def lazy_greedy(
    path_start: Ints,
    path_group: Codes,
    worth: Floats,
    weight: Floats,
    exchange: Codes,
    keys: Floats,
    items: Ints,
    left: float,
    left_exchange: Floats,
    best: Floats,
    taken: NDArray[np.bool_],
) -> tuple[float, float, int]:
    """Take paths by gain per query, computing a gain anew only at the top of the heap.

    Parameters
    ----------
    keys, items : ndarray, shape (P,)
        Upper bounds of gain per query in falling order, and their paths; used up.
    left, left_exchange : float and ndarray, shape (exchanges,)
        Queries per second still free; the array is written to.
    best, taken : ndarray, shape (G,) and (P,)
        Written: the best offer of each group, and the paths taken.

    Returns
    -------
    (float, float, int)
        Value added, queries per second left, gains computed.
    """
    value, computed, size = 0.0, 0, keys.size
    while size > 0:
        path = items[0]
        gain = 0.0
        if not taken[path] and fits(weight[path], left, left_exchange[exchange[path]]):
            gain = gain_of(path, path_start, path_group, worth, best)
            computed += 1
        if gain > 0.0:
            key = gain / weight[path]
            child = keys[1] if size > 1 else 0.0
            if size > 2 and keys[2] > child:
                child = keys[2]
            if key < child:  # no longer the best: back into the heap
                keys[0] = key
                _sift(keys, items, size)
                continue
            take(path, path_start, path_group, worth, best)
            taken[path] = True
            value += gain
            left = max(0.0, left - weight[path])
            code = exchange[path]
            left_exchange[code] = max(0.0, left_exchange[code] - weight[path])
        size -= 1
        keys[0], items[0] = keys[size], items[size]
        _sift(keys, items, size)
    return value, left, computed


@kernel()
def seeded_greedy(
    path_start: Ints,
    path_group: Codes,
    worth: Floats,
    weight: Floats,
    exchange: Codes,
    keys: Floats,
    items: Ints,
    total: float,
    by_exchange: Floats,
    groups: int,
    seeds: Ints,
) -> tuple[float, NDArray[np.bool_], int]:
    """Run the greedy from every feasible seed set; return the best answer.

    Parameters
    ----------
    seeds : ndarray, shape (sets, any)
        Paths of each set, filled up with -1.

    Returns
    -------
    (float, ndarray of bool, int)
        Value, paths taken, sets tried.
    """
    most, tried = -1.0, 0
    answer = np.zeros(weight.size, dtype=np.bool_)
    for row in range(seeds.shape[0]):
        best = np.zeros(groups)
        taken = np.zeros(weight.size, dtype=np.bool_)
        left, left_exchange, value, feasible = total, by_exchange.copy(), 0.0, True
        for path in seeds[row]:
            if path < 0:
                continue
            code = exchange[path]
            if not fits(weight[path], left, left_exchange[code]):
                feasible = False
                break
            value += gain_of(path, path_start, path_group, worth, best)
            take(path, path_start, path_group, worth, best)
            taken[path] = True
            left = max(0.0, left - weight[path])
            left_exchange[code] = max(0.0, left_exchange[code] - weight[path])
        if not feasible:
            continue
        tried += 1
        added, _, _ = lazy_greedy(
            path_start, path_group, worth, weight, exchange, keys.copy(), items.copy(),
            left, left_exchange, best, taken,
        )  # fmt: skip
        if value + added > most:
            most = value + added
            answer[:] = taken
    return most, answer, tried
