"""Scenarios of value or capacity: the mean of the worst tail is held or weighed (CVaR)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import ConvexTerm, Limit, Part, usage
from kit.allocate.terms.groups import matrix
from kit.base.checks import finite_at_least, number, one_of
from kit.base.errors import DataError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CVaR(ConvexTerm):
    """The mean over the worst `tail` of N equally likely scenarios.

    Parameters
    ----------
    scenarios : array_like, shape (N, S)
        ``value``: factors of the value of each supply row; ``capacity``: impressions that each
        supply row turns out to have.
    tail : float
        Share of the scenarios that counts, in (0, 1].
    of : {"value", "capacity"}
        ``value``: the tail mean of the plan's value is at least `limit`, in money
        (``cvar_value_min``); ``capacity``: the tail mean of the impressions sold beyond capacity
        is at most `limit` (``cvar_oversold_max``).
    limit : float, optional
        The limit.
    weight : float
        ``weight * tail mean`` is added to the objective (value) or taken from it (capacity, then
        money per impression); a number of the problem, named ``cvar_weight``.

    Raises
    ------
    DataError
        If there is neither a limit nor a weight, or the scenarios have another shape.

    References
    ----------
    Rockafellar and Uryasev (2000), Optimization of conditional value-at-risk, J. Risk 2(3), eq. (9).

    Examples
    --------
    >>> CVaR([[1.0, 0.5], [0.9, 1.1]], tail=0.5, limit=100.0).tail
    0.5
    """  # noqa: E501

    scenarios: ArrayLike
    tail: float = 0.1
    of: str = "value"
    limit: float | None = None
    weight: float = 0.0

    def __post_init__(self) -> None:
        one_of("of", self.of, ("value", "capacity"))
        number("tail", self.tail, high=1.0, above=0.0)
        number("weight", self.weight, 0.0)
        if self.limit is None and not self.weight:
            raise DataError("cvar: neither limit nor weight given; must have one. Pass a limit.")

    def _drawn(self, tables: AllocationTables) -> Floats:
        drawn = finite_at_least("scenarios", self.scenarios)
        if drawn.ndim != 2 or drawn.shape[1] != len(tables.supply) or not len(drawn):
            raise DataError(
                f"scenarios: has shape {drawn.shape}; must be (N, {len(tables.supply)}), a column "
                "a supply row in the order of the supply table. Reshape it."
            )
        return drawn

    def _by_supply(self, tables: AllocationTables) -> Any:
        weight = tables.value if self.of == "value" else np.ones(len(tables))
        return matrix(tables.supply_code, weight, len(tables.supply))

    def expr(self, x: Any, tables: AllocationTables) -> Part:
        """Return the limit and the weighed tail mean."""
        import cvxpy

        cp: Any = cvxpy
        drawn = self._drawn(tables)
        if not drawn.shape[1]:
            return Part()
        sold = cp.Variable(drawn.shape[1])  # so that scenarios meet S numbers rather than P
        held = [sold == cp.Constant(self._by_supply(tables)) @ x]
        count = len(drawn) * self.tail
        if self.of == "value":
            mean = cp.sum_smallest(drawn @ sold, count) / count
        else:
            wide = cp.reshape(sold, (1, drawn.shape[1]), order="C")
            over = cp.sum(cp.pos(np.ones((len(drawn), 1)) @ wide - drawn), axis=1)
            mean = cp.sum_largest(over, count) / count
        if not self.weight:
            return Part(self._limits(mean, tables), constraints=held)
        weight = cp.Parameter(nonneg=True, value=self.weight)
        added = weight * (mean if self.of == "value" else -mean)
        return Part(self._limits(mean, tables), added, {"cvar_weight": weight}, held)

    def _limits(self, mean: Any, tables: AllocationTables) -> list[Limit]:
        if self.limit is None:
            return []
        at = number("limit", self.limit)
        if self.of == "value":
            words = ["of least tail value"]
            return [_Tail("cvar_value_min", mean, ">=", at, "money", words, self, tables)]
        words = ["oversold in the tail"]
        return [_Tail("cvar_oversold_max", mean, "<=", at, "impressions", words, self, tables)]

    def tail_mean(self, x: Floats, tables: AllocationTables) -> float:
        """Return the mean over the worst tail at a numpy plan: money, or impressions oversold."""
        drawn = self._drawn(tables)
        sold = self._by_supply(tables) @ np.asarray(x, dtype=np.float64)
        if self.of == "value":
            worst = np.sort(drawn @ sold)
        else:
            worst = -np.sort(-np.maximum(sold - drawn, 0.0).sum(axis=1))
        count = len(drawn) * self.tail
        whole = int(count)
        part = (count - whole) * worst[whole] if whole < len(worst) else 0.0
        return float((worst[:whole].sum() + part) / count)

    def evaluate(self, x: Floats, tables: AllocationTables) -> pd.Series[float]:
        """Return the tail mean, where it has a limit."""
        if self.limit is None:
            return usage((), np.asarray(x))
        name = "cvar_value_min" if self.of == "value" else "cvar_oversold_max"
        return pd.Series([self.tail_mean(x, tables)], pd.Index([name], name="limit"), name="used")

    def objective(self, x: Floats, tables: AllocationTables) -> float:
        """Return the money of the weighed tail mean."""
        sign = 1.0 if self.of == "value" else -1.0
        return sign * self.weight * self.tail_mean(x, tables) if self.weight else 0.0


class _Tail(Limit):
    """A limit of a tail mean, whose cvxpy expression has variables of its own."""

    def __init__(
        self, name: str, used: Any, sense: Any, at: float, unit: str, words: list[str],
        term: CVaR, tables: AllocationTables,
    ) -> None:  # fmt: skip
        super().__init__(name, used, sense, at, unit=unit, subject=words)
        self._term, self._tables = term, tables

    def evaluate(self, x: Floats) -> Floats:
        """Return the tail mean of a plan, shape (1,)."""
        return np.array([self._term.tail_mean(x, self._tables)])

    def room(self, x: Floats, number: Floats) -> Floats:
        """Return how far a plan is from breaking the limit, shape (1,)."""
        left = number - self.evaluate(x)
        return left if self.sense == "<=" else -left

    def binds(self, x: Floats, number: Floats, tolerance: float) -> NDArray[np.bool_]:
        """Return whether the limit leaves a plan no room, shape (1,)."""
        size = np.maximum(1e-3, np.abs(self.evaluate(x)))
        return np.asarray(self.room(x, number) <= tolerance * size)
