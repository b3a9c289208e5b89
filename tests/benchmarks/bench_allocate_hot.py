"""One number changed: a hot re-solve against bare highspy, and what cvxpy's own interfaces take.

CPU seconds on one thread, medians over the changes, over three seeds that nothing was tuned on.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import cvxpy as cp
import highspy
import numpy as np
from scipy import sparse

from kit.allocate.problem import AllocationProblem
from kit.allocate.tables import AllocationTables
from tests.benchmarks.large_tables import arrays, frames_of
from tests.benchmarks.table import Row, Table, milliseconds

SEEDS = (1, 2, 3)
CHANGES = {10_000: 60}
"""Budgets moved, by pairs; 20 at other sizes."""


def tables(quick: bool) -> list[Table]:
    """Time budgets that move by up to 20 % at 1e4 and 1e5 pairs."""
    return [_table(pairs) for pairs in ((1_000,) if quick else (10_000, 100_000))]


def _table(pairs: int) -> Table:
    seconds: dict[str, list[float]] = {}
    for seed in SEEDS:
        with _quiet():
            drawn = frames_of(arrays(pairs, max(pairs // 100, 10), seed))
            for name, took in _race(AllocationTables.of(*drawn), seed).items():
                seconds.setdefault(name, []).extend(took)
    middle = {name: float(np.median(took)) for name, took in seconds.items()}
    kit, bare = middle["kit"], middle["bare"]
    hot = [Row("one budget changed: plan and value", milliseconds(kit),
               f"highspy, hot basis {milliseconds(bare)}", kit / bare, "<= 1.2")]  # fmt: skip
    hot += [
        Row("the same", milliseconds(kit), f"{words} {milliseconds(middle[name])}",
            kit / middle[name])
        for name, words in (("warm", "cvxpy + HiGHS, warm"), ("cold", "cvxpy + HiGHS, cold"),
                            ("clarabel", "cvxpy + Clarabel"))
    ]  # fmt: skip
    first = middle["first"]
    hot.append(Row("first solve, compilation included", milliseconds(first),
                   f"cvxpy + HiGHS, cold {milliseconds(middle['cold'])}",
                   first / middle["cold"]))  # fmt: skip
    return Table(f"Interactive re-solve, {pairs:,} pairs (CPU, medians of 3 seeds)", hot)


def _race(tables: AllocationTables, seed: int) -> dict[str, list[float]]:
    """Return CPU seconds of each way; rivals take turns at each change and must agree."""
    rng = np.random.default_rng(1000 + seed)
    took: dict[str, list[float]] = {name: [] for name in ("kit", "bare", "warm")}
    took["first"], compiled = _timed(lambda: _first(tables))
    took["cold"], rival = _timed(lambda: _Cvxpy(tables))
    took["clarabel"], other = _timed(lambda: _Cvxpy(tables, "CLARABEL"))
    bare = _Bare(tables)
    _agree(rival.value, other.value, 1e-6)
    for turn in range(CHANGES.get(len(tables), 20)):
        which = int(rng.integers(len(tables.budget)))
        budget = float(tables.budget[which] * rng.uniform(0.8, 1.2))
        ways: list[tuple[str, Callable[[], float]]] = [
            ("bare", lambda w=which, b=budget: bare.solve(w, b)),
            ("kit", lambda w=which, b=budget: _kit(compiled, w, b)),
        ]
        values = {}
        for name, way in ways if turn % 2 else reversed(ways):
            seconds, values[name] = _timed(way)
            took[name] += seconds
        _agree(values["kit"], values["bare"], 1e-9)
        if turn < 3:
            seconds, value = _timed(lambda w=which, b=budget: rival.change(w, b))
            took["warm"] += seconds
            _agree(values["kit"], value, 1e-6)
        else:
            rival.budget.value[which] = budget
    return took


def _timed(way: Callable[[], Any]) -> tuple[list[float], Any]:
    start = time.process_time()
    found = way()
    return [time.process_time() - start], found


def _agree(one: float, other: float, tolerance: float) -> None:
    if abs(one - other) > tolerance * abs(other):
        raise RuntimeError(f"values differ: {one!r} and {other!r}")


def _first(tables: AllocationTables) -> Any:
    compiled = AllocationProblem(tables).compile()
    _ = compiled.solve().x
    return compiled


def _kit(compiled: Any, which: int, budget: float) -> float:
    allocation = compiled.solve({f"budget[{which}]": budget})
    _ = allocation.x
    return float(allocation.value)


def _sides(tables: AllocationTables) -> tuple[Any, Any]:
    pairs, place = len(tables), np.arange(len(tables))
    one = (np.ones(pairs), (tables.supply_code, place))
    pay = (tables.cost, (tables.demand_code, place))
    return (
        sparse.csr_array(sparse.coo_array(one, shape=(len(tables.capacity), pairs))),
        sparse.csr_array(sparse.coo_array(pay, shape=(len(tables.budget), pairs))),
    )


class _Bare:
    """The same linear program straight in highspy, solved hot from its own basis."""

    def __init__(self, tables: AllocationTables) -> None:
        supply, demand = _sides(tables)
        matrix = sparse.csc_array(sparse.vstack([supply, demand]))
        self.first, pairs = len(tables.capacity), len(tables)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = pairs, matrix.shape[0]
        lp.col_cost_, lp.col_lower_ = -tables.value, np.zeros(pairs)
        lp.col_upper_ = np.full(pairs, np.inf)
        lp.row_lower_ = np.full(matrix.shape[0], -np.inf)
        lp.row_upper_ = np.concatenate([tables.capacity, tables.budget])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
        lp.a_matrix_.value_ = matrix.data
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("threads", 1)
        self.highs.passModel(lp)
        self.highs.setOptionValue("solver", "ipm" if pairs > 20_000 else "simplex")
        self.highs.run()
        self.highs.setOptionValue("solver", "simplex")

    def solve(self, which: int, budget: float) -> float:
        self.highs.changeRowBounds(self.first + which, -np.inf, budget)
        self.highs.run()
        _ = np.array(self.highs.getSolution().col_value)
        return -float(self.highs.getInfo().objective_function_value)


class _Cvxpy:
    """The same problem in cvxpy with parameters, vectorised, solved by its own interface."""

    def __init__(self, tables: AllocationTables, solver: str = "HIGHS") -> None:
        supply, demand = _sides(tables)
        x = cp.Variable(len(tables), nonneg=True)
        self.solver, self.budget = solver, cp.Parameter(len(tables.budget))
        self.budget.value = tables.budget.copy()
        held = [supply @ x <= tables.capacity, demand @ x <= self.budget]
        self.problem = cp.Problem(cp.Maximize(tables.value @ x), held)
        self.value = float(self.problem.solve(solver=solver))

    def change(self, which: int, budget: float) -> float:
        numbers = np.array(self.budget.value)
        numbers[which] = budget
        self.budget.value = numbers
        return float(self.problem.solve(solver=self.solver, warm_start=True))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the banner that highspy prints out of the table."""
    saved, null = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    try:
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(null)
