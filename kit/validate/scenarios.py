"""What may go wrong in the market: each scenario turns a log into another log.

The log is a value: nothing else is changed, and columns that a scenario leaves alone are shared.
What the log says that we bid, won and paid is left as it is: a replay reads the market price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kit.base.checks import number
from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.data.schema import AT_LEAST, FIXED_PRICE, KNOWN, MARKET_KINDS, auction_types
from kit.replay.kernels import GRID

Array = NDArray[np.float64]

_RUN = 100
_MASKS = 512  # drawn once: a draw for each run of a long log would take longer than its rows


class Scenario(Protocol):
    """One thing that may go wrong."""

    @property
    def name(self) -> str:
        """What happens, in a few words."""

    @property
    def strength(self) -> str:
        """How strongly, in plain numbers."""

    @property
    def about(self) -> str:
        """One sentence for the report."""

    def lacks(self, log: AuctionLog) -> str:
        """Return why it cannot be played on this log; empty if it can."""

    def apply(self, log: AuctionLog, rng: np.random.Generator) -> AuctionLog:
        """Return the log as it would have been, at least one row."""


@dataclass(frozen=True)
class PriceShock:
    """Every rival bids `factor` times as much.

    A known price is multiplied, and so is a bound: if the market price was at least b, it is now at
    least ``factor * b``. Floors, and the fixed prices of deals, stay: sellers set them. What was
    lost at an unknown price is, read pessimistically, lost at any: a fall in prices shows less
    there than it would bring.

    Parameters
    ----------
    factor : float
        > 0.

    Examples
    --------
    >>> frame = pd.DataFrame({"market_price_cpm": [1.0, 2.0], "market_price_kind": "known"})
    >>> log = PriceShock(1.5).apply(AuctionLog(frame), np.random.default_rng(0))
    >>> log.frame["market_price_cpm"].tolist()
    [1.5, 3.0]
    """

    factor: float

    name: ClassVar[str] = "price shock"
    about: ClassVar[str] = (
        "Every rival bids by the same factor more or less; floors and deals stay."
    )

    def __post_init__(self) -> None:
        number("factor", self.factor, above=0)

    @property
    def strength(self) -> str:
        """How strongly."""
        return f"market prices x {self.factor:g}"

    def lacks(self, log: AuctionLog) -> str:
        """Return why it cannot be played."""
        deals = (auction_types(log.frame) == FIXED_PRICE).all()
        return "every auction is a deal at a fixed price" if deals else ""

    def apply(self, log: AuctionLog, rng: np.random.Generator) -> AuctionLog:
        """Return the log with other prices."""
        return log.with_columns(market_price_cpm=log.column("market_price_cpm", 0) * self.factor)


@dataclass(frozen=True)
class LostExchange:
    """An exchange sends no requests any more.

    Parameters
    ----------
    exchange : str
        Its label.
    """

    exchange: str

    name: ClassVar[str] = "lost exchange"
    about: ClassVar[str] = (
        "An exchange goes away and its auctions with it; the others stay as they are."
    )

    @property
    def strength(self) -> str:
        """How strongly."""
        return f"no auctions of {self.exchange}"

    def lacks(self, log: AuctionLog) -> str:
        """Return why it cannot be played."""
        if "exchange" not in log.frame.columns:
            return "the log has no exchange"
        gone = self._gone(log)
        if not gone.any():
            return f"the log has no auctions of {self.exchange}"
        return "the log has no other exchange" if gone.all() else ""

    def apply(self, log: AuctionLog, rng: np.random.Generator) -> AuctionLog:
        """Return the other exchanges' rows."""
        return log.rows(~self._gone(log))

    def _gone(self, log: AuctionLog) -> NDArray[np.bool_]:
        return np.asarray(log.frame["exchange"] == self.exchange, dtype=bool)


