"""Guaranteed delivery with a make-good penalty for what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import ConvexTerm, Limit, Part, usage
from kit.allocate.terms.groups import chosen, matrix
from kit.base.checks import number

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Guarantee(ConvexTerm):
    """Each named demand gets its impressions, or make-goods are paid: ``guarantee[line A]``.

    Adds ``-penalty * max(goal - delivered, 0)`` to the objective.

    Parameters
    ----------
    goal : mapping of demand_id to float
        Impressions promised.
    penalty : float
        Money for each missing impression; inf: the goal is a hard limit.

    Examples
    --------
    >>> Guarantee({"line A": 1000.0}, penalty=0.01)
    Guarantee(goal={'line A': 1000.0}, penalty=0.01)
    """

    goal: Mapping[Any, float]
    penalty: float = np.inf

    def _limit(self, tables: AllocationTables, soft: Any = None) -> Limit:
        ids = list(tables.demand.index)
        places, goals = chosen(self.goal, ids, "goal")
        row = np.full(len(ids), -1, dtype=np.int64)
        row[places] = np.arange(len(places))
        names = [ids[place] for place in places.tolist()]
        used = matrix(row[tables.demand_code], np.ones(len(tables)), len(names))
        return Limit(
            [f"guarantee[{name}]" for name in names], used, ">=", goals, unit="impressions",
            subject=[f"guaranteed to {name}" for name in names], low=0.0, soft=soft,
        )  # fmt: skip

    @property
    def _hard(self) -> bool:
        return self.penalty == np.inf

    def expr(self, x: Any, tables: AllocationTables) -> Part:
        """Return one limit a promise, and the make-goods as a cost."""
        import cvxpy

        cp: Any = cvxpy

        if self._hard or not self.goal:
            return Part((self._limit(tables),))
        rate = number("penalty", self.penalty, above=0.0)
        missing = cp.Variable(len(self.goal), nonneg=True)
        weight = cp.Parameter(nonneg=True, value=rate)
        cost = -(weight * cp.sum(missing))
        return Part((self._limit(tables, missing),), cost, {"guarantee_penalty": weight})

    def evaluate(self, x: Floats, tables: AllocationTables) -> pd.Series[float]:
        """Return the impressions delivered of each promise."""
        return usage((self._limit(tables),), np.asarray(x, dtype=np.float64))

    def objective(self, x: Floats, tables: AllocationTables) -> float:
        """Return the money of the make-goods, negative."""
        if self._hard:
            return 0.0
        limit = self._limit(tables)
        missing = np.maximum(limit.number - limit.evaluate(np.asarray(x, dtype=np.float64)), 0.0)
        return -float(self.penalty * missing.sum())
