"""What the allocation explorer shows: numbers of limits in, flows, prices and a frontier out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.allocation import Allocation
from kit.allocate.problem import AllocationProblem
from kit.allocate.tables import AllocationTables
from kit.allocate.terms.floor import PriceFloor
from kit.allocate.terms.groups import coded
from kit.allocate.wording import money
from kit.base.checks import did_you_mean, one_of
from kit.base.errors import DataError, KitError, SolverError
from kit.flow.allocation_knobs import Knob, floor_knob, limit_knobs
from kit.flow.allocation_limits import COLUMNS, binding_limits, with_ranges, worded_limits

MEASURES = ("spend", "impressions", "value")
"""What a flow can be counted in; money in the problem's currency."""
MOST_KNOBS, MOST_GROUPS, MOST_DEMANDS, MOST_LIMITS = 16, 12, 8, 12
OTHERS = "others"

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AllocationView:
    """What one setting of the knobs gives.

    Parameters
    ----------
    settings : mapping of str to float
        The number of every knob.
    allocation : Allocation
        The plan.
    summary : mapping of str to float
        ``value`` (what is maximised), ``spend``, ``impressions``.
    binding : pandas.DataFrame
        limit, bound, used, price_low, price_high, unit, words: at most 12 limits that bind, the
        dearest first, without capacities, and the floors that are set.
    binding_count, capacity_binds : int
        Limits that bind in all, and supply rows that are used up.
    """

    settings: Mapping[str, float]
    allocation: Allocation
    summary: Mapping[str, float]
    binding: pd.DataFrame
    binding_count: int
    capacity_binds: int


