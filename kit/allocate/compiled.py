"""A compiled problem: canonicalised once, re-solved hot when a number changes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.allocation import Allocation
from kit.allocate.canonical import Canonical
from kit.allocate.conic import ConicModel
from kit.allocate.hot import HotModel
from kit.allocate.modelling import unknown
from kit.allocate.solution import Backend, Raw
from kit.allocate.timeout import best_plan
from kit.base.checks import number as checked_number
from kit.base.errors import DataError, SolverError

if TYPE_CHECKING:
    from kit.allocate.problem import AllocationProblem

Floats = NDArray[np.float64]


class CompiledProblem:
    """cvxpy's canonical form and a live solver.

    Made by `AllocationProblem.compile`. A linear program stays in HiGHS; one with conic terms is
    solved by Clarabel.

    Parameters
    ----------
    problem : AllocationProblem
        What was compiled.

    Attributes
    ----------
    alone : threading.RLock
        Held while numbers move and are solved, so that threads take turns; hold it around steps
        that belong together.

    Examples
    --------
    >>> from kit.allocate.problem import AllocationProblem
    >>> from kit.allocate.tables import AllocationTables
    >>> tables = AllocationTables.of(
    ...     pd.DataFrame({"supply_id": ["a"], "capacity": [100.0]}),
    ...     pd.DataFrame({"demand_id": ["line A"], "budget": [60.0]}),
    ...     pd.DataFrame({"supply_id": ["a"], "demand_id": "line A", "value": [2.0],
    ...                   "cost": 1.0}),
    ... )
    >>> compiled = AllocationProblem(tables).compile()
    >>> compiled.limits
    {'capacity[a]': 100.0, 'budget[line A]': 60.0}
    >>> compiled.solve().value, compiled.solve({"budget[line A]": 90.0}).value
    (120.0, 180.0)
    """

    def __init__(self, problem: AllocationProblem) -> None:
        self.problem = problem
        self.model = problem.model()
        self._where = self.model.places()
        self.canonical: Canonical | None = None
        self.backend: Backend | None = None
        self._start = 0.0
        self.alone = RLock()
        self._last: Floats | None = None
        if len(problem.tables):
            self._canonicalise()
        else:
            self._without_pairs()

    def _canonicalise(self) -> None:
        start = time.perf_counter()
        with np.errstate(invalid="ignore"):  # cvxpy's bounds of a dense product: 0 * inf
            canonical = Canonical(self.model.problem(), self.model.x)
        self.theta = np.ones(canonical.size + 1)
        self._place: dict[str, int] = {}
        for limit, parameter in zip(self.model.limits, self.model.parameters, strict=True):
            first = canonical.start[parameter.id]
            self.theta[first : first + len(limit)] = limit.number
            self._place.update(zip(limit.names, range(first, first + len(limit)), strict=True))
        for name, weight in self.model.weights.items():
            self._place[name] = canonical.start[weight.id]
            self.theta[self._place[name]] = float(weight.value)
        dims = canonical.dims
        self.is_linear = dims.zero + dims.nonneg == canonical.shape[0]
        self.canonical = canonical
        solver = HotModel if self.is_linear else ConicModel
        self.backend = solver(canonical, self.theta)
        self._start = time.perf_counter() - start

    def _without_pairs(self) -> None:
        numbers = [limit.number for limit in self.model.limits]
        weights = [float(weight.value) for weight in self.model.weights.values()]
        self.theta = np.concatenate([*numbers, weights, [1.0]])
        names = [*self._where, *self.model.weights]
        self._place = dict(zip(names, range(len(names)), strict=True))
        self.is_linear = True

    @property
    def limits(self) -> dict[str, float]:
        """The present number of each limit and weight, by name."""
        return {name: float(self.theta[place]) for name, place in self._place.items()}

    def numbers(self, theta: Floats | None = None) -> list[Floats]:
        """Return the numbers of each block of limits."""
        theta = self.theta if theta is None else theta
        first = [self._place[limit.names[0]] for limit in self.model.limits]
        return [
            theta[at : at + len(limit)] for at, limit in zip(first, self.model.limits, strict=True)
        ]

    def value(self, x: Floats) -> float:
        """Return the money of a numpy plan at the present weights."""
        weights = {name: float(self.theta[self._place[name]]) for name in self.model.weights}
        return self.model.value(x, self.problem.tables, weights)

    def place(self, name: str) -> int:
        """Return where a limit's number stands in the vector of numbers.

        Raises
        ------
        DataError
            If there is no such limit.
        """
        if name not in self._place:
            raise unknown(name, list(self._place))
        return self._place[name]

    def size(self, name: str) -> float:
        """Return how large a limit's number is, or would be if it were not 0."""
        number = abs(float(self.theta[self.place(name)]))
        if number > 0 and np.isfinite(number):
            return number
        if name in self.model.weights:
            return 1.0
        limit = self.model.limits[self._where[name][0]]
        return 1.0 if limit.per is None else 0.01

    def check(self, name: str, value: float) -> float:
        """Return a new number of a limit or weight after checking it.

        Raises
        ------
        DataError
            If the limit is unknown or the number not allowed.
        """
        self.place(name)
        if name in self.model.weights:
            return checked_number(name, value, 0.0)
        block, _ = self._where[name]
        try:
            value = float(value)
        except (TypeError, ValueError):
            raise DataError(f"{name}: got {value!r}; must be a number. Pass one.") from None
        return self.model.limits[block].check(name, value)

    def solve(
        self, changes: Mapping[str, float] | None = None, time_limit: float | None = None
    ) -> Allocation:
        """Change some numbers, for good, and solve from where the last solve ended.

        Parameters
        ----------
        changes : mapping of str to float, optional
            New numbers by the limits' names.
        time_limit : float, optional
            Seconds that the solver may take; then the best feasible plan is returned with its gap.

        Raises
        ------
        DataError
            If a limit is unknown or a number not allowed.
        InfeasibleError
            If limits contradict each other; the numbers are then as they were before.
        SolverError
            If the value is unbounded, the solver fails, or time runs out without any plan.
        """
        start = time.perf_counter()
        new = {self.place(name): self.check(name, value) for name, value in (changes or {}).items()}
        if time_limit is not None:
            checked_number("time_limit", time_limit, above=0.0)
        with self.alone:
            before = self.theta.copy()
            self.move(new)
            try:
                return self._answer(start, time_limit)
            except BaseException:  # an interrupt too: the numbers must match the last answer
                self.move({place: float(before[place]) for place in new})
                raise

    def move(self, new: Mapping[int, float]) -> None:
        """Take over new numbers by their places, without a check."""
        if not new:
            return
        places = list(new)
        with self.alone:
            self.theta[places] = list(new.values())
            if self.backend is not None:
                self.backend.move(places, self.theta)

    def run(self, time_limit: float | None = None) -> Raw:
        """Solve with the present numbers and return what the solver says."""
        if self.backend is None:
            raise SolverError("problem: has no pairs, so there is nothing to solve. Add pairs.")
        with self.alone:
            return self.backend.solve(time_limit)

    def _answer(self, start: float, time_limit: float | None) -> Allocation:
        if self.backend is None:
            return self._empty(start)
        raw = self.run(time_limit)
        if raw.status == "optimal":
            return self._optimal(raw, start)
        if raw.status == "infeasible":
            from kit.allocate.conflicts import infeasible

            raise infeasible(self)
        if raw.status == "unbounded":
            raise self._unbounded()
        return self._unfinished(raw, start, time_limit)

    def _optimal(self, raw: Raw, start: float) -> Allocation:
        columns = self.canonical.columns if self.canonical else slice(0)

        def plan() -> Floats:
            return np.maximum(raw.z[columns], 0.0)

        value = 0.0 - raw.minimum
        bound = max(value, -raw.dual) if np.isfinite(raw.dual) else value
        seconds = time.perf_counter() - start + self._start
        self._start = 0.0
        allocation = Allocation(self.problem, plan, value, bound, raw.method, seconds, self, raw)
        self._last_answer = allocation
        return allocation

    def _empty(self, start: float) -> Allocation:
        from kit.allocate.conflicts import refuse_broken

        nothing = np.zeros(0)
        refuse_broken(self)
        value = self.model.value(nothing, self.problem.tables)
        seconds = time.perf_counter() - start
        return Allocation(self.problem, lambda: nothing, value, value, "empty", seconds, self)

    def _unbounded(self) -> SolverError:
        self.problem.tables.bounded_capacity()  # names the pair, where that is why
        return SolverError(
            "problem: the value is unbounded; must be limited by capacities or budgets. Add "
            "Capacity() or Budget(), or finite numbers."
        )

    def _unfinished(self, raw: Raw, start: float, time_limit: float | None) -> Allocation:
        if raw.status == "failed":
            raise SolverError(
                f"{raw.method}: ended with {raw.word!r}. Rescale money or impressions to numbers "
                "between 1e-3 and 1e6, or pass time_limit for the best plan found."
            )
        plan, bound = best_plan(self, raw)
        if plan is None:
            raise SolverError(
                f"time_limit: {time_limit:g} s passed without a plan that keeps every limit (not "
                "even an empty one does). Give more time, or relax the lower limits."
            )
        value = self.value(plan)
        seconds = time.perf_counter() - start
        bound = max(bound, value)
        return Allocation(
            self.problem, lambda: plan, value, bound, raw.method + " (time limit)", seconds, self
        )

    @property
    def last_plan(self) -> Floats | None:
        """The plan of the last solve that ended, shape (P,)."""
        last: Allocation | None = getattr(self, "_last_answer", None)
        return None if last is None else last.x

    def frontier(self, name: str, values: Sequence[float]) -> pd.DataFrame:
        """Return value, price and spend as one limit moves, the others as they are.

        Parameters
        ----------
        name : str
            A limit or weight.
        values : sequence of float
            Numbers to be tried, in the order wanted.

        Returns
        -------
        pandas.DataFrame
            ``number, value, price, spend``; NaN where the limits contradict each other.

        Raises
        ------
        DataError
            If the limit is unknown or a number not allowed.
        """
        from kit.allocate.frontier import frontier

        with self.alone:
            return frontier(self, name, values)
