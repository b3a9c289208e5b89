"""Compiled replay of a linear bid on a plain second-price log, close to the speed of a read.

One block of rows at a time: a vectorised stage writes what each row would add (zero if it loses),
a scalar stage adds it to its exchange x hour cell. Three things make that fast. The price of a
win is packed with a count of one into a single float64 (``2**41`` a win, plus the price in steps
of the money grid), so that a row costs two additions and not three; the packed sums stay integers
below ``2**53``, hence exact, because the packed table is emptied every `flush_rows` rows. Each
cell is kept in four copies, used in turn, so that an addition need not wait for the one before.
And nothing branches on the outcome of an auction.

Helpers take whole columns and unsigned row numbers: a slice a block would cost as much as the
arithmetic (reference counts), and a signed index is tested for being negative.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.base.jit import kernel
from kit.replay.kernels import GRID, STEPS, Floats

COPIES = 4
BLOCK = 128
ONE_WIN = 2.0**41
FLUSH_ROWS = 8192
FLUSH_PRICE = 2.0**16
"""Prices below it may be flushed every FLUSH_ROWS rows; below 2**19, after every block.

A copy of a cell gets at most a fourth of the rows: 2**11 wins of less than 2**30 steps sum to
less than 2**41, and so do the 2**7 wins of a whole block at less than 2**33 steps.
"""
HOURS = 24

Float32s = NDArray[np.float32]
Int8s = NDArray[np.int8]

READ_ONLY = "Array({}, 1, 'C', readonly=True)"
_SIGNATURE = "void({f}, {f}, {b}, {b}, float64, boolean, float64, int64, int64, {out})".format(
    f=READ_ONLY.format("float32"), b=READ_ONLY.format("int8"), out="float64[:, ::1]"
)


@kernel()
def _stage(
    price: Float32s,
    value: Float32s,
    start: np.uint64,
    rows: np.uint64,
    multiplier: float,
    above: float,
    won: Floats,
    worth: Floats,
) -> None:
    """Write the packed price and the value of each win, zero for a loss."""
    for row in range(rows):
        steps = np.rint(np.float64(price[start + row]) * STEPS)
        gain = np.float64(value[start + row])
        wins = np.rint(multiplier * gain * STEPS) >= steps + above
        won[row] = ONE_WIN + steps if wins else 0.0
        worth[row] = gain if wins else 0.0


@kernel()
def _cells(
    exchange: Int8s, hour: Int8s, start: np.uint64, rows: np.uint64, cell: NDArray[np.uint16]
) -> None:
    for row in range(rows):
        outer = np.uint16(np.uint8(exchange[start + row])) << np.uint16(5)
        cell[row] = outer + np.uint16(np.uint8(hour[start + row]))


@kernel()
def _scatter(
    cell: NDArray[np.uint16],
    won: Floats,
    worth: Floats,
    rows: np.uint64,
    packed: Floats,
    values: Floats,
) -> None:
    whole = (rows // np.uint64(COPIES)) * np.uint64(COPIES)
    for quad in range(rows // np.uint64(COPIES)):
        for copy in range(COPIES):
            row = quad * np.uint64(COPIES) + np.uint64(copy)
            place = np.uint64(cell[row]) * np.uint64(COPIES) + np.uint64(copy)
            packed[place] += won[row]
            values[place] += worth[row]
    for last in range(whole, rows):
        place = np.uint64(cell[last]) * np.uint64(COPIES)
        packed[place] += won[last]
        values[place] += worth[last]


@kernel()
def _flush(packed: Floats, counts: Floats, spends: Floats) -> None:
    for place in range(packed.size):
        count = np.floor(packed[place] * (1.0 / ONE_WIN))
        counts[place] += count
        spends[place] += packed[place] - count * ONE_WIN
        packed[place] = 0.0


@kernel(fastmath={"reassoc"})
def _packed_sum(won: Floats, rows: np.uint64) -> float:
    # Exact in any order: a sum of integers below 2**53.
    total = 0.0
    for row in range(rows):
        total += won[row]
    return total


@kernel()
def _take_affordable(won: Floats, worth: Floats, rows: np.uint64, left: float) -> float:
    """Zero the wins that the money left does not pay for, in time order; return what is left."""
    for row in range(rows):
        steps = won[row] - ONE_WIN
        keep = steps <= left
        won[row] = won[row] if keep else 0.0
        worth[row] = worth[row] if keep else 0.0
    if _packed_sum(won, rows) == 0.0:
        return left
    for row in range(rows):
        if won[row] > 0.0:
            steps = won[row] - ONE_WIN
            if steps <= left:
                left -= steps
            else:
                won[row] = 0.0
                worth[row] = 0.0
    return left


@kernel(signature_or_function=_SIGNATURE)
def replay_linear(
    price: Float32s,
    value: Float32s,
    exchange: Int8s,
    hour: Int8s,
    multiplier: float,
    ties_win: bool,
    budget: float,
    exchanges: int,
    flush_rows: int,
    totals: Floats,
) -> None:
    """Replay ``bid = multiplier * value`` in second-price auctions with one shared budget.

    Parameters
    ----------
    price, value : ndarray of float32, shape (n,)
        Market price, the highest other bid; value of the impression (NaN: no bid). Checked.
    exchange, hour : ndarray of int8, shape (n,)
        Codes ``0..exchanges - 1`` and ``0..23``. Checked: they are used as addresses.
    multiplier : float
        Bid per value.
    ties_win : bool
        Whether a bid equal to the market price wins.
    budget : float
        Price sum, on the money grid; inf is no limit.
    exchanges : int
        Number of exchanges.
    flush_rows : int
        Rows between two flushes, FLUSH_ROWS or BLOCK.
    totals : ndarray, shape (exchanges * 24, 3)
        Written: impressions, spend, value.
    """
    room = exchanges * 32 * COPIES
    packed, values, counts, spends = np.zeros(room), np.zeros(room), np.zeros(room), np.zeros(room)
    won, worth, cell = np.zeros(BLOCK), np.zeros(BLOCK), np.zeros(BLOCK, np.uint16)
    above = 0.0 if ties_win else 1.0
    left = budget * STEPS
    limited = budget < np.inf
    size, start = np.uint64(price.size), np.uint64(0)
    while start < size:
        rows = min(np.uint64(BLOCK), size - start)
        stop = start + rows
        _stage(price, value, start, rows, multiplier, above, won, worth)
        if limited:
            spent = _packed_sum(won, rows)
            spent -= np.floor(spent * (1.0 / ONE_WIN)) * ONE_WIN
            if spent <= left:
                left -= spent
            else:
                left = _take_affordable(won, worth, rows, left)
        _cells(exchange, hour, start, rows, cell)
        _scatter(cell, won, worth, rows, packed, values)
        if stop % np.uint64(flush_rows) == np.uint64(0):
            _flush(packed, counts, spends)
        start = stop
    _flush(packed, counts, spends)
    for cell_row in range(exchanges * HOURS):
        first = ((cell_row // HOURS) * 32 + cell_row % HOURS) * COPIES
        for place in range(first, first + COPIES):
            totals[cell_row, 0] += counts[place]
            totals[cell_row, 1] += spends[place] * GRID
            totals[cell_row, 2] += values[place]
