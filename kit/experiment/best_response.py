"""The bid that earns a buyer most, given the floor and what its rivals were seen to bid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kit.experiment.bidding import VALUE_LOGS, BuyerMarket

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

BID_STEP = 0.05
BID_LOGS = np.arange(-4.0, 3.2, BID_STEP)
"""Log bids, over the segment's level, at which a landscape is kept."""
BELIEF_ROWS = 200.0
"""A segment seen this often weighs as much as what its buyers know of all others."""

_BIDS = np.exp(BID_LOGS)
_VALUES = np.exp(VALUE_LOGS)
_ZOOM = np.linspace(-1.0, 1.0, 9) * BID_STEP
_SPREAD = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
_CHUNK = 400


@dataclass(frozen=True, eq=False)
class Landscape:
    """What one group knows of the highest rival bid, relative to each segment's level.

    Parameters
    ----------
    win : ndarray, shape (S, bids)
        Probability that a bid at `BID_LOGS` beats every rival.
    at_floor : ndarray, shape (S,)
        The same for a bid at the floor; a tie there is won half the time.
    area : ndarray, shape (S, bids)
        Integral of the win probability from 0.
    floor, soft : ndarray, shape (S,)
        Hard and soft floor, relative.
    """

    win: Array
    at_floor: Array
    area: Array
    floor: Array
    soft: Array

    def rows(self, keep: slice | NDArray[np.bool_]) -> Landscape:
        """Return some segments."""
        return Landscape(
            self.win[keep], self.at_floor[keep], self.area[keep], self.floor[keep], self.soft[keep]
        )

    def surplus(self, value: Array, bid: Array) -> Array:
        """Return the expected surplus of relative bids, shape (S, ...); 0 below the floor.

        Notes
        -----
        With G the probability of winning, a bid b under the soft floor s pays itself and earns
        (v - b) G(b); from s on it pays max(rival, s) and earns (v - b) G(b) + integral of G over
        [s, b] (integration by parts).
        """
        shape = (-1, *[1] * (bid.ndim - 1))
        floor, soft = self.floor.reshape(shape), self.soft.reshape(shape)
        win = self._at(self.win, bid)
        win = np.where(bid > floor, np.maximum(win, self.at_floor.reshape(shape)), win)
        win = np.where(bid == floor, self.at_floor.reshape(shape), win)
        finite = np.minimum(soft, _BIDS[-1] * 2)
        saved = np.where(bid > soft, self._at(self.area, bid) - self._at(self.area, finite), 0.0)
        earned = (value - bid) * win + np.maximum(saved, 0.0)
        return np.where(bid >= floor, earned, 0.0)

    def _at(self, table: Array, bid: Array) -> Array:
        place = (np.log(np.maximum(bid, 1e-9)) - BID_LOGS[0]) / BID_STEP
        place = np.clip(place, 0.0, BID_LOGS.size - 1.000001)
        left = place.astype(np.int64)
        rows = np.arange(len(table)).reshape(-1, *[1] * (bid.ndim - 1))
        low, high = table[rows, left], table[rows, left + 1]
        return np.asarray(low + (place - left) * (high - low))


def landscapes(market: BuyerMarket, bids: Array, hard: Array, soft: Array) -> list[Landscape]:
    """Return what every group sees of its rivals in these bids.

    A buyer sees the highest other bid of each impression that it bids on or could have.
    """
    size = len(market.level)
    place = bids.argmax(axis=1)
    top = bids[np.arange(len(bids)), place]
    rest = bids.copy()
    rest[np.arange(len(bids)), place] = 0.0
    second = rest.max(axis=1) if bids.shape[1] > 1 else np.zeros(len(bids))
    counts = np.zeros((market.groups, size, BID_LOGS.size + 1))
    ties = np.zeros((market.groups, size, 3))
    for buyer, group in enumerate(market.group):
        rows = np.flatnonzero(~np.isnan(market.values_cpm[:, buyer]))
        segment = market.segment[rows]
        other = np.where(place[rows] == buyer, second[rows], top[rows])
        counts[group] += market.weight[buyer] * _histogram(
            other / market.level[segment], segment, size
        )
        for column, seen in enumerate((other < hard[segment], other == hard[segment], other >= 0)):
            ties[group, :, column] += market.weight[buyer] * np.bincount(segment, seen, size)
    return [
        _landscape(counts[group], ties[group], market.level, hard, soft)
        for group in range(market.groups)
    ]


