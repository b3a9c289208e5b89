"""Compiled replay of one base bid times many multipliers, in one pass over the log.

A row is won by every multiplier from its *break-even* one upwards, so it is counted once, at the
break-even, and the counts are cumulated at the end. The break-even is guessed from the ratio of
price and base bid and then put right with the very expression that a single replay compares, so
that the two agree to the last impression.

With a budget, rows are taken a chunk at a time. A multiplier shares the common counts while whole
chunks fit into what it has left. The chunk in which one no longer fits is scanned row by row for
that multiplier alone, as is every later one, except blocks in which nothing is cheap enough.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.base.jit import kernel
from kit.replay.kernels import GRID, Floats, offered, on_grid

IMPRESSIONS, CLICKS, SPEND, VALUE, FEES, WIDTH = range(6)
"""Columns of a grid's table of totals."""
BLOCK = 64
HOURS = 24
_SHIFT = 15
_BUCKETS = 2 ** (32 - _SHIFT - 1)

Int8s = NDArray[np.int8]
Int32s = NDArray[np.int32]
Shorts = NDArray[np.int16]


@kernel()
def first_guesses(multipliers: Floats) -> Shorts:
    """Return, by the leading bits of a float32 ratio, a lower bound of the break-even's place."""
    edges = (np.arange(_BUCKETS).astype(np.int32) << np.int32(_SHIFT)).view(np.float32)
    guesses = np.empty(_BUCKETS, np.int16)
    place = 0
    for bucket in range(_BUCKETS):
        while place < multipliers.size and not multipliers[place] >= edges[bucket]:
            place += 1
        guesses[bucket] = place
    return guesses


@kernel(error_model="numpy")  # a base bid of 0 has an infinite ratio
def break_evens(
    base: Floats, need: Floats, multipliers: Floats, guesses: Shorts, step: float, cap: float,
    ratio: NDArray[np.float32], evens: Shorts,
) -> None:  # fmt: skip
    """Write the place of the smallest multiplier that wins each row; their number if none does."""
    for row in range(base.size):
        ratio[row] = np.float32(need[row] / base[row])
    bits = ratio.view(np.uint32)
    most = offered(np.inf, step, cap)
    for row in range(base.size):
        place = np.int64(multipliers.size)
        if need[row] <= most and base[row] == base[row]:
            bucket = np.int64(bits[row] >> np.uint32(_SHIFT))
            place = np.int64(guesses[min(bucket, _BUCKETS - 1)])
            while place < multipliers.size and not (
                offered(base[row] * multipliers[place], step, cap) >= need[row]
            ):
                place += 1
            while place > 0 and offered(base[row] * multipliers[place - 1], step, cap) >= need[row]:
                place -= 1
        evens[row] = place


@kernel()
def _chunk_spend(
    base: Floats, pay: Floats, multipliers: Floats, step: float, cap: float, evens: Shorts,
    spend: Floats,
) -> None:  # fmt: skip
    """Write what each multiplier would spend in the chunk if nothing limited it."""
    count = multipliers.size
    by_even = np.zeros(count + 1)
    spend[:] = 0.0
    for row in range(base.size):
        price = pay[row]
        if price == price:
            by_even[evens[row]] += price
        else:
            for place in range(evens[row], count):
                spend[place] += offered(base[row] * multipliers[place], step, cap)
    total = 0.0
    for place in range(count):
        total += by_even[place]
        spend[place] += total


@kernel()
def _cheapest(pay: Floats, lowest: Floats) -> float:
    """Write the lowest price of each block (0 if a bid is its own price); return the chunk's."""
    chunk = np.inf
    for block in range(lowest.size):
        least = np.inf
        for row in range(block * BLOCK, min((block + 1) * BLOCK, pay.size)):
            price = pay[row] if pay[row] == pay[row] else 0.0
            least = price if price < least else least
        lowest[block] = least
        chunk = min(chunk, least)
    return chunk


