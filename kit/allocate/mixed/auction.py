"""One auction for exchange bids and our own ads: score, winner, price, displaced revenue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.mixed import kernels_mixed as kernels
from kit.base.checks import as_numbers, bad_values, finite_numbers, has_columns, number, one_of

Array = NDArray[np.float64]
Pricing = Literal["first", "second"]
RULES: tuple[Pricing, ...] = ("first", "second")

EXCHANGE, OWN = "exchange", "own"


@dataclass(frozen=True)
class MixedAuction:
    """How ads of all sources are scored, and what their winners pay.

    Score = net value + quality weight x quality - user cost, all per mille. The net value of an
    exchange's bid is its price less the fee: money for sure. That of an own ad is a prediction,
    pCTR x value of a click x 1000; calibrate it first (`kit.allocate.mixed.calibration`).

    Parameters
    ----------
    quality_weight : float
        Money per mille that one unit of quality is worth, >= 0.
    pricing : mapping of str to {"first", "second"}
        Rule of each source; one that is not named pays by "second". First: the bid. Second: the
        least bid whose score still wins, at least the floor. With one slot that is at once the
        generalised second price in score space and the VCG price, what the winner costs the
        others, so that bidding the true value is best.
    reserve_score : float
        Least score that is shown; below it the slot stays empty.

    Raises
    ------
    DataError
        If a number or rule is not allowed.

    References
    ----------
    Lahaie, Pennock (2007), Revenue Analysis of a Family of Ranking Rules for Keyword Auctions,
    EC (score-based prices).
    Edelman, Ostrovsky, Schwarz (2007), Internet Advertising and the Generalized Second-Price
    Auction, American Economic Review 97 (one slot: GSP is VCG).

    Examples
    --------
    >>> ads = pd.DataFrame({"auction": [0, 0, 1], "source": ["exchange", "own", "own"],
    ...                     "price_cpm": [3.0, np.nan, np.nan], "fee": [0.1, 0.0, 0.0],
    ...                     "pctr": [np.nan, 0.002, 0.001], "click_value": [np.nan, 2.0, 2.0]})
    >>> result = MixedAuction(pricing={"exchange": "first"}).run(ads)
    >>> result.table[["source", "revenue", "displaced_revenue"]]
         source  revenue  displaced_revenue
    0       own      2.7                2.7
    1       own      0.0                0.0
    """

    quality_weight: float = 0.0
    pricing: Mapping[str, Pricing] = field(default_factory=dict)
    reserve_score: float = 0.0

    def __post_init__(self) -> None:
        number("quality_weight", self.quality_weight, 0)
        number("reserve_score", self.reserve_score)
        for source, rule in self.pricing.items():
            one_of(f"pricing of {source}", rule, RULES)

    def run(self, ads: pd.DataFrame, auctions: int | None = None) -> MixedResult:
        """Clear all auctions.

        Parameters
        ----------
        ads : pandas.DataFrame, one row an ad, any order
            ``auction`` (whole numbers from 0), ``source``, and either ``price_cpm`` (>= 0) or
            ``pctr`` with ``click_value`` (money of a click, >= 0). Optional: ``fee`` (share of
            the price, in [0, 1)), ``quality``, ``user_cost_cpm`` (what showing the ad costs in
            lost visits or waiting, as money per mille), ``floor_cpm`` (least price, before the
            fee).
        auctions : int, optional
            Number of auctions; default the highest plus one. Those without ads stay empty.

        Raises
        ------
        DataError
            If a column is missing, or a number missing, negative or out of range.
        """
        book = AdBook.of(ads, auctions)
        net = book.price * (1.0 - book.fee)
        other = self.quality_weight * book.quality - book.user_cost
        rules = [RULES.index(self.pricing.get(name, "second")) for name in book.sources]
        count = len(book.start) - 1
        winner, displaced = np.empty((2, count), dtype=np.int64)
        paid, displaced_paid = np.empty((2, count))
        kernels.clear(
            book.start, book.source, net, other, book.floor * (1.0 - book.fee),
            np.array(rules, dtype=np.int8), self.reserve_score,
            winner, paid, displaced, displaced_paid,
        )  # fmt: skip
        return MixedResult(book, net + other, winner, paid, displaced, displaced_paid)


@dataclass(frozen=True, eq=False)
class AdBook:
    """Checked ads in order of auction; arrays of shape (ads,) unless said otherwise.

    Parameters
    ----------
    start : ndarray of int64, shape (auctions + 1,)
        The ads of auction a are ``start[a]:start[a + 1]``.
    row : ndarray of int64
        Row of the frame given.
    source, sources : ndarray of int32, and tuple of str
        Source of each ad, as a code.
    price, pctr : ndarray
        Price, or predicted eCPM; predicted click probability, NaN where there is none.
    fee, quality, user_cost, floor : ndarray
        The optional columns, 0 where absent.
    """

    start: NDArray[np.int64]
    row: NDArray[np.int64]
    source: NDArray[np.int32]
    sources: tuple[str, ...]
    price: Array
    pctr: Array
    fee: Array
    quality: Array
    user_cost: Array
    floor: Array

    @classmethod
    def of(cls, ads: pd.DataFrame, auctions: int | None) -> AdBook:
        """Check the ads and bring them into order."""
        has_columns("ads", ads.columns, ("auction", "source"))
        auction = _auctions(ads, auctions)
        count = int(auction.max(initial=-1)) + 1 if auctions is None else auctions
        columns = [
            _optional(ads, name) for name in ("fee", "quality", "user_cost_cpm", "floor_cpm")
        ]
        fee = columns[0]
        bad_values("ads.fee", fee, (fee < 0) | (fee >= 1), "in [0, 1)", what="impossible")
        for name, values in zip(("user_cost_cpm", "floor_cpm"), columns[2:], strict=True):
            bad_values(f"ads.{name}", values, values < 0, ">= 0", what="negative")
        price = ecpm(ads)
        codes, names = _sources(ads["source"])
        order: slice | NDArray[np.int64] = slice(None)
        if (np.diff(auction) < 0).any():
            order = np.argsort(auction, kind="stable").astype(np.int64)
        row = np.arange(len(ads), dtype=np.int64)[order]
        sizes = np.bincount(auction, minlength=count)
        start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        ordered = [column[order] for column in (price, _numbers(ads, "pctr"), *columns)]
        return cls(start, row, codes[order], names, *ordered)


@dataclass(frozen=True, eq=False)
class MixedResult:
    """What every auction showed, what that paid, and what it displaced.

    Parameters
    ----------
    book : AdBook
        The ads.
    score : ndarray, shape (ads,)
        Score of each, per mille.
    winner, displaced : ndarray of int64, shape (auctions,)
        Place in `book` of the ad shown, and of the best ad of another source; -1: none.
    revenue, displaced_revenue : ndarray, shape (auctions,)
        Net money per mille that the winner pays; what the best ad of another source would have
        paid, had the winner's source stayed away.
    """

    book: AdBook
    score: Array
    winner: NDArray[np.int64]
    revenue: Array
    displaced: NDArray[np.int64]
    displaced_revenue: Array

    def __len__(self) -> int:
        return len(self.winner)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row an auction.

        Columns: ``ad`` (row of the frame given; -1: none), ``source``, ``score``, ``revenue``,
        ``gross_price_cpm`` (before the fee), ``price_per_click`` (of ads with a ``pctr``),
        ``displaced_source``, ``displaced_revenue``.
        """
        sold, names = self.winner >= 0, np.array([*self.book.sources, ""], dtype=object)
        sources = [
            names[np.where(place >= 0, self.book.source[place], len(names) - 1)]
            if len(self.book.row)
            else np.full(len(self), "", dtype=object)
            for place in (self.winner, self.displaced)
        ]
        return pd.DataFrame(
            {
                "ad": self._of_winner(self.book.row, -1),
                "source": sources[0],
                "score": self._of_winner(self.score, np.nan),
                "revenue": self.revenue,
                "gross_price_cpm": self.revenue
                / (1.0 - np.where(sold, self._of_winner(self.book.fee, 0.0), 0.0)),
                "price_per_click": self._per_click(),
                "displaced_source": sources[1],
                "displaced_revenue": self.displaced_revenue,
            }
        )

    @cached_property
    def by_source(self) -> pd.DataFrame:
        """One row a source, ``(unsold)`` last; sums over auctions of money per mille.

        Columns: ``impressions``, ``share``, ``revenue``, ``quality``, ``user_cost``, ``score``,
        ``displaced_revenue`` (what its wins kept others from paying) and ``gain`` (revenue less
        that).
        """
        code = np.where(self.winner >= 0, self._of_winner(self.book.source, 0), -1)
        code = np.where(code < 0, len(self.book.sources), code).astype(np.int64)
        columns = {
            "revenue": self.revenue,
            "quality": self._of_winner(self.book.quality, 0.0),
            "user_cost": self._of_winner(self.book.user_cost, 0.0),
            "score": self._of_winner(self.score, 0.0),
            "displaced_revenue": self.displaced_revenue,
        }
        names = [*self.book.sources, "(unsold)"]
        sums = {name: np.bincount(code, values, len(names)) for name, values in columns.items()}
        impressions = np.bincount(code, minlength=len(names))
        table = pd.DataFrame(
            {"impressions": impressions, "share": impressions / max(len(self), 1), **sums},
            index=pd.Index(names, name="source"),
        )
        return table.assign(gain=table["revenue"] - table["displaced_revenue"])

    def _per_click(self) -> Array:
        pctr = self._of_winner(self.book.pctr, np.nan).astype(np.float64)
        clicks = 1000.0 * pctr
        price = np.full(len(self), np.nan)
        return np.asarray(np.divide(self.revenue, clicks, out=price, where=clicks > 0))

    def _of_winner(self, values: NDArray[Any], missing: float) -> NDArray[Any]:
        """Return a value of the ad shown, shape (auctions,); `missing` where none was."""
        if not len(values):
            return np.full(len(self), missing)
        return np.where(self.winner >= 0, values[self.winner], missing)


