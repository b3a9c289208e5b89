"""Stress tests: how much of a gain is left when prices, traffic, data or rivals change."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.validate.outages import FeatureOutage, LateLabels
from kit.validate.scenarios import LostExchange, PriceShock, Rivals, Scenario, Traffic

LARGEST_EXCHANGES = 3
"""Exchanges that are lost in turn: those with most auctions."""
MOST_FEATURES = 5
"""Features that fail in turn: the first of those given that a log can lose."""

Gain = Callable[[AuctionLog], float]
"""From a log to the money a candidate earns more than a baseline on it, a price sum."""

_COLUMNS = ("scenario", "strength", "gain", "share", "auctions", "not_applicable")


@dataclass(frozen=True)
class StressRow:
    """What one scenario leaves of a gain.

    Parameters
    ----------
    scenario, strength, about : str
        What happens, how strongly, and a sentence on it.
    gain : float or None
        The gain under it, in the unit of the plain one; None where it was not applicable.
    share : float or None
        Gain over the plain gain, above 1 where it grows; None where the plain gain is not above
        zero. Below 0 the candidate does worse than the baseline.
    auctions : int
        Auctions under it; with 40 % fewer, a gain of 60 % is the same a row.
    not_applicable : str
        Why the log cannot show it; empty if it can.
    """

    scenario: str
    strength: str
    about: str
    gain: float | None = None
    share: float | None = None
    auctions: int = 0
    not_applicable: str = ""


@dataclass(frozen=True)
class StressReport:
    """What every scenario leaves of a gain.

    Parameters
    ----------
    gain : float
        The plain gain, on the log as it is.
    auctions : int
        Auctions of the log.
    rows : tuple of StressRow
        One a scenario, in the order in which they were played.
    """

    gain: float
    auctions: int
    rows: tuple[StressRow, ...]

    @property
    def played(self) -> tuple[StressRow, ...]:
        """The scenarios that the log could show."""
        return tuple(row for row in self.rows if row.gain is not None)

    @property
    def not_applicable(self) -> dict[str, str]:
        """The others, by name and strength, and why."""
        return {
            f"{row.scenario}, {row.strength}": row.not_applicable
            for row in self.rows
            if row.not_applicable
        }

    @property
    def worst(self) -> StressRow | None:
        """The scenario that leaves least; None where none was played."""
        return min(self.played, key=lambda row: row.gain or 0.0, default=None)

    @property
    def table(self) -> pd.DataFrame:
        """One row a scenario: scenario, strength, gain, share, auctions, not_applicable."""
        frame = pd.DataFrame([asdict(row) for row in self.rows], columns=list(_COLUMNS))
        return frame.astype({"gain": "float64", "share": "float64"})

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        rows = [asdict(row) for row in self.rows]
        return {"gain": self.gain, "auctions": self.auctions, "rows": rows}


def stress_test(
    log: AuctionLog,
    gain: Gain,
    candidate_features: Sequence[str],
    rng: np.random.Generator,
    *,
    bids: ArrayLike | None = None,
    scenarios: Sequence[Scenario] | None = None,
) -> StressReport:
    """Score a gain again under each scenario.

    Parameters
    ----------
    log : AuctionLog
        The auctions as they were.
    gain : callable of AuctionLog to float
        Money of the candidate less that of its baseline on a log, predictions made inside. A
        budget is its own: no scenario changes it.
    candidate_features : sequence of str
        Request columns that the candidate reads, the most important first.
    rng : numpy.random.Generator
        Source of one seed. A scenario's draws depend on it and on the scenario alone, not on which
        others are played.
    bids : array_like, shape (n,), optional
        The candidate's bids on `log`, for rivals that answer them.
    scenarios : sequence of Scenario, optional
        What to play; default `standard_scenarios`.

    Raises
    ------
    DataError
        If the log is empty, `bids` has another length, or a gain is not finite.

    Examples
    --------
    >>> frame = pd.DataFrame({"market_price_cpm": np.full(200, 1.0), "market_price_kind": "known"})
    >>> def gain(log):  # a bid of 1.2 on what is worth 2, beside a baseline that does not bid
    ...     price = log.frame["market_price_cpm"]
    ...     return float((2 - price[price < 1.2]).sum())
    >>> report = stress_test(AuctionLog(frame), gain, [], np.random.default_rng(0))
    >>> report.table.loc[:1, ["scenario", "gain", "share"]]
          scenario   gain  share
    0  price shock    0.0    0.0
    1  price shock  260.0    1.3
    >>> report.not_applicable["late labels, 30 % of clicks in the latest 30 % of rows"]
    'the log has no clicks'
    """
    if not len(log):
        raise DataError("log: has no rows; must have at least one. Pass another split.")
    if scenarios is None:
        scenarios = standard_scenarios(log, candidate_features, bids)
    seed = int(rng.integers(2**63))
    plain = _finite("the log as it is", gain(log))
    rows = tuple(_play(scenario, log, gain, plain, seed) for scenario in scenarios)
    return StressReport(plain, len(log), rows)


def _play(scenario: Scenario, log: AuctionLog, gain: Gain, plain: float, seed: int) -> StressRow:
    named = {name: getattr(scenario, name) for name in ("strength", "about")}
    why = scenario.lacks(log)
    if why:
        return StressRow(scenario.name, **named, not_applicable=why)
    key = crc32(f"{scenario.name}, {scenario.strength}".encode())
    changed = scenario.apply(log, np.random.default_rng([seed, key]))
    left = _finite(f"{scenario.name}, {scenario.strength}", gain(changed))
    share = left / plain if plain > 0 else None
    return StressRow(scenario.name, **named, gain=left, share=share, auctions=len(changed))


def _finite(where: str, gain: float) -> float:
    if not math.isfinite(gain):
        raise DataError(
            f"gain: returned {gain!r} on {where}; must be a finite sum of money. Score auctions "
            "that say nothing as 0."
        )
    return float(gain)


Family = Callable[[AuctionLog, Sequence[str], ArrayLike | None], tuple[Scenario, ...]]
"""From a log, the candidate's features and its bids to scenarios."""


