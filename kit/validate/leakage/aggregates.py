"""Features that hold a mean of outcomes over rows that were still to come."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import gamma

from kit.validate.leakage.cells import Cells, daily_cells, excess, lagged
from kit.validate.leakage.outcomes import Followed, days, followed
from kit.validate.leakage.pair import Array, Codes, Mask, Pair
from kit.validate.leakage.report import Finding, Outcome

LEVEL = 1e-6
"""How improbable so close an agreement must be without the rows' own luck in the value."""
SHARE_OF_NOISE = {"rate": 0.9, "price": 0.5}
"""Least part of an outcome's variance within a level that is luck: the rest may be forecast."""
_LEAST_DAILY_Z = 4.5
_MOST_LEFT = 0.6
_FEW = 2_000
_MEND = "Compute it from rows before each row's own time only (an expanding or lagged window)."


def later_aggregates(pair: Pair, rng: np.random.Generator) -> Outcome:
    """Ask of each value that is one for a key (or a key and a day) whether it holds the rows' luck.

    A rate known beforehand differs from the rate that the rows then have by sampling error. One
    that agrees more closely was computed from those very rows: each row's own label is in it.
    """
    found: dict[str, Finding] = {}
    outcomes = followed(pair)
    for key in pair.keys:
        codes, size = pair.codes(key)
        for name in _constant(pair, codes, size):
            if name not in found:
                found.update(_judged(pair, name, key, codes, size, outcomes))
    for name, finding in _of_the_day(pair, outcomes, set(found)):
        found.setdefault(name, finding)
    return Outcome("later_aggregate", tuple(found.values()))


def _judged(
    pair: Pair, name: str, key: str, codes: Codes, size: int, outcomes: list[Followed]
) -> dict[str, Finding]:
    values = pair.numbers(name)
    everything = np.ones(len(pair), dtype=bool)
    for outcome in outcomes:
        for period, rows in (("train and tune", everything), ("train", pair.in_train)):
            chance, left = agreement(values, codes, size, outcome, rows)
            if chance < LEVEL:
                return {name: _finding(name, key, outcome.name, period, left)}
    return {}


def _finding(name: str, key: str, outcome: str, period: str, left: float) -> Finding:
    strength = (
        f"agrees with {outcome} by {key} over {period}: {100 * left:.0f} % of the sampling error "
        "is left between them"
    )
    why = "It was computed from these very rows, later ones and each row's own included."
    return Finding("later_aggregate", (name,), strength, why, _MEND)


