"""Dual prices of contracts learned from impressions that were seen before."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kit.allocate.contracts import kernels_contracts as kernels
from kit.allocate.contracts.offline import offline_bound
from kit.allocate.contracts.problem import ContractProblem

Array = NDArray[np.float64]
_NUDGE = 0.05  # of the mean worth: price change of the finite differences
_NO_FLOOR = 1e100  # money
_PRIOR = 10.0  # over the root of the impressions seen: slope assumed, of what is owed a worth
_SEEN = 5  # eligible impressions below which a price is not learned


@dataclass(frozen=True, eq=False)
class ContractPrices:
    """What is known of the contracts' prices before, or while, impressions are served.

    Parameters
    ----------
    price : ndarray, shape (A,)
        Dual prices, money per impression.
    metric : ndarray, shape (A, A)
        How much prices must move for delivery to move: money per unit of delivery share. The
        inverse Hessian of the dual function: the mirror map of the descent is its quadratic form.
    eligible : ndarray, shape (A + 1,)
        Share of impressions that each contract may have; last, that any may have.
    lowest : ndarray, shape (A,)
        The prices' floors: minus the make-good, or what puts a contract before all else.
    seen : int
        Impressions that this rests on.
    """

    price: Array
    metric: Array
    eligible: Array
    lowest: Array
    seen: int

    @classmethod
    def fit(
        cls, problem: ContractProblem, quality: ArrayLike, *, target: Array | None = None,
        start: Array | None = None,
    ) -> ContractPrices:  # fmt: skip
        """Learn the prices from impressions.

        Parameters
        ----------
        problem : ContractProblem
            Contracts and exchange.
        quality : array_like, shape (n, A)
            Impressions seen before those that will be served; NaN where not eligible.
        target : ndarray, shape (A,), optional
            Share of impressions to deliver, instead of the problem's `rho`.
        start : ndarray, shape (A,), optional
            Prices to start from, and to keep for contracts that saw next to nothing.

        Raises
        ------
        DataError
            If a quality is not allowed.

        Examples
        --------
        >>> draws = np.linspace(0, 1, 1001)[:, None]
        >>> known = ContractPrices.fit(ContractProblem.of([0.25]), draws)
        >>> known.price.round(2), known.metric.round(1)
        (array([0.75]), array([[0.9]]))
        """
        array = problem.checked(quality)
        eligible = (~np.isnan(array)).mean(axis=0)
        goal = np.minimum(problem.rho if target is None else target, eligible)
        first = np.zeros(len(problem)) if start is None else start
        bounded = replace(problem, make_good=_finite_make_good(problem, array))
        price = offline_bound(bounded, array, target=goal, start=first, gap=1e-6).price
        price = np.where(eligible * len(array) < _SEEN, first, price)
        metric = _metric(bounded, array, price, goal)
        share = np.append(eligible, (~np.isnan(array)).any(axis=1).mean())
        return cls(price, metric, share, -bounded.make_good, len(array))

    @classmethod
    def unknown(cls, problem: ContractProblem) -> ContractPrices:
        """Return what is assumed before anything was seen: prices of 0 that do not move.

        Examples
        --------
        >>> ContractPrices.unknown(ContractProblem.of([0.25])).price
        array([0.])
        """
        zeros = np.zeros(len(problem))
        lowest = np.maximum(-problem.make_good, -_NO_FLOOR)
        return cls(zeros, np.diag(zeros), np.ones(len(problem) + 1), lowest, 0)


def _finite_make_good(problem: ContractProblem, quality: Array) -> Array:
    """Return the make-good prices, where infinite those that put a contract before all else."""
    top = float(np.nanmax(quality)) if not np.isnan(quality).all() else 0.0
    reserve = float(problem.curve.switch[-1]) if len(problem.curve.switch) else 0.0
    return np.minimum(problem.make_good, 2.0 * (problem.weight * top + reserve) + 1e-9)


def _metric(problem: ContractProblem, quality: Array, price: Array, goal: Array) -> Array:
    """Return the inverse of how delivery answers to prices, by central differences."""
    contracts = len(problem)
    count = np.maximum((~np.isnan(quality)).sum(axis=0), 1)
    mean = np.nan_to_num(quality).sum(axis=0) / count
    worth = np.maximum(problem.weight * mean, 1e-3 * problem.weight * mean.max() + 1e-9)
    hessian = np.empty((contracts, contracts))
    for a in range(contracts):
        nudge = np.where(np.arange(contracts) == a, _NUDGE * worth, 0.0)
        change = _delivery(problem, quality, price - nudge) - _delivery(
            problem, quality, price + nudge
        )
        hessian[:, a] = change / (2.0 * nudge[a])
    hessian = 0.5 * (hessian + hessian.T)
    # ridge: contracts that share all their supply move together, and few impressions show no slope
    ridge = (
        1e-3 * np.diag(hessian).clip(min=0.0)
        + _PRIOR / np.sqrt(len(quality)) * np.maximum(goal, 1e-6) / worth
    )
    return np.asarray(np.linalg.inv(hessian + np.diag(ridge)))


def _delivery(problem: ContractProblem, quality: Array, price: Array) -> Array:
    value, slope = np.empty(1), np.empty((1, len(problem)))
    curve = problem.curve
    kernels.dual_by_group(
        quality, np.zeros(len(quality), dtype=np.int64), problem.weight, price,
        curve.corner_prob, curve.corner_revenue, curve.switch, value, slope,
    )  # fmt: skip
    return np.asarray(-slope[0] / len(quality))
