"""The effects of a simulated world: how features move prices, clicks and conversions.

Arrays over labels have the axes (exchange, unit, country, device, segment, campaign).
"""

from __future__ import annotations

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
from kit.data.simulate_traffic import (
    LOOKUP,
    QUALITY_LEVELS,
    RECENCY_HOURS,
    Traffic,
    unit_category,
    unit_format,
)

Wide = NDArray[np.float64]

_COUNTRY_PRICE = np.array([-0.5, 0.15, 0.1, -0.7, 0.05, 0.35])


def build_effects(
    config: SimulationConfig, traffic: Traffic, rng: np.random.Generator
) -> dict[str, Wide]:
    """Return the tables of `kit.data.simulate_world.World`, by field name."""
    exchanges = len(config.exchanges)
    interest = _interest(config, traffic, rng)
    quality = np.arange(QUALITY_LEVELS) / (QUALITY_LEVELS - 1)
    return {
        "intent": config.ctr * interest,
        "base_bid": _base_bids(config, interest),
        "location": _locations(config, interest, rng),
        "retarget": _retarget_weights(config, rng),
        "shift": rng.uniform(0.5, 0.9, exchanges),
        "broad_sigma": rng.uniform(0.35, 0.5, exchanges),
        "retarget_sigma": rng.uniform(0.65, 0.85, exchanges),
        "accidental": _accidental(config, rng),
        # a step, not a slope: below 0.4 a page is hardly read
        "quality_intent": 0.55 + 0.7 / (1.0 + np.exp(-(quality - 0.4) / 0.04)),
        "quality_accidental": 1.9 - 1.6 * quality,
        "invalid": _invalid(config, quality),
        "invalid_click": np.where(rng.random(exchanges * config.units) < 0.5, 0.10, 0.0),
        "convert": 0.12 * np.exp(0.35 * rng.standard_normal((len(config.campaigns), len(DEVICES)))),
        **_recency_effects(rng),
        **_slot_effects(config),
    }


def _noise(rng: np.random.Generator, sigma: float, *shape: int) -> Wide:
    """Return centred normal effects of one standard deviation."""
    return sigma * rng.standard_normal(shape)


def _interest(config: SimulationConfig, traffic: Traffic, rng: np.random.Generator) -> Wide:
    """Return relative click intent, of mean one over the traffic."""
    exchanges, units, campaigns = len(config.exchanges), config.units, len(config.campaigns)
    countries, devices, segments = len(COUNTRIES), len(DEVICES), len(SEGMENTS)
    category = unit_category(units)
    by_format_device = _noise(rng, 0.35, len(FORMATS), devices)[unit_format(units)]
    by_category_segment = _noise(rng, 0.4, len(CATEGORIES), segments)[category]
    log_interest = (
        _noise(rng, 0.1, exchanges, 1, 1, 1, 1, 1)
        + _noise(rng, 0.35, units, 1, 1, 1, 1)
        + _noise(rng, 0.2, countries, 1, 1, 1)
        + by_format_device[:, None, :, None, None]
        + by_category_segment[:, None, None, :, None]
        + _noise(rng, 0.7, segments, campaigns)
        + _noise(rng, 0.25, countries, 1, 1, campaigns)
    )
    interest = np.exp(log_interest).reshape(exchanges * units, -1)
    place = np.bincount(traffic.place_lookup.ravel(), minlength=interest.shape[0])
    user = np.bincount(traffic.user_lookup, minlength=interest.shape[1])
    mean = (place / place.sum()) @ interest @ (user / user.sum())
    return np.asarray(interest / mean)


def _as_labels(config: SimulationConfig, cells: Wide) -> Wide:
    """Return place x user cells with one axis a label."""
    return cells.reshape(
        len(config.exchanges), config.units, len(COUNTRIES), len(DEVICES), len(SEGMENTS), -1
    )


def _base_bids(config: SimulationConfig, interest: Wide) -> Wide:
    """Return the logging policy's central bid: linear in a score that is blunt and biased.

    It knows unit, device and campaign but no user segment, shrinks towards the mean, and so pays
    too much for poor users and too little for good ones.
    """
    labels = _as_labels(config, interest)
    score = labels.mean(axis=(0, 2, 4), keepdims=True) ** 0.7
    click_value = np.array([campaign.click_value_cpm for campaign in config.campaigns])
    believed = config.ctr * click_value * (0.35 + 0.65 * score)
    return np.asarray(np.broadcast_to(config.bid_level * believed, labels.shape))


