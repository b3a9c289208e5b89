"""Features that look ahead: they agree with what follows more than with what came before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kit.validate.leakage.bins import ranked
from kit.validate.leakage.cells import daily_cells, excess, lagged
from kit.validate.leakage.outcomes import Followed, followed
from kit.validate.leakage.pair import Array, Codes, Pair
from kit.validate.leakage.report import Finding, Outcome

LEAST_EXCESS = 0.03
"""By how much a correlation with the next row's outcome must exceed that with the last one's."""
LEAST_Z = 6.0
"""The same in standard errors, over a few thousand comparisons of columns, keys and outcomes."""
LEAST_DAILY = 0.3
"""The same for daily means, whose few cells correlate by chance."""
LEAST_DAILY_Z = 4.5
_ROWS = 60_000
_LEAST_ROWS = 300
_MEND = "Join it backwards in time: only what was known when the request came."


@dataclass(frozen=True)
class _Hint:
    name: str
    key: str
    outcome: str
    step: str
    after: float
    before: float
    z: float


def future_joins(pair: Pair, rng: np.random.Generator) -> Outcome:
    """Compare each number with the next and the last outcome of its key, by row and by day.

    What is known from the past agrees with the past at least as well as with the future; so does
    what never changes. Keys are the label columns, and all rows together.
    """
    if pair.time is None:
        return Outcome("future_join", not_checked="no timestamp and no time_index")
    if not pair.numeric:
        return Outcome("future_join")
    strongest: dict[str, _Hint] = {}
    for hint in (*_by_row(pair, rng), *_by_day(pair)):
        if hint.name not in strongest or hint.z > strongest[hint.name].z:
            strongest[hint.name] = hint
    return Outcome("future_join", tuple(_finding(hint) for hint in strongest.values()))


def _finding(hint: _Hint) -> Finding:
    strength = (
        f"correlation {hint.after:.2f} with {hint.outcome} of the next {hint.step} of "
        f"{hint.key}, {hint.before:.2f} with the last one's ({hint.z:.0f} standard errors)"
    )
    why = "It knows what came after its row."
    return Finding("future_join", (hint.name,), strength, why, _MEND)


def _by_row(pair: Pair, rng: np.random.Generator) -> Iterator[_Hint]:
    """Yield features that agree with the next row of a key."""
    names, keys = pair.numeric, ("", *pair.keys)
    last, table = np.empty(0, dtype=np.intp), np.empty((len(names), 0))
    for outcome in followed(pair):
        rows = np.flatnonzero(outcome.known)
        rows = rows[np.argsort(_time(pair)[rows], kind="stable")]
        values = ranked(outcome.values[rows])
        some = np.arange(len(rows))
        if len(some) > _ROWS:
            some = np.sort(rng.choice(some, _ROWS, replace=False))
        if not np.array_equal(rows[some], last):
            last = rows[some]
            table = np.stack([ranked(pair.numbers(name)[last]) for name in names])
        sides = [_sides(pair, key, rows, values, some) for key in keys]
        for key, found in zip(keys, _correlated(table, sides), strict=True):
            yield from _hints(names, key, outcome, found)


def _sides(
    pair: Pair, key: str, rows: NDArray[np.intp], values: Array, some: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the next and the last value within a key, shape (2, rows), NaN unless it has both."""
    codes = pair.codes(key)[0][rows] if key else np.zeros(len(rows), dtype=np.intp)
    both = np.stack(neighbours(values, codes))[:, some]
    both[:, np.isnan(both).any(axis=0)] = np.nan
    return both


def _time(pair: Pair) -> NDArray[np.int64]:
    return np.zeros(len(pair), dtype=np.int64) if pair.time is None else pair.time


def neighbours(values: Array, codes: Codes) -> tuple[Array, Array]:
    """Return the next and the last value of each row's key, NaN where there is none.

    Examples
    --------
    >>> after, before = neighbours(np.array([1.0, 2.0, 3.0]), np.array([0, 1, 0]))
    >>> after.tolist(), before.tolist()
    ([3.0, nan, nan], [nan, nan, 1.0])
    """
    order = np.argsort(codes, kind="stable")
    same = (codes[order[1:]] == codes[order[:-1]]) & (codes[order[1:]] >= 0)
    after, before = np.full(len(values), np.nan), np.full(len(values), np.nan)
    after[order[:-1][same]] = values[order[1:][same]]
    before[order[1:][same]] = values[order[:-1][same]]
    return after, before


def _correlated(table: Array, sides: list[Array]) -> list[tuple[Array, Array, Array]]:
    """Return for each key the correlations with both sides, and their difference in errors.

    `table` has a feature a row; correlations are over the rows that have both sides.
    """
    there = np.stack([~np.isnan(side[0]) for side in sides]).astype(np.float64)
    count = np.maximum(there.sum(axis=1), 1)
    mean = table @ there.T / count
    spread = np.sqrt(np.maximum(table**2 @ there.T / count - mean**2, 1e-12))
    scaled = [_scaled(side) for side in sides]
    shared = np.abs(table @ np.concatenate(scaled).T)
    found = []
    for place, side in enumerate(scaled):
        one, other = shared[:, 2 * place : 2 * place + 2].T / (count[place] * spread[:, place])
        apart = max(1 - float(side[0] @ side[1]) / count[place], 0.05)
        enough = 0.0 if count[place] < _LEAST_ROWS else 1.0
        found.append((one, other, enough * (one - other) * np.sqrt(count[place] / (2 * apart))))
    return found


def _scaled(side: Array) -> Array:
    """Return both sides with mean 0 and variance 1, and 0 where they are not there."""
    there = ~np.isnan(side[0])
    out = np.zeros_like(side)
    if there.any():
        kept = side[:, there]
        kept -= kept.mean(axis=1, keepdims=True)
        out[:, there] = kept / np.maximum(kept.std(axis=1, keepdims=True), 1e-12)
    return out


def _hints(
    names: list[str], key: str, outcome: Followed, found: tuple[Array, Array, Array]
) -> Iterator[_Hint]:
    for name, after, before, z in zip(names, *found, strict=True):
        if after - before >= LEAST_EXCESS and z >= LEAST_Z:
            yield _Hint(name, key or "all rows", outcome.name, "row", after, before, z)


def _by_day(pair: Pair) -> Iterator[_Hint]:
    """Yield features whose daily means agree with the next day's outcome of a key."""
    for key, cells in daily_cells(pair):
        own = np.stack([cells.known_mean(pair.numbers(name)) for name in pair.numeric])
        for outcome in followed(pair):
            target = cells.mean(outcome.values, outcome.known)
            after, same, before, pairs = lagged(own, target)
            z = excess(after, before, pairs)
            ahead = (after - np.maximum(before, same) >= LEAST_DAILY) & (z >= LEAST_DAILY_Z)
            for place in np.flatnonzero(ahead):
                name, size = pair.numeric[place], (after[place], before[place], z[place])
                yield _Hint(name, key, outcome.name, "day", *size)
