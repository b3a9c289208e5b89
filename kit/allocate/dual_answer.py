"""The large-scale dual method, for problems of capacities and budgets alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kit.allocate.allocation import Allocation
from kit.allocate.tables import AllocationTables
from kit.allocate.terms.capacity import Budget, Capacity
from kit.base.errors import DataError

if TYPE_CHECKING:
    from kit.allocate.problem import AllocationProblem

Floats = NDArray[np.float64]

_LARGE = 300_000
"""Pairs from which ``auto`` takes the dual method; below, HiGHS also gives one-sided prices."""


def _plain(problem: AllocationProblem) -> bool:
    kinds = sorted(type(term).__name__ for term in problem.terms)
    known = all(isinstance(term, Capacity | Budget) for term in problem.terms)
    return known and kinds == ["Budget", "Capacity"]


def fits_dual(problem: AllocationProblem) -> bool:
    """Return whether ``auto`` takes the dual method: large, and capacities and budgets alone."""
    return len(problem.tables) >= _LARGE and _plain(problem)


def solve_dual(
    problem: AllocationProblem, gap: float, time_limit: float | None = None
) -> Allocation:
    """Solve by ascent on the duals.

    Raises
    ------
    DataError
        If the problem has other terms than the method can take.
    """
    if not _plain(problem):
        names = ", ".join(type(term).__name__ for term in problem.terms)
        raise DataError(
            f"method 'dual': the problem has terms {names}; must be Capacity and Budget alone. "
            "Use method='exact'."
        )
    from kit.allocate.linear.lp import solve_lp

    tables = replace(problem.tables, value=problem.gain)
    found = solve_lp(tables, method="dual", gap=gap, time_limit=time_limit)

    def plan() -> Floats:
        return np.asarray(found.x, dtype=np.float64)

    prices = {"Budget": found.prices, "Capacity": _capacity_prices(tables, found.prices)}
    return Allocation(
        problem, plan, found.objective, found.bound, found.method, found.seconds, prices=prices
    )


def _capacity_prices(tables: AllocationTables, budget: Floats) -> Floats:
    """Return what one more impression of each supply row is worth at the budgets' prices."""
    left = tables.value - budget[tables.demand_code] * tables.cost
    best = np.zeros(len(tables.capacity))
    np.maximum.at(best, tables.supply_code, left)
    return best
