"""What a term of an allocation problem is: named limits and a part of the objective."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from kit.allocate.tables import AllocationTables
from kit.allocate.terms.limit import Floats as Floats
from kit.allocate.terms.limit import Limit as Limit
from kit.allocate.terms.limit import Sense as Sense


@dataclass(frozen=True, eq=False)
class Part:
    """What a term brings into a problem.

    Parameters
    ----------
    limits : sequence of Limit
        Named limits.
    objective : cvxpy expression or None
        Concave money to be added to the value.
    weights : mapping of str to cvxpy.Parameter
        Named numbers of the objective that can be changed after compilation.
    constraints : sequence of cvxpy constraints
        Definitions of auxiliary variables, without names.
    """

    limits: Sequence[Limit] = ()
    objective: Any = None
    weights: dict[str, Any] = field(default_factory=dict)
    constraints: Sequence[Any] = ()


@runtime_checkable
class Term(Protocol):
    """One family of limits or one part of the objective."""

    def expr(self, x: Any, tables: AllocationTables) -> Part | Limit | Iterable[Limit]:
        """Return named limits and an optional objective part over the cvxpy plan ``x`` (P,)."""
        ...

    def evaluate(self, x: Floats, tables: AllocationTables) -> pd.Series[float]:
        """Return what a numpy plan uses of each limit, indexed by the limits' names."""
        ...

    def objective(self, x: Floats, tables: AllocationTables) -> float:
        """Return the money that the term adds to the value of a numpy plan."""
        ...


class ConvexTerm:
    """A term written in cvxpy: subclass it, write ``expr``, and use it like a built-in one.

    Its limits are named, evaluated, explained, searched for conflicts and re-solved hot.

    Examples
    --------
    At most 500 impressions at night, in five lines:

    >>> import cvxpy as cp
    >>> class Night(ConvexTerm):
    ...     def expr(self, x, tables):
    ...         night = (tables.supply["hour"] < 6).to_numpy()[tables.supply_code]
    ...         return Limit("night_max", cp.sum(x[night]), "<=", 500.0, unit="impressions")
    >>> from kit.allocate.problem import AllocationProblem
    >>> from kit.allocate.terms.capacity import Capacity
    >>> tables = AllocationTables.of(
    ...     pd.DataFrame({"supply_id": ["a", "b"], "capacity": 900.0, "hour": [3, 12]}),
    ...     pd.DataFrame({"demand_id": ["x"], "budget": [np.inf]}),
    ...     pd.DataFrame({"supply_id": ["a", "b"], "demand_id": "x", "value": [3.0, 2.0],
    ...                   "cost": 1.0}),
    ... )
    >>> compiled = AllocationProblem(tables, [Capacity(), Night()]).compile()
    >>> compiled.solve().x
    array([500., 900.])
    >>> compiled.solve({"night_max": 100.0}).limits.query("limit == 'night_max'").price_low.item()
    3.0
    """

    def expr(self, x: Any, tables: AllocationTables) -> Part | Limit | Iterable[Limit]:
        """Return named limits and an optional objective part over the cvxpy plan ``x`` (P,)."""
        raise NotImplementedError

    def evaluate(self, x: Floats, tables: AllocationTables) -> pd.Series[float]:
        """Return what a numpy plan uses of each limit, indexed by the limits' names."""
        return usage(self.part_at(x, tables).limits, x)

    def objective(self, x: Floats, tables: AllocationTables) -> float:
        """Return the money that the term adds to the value of a numpy plan."""
        added = self.part_at(x, tables).objective
        return 0.0 if added is None else float(added.value)

    def part_at(self, x: Floats, tables: AllocationTables) -> Part:
        """Return the term's part with cvxpy values taken at a numpy plan."""
        import cvxpy as cp

        plan = cp.Variable(len(tables), name="x")
        plan.value = np.asarray(x, dtype=np.float64)
        return as_part(self.expr(plan, tables))


class LinearTerm(ConvexTerm):
    """A term whose limits are rows of sparse matrices; it never needs cvxpy to be evaluated."""

    def rows(self, tables: AllocationTables) -> Sequence[Limit]:
        """Return the limits, `used` and `per` as sparse matrices."""
        raise NotImplementedError

    def expr(self, x: Any, tables: AllocationTables) -> Part:
        """Return the named limits."""
        return Part(self.rows(tables))

    def evaluate(self, x: Floats, tables: AllocationTables) -> pd.Series[float]:
        """Return what a numpy plan uses of each limit, indexed by the limits' names."""
        return usage(self.rows(tables), np.asarray(x, dtype=np.float64))

    def objective(self, x: Floats, tables: AllocationTables) -> float:
        """Return 0: the term limits the plan and adds no money."""
        return 0.0


def as_part(found: Part | Limit | Iterable[Limit]) -> Part:
    """Return what ``expr`` gave as a `Part`."""
    if isinstance(found, Part):
        return found
    return Part((found,) if isinstance(found, Limit) else tuple(found))


def usage(limits: Iterable[Limit], x: Floats) -> pd.Series[float]:
    """Return what a plan uses of each limit, indexed by name."""
    blocks = [(limit.names, limit.evaluate(x)) for limit in limits]
    names = [name for block, _ in blocks for name in block]
    used = np.concatenate([np.zeros(0), *(block for _, block in blocks)])
    return pd.Series(used, index=pd.Index(names, name="limit", dtype=object), name="used")
