"""What a simulated log is made of: its size, exchanges, campaigns and logging policy."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from kit.base.checks import number
from kit.base.errors import DataError
from kit.data.schema import FIRST_PRICE, SECOND_PRICE

COUNTRIES = ("BR", "DE", "GB", "IN", "JP", "US")
DEVICES = ("desktop", "mobile", "tablet")
FORMATS = ("banner", "native", "video")
CATEGORIES = ("finance", "games", "news", "shopping", "sports", "travel")
SEGMENTS = ("auto", "bargain", "cart", "family", "gamer", "student", "traveller", "unknown")
FEATURES = (
    "country", "device", "ad_format", "site_category", "user_segment",
    "hour", "weekday", "recency_hours", "page_quality",
)  # fmt: skip
"""Request-time columns that a simulated log declares as features."""


@dataclass(frozen=True)
class Exchange:
    """One simulated exchange.

    Parameters
    ----------
    name : str
        Its label in the log.
    auction_type : int
        1 first price, 2 second price.
    gives_min_bid_to_win : bool
        Whether it tells bidders, after each auction, what they had to beat.
    share : float
        Share of traffic, relative to the other exchanges.
    peak_hour : float
        Hour of day (UTC) of its busiest traffic.
    price_cpm : float
        Level of rival bids: about their median.
    floor_cpm : float
        Level of its floors; 0 means it sets none.
    fee_cpm : float
        Fee on each impression won.
    """

    name: str
    auction_type: int
    gives_min_bid_to_win: bool
    share: float = 1.0
    peak_hour: float = 20.0
    price_cpm: float = 2.0
    floor_cpm: float = 0.0
    fee_cpm: float = 0.0

    def __post_init__(self) -> None:
        if self.auction_type not in (FIRST_PRICE, SECOND_PRICE):
            raise DataError(
                f"auction_type: got {self.auction_type!r}; must be 1 (first price) or 2 (second "
                "price). The simulator has no fixed-price deals."
            )
        number("share", self.share, above=0)
        number("peak_hour", self.peak_hour, 0, 24)
        number("price_cpm", self.price_cpm, above=0)
        number("floor_cpm", self.floor_cpm, 0)
        number("fee_cpm", self.fee_cpm, 0)


@dataclass(frozen=True)
class Campaign:
    """One simulated campaign.

    Parameters
    ----------
    name : str
        Its label in the log.
    click_value_cpm : float
        What a thousand clicks are worth: ``value_cpm = pctr * click_value_cpm``.
    share : float
        Share of auctions it bids in, relative to the other campaigns.
    """

    name: str
    click_value_cpm: float
    share: float = 1.0

    def __post_init__(self) -> None:
        number("click_value_cpm", self.click_value_cpm, above=0)
        number("share", self.share, above=0)


DEFAULT_EXCHANGES = (
    Exchange("aurora", FIRST_PRICE, True, 0.40, 20.0, 1.9, 0.5, 0.04),
    Exchange("borealis", FIRST_PRICE, False, 0.15, 13.0, 2.2, 0.0, 0.06),
    Exchange("cassini", SECOND_PRICE, True, 0.20, 22.0, 1.7, 0.0, 0.02),
    Exchange("dione", SECOND_PRICE, False, 0.25, 9.0, 2.4, 0.9, 0.0),
)
DEFAULT_CAMPAIGNS = (
    Campaign("hotel", 250.0, 0.45),
    Campaign("sneaker", 150.0, 0.35),
    Campaign("broker", 400.0, 0.20),
)


@dataclass(frozen=True)
class SimulationConfig:
    """What to simulate. The same config and seed give the same log.

    Parameters
    ----------
    auctions : int
        Rows, >= 1.
    days : int
        Whole UTC days they spread over, 1 to 366.
    start : str
        First day, ``YYYY-MM-DD``.
    exchanges : tuple of Exchange
        One to eight.
    campaigns : tuple of Campaign
        One to eight.
    units : int
        Ad units (placements), each sold through every exchange, 1 to 24.
    ctr : float
        Mean click probability of a valid impression, in (0, 0.05].
    invalid_share : float
        Mean share of invalid traffic, in [0, 0.3].
    exploration_share : float
        Share of bids drawn to explore, in (0, 1).
    bid_level : float
        The logging policy's bid as a multiple of the value that it believes in.
    drift : float
        Strength of the drift of prices and clicks over days; 0 means none.
    attribution_days : int
        A conversion counts, and its label is final, this many days after the auction.
    world_seed : int
        Which world (effects of the features); the seed of `simulate` draws a log from it.

    Raises
    ------
    DataError
        If a value lies outside its range.

    Examples
    --------
    >>> SimulationConfig(auctions=0)
    Traceback (most recent call last):
    kit.base.errors.DataError: auctions: got 0; must be a whole number >= 1. Pass one inside the range.
    """  # noqa: E501

    auctions: int = 100_000
    days: int = 10
    start: str = "2026-03-02"
    exchanges: tuple[Exchange, ...] = field(default=DEFAULT_EXCHANGES)
    campaigns: tuple[Campaign, ...] = field(default=DEFAULT_CAMPAIGNS)
    units: int = 8
    ctr: float = 0.02
    invalid_share: float = 0.03
    exploration_share: float = 0.1
    bid_level: float = 1.0
    drift: float = 1.0
    attribution_days: int = 7
    world_seed: int = 0

    def __post_init__(self) -> None:
        _whole("auctions", self.auctions, 1)
        _whole("days", self.days, 1, 366)
        _whole("units", self.units, 1, 24)
        _whole("attribution_days", self.attribution_days, 1, 90)
        _whole("world_seed", self.world_seed, 0)
        number("ctr", self.ctr, 0, 0.05, above=0)
        number("invalid_share", self.invalid_share, 0, 0.3)
        number("exploration_share", self.exploration_share, 0, 0.99, above=0)
        number("bid_level", self.bid_level, above=0)
        number("drift", self.drift, 0, 5)
        _distinct("exchanges", self.exchanges, Exchange)
        _distinct("campaigns", self.campaigns, Campaign)
        self.first_day  # noqa: B018  (refuses what is not a date)

    @property
    def first_day(self) -> datetime.date:
        """The first day.

        Raises
        ------
        DataError
            If `start` is no date.
        """
        try:
            return datetime.date.fromisoformat(self.start)
        except (TypeError, ValueError):
            raise DataError(
                f"start: got {self.start!r}; must be a day such as '2026-03-02'. "
                "Pass year-month-day."
            ) from None


def _whole(name: str, value: Any, low: int, high: int | None = None) -> None:
    """Refuse what is not an int inside ``[low, high]``; bool is not a count."""
    if type(value) is not int or value < low or (high is not None and value > high):
        limit = f">= {low}" if high is None else f"in [{low}, {high}]"
        raise DataError(
            f"{name}: got {value!r}; must be a whole number {limit}. Pass one inside the range."
        )


def _distinct(name: str, members: Any, kind: type[Exchange] | type[Campaign]) -> None:
    """Refuse an empty or too long tuple, foreign members and repeated names."""
    if not isinstance(members, tuple) or not 1 <= len(members) <= 8:
        raise DataError(
            f"{name}: got {members!r}; must be a tuple of 1 to 8. Pass {kind.__name__} objects."
        )
    for member in members:
        if not isinstance(member, kind):
            raise DataError(
                f"{name}: got {member!r}; must be a {kind.__name__}. Build it with "
                f"kit.data.simulate.{kind.__name__}(...)."
            )
    names = [member.name for member in members]
    repeated = sorted({label for label in names if names.count(label) > 1})
    if repeated:
        raise DataError(
            f"{name}: name {repeated[0]!r} comes {names.count(repeated[0])} times; must be "
            "distinct. Rename one."
        )