def _lost_exchanges(log: AuctionLog) -> tuple[Scenario, ...]:
    if "exchange" not in log.frame.columns:
        return (LostExchange("any"),)
    rows = log.frame["exchange"].value_counts()
    names = rows.index[rows > 0][:LARGEST_EXCHANGES]  # a category may be one of other rows
    return tuple(LostExchange(str(name)) for name in names)


def _outages(log: AuctionLog, features: Sequence[str]) -> tuple[Scenario, ...]:
    """Return outages up to the fifth that can be played; those before it are named with why not."""
    outages = [FeatureOutage(name) for name in features]
    played = np.cumsum([not outage.lacks(log) for outage in outages])
    return tuple(outages[: int(np.searchsorted(played, MOST_FEATURES)) + 1])


SCENARIOS: dict[str, Family] = {
    "prices": lambda log, features, bids: (PriceShock(1.3), PriceShock(0.7)),
    "exchanges": lambda log, features, bids: _lost_exchanges(log),
    "traffic": lambda log, features, bids: (Traffic(1.4), Traffic(0.6)),
    "labels": lambda log, features, bids: (LateLabels(),),
    "features": lambda log, features, bids: _outages(log, features),
    "rivals": lambda log, features, bids: (Rivals(bids),),
}
"""Every family of scenarios, at its standard strength."""


def standard_scenarios(
    log: AuctionLog, features: Sequence[str], bids: ArrayLike | None = None
) -> tuple[Scenario, ...]:
    """Return every family's scenarios for a candidate on a log.

    Parameters
    ----------
    log : AuctionLog
        Its three largest exchanges are lost in turn.
    features : sequence of str
        What the candidate reads, the most important first; the first five that a log can lose
        fail in turn.
    bids : array_like, shape (n,), optional
        The candidate's bids, which `Rivals` answer.

    Examples
    --------
    >>> frame = pd.DataFrame({"market_price_cpm": [1.0], "market_price_kind": "known"})
    >>> [scenario.name for scenario in standard_scenarios(AuctionLog(frame), ["size"])][:3]
    ['price shock', 'price shock', 'lost exchange']
    """
    families = (family(log, tuple(features), bids) for family in SCENARIOS.values())
    return tuple(scenario for family in families for scenario in family)