def _locations(config: SimulationConfig, interest: Wide, rng: np.random.Generator) -> Wide:
    """Return mean log prices: rivals value some of what we value, and much that we do not."""
    units, devices, segments = config.units, len(DEVICES), len(SEGMENTS)
    log_interest = np.log(_as_labels(config, interest))
    shared = log_interest.mean(axis=(0, 1, 2, 3, 5))
    level = np.log([exchange.price_cpm for exchange in config.exchanges])
    location = (
        level[:, None, None, None, None]
        + _noise(rng, 0.3, units, 1, 1, 1)
        + _COUNTRY_PRICE[:, None, None]
        + _noise(rng, 0.15, units, 1, devices, 1)
        + _noise(rng, 0.2, segments)
        + 0.35 * (shared - shared.mean())
    )
    return np.asarray(np.broadcast_to(location[..., None], log_interest.shape))


def _retarget_weights(config: SimulationConfig, rng: np.random.Generator) -> Wide:
    """Return the weight of retargeters, who chase some segments on some kinds of site."""
    by_site = rng.uniform(0.0, 1.0, (len(CATEGORIES), len(SEGMENTS))) ** 2
    weight = 0.05 + 0.4 * by_site[unit_category(config.units)]
    shape = (
        len(config.exchanges), config.units, len(COUNTRIES), len(DEVICES),
        len(SEGMENTS), len(config.campaigns),
    )  # fmt: skip
    return np.asarray(np.broadcast_to(weight[:, None, None, :, None], shape))


def _recency_effects(rng: np.random.Generator) -> dict[str, Wide]:
    """Return effects of recency by segment: some users forget, some decide late."""
    log_hours = np.log(RECENCY_HOURS)
    fresh = np.exp(-RECENCY_HOURS / 24.0)
    late = np.exp(-0.5 * ((log_hours - np.log(72.0)) / 0.7) ** 2)
    decides_late = np.arange(len(SEGMENTS))[:, None] % 2 == 1
    strength = rng.uniform(0.6, 1.4, (len(SEGMENTS), 1))
    return {
        "intent_recency": np.where(decides_late, 0.7 + strength * late, 0.75 + 1.5 * fresh),
        "convert_recency": np.where(decides_late, 0.8 + 0.6 * late, 0.9 + 0.8 * fresh),
        "retarget_recency": 0.5 + np.where(decides_late, 0.6, 1.1) * fresh,
    }


def _slot_effects(config: SimulationConfig) -> dict[str, Wide]:
    """Return effects of hour and day, with drift: a trend, a new rival, a tired creative."""
    slot = np.arange(config.days * 24)
    hour, elapsed = slot % 24, slot / slot.size
    weekend = (config.first_day.weekday() + slot // 24) % 7 >= 5
    evening = np.cos(2 * np.pi * (hour - 20) / 24)
    location, nobody, intent = [], [], []
    for index in range(len(config.exchanges)):
        rival_enters = 0.2 * (elapsed > 0.7) * (index % 2 == 0)
        trend = config.drift * (0.02 * config.days * elapsed * (0.5 + index % 2) + rival_enters)
        location.append(0.18 * np.roll(evening, 2 * index) - 0.12 * weekend + trend)
        nobody.append(np.where(hour < 6, 0.10, 0.03) + 0.015 * index)
    for index in range(len(config.campaigns)):
        tired = -0.35 * elapsed if index % 2 == 0 else 0.25 * (elapsed > 0.5)
        curve = 0.2 * np.roll(evening, 5 * index) + 0.1 * weekend * (index == 0)
        intent.append(np.exp(curve + config.drift * tired))
    return {
        "slot_location": np.stack(location, axis=1),
        "slot_nobody": np.stack(nobody, axis=1),
        "slot_intent": np.stack(intent, axis=1),
    }


def _accidental(config: SimulationConfig, rng: np.random.Generator) -> Wide:
    """Return accidental clicks by place and device: thumbs slip on phones."""
    slip = np.array([0.6, 2.2, 1.4])
    by_unit = rng.uniform(0.05, 0.2, config.units) * config.ctr
    table = by_unit[:, None] * slip
    return np.asarray(np.broadcast_to(table, (len(config.exchanges), *table.shape)))


def _invalid(config: SimulationConfig, quality: Wide) -> Wide:
    """Return the share of invalid traffic: more on poor pages, and on later exchanges."""
    index = np.arange(len(config.exchanges))[:, None]
    by_exchange = 0.6 + 0.8 * index / max(1, index.size - 1)
    share = config.invalid_share * by_exchange * (2.0 - 1.8 * quality)
    return np.asarray(np.round(share * LOOKUP) / LOOKUP)
