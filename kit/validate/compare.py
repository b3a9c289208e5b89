"""Compare two policies on the same auctions: paired, by blocks, every comparison counted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pandas as pd

from kit.base.checks import number, one_of
from kit.base.errors import DataError
from kit.validate.blocks import Blocks
from kit.validate.bootstrap import Array, Studentised, block_se, residuals
from kit.validate.comparison import Comparison, Decision, MetricDifference
from kit.validate.paired import (
    METRICS,
    PairedUnits,
    check_frames,
    merge_dependent,
    pair,
)
from kit.validate.serial import REFUSED, autocorrelation, inflation, studentised_in_time

LOWER_IS_BETTER = ("spend",)


def compare(
    policy: pd.DataFrame,
    baseline: pd.DataFrame,
    *,
    rng: np.random.Generator,
    blocks: Blocks | None = None,
    metrics: Sequence[str] = ("surplus", "value", "spend"),
    level: float = 0.95,
    resamples: int = 4000,
    min_blocks: int = 8,
    min_events: int = 30,
    policies: int = 1,
    power: float = 0.8,
) -> Comparison:
    """Say whether a policy is better than a baseline on the same auctions, in `metrics[0]`.

    Parameters
    ----------
    policy, baseline : pandas.DataFrame, shape (blocks, >= 6)
        Block totals of two replays of one log, indexed by block code, in time order: auctions,
        impressions, clicks, value, spend, surplus.
    rng : numpy.random.Generator
        Source of the bootstrap draws.
    blocks : Blocks or None
        How the log was cut. Blocks of several campaigns at one time are then resampled together:
        they meet the same rivals and users, so only time blocks are taken as independent.
        None takes every row as an independent unit.
    metrics : sequence of str
        Metrics compared; the first decides. More is better, except for spend.
    level : float
        Level of the intervals.
    resamples : int
        Bootstrap draws.
    min_blocks : int
        Fewest independent blocks, and fewest in which the policies differ.
    min_events : int
        Fewest clicks won by either policy (for spend: impressions).
    policies : int
        Policies compared with this baseline on this holdout, this one included.
    power : float
        Power that the minimum detectable effect refers to.

    Returns
    -------
    Comparison
        "cannot conclude" with its reasons where the data cannot support an interval.

    Raises
    ------
    DataError
        If the frames lack a column, hold a missing number, or are not paired.

    Notes
    -----
    An interval from dependent blocks is too narrow. Neighbours that move together (lag-1
    autocorrelation of what a block adds beyond its size above 1 / sqrt(blocks)) are merged in
    pairs until they do not, down to 16 units. What dependence is left widens every interval:
    `kit.validate.serial.inflation`. Above a corrected autocorrelation of 0.8 there is no verdict.

    A budget shared by the whole holdout ties every block to the ones before it. The interval is
    then about holdouts whose budget runs down in the same way.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> base = pd.DataFrame({"auctions": 1000, "impressions": 300, "clicks": 3,
    ...     "value": 300.0, "spend": 200.0, "surplus": 100.0}, index=range(24))
    >>> better = base.assign(surplus=base["surplus"] + rng.normal(20.0, 15.0, 24))
    >>> verdict = compare(better, base, rng=rng, metrics=["surplus"])
    >>> verdict.decision, verdict.blocks, verdict.comparisons
    ('better', 24, 1)
    """
    _check_options(metrics, level, resamples, min_blocks, min_events, policies, power)
    check_frames(policy, baseline)
    cut = pair(policy, baseline, blocks, metrics)
    units, merges = merge_dependent(cut, min_blocks)
    clicks = int(max(policy["clicks"].sum(), baseline["clicks"].sum()))
    impressions = int(max(policy["impressions"].sum(), baseline["impressions"].sum()))
    events = [impressions if name in ("spend", "impressions") else clicks for name in metrics]
    lacking = [
        _lacking(units, column, events[column], min_blocks, min_events, name)
        for column, name in enumerate(metrics)
    ]
    supported = [column for column, reasons in enumerate(lacking) if not reasons]
    bands = None
    if supported:
        bands = studentised_in_time(
            units.difference[:, supported], units.auctions,
            level=level, resamples=resamples, rng=rng, policies=policies,
        )  # fmt: skip
    rows = _rows(units, metrics, supported, bands, power)
    decision = _decide(rows[0], lacking[0])
    factor = _needed_factor(rows[0]) if decision == "cannot conclude" else None
    auctions = int(units.auctions.sum())
    return Comparison(
        decision=decision,
        reasons=tuple(lacking[0] or _explain(rows[0], decision, factor, auctions, power)),
        blocks=len(units),
        block_kind=_kind(blocks, len(cut), merges, units),
        level=level,
        comparisons=len(supported or metrics) * policies,
        rows=rows,
        auctions=auctions,
        clicks=clicks,
        needed_auctions=None if factor is None else math.ceil(auctions * factor),
        power=power,
        resamples=resamples,
    )


def _check_options(
    metrics: Sequence[str],
    level: float,
    resamples: int,
    min_blocks: int,
    min_events: int,
    policies: int,
    power: float,
) -> None:
    if isinstance(metrics, str) or not metrics or len(set(metrics)) != len(metrics):
        raise DataError(
            f"metrics: got {metrics!r}; must be a list of different names. "
            "Pass one or more, the deciding one first."
        )
    for name in metrics:
        one_of("metrics", name, METRICS)
    number("level", level, 0.5, 0.999)
    number("power", power, 0.5, 0.999)
    number("resamples", resamples, 200)
    number("min_blocks", min_blocks, 2)
    number("min_events", min_events, 1)
    number("policies", policies, 1)


def _lacking(
    units: PairedUnits, column: int, events: int, min_blocks: int, min_events: int, metric: str
) -> list[str]:
    """Return why the data cannot support an interval for one metric; empty if they can."""
    auctions = int(units.auctions.sum())
    reasons = []
    if events < min_events:
        noun = "impressions" if metric in ("spend", "impressions") else "clicks"
        needed = math.ceil(auctions * min_events / max(events, 1))
        reasons.append(
            f"Neither policy won more than {events} {noun}; an interval needs at least "
            f"{min_events}, so about {_rounded(needed)} auctions like these."
        )
    if len(units) < min_blocks:
        reasons.append(
            f"The holdout has {len(units)} independent time "
            f"block{'s' * (len(units) != 1)}; an interval needs at least {min_blocks}, "
            f"so a holdout about {math.ceil(min_blocks / len(units))} times as long."
        )
        return reasons
    active = int(np.count_nonzero(units.difference[:, column]))
    if active == 0:
        reasons.append(f"The two policies had the same {metric} in every block.")
    elif active < min_blocks:
        reasons.append(
            f"The policies differ in {metric} in only {active} of {len(units)} blocks; an "
            f"interval needs at least {min_blocks} blocks that differ."
        )
    # Only the metric that decides: others describe, and their intervals are already the widest.
    if column == 0 and autocorrelation(_beyond_size(units)[:, 0]) > REFUSED:
        reasons.append(
            f"Neighbouring blocks move together too much in {metric} for an interval from "
            f"{len(units)} of them: a longer holdout is needed."
        )
    return reasons


def _rows(
    units: PairedUnits,
    metrics: Sequence[str],
    supported: Sequence[int],
    bands: Studentised | None,
    power: float,
) -> tuple[MetricDifference, ...]:
    policy, baseline = units.policy.sum(axis=0), units.baseline.sum(axis=0)
    absent = np.full(len(metrics), math.nan)
    error = absent
    if len(units) > 1:
        wider = [inflation(column) for column in _beyond_size(units).T]
        error = block_se(units.difference, units.auctions) * wider
    own, joint = absent.copy(), absent.copy()
    if bands is not None:
        own[list(supported)] = _half_width(bands.critical, bands.se)
        joint[list(supported)] = _half_width(bands.simultaneous, bands.se)
    detectable = joint + NormalDist().inv_cdf(power) * error
    return tuple(
        MetricDifference(
            metric=name,
            policy=float(policy[at]),
            baseline=float(baseline[at]),
            difference=float(policy[at] - baseline[at]),
            low=float(policy[at] - baseline[at] - own[at]),
            high=float(policy[at] - baseline[at] + own[at]),
            simultaneous_low=float(policy[at] - baseline[at] - joint[at]),
            simultaneous_high=float(policy[at] - baseline[at] + joint[at]),
            se=float(error[at]),
            mde=float(detectable[at]),
        )
        for at, name in enumerate(metrics)
    )


def _beyond_size(units: PairedUnits) -> Array:
    return residuals(units.difference, units.auctions)


def _half_width(critical: Array | float, error: Array) -> Array:
    # A metric without error has no width, even where another's critical value is infinite.
    return np.multiply(critical, error, out=np.zeros_like(error), where=error > 0)


def _decide(row: MetricDifference, lacking: Sequence[str]) -> Decision:
    if lacking or not (row.simultaneous_low > 0 or row.simultaneous_high < 0):
        return "cannot conclude"
    more_is_better = row.metric not in LOWER_IS_BETTER
    return "better" if (row.difference > 0) == more_is_better else "worse"


def _needed_factor(row: MetricDifference) -> float | None:
    """Return how many times as many auctions would find a difference of the observed size."""
    if not math.isfinite(row.mde) or row.difference == 0:
        return None
    return (row.mde / row.difference) ** 2


def _explain(
    row: MetricDifference, decision: Decision, factor: float | None, auctions: int, power: float
) -> list[str]:
    if decision != "cannot conclude":
        side = "above" if row.difference > 0 else "below"
        return [f"The interval of the difference in {row.metric} lies wholly {side} zero."]
    reasons = [f"The interval of the difference in {row.metric} includes zero."]
    if factor is not None and factor < 1000:
        reasons.append(
            f"A true difference of the size seen would be found with probability "
            f"{100 * power:g} % in about {_rounded(auctions * factor)} auctions, "
            f"{factor:.1f} times this holdout."
        )
    elif factor is not None:
        reasons.append("The difference seen is far smaller than this holdout can resolve.")
    return reasons


def _rounded(count: float) -> str:
    """Return a count to two significant digits, with thousands separators."""
    digits = max(0, math.floor(math.log10(max(count, 1))) - 1)
    return f"{round(count, -digits):,.0f}"


def _kind(blocks: Blocks | None, cut: int, merges: int, units: PairedUnits) -> str:
    kind = f"{cut} blocks" if blocks is None else blocks.kind
    if blocks is not None and len(blocks) > blocks.time_count:
        kind += ", campaigns of one time block resampled together"
    if merges:
        kind += f", {2**merges} neighbours merged because they move together"
    wider = inflation(_beyond_size(units)[:, 0])
    if wider >= 1.005:
        kind += f", intervals {100 * (wider - 1):.0f} % wider in case neighbours move together"
    return kind