def _constant(pair: Pair, codes: Codes, size: int) -> Iterator[str]:
    """Yield numbers that take one value in each level, over the rows of train."""
    rows = np.flatnonzero(pair.in_train & (codes >= 0))
    if size < 3 or len(rows) < 2 * size:
        return
    few = rows[:: max(1, len(rows) // _FEW)]
    for name in pair.numeric:
        values = pair.numbers(name)
        # most columns differ within a level among few rows already
        if _is_same(values[few], codes[few], size) and is_constant(values[rows], codes[rows], size):
            yield name


def is_constant(values: Array, codes: Codes, size: int) -> bool:
    """Whether a value varies between levels and not within them.

    Examples
    --------
    >>> is_constant(np.array([1.0, 2.0, 1.0, 3.0]), np.array([0, 1, 0, 2]), 3)
    True
    """
    return _is_same(values, codes, size) and len(np.unique(values[~np.isnan(values)])) >= 3


def _is_same(values: Array, codes: Codes, size: int) -> bool:
    known = ~np.isnan(values)
    values, codes = values[known], codes[known]
    first = np.zeros(size)
    first[codes] = values
    return bool((np.abs(first[codes] - values) <= 1e-9 * np.abs(values)).all())


def agreement(
    values: Array, codes: Codes, size: int, outcome: Followed, rows: Mask
) -> tuple[float, float]:
    """Return how probable so close an agreement is without the rows' luck, and what is left.

    Parameters
    ----------
    values : ndarray, shape (n,)
        A feature, one value in each level.
    codes : ndarray, shape (n,)
        Levels; -1 is none.
    size : int
        How many levels there are.
    outcome : Followed
        What it may hold the means of.
    rows : ndarray of bool, shape (n,)
        The period they may have been taken over.

    Notes
    -----
    The weighted squares left by regressing a level's mean ``r`` on ``1, f, f / n, 1 / n`` (a mean
    drawn towards the overall one is such a function) sum to about the number of levels if ``f``
    does not hold the luck of the rows; the sum's distribution is matched by a gamma with its mean
    and variance (2 + 1 / expected positives, for a rate).
    """
    kept = rows & outcome.known & (codes >= 0) & ~np.isnan(values)
    _, level = np.unique(codes[kept], return_inverse=True)
    number = np.bincount(level).astype(np.float64)
    if len(number) < 3:
        return 1.0, 1.0
    feature = np.bincount(level, values[kept]) / number
    mean = np.bincount(level, outcome.values[kept]) / number
    inner = _variance(outcome, kept, mean[level], len(number))
    design = _design(feature, number)
    free = len(number) - int(np.linalg.matrix_rank(design))
    if inner <= 0 or free < 1:
        return 1.0, 1.0
    squares = _left(design, mean, number / inner)
    if _left(design[:, :1], mean, number / inner) < 1.5 * max(squares, 1e-9):
        return 1.0, squares / free
    # a sum of so few yeses is no normal one
    spread = 2.0 + (float((1 / (inner * number)).mean()) if outcome.kind == "rate" else 0.0)
    noise = SHARE_OF_NOISE[outcome.kind]
    chance = gamma.cdf(squares / noise, free / spread, scale=spread)
    return float(chance), squares / free


def _variance(outcome: Followed, kept: Mask, mean: Array, levels: int) -> float:
    """Return an outcome's variance within a level."""
    values = outcome.values[kept]
    if outcome.kind == "rate":
        return float(values.mean() * (1 - values.mean()))
    return float(((values - mean) ** 2).sum() / max(len(values) - levels, 1))


def _design(feature: Array, number: Array) -> Array:
    scaled = (feature - feature.mean()) / max(float(feature.std()), 1e-12)
    columns = [np.ones(len(feature)), scaled]
    if len(feature) >= 12:
        few = number.min() / number
        columns += [scaled * few, few]
    return np.column_stack(columns)


def _left(design: Array, mean: Array, weight: Array) -> float:
    """Return the weighted squares that a least-squares fit leaves."""
    root = np.sqrt(weight)
    fitted = np.linalg.lstsq(design * root[:, None], mean * root, rcond=None)[0]
    return float(((mean - design @ fitted) ** 2 * weight).sum())


def _of_the_day(
    pair: Pair, outcomes: list[Followed], found: set[str]
) -> Iterator[tuple[str, Finding]]:
    """Yield values of a key and a day that agree with the outcomes of that whole day."""
    day, count = days(pair)
    for key, cells in daily_cells(pair):
        for name in set(_constant(pair, cells.place, cells.size)) - found:
            if is_constant(pair.numbers(name), day, count):
                continue
            for outcome in outcomes:
                left = _same_day(pair, name, cells, outcome)
                if left is not None:
                    yield (
                        name,
                        _finding(name, f"{key} and day", outcome.name, "the whole day", left),
                    )


def _same_day(pair: Pair, name: str, cells: Cells, outcome: Followed) -> float | None:
    """Return what is left between a value and its day's mean, None unless it is too little."""
    values = pair.numbers(name)
    everything = np.ones(len(pair), dtype=bool)
    chance, left = agreement(values, cells.place, cells.size, outcome, everything)
    if chance < LEVEL:
        return left
    target = cells.mean(outcome.values, outcome.known)
    after, same, before, count = lagged(cells.known_mean(values)[None], target)
    z = float(excess(same, np.maximum(after, before), count)[0])
    return left if z >= _LEAST_DAILY_Z and left <= _MOST_LEFT else None
