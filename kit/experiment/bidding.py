"""Buyers with private values, and how they turn a value into a bid in each segment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from kit.base.checks import bad_values
from kit.base.errors import DataError

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

VALUE_STEP = 0.1
VALUE_LOGS = np.arange(-3.0, 3.0 + VALUE_STEP / 2, VALUE_STEP)
"""Log values, over the segment's level, at which a bid function is kept."""


@dataclass(frozen=True, eq=False)
class BuyerMarket:
    """What n impressions are worth to K buyers, in S segments.

    Parameters
    ----------
    values_cpm : ndarray, shape (n, K)
        Private values per thousand; NaN where a buyer has no use for the impression.
    segment : ndarray of int64, shape (n,)
        Segment of each impression.
    level : ndarray, shape (S,)
        Price level of each segment, > 0; bid functions are kept relative to it.
    group : ndarray of int64, shape (K,)
        Buyers of one group share what they learn and how they bid.
    weight : ndarray, shape (K,)
        Weight of what each buyer sees in what its group learns.
    ear : ndarray, shape (n, K)
        Uniform draws in [0, 1): a buyer that listens to a share of a segment hears the impressions
        below that share.
    """

    values_cpm: Array
    segment: Ints
    level: Array
    group: Ints
    weight: Array
    ear: Array = field(repr=False)

    @classmethod
    def of(
        cls,
        values: Array,
        segment: Ints,
        level: Array,
        rng: np.random.Generator,
        *,
        group: Ints | None = None,
        weight: Array | None = None,
    ) -> BuyerMarket:
        """Check a market; without `group` every buyer learns by itself.

        Raises
        ------
        DataError
            If a value is not positive, a level not above zero, or shapes differ.

        Examples
        --------
        >>> market = BuyerMarket.of(np.array([[1.0, np.nan]]), np.array([0]), np.array([1.0]),
        ...                         np.random.default_rng(0))
        >>> market.group.tolist()
        [0, 1]
        """
        values = np.asarray(values, dtype=np.float64)
        if values.ndim != 2 or segment.shape != values.shape[:1]:
            raise DataError(
                f"values: have shape {values.shape} beside {segment.shape} segments; must have one "
                "row an impression and one column a buyer. Pass both for the same rows."
            )
        flat = values.ravel()
        bad_values("values", flat, flat <= 0, "> 0, or NaN for no use", what="too small")
        bad_values("level", level, ~(level > 0), "> 0", what="missing or too small")
        buyers = values.shape[1]
        return cls(
            values, segment.astype(np.int64), np.asarray(level, dtype=np.float64),
            np.arange(buyers) if group is None else np.asarray(group, dtype=np.int64),
            np.ones(buyers) if weight is None else np.asarray(weight, dtype=np.float64),
            rng.random(values.shape),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.segment)

    @property
    def groups(self) -> int:
        """Number of groups of buyers."""
        return int(self.group.max()) + 1

    def rows(self, keep: slice | NDArray[np.bool_] | Ints) -> BuyerMarket:
        """Return some impressions."""
        return replace(
            self, values_cpm=self.values_cpm[keep], segment=self.segment[keep], ear=self.ear[keep]
        )


@dataclass(frozen=True, eq=False)
class Bidding:
    """Bid functions of every group in every segment.

    Parameters
    ----------
    shade : ndarray, shape (groups, S, values)
        Bid over value at the values of `VALUE_LOGS` times the segment's level, in [0, 1].
    listening : ndarray, shape (groups, S)
        Share of the segment's requests that the group listens to.
    """

    shade: Array
    listening: Array

    @classmethod
    def constant(cls, market: BuyerMarket, shading_factor: Array | float) -> Bidding:
        """Return buyers that bid a fixed share of their value, one factor or one a group.

        That is `kit.bid.shade.ShadePolicy` before it adapts.
        """
        factor = np.broadcast_to(np.asarray(shading_factor, dtype=np.float64), (market.groups,))
        shape = (market.groups, len(market.level))
        shade = np.broadcast_to(factor[:, None, None], (*shape, VALUE_LOGS.size)).copy()
        return cls(shade, np.ones(shape))

    def bids(self, market: BuyerMarket, hard: Array) -> Array:
        """Return every buyer's bid, shape (n, K); 0 for no bid.

        A buyer whose value reaches the floor bids at least the floor; nobody bids above its value.

        Parameters
        ----------
        market : BuyerMarket
            Impressions, of the segments that the functions are for.
        hard : ndarray, shape (S,)
            Hard floor of each segment.
        """
        bids = np.zeros_like(market.values_cpm)
        floor, level = hard[market.segment], market.level[market.segment]
        for buyer, group in enumerate(market.group):
            value = market.values_cpm[:, buyer]
            heard = market.ear[:, buyer] < self.listening[group, market.segment]
            rows = np.flatnonzero((value >= floor) & heard)
            shade = self._shade(group, market.segment[rows], value[rows] / level[rows])
            bids[rows, buyer] = np.maximum(shade * value[rows], floor[rows])
        return bids

    def _shade(self, group: int, segment: Ints, relative: Array) -> Array:
        place = (np.log(relative) - VALUE_LOGS[0]) / VALUE_STEP
        place = np.clip(place, 0.0, VALUE_LOGS.size - 1.000001)
        left = place.astype(np.int64)
        share = place - left
        table = self.shade[group]
        return np.asarray((1 - share) * table[segment, left] + share * table[segment, left + 1])