class AllocationExploration:
    """An allocation problem compiled once, with knobs.

    Parameters
    ----------
    problem : AllocationProblem or AllocationTables
        Tables get capacities and budgets as their limits.
    by : str, optional
        Supply attribute whose groups are shown; default ``exchange`` where there is one, else
        the first attribute with 2 to 12 groups, else the supply rows themselves.
    knobs : sequence of str, optional
        Limits that get a knob, by name; default up to 16 of those whose number is finite, some
        budgets, other limits and four floors, without the capacities of supply rows.
    floors : bool
        Whether each group also gets a price floor (see `PriceFloor`).

    Raises
    ------
    KitError
        If a name is unknown, or the problem has no solution as it is given.

    Examples
    --------
    >>> tables = AllocationTables.of(
    ...     pd.DataFrame({"supply_id": ["a", "b"], "capacity": 100.0, "exchange": ["x", "y"]}),
    ...     pd.DataFrame({"demand_id": ["line"], "budget": [120.0]}),
    ...     pd.DataFrame({"supply_id": ["a", "b"], "demand_id": "line", "value": [2.0, 3.0],
    ...                   "cost": 1.0}),
    ... )
    >>> exploration = AllocationExploration(tables)
    >>> exploration.view().summary["value"]
    340.0
    >>> exploration.view({"budget[line]": 60.0}).summary["value"]
    180.0
    """

    def __init__(
        self,
        problem: AllocationProblem | AllocationTables,
        *,
        by: str | None = None,
        knobs: Sequence[str] | None = None,
        floors: bool = True,
    ) -> None:
        if isinstance(problem, AllocationTables):
            problem = AllocationProblem(problem)
        self.tables = problem.tables
        self.by = by or _grouping(self.tables)
        codes, groups = coded(self.tables, self.by)
        self._codes, self.groups = _largest(codes, groups, self.tables.value, MOST_GROUPS)
        self.floor = PriceFloor(self.by) if floors else None
        self._edges: dict[str, tuple[list[str], Floats]] = {}
        self._prices: dict[str, Floats] = {}
        if self.floor is not None:
            problem = self._with_floor(problem, self.floor)
        self.problem = problem
        self.compiled = problem.compile()
        self.knobs = {knob.name: knob for knob in self._knobs(knobs)}
        self._settings = {name: knob.start for name, knob in self.knobs.items()}
        self.start = self._view(self.compiled.solve(self._changes(self._settings)), self._settings)
        self._demand, self.demands = _largest(
            self.tables.demand_code.astype(np.int64), list(self.tables.demand.index),
            self.start.allocation.x, MOST_DEMANDS,
        )  # fmt: skip

    def _with_floor(self, problem: AllocationProblem, floor: PriceFloor) -> AllocationProblem:
        codes, _ = coded(self.tables, self.by)
        for place, (group, edges) in enumerate(floor.levels(self.tables).items()):
            names = floor.names(group, edges)
            if names:
                self._edges[f"floor[{group}]"] = names, edges
                self._prices[f"floor[{group}]"] = self.tables.cost[codes == place]
        return AllocationProblem(
            problem.tables, [*problem.terms, floor], objective=problem.side,
            currency=problem.currency, period=problem.period,
        )  # fmt: skip

    def _knobs(self, names: Sequence[str] | None) -> list[Knob]:
        found = limit_knobs(self.compiled)
        found.sort(key=lambda knob: not knob.name.startswith("budget["))
        every = {knob.name: knob for knob in found}
        for name, (_, edges) in self._edges.items():
            every[name] = floor_knob(name, edges)
        if names is None:
            names = _chosen(list(every))
        for name in names:
            if name not in every:
                raise DataError(
                    f"knobs: {name!r} is no limit with a finite number; must be one of: "
                    f"{', '.join(list(every)[:12])}. {did_you_mean(name, every)}".rstrip()
                )
        return [every[name] for name in names]

    @property
    def settings(self) -> dict[str, float]:
        """The number of every knob, as last solved."""
        return dict(self._settings)

    def view(self, changes: Mapping[str, float] | None = None) -> AllocationView:
        """Turn some knobs, for good, and return what that gives; each moves to its nearest step.

        Raises
        ------
        DataError
            If a knob is unknown or a number out of range.
        InfeasibleError
            If limits contradict each other; the knobs are then as they were.
        """
        new = {name: self.knob(name).nearest(value) for name, value in (changes or {}).items()}
        moved = {name: value for name, value in new.items() if value != self._settings[name]}
        allocation = self.compiled.solve(self._changes(moved))
        self._settings |= moved
        return self._view(allocation, self._settings)

    def knob(self, name: str) -> Knob:
        """Return a knob by name.

        Raises
        ------
        DataError
            If there is none of that name.
        """
        if name not in self.knobs:
            raise DataError(
                f"limit: got {name!r}; must be one of: {', '.join(self.knobs)}. "
                f"{did_you_mean(name, self.knobs)}".rstrip()
            )
        return self.knobs[name]

    def _changes(self, settings: Mapping[str, float]) -> dict[str, float]:
        """Return the numbers of limits that some settings mean: a floor is one a price step."""
        changes: dict[str, float] = {}
        now = self.compiled.limits
        for name, value in settings.items():
            if name not in self._edges:
                changes[name] = value
                continue
            limits, edges = self._edges[name]
            changes |= {
                limit: 0.0 if high <= value else math.inf
                for limit, high in zip(limits, edges[1:].tolist(), strict=True)
                if (now[limit] == 0.0) != (high <= value)
            }
        return changes

    def _view(self, allocation: Allocation, settings: Mapping[str, float]) -> AllocationView:
        rows, used_up = binding_limits(allocation)
        x = allocation.x
        summary = {
            "value": allocation.value,
            "spend": float(self.tables.cost @ x),
            "impressions": float(x.sum()),
        }
        table = worded_limits(allocation, rows[:MOST_LIMITS])
        table = _joined(table, self._floor_rows(settings))
        return AllocationView(dict(settings), allocation, summary, table, len(rows), used_up)

    def exact(self, view: AllocationView) -> AllocationView:
        """Return a view with what takes re-solves: one-sided prices, and what whole limits cost."""
        rows, _ = binding_limits(view.allocation)
        ranged = with_ranges(view.allocation, rows[:MOST_LIMITS])
        table = worded_limits(view.allocation, ranged, whole=True)
        costs = {name: self._floor_cost(name, view) for name in self._closed(view.settings)}
        return replace(view, binding=_joined(table, self._floor_rows(view.settings, costs)))

    def _closed(self, settings: Mapping[str, float]) -> list[str]:
        return [name for name in settings if name in self._edges and settings[name] > 0]

    def _floor_cost(self, name: str, view: AllocationView) -> float:
        """Return the money that a floor costs, by re-solving without it."""
        try:
            without = self.compiled.solve(self._changes({name: 0.0})).value
        finally:
            self.compiled.solve(self._changes({name: view.settings[name]}))
        return without - view.allocation.value

    def _floor_rows(
        self, settings: Mapping[str, float], costs: Mapping[str, float] | None = None
    ) -> pd.DataFrame:
        currency, period = self.problem.currency, self.problem.period
        rows = []
        for name in self._closed(settings):
            floor = settings[name]
            words = f"{self.by} {self.knobs[name].group}'s floor of {money(floor, currency)}"
            words += f" closes {self._below(name, floor):,} pairs"
            if costs is not None:
                words += f" and costs {money(costs[name], currency)}"
                words += f" a {period}" if period else ""
            rows.append((name, floor, floor, math.nan, math.nan, "price", f"{words}."))
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def _below(self, name: str, floor: float) -> int:
        return int((self._prices[name] < floor).sum())

    def flows(self, view: AllocationView, measure: str = "spend") -> pd.DataFrame:
        """Return what flows from each group (index) to each demand (columns).

        Raises
        ------
        DataError
            If the measure is unknown.
        """
        one_of("measure", measure, MEASURES)
        tables = self.tables
        plan = view.allocation.x
        if measure != "impressions":
            plan = plan * (tables.cost if measure == "spend" else tables.value)
        wide = len(self.demands)
        cell = self._codes * wide + self._demand
        sums = np.bincount(cell, plan, len(self.groups) * wide)
        return pd.DataFrame(sums.reshape(-1, wide), self.groups, self.demands)

    def frontier(self, name: str, points: int = 17) -> pd.DataFrame:
        """Return value and spend at some numbers of one knob, the others as they are.

        Parameters
        ----------
        name : str
            A knob.
        points : int
            Numbers tried, of its options.

        Returns
        -------
        pandas.DataFrame
            ``number, value, spend``; NaN where the limits contradict each other, or the solver
            finds no answer.

        Raises
        ------
        DataError
            If the knob is unknown.
        """
        knob = self.knob(name)
        at = np.unique(np.linspace(0, len(knob.options) - 1, points).round().astype(int))
        numbers = [knob.options[place] for place in at]
        if name in self._edges:
            return self._floor_frontier(name, numbers)
        rows = [self._frontier_row(name, value) for value in numbers]
        return pd.DataFrame(rows, columns=["number", "value", "spend"])

    def _frontier_row(self, name: str, value: float) -> tuple[float, float, float]:
        try:
            row = self.compiled.frontier(name, [value]).iloc[0]
        except SolverError:  # one number that a conic solver cannot settle is a hole, no more
            return value, math.nan, math.nan
        return value, float(row["value"]), float(row["spend"])

    def _floor_frontier(self, name: str, numbers: Sequence[float]) -> pd.DataFrame:
        rows = []
        try:
            for value in numbers:
                try:
                    allocation = self.compiled.solve(self._changes({name: value}))
                except KitError:
                    rows.append((value, math.nan, math.nan))
                    continue
                rows.append((value, allocation.value, float(self.tables.cost @ allocation.x)))
        finally:
            self.compiled.solve(self._changes({name: self._settings[name]}))
        return pd.DataFrame(rows, columns=["number", "value", "spend"])


