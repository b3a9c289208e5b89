"""Ids that a model can remember rows by, and that say nothing of later rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, poisson

from kit.validate.leakage.bins import auc_error, counts, rates, separation
from kit.validate.leakage.pair import NAMES_ROWS, Codes, Mask, Pair
from kit.validate.leakage.report import Finding, Outcome

FEW_ROWS = 3.0
"""With so few train rows a level, a level's rate is its own label."""
SOME_ROWS = 10.0
"""Up to here an id is doubtful, and named only if it is shown to say nothing of later rows."""
LEAST_GAP = 0.2
"""By how much the rate of a level looks better on the rows it was taken from."""
_SIGNAL_LEVEL = 0.02
_NO_SIGNAL_RATIO = 1.15
_LEAST_POSITIVES = 20
_QUARTERS = 4
_LEAST_RETURNING = 0.1
_LARGE = 100
"""Levels of more rows than this say nothing of how small ones do."""


def memorising_ids(pair: Pair, rng: np.random.Generator) -> Outcome:
    """Score each label column in sample and on later rows, where a level has few rows.

    An id with signal has more pairs of positives in one level, from different quarters of the
    time, than chance gives; such an id is not named.
    """
    if int((pair.label & pair.in_train).sum()) < _LEAST_POSITIVES:
        return Outcome("memorising_id", not_checked="too few positive train labels")
    found = [_names_rows(name) for name in pair.features if name in NAMES_ROWS]
    for name in pair.features:
        if name not in NAMES_ROWS and pair.is_label(name):
            finding = _judged(pair, name)
            found += [finding] if finding is not None else []
    return Outcome("memorising_id", tuple(found))


def _names_rows(name: str) -> Finding:
    why = "It says which row it is: a model learns labels by heart."
    return Finding("memorising_id", (name,), "names rows", why, "Leave the column out.")


def _judged(pair: Pair, name: str) -> Finding | None:
    codes, size = pair.codes(name)
    rows = typical_rows(codes[pair.in_train & pair.labelled])
    if rows > SOME_ROWS:
        return None
    inside, later, error = _in_and_out(pair, codes + 1, size + 1)
    if inside - later < LEAST_GAP + error or _says_something(pair, codes, size, rows):
        return None
    strength = (
        f"{rows:.3g} train rows in the level of a typical row; its rates score AUC {inside:.2f} on "
        f"those rows and {later:.2f} on later ones"
    )
    why = "A model learns labels by heart with it."
    mend = "Leave the column out, or group its levels into fewer that recur."
    return Finding("memorising_id", (name,), strength, why, mend)


def typical_rows(codes: Codes) -> float:
    """Return how many rows the level of a typical row has: the median over rows.

    Examples
    --------
    >>> typical_rows(np.array([0, 1, 1, 1]))
    3.0
    """
    known = codes[codes >= 0]
    return float(np.median(np.bincount(known)[known])) if len(known) else np.inf


def _in_and_out(pair: Pair, bins: Codes, size: int) -> tuple[float, float, float]:
    """Return the AUC of train's rates on train and on tune, and the error of the latter."""
    own = counts(bins, size, pair.label, pair.labelled & pair.in_train)
    other = counts(bins, size, pair.label, pair.labelled & ~pair.in_train)
    inside, _ = separation(rates(*own), *own, 0.01)
    later, _ = separation(rates(*own), *other, 0.01)
    return inside, later, auc_error(later, other[0].sum(), other[1].sum())


def _says_something(pair: Pair, codes: Codes, size: int, rows: float) -> bool:
    """Whether positives recur in a level, in another quarter of the time, beyond chance.

    Of clicks as well: an id that tells who clicks is an attribute, not a mark of rows.
    """
    number = np.bincount(codes[codes >= 0], minlength=size)
    codes = np.where((codes >= 0) & (number[codes] <= _LARGE), codes, -1)
    if _returning(pair, codes) < _LEAST_RETURNING:
        return False
    asked = [(pair.label, pair.labelled)]
    if pair.has("click") and pair.target != "click":
        asked.append((pair.flags("click"), np.ones(len(pair), dtype=bool)))
    highest = 0.0
    for label, known in asked:
        seen, chance = recurring(label, known, codes, size)
        if poisson.sf(seen - 1, chance) < _SIGNAL_LEVEL:
            return True
        highest = max(highest, float(chi2.isf(0.025, 2 * seen + 2)) / 2 / max(chance, 1e-9))
    return rows > FEW_ROWS and highest > _NO_SIGNAL_RATIO


def _returning(pair: Pair, codes: Codes) -> float:
    """Return the share of tune rows, of those with a level, whose level train has."""
    tune = codes[~pair.in_train]
    tune = tune[tune >= 0]
    return float(np.isin(tune, codes[pair.in_train]).mean()) if len(tune) else 0.0


def recurring(label: Mask, known: Mask, codes: Codes, size: int) -> tuple[float, float]:
    """Return pairs of positives of one level from different quarters: seen, and by chance."""
    rows = np.flatnonzero(known & (codes >= 0))
    quarter = np.arange(len(rows)) * _QUARTERS // max(len(rows), 1)
    shape = (_QUARTERS, size)
    place = quarter * size + codes[rows]
    total = np.bincount(place, minlength=_QUARTERS * size).reshape(shape).astype(np.float64)
    positive = np.bincount(place, label[rows].astype(np.float64), _QUARTERS * size).reshape(shape)
    rate = positive.sum(axis=1) / np.maximum(total.sum(axis=1), 1)
    return _cross(positive), _cross(total * rate[:, None])


def _cross(table: NDArray[np.generic]) -> float:
    """Return the sum over levels of products of different quarters."""
    return float((table.sum(axis=0) ** 2 - (table**2).sum(axis=0)).sum() / 2)
