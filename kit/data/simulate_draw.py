"""Draw the rows of one chunk of a simulated log, and settle its auctions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.data.schema import AT_LEAST, AT_MOST, FIRST_PRICE, KNOWN
from kit.data.simulate_config import COUNTRIES
from kit.data.simulate_traffic import MILLI, RECENCY_HOURS, Codes
from kit.data.simulate_world import World

Chunk = dict[str, NDArray[Any]]
"""Columns of the chunk by name, views that a draw fills; labels are codes."""

EXPLORE = (0.2, 2.0)
ROUTINE = (0.85, 1.15)
"""Our bid over the policy's central bid is uniform in one of these ranges."""

_LOW16 = (1 << 16) - 1


def draw_chunk(world: World, slot: int, chunk: Chunk, rng: np.random.Generator) -> None:
    """Fill the columns of rows that all fall into hour `slot` of the world."""
    count = len(chunk["exchange"])
    bits = rng.integers(0, 1 << 64, count, dtype=np.uint64)
    codes = _draw_codes(world, slot, bits)
    cell = world.cell(codes)
    _put_request(world, codes, chunk)
    market = _draw_market(world, codes, cell, rng)
    np.copyto(chunk["market_milli"], market)
    bid = _draw_bids(world, cell, chunk, rng)
    _draw_responses(world, codes, cell, bits, chunk, rng)
    country = codes.place.astype(np.intp) * len(COUNTRIES) + codes.country
    _settle(world, codes, bid, world.traffic.floor_milli.take(country), market, chunk)


def _draw_codes(world: World, slot: int, bits: NDArray[np.uint64]) -> Codes:
    """Turn 16 bits into a place, 16 into a user, 8 each into quality and recency."""
    traffic = world.traffic
    place = traffic.place_lookup[slot % 24].take((bits & _LOW16).view(np.int64))
    user = traffic.user_lookup.take((bits >> 16 & _LOW16).view(np.int64))
    unit = traffic.place_unit.take(place)
    segment = traffic.user_segment.take(user)
    quality_at = unit * np.int64(256) + (bits >> 32 & 255).view(np.int64)
    recency_at = segment * np.int64(256) + (bits >> 40 & 255).view(np.int64)
    return Codes(
        slot=slot,
        exchange=traffic.place_exchange.take(place),
        unit=unit,
        country=traffic.user_country.take(user),
        device=traffic.user_device.take(user),
        segment=segment,
        campaign=traffic.user_campaign.take(user),
        quality=traffic.quality_lookup.take(quality_at),
        recency=traffic.recency_lookup.take(recency_at),
        place=place,
        user=user,
    )


