"""Revenue and fill of each segment as its floor moves: from a landscape or a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.floors.auctions import SellerAuctions
from kit.allocate.floors.fill_limit import steps_of
from kit.base.checks import as_numbers, bad_values, has_columns
from kit.base.errors import DataError
from kit.models.win_curve import WinCurves

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

GRID_STEP = 0.03
"""Floors on a curve lie this far apart, as a share: a price a step off the best costs little."""
GRID = np.concatenate([[0.0], np.exp(np.arange(-3.0, 3.0 + GRID_STEP / 2, GRID_STEP))])
"""Floors of a curve over its segment's price level: 0, then 0.05 to 20."""

CURVE_COLUMNS = ("accept_prob", "price", "revenue")


@dataclass(frozen=True, eq=False)
class FloorCurves:
    """What each of S segments earns and sells at G floors.

    Parameters
    ----------
    labels : pandas.DataFrame, S rows
        Labels of the segments, one column a level.
    auctions : ndarray, shape (S,)
        Auctions of each; weights of the curves.
    floor_cpm : ndarray, shape (S, G)
        Floors, not falling along a row.
    revenue_cpm, fill : ndarray, shape (S, G)
        Revenue per thousand auctions, and share of auctions sold.
    level_weight, curve_weight : ndarray, shape (S,)
        Weight of the segment's own auctions in its price level, and in the shape of its curve;
        the rest is its parent's.
    """

    labels: pd.DataFrame
    auctions: Array
    floor_cpm: Array
    revenue_cpm: Array
    fill: Array
    level_weight: Array
    curve_weight: Array

    @classmethod
    def of_frame(cls, frame: pd.DataFrame, by: Sequence[str] = ()) -> FloorCurves:
        """Read reserve/acceptance curves.

        Parameters
        ----------
        frame : pandas.DataFrame
            ``price`` (the reserve), ``accept_prob`` (share of auctions that sell at it),
            ``revenue`` (per auction, in the price's unit), the columns `by`, and ``auctions``
            (of the segment; 1 where absent).
        by : sequence of str
            Columns that make a segment.

        Raises
        ------
        DataError
            If a column is missing or a number out of range, or a higher price is accepted more
            often than a lower one.

        Examples
        --------
        >>> frame = pd.DataFrame({"accept_prob": [1.0, 0.5], "price": [1.0, 3.0],
        ...                       "revenue": [1.0, 1.5]})
        >>> FloorCurves.of_frame(frame).fill
        array([[1. , 1. , 0.5]])
        """
        has_columns("curves", frame.columns, [*CURVE_COLUMNS, *by])
        numbers = np.stack(
            [as_numbers(f"curves.{name}", frame[name]) for name in CURVE_COLUMNS], axis=1
        )
        for name, column in zip(CURVE_COLUMNS, numbers.T, strict=True):
            high = 1.0 if name == "accept_prob" else math.inf
            bad = ~((column >= 0) & (column <= high) & np.isfinite(column))
            bad_values(f"curves.{name}", column, bad, ">= 0" if high > 1 else "in [0, 1]")
        keys = list(by)
        groups = list(frame.groupby(keys, sort=True)) if keys else [((), frame)]
        if not len(frame):
            raise DataError("curves: have no rows; must have at least one. Pass a filled table.")
        parts = [_one_curve(rows, str(key)) for key, rows in groups]
        width = max(len(part) for part in parts)
        floor, revenue, fill = np.stack(
            [np.pad(part, ((0, width - len(part)), (0, 0)), mode="edge") for part in parts]
        ).transpose(2, 0, 1)
        counts = np.array([_auctions_of(rows) for _, rows in groups])
        labels = pd.DataFrame([key for key, _ in groups], columns=keys, index=range(len(groups)))
        return cls(labels.astype(str), counts, floor, revenue, fill, *_alone(len(groups)))

    @classmethod
    def of_landscape(
        cls, curves: WinCurves, auctions: SellerAuctions, rng: np.random.Generator
    ) -> FloorCurves:
        """Integrate a landscape of the highest bid over the requests of each segment.

        Parameters
        ----------
        curves : WinCurves
            ``LandscapeModel.at(log)`` of the same requests, its market price being the highest
            bid that a floor meets.
        auctions : SellerAuctions
            Segments and auction types; its bids are not read.
        rng : numpy.random.Generator
            Draws each segment's price level.

        Notes
        -----
        With G the distribution of the highest bid, a floor r fills 1 - G(r); at first price it
        earns r (1 - G(r)) + integral of (1 - G) above r. The runner-up is not known, so at second
        price it counts as a posted price, r (1 - G(r)): the least that it earns.

        Raises
        ------
        DataError
            If the requests are not those of the auctions.
        """
        if len(curves) != len(auctions):
            raise DataError(
                f"curves: are of {len(curves)} requests; must be of the {len(auctions)} auctions. "
                "Pass model.at(log) of the same log."
            )
        free = replace(
            curves, floor_cpm=np.zeros(len(curves)), ties_win=False,
            fixed_price=np.zeros(len(curves), dtype=bool),
        )  # fmt: skip
        segment, size = auctions.segment, len(auctions.labels)
        count = np.bincount(segment, minlength=size).astype(np.float64)
        scale = _levels(np.asarray(free.draw(rng)), segment, size)
        fill = (
            np.stack(
                [
                    np.bincount(segment, 1.0 - free.win_rate(scale[segment] * at), size)
                    for at in np.maximum(GRID, 1e-9)  # at 0 a floor turns away who does not bid
                ],
                axis=1,
            )
            / np.maximum(count, 1.0)[:, None]
        )
        floor = scale[:, None] * GRID
        first = np.bincount(segment, auctions.first_price, size) > 0
        step = np.diff(floor, axis=1) * (fill[:, 1:] + fill[:, :-1]) / 2
        above = np.concatenate([np.cumsum(step[:, ::-1], axis=1)[:, ::-1], 0 * scale[:, None]], 1)
        revenue = floor * fill + np.where(first[:, None], above, 0.0)
        return cls(auctions.labels, count, floor, revenue, fill, *_alone(size))

    def __len__(self) -> int:
        return len(self.auctions)

    @property
    def lost_fill(self) -> Array:
        """Share of auctions that each floor turns away, shape (S, G)."""
        lost = self.fill.max(axis=1, keepdims=True) - self.fill
        return np.where(lost > 1e-9, lost, 0.0)  # pooled curves differ by rounding

    def weighted(self) -> tuple[Array, Array]:
        """Return revenue and lost fill per auction of all segments, shape (S, G) each."""
        share = (self.auctions / max(float(self.auctions.sum()), 1e-300))[:, None]
        return share * self.revenue_cpm, share * self.lost_fill

    def frontier(self, points: int = 100) -> pd.DataFrame:
        """Return the most revenue at every limit on lost fill, one floor a segment.

        Returns
        -------
        pandas.DataFrame
            ``lost_fill`` (share of auctions), ``revenue_cpm`` (per thousand auctions) and
            ``fill_price`` (revenue_cpm that one whole unit of fill more gives), rising in
            ``lost_fill``: the concave envelope, each row a choice of floors that exists.
        """
        revenue, lost = self.weighted()
        start, steps = steps_of(revenue, lost)
        rows = np.arange(len(start))
        base = revenue[rows, start].sum(), lost[rows, start].sum()
        gains = np.array([step[:3] for step in steps]).reshape(-1, 3)
        frame = pd.DataFrame({
            "lost_fill": base[1] + np.concatenate([[0.0], np.cumsum(gains[:, 2])]),
            "revenue_cpm": base[0] + np.concatenate([[0.0], np.cumsum(gains[:, 1])]),
            "fill_price": np.concatenate([gains[:, 0], [0.0]]),
        })  # fmt: skip
        # most of the steps lose next to nothing: points by what is lost, closer at the low end
        seen = frame["lost_fill"].to_numpy()
        wanted = seen[0] + (seen[-1] - seen[0]) * np.linspace(0.0, 1.0, points) ** 2
        keep = np.unique(np.searchsorted(seen, wanted - 1e-12).clip(max=len(frame) - 1))
        return frame.iloc[keep].reset_index(drop=True)


