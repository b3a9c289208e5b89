"""Who comes when in a simulated world: traffic curves, placements, users, floors.

Every draw of a label is one look-up of 16 random bits in a table of 65,536 codes, so the shares of
a world are exact multiples of 1/65,536 and a million rows cost milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kit.data.simulate_config import (
    CATEGORIES,
    COUNTRIES,
    DEVICES,
    FORMATS,
    SEGMENTS,
    SimulationConfig,
)

LOOKUP = 1 << 16
MILLI = 1000
"""Prices of a simulated log are whole thousandths of its unit."""

RECENCY_HOURS = np.round(0.5 * 1.12 ** np.arange(64), 2)
"""Hours since the user was last seen on the advertiser's site, 64 levels from 0.5 to 630."""
QUALITY_LEVELS = 101
"""Levels of ``page_quality``: 0.00, 0.01 ... 1.00."""

COUNTRY_SHARE = np.array([0.09, 0.14, 0.16, 0.20, 0.10, 0.31])
DEVICE_SHARE = np.array([0.34, 0.57, 0.09])
SEGMENT_SHARE = np.array([0.08, 0.14, 0.10, 0.14, 0.13, 0.12, 0.09, 0.20])
_COUNTRY_FLOOR = np.array([0.5, 1.1, 1.0, 0.4, 0.9, 1.3])


@dataclass(frozen=True)
class Codes:
    """The codes that a row's probabilities depend on, each scalar or shape (n,).

    Parameters
    ----------
    slot : int or ndarray
        Hours since the start of the world.
    exchange, unit, country, device, segment, campaign : ndarray of int
        Codes of the labels.
    quality, recency : ndarray of int
        Levels of ``page_quality`` and ``recency_hours``.
    place : ndarray of int
        Exchange x unit.
    user : ndarray of int
        Country x device x segment x campaign.
    """

    slot: int | NDArray[np.integer]
    exchange: NDArray[np.integer]
    unit: NDArray[np.integer]
    country: NDArray[np.integer]
    device: NDArray[np.integer]
    segment: NDArray[np.integer]
    campaign: NDArray[np.integer]
    quality: NDArray[np.integer]
    recency: NDArray[np.integer]
    place: NDArray[np.integer]
    user: NDArray[np.integer]


@dataclass(frozen=True)
class Traffic:
    """Look-up tables of the requests that come.

    Parameters
    ----------
    slot_share : ndarray, shape (days * 24,)
        Share of the auctions that falls into each hour; sums to one.
    place_lookup : ndarray of uint8, shape (24, LOOKUP)
        Place drawn by 16 random bits, for each hour of day.
    user_lookup : ndarray of uint16, shape (LOOKUP,)
        User and campaign drawn by 16 random bits.
    place_exchange, place_unit, place_format, place_category : ndarray of int8, shape (places,)
        What a place is.
    user_country, user_device, user_segment, user_campaign : ndarray of int8, shape (users,)
        What a user code is.
    quality_lookup : ndarray of uint8, shape (units * 256,)
        Level of quality drawn by 8 random bits, for each unit.
    recency_lookup : ndarray of uint8, shape (segments * 256,)
        Level of recency drawn by 8 random bits, for each segment.
    floor_milli : ndarray of int32, shape (places * countries,)
        Floor in thousandths.
    """

    slot_share: NDArray[np.float64]
    place_lookup: NDArray[np.uint8]
    user_lookup: NDArray[np.uint16]
    place_exchange: NDArray[np.int8]
    place_unit: NDArray[np.int8]
    place_format: NDArray[np.int8]
    place_category: NDArray[np.int8]
    user_country: NDArray[np.int8]
    user_device: NDArray[np.int8]
    user_segment: NDArray[np.int8]
    user_campaign: NDArray[np.int8]
    quality_lookup: NDArray[np.uint8]
    recency_lookup: NDArray[np.uint8]
    floor_milli: NDArray[np.int32]


def unit_format(units: int) -> NDArray[np.int8]:
    """Return the ad format of each unit."""
    return (np.arange(units) % len(FORMATS)).astype(np.int8)


def unit_category(units: int) -> NDArray[np.int8]:
    """Return the site category of each unit."""
    return (np.arange(units) * 5 % len(CATEGORIES)).astype(np.int8)


def unit_names(units: int) -> list[str]:
    """Return the labels of the units."""
    return [f"unit{number:02d}" for number in range(1, units + 1)]