def ecpm(ads: pd.DataFrame) -> Array:
    """Return each ad's price, or where it has none its predicted eCPM, shape (ads,).

    Raises
    ------
    DataError
        If an ad has neither a price nor a prediction, or a number is negative or out of range.
    """
    price = _numbers(ads, "price_cpm")
    predicted = 1000.0 * _numbers(ads, "pctr") * _numbers(ads, "click_value")
    pctr = _numbers(ads, "pctr")
    bad_values("ads.pctr", pctr, (pctr < 0) | (pctr > 1), "in [0, 1]", what="impossible")
    value = np.where(np.isnan(price), predicted, price)
    mend = "Give each ad a price_cpm, or pctr and click_value."
    bad_values("ads", value, ~np.isfinite(value), "priced", mend, "missing or infinite")
    bad_values("ads.price_cpm", value, value < 0, ">= 0", what="negative")
    return value


def _numbers(ads: pd.DataFrame, name: str) -> Array:
    if name not in ads.columns:
        return np.full(len(ads), np.nan)
    return as_numbers(f"ads.{name}", ads[name])


def _optional(ads: pd.DataFrame, name: str) -> Array:
    if name not in ads.columns:
        return np.zeros(len(ads))
    return finite_numbers(f"ads.{name}", ads[name])


def _sources(column: pd.Series[str]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Return sources as codes of sorted names; a category column is not turned into text."""
    values, labels = pd.factorize(column)
    bad_values("ads.source", column, values < 0, "given", what="missing")
    names = [str(label) for label in labels]
    order = np.argsort(names, kind="stable")
    place = np.empty(len(names), dtype=np.int32)
    place[order] = np.arange(len(names), dtype=np.int32)
    return place[values], tuple(sorted(names))


def _auctions(ads: pd.DataFrame, auctions: int | None) -> NDArray[np.int64]:
    numbers = finite_numbers("ads.auction", ads["auction"])
    bad_values("ads.auction", numbers, numbers < 0, ">= 0", what="negative")
    whole = numbers.astype(np.int64)
    bad_values("ads.auction", numbers, whole != numbers, "a whole number", what="broken")
    if auctions is not None:
        number("auctions", auctions, 0)
        bad_values(
            "ads.auction", whole, whole >= auctions, f"below {auctions}",
            "Raise auctions, or drop those ads.", "unknown",
        )  # fmt: skip
    return whole
