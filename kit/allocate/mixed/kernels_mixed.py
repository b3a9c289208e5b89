"""Compiled loop of the auction in which exchange bids and own ads meet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kit.base.jit import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

FIRST, SECOND = 0, 1
"""Pricing rules: the bid; the least bid that would still have won."""


@kernel()
def price_of(net: float, other: float, rival: float, floor: float, rule: int) -> float:
    """Return the net price of a winner.

    Parameters
    ----------
    net, other : float
        Net money of its bid; the rest of its score.
    rival : float
        Score to beat.
    floor : float
        Least net money it may be sold for.
    rule : int
        ``FIRST`` or ``SECOND``.
    """
    if rule == FIRST:
        return net
    return min(net, max(rival - other, floor, 0.0))


@kernel()
def clear(
    start: Ints,
    source: Codes,
    net: Floats,
    other: Floats,
    floor: Floats,
    rule: NDArray[np.int8],
    reserve: float,
    winner: Ints,
    paid: Floats,
    displaced: Ints,
    displaced_paid: Floats,
) -> None:
    """Clear every auction; the first of equal scores wins.

    Parameters
    ----------
    start : ndarray, shape (auctions + 1,)
        The ads of auction a are ``start[a]:start[a + 1]``.
    source : ndarray of int32, shape (ads,)
        Where each ad comes from.
    net, other, floor : ndarray, shape (ads,)
        Net money of the bid, the rest of the score, the floor net of the fee.
    rule : ndarray of int8, shape (sources,)
        Pricing rule of each source.
    reserve : float
        Least score that is shown.
    winner, paid, displaced, displaced_paid : ndarray, shape (auctions,)
        Written: the ad shown (-1: none) and its net price; the ad that would have been shown had
        the winner's source stayed away, and what that would have paid (-1 and 0: none).
    """
    for auction in range(start.size - 1):
        first = -1
        for ad in range(start[auction], start[auction + 1]):
            score = net[ad] + other[ad]
            shown = net[ad] >= floor[ad] and score >= reserve
            if shown and (first < 0 or score > net[first] + other[first]):
                first = ad
        winner[auction], displaced[auction] = first, -1
        paid[auction], displaced_paid[auction] = 0.0, 0.0
        if first < 0:
            continue
        rival, second, behind = reserve, -1, reserve
        for ad in range(start[auction], start[auction + 1]):
            score = net[ad] + other[ad]
            if ad == first or net[ad] < floor[ad] or score < reserve:
                continue
            rival = max(rival, score)
            if source[ad] != source[first]:
                if second < 0 or score > net[second] + other[second]:
                    if second >= 0:
                        behind = max(behind, net[second] + other[second])
                    second = ad
                else:
                    behind = max(behind, score)
        paid[auction] = price_of(net[first], other[first], rival, floor[first], rule[source[first]])
        displaced[auction] = second
        if second >= 0:
            displaced_paid[auction] = price_of(
                net[second], other[second], behind, floor[second], rule[source[second]]
            )
