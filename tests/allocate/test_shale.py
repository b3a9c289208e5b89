"""The SHALE-style plan: closed forms, the quadratic program, what it delivers when it serves."""

from __future__ import annotations

import numpy as np
import pytest

from kit.allocate.contracts.acceptance import AcceptanceCurve
from kit.allocate.contracts.offline import offline_bound
from kit.allocate.contracts.problem import ContractProblem
from kit.allocate.contracts.shale import ShalePlan
from kit.base.errors import DataError, InfeasibleError


def supply(rng: np.random.Generator, count: int, contracts: int) -> np.ndarray:
    quality = rng.lognormal(0, 0.6, (count, contracts))
    quality[rng.random(quality.shape) < 0.4] = np.nan
    return quality


def test_a_wide_spread_takes_the_same_share_of_everything() -> None:
    quality = supply(np.random.default_rng(0), 300, 1)
    plan = ShalePlan.fit(ContractProblem.of([0.2]), quality, spread=1e6)
    eligible = ~np.isnan(quality[:, 0])
    np.testing.assert_allclose(plan.segments[eligible, 0], 0.2 / eligible.mean(), atol=1e-4)
    assert (plan.segments[~eligible] == 0).all()


def test_a_narrow_spread_takes_the_best() -> None:
    quality = np.arange(100.0)[:, None]
    plan = ShalePlan.fit(ContractProblem.of([0.25]), quality, spread=0.2)
    np.testing.assert_allclose(plan.segments[:, 0], np.arange(100) >= 75, atol=0.01)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("penalty", [0.3, np.inf])
def test_the_plan_solves_its_quadratic_program(seed: int, penalty: float) -> None:
    import cvxpy as cp

    rng = np.random.default_rng(seed)
    quality, rho, spread = supply(rng, 40, 3), rng.dirichlet(np.ones(4))[:3] * 0.5, 0.7
    problem = ContractProblem.of(rho, make_good=penalty)
    plan = ShalePlan.fit(problem, quality, spread=spread)
    x, short = cp.Variable(quality.shape, nonneg=True), cp.Variable(3, nonneg=True)
    may = ~np.isnan(quality)
    fair = rho / may.mean(axis=0)
    worth = np.nan_to_num(quality)
    gain = cp.sum(cp.multiply(worth, x))
    gain -= 0.5 * cp.sum(cp.multiply(may * spread / fair, cp.square(x - fair)))
    rules = [cp.multiply(x, ~may) == 0, cp.sum(x, axis=1) <= 1]
    rules += [cp.sum(x, axis=0) / 40 + short == rho]
    if np.isinf(penalty):
        rules += [short == 0]
    else:
        gain -= penalty * 40 * cp.sum(short)
    cp.Problem(cp.Maximize(gain / 40), rules).solve(
        solver=cp.CLARABEL, canon_backend=cp.SCIPY_CANON_BACKEND
    )
    np.testing.assert_allclose(plan.segments, x.value, atol=2e-3)
    np.testing.assert_allclose(plan.delivery, rho - short.value, atol=2e-3)


def test_it_serves_what_it_planned_and_stays_under_the_bound() -> None:
    rng = np.random.default_rng(4)
    problem = ContractProblem.of([0.2, 0.1, 0.2], make_good=2.0)
    plan = ShalePlan.fit(problem, supply(rng, 20_000, 3))
    test = supply(rng, 20_000, 3)
    served = plan.serve(test, rng)
    assert (served.delivered <= served.owed).all()
    # the forecast is a sample of 10,000 and nothing corrects it: three standard errors are 6 %
    assert served.short.max() <= 0.06 * served.owed.max()
    ratio = served.value / offline_bound(problem, test).value
    assert 0.8 <= ratio <= 1.0


def test_beside_an_exchange_a_narrow_spread_comes_near_the_bound() -> None:
    rng = np.random.default_rng(6)
    prob = np.linspace(0, 1, 51)
    problem = ContractProblem.of(
        [0.3, 0.1, 0.2], AcceptanceCurve.of(prob, 2 * (1 - prob)), make_good=5.0
    )
    draws = supply(rng, 20_000, 3)
    plan = ShalePlan.fit(problem, draws, spread=0.03, sample=20_000)
    np.testing.assert_allclose(plan.delivery, problem.rho, rtol=0.02)
    test = supply(rng, 20_000, 3)
    served, bound = plan.serve(test, rng), offline_bound(problem, test).value
    assert 0.95 * bound <= served.value <= 1.005 * bound


def test_the_supply_price_holds_no_impression_is_promised_twice() -> None:
    rng = np.random.default_rng(5)
    problem = ContractProblem.of([0.3, 0.3, 0.2])
    plan = ShalePlan.fit(problem, rng.lognormal(0, 1, (500, 3)))
    assert plan.segments.sum(axis=1).max() <= 1 + 1e-9
    assert ((plan.segments.sum(axis=1) > 1 - 1e-6) | (plan.beta == 0)).all()


def test_errors() -> None:
    with pytest.raises(InfeasibleError, match=r"must give 0\.2"):
        ShalePlan.fit(ContractProblem.of([0.7]), [[1.0], [np.nan]])
    with pytest.raises(DataError, match="spread"):
        ShalePlan.fit(ContractProblem.of([0.1]), [[1.0]], spread=0)
