"""What can be handed out when time runs out: a feasible plan, and a bound that holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kit.allocate.hot import HotModel
from kit.allocate.solution import Raw
from kit.allocate.terms.base import Limit

if TYPE_CHECKING:
    from kit.allocate.compiled import CompiledProblem

Floats = NDArray[np.float64]

_TOLERANCE = 1e-9


def best_plan(compiled: CompiledProblem, raw: Raw) -> tuple[Floats | None, float]:
    """Return the best feasible plan at hand (None: none) and a bound of the value.

    The solver's unfinished plan is scaled into capacities and budgets, then moved towards a
    feasible plan (the last answer, or nothing at all) until it keeps every limit.
    """
    plans = [plan for plan in _anchors(compiled) if feasible(compiled, plan)]
    unfinished = _unfinished(compiled, raw)
    if unfinished is not None:
        if feasible(compiled, unfinished):
            plans.append(unfinished)
        plans += [_towards(compiled, anchor, unfinished) for anchor in plans]
    bound = max_bound(compiled, raw)
    if not plans:
        return None, bound
    value = [compiled.value(plan) for plan in plans]
    return plans[int(np.argmax(value))], bound


def feasible(compiled: CompiledProblem, x: Floats) -> bool:
    """Return whether a plan keeps every limit, to 1e-9 of its size."""
    compiled.model.hold(x)
    for limit, number in zip(compiled.model.limits, compiled.numbers(), strict=True):
        size = np.maximum(1.0, np.where(np.isfinite(number), np.abs(number), 1.0))
        if (limit.excess(x, number) > _TOLERANCE * size).any():
            return False
    return True


def _anchors(compiled: CompiledProblem) -> list[Floats]:
    last = compiled.last_plan
    nothing = np.zeros(len(compiled.problem.tables))
    return [nothing] if last is None else [nothing, _scaled(compiled, last)]


def _unfinished(compiled: CompiledProblem, raw: Raw) -> Floats | None:
    canonical = compiled.canonical
    if canonical is None or len(raw.z) != canonical.shape[1]:
        return None
    x = raw.z[canonical.columns]
    return _scaled(compiled, np.maximum(x, 0.0)) if np.isfinite(x).all() else None


def _scaled(compiled: CompiledProblem, x: Floats) -> Floats:
    """Scale pairs down until every limit that only more impressions can break is kept."""
    for limit, number in zip(compiled.model.limits, compiled.numbers(), strict=True):
        if _packing(limit):
            used = limit.evaluate(x)
            share = np.divide(number, used, out=np.ones(len(limit)), where=used > number)
            entries = sparse.coo_array(limit.used)
            factor = np.ones(len(x))
            np.minimum.at(factor, entries.coords[1], share[entries.coords[0]])
            x = x * factor
    return x


def _packing(limit: Limit) -> bool:
    plain = limit.sense == "<=" and limit.per is None and sparse.issparse(limit.used)
    return bool(plain and (limit.used.data >= 0).all())


def _towards(compiled: CompiledProblem, anchor: Floats, x: Floats) -> Floats:
    """Return the feasible plan farthest from a feasible anchor on the way to `x`."""
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = 0.5 * (low + high)
        if feasible(compiled, anchor + middle * (x - anchor)):
            low = middle
        else:
            high = middle
    return anchor + low * (x - anchor)


def max_bound(compiled: CompiledProblem, raw: Raw) -> float:
    """Return a value that no plan can exceed: the solver's own, or Lagrange's with its prices."""
    bound = -raw.dual if np.isfinite(raw.dual) else np.inf
    canonical = compiled.canonical
    if canonical is None or not compiled.is_linear:
        return float(bound)
    nothing = np.zeros(canonical.shape[0])
    prices = [nothing, raw.y] if len(raw.y) == len(nothing) else [nothing]
    return float(min([bound, *(_lagrange(compiled, y) for y in prices)]))


def _lagrange(compiled: CompiledProblem, y: Floats) -> float:
    """Weak duality: ``min c z + d`` is at least ``d - y b + min over the box of (c - A'y) z``."""
    canonical = compiled.canonical
    if canonical is None or not np.isfinite(y).all():
        return np.inf
    program, zero = canonical.numbers(compiled.theta), canonical.dims.zero
    y = np.where((np.arange(len(y)) >= zero) & (y < 0), 0.0, y)
    y[~np.isfinite(program.b)] = 0.0
    constant = np.where(np.isfinite(program.b), program.b, 0.0)
    slope = program.c - program.a.T @ y
    low, high = _box(compiled)
    corner = np.where(slope > 0, low, np.where(slope < 0, high, 0.0))
    # rounding beside an endless variable is no slope; beside a finite one it is counted
    rounding = 1e-12 * max(1.0, float(np.abs(program.c).max(initial=0.0)))
    corner[np.isinf(corner) & (np.abs(slope) < rounding)] = 0.0
    return -float(program.d - y @ constant + (slope * corner).sum())


def _box(compiled: CompiledProblem) -> tuple[Floats, Floats]:
    """Return bounds that the limits imply for each canonical variable."""
    canonical = compiled.canonical
    most = np.full(len(compiled.problem.tables), np.inf)
    for limit, number in zip(compiled.model.limits, compiled.numbers(), strict=True):
        if _packing(limit):
            entries = sparse.coo_array(limit.used)
            with np.errstate(divide="ignore", invalid="ignore"):
                alone = number[entries.coords[0]] / entries.data
            np.minimum.at(most, entries.coords[1], np.where(entries.data > 0, alone, np.inf))
    if canonical is None or not isinstance(compiled.backend, HotModel):
        return np.zeros(0), np.zeros(0)
    low, high = compiled.backend.low.copy(), compiled.backend.high.copy()
    high[canonical.columns] = np.minimum(high[canonical.columns], most)
    return low, high
