"""The linear program of capacities and budgets by HiGHS, certified from its prices."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.allocate.highs import quiet_highs, run_highs
from kit.allocate.linear.dual import Found
from kit.allocate.linear.feasible import feasible_plan
from kit.allocate.linear.smoothing import Pairs
from kit.base.errors import SolverError

Floats = NDArray[np.float64]

INTERIOR = 20_000
"""Pairs from which the interior point method beats the simplex method."""


def solve_exact(pairs: Pairs, gap: float, deadline: float) -> Found:
    """Solve by HiGHS: simplex if small, else interior point with crossover.

    The plan is made feasible to the last digit and the bound computed from the prices, so both
    hold even if HiGHS ran out of time. `gap` is not used: the answer is a vertex.

    Raises
    ------
    SolverError
        If HiGHS fails for another reason than time.
    """
    import highspy  # here: `import kit` stays light

    solver = quiet_highs()
    solver.setOptionValue("solver", "ipm" if len(pairs.value) > INTERIOR else "simplex")
    if math.isfinite(deadline):
        solver.setOptionValue("time_limit", max(deadline - time.perf_counter(), 1e-3))
    units = Units.of(pairs)
    if solver.passModel(model(highspy, pairs, units)) == highspy.HighsStatus.kError:
        raise SolverError("exact: HiGHS refused the numbers; must be of moderate size. Rescale.")
    status = run_highs(solver)
    done, late = highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kTimeLimit
    if status not in (done, late):
        raise SolverError(
            f"exact: HiGHS ended with status {solver.modelStatusToString(status)!r}; must be "
            "optimal. Try method='dual'."
        )
    iterations = max(solver.getInfo().simplex_iteration_count, 0)
    iterations += max(solver.getInfo().ipm_iteration_count, 0)
    return _certified(pairs, units, solver.getSolution(), int(iterations))


@dataclass(frozen=True)
class Units:
    """Units in which the numbers are near 1: HiGHS's tolerances are absolute.

    Parameters
    ----------
    value, amount, cost : float
        Median of what is positive.
    """

    value: float
    amount: float
    cost: float

    @classmethod
    def of(cls, pairs: Pairs) -> Units:
        """Return the units of a problem."""
        return cls(*(_middle(a) for a in (np.abs(pairs.value), pairs.capacity, pairs.cost)))


def _middle(numbers: Floats) -> float:
    positive = numbers[(numbers > 0) & np.isfinite(numbers)]
    return float(np.median(positive)) if len(positive) else 1.0


def model(highspy: Any, pairs: Pairs, units: Units) -> Any:
    """Return the program with a row a supply, then a row a demand."""
    rows, demands, size = pairs.rows, len(pairs.budget), len(pairs.value)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = size, rows + demands
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = pairs.value / units.value
    model.col_lower_, model.col_upper_ = np.zeros(size), np.full(size, math.inf)
    model.row_lower_ = np.full(rows + demands, -math.inf)
    model.row_upper_ = np.concatenate(
        [pairs.capacity / units.amount, pairs.budget / (units.amount * units.cost)]
    )
    supply = np.repeat(np.arange(rows, dtype=np.int32), np.diff(pairs.row_start))
    index = np.stack([supply, pairs.demand + np.int32(rows)], axis=1).ravel()
    matrix = model.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kColwise
    matrix.start_ = np.arange(0, 2 * size + 1, 2, dtype=np.int32)
    matrix.index_ = index
    matrix.value_ = np.stack([np.ones(size), pairs.cost / units.cost], axis=1).ravel()
    return model


def _certified(pairs: Pairs, units: Units, solution: Any, iterations: int) -> Found:
    x, dual = np.asarray(solution.col_value) * units.amount, np.asarray(solution.row_dual)
    shares = np.zeros(len(pairs.value))
    if solution.value_valid and len(x) == len(shares):
        size = np.repeat(pairs.capacity, np.diff(pairs.row_start))
        np.divide(np.maximum(x, 0.0), size, out=shares, where=size > 0)
        shares[~np.isfinite(shares)] = 0.0
    price = np.zeros(len(pairs.budget))
    if solution.dual_valid and len(dual) == pairs.rows + len(price):
        price = np.maximum(dual[pairs.rows :], 0.0) * (units.value / units.cost)
        price[~np.isfinite(price)] = 0.0
    limited = (pairs.budget > 0) & np.isfinite(pairs.budget)
    price = np.where(limited, price, pairs.ceiling)
    price[np.isinf(pairs.budget)] = 0.0
    x, objective = feasible_plan(pairs, shares, price)
    bound = float(pairs.budget[limited] @ price[limited]) + pairs.sweep(price, 1.0).dual
    return Found(x, objective, max(bound, objective), price, iterations)
