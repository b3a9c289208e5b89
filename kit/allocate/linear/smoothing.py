"""The smoothed dual of a linear program, evaluated by compiled passes over its pairs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kit.allocate.linear import kernels_dual as kernels
from kit.allocate.tables import AllocationTables

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Bend:
    """Rows in which a small change of prices moves the plan: the second derivative.

    Parameters
    ----------
    row_end : ndarray of int64, shape (R,)
        Where each row's entries end.
    weight : ndarray, shape (R,)
        Capacity over the width of the smoothing.
    full : ndarray of bool, shape (R,)
        Whether the row is sold out.
    demand, cost : ndarray, shape (E,)
        The entries.
    """

    row_end: Ints
    weight: Floats
    full: NDArray[np.bool_]
    demand: Codes
    cost: Floats

    @property
    def _parts(self) -> tuple[int, Ints, Floats, NDArray[np.bool_], Codes, Floats]:
        return (len(self.row_end), self.row_end, self.weight, self.full, self.demand, self.cost)

    def diagonal(self, demands: int) -> Floats:
        """Return the diagonal, shape (demands,)."""
        out = np.empty(demands)
        kernels.curvature_diagonal(*self._parts, out)
        return out

    def product(self, vector: Floats) -> Floats:
        """Return the second derivative times a vector."""
        out = np.empty(len(vector))
        kernels.curvature_product(*self._parts, vector, out)
        return out

    @classmethod
    def joined(cls, parts: list[Bend]) -> Bend:
        """Return the rows of several parts, in their order."""
        before = np.cumsum([0, *(len(part.demand) for part in parts)])
        return cls(
            np.concatenate([part.row_end + at for part, at in zip(parts, before, strict=False)]),
            np.concatenate([part.weight for part in parts]),
            np.concatenate([part.full for part in parts]),
            np.concatenate([part.demand for part in parts]),
            np.concatenate([part.cost for part in parts]),
        )


@dataclass(frozen=True, eq=False)
class Sweep:
    """What one pass over the pairs adds up, at given prices.

    Parameters
    ----------
    dual, smooth : float
        The supply's part of the dual, and of the smoothed dual.
    value : float
        What the smoothed plan earns.
    spend : ndarray, shape (D,)
        What it costs each demand.
    bend : Bend
        The rows between two plans.
    """

    dual: float
    smooth: float
    value: float
    spend: Floats
    bend: Bend


class Source(Protocol):
    """Pairs that can be passed over: in memory, or in partitions elsewhere."""

    rows: int
    budget: Floats
    ceiling: Floats

    def sweep(self, prices: Floats, gamma: float) -> Sweep:
        """Return the sums at these prices and this smoothing."""
        ...

    def sample(self, share: float) -> Pairs:
        """Return every so many rows, their capacity scaled up to the whole."""
        ...


@dataclass(eq=False)
class Pairs:
    """Pairs in memory, sorted by row.

    Parameters
    ----------
    row_start : ndarray of int64, shape (S + 1,)
    demand : ndarray of int32, shape (P,)
    value, cost : ndarray, shape (P,)
    capacity : ndarray, shape (S,)
        Finite.
    budget : ndarray, shape (D,)
        Of the whole problem.
    centre : ndarray, shape (P,) or (0,)
        Plan that the smoothing pulls towards, as shares of the rows; empty: nothing.
    room : int
        Most entries that are kept for the curvature; beyond it, rows are thinned out.
    """

    row_start: Ints
    demand: Codes
    value: Floats
    cost: Floats
    capacity: Floats
    budget: Floats
    centre: Floats = field(default_factory=lambda: np.empty(0))
    room: int = 4_000_000

    def __post_init__(self) -> None:
        self.rows = len(self.row_start) - 1
        self.ceiling = np.zeros(len(self.budget))
        if (self.budget <= 0).any():
            kernels.ceiling(self.demand, self.value, self.cost, self.ceiling)

    @classmethod
    def of(cls, tables: AllocationTables) -> Pairs:
        """Take over the arrays of checked tables.

        Raises
        ------
        SolverError
            If some pair earns money without limit.
        """
        return cls(
            tables.row_start, tables.demand_code, tables.value, tables.cost,
            tables.bounded_capacity(), tables.budget,
        )  # fmt: skip

    @property
    def arrays(self) -> tuple[Ints, Codes, Floats, Floats, Floats]:
        """The problem's arrays, in the order of the kernels' arguments."""
        return self.row_start, self.demand, self.value, self.cost, self.capacity

    def sweep(self, prices: Floats, gamma: float) -> Sweep:
        """Return the sums at these prices and this smoothing."""
        longest = int(np.diff(self.row_start).max(initial=0))
        room = min(max(self.room, longest), len(self.demand))
        rows = min(self.rows, room)
        end, weight, full = np.empty(rows, np.int64), np.empty(rows), np.empty(rows, np.bool_)
        demand, cost = np.empty(room, np.int32), np.empty(room)
        spend, totals = np.empty(len(self.budget)), np.zeros(3)
        stride, kept = 1, -1
        while kept < 0:
            kept, used = kernels.sweep(
                *self.arrays, prices, gamma, self.centre, stride,
                spend, totals, end, weight, full, demand, cost,
            )  # fmt: skip
            stride *= 2
        bend = Bend(
            end[:kept].copy(), weight[:kept].copy(), full[:kept].copy(),
            demand[:used].copy(), cost[:used].copy(),
        )  # fmt: skip
        return Sweep(totals[0], totals[1], totals[2], spend, bend)

    def sample(self, share: float) -> Pairs:
        """Return every so many rows, their capacity scaled up to the whole."""
        step = max(round(1.0 / share), 1)
        taken = np.arange(step // 2, self.rows, step)
        size = np.diff(self.row_start)[taken]
        start = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
        place = np.arange(start[-1]) + np.repeat(self.row_start[taken] - start[:-1], size)
        scale = self.capacity.sum() / max(self.capacity[taken].sum(), 1e-300)
        return Pairs(
            start, self.demand[place], self.value[place], self.cost[place],
            self.capacity[taken] * min(scale, 2.0 * step), self.budget,
        )  # fmt: skip