def best_shades(landscape: Landscape) -> tuple[Array, Array]:
    """Return the best bid over value at every value, and its surplus, shape (S, values) each.

    The bids of the grid, the floor and the value itself are tried, then those around the best.
    """
    parts = [
        _best(landscape.rows(slice(start, start + _CHUNK)))
        for start in range(0, len(landscape.floor), _CHUNK)
    ]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _histogram(relative: Array, segment: Ints, size: int) -> Array:
    """Count rival bids by the first bid of the grid that is not below them."""
    with np.errstate(divide="ignore"):
        place = np.ceil((np.log(relative) - BID_LOGS[0]) / BID_STEP - 1e-9)
    at = np.clip(place, 0, BID_LOGS.size).astype(np.int64)
    width = BID_LOGS.size + 1
    counts = np.bincount(segment * width + at, minlength=size * width)
    return _smooth(counts.reshape(size, width).astype(np.float64))


def _smooth(counts: Array) -> Array:
    """Spread each count over its neighbours: bids that bunch would make rivals chase each other.

    The first cell, no rival bid, and the last stay what they are.
    """
    inner = np.pad(counts[:, 1:-1], ((0, 0), (2, 2)), mode="reflect")
    width = counts.shape[1] - 2
    spread = sum(share * inner[:, start : start + width] for start, share in enumerate(_SPREAD))
    return np.concatenate([counts[:, :1], np.asarray(spread), counts[:, -1:]], axis=1)


def _landscape(counts: Array, ties: Array, level: Array, hard: Array, soft: Array) -> Landscape:
    seen = counts.sum(axis=1, keepdims=True)
    share = seen / (seen + BELIEF_ROWS)
    own = np.cumsum(counts, axis=1)[:, :-1] / np.maximum(seen, 1e-9)
    everywhere = np.cumsum(counts.sum(axis=0))[:-1] / max(float(counts.sum()), 1e-9)
    win = share * own + (1 - share) * everywhere
    below, equal, total = ties.T
    floor = hard / level
    at_floor = (below + equal / 2) / np.maximum(total, 1e-9)
    pooled = np.interp(np.log(np.maximum(floor, 1e-9)), BID_LOGS, everywhere)
    at_floor = share[:, 0] * at_floor + (1 - share[:, 0]) * pooled
    step = np.diff(_BIDS) * (win[:, 1:] + win[:, :-1]) / 2
    area = win[:, :1] * _BIDS[0] + np.concatenate([0 * win[:, :1], np.cumsum(step, axis=1)], axis=1)
    return Landscape(win, at_floor, area, floor, soft / level)


def _best(landscape: Landscape) -> tuple[Array, Array]:
    size = len(landscape.floor)
    floor = landscape.floor[:, None]
    grid = np.concatenate([np.maximum(_BIDS, floor), floor], axis=1)  # (S, bids + 1)
    # (v - b) G(b) + C(b), so that the grid is evaluated once a bid, not once a pair
    win = _slope(landscape, grid)
    fixed = landscape.surplus(np.zeros_like(grid), grid)
    table = _VALUES[:, None] * win[:, None, :] + fixed[:, None, :]
    table = np.where(grid[:, None, :] <= _VALUES[:, None], table, -np.inf)
    at = table.argmax(axis=2)
    most = np.take_along_axis(table, at[..., None], axis=2)[..., 0]
    best = grid[np.arange(size)[:, None], at]
    value = np.broadcast_to(_VALUES, best.shape)
    tries = [np.maximum(best * np.exp(shift), floor) for shift in _ZOOM]
    for bid in (*tries, np.maximum(value, floor)):
        earned = np.where(bid <= value, landscape.surplus(value, bid), -np.inf)
        best = np.where(earned > most, bid, best)
        most = np.maximum(earned, most)
    reached = value >= floor
    return np.where(reached, np.minimum(best / value, 1.0), np.nan), np.where(reached, most, 0.0)


def _slope(landscape: Landscape, bid: Array) -> Array:
    """Return by how much surplus rises with the value: the probability of winning."""
    one = np.ones_like(bid)
    return landscape.surplus(one, bid) - landscape.surplus(0 * one, bid)
