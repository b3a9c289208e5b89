"""A seller's auctions: the two highest bids, how they are sold, and the segment they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import bad_values, has_columns, one_of
from kit.base.errors import DataError, LeakageError
from kit.base.units import USD_CPM, PriceUnit
from kit.data.log import AuctionLog
from kit.data.schema import AT_LEAST, AT_MOST, FIRST_PRICE, FIXED_PRICE, auction_types

Array = NDArray[np.float64]

VIEWS = ("bids", "competition")
TYPE_LEVEL = "auction_type"
_MOST_OF_ONE = 0.5
_TYPE_NAMES = {True: "first price", False: "second price"}


@dataclass(frozen=True, eq=False)
class SellerAuctions:
    """n auctions as their seller sees them, in S segments.

    Parameters
    ----------
    top_cpm, second_cpm : ndarray, shape (n,)
        Highest and second highest bid; 0 where there is none, or none is known.
    floor_cpm : ndarray, shape (n,)
        Floor in force when the bids were made. Bids under it may be missing, so a lower floor is
        judged too low, never too high.
    first_price : ndarray of bool, shape (n,)
        Whether the winner pays its own bid.
    segment : ndarray of int64, shape (n,)
        Row of `labels`.
    labels : pandas.DataFrame, S rows
        Labels of each segment, one column a level, the coarsest first; all text.
    row_key : ndarray of uint64, shape (n,)
        Fingerprint of each auction, so that fit and judgement cannot share one unnoticed.
    unit : PriceUnit
        Unit of the prices.
    notes : tuple of str
        What was assumed of the log, for the report.
    """

    top_cpm: Array
    second_cpm: Array
    floor_cpm: Array
    first_price: NDArray[np.bool_]
    segment: NDArray[np.int64]
    labels: pd.DataFrame
    row_key: NDArray[np.uint64] = field(repr=False)
    unit: PriceUnit = USD_CPM
    notes: tuple[str, ...] = ()

    @classmethod
    def of_log(
        cls,
        log: AuctionLog,
        by: Sequence[str],
        *,
        view: str = "bids",
        market: Array | None = None,
    ) -> SellerAuctions:
        """Read a log as its seller would.

        Parameters
        ----------
        log : AuctionLog
            In the view ``"bids"`` each row holds two bids of one auction: ``bid_price_cpm`` and
            ``market_price_cpm``, the highest other one. A seller's own log has the winning bid
            and the runner-up there; a buyer's log its own bid and what it learned of its rivals.
        by : sequence of str
            Columns that make a segment, the coarsest first; ``hour`` is read off the clock. Where
            a log holds both first-price and second-price auctions, the type is put before them.
        view : {"bids", "competition"}
            ``"competition"``: floors for the other buyers, ``market_price_cpm`` being the highest
            bid; the runner-up is not known, so at second price a floor earns itself (a posted
            price), which is the least that it earns.
        market : ndarray, shape (n,), optional
            Highest other bid of every row, such as `LandscapeModel.market_prices` draws it, for
            logs that only bound some of them.

        Raises
        ------
        DataError
            If a column is missing, the highest bid is not known in some row, or one value makes
            up most of the highest bids (one buyer's bid, not demand).
        """
        one_of("view", view, VIEWS)
        types = auction_types(log.frame)
        kept = types != FIXED_PRICE
        if not kept.any():
            raise DataError(
                f"log: has {len(log)} auctions that a floor could act on; must have at least one. "
                "Pass a log with auctions other than fixed-price deals."
            )
        top, second, notes = _two_bids(log, view, market)
        if not kept.all():
            notes = (*notes, f"{int((~kept).sum()):,} fixed-price deals left out")
        first = types == FIRST_PRICE
        segment, labels = _segments(log, by, first)
        whole = cls(
            top, second, log.column("bid_floor_cpm", 0.0), first, segment, labels,
            _fingerprints(log, top, second), log.meta.unit, notes,
        )  # fmt: skip
        if "won" in log.frame.columns and view == "competition" and log.frame["won"].all():
            whole = replace(whole, notes=(*notes, "won auctions only: rivals as they were there"))
        auctions = whole if kept.all() else whole.rows(kept)
        _refuse_one_value(auctions.top_cpm)
        return auctions

    @classmethod
    def of_arrays(
        cls,
        top_cpm: Array,
        second_cpm: Array,
        labels: pd.DataFrame | None = None,
        *,
        first_price: bool | NDArray[np.bool_] = False,
        floor_cpm: float | Array = 0.0,
        unit: PriceUnit = USD_CPM,
    ) -> SellerAuctions:
        """Make auctions of plain arrays; `labels` has one row an auction, one column a level.

        Raises
        ------
        DataError
            If a bid or floor is negative or missing, a second bid above the highest, or shapes
            differ.

        Examples
        --------
        >>> auctions = SellerAuctions.of_arrays(np.array([2.0, 3.0]), np.array([1.0, 0.0]))
        >>> len(auctions), auctions.levels
        (2, ())
        """
        top, second = (np.asarray(bids, dtype=np.float64) for bids in (top_cpm, second_cpm))
        for name, bids in (("top_cpm", top), ("second_cpm", second)):
            bad_values(name, bids, ~(bids >= 0), ">= 0", what="negative or missing")
        if top.shape != second.shape or (labels is not None and len(labels) != len(top)):
            raise DataError(
                f"second_cpm: has shape {second.shape} beside {top.shape}, and "
                f"{0 if labels is None else len(labels)} labels; must be one of each an auction. "
                "Pass arrays of the same auctions."
            )
        bad_values("second_cpm", second, second > top, "<= top_cpm", what="too large")
        floor = np.broadcast_to(np.asarray(floor_cpm, dtype=np.float64), top.shape).copy()
        bad_values("floor_cpm", floor, ~(floor >= 0), ">= 0", what="negative or missing")
        first = np.broadcast_to(np.asarray(first_price, dtype=bool), top.shape).copy()
        frame = pd.DataFrame(index=range(len(top))) if labels is None else labels
        segment, known = _coded(_typed(frame.reset_index(drop=True), first))
        return cls(top, second, floor, first, segment, known, _placed(top, second), unit)

    def __len__(self) -> int:
        return len(self.top_cpm)

    @property
    def levels(self) -> tuple[str, ...]:
        """Names of the levels of a segment, the coarsest first."""
        return tuple(map(str, self.labels.columns))

    def rows(self, keep: slice | NDArray[np.bool_] | NDArray[np.intp]) -> SellerAuctions:
        """Return some auctions; segments keep their numbers."""
        return replace(
            self, top_cpm=self.top_cpm[keep], second_cpm=self.second_cpm[keep],
            floor_cpm=self.floor_cpm[keep], first_price=self.first_price[keep],
            segment=self.segment[keep], row_key=self.row_key[keep],
        )  # fmt: skip

    def with_bids(self, top_cpm: Array, second_cpm: Array) -> SellerAuctions:
        """Return the same auctions with other bids in them."""
        return replace(self, top_cpm=top_cpm, second_cpm=second_cpm)

    def refuse_shared(self, fitted: NDArray[np.uint64]) -> None:
        """Raise `LeakageError` if an auction is among those that floors were fitted on."""
        shared = int(np.isin(self.row_key, fitted).sum())
        if shared:
            raise LeakageError(
                f"auctions: {shared:,} of {len(self):,} were used to fit the floors; must be none, "
                "or the floors look better than they are. Judge them on later rows "
                "(kit.time_split) or by cross_fit."
            )


def _two_bids(
    log: AuctionLog, view: str, market: Array | None
) -> tuple[Array, Array, tuple[str, ...]]:
    price, kind = log.column("market_price_cpm", 0.0), log.market_kind
    notes: tuple[str, ...] = ()
    if market is not None:
        bounded = int((kind > 0).sum())
        price, kind = np.asarray(market, dtype=np.float64), np.zeros_like(kind)
        notes = (f"the highest other bid of {bounded:,} auctions was drawn from a landscape",)
    if view == "competition":
        _refuse_unknown(kind == AT_LEAST, "the other buyers' highest bid")
        known = np.where(kind == AT_MOST, 0.0, price)
        return known, np.zeros(len(log)), (*notes, "floors for the other buyers; posted prices")
    has_columns("seller's log", log.frame.columns, ["bid_price_cpm"])
    floor = log.column("bid_floor_cpm", 0.0)
    bid = np.nan_to_num(log.frame["bid_price_cpm"].to_numpy(dtype=np.float64, na_value=np.nan))
    bid = np.where(bid >= floor, bid, 0.0)
    _refuse_unknown(kind == AT_LEAST, "the highest bid")
    # at most: the other bid lies in [0, price]; as none it makes a second price the least it can be
    other = np.where(kind == AT_MOST, 0.0, price)
    capped = int(((kind == AT_MOST) & (price > floor)).sum())
    if capped:
        notes = (*notes, f"a runner-up known only as at most some price counts as none ({capped:,} "
                 "auctions)")  # fmt: skip
    return np.maximum(bid, other), np.minimum(bid, other), notes


def _refuse_unknown(unknown: NDArray[np.bool_], what: str) -> None:
    count = int(unknown.sum())
    if count:
        raise DataError(
            f"market_price_kind: {count:,} of {unknown.size:,} auctions tell {what} only as 'at "
            "least'; must be known, since a floor meets the highest bid. Drop the exchanges that "
            "do not tell it, or draw it from a landscape fitted on earlier rows "
            "(market=LandscapeModel.market_prices(...); --top-bids draw)."
        )


def _refuse_one_value(top: Array) -> None:
    bids = top[top > 0]
    if bids.size < 2:
        raise DataError(
            f"highest bid: {bids.size} of {top.size:,} auctions have one; must be at least 2. Pass "
            "a log with bids."
        )
    values, counts = np.unique(bids, return_counts=True)
    share = counts.max() / bids.size
    if share > _MOST_OF_ONE:
        raise DataError(
            f"bid_price_cpm: {values[counts.argmax()]:g} is the highest bid of {share:.0%} of the "
            "auctions, one buyer's own fixed bid; a floor just under it would seem to earn all of "
            "it. Pass bids of all buyers, or set floors for the others (view='competition'; "
            "--view competition)."
        )


def _segments(
    log: AuctionLog, by: Sequence[str], first: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], pd.DataFrame]:
    if isinstance(by, str) or len(set(by)) != len(by):
        raise DataError(f"by: got {by!r}; must be a list of different columns. Pass a list.")
    columns = {name: _labels(log, name) for name in by if name != TYPE_LEVEL}
    frame = pd.DataFrame(columns, index=range(len(log)))
    return _coded(_typed(frame, first))


def _labels(log: AuctionLog, name: str) -> pd.Series[str]:
    if name == "hour" and name not in log.frame.columns and "timestamp" in log.frame.columns:
        return pd.Series(log.hour).map("{:02d}".format)
    has_columns("segments", log.request.columns, [name])
    return log.frame[name].astype(str)


def _typed(frame: pd.DataFrame, first: NDArray[np.bool_]) -> pd.DataFrame:
    """Put the auction type first where both occur: a floor works differently in each."""
    if first.all() or not first.any():
        return frame
    names = pd.Series(first).map(_TYPE_NAMES)
    rest = [name for name in frame.columns if name != TYPE_LEVEL]
    return pd.concat([names.rename(TYPE_LEVEL), frame[rest]], axis=1)


def _coded(frame: pd.DataFrame) -> tuple[NDArray[np.int64], pd.DataFrame]:
    if not len(frame.columns):
        return np.zeros(len(frame), dtype=np.int64), pd.DataFrame(index=[0])
    frame = frame.astype(str)
    groups = frame.groupby(list(frame.columns), sort=True, observed=True)
    labels = pd.DataFrame(list(groups.size().index.to_flat_index()), columns=frame.columns)
    if len(frame.columns) == 1:
        labels = pd.DataFrame({frame.columns[0]: groups.size().index})
    return np.asarray(groups.ngroup(), dtype=np.int64), labels


def _fingerprints(log: AuctionLog, top: Array, second: Array) -> NDArray[np.uint64]:
    names = [name for name in ("auction_id", "timestamp") if name in log.frame.columns]
    if not names:
        return _placed(top, second)
    frame = log.frame[names].assign(top=top, second=second)
    return np.asarray(pd.util.hash_pandas_object(frame, index=False).to_numpy(), dtype=np.uint64)


def _placed(top: Array, second: Array) -> NDArray[np.uint64]:
    """Return fingerprints of rows without a clock: where they stand in which data."""
    data = pd.util.hash_array(np.concatenate([top, second])).sum(dtype=np.uint64)
    place = np.arange(len(top), dtype=np.uint64)
    return np.asarray(pd.util.hash_array(place) ^ data, dtype=np.uint64)
