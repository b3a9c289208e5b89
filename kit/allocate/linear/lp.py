"""Solve the linear program of capacities and budgets, exactly or by dual ascent."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kit.allocate.linear.dual import ascend, relative_gap
from kit.allocate.linear.exact import solve_exact
from kit.allocate.linear.smoothing import Pairs
from kit.allocate.tables import AllocationTables
from kit.base.checks import number, one_of

METHODS = ("auto", "exact", "dual")
SMALL = 20_000
"""Pairs up to which ``auto`` is exact: HiGHS needs under a second."""


@dataclass(frozen=True, eq=False)
class LPSolution:
    """A feasible plan, and a proof of how far from the best it can be.

    Parameters
    ----------
    x : ndarray, shape (P,)
        Impressions of each pair, in the order of the tables' arrays.
    objective : float
        Value of the plan.
    bound : float
        No plan is worth more (weak duality, at `prices`).
    gap : float
        ``(bound - objective) / |bound|``.
    method : {"exact", "dual"}
        What solved it.
    seconds : float
        Wall time.
    prices : ndarray, shape (D,)
        Value of one more unit of each budget.
    reached : bool
        Whether the gap asked for was reached.
    iterations : int
        Passes over the pairs (dual) or the solver's iterations (exact).
    """

    x: NDArray[np.float64] = field(repr=False)
    objective: float
    bound: float
    gap: float
    method: str
    seconds: float
    prices: NDArray[np.float64] = field(repr=False)
    reached: bool
    iterations: int


def solve_lp(
    tables: AllocationTables,
    method: str = "auto",
    gap: float = 1e-4,
    time_limit: float | None = None,
) -> LPSolution:
    """Maximise ``sum value x`` within capacities and budgets.

    Parameters
    ----------
    tables : AllocationTables
        Supply, demand and eligible pairs.
    method : {"auto", "exact", "dual"}
        ``exact`` is HiGHS, ``dual`` the ascent on the budgets' prices; ``auto`` takes ``exact``
        up to 20,000 pairs.
    gap : float
        Relative gap at which ``dual`` stops, in [1e-9, 1].
    time_limit : float, optional
        Seconds; then the best feasible plan so far is returned with its gap.

    Raises
    ------
    DataError
        If the method, the gap or the time limit is not allowed.
    SolverError
        If the value is unbounded.

    Notes
    -----
    The bound is ``sum budget price + sum capacity max(0, max over pairs of (value - price cost))``
    at the lowest that was found, for both methods, so it holds whatever the solver did.

    Examples
    --------
    >>> import pandas as pd
    >>> tables = AllocationTables.of(
    ...     pd.DataFrame({"supply_id": ["a", "b"], "capacity": [10.0, 5.0]}),
    ...     pd.DataFrame({"demand_id": ["x"], "budget": [8.0]}),
    ...     pd.DataFrame({"supply_id": ["a", "b"], "demand_id": "x", "value": [2.0, 3.0],
    ...                   "cost": [1.0, 1.0]}),
    ... )
    >>> found = solve_lp(tables)
    >>> found.x, round(found.objective, 6), found.reached
    (array([3., 5.]), 21.0, True)
    """
    start = time.perf_counter()
    one_of("method", method, METHODS)
    number("gap", gap, 1e-9, 1.0)
    seconds = math.inf if time_limit is None else number("time_limit", time_limit, above=0.0)
    pairs = Pairs.of(tables)
    if method == "auto":
        method = "exact" if len(tables) <= SMALL else "dual"
    if not len(tables):
        return LPSolution(
            np.empty(0), 0.0, 0.0, 0.0, method, time.perf_counter() - start,
            np.zeros(len(tables.budget)), True, 0,
        )  # fmt: skip
    solve = solve_exact if method == "exact" else ascend
    found = solve(pairs, gap, start + seconds)
    objective, bound = float(found.objective), float(found.bound)
    left, spent = relative_gap(objective, bound), time.perf_counter() - start
    return LPSolution(
        found.x, objective, bound, left, method, spent, found.prices, left <= gap, found.sweeps
    )
