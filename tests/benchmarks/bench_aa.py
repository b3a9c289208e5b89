"""A policy compared with itself: how often an interval leaves out zero, beside what tools do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest, norm
from scipy.stats import t as student

from kit.validate.compare import compare
from tests.benchmarks.table import Row, Table

Array = NDArray[np.float64]
SEED = 20261201
BLOCKS = (14, 28)
RESAMPLES = 499
LEVEL = 0.95
PARETO = 2.5
"""Tail index of what a day earns: finite variance, no third moment."""
LOGNORMAL = 1.5
"""Log standard deviation of what an auction earns; one in ten is won."""


@dataclass(frozen=True)
class Rate:
    """How one interval did.

    Parameters
    ----------
    wrong : int
        Runs in which it leaves out zero.
    width : float
        Median width over the ideal: the true standard error times Student's quantile, which
        whoever knew the dependence and the shape, but not the scale, would use.
    refused : int
        Runs without an interval.
    """

    wrong: int
    width: float
    refused: int = 0


def autoregressive(rng: np.random.Generator, count: int, rho: float) -> Array:
    """Return a stationary normal series with standard deviation 1."""
    values = rng.standard_normal(count)
    for place in range(1, count):
        values[place] = rho * values[place - 1] + np.sqrt(1 - rho**2) * values[place]
    return values


def _days(rng: np.random.Generator, blocks: int) -> NDArray[np.int64]:
    return rng.integers(2000, 4000, blocks)


def _normal(rng: np.random.Generator, sizes: NDArray[np.int64]) -> Array:
    return 500 * rng.standard_normal(len(sizes))


def _dependent(rng: np.random.Generator, sizes: NDArray[np.int64]) -> Array:
    return 500 * autoregressive(rng, len(sizes), 0.3)


def _lognormal(rng: np.random.Generator, sizes: NDArray[np.int64]) -> Array:
    earned = []
    for _ in range(2):
        won = rng.binomial(sizes // 10, 0.1)
        values = rng.lognormal(0.0, LOGNORMAL, won.sum())
        earned.append(np.bincount(np.repeat(np.arange(len(won)), won), values, len(won)))
    return np.asarray(earned[0] - earned[1])


def _pareto(rng: np.random.Generator, sizes: NDArray[np.int64]) -> Array:
    earned = rng.pareto(PARETO, (2, len(sizes)))
    return np.asarray(sizes * (earned[0] - earned[1]))


WORLDS: dict[str, Callable[[np.random.Generator, NDArray[np.int64]], Array]] = {
    "normal": _normal,
    "lognormal auctions": _lognormal,
    "Pareto days": _pareto,
    "AR(0.3)": _dependent,
}


def same_twice(world: str, blocks: int, runs: int, seed: int) -> tuple[Rate, Rate, Rate]:
    """Return how `compare`, a paired t test and a percentile bootstrap over days do."""
    rng = np.random.default_rng([seed, blocks, list(WORLDS).index(world)])
    drawn = [(days := _days(rng, blocks), WORLDS[world](rng, days)) for _ in range(runs)]
    ideal = _true_error(world, blocks) * student.ppf((1 + LEVEL) / 2, blocks - 1)
    half = np.array([_by_compare(days, gain, rng) for days, gain in drawn])
    totals = np.array([gain.sum() for _, gain in drawn])
    errors = np.array([gain.std(ddof=1) for _, gain in drawn]) * np.sqrt(blocks)
    by_student = errors * student.ppf((1 + LEVEL) / 2, blocks - 1)
    given = ~np.isnan(half)
    ours = Rate(
        int((np.abs(totals) > half).sum()), _relative(half[given], ideal), int((~given).sum())
    )
    return (
        ours,
        Rate(int((np.abs(totals) > by_student).sum()), _relative(by_student, ideal)),
        _percentile([gain for _, gain in drawn], ideal, rng),
    )  # fmt: skip


def _by_compare(days: NDArray[np.int64], gain: Array, rng: np.random.Generator) -> float:
    base = pd.DataFrame({
        "auctions": days, "impressions": 300, "clicks": 9,
        "value": 900.0, "spend": 600.0, "surplus": 300.0,
    })  # fmt: skip
    row = compare(
        base.assign(surplus=300.0 + gain), base,
        rng=rng, metrics=["surplus"], resamples=RESAMPLES, level=LEVEL,
    ).first  # fmt: skip
    return (row.high - row.low) / 2


def _percentile(gains: Sequence[Array], ideal: float, rng: np.random.Generator) -> Rate:
    wrong, halves = 0, []
    for gain in gains:
        drawn = gain[rng.integers(0, len(gain), (RESAMPLES, len(gain)))].sum(axis=1)
        low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        wrong += not low <= 0 <= high
        halves.append((high - low) / 2)
    return Rate(wrong, _relative(np.array(halves), ideal))


def _relative(half: Array, ideal: float) -> float:
    return float(np.median(half) / ideal)


def _true_error(world: str, blocks: int) -> float:
    """Return the standard error of the total in closed form."""
    if world in ("normal", "AR(0.3)"):
        rho = 0.3 * (world != "normal")
        lag = np.arange(1, blocks)
        return 500 * float(np.sqrt(blocks + 2 * ((blocks - lag) * rho**lag).sum()))
    sizes = np.arange(2000, 4000)
    if world == "Pareto days":
        variance = PARETO / ((PARETO - 1) ** 2 * (PARETO - 2))
        return float(np.sqrt(2 * blocks * (sizes.astype(float) ** 2).mean() * variance))
    trials = (sizes // 10).mean()
    first, second = np.exp(LOGNORMAL**2 / 2), np.exp(2 * LOGNORMAL**2)
    # Given the day's size: binomial count of values, less what the count's mean holds.
    return float(np.sqrt(2 * blocks * trials * (0.1 * second - (0.1 * first) ** 2)))


def tables(quick: bool) -> list[Table]:
    """Return error and width in every world; the targets are of the worlds that have one."""
    runs = 50 if quick else 2000
    errors, widths = [], []
    for world in WORLDS:
        for blocks in BLOCKS:
            ours, paired, percentile = same_twice(world, blocks, runs, SEED)
            name = f"{world}, {blocks} days"
            low, high = binomtest(ours.wrong, runs).proportion_ci(0.95, method="exact")
            said = f"{100 * ours.wrong / runs:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
            rivals = (
                f"paired t {100 * paired.wrong / runs:.1f} %, "
                f"percentile bootstrap {100 * percentile.wrong / runs:.1f} %"
            )
            errors.append(
                Row(name, f"{said}, none in {ours.refused}", rivals, float(low) / 0.05, "<= 1")
            )
            quantiles = student.ppf(0.975, blocks - 1) / norm.ppf(0.975)
            of_normal = f"{ours.width:.2f} ({ours.width * quantiles:.2f} of the normal quantile's)"
            rivals = f"paired t {paired.width:.2f}, percentile bootstrap {percentile.width:.2f}"
            widths.append(Row(name, of_normal, rivals, ours.width, "<= 1.15"))
    return [
        Table(f"A/A comparisons: 95 % interval leaves out zero, {runs:,} runs a row", errors),
        Table("Its median width over the true standard error times Student's quantile", widths),
    ]
