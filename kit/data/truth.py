"""Ask a simulated world its truth: win rates, click and conversion rates, the best bid.

Every answer follows from request columns alone; the world of the simulation fixes the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from kit.base.checks import has_columns
from kit.base.errors import DataError
from kit.data.schema import FIRST_PRICE
from kit.data.simulate_codes import NEEDED, codes_of
from kit.data.simulate_traffic import MILLI
from kit.data.simulate_world import PriceMixture, World

Array = NDArray[np.float64]

_BLOCK_ROWS = 2048
_GRID = np.linspace(0.0, 1.0, 33)[:, None]
_ZOOMS = 2


@dataclass(frozen=True)
class Truth:
    """The probabilities behind a simulated log, for any request of its world.

    Every method takes a request frame (``log.request``) of n rows and returns shape (n,). Prices
    are in the log's unit. Surplus is value less price; fees are left out.

    Parameters
    ----------
    world : World
        The world that the log was drawn from.

    Examples
    --------
    >>> from kit.data.simulate import SimulationConfig, simulate
    >>> simulation = simulate(SimulationConfig(auctions=3), seed=1)
    >>> simulation.truth.win_rate(simulation.log.request, 1000.0).round(2)
    array([1., 1., 1.])
    """

    world: World = field(repr=False)

    def market_cdf(self, request: pd.DataFrame, price_cpm: ArrayLike) -> Array:
        """Return the probability that the highest rival bid is at most `price_cpm`."""
        return _cdf(self._mixture(request), np.floor(_milli(request, price_cpm) + 1e-6))

    def win_rate(self, request: pd.DataFrame, bid_cpm: ArrayLike) -> Array:
        """Return the probability that `bid_cpm` wins: above every rival, not under the floor.

        A tie with a rival loses. A NaN bid is no bid and wins nothing.
        """
        return _win_rate(self._mixture(request), _floor(request), _milli(request, bid_cpm))

    def pctr(self, request: pd.DataFrame) -> Array:
        """Return the click probability of an impression, invalid traffic included."""
        codes = codes_of(self.world, request)
        parts = self.world.clicks(codes, self.world.cell(codes))
        invalid = parts.invalid.astype(np.float64)
        valid_click = parts.accidental.astype(np.float64) + parts.intent
        return np.asarray((1.0 - invalid) * valid_click + invalid * parts.invalid_click)

    def pcvr(self, request: pd.DataFrame) -> Array:
        """Return the probability that a click converts within the attribution window.

        Only an intended click of a valid impression can.
        """
        codes = codes_of(self.world, request)
        parts = self.world.clicks(codes, self.world.cell(codes))
        intended = (1.0 - parts.invalid.astype(np.float64)) * parts.intent
        return np.asarray(intended * self.world.conversion_of_intent(codes) / self.pctr(request))

    def value(self, request: pd.DataFrame) -> Array:
        """Return what an impression is worth: ``pctr * click_value_cpm``."""
        has_columns("request", request.columns, ["click_value_cpm"])
        return np.asarray(self.pctr(request) * request["click_value_cpm"].to_numpy(np.float64))

    def expected_surplus(self, request: pd.DataFrame, bid_cpm: ArrayLike) -> Array:
        """Return the expected value less price of bidding `bid_cpm`, per auction.

        A first-price winner pays its bid, a second-price winner the larger of market price and
        floor. A NaN bid is no bid: 0.
        """
        mixture, floor = self._mixture(request), _floor(request)
        bid = _milli(request, bid_cpm)
        rate = _win_rate(mixture, floor, bid)
        value = self.value(request)
        paid_first = np.nan_to_num(bid) / MILLI * rate
        paid_second = _second_price_cost(mixture, floor, bid)
        return np.asarray(value * rate - np.where(self._first(request), paid_first, paid_second))

    def optimal_bid(self, request: pd.DataFrame) -> Array:
        """Return the bid of greatest expected surplus for a bidder who knows the truth.

        In a second-price auction that is the value; in a first-price auction the bid is found on
        a grid that zooms in, to within a thousandth. Where no bid gains anything it is 0.
        """
        value = self.value(request)
        floor, first = _floor(request), self._first(request)
        best = np.where(value >= floor / MILLI, value, 0.0)
        rows = np.flatnonzero(first & (value > floor / MILLI))
        mixture = self._mixture(request)
        for block in _blocks(rows):
            best[block] = _shade(mixture.take(block), floor[block], value[block] * MILLI) / MILLI
        return np.asarray(best)

    def _mixture(self, request: pd.DataFrame) -> PriceMixture:
        codes = codes_of(self.world, request)
        return self.world.prices(codes, self.world.cell(codes))

    def _first(self, request: pd.DataFrame) -> NDArray[np.bool_]:
        """Return whether each row's exchange sells at first price."""
        types = [exchange.auction_type for exchange in self.world.config.exchanges]
        codes = codes_of(self.world, request)
        return np.asarray(np.array(types).take(codes.exchange) == FIRST_PRICE)


