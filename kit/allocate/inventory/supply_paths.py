"""The same impression over several supply paths: what comes twice, and what a second path costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kit.base.checks import bad_values, did_you_mean
from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.data.schema import AT_LEAST

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

PATH_COLUMNS = ("exchange", "supply_path")
"""What a path is by default, where the log has these columns."""
_NONE = "(none)"


@dataclass(frozen=True, eq=False)
class SupplyPaths:
    """Which path and which impression each row of a log belongs to.

    Parameters
    ----------
    table : pandas.DataFrame, P rows
        ``path_id`` and the columns that define a path, in sorted order.
    path : ndarray of int64, shape (n,)
        Row of `table` of each request.
    impression : ndarray of int64, shape (n,)
        The impression that each request offers, numbered from 0 in order of appearance.
    group : ndarray of int64, shape (impressions,)
        Which impressions come over the same set of paths.
    """

    table: pd.DataFrame
    path: Codes
    impression: Codes
    group: Codes

    @classmethod
    def of(
        cls, log: AuctionLog, by: Sequence[str] = (), impression: str | None = None
    ) -> SupplyPaths:
        """Read paths and impressions off a log.

        Parameters
        ----------
        log : AuctionLog
            With one row a request.
        by : sequence of str
            Request columns that define a path; default exchange and supply_path, those there are.
        impression : str, optional
            The column that is the same in every request for one impression (OpenRTB's
            ``source.tid``). None: no impression comes twice.

        Raises
        ------
        DataError
            If the log is empty, a column is no request column, an impression's name is missing,
            or an impression comes twice over one path.

        Examples
        --------
        >>> log = AuctionLog(pd.DataFrame({
        ...     "auction_id": ["i", "i", "j"], "supply_path": ["direct", "resold", "direct"],
        ...     "market_price_cpm": 1.0, "market_price_kind": "known"}))
        >>> paths = SupplyPaths.of(log, impression="auction_id")
        >>> paths.table["path_id"].tolist(), paths.group.tolist()
        (['direct', 'resold'], [0, 1])
        """
        if not len(log):
            raise DataError("log: has no requests; must have at least one. Pass a log with rows.")
        names = list(by) or [name for name in PATH_COLUMNS if name in log.frame.columns]
        table, path = _paths(log, names)
        known = _impressions(log, impression)
        _refuse_twice(log, path, known, impression)
        return cls(table, path, known, _groups(path, known, len(table)))

    @property
    def groups(self) -> int:
        """Number of groups."""
        return int(self.group.max()) + 1

    def known_path(self, table: pd.DataFrame) -> Codes:
        """Return each request's row in another log's table of paths, shape (n,); -1: not in it."""
        place = pd.Index(table["path_id"]).get_indexer(pd.Index(self.table["path_id"]))
        return np.asarray(place[self.path], dtype=np.int64)


def compare_paths(log: AuctionLog, paths: SupplyPaths) -> pd.DataFrame:
    """Set each path beside the other paths of its impressions.

    Parameters
    ----------
    log : AuctionLog
        The requests.
    paths : SupplyPaths
        Of the same rows.

    Returns
    -------
    pandas.DataFrame, one row a path, most requests first
        ``path_id``, its columns, ``requests``, ``only_here`` (requests for impressions that come
        over no other path), ``duplicated`` (share of the others), ``extra_price`` (mean of this
        path's market price over the cheapest path's of the same impression, less one, over
        duplicated impressions whose prices are bounded from above on every path; NaN without
        any) and ``extra_floor`` (the same of the floor, where the cheapest has one).
    """
    copies = np.bincount(paths.impression)[paths.impression]
    price = log.column("market_price_cpm", np.nan)
    price = np.where(log.market_kind == AT_LEAST, np.nan, price)
    frame = pd.DataFrame(
        {
            "path": paths.path,
            "only_here": copies == 1,
            "extra_price": _over_cheapest(price, paths.impression, copies),
            "extra_floor": _over_cheapest(
                log.column("bid_floor_cpm", 0.0), paths.impression, copies
            ),
        }
    )
    by_path = frame.groupby("path")
    found = by_path[["extra_price", "extra_floor"]].mean()
    found.insert(0, "requests", by_path.size())
    found.insert(1, "only_here", by_path["only_here"].sum())
    found.insert(2, "duplicated", 1.0 - found["only_here"] / found["requests"])
    joined = paths.table.join(found)
    return joined.sort_values("requests", ascending=False, kind="stable").reset_index(drop=True)


@dataclass(frozen=True)
class SelfCompetition:
    """What bidding on every copy of an impression would have cost.

    Parameters
    ----------
    impressions, doubled : int
        Impressions bid on; those with more than one bid of ours.
    wasted_bids : int
        Bids beyond the best of each impression.
    raised_cpm : float
        Sum of the prices that a second-price win on the best copy would have been raised by our
        own second bid, per-mille prices added up.
    """

    impressions: int
    doubled: int
    wasted_bids: int
    raised_cpm: float


def self_competition(
    impression: ArrayLike, bid_cpm: ArrayLike, market_price_cpm: ArrayLike
) -> SelfCompetition:
    """Count bids against ourselves where all copies of an impression meet in one auction.

    Parameters
    ----------
    impression : array_like of int, shape (n,)
        The impression of each request.
    bid_cpm : array_like, shape (n,)
        Our bids; NaN is none.
    market_price_cpm : array_like, shape (n,)
        Highest bid of others.

    Raises
    ------
    DataError
        If lengths differ or a market price is missing.

    Examples
    --------
    >>> self_competition([0, 0, 1], [5.0, 4.0, 3.0], [2.0, 2.0, 1.0])
    SelfCompetition(impressions=2, doubled=1, wasted_bids=1, raised_cpm=2.0)
    """
    codes, bid = np.asarray(impression), np.asarray(bid_cpm, dtype=np.float64)
    market = np.asarray(market_price_cpm, dtype=np.float64)
    if not codes.shape == bid.shape == market.shape or codes.ndim != 1:
        raise DataError(
            f"bid_cpm: has shape {bid.shape} with impressions of shape {codes.shape} and market "
            f"prices of shape {market.shape}; must be one of each a row. Pass the same rows."
        )
    bad_values("market_price_cpm", market, np.isnan(market), "a number", what="missing")
    rows = np.flatnonzero(~np.isnan(bid))
    rows = rows[np.lexsort((-bid[rows], codes[rows]))]
    first = np.diff(codes[rows], prepend=-1) != 0
    first[:1] = True
    second = np.zeros(len(rows), dtype=np.bool_)
    second[1:] = first[:-1] & ~first[1:]
    best, next_best = rows[np.flatnonzero(second) - 1], rows[second]
    paid = np.maximum(market[best], 0.0)
    raised = np.where(bid[best] > paid, np.maximum(bid[next_best] - paid, 0.0), 0.0)
    impressions = int(first.sum())
    return SelfCompetition(
        impressions, int(second.sum()), len(rows) - impressions, float(raised.sum())
    )


def best_copies(impression: Codes, worth: Array, heard: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which requests to bid on: of each impression heard, the copy worth most.

    Parameters
    ----------
    impression : ndarray of int, shape (n,)
        The impression of each request.
    worth : ndarray, shape (n,)
        Expected surplus of each request; without any there is no bid.
    heard : ndarray of bool, shape (n,)
        Requests that were listened to.

    Examples
    --------
    >>> best_copies(np.array([0, 0, 1]), np.array([1.0, 2.0, 3.0]), np.array([True, False, True]))
    array([ True, False,  True])
    """
    rows = np.flatnonzero(heard & (worth > 0))
    rows = rows[np.lexsort((-worth[rows], impression[rows]))]
    chosen = np.zeros(len(worth), dtype=np.bool_)
    first = np.ones(len(rows), dtype=np.bool_)
    first[1:] = np.diff(impression[rows]) != 0
    chosen[rows[first]] = True
    return chosen


