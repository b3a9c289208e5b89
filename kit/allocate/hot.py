"""A linear program that stays inside HiGHS: numbers change in place, the basis stays."""

from __future__ import annotations

from dataclasses import dataclass
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kit.allocate.canonical import Canonical, Program
from kit.allocate.highs import quiet_highs, run_highs
from kit.allocate.solution import Raw, Status

Floats = NDArray[np.float64]

_FEW = 8
"""Entries up to which a number's moves are worked out one by one."""

_LARGE = 20_000
"""Variables from which the first solve is by interior point: 2.6 s against 24 s at 1e5 pairs."""


@dataclass(frozen=True, eq=False)
class _Shape:
    """Which canonical rows became bounds of a variable, and what is left of them as rows."""

    keep: NDArray[np.int64]
    low: Floats
    high: Floats


class _Entries:
    """Some entries of the canonical program as functions of the numbers.

    Nearly always one number moves one entry, and then plain floats are 50 times as fast as a
    product of sparse matrices.
    """

    def __init__(
        self, tensor: Any, entries: NDArray[np.int64], place: int, row: NDArray[np.int64],
        column: NDArray[np.int64],
    ) -> None:  # fmt: skip
        self._row, self._column, self._place = row.tolist(), column.tolist(), place
        self._tensor: Any = None
        self._lines: list[tuple[float, float]] = []
        for entry in entries.tolist() if len(entries) <= _FEW else ():
            part = slice(tensor.indptr[entry], tensor.indptr[entry + 1])
            factor = dict(
                zip(tensor.indices[part].tolist(), tensor.data[part].tolist(), strict=True)
            )
            slope, constant = factor.pop(place), factor.pop(tensor.shape[1] - 1, 0.0)
            if not factor:
                self._lines.append((slope, constant))
        if len(self._lines) < len(entries):
            self._tensor = tensor[entries]

    def values(self, theta: Floats) -> list[tuple[int, int, float]]:
        """Return row, column and value of each entry."""
        if self._tensor is None:
            here = float(theta[self._place])
            found = [slope * here + constant for slope, constant in self._lines]
        else:
            found = (self._tensor @ theta).tolist()
        return list(zip(self._row, self._column, found, strict=True))