def _milli(request: pd.DataFrame, price_cpm: ArrayLike) -> Array:
    """Return prices in thousandths, one a row; NaN stays."""
    price = np.asarray(price_cpm, dtype=np.float64)
    if price.shape not in ((), (len(request),)):
        raise DataError(
            f"price: has shape {price.shape}; must be one number or one a request "
            f"({len(request)}). Pass prices for the same rows."
        )
    return np.array(np.broadcast_to(price * MILLI, (len(request),)))


def _floor(request: pd.DataFrame) -> Array:
    """Return floors in thousandths."""
    has_columns("request", request.columns, [*NEEDED, "bid_floor_cpm"])
    floor = request["bid_floor_cpm"].to_numpy(np.float64)
    return np.asarray(np.rint(floor * MILLI))


def _blocks(rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    for first in range(0, len(rows), _BLOCK_ROWS):
        yield rows[first : first + _BLOCK_ROWS]


def _standard(mixture: PriceMixture, milli: Array) -> tuple[Array, Array]:
    """Return log prices at `milli`, standardised for the broad field and for retargeters."""
    distance: Array = np.log(np.maximum(milli, 1e-9) / MILLI) - mixture.location
    broad = np.asarray(distance / mixture.broad_sigma, dtype=np.float64)
    retarget = np.asarray((distance - mixture.shift) / mixture.retarget_sigma, dtype=np.float64)
    return broad, retarget


def _cdf(mixture: PriceMixture, milli: Array) -> Array:
    """Return P(highest rival bid <= milli), for whole thousandths.

    A drawn price is rounded to whole thousandths, one at the least, so the lognormals are asked
    half a thousandth higher.
    """
    broad, retarget = _standard(mixture, milli + 0.5)
    field = 1.0 - mixture.nobody.astype(np.float64) - mixture.retarget
    rivals = field * ndtr(broad) + mixture.retarget * ndtr(retarget)
    return np.asarray((milli >= 0) * mixture.nobody + (milli >= 1) * rivals)


def _win_rate(mixture: PriceMixture, floor: Array, bid: Array) -> Array:
    below = np.ceil(bid - 1e-6) - 1.0  # the highest price that loses to the bid
    return np.asarray(np.where(bid >= floor - 1e-6, _cdf(mixture, below), 0.0))


def _second_price_cost(mixture: PriceMixture, floor: Array, bid: Array) -> Array:
    """Return E[max(market, floor); win].

    Notes
    -----
    With f the floor and b the bid, f * P(m <= f) + E[m; f < m < b]; for a lognormal m,
    E[m; m < t] = exp(mu + sigma^2 / 2) * Phi((ln t - mu) / sigma - sigma).
    """
    below = np.ceil(bid - 1e-6) - 1.0
    at_floor = np.minimum(floor, below)
    paid = floor / MILLI * _cdf(mixture, at_floor)
    between = _partial_mean(mixture, below) - _partial_mean(mixture, at_floor)
    return np.where(bid >= floor - 1e-6, paid + between, 0.0)


def _partial_mean(mixture: PriceMixture, milli: Array) -> Array:
    """Return E[m; m <= milli] of the highest rival bid m."""
    broad, retarget = _standard(mixture, np.maximum(milli, 0.0) + 0.5)
    field = 1.0 - mixture.nobody.astype(np.float64) - mixture.retarget
    total = np.zeros_like(broad)
    for weight, location, sigma, score in (
        (field, mixture.location, mixture.broad_sigma, broad),
        (mixture.retarget, mixture.location + mixture.shift, mixture.retarget_sigma, retarget),
    ):
        wide = sigma.astype(np.float64)
        total += weight * np.exp(location + wide**2 / 2) * ndtr(score - wide)
    return total


def _shade(mixture: PriceMixture, floor: Array, value: Array) -> Array:
    """Return first-price bids in thousandths that maximise ``(value - bid) * win rate``.

    The first grid covers floor to value, closer at the low end; each zoom covers the two cells
    around the best point so far. A second peak narrower than a cell could be missed: the price
    mixture has at most three, and the lowest sits on the grid's first point.
    """
    low, high = np.maximum(floor, 1.0), np.maximum(value, 1.0)
    best = low
    for zoom in range(1 + _ZOOMS):
        share = _GRID**2 if zoom == 0 else _GRID
        bids = np.ceil(low + (high - low) * share)
        gain = (value - bids) * _win_rate(mixture, floor, bids)
        at = gain.argmax(axis=0)
        rows = np.arange(bids.shape[1])
        best = np.where(gain[at, rows] > 0, bids[at, rows], 0.0)
        low = bids[np.maximum(at - 1, 0), rows]
        high = bids[np.minimum(at + 1, len(_GRID) - 1), rows]
    return best
