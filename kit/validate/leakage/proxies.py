"""Features that know the target: by themselves far better than any forecast of it."""

from __future__ import annotations

import numpy as np

from kit.validate.leakage.bins import auc_error, binned, out_of_fold
from kit.validate.leakage.pair import Pair
from kit.validate.leakage.report import Finding, Outcome

LEAST_AUC = 0.88
"""A single column above this, by more than its error, is no forecast of a click."""
LEAST_HITS = 0.35
"""Share of all positives that one column may not find among 1 % of the negatives."""
FALSE = 0.01
_LEAST_POSITIVES = 20
_ERRORS = 1.0


def target_proxies(pair: Pair, rng: np.random.Generator) -> Outcome:
    """Score every feature by itself, each part by the other's rates in bins of the feature.

    Bins see copies, monotone and other transforms, and where a value is missing; noise lowers both
    figures. The strongest honest column (a forecast close to the truth) stays below them.
    """
    positives = int(pair.label.sum())
    negatives = int(pair.labelled.sum()) - positives
    if min(positives, negatives) < _LEAST_POSITIVES:
        told = f"{positives:,} positive and {negatives:,} negative labels: too few"
        return Outcome("target_proxy", not_checked=told)
    found = []
    for name in pair.features:
        bins, size = binned(pair, name)
        auc, hits = out_of_fold(bins, size, pair.label, pair.labelled, pair.in_train, FALSE)
        error = auc_error(auc, positives, negatives)
        spread = np.sqrt(hits * (1 - hits) / positives)
        if auc - _ERRORS * error >= LEAST_AUC or hits - _ERRORS * spread >= LEAST_HITS:
            found.append(_finding(name, auc, hits, pair.target))
    return Outcome("target_proxy", tuple(found))


def _finding(name: str, auc: float, hits: float, target: str) -> Finding:
    strength = f"AUC {auc:.3f} by itself, {100 * hits:.0f} % of positives among 1 % of negatives"
    why = f"No request says so much of the {target} to come: it was written after it."
    mend = "Leave the column out, or take its value as of the request."
    return Finding("target_proxy", (name,), strength, why, mend)
