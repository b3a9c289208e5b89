"""Distribution of a censored quantity without a formula, one for each group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from kit.data.schema import AT_LEAST, AT_MOST, KNOWN
from kit.models.censored import Floats, Statements

EDGES = 512
MAX_ATOMS = 2000
"""Up to so many distinct known values are each a point of the distribution."""

_PRIOR_ROWS = 20.0
_GROUP_PRIOR_ROWS = 200.0
_ITERATIONS = 1000
_TOLERANCE = 1e-8


@dataclass(frozen=True)
class PriceShape:
    """Cumulative distributions over one common grid; the last row pools all groups.

    Parameters
    ----------
    grid : ndarray, shape (g,)
        Ascending. Points that carry mass if `atoms`, else edges of cells.
    below : ndarray, shape (groups + 1, g)
        Probability of at most ``grid[j]``, ascending along each row.
    tail : float
        Scale of the exponential tails beyond the grid, > 0.
    atoms : bool
        Whether mass sits on the points, or evenly inside the cells.

    References
    ----------
    Turnbull (1976), The empirical distribution function with arbitrarily grouped, censored and
    truncated data.
    """

    grid: Floats
    below: Floats
    tail: float
    atoms: bool

    @classmethod
    def fit(
        cls,
        statements: Statements,
        group: NDArray[np.intp],
        groups: int,
        *,
        tail: float,
        atoms: bool = False,
    ) -> PriceShape:
        """Fit by expectation maximisation, each group shrunken towards all rows.

        Parameters
        ----------
        statements : Statements
            One a row.
        group : ndarray of int, shape (n,)
            Which group a row belongs to, in [0, groups).
        groups : int
            How many groups there are.
        tail : float
            Scale of the tails; without `atoms` also of the logistic distribution around 0 that
            counts as much as 20 rows. A group counts all rows as much as 200 of its own.
        atoms : bool
            Whether known values and upper bounds are points of the distribution.
        """
        if atoms:
            grid, prior_rows = np.unique(statements.value[statements.kind != AT_LEAST]), 0.0
            prior = np.full(grid.size + 1, 1.0 / (grid.size + 1))
        else:
            grid, prior_rows = _edges(statements.value), _PRIOR_ROWS
            prior = np.diff(np.r_[0.0, expit(grid / tail), 1.0])
        counts = _counts(statements, group, groups, grid)
        pooled = _maximise(counts.sum(axis=1, keepdims=True), prior[None, :], prior_rows)
        single = _maximise(counts, pooled, _GROUP_PRIOR_ROWS) if groups > 1 else pooled
        mass = np.concatenate([single, pooled])
        below = np.minimum(np.cumsum(mass, axis=1)[:, :-1], 1.0)
        # without a tail the sum is one; rounding must not leave a sliver beyond the grid
        below[:, -1] = np.where(mass[:, -1] == 0, 1.0, below[:, -1])
        return cls(grid, below, tail, atoms)

    def probability(self, group: NDArray[np.intp], value: Floats, *, equal: bool) -> Floats:
        """Return P(X < value), or P(X <= value) if `equal`, shape (n,)."""
        place = np.searchsorted(self.grid, value, side="right" if equal else "left")
        inside = self._at_point(group, place) if self.atoms else self._inside(group, place, value)
        top = self.below[group, -1]
        excess = np.maximum(value - self.grid[-1], 0.0) / self.tail
        return np.where(value > self.grid[-1], 1.0 - (1.0 - top) * np.exp(-excess), inside)

    def _at_point(self, group: NDArray[np.intp], place: NDArray[np.intp]) -> Floats:
        return np.where(place > 0, self.below[group, np.maximum(place - 1, 0)], 0.0)

    def _inside(self, group: NDArray[np.intp], place: NDArray[np.intp], value: Floats) -> Floats:
        right = np.clip(place, 1, self.grid.size - 1)
        left_edge, right_edge = self.grid[right - 1], self.grid[right]
        share = np.clip((value - left_edge) / (right_edge - left_edge), 0.0, 1.0)
        low, high = self.below[group, right - 1], self.below[group, right]
        short = np.minimum(value - self.grid[0], 0.0) / self.tail
        return np.asarray((low + share * (high - low)) * np.exp(short))

    def quantile(self, group: NDArray[np.intp], level: Floats) -> Floats:
        """Return the value with probability `level` below it, shape (n,)."""
        result = np.empty(level.size)
        for code in np.unique(group):
            rows = group == code
            result[rows] = self._quantile(self.below[code], level[rows])
        return result

    def _quantile(self, below: Floats, level: Floats) -> Floats:
        if self.atoms:
            place = np.searchsorted(below, level, side="right")
            value = self.grid[np.minimum(place, self.grid.size - 1)]
        else:
            value = np.interp(level, below, self.grid)
            under = np.clip(level / max(below[0], 1e-300), 1e-300, 1.0)
            value = np.where(level < below[0], self.grid[0] + self.tail * np.log(under), value)
        left = max(1.0 - below[-1], 1e-300)
        over = np.clip((1.0 - level) / left, 1e-12, 1.0)
        return np.where(level > below[-1], self.grid[-1] - self.tail * np.log(over), value)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return plain arrays for an npz file."""
        return {
            "grid": self.grid,
            "below": self.below,
            "tail": np.array(self.tail),
            "atoms": np.array(self.atoms),
        }

    @classmethod
    def from_arrays(cls, raw: Mapping[str, NDArray[Any]]) -> PriceShape:
        """Read what `arrays` returned."""
        return cls(raw["grid"], raw["below"], float(raw["tail"]), bool(raw["atoms"]))


