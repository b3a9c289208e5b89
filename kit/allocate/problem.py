"""An allocation problem: tables and composable terms, solved once or compiled for a slider."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kit.allocate.allocation import Allocation
from kit.allocate.compiled import CompiledProblem
from kit.allocate.modelling import Model, build
from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import Term
from kit.allocate.terms.capacity import Budget, Capacity
from kit.base.checks import one_of
from kit.base.errors import DataError

Floats = NDArray[np.float64]

OBJECTIVES = ("value", "surplus", "cost")
METHODS = ("auto", "exact", "dual")


class AllocationProblem:
    """Maximise the money of a plan within the limits of its terms.

    Parameters
    ----------
    tables : AllocationTables
        Supply, demand and eligible pairs.
    terms : sequence of Term, optional
        Limits and parts of the objective. Default: ``[Capacity(), Budget()]``.
    objective : {"value", "surplus", "cost"}
        Money of one impression: what it is worth; that less its cost (buy side); or its cost
        alone, the revenue of the seller (sell side).
    currency : str
        Sign of the money in sentences.
    period : str
        What the tables cover (``day``), for sentences such as "costs $1,310 a day".

    Raises
    ------
    DataError
        If the objective is unknown, or an entry of `terms` is no term.

    Examples
    --------
    >>> tables = AllocationTables.of(
    ...     pd.DataFrame({"supply_id": ["a", "b"], "capacity": [100.0, 50.0]}),
    ...     pd.DataFrame({"demand_id": ["line A"], "budget": [120.0]}),
    ...     pd.DataFrame({"supply_id": ["a", "b"], "demand_id": "line A", "value": [2.0, 3.0],
    ...                   "cost": 1.0}),
    ... )
    >>> allocation = AllocationProblem(tables).solve()
    >>> allocation.value, allocation.x
    (290.0, array([70., 50.]))
    >>> allocation.words()
    ['$1 more budget for line A returns $2.00.',
     '1,000 more impressions of supply b return $1,000.']
    """

    def __init__(
        self,
        tables: AllocationTables,
        terms: Sequence[Term] | None = None,
        *,
        objective: str = "value",
        currency: str = "$",
        period: str = "",
    ) -> None:
        if not isinstance(tables, AllocationTables):
            raise DataError(
                f"tables: got {type(tables).__name__}; must be AllocationTables. "
                "Use AllocationTables.of(supply, demand, pairs)."
            )
        self.tables = tables
        self.terms: tuple[Term, ...] = (Capacity(), Budget()) if terms is None else tuple(terms)
        self.side = one_of("objective", objective, OBJECTIVES)
        self.currency, self.period = currency, period

    @property
    def gain(self) -> Floats:
        """Money of one impression of each pair, shape (P,)."""
        tables = self.tables
        if self.side == "surplus":
            return tables.value - tables.cost
        return tables.cost if self.side == "cost" else tables.value

    def model(self) -> Model:
        """Return the problem in cvxpy, to be read or extended."""
        with np.errstate(invalid="ignore"):  # cvxpy's bounds of a dense product: 0 * inf
            return build(self.tables, self.terms, self.gain)

    def compile(self) -> CompiledProblem:
        """Return the problem ready for hot re-solves.

        Raises
        ------
        DataError
            If two limits share a name, or a term asks for a column that no table has.
        """
        return CompiledProblem(self)

    def solve(
        self, method: str = "auto", time_limit: float | None = None, gap: float = 1e-4
    ) -> Allocation:
        """Solve once.

        Parameters
        ----------
        method : {"auto", "exact", "dual"}
            ``exact`` by HiGHS or Clarabel; ``dual`` by ascent on the duals, for large problems
            of `Capacity` and `Budget` alone; ``auto`` takes the one that fits.
        time_limit : float, optional
            Seconds that the solver may take; then the best feasible plan is returned with its gap.
        gap : float
            Relative gap at which ``dual`` stops.

        Raises
        ------
        InfeasibleError
            If limits contradict each other.
        SolverError
            If the value is unbounded, the solver fails, or time runs out without any plan.
        DataError
            If the method is unknown or does not fit the terms.
        """
        from kit.allocate.dual_answer import fits_dual, solve_dual

        if one_of("method", method, METHODS) == "dual" or (method == "auto" and fits_dual(self)):
            return solve_dual(self, gap, time_limit)
        return self.compile().solve(time_limit=time_limit)

    def evaluate(self, x: ArrayLike) -> pd.Series[float]:
        """Return what a plan uses of every limit, indexed by name; shape of `x` is (P,).

        Raises
        ------
        DataError
            If the plan has another length.
        """
        plan = self._plan(x)
        return pd.concat([term.evaluate(plan, self.tables) for term in self.terms])

    def value(self, x: ArrayLike) -> float:
        """Return the money of a plan, parts of the terms included.

        Raises
        ------
        DataError
            If the plan has another length.
        """
        plan = self._plan(x)
        added = sum(term.objective(plan, self.tables) for term in self.terms)
        return float(self.gain @ plan) + added

    def _plan(self, x: ArrayLike) -> Floats:
        plan = np.asarray(x, dtype=np.float64)
        if plan.shape != (len(self.tables),):
            raise DataError(
                f"x: has shape {plan.shape}; must be ({len(self.tables)},), one number a pair in "
                "the order of the tables. Use allocation.x."
            )
        return plan
