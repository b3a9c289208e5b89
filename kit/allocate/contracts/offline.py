"""The most that contracts and exchange can yield in hindsight: the dual, by cutting planes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kit.allocate.contracts import kernels_contracts as kernels
from kit.allocate.contracts.deliverable import deliverable, eligibility
from kit.allocate.contracts.problem import ContractProblem
from kit.base.checks import number
from kit.base.errors import SolverError

Array = NDArray[np.float64]
_KEPT = 40  # planes of a group that are kept
_FREE = 1e-11  # share of impressions: slope that counts as none
_SMALL = 0.1  # of the mean worth: the least bound that a gap is relative to
_TIGHT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
_WIDEST = 1e9  # times the mean worth: the widest box
_SERIOUS = 0.1  # share of the predicted gain that moves the centre


@dataclass(frozen=True, eq=False)
class OfflineBound:
    """What no policy can exceed on average, and the prices that show it.

    Parameters
    ----------
    value : float
        Upper bound on the yield per impression, money. It is the dual function at `price`, so it
        bounds the yield whether or not the search has converged.
    lower : float
        Lower bound on that bound: the optimum lies between the two.
    price : ndarray, shape (A,)
        Dual price of each contract: money that one more impression owed to it costs.
    rounds : int
        How often the dual was evaluated.
    scale : float
        Money that an impression is worth: what a bound of 0 is small beside.
    """

    value: float
    lower: float
    price: Array
    rounds: int
    scale: float

    @property
    def gap(self) -> float:
        """How far the bound may lie above the optimum, relative to its size."""
        return (self.value - self.lower) / max(abs(self.value), _SMALL * self.scale)


@dataclass
class _Planes:
    """Tangent planes of each group's part of the dual function."""

    group: list[int] = field(default_factory=list)
    height: list[float] = field(default_factory=list)
    slope: list[Array] = field(default_factory=list)

    def add(self, price: Array, value: Array, slope: Array) -> None:
        for g in range(len(value)):
            self.group.append(g)
            self.height.append(float(value[g] - slope[g] @ price))
            self.slope.append(slope[g].copy())

    def prune(self, keep: NDArray[np.bool_]) -> None:
        self.group = [one for one, kept in zip(self.group, keep, strict=True) if kept]
        self.height = [one for one, kept in zip(self.height, keep, strict=True) if kept]
        self.slope = [one for one, kept in zip(self.slope, keep, strict=True) if kept]


def offline_bound(
    problem: ContractProblem,
    quality: ArrayLike,
    *,
    target: Array | None = None,
    start: Array | None = None,
    gap: float = 1e-8,
    rounds: int = 1000,
) -> OfflineBound:
    """Bound the yield per impression over given impressions, in hindsight.

    Parameters
    ----------
    problem : ContractProblem
        Contracts and exchange.
    quality : array_like, shape (T, A)
        The impressions: quality, NaN where a contract is not eligible.
    target : ndarray, shape (A,), optional
        Share of impressions still owed, instead of the problem's `rho`.
    start : ndarray, shape (A,), optional
        Prices to start from.
    gap : float
        Relative gap to stop at, >= 0.
    rounds : int
        Evaluations of the dual before it stops with a wider gap.

    Raises
    ------
    DataError
        If a quality is not allowed.
    InfeasibleError
        If the contracts cannot be delivered; it names them and what each must give.
    SolverError
        If HiGHS fails.

    Notes
    -----
    The dual function ``sum_a rho_a v_a + mean_t R(max(0, max_a gamma q_ta - v_a))`` is convex and
    piecewise linear, with ``v_a >= -make_good_a``. Its parts, one a set of eligible contracts,
    get tangent planes of their own; the lowest point of the planes in a box around the best
    prices is the next to try. A minimum inside the box bounds the dual function from below.

    References
    ----------
    Balseiro et al. 2014, equation (4) (the dual of the deterministic problem). Ruszczyński,
    Swiętanowski, Accelerating the regularized decomposition method, 1997 (planes by group).

    Examples
    --------
    One contract owed half of the impressions, no exchange: it gets the better half.

    >>> bound = offline_bound(ContractProblem.of([0.5]), [[1.0], [2.0], [3.0], [4.0]])
    >>> round(bound.value, 6), 2 <= float(bound.price[0]) <= 3
    (1.75, True)
    """
    array = problem.checked(quality)
    goal = problem.rho if target is None else np.asarray(target, dtype=np.float64)
    groups, group = eligibility(array)
    if target is None:
        deliverable(problem, groups, np.bincount(group) / len(array))
    return _minimise(problem, array, group, len(groups), goal, start, number("gap", gap, 0), rounds)