def build_traffic(config: SimulationConfig, rng: np.random.Generator) -> Traffic:
    """Draw a world's traffic from `rng`."""
    exchanges, units = len(config.exchanges), config.units
    curve = _hourly_curve(config)
    unit_share = rng.dirichlet(np.full(units, 6.0))
    hourly_place = curve[:, :, None] * unit_share
    exchange, unit = np.divmod(np.arange(exchanges * units), units)
    users = (len(COUNTRIES), len(DEVICES), len(SEGMENTS), len(config.campaigns))
    country, device, segment, campaign = np.unravel_index(np.arange(np.prod(users)), users)
    return Traffic(
        slot_share=_slot_share(config, curve),
        place_lookup=np.stack([_lookup(row.ravel()) for row in hourly_place]).astype(np.uint8),
        user_lookup=_lookup(_user_share(config, rng).ravel()).astype(np.uint16),
        place_exchange=exchange.astype(np.int8),
        place_unit=unit.astype(np.int8),
        place_format=unit_format(units)[unit],
        place_category=unit_category(units)[unit],
        user_country=country.astype(np.int8),
        user_device=device.astype(np.int8),
        user_segment=segment.astype(np.int8),
        user_campaign=campaign.astype(np.int8),
        quality_lookup=_quality_lookup(units, rng),
        recency_lookup=_recency_lookup(rng),
        floor_milli=_floors(config, rng),
    )


def _hourly_curve(config: SimulationConfig) -> NDArray[np.float64]:
    """Return traffic by hour of day and exchange, shape (24, exchanges)."""
    hour = np.arange(24)[:, None]
    peak = np.array([exchange.peak_hour for exchange in config.exchanges])
    share = np.array([exchange.share for exchange in config.exchanges])
    phase = 2 * np.pi * (hour - peak) / 24
    return np.asarray(share * (1.0 + 0.6 * np.cos(phase) + 0.15 * np.cos(2 * phase)))


def _slot_share(config: SimulationConfig, curve: NDArray[np.float64]) -> NDArray[np.float64]:
    weekday = (config.first_day.weekday() + np.arange(config.days)) % 7
    by_day = np.where(weekday >= 5, 0.75, 1.0)
    share = np.outer(by_day, curve.sum(axis=1)).ravel()
    return np.asarray(share / share.sum())


def _user_share(config: SimulationConfig, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the share of each country, device, segment and campaign: campaigns target."""
    campaigns = np.array([campaign.share for campaign in config.campaigns])
    targeting = np.exp(0.5 * rng.standard_normal((len(SEGMENTS), len(campaigns)))) * campaigns
    targeting /= targeting.sum(axis=1, keepdims=True)
    mobile_tilt = np.exp(0.3 * rng.standard_normal((len(COUNTRIES), len(DEVICES)))) * DEVICE_SHARE
    mobile_tilt /= mobile_tilt.sum(axis=1, keepdims=True)
    people = (COUNTRY_SHARE[:, None] * mobile_tilt)[:, :, None] * SEGMENT_SHARE
    return np.asarray(people[..., None] * targeting)


def _lookup(weights: NDArray[np.float64], size: int = LOOKUP) -> NDArray[np.int64]:
    """Return `size` codes, each as often as its weight says (largest remainders)."""
    exact = weights / weights.sum() * size
    counts = np.floor(exact).astype(np.int64)
    order = np.argsort(counts - exact, kind="stable")
    counts[order[: size - counts.sum()]] += 1
    return np.repeat(np.arange(len(weights)), counts)


def _quality_lookup(units: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    level = np.arange(QUALITY_LEVELS) / (QUALITY_LEVELS - 1)
    rows = [
        _lookup(np.exp(-0.5 * ((level - centre) / 0.18) ** 2) + 0.05, 256)
        for centre in rng.uniform(0.35, 0.8, units)
    ]
    return np.concatenate(rows).astype(np.uint8)


def _recency_lookup(rng: np.random.Generator) -> NDArray[np.uint8]:
    level = np.arange(len(RECENCY_HOURS))
    rows = [
        _lookup(np.exp(-0.5 * ((level - centre) / 12.0) ** 2) + 0.03, 256)
        for centre in rng.permutation(np.linspace(12, 52, len(SEGMENTS)))
    ]
    return np.concatenate(rows).astype(np.uint8)


def _floors(config: SimulationConfig, rng: np.random.Generator) -> NDArray[np.int32]:
    """Return floors in thousandths, on steps of 0.05; a quarter of the places set none."""
    level = np.array([exchange.floor_cpm for exchange in config.exchanges])
    by_unit = rng.uniform(0.6, 1.6, (len(level), config.units))
    by_unit[rng.random(by_unit.shape) < 0.25] = 0.0
    floors = (level[:, None] * by_unit)[:, :, None] * _COUNTRY_FLOOR
    steps = np.round(floors / 0.05).astype(np.int32)
    return np.asarray(50 * steps.ravel(), dtype=np.int32)
