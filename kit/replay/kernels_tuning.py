"""Compiled parts of `kit.replay.tuning`: count each auction once, at its break-even multiplier."""

from __future__ import annotations

import numpy as np

from kit.base.jit import kernel
from kit.replay.kernels import Floats, offered
from kit.replay.kernels_grid import (
    BLOCK,
    CLICKS,
    FEES,
    IMPRESSIONS,
    SPEND,
    VALUE,
    WIDTH,
    Int8s,
    Int32s,
    Shorts,
    break_evens,
    first_guesses,
)


@kernel()
def places_of_break_even(
    base: Floats, need: Floats, multipliers: Floats, step: float, cap: float, evens: Shorts
) -> None:
    """Write the place of the smallest multiplier that wins each row; their number if none does."""
    guesses = first_guesses(multipliers)
    chunk = 65_536
    for start in range(0, base.size, chunk):
        stop = min(start + chunk, base.size)
        ratio = np.empty(stop - start, np.float32)
        break_evens(
            base[start:stop], need[start:stop], multipliers, guesses, step, cap, ratio,
            evens[start:stop],
        )  # fmt: skip


@kernel()
def lowest_prices(need: Floats, pay: Floats, lowest: Floats) -> None:
    """Write the least that any win of each block of rows can cost."""
    for block in range(lowest.size):
        least = np.inf
        for row in range(block * BLOCK, min((block + 1) * BLOCK, pay.size)):
            price = pay[row] if pay[row] == pay[row] else need[row]
            least = price if price < least else least
        lowest[block] = least


@kernel()
def count_rows(
    base: Floats, pay: Floats, value: Floats, fee: Floats, click: Int8s, cell: Int32s,
    evens: Shorts, multipliers: Floats, step: float, cap: float, common: Floats, own: Floats,
) -> None:  # fmt: skip
    """Add rows to what every multiplier from their break-even upwards wins.

    Parameters
    ----------
    common : ndarray, shape (cells, places + 1, WIDTH)
        Added to at each row's break-even; to be cumulated over places.
    own : ndarray, shape (cells, places)
        Spend of wins that pay their own bid, which differs by multiplier; added to.
    """
    count = multipliers.size
    for row in range(base.size):
        even = np.int64(evens[row])
        if even == count:
            continue
        place = cell[row]
        price = pay[row]
        common[place, even, IMPRESSIONS] += 1.0
        common[place, even, CLICKS] += click[row]
        common[place, even, VALUE] += value[row]
        common[place, even, FEES] += fee[row]
        if price == price:
            common[place, even, SPEND] += price
        else:
            for higher in range(even, count):
                own[place, higher] += offered(base[row] * multipliers[higher], step, cap)


@kernel()
def cumulate(common: Floats, own: Floats, totals: Floats) -> None:
    """Write totals by place, shape (cells, places, WIDTH)."""
    cells, places = own.shape
    for cell in range(cells):
        running = np.zeros(WIDTH)
        for place in range(places):
            for column in range(WIDTH):
                running[column] += common[cell, place, column]
                totals[cell, place, column] = running[column]
            totals[cell, place, SPEND] += own[cell, place]


@kernel()
def spend_rest(
    left: float, places: Int32s, multipliers: Floats, step: float, cap: float, base: Floats,
    pay: Floats, value: Floats, fee: Floats, click: Int8s, cell: Int32s, evens: Shorts,
    lowest: Floats, first: int, totals: Floats,
) -> None:  # fmt: skip
    """Replay rows from `first` (a whole number of blocks) on with the money that is left.

    Parameters
    ----------
    places : ndarray of int32, shape (cells,)
        Which multiplier each cell bids.
    totals : ndarray, shape (cells, WIDTH)
        Added to.
    """
    for block in range(first // BLOCK, lowest.size):
        if lowest[block] > left:
            continue
        for row in range(block * BLOCK, min((block + 1) * BLOCK, pay.size)):
            group = cell[row]
            place = places[group]
            if evens[row] <= place:
                price = pay[row]
                if price != price:
                    price = offered(base[row] * multipliers[place], step, cap)
                if price <= left:
                    left -= price
                    totals[group, IMPRESSIONS] += 1.0
                    totals[group, CLICKS] += click[row]
                    totals[group, SPEND] += price
                    totals[group, VALUE] += value[row]
                    totals[group, FEES] += fee[row]