@kernel()
def _scan(
    place: int, left: float, multiplier: float, step: float, cap: float, base: Floats, pay: Floats,
    value: Floats, fee: Floats, click: Int8s, cell: Int32s, evens: Shorts, lowest: Floats,
    totals: Floats,
) -> float:  # fmt: skip
    """Replay a chunk row by row for one multiplier; return what it has left."""
    for block in range(lowest.size):
        if lowest[block] > left:
            continue
        for row in range(block * BLOCK, min((block + 1) * BLOCK, pay.size)):
            if evens[row] <= place:
                price = pay[row]
                if price != price:
                    price = offered(base[row] * multiplier, step, cap)
                if price <= left:
                    left -= price
                    totals[cell[row], IMPRESSIONS] += 1.0
                    totals[cell[row], CLICKS] += click[row]
                    totals[cell[row], SPEND] += price
                    totals[cell[row], VALUE] += value[row]
                    totals[cell[row], FEES] += fee[row]
    return left


@kernel()
def _cumulate(common: Floats, place: int, totals: Floats) -> None:
    """Add the common counts of all rows that one multiplier wins to its totals."""
    for cell in range(totals.shape[0]):
        for even in range(place + 1):
            for column in range(WIDTH):
                totals[cell, column] += common[cell, even, column]


@kernel()
def _add_common(
    base: Floats, pay: Floats, value: Floats, fee: Floats, click: Int8s, cell: Int32s,
    evens: Shorts,
    multipliers: Floats, alone: NDArray[np.bool_], step: float, cap: float, common: Floats,
    totals: Floats,
) -> None:  # fmt: skip
    for row in range(base.size):
        even = np.uint64(evens[row])
        place = np.uint64(cell[row])
        price = pay[row]
        common[place, even, IMPRESSIONS] += 1.0
        common[place, even, CLICKS] += click[row]
        common[place, even, VALUE] += value[row]
        common[place, even, FEES] += fee[row]
        if price == price:
            common[place, even, SPEND] += price
        else:
            for own in range(evens[row], multipliers.size):
                if not alone[own]:
                    totals[own, cell[row], SPEND] += offered(
                        base[row] * multipliers[own], step, cap
                    )