class HotModel:
    """The canonical program as one live HiGHS model.

    Parameters
    ----------
    canonical : Canonical
        A program with zero and non-negative rows only.
    theta : ndarray
        The numbers at the start, ending with a 1.

    Attributes
    ----------
    low, high : ndarray, shape (n,)
        Bounds of the variables, from rows of one variable.

    Notes
    -----
    The first solve of a large program is by interior point with crossover, which leaves a basis;
    every later one is by dual simplex from the basis at hand.

    Threads may share a model and take turns: HiGHS lets other threads of Python run while it
    solves, and a second call into the same solver would end the process.
    """

    def __init__(self, canonical: Canonical, theta: Floats) -> None:

        self.canonical, self.theta = canonical, theta.copy()
        program = canonical.numbers(theta)
        self._offset = program.d
        shape = _split(canonical, program)
        self.low, self.high = shape.low, shape.high
        self._kept = shape.keep
        self._row = np.full(canonical.shape[0], -1, dtype=np.int64)
        self._row[shape.keep] = np.arange(len(shape.keep))
        self._count = canonical.shape[1]
        self._equal = int(np.searchsorted(shape.keep, canonical.dims.zero))
        self._parts: dict[int, tuple[_Entries, _Entries | None]] = {}
        self._alone = RLock()
        self._highs = quiet_highs()
        self._highs.passModel(_model(canonical, program, shape))
        self._warm = False

    def move(self, places: list[int], theta: Floats) -> None:
        """Take over the numbers at some places of the vector of numbers."""
        with self._alone:
            for place in places:
                self.theta[place] = theta[place]
            for place in places:
                self._update(place)

    def _update(self, place: int) -> None:
        rows, costs = self._moved(place)
        for row, column, value in rows.values(self.theta):
            if column < self._count:
                self._highs.changeCoeff(row, column, value)
            else:
                self._bound(row, value)
        if costs is not None:
            self._reprice(costs.values(self.theta))

    def _bound(self, row: int, constant: float) -> None:
        high = -constant if row < self._equal else np.inf
        self._highs.changeRowBounds(row, -constant, high)

    def _reprice(self, costs: list[tuple[int, int, float]]) -> None:
        if costs and costs[-1][1] == self._count:
            self._offset = costs[-1][2]
            costs = costs[:-1]
        columns = np.array([column for _, column, _ in costs], dtype=np.int32)
        values = np.array([value for _, _, value in costs])
        self._highs.changeColsCost(len(columns), columns, values)

    def _moved(self, place: int) -> tuple[_Entries, _Entries | None]:
        """Return the entries that a number moves and how, found once."""
        if place not in self._parts:
            canonical = self.canonical
            entries, costs = canonical.moves(place)
            rows = _Entries(canonical.tensor, entries, place, self._row[canonical.row[entries]],
                            canonical.column[entries])  # fmt: skip
            priced = _Entries(canonical.cost, costs, place, costs, costs) if len(costs) else None
            self._parts[place] = rows, priced
        return self._parts[place]

    def solve(self, time_limit: float | None = None) -> Raw:
        """Solve with the present numbers; `time_limit` in seconds."""
        with self._alone:
            return self._solve(time_limit)

    def _solve(self, time_limit: float | None) -> Raw:
        highs = self._highs
        limit = np.inf if time_limit is None else highs.getRunTime() + time_limit
        highs.setOptionValue("time_limit", limit)
        large = not self._warm and highs.getNumCol() > _LARGE
        highs.setOptionValue("solver", "ipm" if large else "simplex")
        run_highs(highs)
        status = _status(highs)
        if status == "unsure":
            status = self._decided()
        elif status == "failed":  # a worn basis, or a crossover that did not end: start afresh
            highs.clearSolver()
            highs.setOptionValue("solver", "simplex")
            highs.run()
            status = _status(highs)
        self._warm = self._warm or status == "optimal"
        return self._answer(status, "highs-ipm" if large else "highs-simplex")

    def _decided(self) -> str:
        """Return whether a program is infeasible or unbounded when presolve cannot tell."""
        self._highs.setOptionValue("presolve", "off")
        self._highs.setOptionValue("solver", "simplex")
        self._highs.run()
        self._highs.setOptionValue("presolve", "choose")
        return _status(self._highs)

    def _answer(self, status: Any, method: str) -> Raw:
        highs, kept, rows = self._highs, self._kept, self.canonical.shape[0]
        answer, value = highs.getSolution(), highs.getObjectiveValue()

        def multipliers() -> Floats:
            y = np.zeros(rows)
            dual = np.array(answer.row_dual)
            if len(dual) == len(kept):
                y[kept] = dual
            return y

        word = "" if status == "optimal" else highs.modelStatusToString(highs.getModelStatus())
        return Raw(
            status if status != "unsure" else "failed", value + self._offset,
            lambda: np.array(answer.col_value), multipliers, method, word,
        )  # fmt: skip

    def solve_without(self, place: int) -> Raw:
        """Solve once as if the limit that holds this number did not exist."""
        entries, _ = self.canonical.moves(place)
        rows = sorted({int(row) for row in self._row[self.canonical.row[entries]] if row >= 0})
        with self._alone:
            lp = self._highs.getLp()
            low, high = np.array(lp.row_lower_)[rows], np.array(lp.row_upper_)[rows]
            for row in rows:
                self._highs.changeRowBounds(row, -np.inf, np.inf)
            raw = self.solve()
            for row, below, above in zip(rows, low.tolist(), high.tolist(), strict=True):
                self._highs.changeRowBounds(row, below, above)
        return raw

    def unique(self, raw: Raw) -> bool:
        """Return whether the plan and the prices of the last answer are the only optimal ones.

        So they are when no basic variable lies at a bound and no other has a zero price.
        """
        import highspy

        highs = self._highs
        with self._alone:
            basis, answer, lp = highs.getBasis(), highs.getSolution(), highs.getLp()
        basic = highspy.HighsBasisStatus.kBasic
        inside = np.array([status == basic for status in [*basis.col_status, *basis.row_status]])
        value = np.array([*answer.col_value, *answer.row_value])
        low = np.concatenate([lp.col_lower_, lp.row_lower_])
        high = np.concatenate([lp.col_upper_, lp.row_upper_])
        price = np.abs(np.array([*answer.col_dual, *answer.row_dual]))
        room = np.minimum(value - low, high - value) / np.maximum(1.0, np.abs(value))
        fixed = low == high
        at_bound = inside & (room < 1e-9)
        free_move = ~inside & ~fixed & (price < 1e-9 * max(1.0, float(price.max(initial=0.0))))
        return not (at_bound.any() or free_move.any())


def _status(highs: Any) -> str:
    import highspy

    word, found = highspy.HighsModelStatus, highs.getModelStatus()
    if found == word.kOptimal:
        return "optimal"
    known: dict[Any, Status | str] = {
        word.kInfeasible: "infeasible",
        word.kUnbounded: "unbounded",
        word.kUnboundedOrInfeasible: "unsure",
        word.kTimeLimit: "time",
        word.kModelEmpty: "optimal",
    }
    return str(known.get(found, "failed"))


def _split(canonical: Canonical, program: Program) -> _Shape:
    """Turn rows of one variable without a changeable number into bounds of the variable."""
    m, n = canonical.shape
    a = program.a
    moved = np.zeros(m, dtype=bool)
    fixed_only = np.diff(canonical.by_number[:, : canonical.size].tocsr().indptr) == 0
    moved[canonical.row[~fixed_only]] = True
    single = (np.bincount(a.indices, minlength=m) == 1) & ~moved
    single[: canonical.dims.zero] = False
    low, high = np.full(n, -np.inf), np.full(n, np.inf)
    column = np.repeat(np.arange(n), np.diff(a.indptr))
    at = single[a.indices] & (a.data != 0)
    rows, columns, factor = a.indices[at], column[at], a.data[at]
    bound = -program.b[rows] / factor
    up = factor > 0
    np.maximum.at(low, columns[up], bound[up])
    np.minimum.at(high, columns[~up], bound[~up])
    single[:] = False
    single[rows] = True
    return _Shape(np.flatnonzero(~single).astype(np.int64), low, high)


def _model(canonical: Canonical, program: Program, shape: _Shape) -> Any:
    import highspy

    rows = sparse.csc_array(program.a.tocsr()[shape.keep])
    low = -program.b[shape.keep]
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = rows.shape[1], rows.shape[0]
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.c, shape.low, shape.high
    lp.row_lower_ = low
    lp.row_upper_ = np.where(shape.keep < canonical.dims.zero, low, np.inf)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = rows.indptr, rows.indices
    lp.a_matrix_.value_ = rows.data
    return lp
