"""Uncertain forecasts: the plan is judged by its worst case inside a set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import ConvexTerm, Limit, Part, usage
from kit.allocate.terms.groups import coded, matrix, numbers
from kit.base.checks import number, one_of

Floats = NDArray[np.float64]

SETS = ("box", "budgeted", "ellipsoid")


@dataclass(frozen=True)
class Robust(ConvexTerm):
    """The objective counts the worst value that the forecasts' error allows.

    The value of an impression lies within ``value +- deviation``; errors of pairs in the same
    group move together. With ``r_g = sum(deviation * x)`` over a group, the objective loses

    - ``box``: ``sum(r)``, all groups at their worst (size is not used);
    - ``budgeted``: the sum of the `size` largest ``r``: at most so many groups at their worst;
    - ``ellipsoid``: ``size * norm(r)``: independent errors, `size` standard deviations (conic).

    Parameters
    ----------
    deviation : str
        Column: money of one impression (>= 0), a half width or a standard deviation.
    kind : {"box", "budgeted", "ellipsoid"}
        The set.
    size : float
        Number of groups, or of standard deviations.
    by : str, optional
        Column that names the group; default: each pair by itself.
    least : float, optional
        If given, the worst-case value is a limit as well: ``robust_value_min``, in money.

    References
    ----------
    Bertsimas and Sim (2004), The price of robustness, Operations Research 52(1), eq. (3);
    Ben-Tal and Nemirovski (1999), Robust solutions of uncertain linear programs, sec. 3.

    Examples
    --------
    >>> Robust("value_sd", "ellipsoid", 2.0, by="exchange")
    Robust(deviation='value_sd', kind='ellipsoid', size=2.0, by='exchange', least=None)
    """

    deviation: str
    kind: str = "budgeted"
    size: float = 1.0
    by: str | None = None
    least: float | None = None

    def __post_init__(self) -> None:
        one_of("kind", self.kind, SETS)
        number("size", self.size, 0.0)

    def _spread(self, tables: AllocationTables) -> Any:
        """Return the (G, P) matrix of what a group's worst case takes."""
        deviation = numbers(tables, self.deviation, 0.0)
        if self.by is None:
            return matrix(np.arange(len(tables)), deviation, len(tables))
        codes, levels = coded(tables, self.by)
        return matrix(codes, deviation, len(levels))

    def expr(self, x: Any, tables: AllocationTables) -> Part:
        """Return the loss in the worst case as a part of the objective, and the least value."""
        import cvxpy

        cp: Any = cvxpy
        spread = self._spread(tables)
        if not spread.shape[0]:
            return Part()
        lost = cp.Constant(spread) @ x
        if self.kind == "ellipsoid":
            loss = self.size * cp.norm(lost, 2)
        elif self.kind == "budgeted":
            loss = cp.sum_largest(lost, min(self.size, spread.shape[0]))
        else:
            loss = cp.sum(lost)
        return Part(self._limits(tables, tables.value @ x - loss), -loss)

    def _limits(self, tables: AllocationTables, worst: Any) -> list[Limit]:
        if self.least is None:
            return []
        least = number("least", self.least)
        subject = ["of least worst-case value"]
        return [Limit("robust_value_min", worst, ">=", least, unit="money", subject=subject)]

    def loss(self, x: Floats, tables: AllocationTables) -> float:
        """Return the money that the worst case takes from a numpy plan."""
        lost = self._spread(tables) @ np.asarray(x, dtype=np.float64)
        if self.kind == "ellipsoid":
            return float(self.size * np.linalg.norm(lost))
        if self.kind == "box":
            return float(lost.sum())
        ordered, whole = -np.sort(-lost), int(self.size)
        part = (self.size - whole) * ordered[whole] if whole < len(ordered) else 0.0
        return float(ordered[:whole].sum() + part)

    def evaluate(self, x: Floats, tables: AllocationTables) -> pd.Series[float]:
        """Return the worst-case value, where a least one is set."""
        if self.least is None:
            return usage((), np.asarray(x))
        worst = float(tables.value @ x) - self.loss(x, tables)
        return pd.Series([worst], pd.Index(["robust_value_min"], name="limit"), name="used")

    def objective(self, x: Floats, tables: AllocationTables) -> float:
        """Return the money that the worst case takes, negative."""
        return -self.loss(x, tables)
