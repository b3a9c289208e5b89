"""How much of a gain rests on a few blocks, or on a few auctions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from kit.base.checks import bad_values, number, one_of
from kit.base.errors import DataError
from kit.validate.blocks import Blocks
from kit.validate.bootstrap import Array
from kit.validate.paired import METRICS, check_frames, merge_dependent, pair
from kit.validate.serial import studentised_in_time, too_few_blocks, too_few_events


def winsorised(
    policy: pd.DataFrame,
    baseline: pd.DataFrame,
    *,
    rng: np.random.Generator,
    blocks: Blocks | None = None,
    metric: str = "surplus",
    shares: Sequence[float] = (0.01, 0.05),
    level: float = 0.95,
    resamples: int = 4000,
    min_blocks: int = 8,
    min_events: int = 30,
) -> pd.DataFrame:
    """Compare again with the most extreme blocks pulled in, beside the plain comparison.

    Parameters
    ----------
    policy, baseline : pandas.DataFrame, shape (blocks, >= 6)
        Block totals of two replays of one log.
    rng : numpy.random.Generator
        Source of the bootstrap draws.
    blocks : Blocks or None
        How the log was cut.
    metric : str
        Block column.
    shares : sequence of float
        Part of the blocks pulled in at each end, in (0, 0.25]; never less than one block.
    level, resamples, min_blocks, min_events : float, int, int, int
        As in `kit.validate.compare.compare`.

    Returns
    -------
    pandas.DataFrame, one row a share, the plain comparison (share 0) first
        Columns share, blocks_changed, difference, low, high, kept and lacking. ``kept`` is the
        difference over the plain one: what would be left if the extreme blocks had been ordinary.
        It is NaN where the plain difference is 0.

    Raises
    ------
    DataError
        If the frames are not paired, or an option is out of range.

    Notes
    -----
    A block is ranked by its difference per auction. The ``k = max(1, round(share x blocks))``
    largest are set to the next largest, the ``k`` smallest to the next smallest, times their
    auctions. That makes a verdict more robust and answers another question: not what the policy
    would have earned, but what it would have earned in ordinary times. It decides nothing.

    References
    ----------
    Tukey and McLaughlin, "Less Vulnerable Confidence and Significance Procedures for Location
    Based on a Single Sample" (1963).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> base = pd.DataFrame({"auctions": 1000, "impressions": 300, "clicks": 3,
    ...     "value": 300.0, "spend": 200.0, "surplus": 100.0}, index=range(24))
    >>> gain = rng.normal(1.0, 5.0, 24)
    >>> gain[7] = 400.0
    >>> table = winsorised(base.assign(surplus=100.0 + gain), base, rng=rng)
    >>> table[["share", "blocks_changed", "kept"]].round(2).values.tolist()
    [[0.0, 0.0, 1.0], [0.01, 2.0, 0.1], [0.05, 2.0, 0.1]]
    """
    one_of("metric", metric, METRICS)
    for share in shares:
        number("shares", share, 0, 0.25, above=0)
    number("level", level, 0.5, 0.999)
    check_frames(policy, baseline)
    units, _ = merge_dependent(pair(policy, baseline, blocks, [metric]), min_blocks)
    plain = units.difference[:, 0]
    clicks, impressions = (
        max(float(side[event].sum()) for side in (policy, baseline))
        for event in ("clicks", "impressions")
    )
    thin = too_few_events(metric, clicks, impressions, min_events)
    rows = []
    for share in (0.0, *shares):
        changed = _pulled_in(plain, units.auctions, share)
        lacking = thin or too_few_blocks(changed != 0, min_blocks)
        low, high = math.nan, math.nan
        if not lacking:
            low, high = _interval(changed, units.auctions, rng, level, resamples)
        rows.append({
            "share": share,
            "blocks_changed": int(np.count_nonzero(changed != plain)),
            "difference": changed.sum(),
            "low": low,
            "high": high,
            "kept": changed.sum() / plain.sum() if plain.sum() else math.nan,
            "lacking": lacking,
        })  # fmt: skip
    return pd.DataFrame(rows)


def share_of_largest(differences: Array, share: float = 0.01) -> float:
    """Return the part of an effect that its largest auctions make up.

    Parameters
    ----------
    differences : ndarray, shape (auctions,)
        What the policy earned in each auction, less what the baseline earned.
    share : float
        Part of the auctions counted as the largest, in (0, 1): those whose difference pushes
        furthest in the direction of the whole effect. At least one.

    Returns
    -------
    float
        Above 1 where the rest lose what these gain; NaN where the effect is 0.

    Raises
    ------
    DataError
        If there are no auctions, or a number is missing.

    Examples
    --------
    >>> share_of_largest(np.array([99.0] + [1.0] * 99))
    0.5
    """
    number("share", share, 0, 1, above=0)
    values = np.asarray(differences, dtype=np.float64)
    if not len(values):
        raise DataError("differences: no auctions; must hold at least one. Replay a log with rows.")
    bad_values(
        "differences", values, ~np.isfinite(values), "finite",
        "Replay again without missing values.", "missing or infinite",
    )  # fmt: skip
    total = float(values.sum())
    if total == 0:
        return math.nan
    count = max(1, round(share * len(values)))
    toward = values if total > 0 else -values
    largest = np.partition(toward, len(toward) - count)[len(toward) - count :]
    return float(largest.sum()) / abs(total)


def _pulled_in(difference: Array, auctions: Array, share: float) -> Array:
    """Return the differences with as many extremes at each end set to the next rate."""
    count = max(1, round(share * len(difference)))
    if share == 0 or len(difference) <= 2 * count:
        return difference
    rate = difference / auctions
    ordered = np.sort(rate)
    low, high = ordered[count], ordered[-1 - count]
    # The plain figure is kept, not recomputed, wherever a block is no extreme.
    pulled = np.where(rate < low, low * auctions, difference)
    return np.asarray(np.where(rate > high, high * auctions, pulled))


def _interval(
    difference: Array, auctions: Array, rng: np.random.Generator, level: float, resamples: int
) -> tuple[float, float]:
    found = studentised_in_time(
        difference[:, None], auctions, level=level, resamples=resamples, rng=rng
    )
    total, half = float(difference.sum()), float(found.critical[0] * found.se[0])
    return total - half, total + half
