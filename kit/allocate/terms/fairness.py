"""Fairness across demands: a floor, the least one raised, or their spread punished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import ConvexTerm, Limit, Part, usage
from kit.allocate.terms.groups import matrix
from kit.allocate.terms.share import measured
from kit.base.checks import finite_at_least, number, one_of

Floats = NDArray[np.float64]

KINDS = ("floor", "maxmin", "variance")


@dataclass(frozen=True)
class Fairness(ConvexTerm):
    """Demands share the plan fairly.

    What a demand gets is measured against its claim: ``got = sum(measure * x) / claim``.

    Parameters
    ----------
    kind : {"floor", "maxmin", "variance"}
        ``floor``: every demand gets at least `least` of its claim (``fairness_min[line A]``);
        ``maxmin``: ``weight * min(got)`` is added to the objective;
        ``variance``: ``weight * mean((got - mean(got))**2)`` is taken from it (conic).
    least : float
        Least share of the claim, for ``floor``.
    weight : float
        Money per unit, for the others; a number of the problem, named ``fairness_weight``.
    claim : mapping of demand_id to float, optional
        What each demand could claim (> 0), in units of `of`; default: 1 for all.
    of : {"impressions", "spend", "value"}
        What is shared.

    References
    ----------
    Bertsimas, Farias and Trichakis (2011), The price of fairness, Operations Research 59(1).

    Examples
    --------
    >>> Fairness("floor", least=0.1, claim={"line A": 1000.0, "line B": 500.0})
    Fairness(kind='floor', least=0.1, weight=1.0, claim={...}, of='impressions')
    """

    kind: str
    least: float = 0.0
    weight: float = 1.0
    claim: Mapping[Any, float] | None = None
    of: str = "impressions"

    def __post_init__(self) -> None:
        one_of("kind", self.kind, KINDS)

    def _got(self, tables: AllocationTables) -> Any:
        """Return the (D, P) matrix of what each demand gets of its claim."""
        ids = list(tables.demand.index)
        own = dict.fromkeys(ids, 1.0) if self.claim is None else self.claim
        claim = finite_at_least("claim", [own.get(name, np.nan) for name in ids], 1e-12)
        code = tables.demand_code.astype(np.int64)
        return matrix(code, measured(tables, self.of) / claim[code], len(ids))

    def _floor(self, tables: AllocationTables) -> list[Limit]:
        ids = list(tables.demand.index)
        if self.kind != "floor" or not ids:
            return []
        return [
            Limit(
                [f"fairness_min[{name}]" for name in ids], self._got(tables), ">=",
                number("least", self.least, 0.0), unit="of the claim", low=0.0,
                subject=[f"{name}'s fair share" for name in ids],
            )
        ]  # fmt: skip

    def expr(self, x: Any, tables: AllocationTables) -> Part:
        """Return the floors, or the concave part of the objective."""
        import cvxpy

        cp: Any = cvxpy
        if self.kind == "floor" or not len(tables.demand):
            return Part(self._floor(tables))
        weight = cp.Parameter(nonneg=True, value=number("weight", self.weight, above=0.0))
        got = cp.Variable(len(tables.demand))
        fair = cp.min(got)
        if self.kind == "variance":
            fair = -cp.sum_squares(got - cp.sum(got) / got.size) / got.size
        held = [got == cp.Constant(self._got(tables)) @ x]
        return Part((), weight * fair, {"fairness_weight": weight}, held)

    def evaluate(self, x: Floats, tables: AllocationTables) -> pd.Series[float]:
        """Return what each demand gets of its claim, where floors are set."""
        return usage(self._floor(tables), np.asarray(x, dtype=np.float64))

    def objective(self, x: Floats, tables: AllocationTables) -> float:
        """Return the money of fairness at a plan."""
        if self.kind == "floor" or not len(tables.demand):
            return 0.0
        got = self._got(tables) @ np.asarray(x, dtype=np.float64)
        return float(self.weight * (got.min() if self.kind == "maxmin" else -got.var()))
