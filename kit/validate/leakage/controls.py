"""Controls: what a model scores that should score nothing, and what time it lives on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from kit.models.leak_probe import Probe
from kit.models.reliability import roc_auc
from kit.validate.leakage.bins import auc_error
from kit.validate.leakage.pair import Array, Mask, Pair
from kit.validate.leakage.report import Finding, Outcome

Build = Callable[[pd.DataFrame, pd.DataFrame], tuple[pd.DataFrame, pd.DataFrame]]
"""From the rows of train and tune (the target among their columns) to both with features added."""

LEAST_SHUFFLED = 0.56
"""An AUC on tune that a model of shuffled train labels may not reach."""
LEAST_GAP = 0.05
"""How much better rows may be scored among their neighbours in time than without them."""
LEAST_Z = 4.0
SHUFFLES = 2
FOLDS = 3
STRETCHES = 48
"""Stretches of about as many rows each; a fold is every third, at random."""
_TOO_FEW = "fewer than 40 positive labels in a part"
_NEGATIVES = 10
_LEAST_ROWS = 2_000
_MOST_POSITIVES = 4_000
_MOST_LEVELS = 1_000
_LEAST_POSITIVES = 40


@dataclass(frozen=True, eq=False)
class _Sample:
    """Rows for a probe: all positives (at most 4,000) and ten negatives to each."""

    names: list[str]
    matrix: np.ndarray
    label: Mask
    in_train: Mask
    categorical: list[int]

    def probe(self) -> Probe:
        """Return a probe of these rows."""
        return Probe(self.matrix, self.categorical)


def shuffled_target(pair: Pair, rng: np.random.Generator, build: Build | None) -> Outcome:
    """Build features from shuffled train labels, fit on those, and score on tune.

    A score better than chance says that labels of tune reach the features.
    """
    if build is None:
        told = "no pipeline passed as build: columns as they are know nothing of a shuffle"
        return Outcome("shuffled_target", not_checked=told)
    if not _enough(pair):
        return Outcome("shuffled_target", not_checked=_TOO_FEW)
    scores, error = [], 1.0
    for shuffle in range(SHUFFLES):
        label = _shuffled(pair, rng)
        sample = _sample(_rebuilt(pair, label, build), label, rng)
        if not sample.names:
            return Outcome("shuffled_target", not_checked="no features")
        held = sample.label[~sample.in_train]
        scores.append(_auc(sample.probe().scores(sample.label, sample.in_train, shuffle), held))
        error = auc_error(0.5, held.sum(), (~held).sum())
    mean = float(np.mean(scores))
    # shuffles share their tune rows: their mean is hardly surer than one of them
    if mean < LEAST_SHUFFLED or mean - 0.5 < LEAST_Z * error / np.sqrt(2):
        return Outcome("shuffled_target")
    strength = f"AUC {mean:.3f} on tune after fitting on shuffled labels ({SHUFFLES} shuffles)"
    why = "Chance gives 0.5: labels of tune reach the features."
    mend = "Compute features of both parts from train rows only, before each row's time."
    return Outcome("shuffled_target", (Finding("shuffled_target", (), strength, why, mend),))


def shuffled_time(pair: Pair, rng: np.random.Generator) -> Outcome:
    """Score every row by a model of other rows: single rows at random, or whole stretches of time.

    Rows, and the size and days of what is learned from, are the same. A large gap says that the
    model knows a row by its neighbours within the hour, which it will not have.
    """
    if pair.time is None:
        return Outcome("shuffled_time", not_checked="no timestamp and no time_index")
    if not pair.features:
        return Outcome("shuffled_time", not_checked="no features")
    if not _enough(pair):
        return Outcome("shuffled_time", not_checked=_TOO_FEW)
    sample = _sample(pair, pair.label, rng, pair.time)
    count = len(sample.label)
    fold = np.arange(STRETCHES) % FOLDS
    stretch = rng.permutation(fold)[np.arange(count) * STRETCHES // count]
    probe = sample.probe()
    by_time = _crossed(probe, sample.label, stretch)
    honest = probe.gain.copy()
    at_random = _crossed(probe, sample.label, rng.permutation(stretch))
    gap, error = paired_gap(at_random, by_time, sample.label)
    if gap < LEAST_GAP or gap < LEAST_Z * error:
        return Outcome("shuffled_time")
    strength = (
        f"AUC {_auc(at_random, sample.label):.3f} with rows left out at random, "
        f"{_auc(by_time, sample.label):.3f} with stretches of time left out; the former leans most "
        f"on {sample.names[int((probe.gain - honest).argmax())]}"
    )
    why = "Features name the moment of a row: a random split would flatter any model of them."
    mend = "Leave out counters, batch and session marks; judge on later days only."
    return Outcome("shuffled_time", (Finding("shuffled_time", (), strength, why, mend),))


def _enough(pair: Pair) -> bool:
    rows = pair.label
    return bool(min(rows[pair.in_train].sum(), rows[~pair.in_train].sum()) >= _LEAST_POSITIVES)


def _shuffled(pair: Pair, rng: np.random.Generator) -> Mask:
    """Return the labels with those of train in another order."""
    label = pair.label.copy()
    rows = np.flatnonzero(pair.labelled & pair.in_train)
    label[rows] = rng.permutation(label[rows])
    return label


def _rebuilt(pair: Pair, label: Mask, build: Build) -> Pair:
    first = len(pair.train)
    return built(pair, build, label[:first], pair.flags(pair.target)[first:])


def built(pair: Pair, build: Build, train_label: Mask, tune_label: Mask) -> Pair:
    """Return the pair with the features that a pipeline adds when it is shown these labels."""
    sides = build(
        pair.train.assign(**{pair.target: train_label}),
        pair.tune.assign(**{pair.target: tune_label}),
    )
    added = [str(name) for name in sides[0].columns if name not in pair.train.columns]
    return Pair(
        *sides, (*pair.features, *added), pair.target, pair.labelled, pair.time, pair.label_time,
        pair.mature_at, pair.rows_drop_out,
    )  # fmt: skip


def _sample(
    pair: Pair, label: Mask, rng: np.random.Generator, order: np.ndarray | None = None
) -> _Sample:
    """Return the rows of a probe, in the order given."""
    rows = np.sort(
        np.concatenate(
            [_chosen(pair, label, side, rng) for side in (pair.in_train, ~pair.in_train)]
        )
    )
    if order is not None:
        rows = rows[np.argsort(order[rows], kind="stable")]
    names = [name for name in pair.features if pair.has(name)]
    matrix = np.empty((len(rows), len(names)), dtype=np.float32, order="F")
    categorical = []
    for place, name in enumerate(names):
        if pair.is_label(name):
            matrix[:, place] = _frequent(pair.codes(name)[0][rows])
            categorical.append(place)
        else:
            matrix[:, place] = pair.numbers(name)[rows]
    return _Sample(names, matrix, label[rows], pair.in_train[rows], categorical)


def _chosen(pair: Pair, label: Mask, side: Mask, rng: np.random.Generator) -> np.ndarray:
    positive = np.flatnonzero(pair.labelled & side & label)
    negative = np.flatnonzero(pair.labelled & side & ~label)
    if len(positive) > _MOST_POSITIVES:
        positive = rng.choice(positive, _MOST_POSITIVES, replace=False)
    least = max(_NEGATIVES * len(positive), _LEAST_ROWS)
    if len(negative) > least:
        negative = rng.choice(negative, least, replace=False)
    return np.concatenate([positive, negative])


def _frequent(codes: np.ndarray) -> Array:
    """Return codes by how frequent their level is; NaN for missing and for all but 1,000 levels."""
    number = np.bincount(codes[codes >= 0], minlength=1)
    rank = np.empty(len(number) + 1)
    rank[np.argsort(-number, kind="stable")] = np.arange(len(number))
    rank[rank >= _MOST_LEVELS] = np.nan
    rank[-1] = np.nan
    return np.asarray(rank[codes])


def _crossed(probe: Probe, label: Mask, fold: np.ndarray) -> Array:
    """Return each row's score by a model of the other folds, in ranks within its fold."""
    scores = np.empty(len(fold))
    for number in range(FOLDS):
        held = fold == number
        scores[held] = rankdata(probe.scores(label, ~held, number)) / max(held.sum(), 1)
    return scores


