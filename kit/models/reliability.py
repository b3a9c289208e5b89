"""How far probabilities can be trusted: a table by bin, and scores of the whole."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlog1py, xlogy
from scipy.stats import beta, rankdata

from kit.base.checks import bad_values, number
from kit.base.errors import DataError


@dataclass(frozen=True)
class ProbabilityScore:
    """Diagnostics of predicted probabilities against labels; None where undefined.

    Parameters
    ----------
    rows, positives : int
        What was scored.
    log_loss : float or None
        Mean negative log likelihood, nats.
    normalised_entropy : float or None
        Log loss over that of the constant rate; below 1 the predictions say something.
    auc : float or None
        Probability that a positive is ranked above a negative.
    calibration_ratio : float or None
        Sum of predictions over positives; 1 is right in total, above 1 too high.
    expected_calibration_error : float or None
        Mean over rows of |predicted - observed| by bin.
    """

    rows: int
    positives: int
    log_loss: float | None
    normalised_entropy: float | None
    auc: float | None
    calibration_ratio: float | None
    expected_calibration_error: float | None


def check_probabilities(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return `values` as float64 after checking that all lie in [0, 1].

    Raises
    ------
    DataError
        On missing values or values outside.
    """
    array = np.asarray(values, dtype=np.float64)
    inside = (array >= 0) & (array <= 1)
    bad_values(name, array, ~inside, "a probability in [0, 1]", what="missing or outside")
    return array


def check_pair(
    probability: ArrayLike, label: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return probabilities and 0/1 labels of one length as float64.

    Raises
    ------
    DataError
        If lengths differ, a probability lies outside [0, 1] or a label is not 0 or 1.
    """
    predicted = check_probabilities("probability", probability)
    truth = np.asarray(label, dtype=np.float64)
    if predicted.shape != truth.shape or predicted.ndim != 1:
        raise DataError(
            f"label: has shape {truth.shape} with probabilities of shape {predicted.shape}; "
            "must be one label a row. Pass both for the same rows."
        )
    bad_values("label", truth, (truth != 0) & (truth != 1), "0 or 1")
    return predicted, truth


def reliability(probability: ArrayLike, label: ArrayLike, bins: int = 10) -> pd.DataFrame:
    """Compare predicted with observed rates in bins of equally many rows.

    Parameters
    ----------
    probability : array_like, shape (n,)
        Predictions, in [0, 1].
    label : array_like, shape (n,)
        0 or 1.
    bins : int
        Most bins; equal predictions share one, so that there may be fewer.

    Returns
    -------
    pandas.DataFrame
        One row a bin, in order of prediction: ``predicted`` (mean), ``observed`` (rate), ``low``
        and ``high`` (Jeffreys 95 % interval of the observed rate), ``rows``, ``positives``.

    Raises
    ------
    DataError
        If the inputs are no probabilities and labels, or `bins` is below 1.

    References
    ----------
    Brown, Cai, DasGupta (2001), Interval estimation for a binomial proportion.

    Examples
    --------
    >>> reliability([0.1, 0.1, 0.4, 0.4], [0, 0, 0, 1], bins=2)[["predicted", "observed"]]
       predicted  observed
    0        0.1       0.0
    1        0.4       0.5
    """
    predicted, truth = check_pair(probability, label)
    number("bins", bins, 1)
    codes = _bin_codes(predicted, int(bins))
    rows = np.bincount(codes)
    positives = np.bincount(codes, truth)
    low, high = jeffreys_interval(positives, rows)
    return pd.DataFrame(
        {
            "predicted": np.bincount(codes, predicted) / rows,
            "observed": positives / rows,
            "low": low,
            "high": high,
            "rows": rows,
            "positives": positives.astype(np.int64),
        }
    )


def jeffreys_interval(
    positives: ArrayLike, rows: ArrayLike, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the Jeffreys interval of a rate, from 0 or to 1 where it must.

    Examples
    --------
    >>> low, high = jeffreys_interval([0, 5], [100, 100])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 0.019], [0.025, 0.106])
    """
    hits, trials = np.asarray(positives, dtype=np.float64), np.asarray(rows, dtype=np.float64)
    tail = (1 - level) / 2
    low = beta.ppf(tail, hits + 0.5, trials - hits + 0.5)
    high = beta.ppf(1 - tail, hits + 0.5, trials - hits + 0.5)
    return np.where(hits == 0, 0.0, low), np.where(hits == trials, 1.0, high)


def score_probabilities(
    probability: ArrayLike, label: ArrayLike, bins: int = 10
) -> ProbabilityScore:
    """Return the diagnostics of `ProbabilityScore`.

    Raises
    ------
    DataError
        If the inputs are no probabilities and labels.

    Examples
    --------
    >>> score = score_probabilities([0.1, 0.2, 0.7], [0, 0, 1])
    >>> score.auc, round(score.calibration_ratio, 6)
    (1.0, 1.0)
    """
    predicted, truth = check_pair(probability, label)
    rows, positives = predicted.size, int(truth.sum())
    if not rows:
        return ProbabilityScore(0, 0, None, None, None, None, None)
    loss = -float(np.mean(xlogy(truth, predicted) + xlog1py(1 - truth, -predicted)))
    rate = positives / rows
    entropy = -float(xlogy(rate, rate) + xlog1py(1 - rate, -rate))
    table = reliability(predicted, truth, bins)
    gap = (table["predicted"] - table["observed"]).abs() * table["rows"]
    return ProbabilityScore(
        rows=rows,
        positives=positives,
        log_loss=loss if math.isfinite(loss) else None,
        normalised_entropy=loss / entropy if entropy > 0 and math.isfinite(loss) else None,
        auc=roc_auc(predicted, truth),
        calibration_ratio=float(predicted.sum()) / positives if positives else None,
        expected_calibration_error=float(gap.sum()) / rows,
    )


def _bin_codes(predicted: NDArray[np.float64], bins: int) -> NDArray[np.intp]:
    """Return a bin number for each row, without gaps; equal predictions share one."""
    if not predicted.size:
        return np.zeros(0, dtype=np.intp)
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, bins + 1)[1:-1]))
    codes = np.searchsorted(edges, predicted, side="left")
    return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.intp)


def roc_auc(predicted: NDArray[np.float64], truth: NDArray[np.generic]) -> float | None:
    """Return the area under the ROC curve, ties counted half; None with one class only.

    Parameters
    ----------
    predicted : ndarray, shape (n,)
        Scores, higher for a positive.
    truth : ndarray, shape (n,)
        True or 1 for a positive.

    Examples
    --------
    >>> roc_auc(np.array([0.1, 0.2, 0.2, 0.9]), np.array([0, 0, 1, 1]))
    0.875
    """
    positives = truth.sum()
    negatives = truth.size - positives
    if not positives or not negatives:
        return None
    above = rankdata(predicted)[truth == 1].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))