def _put_request(world: World, codes: Codes, chunk: Chunk) -> None:
    config, traffic = world.config, world.traffic
    chunk["exchange"][:] = codes.exchange
    chunk["campaign_id"][:] = codes.campaign
    chunk["unit_id"][:] = codes.unit
    chunk["country"][:] = codes.country
    chunk["device"][:] = codes.device
    chunk["user_segment"][:] = codes.segment
    chunk["ad_format"][:] = traffic.place_format.take(codes.place)
    chunk["site_category"][:] = traffic.place_category.take(codes.place)
    chunk["hour"][:] = codes.slot % 24
    chunk["weekday"][:] = (config.first_day.weekday() + codes.slot // 24) % 7
    chunk["page_quality"][:] = codes.quality
    chunk["page_quality"] /= 100.0
    chunk["recency_hours"][:] = RECENCY_HOURS.take(codes.recency)
    exchanges, campaigns = config.exchanges, config.campaigns
    for name, values in (
        ("auction_type", np.array([exchange.auction_type for exchange in exchanges])),
        ("fee_cpm", np.array([exchange.fee_cpm for exchange in exchanges])),
    ):
        chunk[name][:] = values.take(codes.exchange)
    values = np.array([campaign.click_value_cpm for campaign in campaigns])
    chunk["click_value_cpm"][:] = values.take(codes.campaign)


def _draw_market(
    world: World, codes: Codes, cell: NDArray[np.intp], rng: np.random.Generator
) -> NDArray[np.int32]:
    """Return the highest rival bid in thousandths; 0 where nobody bids."""
    mixture = world.prices(codes, cell)
    uniform = rng.random(len(cell), dtype=np.float32)
    retarget = uniform > 1.0 - mixture.retarget
    log_price = rng.standard_normal(len(cell), dtype=np.float32)
    log_price *= np.where(retarget, mixture.retarget_sigma, mixture.broad_sigma)
    log_price += mixture.location
    log_price += retarget * mixture.shift
    # float64: the last bit of a float32 exp differs between processors, and would show
    price = np.exp(log_price.astype(np.float64))
    price *= MILLI
    market = np.maximum(np.rint(price, out=price), 1.0).astype(np.int32)
    market *= uniform >= mixture.nobody
    return market


def _draw_bids(
    world: World, cell: NDArray[np.intp], chunk: Chunk, rng: np.random.Generator
) -> NDArray[np.int32]:
    """Return our bids in thousandths, and note their density and whether they explore."""
    share = np.float32(world.config.exploration_share)
    base = world.base_bid.take(cell)
    uniform = rng.random(len(cell), dtype=np.float32)
    explores = uniform < share
    ratio = np.where(
        explores,
        EXPLORE[0] + uniform * np.float32((EXPLORE[1] - EXPLORE[0]) / share),
        ROUTINE[0] + (uniform - share) * np.float32((ROUTINE[1] - ROUTINE[0]) / (1 - share)),
    )
    np.copyto(chunk["is_exploration"], explores)
    np.divide(bid_density(ratio, world.config.exploration_share), base, chunk["bid_propensity"])
    bid = np.rint(base * ratio * np.float32(MILLI)).astype(np.int32)
    np.maximum(bid, 1, out=bid)
    np.divide(bid, float(MILLI), out=chunk["bid_price_cpm"])
    return np.asarray(bid)


def bid_density(ratio: NDArray[np.floating], exploration_share: float) -> NDArray[np.float32]:
    """Return the density of our bid over the policy's central bid, at `ratio`.

    The two ways to draw a ratio overlap, and a bid's density counts both.

    Examples
    --------
    >>> bid_density(np.array([0.1, 0.5, 1.0]), 0.18).round(3)
    array([0.   , 0.1  , 2.833], dtype=float32)
    """
    explore = exploration_share / (EXPLORE[1] - EXPLORE[0])
    routine = (1.0 - exploration_share) / (ROUTINE[1] - ROUTINE[0])
    inside = (ratio >= ROUTINE[0]) & (ratio <= ROUTINE[1])
    reached = (ratio >= EXPLORE[0]) & (ratio <= EXPLORE[1])
    return np.asarray(reached * np.float32(explore) + inside * np.float32(routine))


def _draw_responses(
    world: World,
    codes: Codes,
    cell: NDArray[np.intp],
    bits: NDArray[np.uint64],
    chunk: Chunk,
    rng: np.random.Generator,
) -> None:
    """Draw what would follow an impression: validity, click, conversion."""
    parts = world.clicks(codes, cell)
    invalid = chunk["is_invalid_traffic"]
    np.less((bits >> 48).astype(np.float32), parts.invalid * np.float32(1 << 16), out=invalid)
    uniform = rng.random(len(cell), dtype=np.float32)
    threshold = np.where(invalid, parts.invalid_click, parts.intent + parts.accidental)
    np.less(uniform, threshold, out=chunk["would_click"])
    wanted = np.flatnonzero((uniform < parts.intent) & ~invalid)
    rate = world.conversion_of_intent(codes).take(wanted)
    converts = wanted[rng.random(len(wanted), dtype=np.float32) < rate]
    chunk["would_convert"][:] = False
    chunk["would_convert"][converts] = True


def _settle(
    world: World,
    codes: Codes,
    bid: NDArray[np.int32],
    floor: NDArray[np.int32],
    market: NDArray[np.int32],
    chunk: Chunk,
) -> None:
    """Run each auction and write what its exchange lets a bidder see."""
    exchanges = world.config.exchanges
    first = np.array([exchange.auction_type == FIRST_PRICE for exchange in exchanges])
    gives = np.array([exchange.gives_min_bid_to_win for exchange in exchanges])
    is_first, is_given = first.take(codes.exchange), gives.take(codes.exchange)
    to_beat = np.maximum(market, floor)
    eligible = bid >= floor
    won = eligible & (bid > market)
    seen = is_given | (won & ~is_first)
    bound = seen & (market <= floor) & (floor > 0)
    np.copyto(chunk["won"], won)
    np.copyto(chunk["floor_bound"], bound)
    np.divide(floor, float(MILLI), out=chunk["bid_floor_cpm"])
    # a bid under the floor was never in the auction: its loss says nothing of rivals, >= 0
    price = np.where(seen, to_beat, bid * eligible)
    np.divide(price, float(MILLI), out=chunk["market_price_cpm"])
    chunk["market_price_kind"][:] = np.where(
        seen, np.where(bound, AT_MOST, KNOWN), np.where(won, AT_MOST, AT_LEAST)
    )
    np.divide(np.where(is_first, bid, to_beat), float(MILLI), out=chunk["clearing_price_cpm"])
    chunk["clearing_price_cpm"][~won] = np.nan
    np.divide(to_beat, float(MILLI), out=chunk["min_bid_to_win_cpm"])
    chunk["min_bid_to_win_cpm"][~is_given] = np.nan
    np.logical_and(chunk["would_click"], won, out=chunk["click"])
    np.logical_and(chunk["would_convert"], won, out=chunk["conversion"])