def _edges(values: Floats) -> Floats:
    """Return edges with about equally many statements between them, at least two."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, EDGES)))
    return edges if edges.size > 1 else np.array([edges[0], edges[0] + 1e-6])


def _counts(
    statements: Statements, group: NDArray[np.intp], groups: int, grid: Floats
) -> NDArray[np.float64]:
    """Return statements by kind, group and cell, shape (3, groups, cells).

    Cell ``j`` is what lies above ``grid[j - 1]`` up to ``grid[j]``; the last is beyond the grid.
    """
    cells = grid.size + 1
    place = np.searchsorted(grid, statements.value, side="left")
    # an upper bound between two points of mass allows only what lies below it
    inexact = grid[np.minimum(place, grid.size - 1)] != statements.value
    place = place - ((statements.kind == AT_MOST) & inexact & (place > 0))
    index = (statements.kind.astype(np.intp) * groups + group) * cells + place
    return np.bincount(index, minlength=3 * groups * cells).reshape(3, groups, cells).astype(float)


def _maximise(counts: NDArray[np.float64], prior: Floats, prior_rows: float) -> Floats:
    """Return the mass of each cell, shape (groups, cells), by expectation maximisation."""
    rows = counts.sum(axis=(0, 2))[:, None] + prior_rows
    mass = np.broadcast_to(prior, counts.shape[1:]).copy()
    mass = 0.5 * mass + 0.5 / mass.shape[1]
    for _ in range(_ITERATIONS):
        up_to = np.cumsum(mass, axis=1)
        from_on = np.cumsum(mass[:, ::-1], axis=1)[:, ::-1]
        most = counts[AT_MOST] / np.maximum(up_to, 1e-300)
        least = counts[AT_LEAST] / np.maximum(from_on, 1e-300)
        share = np.cumsum(most[:, ::-1], axis=1)[:, ::-1] + np.cumsum(least, axis=1)
        updated = (counts[KNOWN] + mass * share + prior_rows * prior) / np.maximum(rows, 1e-300)
        change = np.abs(updated - mass).max()
        mass = updated
        if change < _TOLERANCE:
            break
    return np.asarray(mass / mass.sum(axis=1, keepdims=True))
