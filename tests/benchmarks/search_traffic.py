"""Traffic of `simulate` with clicks and market prices redrawn from a world's own truth.

The effects of a world follow from its name alone; a seed decides who comes and what is drawn.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from kit.data.log import AuctionLog
from kit.data.simulate import DEFAULT_EXCHANGES, Campaign, Exchange, SimulationConfig, simulate
from kit.data.simulate_config import FEATURES

Floats = NDArray[np.float64]
Columns = Mapping[str, Any]

FIRST_DAY, FRESH_DAY, DAYS = "2026-03-02", "2026-03-16", 14
"""Fresh traffic comes in the two weeks after those that are learnt from."""
SWITCH = pd.Timestamp("2026-03-07", tz="UTC")
"""When a world that changes does so, early in its training period's second half."""
CAMPAIGNS = (
    Campaign("hotel", 32.0, 0.45),
    Campaign("sneaker", 22.0, 0.35),
    Campaign("broker", 55.0, 0.20),
)
LABELS = ("country", "device", "ad_format", "site_category", "user_segment", "campaign_id")


def nothing(frame: pd.DataFrame, rng: np.random.Generator) -> Columns:
    """Add no column."""
    return {}


def flat(frame: pd.DataFrame, hidden: Floats) -> Floats:
    """Add nothing to the log odds, or to the log price."""
    return np.zeros(len(frame))


def aloof(frame: pd.DataFrame) -> tuple[Floats, Floats]:
    """Let rivals see some of what makes a click likely, and want much else."""
    return np.full(len(frame), 0.4), np.full(len(frame), 0.5)


@dataclass(frozen=True)
class World:
    """What is true of one world beside the usual effects of labels, hours and pages.

    Parameters
    ----------
    name : str
        Its effects are drawn from it.
    columns : callable
        Request columns of its own, drawn for each row.
    clicks, prices : callable
        What a row, and a standard normal number of the row that nobody logs, add to the log odds
        of a click and to the log of the market price.
    rivals : callable
        How closely log prices follow the usual effects on clicks, and the standard deviation of
        what is left.
    base : float
        Log odds of a click where every effect is 0.
    exchanges, campaigns : tuple
        As in `SimulationConfig`.
    labels : tuple of str
        Columns with usual effects.
    strength : float
        Standard deviation of their effects on the log odds.
    """

    name: str
    columns: Callable[[pd.DataFrame, np.random.Generator], Columns] = nothing
    clicks: Callable[[pd.DataFrame, Floats], Floats] = flat
    prices: Callable[[pd.DataFrame, Floats], Floats] = flat
    rivals: Callable[[pd.DataFrame], tuple[Floats, Floats]] = aloof
    base: float = -3.0
    exchanges: tuple[Exchange, ...] = DEFAULT_EXCHANGES
    campaigns: tuple[Campaign, ...] = CAMPAIGNS
    labels: tuple[str, ...] = LABELS
    strength: float = 0.25


@dataclass(frozen=True, eq=False)
class Drawn:
    """A log that an oracle would keep, and what it does not say.

    Parameters
    ----------
    log : AuctionLog
        Every market price, and the clicks that would follow had we won.
    pctr : ndarray, shape (n,)
        True click probability.
    """

    log: AuctionLog
    pctr: Floats


def draw(world: World, rows: int, seed: int, first_day: str = FIRST_DAY) -> Drawn:
    """Draw a log from a world."""
    config = SimulationConfig(
        auctions=rows, days=DAYS, start=first_day, exchanges=world.exchanges,
        campaigns=world.campaigns,
    )  # fmt: skip
    plain = simulate(config, seed).full_log()
    rng = np.random.default_rng([seed, zlib.crc32(world.name.encode())])
    own = world.columns(plain.frame, rng)
    frame = plain.frame.assign(**own).drop(
        columns=["conversion", "conversion_time", "label_mature_at", "is_invalid_traffic"]
    )
    hidden = rng.standard_normal(rows)
    usual = _usual(world, frame)
    pctr = expit(world.base + usual + world.clicks(frame, hidden))
    follow, spread = world.rivals(frame)
    price = _level(world, frame) + follow * usual + spread * rng.standard_normal(rows)
    price += world.prices(frame, hidden)
    frame["click"] = rng.random(rows) < pctr
    frame["market_price_cpm"] = np.round(np.exp(price), 3)
    meta = replace(plain.meta, features=(*FEATURES, *own), source=f"search world {world.name}")
    return Drawn(AuctionLog(frame, meta), pctr)


def effect(name: str, values: pd.Series, scale: float) -> Floats:
    """Return the effect of each row's label: normal, fixed by `name`, of standard deviation 1.

    Labels keep their effect in every draw: it follows from the label's own text.
    """
    codes, labels = pd.factorize(values.astype(str), sort=True)
    seeds = [zlib.crc32(f"{name}/{label}".encode()) for label in labels]
    drawn = np.array([np.random.default_rng(seed).standard_normal() for seed in seeds])
    return np.asarray(scale * drawn[codes])


def _usual(world: World, frame: pd.DataFrame) -> Floats:
    """Return log odds from labels, the hour, the page and the time since the last visit."""
    total = sum(
        (effect(f"{world.name}/{name}", frame[name], world.strength) for name in world.labels),
        np.zeros(len(frame)),
    )
    total += 0.25 * np.cos(2 * np.pi * (frame["hour"].to_numpy(np.float64) - 20) / 24)
    total += np.where(frame["page_quality"] > 0.4, 0.3, -0.3)
    return np.asarray(total + 0.6 * np.exp(-frame["recency_hours"].to_numpy(np.float64) / 48))


def _level(world: World, frame: pd.DataFrame) -> Floats:
    level = {exchange.name: np.log(exchange.price_cpm) for exchange in world.exchanges}
    by_country = effect(f"{world.name}/price", frame["country"], 0.2)
    return np.asarray(frame["exchange"].astype(str).map(level).to_numpy(np.float64) + by_country)