def _alone(size: int) -> tuple[Array, Array]:
    return np.ones(size), np.ones(size)


def _levels(prices: Array, segment: Ints, size: int) -> Array:
    bids = prices > 0
    count = np.bincount(segment[bids], minlength=size)
    total = np.bincount(segment[bids], np.log(prices[bids]), size)
    return np.asarray(np.exp(total / np.maximum(count, 1)))


def _one_curve(rows: pd.DataFrame, name: str) -> Array:
    """Return floor, revenue and fill of one curve, shape (points, 3), the lowest price first."""
    points = rows[["price", "revenue", "accept_prob"]].to_numpy(dtype=np.float64)
    points = points[np.lexsort((-points[:, 2], points[:, 0]))]
    rises = np.diff(points[:, 2]) > 1e-9
    bad_values(
        "curves.accept_prob", points[1:, 2], rises, "not above that of a lower price",
        f"Sort or repair the curve of segment {name}.", "rising",
    )  # fmt: skip
    if points[0, 0] > 0:  # without a floor whoever bids at all is sold to, at the lowest price
        points = np.vstack([[0.0, points[0, 1], points[0, 2]], points])
    return points


def _auctions_of(rows: pd.DataFrame) -> float:
    return float(rows["auctions"].iloc[0]) if "auctions" in rows.columns else 1.0
