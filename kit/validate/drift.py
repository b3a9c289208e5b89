"""What has moved between two stretches of a log: features, market prices, click rate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.data.schema import KNOWN, REQUIRED
from kit.models.adversarial import MOST_ROWS, ToldApart, tell_apart, tellable
from kit.models.censored import Statements, informative, winsorised
from kit.models.drift import MOVED, STABLE, drift
from kit.models.labels import labelled

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
LEAST_ROWS = 500
"""Fewer rows on a side than this cannot be told apart with any certainty."""
LEAST_KNOWN = 30
"""Fewer known prices on a side than this say nothing of its level."""
_OFFSET_SHARE = 0.01


@dataclass(frozen=True)
class FeatureDrift:
    """How far one feature has moved.

    Parameters
    ----------
    feature : str
        Its column.
    psi : float
        Population stability index; see `kit.models.drift.drift`.
    by_chance : float
        That of the same rows dealt to the two sides at random: a label of a thousand values has a
        large index on few rows though nothing moved.
    missing_before, missing_after : float
        Shares of missing values.
    """

    feature: str
    psi: float
    by_chance: float
    missing_before: float
    missing_after: float

    @property
    def excess(self) -> float:
        """How much larger the index is than by chance, at least 0."""
        return max(self.psi - self.by_chance, 0.0)

    @property
    def reading(self) -> str:
        """``stable``, ``shifting`` or ``moved``, by the excess and Siddiqi's rule of thumb."""
        return "stable" if self.excess < STABLE else "shifting" if self.excess < MOVED else "moved"


@dataclass(frozen=True)
class PriceDrift:
    """How far market prices have moved.

    Parameters
    ----------
    before, after : float
        Typical market price (the most likely median, bounds counted as bounds), in the log's unit.
    known_before, known_after : float
        Shares of rows whose price is known.
    quantiles : tuple of (float, float, float)
        Probability, and that quantile of the known prices before and after. What is known is
        often what was won: compare it only where the known shares are alike.
    """

    before: float
    after: float
    known_before: float
    known_after: float
    quantiles: tuple[tuple[float, float, float], ...]

    @property
    def change(self) -> float:
        """Typical price after over before, less 1."""
        return self.after / self.before - 1


@dataclass(frozen=True)
class ClickDrift:
    """How far the click rate of impressions has moved.

    Parameters
    ----------
    clicks_before, clicks_after, impressions_before, impressions_after : int
        What the log won, and what followed. Late clicks are missing from the end of a log.
    """

    clicks_before: int
    clicks_after: int
    impressions_before: int
    impressions_after: int

    @property
    def before(self) -> float:
        """Click rate before."""
        return self.clicks_before / self.impressions_before

    @property
    def after(self) -> float:
        """Click rate after."""
        return self.clicks_after / self.impressions_after

    @property
    def change(self) -> float:
        """Rate after over before, less 1."""
        return self.after / self.before - 1

    @property
    def se(self) -> float:
        """Standard error of `change`, for clicks that come independently of each other."""
        later = max(self.clicks_after, 1)  # none seen is not none to come
        parts = math.sqrt(1 / self.clicks_before + 1 / later)
        return later / self.impressions_after / self.before * parts


@dataclass(frozen=True)
class DriftReport:
    """What has moved, in numbers; what is too much is for a rule to say.

    Parameters
    ----------
    rows : tuple of int
        Rows before and after.
    features : tuple of FeatureDrift
        Largest excess first.
    told : ToldApart or None
        How well a model tells later rows by the features together.
    prices : PriceDrift or None
        Market prices.
    clicks : ClickDrift or None
        Click rate.
    not_measured : mapping of str to str
        What of these the logs do not allow, and why.
    """

    rows: tuple[int, int]
    features: tuple[FeatureDrift, ...]
    told: ToldApart | None
    prices: PriceDrift | None
    clicks: ClickDrift | None
    not_measured: Mapping[str, str]

    @property
    def worst(self) -> FeatureDrift | None:
        """The feature that moved most; None without features."""
        return self.features[0] if self.features else None

    @property
    def table(self) -> pd.DataFrame:
        """One row a figure: measure, of, value, before, after (NaN where there is no such side)."""
        nan = float("nan")
        rows: list[tuple[str, str, float, float, float]] = []
        if self.told is not None:
            rows.append(("told apart", "AUC", self.told.auc, nan, nan))
        if self.prices is not None:
            known = self.prices
            rows.append(("market price", "typical", known.change, known.before, known.after))
            for at, old, new in known.quantiles:
                change = new / old - 1 if old > 0 else nan
                rows.append(("market price", f"known, {100 * at:g} %", change, old, new))
        if self.clicks is not None:
            seen = self.clicks
            rows.append(("click rate", "impressions", seen.change, seen.before, seen.after))
        rows += [
            ("stability index, less chance", item.feature, item.excess, nan, nan)
            for item in self.features
        ]
        return pd.DataFrame(rows, columns=["measure", "of", "value", "before", "after"])

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        prices, clicks = self.prices, self.clicks
        return {
            "rows": list(self.rows),
            "features": [
                asdict(item) | {"excess": item.excess, "reading": item.reading}
                for item in self.features
            ],
            "told": None if self.told is None else self.told.to_dict(),
            "prices": None
            if prices is None
            else asdict(prices)
            | {"change": prices.change, "quantiles": [list(item) for item in prices.quantiles]},
            "clicks": None
            if clicks is None
            else asdict(clicks) | {"change": clicks.change, "se": clicks.se},
            "not_measured": dict(self.not_measured),
        }


