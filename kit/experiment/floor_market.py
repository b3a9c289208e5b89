"""The buyers of a floor trial: some to learn from, some to be judged on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kit.allocate.floors.auctions import SellerAuctions
from kit.allocate.floors.bid_curves import price_levels
from kit.allocate.floors.fit import floors_in_force
from kit.allocate.floors.revenue import soft_floor
from kit.allocate.floors.values import with_values
from kit.data.simulate_buyers import top_two
from kit.experiment.bidding import Bidding, BuyerMarket
from kit.experiment.market_response import respond

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Market:
    """Buyers to learn from and buyers to be judged on, over the same segments.

    Parameters
    ----------
    learn, live : BuyerMarket
        Impressions of the fit, and of the held-out auctions.
    start : Bidding
        How they bid under the floors in force.
    floor_cpm : ndarray, shape (S,)
        Floor in force in each segment: the mean of its auctions.
    first_price : ndarray of bool, shape (S,)
        How each segment is sold.
    """

    learn: BuyerMarket
    live: BuyerMarket
    start: Bidding
    floor_cpm: Array
    first_price: NDArray[np.bool_]

    @classmethod
    def of_values(
        cls,
        fit: SellerAuctions,
        held_out: SellerAuctions,
        values: tuple[Array, Array],
        rng: np.random.Generator,
        shading_factor: Array | float = 1.0,
    ) -> Market:
        """Return a market of known values, such as `kit.data.simulate_buyers` draws.

        Parameters
        ----------
        fit, held_out : SellerAuctions
            Rows of one log, with the same segments.
        values : (ndarray, ndarray), shapes (n_fit, K) and (n_held_out, K)
            Private values of K buyers, NaN where they have no use.
        rng : numpy.random.Generator
            Draws who hears what, should buyers stop listening.
        shading_factor : float or ndarray, shape (K,)
            How they bid at first price before they learn anything.
        """
        level, first = price_levels(fit), _is_first(fit)
        learn, live = (
            BuyerMarket.of(worth, auctions.segment, level, rng)
            for worth, auctions in zip(values, (fit, held_out), strict=True)
        )
        start = Bidding.constant(learn, shading_factor)
        start.shade[:, ~first] = 1.0
        return cls(learn, live, start, _in_force(fit), first)

    @classmethod
    def of_bids(
        cls, fit: SellerAuctions, held_out: SellerAuctions, rng: np.random.Generator
    ) -> Market:
        """Return a market of the two highest bidders of each auction, values read off their bids.

        Only these two can set a price. As an auction's highest bidder is the one that met the
        second bid, but one of N equal buyers, what it saw weighs 1 / N and what the other saw
        (N - 1) / N: the mixture is then what any one of the N saw.
        """
        level, first = price_levels(fit), _is_first(fit)
        _, markdown = with_values(fit)
        buyers = 2.0 if markdown is None else max(markdown.buyers, 2.0)

        def market(auctions: SellerAuctions) -> BuyerMarket:
            pair = np.stack([auctions.top_cpm, auctions.second_cpm], axis=1)
            if markdown is not None:
                scale = level[auctions.segment][:, None]
                behind = markdown.values(pair, scale)
                pair = np.where(auctions.first_price[:, None], behind, pair)
            return BuyerMarket.of(
                np.where(pair > 0, pair, np.nan), auctions.segment, level, rng,
                group=np.zeros(2, dtype=np.int64), weight=np.array([1 / buyers, 1 - 1 / buyers]),
            )  # fmt: skip

        learn = market(fit)
        start = Bidding.constant(learn, 1.0)
        floor = _in_force(fit)
        return cls(learn, market(held_out), start, floor, first).settled()

    def settled(self, rounds: int = 20) -> Market:
        """Return the market after buyers have got used to the floors in force."""
        soft = soft_floor("as sold", self.floor_cpm, self.first_price)
        used = respond(self.learn, self.floor_cpm, soft, self.start, rounds=rounds)
        return Market(self.learn, self.live, used.last, self.floor_cpm, self.first_price)

    def bids(self, market: BuyerMarket) -> tuple[Array, Array]:
        """Return the two highest bids of each impression under the floors in force."""
        return top_two(self.start.bids(market, self.floor_cpm))


def _is_first(auctions: SellerAuctions) -> NDArray[np.bool_]:
    size = len(auctions.labels)
    return np.asarray(np.bincount(auctions.segment, auctions.first_price, size) > 0)


def _in_force(auctions: SellerAuctions) -> Array:
    return floors_in_force(auctions).table["floor_cpm"].to_numpy(dtype=np.float64)