@kernel()
def _grid_chunk(
    base: Floats, need: Floats, pay: Floats, value: Floats, fee: Floats, click: Int8s,
    cell: Int32s,
    multipliers: Floats, guesses: Shorts, step: float, cap: float, limited: bool, left: Floats,
    alone: NDArray[np.bool_], common: Floats, totals: Floats,
) -> None:  # fmt: skip
    rows = base.size
    evens = np.empty(rows, np.int16)
    break_evens(base, need, multipliers, guesses, step, cap, np.empty(rows, np.float32), evens)
    if limited:
        spend = np.empty(multipliers.size)
        _chunk_spend(base, pay, multipliers, step, cap, evens, spend)
        lowest = np.empty((rows + BLOCK - 1) // BLOCK)
        cheapest = _cheapest(pay, lowest)
        for place in range(multipliers.size):
            if not alone[place]:
                if spend[place] <= left[place]:
                    left[place] -= spend[place]
                    continue
                alone[place] = True
                _cumulate(common, place, totals[place])
            if cheapest <= left[place]:
                left[place] = _scan(
                    place, left[place], multipliers[place], step, cap, base, pay, value, fee,
                    click, cell, evens, lowest, totals[place],
                )  # fmt: skip
    _add_common(
        base, pay, value, fee, click, cell, evens, multipliers, alone, step, cap, common, totals
    )


@kernel()
def _close(alone: NDArray[np.bool_], common: Floats, totals: Floats) -> None:
    """Give every multiplier that still shares the common counts its part of them."""
    for place in range(alone.size):
        if not alone[place]:
            _cumulate(common, place, totals[place])
    common[:] = 0.0


@kernel()
def grid_rows(
    base: Floats, need: Floats, pay: Floats, value: Floats, fee: Floats, click: Int8s,
    cell: Int32s,
    multipliers: Floats, step: float, cap: float, budget: float, episode: int, chunk_rows: int,
    totals: Floats,
) -> None:  # fmt: skip
    """Replay ``multiplier * base`` for many multipliers, each with a budget of its own.

    Parameters
    ----------
    base : ndarray, shape (n,)
        Base bids, >= 0; NaN is no bid.
    need, pay : ndarray, shape (n,)
        From `kernels.market_terms`.
    value, fee, click, cell : ndarray, shape (n,)
        Value, fee and click of the impression if won, and the group it is counted in.
    multipliers : ndarray, shape (k,)
        Not decreasing.
    step, cap : float
        The exchange's bid step (0: none) and highest bid (inf: none).
    budget : float
        Of each multiplier, on the money grid; inf is no limit.
    episode : int
        Auctions after which the budget starts anew; 0 is never.
    chunk_rows : int
        Rows of a chunk; it changes no result.
    totals : ndarray, shape (k, cells, WIDTH)
        Added to.
    """
    count = multipliers.size
    guesses = first_guesses(multipliers)
    common = np.zeros((totals.shape[1], count + 1, WIDTH))
    length = episode if episode > 0 else max(base.size, 1)
    for first in range(0, base.size, length):
        last = min(first + length, base.size)
        left = np.full(count, budget)
        alone = np.zeros(count, np.bool_)
        for start in range(first, last, chunk_rows):
            stop = min(start + chunk_rows, last)
            _grid_chunk(
                base[start:stop], need[start:stop], pay[start:stop], value[start:stop],
                fee[start:stop], click[start:stop], cell[start:stop], multipliers, guesses,
                step, cap, budget < np.inf, left, alone, common, totals,
            )  # fmt: skip
        _close(alone, common, totals)


@kernel()
def grid_linear(
    price: NDArray[np.float32], value: NDArray[np.float32], exchange: Int8s, hour: Int8s,
    multipliers: Floats, ties_win: bool, budget: float, chunk_rows: int, totals: Floats,
) -> None:  # fmt: skip
    """Replay ``multiplier * value`` in second-price auctions for many multipliers.

    Parameters
    ----------
    price, value, exchange, hour, ties_win
        As in `kernels_linear.replay_linear`.
    multipliers : ndarray, shape (k,)
        Not decreasing.
    budget : float
        Of each multiplier, on the money grid; inf is no limit.
    chunk_rows : int
        Rows of a chunk; it changes no result.
    totals : ndarray, shape (k, exchanges * 24, WIDTH)
        Added to; clicks and fees stay 0.
    """
    count = multipliers.size
    guesses = first_guesses(multipliers)
    common = np.zeros((totals.shape[1], count + 1, WIDTH))
    left = np.full(count, budget)
    alone = np.zeros(count, np.bool_)
    above = 0.0 if ties_win else GRID
    no_click, no_fee = np.zeros(chunk_rows, np.int8), np.zeros(chunk_rows)
    base, need, pay = np.empty(chunk_rows), np.empty(chunk_rows), np.empty(chunk_rows)
    cell = np.empty(chunk_rows, np.int32)
    for start in range(0, price.size, chunk_rows):
        rows = min(chunk_rows, price.size - start)
        for row in range(rows):
            base[row] = value[start + row]
            pay[row] = on_grid(np.float64(price[start + row]))
            need[row] = pay[row] + above
            cell[row] = np.int32(exchange[start + row]) * np.int32(HOURS) + hour[start + row]
        _grid_chunk(
            base[:rows], need[:rows], pay[:rows], base[:rows], no_fee[:rows], no_click[:rows],
            cell[:rows], multipliers, guesses, 0.0, np.inf, budget < np.inf, left, alone, common,
            totals,
        )  # fmt: skip
    _close(alone, common, totals)
