"""Terms become one cvxpy problem: a parameter a limit block, names to places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import Limit, Part, Term, as_part
from kit.allocate.terms.limit import is_sparse
from kit.base.checks import did_you_mean
from kit.base.errors import DataError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Model:
    """One allocation problem in cvxpy, before it is compiled.

    Parameters
    ----------
    x : cvxpy.Variable, shape (P,)
        The plan, impressions of each pair.
    gain : ndarray, shape (P,)
        Money of one impression of each pair.
    terms : sequence of Term
        Where the limits came from.
    limits : list of Limit
        Blocks of named limits.
    origin : list of int
        The term of each block.
    parameters : list of cvxpy.Parameter
        The numbers of each block.
    per : list of cvxpy expression or None
        Denominator of each block of ratios.
    weights : dict
        Named numbers of the objective.
    weighing : dict
        The term that each weight belongs to.
    added : list of cvxpy expression
        Parts of the objective beside ``gain @ x``.
    definitions : list of cvxpy constraints
        What holds auxiliary variables to the plan.
    """

    x: Any
    gain: Floats
    terms: Sequence[Term]
    limits: list[Limit]
    origin: list[int]
    parameters: list[Any]
    per: list[Any]
    weights: dict[str, Any]
    weighing: dict[str, int]
    added: list[Any]
    definitions: list[Any]

    def problem(self) -> Any:
        """Return the cvxpy problem: maximise the money within the limits."""
        import cvxpy as cp

        limits = [
            limit.constraint(self.x, parameter, per=per)
            for limit, parameter, per in zip(self.limits, self.parameters, self.per, strict=True)
        ]
        money = sum(self.added, self.gain @ self.x)
        return cp.Problem(cp.Maximize(money), limits + self.definitions)

    def places(self) -> dict[str, tuple[int, int]]:
        """Return each limit's block and row.

        Raises
        ------
        DataError
            If two limits or weights have the same name.
        """
        found: dict[str, tuple[int, int]] = {}
        for block, limit in enumerate(self.limits):
            for row, name in enumerate(limit.names):
                if name in found or name in self.weights:
                    raise DataError(
                        f"limit {name!r}: named twice; must be unique. Give one of the terms "
                        "another name, or merge them."
                    )
                found[name] = (block, row)
        return found

    def hold(self, x: Floats) -> None:
        """Give cvxpy the plan at which limits written in cvxpy are evaluated next."""
        self.x.value = np.maximum(x, 0.0)

    def value(
        self, x: Floats, tables: AllocationTables, weights: Mapping[str, float] | None = None
    ) -> float:
        """Return the money of a numpy plan, parts of the terms included.

        A weight scales its term's part, so a changed one is taken in by its ratio.
        """
        added = [term.objective(x, tables) for term in self.terms]
        for name, weight in (weights or {}).items():
            added[self.weighing[name]] *= weight / float(self.weights[name].value)
        return float(self.gain @ x) + sum(added)


def build(tables: AllocationTables, terms: Sequence[Term], gain: Floats) -> Model:
    """Return the cvxpy model of some terms.

    Raises
    ------
    DataError
        If an entry of `terms` is no term.
    """
    import cvxpy as cp

    x = cp.Variable(len(tables), nonneg=True, name="x")
    model = Model(x, gain, terms, [], [], [], [], {}, {}, [], [])
    shared: dict[int, Any] = {}
    for place, term in enumerate(terms):
        if isinstance(term, type) or not isinstance(term, Term):
            raise DataError(
                f"terms: entry {place} is {term!r}; must have expr, evaluate and objective. "
                "Subclass ConvexTerm, or pass an instance rather than a class."
            )
        _take(model, place, as_part(term.expr(x, tables)), shared)
    return model


def _take(model: Model, place: int, part: Part, shared: dict[int, Any]) -> None:
    import cvxpy as cp

    for limit in part.limits:
        if len(limit):
            _check_curvature(limit)
            model.limits.append(limit)
            model.origin.append(place)
            model.parameters.append(cp.Parameter(len(limit), value=limit.number))
            model.per.append(_denominator(model, limit.per, shared))
    for name in part.weights:
        if name in model.weights:
            raise DataError(
                f"weight {name!r}: named twice; must be unique. Give one of the terms another name."
            )
    model.weights.update(part.weights)
    model.weighing.update(dict.fromkeys(part.weights, place))
    if part.objective is not None:
        if not part.objective.is_concave():
            raise DataError(
                f"terms: the objective part of entry {place} is {part.objective.curvature}; must "
                "be concave, money to be maximised. Rewrite it."
            )
        model.added.append(part.objective)
    model.definitions.extend(part.constraints)


def _check_curvature(limit: Limit) -> None:
    """Refuse a limit that cvxpy cannot take, before it says so about the whole problem."""
    if is_sparse(limit.used):
        return
    allowed = "convex" if limit.sense == "<=" else "concave"
    if not (limit.used.is_convex() if limit.sense == "<=" else limit.used.is_concave()):
        raise DataError(
            f"{limit.names[0]}: used {limit.sense} number is not {allowed} (its curvature: "
            f"{str(limit.used.curvature).lower()}); must be {allowed}. Rewrite the expression."
        )


def _denominator(model: Model, per: Any, shared: dict[int, Any]) -> Any:
    """Return a variable for a sparse denominator, so that a number moves one entry, not P."""
    import cvxpy as cp

    if not is_sparse(per):
        return per
    if id(per) not in shared:
        shared[id(per)] = cp.Variable(per.shape[0])
        model.definitions.append(shared[id(per)] == cp.Constant(per) @ model.x)
    return shared[id(per)]


def unknown(name: str, known: Sequence[str]) -> DataError:
    """Return the error for a limit that does not exist."""
    some = ", ".join(known[:8]) + (f" and {len(known) - 8} more" if len(known) > 8 else "")
    hint = did_you_mean(name, known) or "See compiled.limits."
    return DataError(f"limit {name!r}: unknown; must be one of: {some}. {hint}")
