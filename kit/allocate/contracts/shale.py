"""A compact plan for guaranteed contracts in the manner of SHALE: the cheap fallback."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kit.allocate.contracts import kernels_shale as kernels
from kit.allocate.contracts.deliverable import deliverable, eligibility
from kit.allocate.contracts.online import ContractsServed, outcome
from kit.allocate.contracts.problem import ContractProblem
from kit.base.checks import number

Array = NDArray[np.float64]
_SWEEPS = 500
_SETTLED = 1e-4  # of the spread
_SPREAD = 0.1  # of the mean worth


@dataclass(frozen=True, eq=False)
class ShalePlan:
    """One number a contract: enough to serve any impression without a solver.

    Parameters
    ----------
    problem : ContractProblem
        Contracts and exchange.
    alpha : ndarray, shape (A,)
        Price of each contract, money: how much its delivery is pressed.
    fair : ndarray, shape (A,)
        Share of its eligible supply that each contract is owed (the paper's theta).
    spread : float
        Money by which worth must differ for a share to move by its fair size; the larger, the
        more evenly a contract is spread over its supply.
    segments : ndarray, shape (N, A)
        Planned share of each segment of supply for which each contract is the fallback.
    worth : ndarray, shape (N, A)
        Worth of each segment's impressions, money; NaN where a contract is not eligible.
    size, beta : ndarray, shape (N,)
        Share of all impressions in each segment, and its supply price, money.
    sweeps : int
        Rounds of coordinate ascent taken.
    """

    problem: ContractProblem
    alpha: Array
    fair: Array
    spread: float
    segments: Array
    worth: Array
    size: Array
    beta: Array
    sweeps: int

    @property
    def delivery(self) -> Array:
        """Planned share of all impressions that reach each contract, shape (A,)."""
        fallback = np.nan_to_num(self.worth + self.alpha)
        return np.asarray(
            self.size @ (self.segments * (1.0 - self.problem.curve.best_prob(fallback)))
        )

    @classmethod
    def fit(
        cls,
        problem: ContractProblem,
        quality: ArrayLike,
        *,
        spread: float | None = None,
        sample: int = 10_000,
    ) -> ShalePlan:
        """Plan on a forecast of supply: a sample of past impressions, each its own segment.

        Parameters
        ----------
        problem : ContractProblem
            Contracts and exchange.
        quality : array_like, shape (n, A)
            Past impressions; NaN where a contract is not eligible.
        spread : float, optional
            See above, > 0; a tenth of the mean worth of a contract's impression without it.
        sample : int
            Past impressions to plan on, evenly spaced, >= 1.

        Raises
        ------
        DataError
            If a quality or `spread` is not allowed.
        InfeasibleError
            If the contracts cannot be delivered.

        Notes
        -----
        Without an exchange it maximises
        ``sum s_i x_ij w_ij - 1/2 sum s_i (V / theta_j) (x_ij - theta_j)^2 - sum p_j u_j`` over
        shares with ``sum_i s_i x_ij + u_j = d_j`` and ``sum_j x_ij <= 1``: SHALE's objective plus
        the worth ``w`` of an impression. Beside an exchange `x` is the share for which contract j
        is the fallback, ``w + alpha`` becomes ``R(w + alpha) - R(0)``, and only what the exchange
        leaves is delivered; the dual stays convex in `alpha`. Coordinate ascent on it, as in the
        paper's stage one. The plan is ``alpha`` alone, since
        ``x_ij = max(0, theta_j (1 + (R(w_ij + alpha_j) - R(0) - beta_i) / V))`` and `beta` follows
        from the shares adding up to at most 1.

        References
        ----------
        Bharadwaj, Chen, Ma, Nagarajan, Tomlin, Vassilvitskii, Vee, Yang, SHALE: An Efficient
        Algorithm for Allocation of Guaranteed Display Advertising, KDD 2012, sections 3 and 4.

        Examples
        --------
        >>> draws = np.linspace(0, 1, 1000)[:, None]
        >>> plan = ShalePlan.fit(ContractProblem.of([0.25]), draws)
        >>> plan.delivery.round(4)
        array([0.25])
        """
        array = problem.checked(quality)
        groups, group = eligibility(array)
        deliverable(problem, groups, np.bincount(group) / len(array))
        count = min(len(array), int(number("sample", sample, 1)))
        array = array[np.linspace(0, len(array) - 1, count).round().astype(np.int64)]
        worth = problem.weight * array
        size, eligible = np.full(count, 1.0 / count), (~np.isnan(array)).mean(axis=0)
        fair = np.divide(problem.rho, eligible, out=np.zeros_like(eligible), where=eligible > 0)
        typical = problem.weight * float(np.nanmean(array)) if not np.isnan(array).all() else 1.0
        width = number("spread", spread if spread is not None else _SPREAD * typical, above=0)
        return _ascend(problem, size, worth, fair, width)

    def serve(self, quality: ArrayLike, rng: np.random.Generator) -> ContractsServed:
        """Serve impressions by the plan; a contract that has all it is owed gets no more.

        Parameters
        ----------
        quality : array_like, shape (T, A)
            Impressions in order; NaN where a contract is not eligible.
        rng : numpy.random.Generator
            Draws which contract gets an impression that several share, and the sales.
        """
        array = self.problem.checked(quality)
        curve, luck = self.problem.curve, rng.random((len(array), 2))
        owed = self.problem.owed(len(array))
        totals, delivered = np.zeros(2), np.zeros(len(owed))
        kernels.serve_plan(
            self.problem.weight * array, array, luck, self.alpha, self.fair, self.spread,
            curve.corner_prob, curve.corner_revenue, curve.switch, owed.copy(), totals, delivered,
        )  # fmt: skip
        return outcome(self.problem, totals, delivered, owed, len(array), -self.alpha)


def _ascend(
    problem: ContractProblem, size: Array, worth: Array, fair: Array, spread: float
) -> ShalePlan:
    """Block coordinate ascent until the plan stands still."""
    alpha, beta, plan = np.zeros(len(fair)), np.zeros(len(size)), np.zeros_like(worth)
    curve = problem.curve
    dear = float(curve.switch[-1]) if len(curve.switch) else 0.0
    top = float(np.nanmax(np.abs(worth), initial=dear)) + spread / fair[fair > 0].min(initial=1.0)
    low, high = np.full(len(fair), -2.0 * top), np.minimum(problem.make_good, 4.0 * top)
    rest = (fair, spread, curve.corner_prob, curve.corner_revenue, curve.switch, problem.rho)
    sweeps = 0
    for sweeps in range(1, _SWEEPS + 1):  # noqa: B007
        before = alpha.copy()
        kernels.sweep(size, worth, alpha, beta, *rest, low, high, plan, True)
        if np.abs(alpha - before).max() <= _SETTLED * spread:
            break
    kernels.sweep(size, worth, alpha, beta, *rest, low, high, plan, False)
    return ShalePlan(problem, alpha, fair, spread, plan, worth, size, beta, sweeps)