def drift_report(
    before: AuctionLog,
    after: AuctionLog,
    features: Sequence[str],
    rng: np.random.Generator,
    *,
    outcomes: bool = True,
) -> DriftReport:
    """Measure what has moved from earlier to later rows.

    Parameters
    ----------
    before, after : AuctionLog
        The rows a candidate was fitted on, and later ones.
    features : sequence of str
        Request columns that the candidate reads. ``hour`` and ``weekday`` are left out: that later
        rows come later is no drift.
    rng : numpy.random.Generator
        Draws 50,000 rows of a log that has more, for all but clicks; and folds.
    outcomes : bool
        Whether market prices and the click rate are measured too, beside the features.

    Raises
    ------
    DataError
        If a log is empty.
    ModelError
        If a log lacks a feature, or a model may not use it.

    Notes
    -----
    The typical price is the median of a log-logistic distribution with the largest likelihood: a
    price known only to be at least, or at most, a bound is counted as that.

    Examples
    --------
    >>> from kit.data.simulate import SimulationConfig, simulate
    >>> log = simulate(SimulationConfig(auctions=4000, days=4), seed=1).log
    >>> early, late = log.rows(slice(0, 2000)), log.rows(slice(2000, None))
    >>> dearer = late.with_columns(market_price_cpm=2 * late.frame["market_price_cpm"])
    >>> report = drift_report(early, dearer, ["device"], np.random.default_rng(0))
    >>> report.worst.feature, report.prices.change > 0.5, report.not_measured
    ('device', True, {})
    """
    for name, log in (("before", before), ("after", after)):
        if not len(log):
            raise DataError(f"{name}: has no rows; must have at least one. Pass another split.")
    names = tellable(before, features)
    why: dict[str, str] = {}
    old, new = (_drawn(log, rng) for log in (before, after))
    return DriftReport(
        rows=(len(before), len(after)),
        features=_features(old, new, names, rng) if names else (),
        told=_told(old, new, names, rng, why),
        prices=_prices(old, new, why) if outcomes else None,
        clicks=_clicks(before, after, why) if outcomes else None,
        not_measured=why,
    )


def _told(
    before: AuctionLog,
    after: AuctionLog,
    names: tuple[str, ...],
    rng: np.random.Generator,
    why: dict[str, str],
) -> ToldApart | None:
    fewest = min(len(before), len(after))
    if not names:
        why["told apart"] = "the candidate reads no request column besides hour and weekday"
    elif fewest < LEAST_ROWS:
        why["told apart"] = f"a side has {fewest} rows; needs at least {LEAST_ROWS}"
    else:
        return tell_apart(before, after, names, rng)
    return None


def _drawn(log: AuctionLog, rng: np.random.Generator) -> AuctionLog:
    if len(log) <= MOST_ROWS:
        return log
    return log.rows(np.sort(rng.choice(len(log), MOST_ROWS, replace=False)))


def _features(
    before: AuctionLog, after: AuctionLog, names: tuple[str, ...], rng: np.random.Generator
) -> tuple[FeatureDrift, ...]:
    meta = replace(before.meta, features=tuple(n for n in before.meta.features if n in names))
    sides = [log.frame[[*REQUIRED, *names]] for log in (before, after)]
    pooled = pd.concat(sides, ignore_index=True)
    dealt = rng.permutation(len(pooled))
    hands = [pooled.iloc[dealt[: len(before)]], pooled.iloc[dealt[len(before) :]]]
    real, chance = (
        drift(AuctionLog(old, meta), AuctionLog(new, meta)).set_index("feature")
        for old, new in (sides, hands)
    )
    found = [
        FeatureDrift(
            feature=name,
            psi=float(real["psi"][name]),
            by_chance=float(chance["psi"][name]),
            missing_before=float(real["missing_before"][name]),
            missing_after=float(real["missing_after"][name]),
        )
        for name in names
    ]
    return tuple(sorted(found, key=lambda item: -item.excess))


def _prices(before: AuctionLog, after: AuctionLog, why: dict[str, str]) -> PriceDrift | None:
    sides = [_statements(log) for log in (before, after)]
    known = [side.value[side.kind == KNOWN] for side in sides]
    fewest = min(map(len, known))
    if fewest < LEAST_KNOWN:
        why["market price"] = f"a side has {fewest} known prices; needs at least {LEAST_KNOWN}"
        return None
    offset = _OFFSET_SHARE * float(np.concatenate(known).mean()) or 1.0
    typical = [_typical(side, offset) for side in sides]
    quantiles = [np.quantile(prices, QUANTILES) for prices in known]
    return PriceDrift(
        before=typical[0],
        after=typical[1],
        known_before=len(known[0]) / len(sides[0]),
        known_after=len(known[1]) / len(sides[1]),
        quantiles=tuple(
            (at, float(old), float(new)) for at, old, new in zip(QUANTILES, *quantiles, strict=True)
        ),
    )


def _statements(log: AuctionLog) -> Statements:
    tells = informative(log)
    return Statements(log.column("market_price_cpm", 0.0)[tells], log.market_kind[tells])


def _typical(prices: Statements, offset: float) -> float:
    """Return the most likely median; the offset keeps a price of zero finite."""
    logs = winsorised(Statements(np.log(prices.value + offset), prices.kind))
    return max(float(np.exp(logs.best_constant()[0])) - offset, 1e-3 * offset)


def _clicks(before: AuctionLog, after: AuctionLog, why: dict[str, str]) -> ClickDrift | None:
    if not all("click" in log.frame.columns for log in (before, after)):
        why["click rate"] = "a log has no clicks"
        return None
    old, new = (labelled(log, "click", columns=()) for log in (before, after))
    if not old.positives or not len(new):
        why["click rate"] = "no clicks before, or no impressions after"
        return None
    return ClickDrift(old.positives, new.positives, len(old), len(new))
