"""One column at a time: cut it into bins, and ask how well bins tell two classes apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from kit.validate.leakage.pair import Array, Codes, Mask, Pair

_EXACT = 64
_QUANTILES = np.r_[0.001, 0.005, 0.01, np.linspace(0.03, 0.97, 31), 0.99, 0.995, 0.999]
_SMOOTH = 10.0
_SAMPLE = 20_000


def binned(pair: Pair, name: str) -> tuple[Codes, int]:
    """Return each row's bin and how many there are; missing values are bin 0.

    Labels and numbers of few values keep every value; others are cut at quantiles, more finely at
    both ends, where proxies of a rare target lie.
    """
    if name not in pair.bins:
        pair.bins[name] = _cut(pair, name)
    return pair.bins[name]


def _cut(pair: Pair, name: str) -> tuple[Codes, int]:
    if pair.is_label(name):
        codes, count = pair.codes(name)
        return codes + 1, count + 1
    values = pair.numbers(name)
    some = values[:: max(1, len(values) // _SAMPLE)]
    edges = np.unique(some[~np.isnan(some)])
    if len(edges) > _EXACT:
        edges = np.unique(np.quantile(some[~np.isnan(some)], _QUANTILES))
    codes = np.searchsorted(edges, values, side="right") + 1
    codes[np.isnan(values)] = 0
    return codes, len(edges) + 2


def counts(bins: Codes, size: int, yes: Mask, rows: Mask) -> tuple[Array, Array]:
    """Return positives and negatives of each bin, over some rows."""
    positive = np.bincount(bins[rows & yes], minlength=size).astype(np.float64)
    return positive, np.bincount(bins[rows & ~yes], minlength=size).astype(np.float64)


def rates(positive: Array, negative: Array) -> Array:
    """Return each bin's rate, drawn towards the overall one as if by ten rows."""
    overall = positive.sum() / max(positive.sum() + negative.sum(), 1.0)
    return np.asarray((positive + _SMOOTH * overall) / (positive + negative + _SMOOTH))


def separation(score: Array, positive: Array, negative: Array, at: float) -> tuple[float, float]:
    """Return how well a score of bins separates: the AUC, and hits at a share `at` of false ones.

    Notes
    -----
    Mann-Whitney with ties counted half. Neither depends on the ratio of the classes, so that
    negatives may be sampled.

    Examples
    --------
    >>> separation(np.array([0.1, 0.9]), np.array([0.0, 5.0]), np.array([5.0, 0.0]), 0.01)
    (1.0, 1.0)
    """
    if not positive.sum() or not negative.sum():
        return 0.5, 0.0
    _, place = np.unique(-score, return_inverse=True)
    hit = np.bincount(place, positive) / positive.sum()
    false = np.bincount(place, negative) / negative.sum()
    auc = float((hit * (1 - np.cumsum(false) + false / 2)).sum())
    allowed = np.cumsum(false) <= at
    return auc, float(hit[allowed].sum())


def out_of_fold(
    bins: Codes, size: int, yes: Mask, rows: Mask, fold: Mask, at: float = 0.01
) -> tuple[float, float]:
    """Return the separation of one column, each fold scored by the rates of the other."""
    sides = [counts(bins, size, yes, rows & side) for side in (fold, ~fold)]
    parts = [separation(rates(*sides[other]), *sides[own], at) for own, other in ((0, 1), (1, 0))]
    weights = [side[0].sum() for side in sides]
    auc, hits = np.average(parts, axis=0, weights=weights) if sum(weights) else (0.5, 0.0)
    return float(auc), float(hits)


def auc_error(auc: float, positives: float, negatives: float) -> float:
    """Return the standard error of an AUC.

    References
    ----------
    Hanley & McNeil (1982), The meaning and use of the area under a ROC curve, eq. 2.
    """
    first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    total = (
        auc * (1 - auc) + (positives - 1) * (first - auc**2) + (negatives - 1) * (second - auc**2)
    )
    return float(np.sqrt(max(total, 0.0) / max(positives * negatives, 1.0)))


def ranked(values: NDArray[np.generic]) -> Array:
    """Return ranks with mean 0 and variance 1, ties by their mean rank; missing is 0."""
    numbers = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(numbers)
    out = np.zeros(len(numbers))
    if known.any():
        rank = rankdata(numbers[known])
        spread = rank.std()
        out[known] = (rank - rank.mean()) / spread if spread > 0 else 0.0
    return out
