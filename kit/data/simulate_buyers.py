"""Simulate a seller's auctions: several buyers with private values, on simulated requests.

Requests, price levels, drift and retargeters are those of `kit.data.simulate`; here the rivals are
single buyers, so that a floor can be judged after they answer it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import number
from kit.base.errors import DataError
from kit.data.log import AuctionLog, LogMeta
from kit.data.schema import FIRST_PRICE
from kit.data.simulate import SimulationConfig, simulate
from kit.data.simulate_codes import codes_of
from kit.data.simulate_config import FEATURES, FORMATS, SEGMENTS
from kit.data.simulate_traffic import MILLI, Codes
from kit.data.simulate_world import World
from kit.data.truth import Truth

Array = NDArray[np.float64]

SHOWN = ("timestamp", "exchange", "auction_type", "bid_floor_cpm", "unit_id", *FEATURES)
"""Request columns of a seller's log: without the campaign, which is the buyer's."""
_SHARED_SIGMA = 0.15
_TASTE_SIGMA = 0.25


@dataclass(frozen=True)
class Buyer:
    """One buyer of a simulated seller.

    Parameters
    ----------
    name : str
        Its label.
    level : float
        Its values relative to the price level of the request, > 0.
    reach : float
        Probability that it has a use for a request, in [0, 1]; for a retargeter, a factor on the
        request's own probability of meeting one.
    retargets : bool
        Whether it comes with few, higher and wider values.
    shading_factor : float
        Share of its value that it bids at first price, before it adapts to anything.
    """

    name: str
    level: float = 0.8
    reach: float = 0.6
    retargets: bool = False
    shading_factor: float = 0.75

    def __post_init__(self) -> None:
        number("level", self.level, above=0)
        number("reach", self.reach, 0, 1)
        number("shading_factor", self.shading_factor, 0, 1)


DEFAULT_BUYERS = (
    Buyer("north", 0.95, 0.55, shading_factor=0.8),
    Buyer("south", 0.80, 0.70, shading_factor=0.7),
    Buyer("east", 1.05, 0.35, shading_factor=0.85),
    Buyer("west", 0.70, 0.80, shading_factor=0.65),
    Buyer("chase", 1.00, 0.90, retargets=True, shading_factor=0.7),
)


@dataclass(frozen=True, eq=False)
class SellerSimulation:
    """A simulated seller's log and what lies behind it.

    Parameters
    ----------
    log : AuctionLog
        What the seller sees: ``bid_price_cpm`` is the highest bid, ``market_price_cpm`` the
        highest other one (0: none). A bid below the floor in force is never made.
    values_cpm : ndarray, shape (n, buyers)
        What an impression is worth to each buyer, per thousand; NaN where it has no use for it.
    bids : ndarray, shape (n, buyers)
        What each buyer bid; 0 where it did not.
    buyers : tuple of Buyer
        In the order of the columns.
    """

    log: AuctionLog
    values_cpm: Array = field(repr=False)
    bids: Array = field(repr=False)
    buyers: tuple[Buyer, ...]

    def rows(self, keep: slice | NDArray[np.bool_] | NDArray[np.intp]) -> SellerSimulation:
        """Return some rows, in the same order."""
        return SellerSimulation(
            self.log.rows(keep), self.values_cpm[keep], self.bids[keep], self.buyers
        )


def simulate_seller(
    config: SimulationConfig, seed: int, buyers: tuple[Buyer, ...] = DEFAULT_BUYERS
) -> SellerSimulation:
    """Draw a seller's log from the world that `config` describes.

    A second-price buyer bids its value, a first-price buyer a constant share of it. Values are
    lognormal about the world's price level, which drifts, times tastes that interact with user
    segment and ad format, times a factor that all buyers of a request share; retargeters mix in
    with their own level and width.

    Parameters
    ----------
    config : SimulationConfig
        Size, exchanges (their auction types and floors), days; campaigns are not used.
    seed : int
        Seed of every draw; the same seed, config and buyers give the same log.
    buyers : tuple of Buyer
        At least one.

    Raises
    ------
    DataError
        If there is no buyer.

    Examples
    --------
    >>> seller = simulate_seller(SimulationConfig(auctions=500, days=2), seed=3)
    >>> seller.values_cpm.shape, bool((seller.log.frame["bid_price_cpm"].dropna() > 0).all())
    ((500, 5), True)
    """
    if not buyers:
        raise DataError("buyers: got none; must be at least one. Pass Buyer objects.")
    simulation = simulate(config, seed)
    request = simulation.log.request
    rng = np.random.default_rng([seed, config.world_seed, 31])
    values = _values(simulation.truth, request, buyers, rng)
    frame = request[[name for name in SHOWN if name in request]].copy()
    floor = frame["bid_floor_cpm"].to_numpy()
    first = frame["auction_type"].to_numpy() == FIRST_PRICE
    share = np.where(first[:, None], [buyer.shading_factor for buyer in buyers], 1.0)
    bids = np.nan_to_num(np.rint(values * share * MILLI) / MILLI)
    bids[bids < floor[:, None]] = 0.0
    top, second = top_two(bids)
    frame["bid_price_cpm"] = np.where(top > 0, top, np.nan)
    frame["won"] = top > 0
    frame["market_price_cpm"] = second
    frame["market_price_kind"] = "known"
    shown = simulation.log.meta
    meta = LogMeta(
        "simulated seller", features=FEATURES, source=f"simulate_seller, seed {seed}",
        source_hash=shown.source_hash,
    )  # fmt: skip
    return SellerSimulation(AuctionLog(frame, meta), values, bids, buyers)


def top_two(bids: Array) -> tuple[Array, Array]:
    """Return the highest and second highest bid of each row, shape (n,); 0 where there is none.

    Examples
    --------
    >>> top_two(np.array([[1.0, 3.0, 2.0], [0.0, 0.5, 0.0]]))
    (array([3. , 0.5]), array([2., 0.]))
    """
    if bids.shape[1] == 1:
        return bids[:, 0].copy(), np.zeros(len(bids))
    order = np.partition(bids, bids.shape[1] - 2, axis=1)
    return order[:, -1].copy(), order[:, -2].copy()


def _values(
    truth: Truth, request: pd.DataFrame, buyers: tuple[Buyer, ...], rng: np.random.Generator
) -> Array:
    world = truth.world
    codes = codes_of(world, request)
    price = world.prices(codes, world.cell(codes))
    shared = _SHARED_SIGMA * rng.standard_normal(len(request))
    somebody = rng.random(len(request)) >= price.nobody
    columns = []
    for buyer, taste in zip(buyers, _tastes(world, len(buyers)), strict=True):
        location = price.location + shared + taste[codes.segment, _format_of(world, codes)]
        wide, reach = price.broad_sigma, np.full(len(request), buyer.reach)
        if buyer.retargets:
            location = location + price.shift
            wide, reach = price.retarget_sigma, buyer.reach * price.retarget
        draw = np.exp(location + wide * rng.standard_normal(len(request))) * buyer.level
        takes_part = somebody & (rng.random(len(request)) < reach)
        columns.append(np.where(takes_part, draw, np.nan))
    return np.stack(columns, axis=1).astype(np.float64)


def _tastes(world: World, buyers: int) -> Array:
    """Return each buyer's taste by user segment and ad format; the world fixes it, not the draw."""
    rng = np.random.default_rng([20260302, world.config.world_seed, 17])
    shape = (buyers, len(SEGMENTS), len(FORMATS))
    return np.asarray(_TASTE_SIGMA * rng.standard_normal(shape))


def _format_of(world: World, codes: Codes) -> NDArray[np.intp]:
    return np.asarray(world.traffic.place_format.take(codes.place), dtype=np.intp)
