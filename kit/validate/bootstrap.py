"""A studentised bootstrap over blocks of unequal size, for several metrics at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kit.base.checks import number
from kit.base.errors import DataError

_CELLS = 4_000_000  # counts held at once: 32 MB
_NEGLIGIBLE = 1e-12  # a resampled standard error this small beside the real one is zero

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Studentised:
    """Differences with their block standard errors and critical values.

    Parameters
    ----------
    total, se : ndarray, shape (metrics,)
        Sum of the differences over all blocks, and its standard error.
    critical : ndarray, shape (metrics,)
        Half width of each metric's own interval, in standard errors.
    simultaneous : float
        Half width of the intervals that hold for all metrics together, in standard errors.
    """

    total: Array
    se: Array
    critical: Array
    simultaneous: float


def residuals(differences: Array, sizes: Array) -> Array:
    """Return what each block adds beyond its size: ``d - (sum d / sum m) m``.

    Parameters
    ----------
    differences : ndarray, shape (blocks, metrics)
        Paired difference of each block.
    sizes : ndarray, shape (blocks,)
        Auctions of each block.
    """
    rate = differences.sum(axis=0) / sizes.sum()
    return np.asarray(differences - sizes[:, None] * rate)


def block_se(differences: Array, sizes: Array) -> Array:
    """Return the linearised standard error of each total, shape (metrics,).

    The number of auctions is known and not at chance, so a total is (difference per auction) x
    (auctions): the ratio estimator of survey sampling.

    References
    ----------
    Cochran, "Sampling Techniques" (1977), eq. 6.13.

    Examples
    --------
    >>> block_se(np.array([[1.0], [3.0]]), np.array([10.0, 10.0]))
    array([2.])
    """
    count = len(sizes)
    squares = (residuals(differences, sizes) ** 2).sum(axis=0)
    error = np.sqrt(count / (count - 1) * squares)
    # Differences in step with size leave rounding noise, not an error.
    scale = np.abs(differences).sum(axis=0)
    return np.where(error > _NEGLIGIBLE * scale, error, 0.0)


def studentised(
    differences: Array,
    sizes: Array,
    *,
    level: float,
    resamples: int,
    rng: np.random.Generator,
    policies: int = 1,
) -> Studentised:
    """Bootstrap the t statistics of every metric over blocks drawn with replacement.

    Intervals are symmetric: ``total +- critical * se`` with `critical` a quantile of ``|t|``.
    In simulation with 24 skewed blocks they cover nearer to the level than equal-tailed ones,
    and much nearer than percentile ones, which take no account of the error of `se`.

    Parameters
    ----------
    differences : ndarray, shape (blocks, metrics)
        Paired difference of each block; blocks are independent, or nearly.
    sizes : ndarray, shape (blocks,)
        Auctions of each block.
    level : float
        Coverage aimed at, in (0, 1).
    resamples : int
        Bootstrap draws.
    rng : numpy.random.Generator
        Source of the draws.
    policies : int
        Policies compared with one baseline: the simultaneous interval counts them by Bonferroni,
        and the metrics by the maximum of ``|t|``.

    Raises
    ------
    DataError
        If there are fewer than 2 blocks, or too few resamples for so many policies.

    References
    ----------
    Hall, "The Bootstrap and Edgeworth Expansion" (1992), section 3.6 (symmetric intervals);
    Romano and Wolf, "Stepwise Multiple Testing as Formalized Data Snooping" (2005).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> gain = rng.normal(5.0, 2.0, size=(30, 1))
    >>> result = studentised(gain, np.full(30, 100.0), level=0.95, resamples=2000, rng=rng)
    >>> bool(1.9 < result.simultaneous < 2.3), bool(result.total[0] / result.se[0] > 10)
    (True, True)
    """
    if len(sizes) < 2:
        raise DataError(
            f"blocks: got {len(sizes)}; must be >= 2. Cut the holdout into more blocks."
        )
    simultaneous_level = 1 - (1 - level) / number("policies", policies, 1)
    if _rank(resamples, simultaneous_level) > resamples:
        least = math.ceil(1 / (1 - simultaneous_level) - 1e-6)
        raise DataError(
            f"resamples: got {resamples}; must be >= {least} "
            f"for {policies} policies at level {level:g}. Raise resamples."
        )
    error = block_se(differences, sizes)
    absolute = np.abs(_resampled_t(residuals(differences, sizes), sizes, error, resamples, rng))
    own = np.sort(absolute, axis=0)[_rank(resamples, level) - 1]
    largest = np.sort(absolute.max(axis=1))[_rank(resamples, simultaneous_level) - 1]
    return Studentised(differences.sum(axis=0), error, own, float(largest))


def _rank(resamples: int, level: float) -> int:
    # The (resamples + 1) rule: with exact pivots the interval then covers exactly `level`.
    return math.ceil((resamples + 1) * level - 1e-9)


def _resampled_t(
    residual: Array, sizes: Array, error: Array, resamples: int, rng: np.random.Generator
) -> Array:
    """Return t statistics, shape (resamples, metrics); a metric without error has t = 0."""
    blocks = len(sizes)
    shares = np.full(blocks, 1 / blocks)
    moments = np.column_stack([residual, residual**2, residual * sizes[:, None]])
    size_moments = np.column_stack([sizes, sizes**2])
    metrics = residual.shape[1]
    parts = []
    batch = max(1, _CELLS // blocks)
    for start in range(0, resamples, batch):
        draws = min(batch, resamples - start)
        counts = rng.multinomial(blocks, shares, size=draws).astype(np.float64)
        first, second, cross = np.split(counts @ moments, [metrics, 2 * metrics], axis=1)
        auctions, squares = (counts @ size_moments).T[:, :, None]
        # Residuals sum to zero, so a resample's rate is already its distance from the estimate.
        shift = first / auctions
        spread = second - 2 * shift * cross + shift**2 * squares
        scale = np.sqrt(blocks / (blocks - 1) * np.maximum(spread, 0.0))
        parts.append(_ratio(first, scale, error))
    return np.concatenate(parts)


def _ratio(shift: Array, scale: Array, error: Array) -> Array:
    flat = scale <= 1e-6 * error
    statistic = np.divide(shift, scale, out=np.full_like(shift, np.inf), where=~flat)
    # A resample without spread and without shift says nothing; with a shift, anything is possible.
    statistic[flat & (np.abs(shift) <= 1e-6 * error)] = 0.0
    return np.where(error > 0, statistic, 0.0)
