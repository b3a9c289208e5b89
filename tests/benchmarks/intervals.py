"""Block differences whose true total is known, and how often an interval holds it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from kit.validate.bootstrap import Studentised, studentised

Draw = Callable[[np.random.Generator, int], tuple[NDArray[np.float64], NDArray[np.float64]]]
RUNS, RESAMPLES = 1500, 499
CLICK_VALUE = float(np.exp(5.0 + 0.125))


def auctions(rng: np.random.Generator, blocks: int) -> NDArray[np.float64]:
    return rng.integers(200, 1800, blocks).astype(np.float64)


def skewed(rng: np.random.Generator, blocks: int) -> tuple[NDArray[np.float64], ...]:
    """Lognormal difference per auction (skewness 1.75), mean 0."""
    sizes = auctions(rng, blocks)
    return sizes * 0.01 * (rng.lognormal(0.0, 0.5, blocks) - np.exp(0.125)), sizes


def heavy_tails(rng: np.random.Generator, blocks: int) -> tuple[NDArray[np.float64], ...]:
    """Each policy earns a lognormal amount a block (kurtosis 114), mean difference 0."""
    sizes = auctions(rng, blocks)
    earned = rng.lognormal(0.0, 1.0, size=(2, blocks))
    return sizes * 0.01 * (earned[0] - earned[1]), sizes


def rare_clicks(rng: np.random.Generator, blocks: int) -> tuple[NDArray[np.float64], ...]:
    """About one click a block for each policy, each worth a lognormal amount, mean 0."""
    sizes = auctions(rng, blocks)
    won = [rng.poisson(sizes * 0.001) * rng.lognormal(5.0, 0.5, blocks) for _ in range(2)]
    return won[0] - won[1], sizes


def fit(
    differences: NDArray[np.float64], sizes: NDArray[np.float64], rng: np.random.Generator
) -> Studentised:
    return studentised(differences, sizes, level=0.95, resamples=RESAMPLES, rng=rng)


def percentile_interval(
    differences: NDArray[np.float64], sizes: NDArray[np.float64], rng: np.random.Generator
) -> tuple[float, float]:
    blocks = len(sizes)
    counts = rng.multinomial(blocks, np.full(blocks, 1 / blocks), size=RESAMPLES)
    totals = (counts @ differences) / (counts @ sizes) * sizes.sum()
    low, high = np.quantile(totals, [0.025, 0.975])
    return float(low), float(high)


def covers(draw: Draw, blocks: int, seed: int) -> tuple[int, float, float]:
    """Return in how many of `RUNS` runs the interval holds 0, its median width, the ideal one."""
    rng = np.random.default_rng(seed)
    inside, widths, totals = 0, [], []
    for _ in range(RUNS):
        differences, sizes = draw(rng, blocks)
        result = fit(differences[:, None], sizes, rng)
        half = result.critical[0] * result.se[0]
        inside += abs(result.total[0]) <= half
        widths.append(2 * half)
        totals.append(result.total[0])
    return inside, float(np.median(widths)), float(2 * 1.96 * np.std(totals))


def covers_by_percentile(draw: Draw, blocks: int, seed: int) -> int:
    """Return in how many of `RUNS` runs the percentile interval holds 0."""
    rng = np.random.default_rng(seed)
    inside = 0
    for _ in range(RUNS):
        differences, sizes = draw(rng, blocks)
        low, high = percentile_interval(differences, sizes, rng)
        inside += low <= 0 <= high
    return inside
