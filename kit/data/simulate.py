"""Simulate a buyer's auction log whose truth is known.

Rows come hour by hour, in chunks that fit the processor's cache. What the log shows is what a
buyer sees; what it hides stays in `Simulation.latent`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.data.log import AuctionLog, LogMeta
from kit.data.simulate_config import (
    DEFAULT_CAMPAIGNS,
    DEFAULT_EXCHANGES,
    FEATURES,
    Campaign,
    Exchange,
    SimulationConfig,
)
from kit.data.simulate_draw import draw_chunk
from kit.data.simulate_frame import NO_TIME, Columns, empty_columns, full_frame, log_frame
from kit.data.simulate_traffic import MILLI
from kit.data.simulate_world import World, build_world
from kit.data.truth import Truth

__all__ = [
    "DEFAULT_CAMPAIGNS", "DEFAULT_EXCHANGES", "Campaign", "Exchange", "Simulation",
    "SimulationConfig", "simulate",
]  # fmt: skip

CHUNK_ROWS = 16_384
"""Rows drawn at a time: their columns fit the second-level cache."""
_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
_MEAN_DELAY_HOURS = 14.0


@dataclass(frozen=True)
class Simulation:
    """A simulated log and what lies behind it.

    Parameters
    ----------
    log : AuctionLog
        What the buyer sees.
    truth : Truth
        The probabilities behind it, for any request of this world.
    columns : dict of str to ndarray
        Every drawn value, latent ones included; `latent` shows them.
    """

    log: AuctionLog
    truth: Truth
    columns: Columns = field(repr=False)

    @cached_property
    def latent(self) -> pd.DataFrame:
        """What the log hides, row by row.

        Columns: ``market_price_cpm`` (the highest rival bid, 0 if nobody bid), ``would_click`` and
        ``would_convert`` (had we won).
        """
        return pd.DataFrame(
            {
                "market_price_cpm": self.columns["market_milli"] / MILLI,
                "would_click": self.columns["would_click"],
                "would_convert": self.columns["would_convert"],
            }
        )

    def full_log(self) -> AuctionLog:
        """Return the log an oracle would keep: every market price, and clicks had we won.

        It has no bid of ours. Replay any policy on it to learn what the policy would have got.
        """
        return AuctionLog(full_frame(self.truth.world.config, self.columns), self.log.meta)


def simulate(config: SimulationConfig, seed: int) -> Simulation:
    """Draw a log from the world that `config` describes.

    A bid equal to the market price loses; a bid equal to the floor is eligible. Prices are whole
    thousandths of the unit. A second-price winner pays the larger of market price and floor, a
    first-price winner its bid. ``bid_propensity`` is a density, per unit of price.

    Parameters
    ----------
    config : SimulationConfig
        Size, exchanges, campaigns, logging policy.
    seed : int
        Seed of every draw; the same seed and config give the same log.

    Returns
    -------
    Simulation
        ``.log``, ``.truth``, ``.latent`` and ``.full_log()``.

    Examples
    --------
    >>> simulation = simulate(SimulationConfig(auctions=1000, days=2), seed=7)
    >>> len(simulation.log), simulation.log.meta.ties_win
    (1000, False)
    >>> bids = simulation.truth.optimal_bid(simulation.log.request)
    >>> bool((simulation.truth.expected_surplus(simulation.log.request, bids) >= 0).all())
    True
    """
    world = build_world(config)
    rng = np.random.default_rng(seed)
    columns = empty_columns(config)
    for rows, slot, times in _chunks(world, rng):
        columns["timestamp"][rows] = times
        draw_chunk(world, slot, {name: values[rows] for name, values in columns.items()}, rng)
    _draw_conversion_times(config, columns, rng)
    digest = hashlib.sha256(f"{config!r} seed={seed}".encode()).hexdigest()
    meta = LogMeta(
        "simulated", features=FEATURES, source=f"kit simulate, seed {seed}", source_hash=digest
    )
    return Simulation(AuctionLog(log_frame(config, columns), meta), Truth(world), columns)


def _chunks(
    world: World, rng: np.random.Generator
) -> Iterator[tuple[slice, int, NDArray[np.int64]]]:
    """Yield rows, their hour and their times in order: one random time in each equal step."""
    start = int(np.datetime64(world.config.first_day, "us").astype(np.int64))
    done = 0
    for slot, count in enumerate(rng.multinomial(world.config.auctions, world.traffic.slot_share)):
        step = _HOUR / max(1, count)
        for first in range(0, count, CHUNK_ROWS):
            rank = np.arange(first, min(first + CHUNK_ROWS, count))
            offset = ((rank + rng.random(rank.size, dtype=np.float32)) * step).astype(np.int64)
            offset -= offset % 1000  # the clock of an exchange's log ticks in milliseconds
            yield slice(done, done + rank.size), slot, offset + (start + slot * _HOUR)
            done += rank.size


def _draw_conversion_times(
    config: SimulationConfig, columns: Columns, rng: np.random.Generator
) -> None:
    """Draw exponential delays, cut to the window in which a conversion counts."""
    window = config.attribution_days * _DAY
    np.add(columns["timestamp"], window, out=columns["label_mature_at"])
    columns["conversion_time"][:] = NO_TIME
    rows = np.flatnonzero(columns["would_convert"])
    mean = _MEAN_DELAY_HOURS * _HOUR
    reached = -np.expm1(-window / mean)
    delay = -mean * np.log1p(-reached * rng.random(len(rows)))
    ticks = np.minimum(delay // 1000 * 1000, window).astype(np.int64)
    columns["conversion_time"][rows] = columns["timestamp"][rows] + ticks