def _paths(log: AuctionLog, names: list[str]) -> tuple[pd.DataFrame, Codes]:
    request = log.request
    for name in names:
        if name not in request.columns:
            known = ", ".join(map(str, request.columns))
            raise DataError(
                f"by: got {name!r}; must be request columns of the log: {known}. "
                f"{did_you_mean(name, request.columns)}"
            )
    if not names:
        raise DataError(
            "by: the log has neither exchange nor supply_path; must name what a path is. "
            "Pass by=[...], request columns."
        )
    labels = pd.DataFrame(
        {name: request[name].astype(object).where(request[name].notna(), _NONE).astype(str)
         for name in names}
    )  # fmt: skip
    table = labels.drop_duplicates().sort_values(names).reset_index(drop=True)
    keys = pd.MultiIndex.from_frame(labels)
    path = pd.MultiIndex.from_frame(table).get_indexer(keys).astype(np.int64)
    ids = [" / ".join(row) for row in table.itertuples(index=False, name=None)]
    table.insert(0, "path_id", ids)
    return table, path


def _impressions(log: AuctionLog, column: str | None) -> Codes:
    if column is None:
        return np.arange(len(log), dtype=np.int64)
    if column not in log.request.columns:
        raise DataError(
            f"impression: got {column!r}; must be a request column of the log. "
            f"{did_you_mean(column, log.request.columns) or 'Map source.tid to auction_id.'}"
        )
    values = log.frame[column]
    bad_values(column, values, values.isna().to_numpy(), "present", what="missing")
    return pd.factorize(values)[0].astype(np.int64)


def _refuse_twice(log: AuctionLog, path: Codes, known: Codes, column: str | None) -> None:
    if column is None:
        return
    key = known * (int(path.max()) + 1) + path
    twice = pd.Series(key).duplicated().to_numpy()
    bad_values(
        column, log.frame[column], twice, "one request a path and impression",
        "Drop repeated requests, or define paths by more columns.", "repeated",
    )  # fmt: skip


def _groups(path: Codes, impression: Codes, paths: int) -> Codes:
    """Return the group of each impression.

    A set of paths is known by the sum of random 64-bit numbers, one a path: two different sets
    of a million have the same sum with a probability below 1e-7.
    """
    marks = np.random.default_rng(0).integers(1, 2**63, size=paths, dtype=np.uint64)
    order = np.argsort(impression, kind="stable")
    starts = np.searchsorted(impression[order], np.arange(int(impression.max()) + 1))
    sums = np.add.reduceat(marks[path[order]], starts)
    return pd.factorize(sums)[0].astype(np.int64)


def _over_cheapest(price: Array, impression: Codes, copies: NDArray[np.int64]) -> Array:
    """Return each price over the least of its impression, less one.

    NaN where an impression has one copy, or a copy without a price.
    """
    given = ~np.isnan(price)
    least = np.full(int(impression.max()) + 1, np.inf)
    np.minimum.at(least, impression[given], price[given])
    whole = np.bincount(impression[given], minlength=len(least))[impression] == copies
    base = least[impression]
    known = (copies > 1) & whole & (base > 0)
    over = np.divide(price, base, out=np.full(len(price), np.nan), where=known)
    return np.asarray(over - 1.0)