def _chosen(names: Sequence[str]) -> list[str]:
    """Return the knobs that are shown unless others are asked for: some of every kind."""
    budgets = [name for name in names if name.startswith("budget[")]
    floors = [name for name in names if name.startswith("floor[")][:4]
    others = [name for name in names if not name.startswith(("budget[", "floor["))]
    room = MOST_KNOBS - len(floors)
    others = others[: room - min(len(budgets), 6)]
    return [*budgets[: room - len(others)], *others, *floors]


def _grouping(tables: AllocationTables) -> str:
    """Return the supply attribute that is shown unless another is asked for."""
    names = [str(name) for name in tables.supply.columns if name != "capacity"]
    few = [name for name in names if 2 <= tables.supply[name].nunique() <= MOST_GROUPS]
    texts = [name for name in few if tables.supply[name].dtype.kind not in "fiu"]
    return next(iter(["exchange"] * ("exchange" in names) + texts + few), "supply_id")


def _largest(
    codes: NDArray[np.int64],
    names: Sequence[Any],
    weight: Floats,
    most: int,
) -> tuple[NDArray[np.int64], list[str]]:
    """Return codes and names with the smaller ones joined into ``others``."""
    labels = list(map(str, names))
    if len(labels) <= most:
        return codes, labels
    size = np.bincount(codes, weight, len(labels))
    kept = np.sort(np.argsort(-size, kind="stable")[: most - 1])
    place = np.full(len(labels), most - 1, dtype=np.int64)
    place[kept] = np.arange(most - 1)
    return place[codes], [*(labels[at] for at in kept), OTHERS]


def _joined(table: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table, more], ignore_index=True) if len(more) else table
