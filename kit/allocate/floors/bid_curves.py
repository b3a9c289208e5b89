"""The curves of floors from the bids themselves: what every floor would have earned."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.floors.auctions import SellerAuctions
from kit.allocate.floors.curves import GRID, GRID_STEP, FloorCurves
from kit.allocate.floors.revenue import RULES
from kit.allocate.floors.shrink import Pooled, SegmentTree, pool, pool_like
from kit.base.checks import one_of
from kit.base.errors import DataError

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


def bid_curves_of(
    auctions: SellerAuctions,
    rule: str = "as sold",
    *,
    soft_factor: float = 2.0,
    shrink: bool = True,
) -> tuple[FloorCurves, ...]:
    """Return the curves of every depth of the segments, from the bids: the whole first.

    Each segment's curve is drawn over its own price level (the mean log of its highest bids) and
    pooled with its parent's there, so that a thin segment takes over the parent's shape, not its
    prices. Level and curve are weighed by their own credibility.

    Parameters
    ----------
    auctions : SellerAuctions
        Rows to fit on.
    rule : str
        How they are sold; see `kit.allocate.floors.revenue.RULES`.
    soft_factor : float
        Soft over hard floor, for the rule ``"soft floor"``.
    shrink : bool
        Whether to pool; without, a segment stands alone.

    References
    ----------
    Bühlmann and Gisler, "A Course in Credibility Theory" (2005), chapter 4.
    """
    one_of("rule", rule, RULES)
    if not len(auctions):
        raise DataError("auctions: have no rows; must have at least one. Pass a log with rows.")
    tree = SegmentTree.of(auctions.labels)
    levels = _pooled_levels(auctions, tree, shrink)
    count, revenue, square, fill = curve_sums(auctions, levels[-1].mean[:, 0], rule, soft_factor)
    pooled = pool(tree, count, revenue, square, shrink)
    fills = pool_like(tree, count, fill, pooled)
    counts = tree.up(count)
    return tuple(
        FloorCurves(
            labels, counts[depth], levels[depth].mean * GRID,
            levels[depth].mean * pooled[depth].mean, fills[depth],
            levels[depth].weight, pooled[depth].weight,
        )
        for depth, labels in enumerate(tree.labels)
    )  # fmt: skip


def single_curve(
    auctions: SellerAuctions, rule: str = "as sold", *, soft_factor: float = 2.0
) -> FloorCurves:
    """Return the curve of one floor for all auctions, in money."""
    tree = SegmentTree.of(pd.DataFrame(index=[0]))
    whole = replace(auctions, segment=np.zeros(len(auctions), dtype=np.int64),
                    labels=pd.DataFrame(index=[0]))  # fmt: skip
    level = float(_pooled_levels(whole, tree, False)[0].mean[0, 0])
    count, revenue, _, fill = curve_sums(
        auctions, np.full(len(auctions.labels), level), rule, soft_factor
    )
    total = max(float(count.sum()), 1.0)
    return FloorCurves(
        pd.DataFrame(index=[0]), np.array([count.sum()]), level * GRID[None],
        level * revenue.sum(axis=0)[None] / total, fill.sum(axis=0)[None] / total,
        np.ones(1), np.ones(1),
    )  # fmt: skip


def price_levels(auctions: SellerAuctions) -> Array:
    """Return the price level of every segment, pooled where thin, shape (S,)."""
    tree = SegmentTree.of(auctions.labels)
    return np.asarray(_pooled_levels(auctions, tree, True)[-1].mean[:, 0])


def curve_sums(
    auctions: SellerAuctions, level: Array, rule: str, soft_factor: float
) -> tuple[Array, Array, Array, Array]:
    """Return auctions (S,), and sums of revenue, its square and fill over them, (S, G) each.

    Revenue is over the segment's price level, shape (S,).
    """
    size, scale = len(level), level[auctions.segment]
    top, second = auctions.top_cpm / scale, auctions.second_cpm / scale
    sums = _BidSums.of(auctions.segment, top, second, size)
    count = np.bincount(auctions.segment, minlength=size).astype(np.float64)
    first = {"first price": np.ones(size, dtype=bool), "second price": np.zeros(size, dtype=bool)}
    as_sold = np.bincount(auctions.segment, auctions.first_price, size) > 0
    if rule == "soft floor":
        revenue, square = sums.soft(max(0, round(math.log(soft_factor) / GRID_STEP)))
    else:
        is_first = first.get(rule, as_sold)[:, None]
        revenue, square = (
            np.where(is_first, own, other)
            for own, other in zip(sums.first_price(), sums.second_price(), strict=True)
        )
    return count, revenue, square, sums.sold


@dataclass(frozen=True, eq=False)
class _BidSums:
    """Sums over the bids at or above each point of the grid, (S, G) each."""

    sold: Array
    top: Array
    top_square: Array
    reached: Array
    second: Array
    second_square: Array

    @classmethod
    def of(cls, segment: Ints, top: Array, second: Array, size: int) -> _BidSums:
        bids = top > 0
        place = segment[bids] * GRID.size + np.searchsorted(GRID, top[bids], "right") - 1
        other = segment[bids] * GRID.size + np.searchsorted(GRID, second[bids], "right") - 1

        def above(at: Ints, weight: Array | None = None) -> Array:
            cells = np.bincount(at, weight, size * GRID.size).reshape(size, GRID.size)
            return np.cumsum(cells[:, ::-1], axis=1, dtype=np.float64)[:, ::-1]

        return cls(
            above(place), above(place, top[bids]), above(place, top[bids] ** 2),
            above(other), above(other, second[bids]), above(other, second[bids] ** 2),
        )  # fmt: skip

    def first_price(self) -> tuple[Array, Array]:
        return self.top, self.top_square

    def second_price(self) -> tuple[Array, Array]:
        """Return sums of the second bid where it reaches the floor, else of the floor."""
        floor_paid = self.sold - self.reached
        return self.second + GRID * floor_paid, self.second_square + GRID**2 * floor_paid

    def soft(self, shift: int) -> tuple[Array, Array]:
        """First price below the soft floor, `shift` points up, second price from there on."""
        at = np.minimum(np.arange(GRID.size) + shift, GRID.size - 1)
        at[0] = 0  # twice nothing
        parts = zip(self.first_price(), self.second_price(), strict=True)
        revenue, square = (own - own[:, at] + other[:, at] for own, other in parts)
        return revenue, square


def _pooled_levels(auctions: SellerAuctions, tree: SegmentTree, shrink: bool) -> list[Pooled]:
    """Return the price level of every node at every depth, and the weight of its own bids."""
    bids, size = auctions.top_cpm > 0, len(auctions.labels)
    logs, segment = np.log(auctions.top_cpm[bids]), auctions.segment[bids]
    count = np.bincount(segment, minlength=size).astype(np.float64)
    total = np.asarray(np.bincount(segment, logs, size), dtype=np.float64)[:, None]
    square = np.asarray(np.bincount(segment, logs**2, size), dtype=np.float64)[:, None]
    pooled = pool(tree, count, total, square, shrink)
    return [replace(item, mean=np.exp(item.mean)) for item in pooled]
