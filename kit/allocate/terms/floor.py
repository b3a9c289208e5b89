"""Price floors by group: pairs that pay less than the floor are closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import Floats, Limit, LinearTerm
from kit.allocate.terms.groups import coded, matrix
from kit.base.checks import did_you_mean, number
from kit.base.errors import DataError


@dataclass(frozen=True)
class PriceFloor(LinearTerm):
    """No impression of a group goes for less than the group's floor.

    A floor can be moved after compilation: prices are cut into steps, and a floor sets the
    number of every step below it to 0 (closed) and of the others to inf (open). The price of
    what stays open is as it was.

    Parameters
    ----------
    by : str
        Column that names the group.
    floors : mapping of group to float
        Money of one impression; a group that is not named has none.
    steps : int
        Prices, by quantile, at which a floor can be set later; those given are added.

    Examples
    --------
    >>> import pandas as pd
    >>> tables = AllocationTables.of(
    ...     pd.DataFrame({"supply_id": ["a", "b"], "capacity": 10.0, "exchange": "x"}),
    ...     pd.DataFrame({"demand_id": ["line"], "budget": [np.inf]}),
    ...     pd.DataFrame({"supply_id": ["a", "b"], "demand_id": "line", "value": 5.0,
    ...                   "cost": [1.0, 2.0]}),
    ... )
    >>> term = PriceFloor("exchange")
    >>> term.levels(tables)
    {'x': array([0., 1., 2.])}
    >>> from kit.allocate.problem import AllocationProblem
    >>> from kit.allocate.terms.capacity import Capacity
    >>> compiled = AllocationProblem(tables, [Capacity(), term]).compile()
    >>> compiled.solve().x, compiled.solve(term.numbers(tables, {"x": 2.0})).x
    (array([10., 10.]), array([ 0., 10.]))
    """

    by: str = "exchange"
    floors: Mapping[Any, float] = field(default_factory=dict)
    steps: int = 16

    def levels(self, tables: AllocationTables) -> dict[Any, Floats]:
        """Return, by group, the floors that can be set: 0 and rising prices."""
        codes, groups = coded(tables, self.by)
        return {
            group: self._edges(tables.cost[codes == code], group)
            for code, group in enumerate(groups)
        }

    def _edges(self, prices: Floats, group: Any) -> Floats:
        given = [self.floors[group]] if group in self.floors else []
        if not len(prices):
            return np.unique([0.0, *given])
        shares = np.linspace(0, 1, int(number("steps", self.steps, 1)) + 1)
        rounded = [float(f"{edge:.3g}") for edge in np.quantile(prices, shares, method="lower")]
        return np.unique([0.0, *rounded, *given])

    def rows(self, tables: AllocationTables) -> Sequence[Limit]:
        """Return one limit a group and price step; its number is 0 (closed) or inf (open)."""
        levels = self.levels(tables)
        first = np.cumsum([0, *(len(edges) - 1 for edges in levels.values())])
        codes, groups = coded(tables, self.by)
        row = np.full(len(tables), -1, dtype=np.int64)
        for code, group in enumerate(groups):
            at = np.flatnonzero(codes == code)
            step = np.searchsorted(levels[group], tables.cost[at], side="right") - 1
            row[at] = np.where(step < len(levels[group]) - 1, first[code] + step, -1)
        numbers = self.numbers(tables, self.floors)
        if not numbers:
            return ()
        used = matrix(row, np.ones(len(tables)), len(numbers))
        subject = [name.removeprefix("floor[").removesuffix("]") for name in numbers]
        return (
            Limit(list(numbers), used, "<=", np.array(list(numbers.values())),
                  unit="impressions", subject=[f"of {text}" for text in subject],
                  low=0.0),
        )  # fmt: skip

    def numbers(self, tables: AllocationTables, floors: Mapping[Any, float]) -> dict[str, float]:
        """Return the number of every limit of this term under some floors, for ``solve``.

        Raises
        ------
        DataError
            If a group is unknown or a floor is negative.
        """
        levels = self.levels(tables)
        for group, floor in floors.items():
            if group not in levels:
                raise DataError(
                    f"floor: {self.by} {group!r} is unknown; must be one of: "
                    f"{', '.join(map(str, levels))}. "
                    f"{did_you_mean(group, map(str, levels)) or 'Name a group of the tables.'}"
                )
            number(f"floor[{group}]", floor, 0)
        return {
            name: 0.0 if edge <= floors.get(group, 0.0) else np.inf
            for group, edges in levels.items()
            for name, edge in zip(self.names(group, edges), edges[1:].tolist(), strict=True)
        }

    def names(self, group: Any, edges: Floats) -> list[str]:
        """Return the names of a group's limits, one a price step between two edges."""
        return [f"floor[{self.by}={group} from {a:g} to {b:g}]" for a, b in pairwise(edges)]