def _minimise(
    problem: ContractProblem, quality: Array, group: NDArray[np.int64], groups: int, goal: Array,
    start: Array | None, gap: float, rounds: int,
) -> OfflineBound:  # fmt: skip
    value, slope = np.empty(groups), np.empty((groups, len(problem)))
    planes, lower = _Planes(), -np.inf

    def dual(price: Array) -> float:
        kernels.dual_by_group(
            quality, group, problem.weight, price, problem.curve.corner_prob,
            problem.curve.corner_revenue, problem.curve.switch, value, slope,
        )  # fmt: skip
        np.divide(value, len(quality), out=value)
        np.divide(slope, len(quality), out=slope)
        planes.add(price, value, slope)
        return float(goal @ price + value.sum())

    floor = -problem.make_good
    centre = np.maximum(np.zeros(len(problem)) if start is None else start, floor)
    best = dual(centre)
    scale = _scale(problem, quality)
    box, done, tried = scale, 1, centre
    least, price = best, centre  # every dual value bounds the yield, taken as a step or not
    for _ in range(rounds - 1):
        low, high = np.maximum(centre - box, floor), centre + box
        trial, model, inside = _lowest(planes, groups, goal, low, high, floor, scale)
        lower = max(lower, model) if inside else lower
        size = max(abs(least), _SMALL * scale)
        # the same point twice: the planes meet there already, and the rest of the gap is rounding
        if least - max(lower, model) <= gap * size or (done > 1 and np.array_equal(trial, tried)):
            if inside or lower >= least - gap * size or box > _WIDEST * scale:
                break
            box *= 10.0  # at the edge: the planes say nothing about what lies beyond
            continue
        height, done, tried = dual(trial), done + 1, trial
        if height < least:
            least, price = height, trial
        gained, hoped = best - height, best - model
        if gained >= _SERIOUS * hoped:
            best, centre = height, trial
            box *= 2.0 if gained > 0.5 * hoped and not inside else 1.0
        elif gained < 0:
            box = max(0.5 * box, 1e-12 * scale)
        if len(planes.group) > _KEPT * groups:
            _drop(planes, centre, trial)
    return OfflineBound(least, min(lower, least), price, done, scale)


def _scale(problem: ContractProblem, quality: Array) -> float:
    worth = problem.weight * float(np.nanmean(quality)) if not np.isnan(quality).all() else 0.0
    return max(worth, float(problem.curve.corner_revenue[0])) or 1.0


def _lowest(
    planes: _Planes, groups: int, goal: Array, low: Array, high: Array, floor: Array, scale: float
) -> tuple[Array, float, bool]:
    """Return the lowest point of the planes in a box, its height, and whether the box is slack."""
    from scipy.optimize import linprog

    contracts = len(goal)
    rows = np.zeros((len(planes.group), contracts + groups))
    rows[:, :contracts] = np.array(planes.slope)
    rows[np.arange(len(rows)), contracts + np.array(planes.group)] = -1.0
    centre = 0.5 * (low + high)
    limits = np.concatenate([
        np.column_stack([low - centre, high - centre]) / scale,
        np.tile([-np.inf, np.inf], (groups, 1)),
    ])  # fmt: skip
    height = (np.array(planes.height) + rows[:, :contracts] @ centre) / scale
    cost = np.append(goal, np.ones(groups))
    answer = linprog(  # type: ignore[call-overload]
        cost, A_ub=rows, b_ub=-height, bounds=limits, method="highs-ds", options=_TIGHT
    )
    if answer.x is None:
        raise SolverError(
            f"offline bound: HiGHS stopped ({answer.message}). Rescale the qualities."
        )
    point = np.clip(centre + scale * answer.x[:contracts], low, high)
    # a side of the box that costs nothing could go: what is lowest in it is lowest anywhere
    pull = np.where(low > floor, np.abs(answer.lower.marginals[:contracts]), 0.0)
    held = np.maximum(pull, np.abs(answer.upper.marginals[:contracts])) > _FREE
    return point, float(scale * answer.fun + goal @ centre), not held.any()


def _drop(planes: _Planes, centre: Array, trial: Array) -> None:
    """Forget the planes that lie lowest at the points that matter."""
    group, slope = np.array(planes.group), np.array(planes.slope)
    near = np.maximum(slope @ centre, slope @ trial) + np.array(planes.height)
    keep = np.zeros(len(group), dtype=bool)
    for g in np.unique(group):
        mine = np.flatnonzero(group == g)
        keep[mine[np.argsort(-near[mine], kind="stable")[: _KEPT // 2]]] = True
    planes.prune(keep)
