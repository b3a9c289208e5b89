"""What each auction of a log asks of a bid: the floor, the market price, and what is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kit.base.checks import bad_values, finite_at_least, one_of
from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.data.schema import AT_LEAST, AT_MOST, KNOWN, SECOND_PRICE, auction_types
from kit.replay import kernels
from kit.replay.kernels import GRID

Censored = Literal["pessimistic", "optimistic", "given"]
_READINGS = get_args(Censored)
Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Terms:
    """What each auction asks, on the money grid.

    Parameters
    ----------
    need : ndarray, shape (n,)
        The smallest bid that wins; inf where none is known to.
    pay : ndarray, shape (n,)
        The price of a win; NaN where it is the bid itself (first price).
    open_from, open_to : ndarray, shape (n,)
        Bids in ``[open_from, open_to)`` have an outcome that the log does not determine.
    """

    need: NDArray[np.float64]
    pay: NDArray[np.float64]
    open_from: NDArray[np.float64]
    open_to: NDArray[np.float64]


@dataclass(frozen=True)
class Market:
    """The market columns of a log, checked, before they are turned into terms.

    Parameters
    ----------
    price, floor : ndarray, shape (n,)
        Market price or its bound; effective floor.
    kind, auction_type : ndarray of int8, shape (n,)
        Codes of ``market_price_kind``; auction type.
    ties_win : bool
        Whether a bid equal to a known market price wins.
    censored : str
        How rows with a bound are read.
    below_floor : ndarray of bool, shape (n,)
        Rows whose own second-price win was cheaper than the declared floor.
    """

    price: NDArray[np.float64]
    floor: NDArray[np.float64]
    kind: NDArray[np.int8]
    auction_type: NDArray[np.int8]
    ties_win: bool
    censored: Censored
    below_floor: NDArray[np.bool_]

    def terms(self, rows: slice = slice(None)) -> Terms:
        """Return what the auctions of some rows ask."""
        price = self.price[rows]
        need, pay, open_from, open_to = np.empty((4, price.size))
        kernels.market_terms(
            price, self.kind[rows], self.floor[rows], self.auction_type[rows], self.ties_win,
            _READINGS.index(self.censored), need, pay, open_from, open_to,
        )  # fmt: skip
        return Terms(need, pay, open_from, open_to)


def read_market(
    log: AuctionLog, censored: Censored = "pessimistic", market: ArrayLike | None = None
) -> Market:
    """Return the market columns of a log under one reading of its bounds.

    Parameters
    ----------
    log : AuctionLog
        The auctions.
    censored : {"pessimistic", "optimistic", "given"}
        How rows with a bound are read. Pessimistic: a market price of at least the bound is out
        of reach, one of at most the bound is the bound. Optimistic: any bid above the lower
        bound wins at it; a market price of at most the bound is the floor. Given: `market`
        holds every row's price.
    market : array_like, shape (n,), optional
        Market prices for ``censored="given"``, for instance drawn from a fitted landscape.

    Raises
    ------
    DataError
        If `market` is missing, superfluous, of another length, or outside a row's bounds.

    Notes
    -----
    The floor is ``bid_floor_cpm``, except in rows that the log itself won in a second-price
    auction below it (real logs pay up to one unit less): there it is the price that was paid.
    A deal's own ``deal_at`` overrides ``auction_type``, as in OpenRTB.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"market_price_cpm": [1.0, 2.0],
    ...                       "market_price_kind": ["known", "at_least"]})
    >>> read_market(AuctionLog(frame), "optimistic").terms().pay
    array([1., 2.])
    """
    one_of("censored", censored, _READINGS)
    prices, kind = log.column("market_price_cpm", 0.0), log.market_kind
    if (market is None) == (censored == "given"):
        raise DataError(
            f"market: got {'none' if market is None else 'prices'} with censored={censored!r}; "
            "must be given with censored='given' and only then. Pass both or neither."
        )
    if market is not None:
        prices = _checked_market(market, prices, kind)
    types = auction_types(log.frame)
    floor, below = _effective_floor(log, types)
    return Market(
        writable(prices), writable(floor), writable(kind), types, log.meta.ties_win, censored, below
    )


def writable(array: NDArray[Scalar]) -> NDArray[Scalar]:
    """Return a contiguous writable array: a read-only one would compile each kernel again."""
    plain = np.ascontiguousarray(array)
    return plain if plain.flags.writeable else plain.copy()


def _effective_floor(
    log: AuctionLog, types: NDArray[np.int8]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    floor = log.column("bid_floor_cpm", 0.0)
    if not {"clearing_price_cpm", "won"} <= set(log.frame.columns):
        return floor, np.zeros(len(log), dtype=np.bool_)
    paid = log.column("clearing_price_cpm", np.nan)
    below = log.frame["won"].to_numpy(dtype=bool) & (types == SECOND_PRICE) & (paid < floor)
    return np.where(below, paid, floor), below


def _checked_market(
    market: ArrayLike, bound: NDArray[np.float64], kind: NDArray[np.int8]
) -> NDArray[np.float64]:
    prices = finite_at_least("market", market)
    if prices.shape != bound.shape:
        raise DataError(
            f"market: has shape {prices.shape}; must be {bound.shape}, one price a row. "
            "Draw one price for every auction."
        )
    off = np.abs(prices - bound) > GRID
    mend = "Keep known prices and draw inside the bounds."
    bad_values("market", prices, (kind == KNOWN) & off, "the known price", mend, "changed")
    bad_values("market", prices, (kind == AT_MOST) & off & (prices > bound),
               "<= the row's upper bound", mend, "too large")  # fmt: skip
    bad_values("market", prices, (kind == AT_LEAST) & off & (prices < bound),
               ">= the row's lower bound", mend, "too small")  # fmt: skip
    return prices