@dataclass(frozen=True)
class Traffic:
    """There are `factor` times as many auctions.

    In every run of 100 consecutive auctions the same number, drawn at random, is left out or comes
    twice, so that the day keeps its shape. A budget stays what it is: it is the scorer's.

    Parameters
    ----------
    factor : float
        In (0, 10], in whole hundredths.

    Examples
    --------
    >>> frame = pd.DataFrame({"market_price_cpm": np.ones(1000), "market_price_kind": "known"})
    >>> [len(Traffic(factor).apply(AuctionLog(frame), np.random.default_rng(0)))
    ...  for factor in (0.6, 1.4)]
    [600, 1400]
    """

    factor: float

    name: ClassVar[str] = "traffic"
    about: ClassVar[str] = "More or fewer auctions of the same kinds; a budget stays what it is."

    def __post_init__(self) -> None:
        number("factor", self.factor, above=0, high=10)

    @property
    def strength(self) -> str:
        """How strongly."""
        return f"{100 * (self.factor - 1):+.0f} % auctions"

    def lacks(self, log: AuctionLog) -> str:
        """Return why it cannot be played."""
        return f"fewer than {_RUN} auctions" if len(log) < _RUN else ""

    def apply(self, log: AuctionLog, rng: np.random.Generator) -> AuctionLog:
        """Return rows left out, or repeated, in their order."""
        whole, part = divmod(round(self.factor * _RUN), _RUN)
        masks = rng.permuted(np.tile(np.arange(_RUN) < part, (_MASKS, 1)), axis=1)
        runs = rng.integers(_MASKS, size=-(-len(log) // _RUN))
        once_more = masks[runs].ravel()[: len(log)]
        if not whole:
            return log.rows(once_more)
        return log.rows(np.repeat(np.arange(len(log)), whole + once_more))


@dataclass(frozen=True, eq=False)
class Rivals:
    """Rivals who lost narrowly to the candidate now bid just above it.

    A worst case: rivals that know every bid of the candidate, and answer only where it costs them
    little. Of the auctions that it wins with less than `margin` of its bid to spare, each is lost
    with probability `share`. A price that is only known to be at least a bound is left as it is:
    whether the candidate won there is not known.

    Parameters
    ----------
    bids : array_like, shape (n,), or None
        The candidate's bids on the log, in its unit; NaN is no bid.
    margin : float
        In (0, 1].
    share : float
        In (0, 1].

    Examples
    --------
    >>> frame = pd.DataFrame({"market_price_cpm": [1.0, 1.9], "market_price_kind": "known"})
    >>> log = Rivals([2.0, 2.0], share=1).apply(AuctionLog(frame), np.random.default_rng(0))
    >>> log.frame["market_price_cpm"].round(3).tolist()
    [1.0, 2.0]
    """

    bids: ArrayLike | None
    margin: float = 0.2
    share: float = 0.5

    name: ClassVar[str] = "adversarial rivals"
    about: ClassVar[str] = (
        "Rivals who know the candidate's bids outbid it where they lost narrowly."
    )

    def __post_init__(self) -> None:
        number("margin", self.margin, above=0, high=1)
        number("share", self.share, above=0, high=1)

    @property
    def strength(self) -> str:
        """How strongly."""
        return (
            f"{100 * self.share:g} % of wins by less than {100 * self.margin:g} % of the bid lost"
        )

    def lacks(self, log: AuctionLog) -> str:
        """Return why it cannot be played."""
        if self.bids is None:
            return "no bids of the candidate were given"
        said = (log.market_kind != AT_LEAST) & (auction_types(log.frame) != FIXED_PRICE)
        return "" if said.any() else "no auction says at most what a rival bid"

    def apply(self, log: AuctionLog, rng: np.random.Generator) -> AuctionLog:
        """Return the log with higher, known prices in some auctions."""
        bid = np.asarray(self.bids, dtype=np.float64)
        if bid.shape != (len(log),):
            raise DataError(
                f"bids: has shape {bid.shape}; must be ({len(log)},), one for every auction. "
                "Pass the candidate's bids on this log."
            )
        price, kind = log.column("market_price_cpm", 0.0), log.market_kind
        to_beat = np.maximum(price, log.column("bid_floor_cpm", 0.0))
        narrow = (bid >= to_beat) & (bid * (1 - self.margin) < to_beat)
        narrow &= (kind != AT_LEAST) & (auction_types(log.frame) != FIXED_PRICE)
        rows = np.flatnonzero(narrow)
        rows = rows[rng.random(len(rows)) < self.share]
        price, kind = price.copy(), kind.copy()
        price[rows], kind[rows] = bid[rows] + GRID, KNOWN
        return log.with_columns(
            market_price_cpm=price,
            market_price_kind=pd.Categorical.from_codes(kind, categories=pd.Index(MARKET_KINDS)),
        )
