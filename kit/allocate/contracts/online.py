"""Serve contracts and exchange one impression at a time: dual mirror descent."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kit.allocate.contracts import kernels_contracts as kernels
from kit.allocate.contracts.prices import ContractPrices
from kit.allocate.contracts.problem import ContractProblem
from kit.base.checks import number

Array = NDArray[np.float64]
_FIRST = 4  # impressions a contract before the first prices of a cold start; then at each doubling
_TRUST = 0.02  # of the horizon: the most that prices from elsewhere count for


@dataclass(frozen=True, eq=False)
class ContractsServed:
    """What one run over T impressions delivered and earned.

    Parameters
    ----------
    value : float
        Yield per impression, money: exchange revenue + weight x quality - make-good.
    revenue, quality : float
        Per impression: the exchange's expected revenue at the reserves chosen, and the quality
        that contracts got.
    delivered, owed : ndarray, shape (A,)
        Impressions of each contract.
    make_good : float
        Money per impression lost on what is missing; 0 for contracts that must be delivered.
    price : ndarray, shape (A,)
        Dual prices at the end.
    """

    value: float
    revenue: float
    quality: float
    delivered: Array
    owed: Array
    make_good: float
    price: Array

    @property
    def short(self) -> Array:
        """Impressions missing from each contract, shape (A,); never below 0."""
        return self.owed - self.delivered


def serve_contracts(
    problem: ContractProblem,
    quality: ArrayLike,
    rng: np.random.Generator,
    known: ContractPrices | None = None,
) -> ContractsServed:
    """Serve impressions in order, each knowing only those before it.

    Parameters
    ----------
    problem : ContractProblem
        Contracts and exchange.
    quality : array_like, shape (T, A)
        Impressions in order of arrival; NaN where a contract is not eligible.
    rng : numpy.random.Generator
        Draws whether the exchange buys.
    known : ContractPrices, optional
        Prices learned from other impressions (warm start). Without it they are learned on the
        way: from all impressions seen so far, at each doubling of their number.

    Returns
    -------
    ContractsServed
        No contract gets more than it is owed. One that must be delivered gets all but a fraction
        of an impression as long as its own supply suffices; a priced one may fall short of it,
        and the make-good is in the value.

    Raises
    ------
    DataError
        If a quality is not allowed.

    Notes
    -----
    After each impression ``v -= step * M (rho_t - x_t)``: `rho_t` is what is left to deliver over
    the impressions left (pacing target), `x_t` the expected delivery, and `M` the inverse Hessian
    of the dual function, so the mirror map is ``v' M^-1 v / 2``. The step is 1 over the
    impressions that the prices rest on (averaging), but at least 1 over those left, so that an
    error of pacing is gone by the end.

    References
    ----------
    Balseiro, Lu, Mirrokni, The Best of Many Worlds: Dual Mirror Descent for Online Allocation
    Problems, Operations Research 71(1), 2023, algorithm 1. Agrawal, Wang, Ye, A Dynamic
    Near-Optimal Algorithm for Online Linear Programming, 2014 (prices at each doubling).

    Examples
    --------
    >>> draws = np.random.default_rng(0).random((4000, 1))
    >>> served = serve_contracts(ContractProblem.of([0.25]), draws, np.random.default_rng(1))
    >>> served.delivered, served.value > 0.98 * (0.25 * 0.875)
    (array([1000.]), True)
    """
    run = _Run.of(problem, problem.checked(quality), rng)
    horizon = len(run.quality)
    if known is not None:
        trust = min(known.seen, max(1, int(_TRUST * horizon)))
        run.go(0, horizon, known, _steps(horizon, trust))
        return run.served()
    known, start, steps = ContractPrices.unknown(problem), 0, _steps(horizon, 0)
    for end in [*_epochs(horizon, len(problem)), horizon]:
        run.go(start, end, known, steps)
        if end < horizon:
            target = run.left / (horizon - end)
            known = ContractPrices.fit(
                problem, run.quality[:end], target=target, start=run.price.copy()
            )
        start = end
    return run.served()


def serve_plainly(
    problem: ContractProblem,
    quality: ArrayLike,
    rng: np.random.Generator,
    step: float,
) -> ContractsServed:
    """Serve with the plain descent: prices from 0, one step size, one target, no metric.

    Parameters
    ----------
    problem, quality, rng
        As for `serve_contracts`.
    step : float
        Step size, money, > 0; it is divided by the root of T.

    References
    ----------
    Balseiro, Lu, Mirrokni 2023, algorithm 1 with the squared Euclidean norm.

    Examples
    --------
    >>> draws = np.random.default_rng(0).random((4000, 1))
    >>> serve_plainly(
    ...     ContractProblem.of([0.25]), draws, np.random.default_rng(1), 1.0).delivered
    array([1000.])
    """
    number("step", step, above=0)
    run = _Run.of(problem, problem.checked(quality), rng)
    horizon = len(run.quality)
    known = replace(ContractPrices.unknown(problem), metric=np.eye(len(problem)))
    run.go(0, horizon, known, np.full(horizon, step / np.sqrt(horizon)), paced=False)
    return run.served()


def _steps(horizon: int, trust: int) -> Array:
    after = np.arange(horizon, dtype=np.float64)
    return np.asarray(1.0 / np.minimum(trust + after + 1.0, horizon - after))


def _epochs(horizon: int, contracts: int) -> list[int]:
    ends = []
    end = max(16, _FIRST * contracts)
    while 2 * end <= horizon:
        ends.append(end)
        end *= 2
    return ends


@dataclass(eq=False)
class _Run:
    """The state of one run; the arrays change in place."""

    problem: ContractProblem
    quality: Array
    luck: Array
    owed: Array
    left: Array
    price: Array
    totals: Array
    delivered: Array

    @classmethod
    def of(cls, problem: ContractProblem, quality: Array, rng: np.random.Generator) -> _Run:
        owed = problem.owed(len(quality))
        zeros = [np.zeros(size) for size in (len(owed), 2, len(owed))]
        return cls(problem, quality, rng.random(len(quality)), owed, owed.copy(), *zeros)

    def go(
        self, first: int, last: int, known: ContractPrices, step: Array, paced: bool = True
    ) -> None:  # fmt: skip
        curve, must = self.problem.curve, np.isinf(self.problem.make_good)
        self.price = np.maximum(known.price, known.lowest)
        urgency = np.where(must & paced & (known.seen > 0), -4.0 * known.lowest, 0.0)
        kernels.serve(
            self.quality, self.luck, first, last, self.problem.weight, curve.corner_prob,
            curve.corner_revenue, curve.switch, self.price, self.left, known.lowest,
            known.eligible, known.metric, step, paced, urgency, self.totals, self.delivered,
        )  # fmt: skip

    def served(self) -> ContractsServed:
        count = len(self.quality)
        return outcome(self.problem, self.totals, self.delivered, self.owed, count, self.price)


def outcome(
    problem: ContractProblem, totals: Array, delivered: Array, owed: Array, count: int, price: Array
) -> ContractsServed:
    """Return what a run earned, from its totals of exchange revenue and quality.

    Parameters
    ----------
    problem : ContractProblem
        Contracts and exchange.
    totals : ndarray, shape (2,)
        Exchange revenue (money) and quality.
    delivered, owed, price : ndarray, shape (A,)
        Impressions delivered and owed, and prices at the end.
    count : int
        Impressions served.
    """
    penalty = np.where(np.isinf(problem.make_good), 0.0, problem.make_good)
    lost = float(penalty @ (owed - delivered)) / count
    revenue, quality = totals / count
    value = revenue + problem.weight * quality - lost
    return ContractsServed(
        float(value), float(revenue), float(quality), delivered, owed, lost, price
    )