def _auc(score: Array, label: Mask) -> float:
    found = roc_auc(score, label)
    return 0.5 if found is None else found


def paired_gap(one: Array, other: Array, label: Mask) -> tuple[float, float]:
    """Return how much larger the first score's AUC is, and its standard error.

    References
    ----------
    DeLong, DeLong & Clarke-Pearson (1988), Comparing the areas under two or more correlated
    receiver operating characteristic curves, eq. 5.

    Examples
    --------
    >>> label = np.array([True, True, False, False])
    >>> paired_gap(np.array([4.0, 3.0, 2.0, 1.0]), np.array([4.0, 1.0, 3.0, 2.0]), label)[0]
    0.5
    """
    parts = [_placements(score, label) for score in (one, other)]
    gap = float(parts[0][0].mean() - parts[1][0].mean())
    sides = (parts[0][side] - parts[1][side] for side in (0, 1))
    return gap, float(np.sqrt(sum(side.var() / max(len(side) - 1, 1) for side in sides)))


def _placements(score: Array, label: Mask) -> tuple[Array, Array]:
    """Return for each positive the share of negatives below it, and the other way round."""
    rank = rankdata(score)
    above = (rank[label] - rankdata(score[label])) / max((~label).sum(), 1)
    below = 1 - (rank[~label] - rankdata(score[~label])) / max(label.sum(), 1)
    return above, below
