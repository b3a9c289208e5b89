"""Daily means of a key: what a feature joined by key and day can hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kit.validate.leakage.outcomes import days
from kit.validate.leakage.pair import Array, Codes, Mask, Pair

_MOST_CELLS = 20_000
_LEAST_ROWS = 5.0
_LEAST_PAIRS = 20
_LEAST_DAYS = 4


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells of a key and a day.

    Parameters
    ----------
    place : ndarray, shape (n,)
        Each row's cell, key by key; -1 where it has no key.
    shape : tuple of int
        Keys and days.
    """

    place: Codes
    shape: tuple[int, int]

    @property
    def size(self) -> int:
        """How many cells there are."""
        return self.shape[0] * self.shape[1]

    def mean(self, values: Array, known: Mask) -> Array:
        """Return the mean of each cell, shape (keys, days); NaN where it has no known row."""
        rows = known & (self.place >= 0)
        number = np.bincount(self.place[rows], minlength=self.size)
        total = np.bincount(self.place[rows], values[rows], self.size)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(total / np.where(number > 0, number, np.nan)).reshape(self.shape)

    def known_mean(self, values: Array) -> Array:
        """Return the mean of each cell over the rows where a value is there."""
        known = ~np.isnan(values)
        return self.mean(np.where(known, values, 0.0), known)


def daily_cells(pair: Pair) -> Iterator[tuple[str, Cells]]:
    """Yield each key with its cells, where there are days and rows enough to have means."""
    day, count = days(pair)
    if count < _LEAST_DAYS:
        return
    for key in pair.keys:
        cells = _cells_of(pair, key, day, count)
        if cells is not None:
            yield key, cells


def _cells_of(pair: Pair, key: str, day: Codes, days: int) -> Cells | None:
    """Return the cells of a key, None where they would hold too few rows to have a mean."""
    codes, size = pair.codes(key)
    if size < 2 or size * days > min(_MOST_CELLS, len(pair) / _LEAST_ROWS):
        return None
    return Cells(np.where(codes >= 0, codes * days + day, -1), (size, days))


def lagged(own: Array, target: Array) -> tuple[Array, Array, Array, int]:
    """Return correlations of daily values with the next, the same and the last day's target.

    What belongs to a key or to a day as such is taken out first.

    Parameters
    ----------
    own : ndarray, shape (features, keys, days)
        Daily means of features.
    target : ndarray, shape (keys, days)
        Daily means of an outcome.

    Returns
    -------
    after, same, before : ndarray, shape (features,)
        Sizes of the correlations.
    count : int
        Cells that have all three.
    """
    right = _bare(target[None])[0]
    sides = np.stack([right[:, 2:], right[:, 1:-1], right[:, :-2]])
    known = ~np.isnan(sides).any(axis=0)
    count = int(known.sum())
    if count < _LEAST_PAIRS:
        nothing = np.zeros(len(own))
        return nothing, nothing, nothing, 0
    middle = np.nan_to_num(_bare(own)[:, :, 1:-1][:, known])
    after, same, before = np.abs(_correlations(middle, sides[:, known]))
    return after, same, before, count


def excess(one: Array, other: Array, count: int) -> Array:
    """Return by how many standard errors one correlation exceeds another (Fisher's z)."""
    apart = np.arctanh(np.minimum(one, 0.9999)) - np.arctanh(np.minimum(other, 0.9999))
    return np.asarray(apart * np.sqrt(max(count - 3, 0) / 2))


def _bare(tables: Array) -> Array:
    """Take out the means of keys and of days of each table, shape (tables, keys, days)."""
    known = ~np.isnan(tables)
    out = np.where(known, tables, 0.0)
    for _ in range(2):
        for axis in (1, 2):
            number = np.maximum(known.sum(axis=axis, keepdims=True), 1)
            out = np.where(known, out - out.sum(axis=axis, keepdims=True) / number, 0.0)
    return np.where(known, out, np.nan)


def _correlations(rows: Array, sides: Array) -> Array:
    """Return the correlation of each side with each row, shape (sides, rows)."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    sides = sides - sides.mean(axis=1, keepdims=True)
    size = np.sqrt((sides**2).sum(axis=1)[:, None] * (rows**2).sum(axis=1)[None])
    return np.asarray(sides @ rows.T / np.maximum(size, 1e-9))
