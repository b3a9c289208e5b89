"""The answer of an allocation problem: the plan, its value, and what its limits cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.errors import SolverError

if TYPE_CHECKING:
    from kit.allocate.compiled import CompiledProblem
    from kit.allocate.problem import AllocationProblem
    from kit.allocate.solution import Raw

Floats = NDArray[np.float64]


class Allocation:
    """A plan with its value, a bound of it, and an explanation.

    Parameters
    ----------
    problem : AllocationProblem
        What was solved.
    read_plan : callable
        Returns the plan, shape (P,); called when it is first asked for.
    value, bound : float
        Money of the plan, and a value that no plan can exceed.
    method : str
        The solver.
    seconds : float
        Wall-clock seconds, compilation included in the first solve.
    compiled : CompiledProblem or None
        The live problem; None: the dual method, which explains nothing by re-solving.
    raw : Raw or None
        The solver's answer; None: it has no prices.
    prices : mapping of str to ndarray, optional
        Prices that came without such an answer, by the name of the term, one a limit.
    """

    def __init__(
        self,
        problem: AllocationProblem,
        read_plan: Callable[[], Floats],
        value: float,
        bound: float,
        method: str,
        seconds: float,
        compiled: CompiledProblem | None = None,
        raw: Raw | None = None,
        prices: Mapping[str, Floats] | None = None,
    ) -> None:
        self.problem, self.value, self.bound = problem, value, bound
        self.method, self.seconds = method, seconds
        self.compiled, self.raw, self.prices = compiled, raw, prices
        self.theta = None if compiled is None else compiled.theta.copy()
        self._read_plan = read_plan

    @cached_property
    def x(self) -> Floats:
        """Impressions of each pair, shape (P,), in the order of the tables' arrays."""
        return self._read_plan()

    @property
    def gap(self) -> float:
        """Share of the bound that the plan may fall short of the optimum."""
        short = max(self.bound - self.value, 0.0)
        return short / max(abs(self.bound), 1e-12) if short else 0.0

    @property
    def plan(self) -> pd.DataFrame:
        """The plan with its ids, in the order in which the pairs were given."""
        tables = self.problem.tables
        codes = {
            "supply_id": (tables.supply.index, tables.supply_code),
            "demand_id": (tables.demand.index, tables.demand_code),
        }
        frame = pd.DataFrame({name: index.take(code) for name, (index, code) in codes.items()})
        frame["x"] = self.x
        if tables.order is None:
            return frame
        given = np.empty(len(frame), dtype=np.int64)
        given[tables.order] = np.arange(len(frame))
        return frame.iloc[given].reset_index(drop=True)

    @cached_property
    def limits(self) -> pd.DataFrame:
        """One row a limit.

        ``limit, term, bound, used, slack, binds`` (in the unit of the limit's number), ``price``
        (one dual price), ``price_low, price_high, unit, sense, subject, words``.

        ``price_low`` and ``price_high`` are the one-sided rates of the value in the limit's
        number (money per unit of it): per unit more and per unit less, in ascending order. They
        are equal unless the plan is degenerate. NaN: not worked out, see `price_range`.
        """
        from kit.allocate.explain import limits_frame

        return limits_frame(self)

    def price_range(self, name: str) -> tuple[float, float]:
        """Return the one-sided rates of the value in one limit's number, found by re-solving.

        Parameters
        ----------
        name : str
            A limit.

        Returns
        -------
        tuple of float
            Money per unit more and per unit less of the number, in ascending order; inf where
            the other side is infeasible.

        Raises
        ------
        DataError
            If there is no such limit.
        SolverError
            If the plan came from the dual method.
        """
        from kit.allocate.explain import one_range

        return one_range(self, name)

    def worth(self, name: str) -> float:
        """Return the money that the plan would gain if a limit were dropped, by re-solving.

        Raises
        ------
        DataError
            If there is no such limit.
        SolverError
            If the plan came from the dual method.
        """
        from kit.allocate.explain import worth

        return worth(self, name)

    def words(self, most: int = 20) -> list[str]:
        """Return sentences about the limits that bind, the dearest first.

        Parameters
        ----------
        most : int
            At most so many sentences.
        """
        from kit.allocate.explain import sentences

        return sentences(self, most)

    def live(self) -> CompiledProblem:
        """Return the live problem.

        Raises
        ------
        SolverError
            If there is none.
        """
        if self.compiled is None or self.theta is None:
            raise SolverError(
                f"allocation: method {self.method!r} keeps no live problem to re-solve. Use "
                "method='exact', or compile()."
            )
        return self.compiled

    def __repr__(self) -> str:
        return (
            f"Allocation(value={self.value:.6g}, gap={self.gap:.2g}, method={self.method!r}, "
            f"pairs={len(self.problem.tables)})"
        )
