"""Adversarial validation: how well a small model tells later rows from earlier ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.models.features import CALENDAR, FeatureTable, checked_features
from kit.models.leak_probe import Probe

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

MOST_ROWS = 50_000
"""Rows of either side that are looked at."""
FOLDS = 3
STRETCHES = 48
"""Consecutive stretches of each side; a fold is every third, at random."""
_FOLDS_SHARE = 2.0


@dataclass(frozen=True)
class ToldApart:
    """How well later rows were told from earlier ones.

    Parameters
    ----------
    auc : float
        Probability that a later row is scored above an earlier one of the same fold: 0.5 where
        nothing tells them apart, 1 where everything does.
    se : float
        Standard error of `auc`, over stretches of time.
    rows : tuple of int
        Earlier and later rows that were looked at.
    features : tuple of (str, float)
        Each feature with its share of the model's gain, largest first; what tells the sides apart
        only if `auc` says that something does.
    """

    auc: float
    se: float
    rows: tuple[int, int]
    features: tuple[tuple[str, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        return {
            "auc": self.auc,
            "se": self.se,
            "rows": list(self.rows),
            "features": [list(pair) for pair in self.features],
        }


def tellable(log: AuctionLog, features: Sequence[str]) -> tuple[str, ...]:
    """Return those of `features` that may tell drift: all but the calendar's.

    The hour and the weekday name the moment of a row; that a later row is later is no drift.

    Raises
    ------
    ModelError
        If the log lacks a feature, or a model may not use it.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"market_price_cpm": [1.0], "market_price_kind": "known",
    ...                       "exchange": "a", "timestamp": pd.Timestamp("2026-03-02", tz="UTC")})
    >>> tellable(AuctionLog(frame), ("exchange", "hour"))
    ('exchange',)
    """
    return tuple(name for name in checked_features(log, features) if name not in CALENDAR)


def tell_apart(
    before: AuctionLog, after: AuctionLog, features: Sequence[str], rng: np.random.Generator
) -> ToldApart:
    """Fit a small model that tells `after` from `before`, and score it on rows it has not seen.

    Parameters
    ----------
    before, after : AuctionLog
        Earlier and later rows, each in time order.
    features : sequence of str
        Request columns; ``hour`` and ``weekday`` are left out (see `tellable`).
    rng : numpy.random.Generator
        Draws at most `MOST_ROWS` rows of either side, and the folds.

    Raises
    ------
    DataError
        If a side has too few rows, or no feature is left.
    ModelError
        If a log lacks a feature, or a model may not use it.

    Notes
    -----
    Each side is cut into 48 stretches of consecutive rows and a third of them is scored by a model
    of the others, so that rows which resemble their neighbours in time are not scored by them.
    The error adds the squared sums of placement values (DeLong) over stretches, not rows, which
    are no independent draws. The folds score each other's rows: with p_i the chance pattern of fold
    i, fold i scores p_i * sum(p_j), and the sum over folds has twice the variance that its terms
    have, whatever the number of folds. The variance is doubled for it, which is too wide only
    where something does tell the sides apart.

    References
    ----------
    Pan et al. (2020), Adversarial validation approach to concept drift problem in user targeting
    automation systems at Uber, AdKDD. DeLong, DeLong & Clarke-Pearson (1988), Comparing the areas
    under correlated receiver operating characteristic curves. Obuchowski (1997), Nonparametric
    analysis of clustered ROC curve data.

    Examples
    --------
    >>> import pandas as pd
    >>> from kit.data.log import LogMeta
    >>> frame = pd.DataFrame({"market_price_cpm": 1.0, "market_price_kind": "known",
    ...                       "size": np.arange(2000.0)})
    >>> log = AuctionLog(frame, LogMeta("example", features=("size",)))
    >>> found = tell_apart(log.rows(slice(0, 1000)), log.rows(slice(1000, None)), ["size"],
    ...                    np.random.default_rng(0))
    >>> found.auc > 0.98, found.features[0][0]
    (True, 'size')
    """
    names = tellable(before, features)
    if not names:
        raise DataError(
            f"features: got {', '.join(features) or 'none'}; must name at least one request column "
            "besides hour and weekday. Pass the columns that the model reads."
        )
    sides = [_sample(name, log, rng) for name, log in (("before", before), ("after", after))]
    table = _joint_table(sides[0], sides[1], names)
    matrix = np.concatenate([table.matrix(side) for side in sides])
    later = np.repeat([False, True], [len(side) for side in sides])
    stretch = np.concatenate([_stretches(len(side)) for side in sides])
    fold = np.concatenate([rng.permutation(np.arange(STRETCHES) % FOLDS) for _ in sides])
    stretch[later] += STRETCHES
    probe = Probe(matrix, table.categorical)
    auc, se = _cross_fitted(probe, later, stretch, fold[stretch])
    ranked = table.importance(probe.gain, np.zeros(len(names)))
    told = zip(ranked["feature"].tolist(), map(float, ranked["gain"]), strict=True)
    return ToldApart(auc, se, (len(sides[0]), len(sides[1])), tuple(told))


def _sample(side: str, log: AuctionLog, rng: np.random.Generator) -> AuctionLog:
    if len(log) < STRETCHES:
        raise DataError(
            f"{side}: has {len(log)} rows; must have at least {STRETCHES}, one a stretch of time. "
            "Pass a longer log."
        )
    if len(log) <= MOST_ROWS:
        return log
    return log.rows(np.sort(rng.choice(len(log), MOST_ROWS, replace=False)))


def _joint_table(before: AuctionLog, after: AuctionLog, names: tuple[str, ...]) -> FeatureTable:
    """Return a table that knows the labels of both sides: a new label is what tells them apart."""
    table = FeatureTable.of(before, names)
    table.check(after.frame.columns)
    other = FeatureTable.of(after, names)
    known = {
        name: tuple(dict.fromkeys((*labels, *other.labels.get(name, ()))))
        for name, labels in table.labels.items()
    }
    return replace(table, labels=known)


def _stretches(rows: int) -> Codes:
    return np.arange(rows) * STRETCHES // rows


def _cross_fitted(
    probe: Probe, later: NDArray[np.bool_], stretch: Codes, fold: Codes
) -> tuple[float, float]:
    """Return the AUC over rows scored by models of other folds, and its standard error."""
    placed = np.empty(len(later))
    for number in range(FOLDS):
        held = fold == number
        placed[held] = _placements(probe.scores(later, ~held, number), later[held])
    auc = float(placed[later].mean())
    variance = 0.0
    for side, centre in ((later, auc), (~later, float(placed[~later].mean()))):
        sums = np.bincount(stretch[side], placed[side] - centre)
        variance += float((sums**2).sum()) / side.sum() ** 2 * STRETCHES / (STRETCHES - 1)
    return auc, math.sqrt(_FOLDS_SHARE * variance)


def _placements(score: Array, later: NDArray[np.bool_]) -> Array:
    """Return for each later row the share of earlier ones below it, and the other way round."""
    rank = rankdata(score)
    own = np.empty(len(score))
    own[later], own[~later] = rankdata(score[later]), rankdata(score[~later])
    below = (rank - own) / np.where(later, (~later).sum(), later.sum())
    return np.asarray(np.where(later, below, 1 - below))
