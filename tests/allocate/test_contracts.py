"""Contracts beside an exchange: closed forms, brute force, the LP, errors, the bound."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kit.allocate.contracts.acceptance import AcceptanceCurve
from kit.allocate.contracts.deliverable import deliverable, eligibility
from kit.allocate.contracts.offline import offline_bound
from kit.allocate.contracts.online import serve_contracts, serve_plainly
from kit.allocate.contracts.prices import ContractPrices
from kit.allocate.contracts.problem import ContractProblem
from kit.allocate.contracts.publishers import ImpressionTypes, read_draws, read_publisher
from kit.base.errors import DataError, InfeasibleError


def uniform_curve(points: int = 2001) -> AcceptanceCurve:
    prob = np.linspace(0, 1, points)
    return AcceptanceCurve.of(prob, 1 - prob)


def random_curve(rng: np.random.Generator) -> AcceptanceCurve:
    prob = np.sort(rng.random(6))
    return AcceptanceCurve.of(prob, np.sort(rng.random(6))[::-1] * 3)


def random_case(
    rng: np.random.Generator, scarce: float = 0.9
) -> tuple[ContractProblem, np.ndarray]:
    """Draw a problem that can be delivered: rho is what some random assignment delivers."""
    count, contracts = int(rng.integers(2, 40)), int(rng.integers(1, 5))
    quality = rng.integers(0, 6, (count, contracts)).astype(float)  # ties on purpose
    quality[rng.random(quality.shape) < 0.3] = np.nan
    pick = rng.integers(0, contracts, count)
    given_to = ~np.isnan(quality[np.arange(count), pick]) & (rng.random(count) < scarce)
    rho = np.bincount(pick[given_to], minlength=contracts) / count
    curve = random_curve(rng) if rng.random() < 0.7 else None
    return ContractProblem.of(rho, curve, float(rng.choice([0.0, 0.5, 1.0]))), quality


def lp_value(problem: ContractProblem, quality: np.ndarray) -> float:
    """Solve the joint plan over corners of the curve as one LP with cvxpy and HiGHS."""
    import cvxpy as cp

    curve, (count, contracts) = problem.curve, quality.shape
    corners = len(curve.corner_prob)
    alone = cp.Variable((count, corners), nonneg=True)
    beside = [cp.Variable((count, corners), nonneg=True) for _ in range(contracts)]
    offered = alone + sum(beside)
    gain = cp.sum(offered @ curve.corner_revenue)
    rules = [cp.sum(offered, axis=1) == 1]
    short = cp.Variable(contracts, nonneg=True)
    for a, mine in enumerate(beside):
        kept = mine @ (1 - curve.corner_prob)
        may = ~np.isnan(quality[:, a])
        gain += problem.weight * (np.nan_to_num(quality[:, a]) @ kept)
        rules += [mine[~may, :] == 0] if not may.all() else []
        rules += [cp.sum(kept) + short[a] == problem.rho[a] * count]
        if np.isinf(problem.make_good[a]):
            rules += [short[a] == 0]
        else:
            gain -= problem.make_good[a] * short[a]
    task = cp.Problem(cp.Maximize(gain / count), rules)
    task.solve(solver=cp.HIGHS)
    return float(task.value)


def test_one_contract_without_an_exchange_gets_the_best_impressions() -> None:
    quality = np.arange(10.0)[:, None]
    bound = offline_bound(ContractProblem.of([0.3]), quality)
    assert bound.value == pytest.approx((9 + 8 + 7) / 10, rel=1e-9)
    assert 6 <= bound.price[0] <= 7


def test_uniform_bids_have_the_textbook_reserve() -> None:
    # r(s) = s (1 - s): R(c) = ((1 + c) / 2)^2 at the reserve (1 + c) / 2
    curve = uniform_curve()
    worth = np.array([0.0, 0.2, 0.6, 1.0, 2.0])
    np.testing.assert_allclose(curve.best_price(worth)[:3], (1 + worth[:3]) / 2, atol=1e-3)
    exact = np.where(worth < 1, ((1 + worth) / 2) ** 2, worth)
    np.testing.assert_allclose(curve.value(worth), exact, atol=1e-6)


def test_one_contract_one_type_beside_uniform_bids() -> None:
    # all alike: each is sold with chance 1 - rho, so the yield is r(1 - rho) + rho q
    problem = ContractProblem.of([0.7], uniform_curve())
    bound = offline_bound(problem, np.full((50, 1), 0.4))
    assert bound.value == pytest.approx(0.3 * 0.7 + 0.7 * 0.4, rel=1e-6)
    # the fallback must be worth what makes the exchange buy just 0.3: 1 - 2 s = c
    assert 0.4 - bound.price[0] == pytest.approx(1 - 2 * 0.3, abs=2e-3)


def test_a_cheap_make_good_is_paid() -> None:
    problem = ContractProblem.of([0.7], uniform_curve(), make_good=0.05)
    bound = offline_bound(problem, np.full((50, 1), 0.0))
    # deliver s.t. marginal revenue 1 - 2 s = 0.05
    sold = 0.475
    expected = sold * (1 - sold) - 0.05 * (0.7 - (1 - sold))
    assert bound.value == pytest.approx(expected, abs=1e-6)
    assert bound.price[0] == -0.05


@pytest.mark.parametrize("seed", range(40))
def test_the_bound_is_the_optimum_of_the_lp(seed: int) -> None:
    problem, quality = random_case(np.random.default_rng(seed))
    bound = offline_bound(problem, quality)
    assert bound.value == pytest.approx(lp_value(problem, quality), rel=1e-6, abs=1e-7)
    assert bound.lower <= bound.value
    assert bound.gap <= 1e-6


@pytest.mark.parametrize("seed", range(10))
def test_the_bound_with_make_good_is_the_optimum_of_the_lp(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    problem, quality = random_case(rng)
    rho, penalty = np.minimum(problem.rho * 1.7, 1.0), rng.random(len(problem)) * 2
    tight = ContractProblem.of(rho, problem.curve, problem.weight, penalty)
    bound = offline_bound(tight, quality)
    assert bound.value == pytest.approx(lp_value(tight, quality), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("seed", range(20))
def test_without_an_exchange_it_is_the_best_assignment(seed: int) -> None:
    rng = np.random.default_rng(seed)
    quality = rng.integers(1, 9, (6, 2)).astype(float)
    owed = rng.integers(0, 4, 2)
    best = max(
        sum(quality[t, a] for t, a in enumerate(way) if a < 2)
        for way in itertools.product(range(3), repeat=6)
        if way.count(0) == owed[0] and way.count(1) == owed[1]
    )
    bound = offline_bound(ContractProblem.of(owed / 6), quality)
    assert bound.value == pytest.approx(best / 6, rel=1e-9, abs=1e-9)


@given(seed=st.integers(0, 10_000), start=st.floats(-5, 5))
@example(seed=9545, start=-3.0)  # as much owed as there is: the dual is flat far from the centre
@settings(max_examples=40, deadline=None)
def test_any_prices_bound_the_optimum(seed: int, start: float) -> None:
    problem, quality = random_case(np.random.default_rng(seed))
    best = offline_bound(problem, quality)
    loose = offline_bound(problem, quality, start=np.full(len(problem), start), rounds=1)
    assert loose.value >= best.value * (1 - 1e-9) - 1e-9
    assert loose.value >= best.lower - 1e-9


@given(seed=st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_no_run_without_an_exchange_beats_the_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem, quality = random_case(rng)
    priced = ContractProblem.of(problem.rho, None, problem.weight, 3.0)
    bound = offline_bound(priced, quality).value
    prior = ContractPrices.fit(priced, quality[::-1])
    for served in (
        serve_contracts(priced, quality, rng),
        serve_contracts(priced, quality, rng, prior),
        serve_plainly(priced, quality, rng, 1.0),
    ):
        assert served.value <= bound + 1e-9
        assert (served.delivered <= served.owed + 1e-9).all()


def test_beside_an_exchange_the_mean_of_many_runs_stays_under_the_bound() -> None:
    rng = np.random.default_rng(3)
    quality = rng.lognormal(0, 0.5, (400, 2))
    problem = ContractProblem.of([0.3, 0.3], uniform_curve(201), make_good=10.0)
    bound = offline_bound(problem, quality).value
    prior = ContractPrices.fit(problem, rng.lognormal(0, 0.5, (4000, 2)))
    values = [
        serve_contracts(problem, rng.permutation(quality), rng, prior).value for _ in range(200)
    ]
    assert np.mean(values) <= bound + 4 * np.std(values) / np.sqrt(200)
    assert np.mean(values) >= 0.95 * bound


def test_the_decision_is_what_attains_the_dual() -> None:
    problem, quality = random_case(np.random.default_rng(5))
    price = np.full(len(problem), 0.7)
    made = problem.decide(quality, price)
    dual = problem.rho @ price + problem.curve.value(made.worth).mean()
    assert offline_bound(problem, quality, start=price, rounds=1).value == pytest.approx(dual)
    chosen = made.contract >= 0
    np.testing.assert_allclose(
        made.worth[chosen],
        problem.weight * quality[chosen, made.contract[chosen]] - 0.7,
    )


def test_contracts_that_must_be_delivered_are() -> None:
    rng = np.random.default_rng(8)
    quality = rng.lognormal(0, 1, (20_000, 2))
    quality[rng.random(20_000) < 0.5, 0] = np.nan
    problem = ContractProblem.of([0.49, 0.3], uniform_curve(201))  # 0.5 is eligible for the first
    served = serve_contracts(problem, quality, rng)
    assert served.short.max() < 0.005 * served.owed[0]
    assert (served.short >= 0).all()


def test_a_wrong_prior_does_little_harm() -> None:
    rng = np.random.default_rng(9)
    quality = rng.lognormal(0, 0.5, (30_000, 3))
    problem = ContractProblem.of([0.2, 0.1, 0.3], make_good=5.0)
    wrong = ContractPrices.fit(problem, 3 * rng.lognormal(0, 0.5, (30_000, 3)))
    ratio = serve_contracts(problem, quality, rng, wrong).value
    assert ratio / offline_bound(problem, quality).value >= 0.98


def test_infeasible_contracts_are_named_with_what_they_must_give() -> None:
    quality = np.array([[1, np.nan, np.nan, 1], [np.nan, 1, 1, np.nan]] * 5)
    problem = ContractProblem.of([0.7, 0.3, 0.4, 0.0], contracts=["news", "games", "cars", "air"])
    with pytest.raises(InfeasibleError, match=r"news \(0.7\): owed 0.7 of 0.5, must give 0.2") as e:
        offline_bound(problem, quality)
    assert "games (0.3) + cars (0.4): owed 0.7 of 0.5, must give 0.2" in str(e.value)
    assert "air" not in str(e.value)
    priced = ContractProblem.of(problem.rho, make_good=[5.0, 5.0, 5.0, np.inf])
    assert offline_bound(priced, quality).value == pytest.approx(1.0 - 0.4 * 5.0)


@pytest.mark.parametrize("seed", range(20))
def test_what_they_must_give_is_enough_and_no_less(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups, _ = eligibility(np.where(rng.random((8, 3)) < 0.5, 1.0, np.nan))
    share = rng.dirichlet(np.ones(len(groups)))
    problem = ContractProblem.of(rng.dirichlet(np.ones(3)))
    over = max(
        problem.rho[list(some)].sum() - share[groups[:, list(some)].any(axis=1)].sum()
        for size in (1, 2, 3)
        for some in itertools.combinations(range(3), size)
    )
    if over <= 1e-9:
        deliverable(problem, groups, share)
        return
    with pytest.raises(InfeasibleError) as caught:
        deliverable(problem, groups, share)
    given_up = [float(p.split()[0].strip(";.")) for p in str(caught.value).split("must give ")[1:]]
    assert sum(given_up) == pytest.approx(over, abs=2e-3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ContractProblem.of([-0.1]), "rho: 1 negative value"),
        (lambda: ContractProblem.of([0.1], make_good=-1), "make_good: 1 negative or missing value"),
        (lambda: ContractProblem.of([0.1], weight=-1), "weight: got -1"),
        (lambda: ContractProblem.of([0.1, 0.2], contracts=["a", "a"]), "1 distinct names"),
        (lambda: ContractProblem.of([0.1]).checked([[1.0, 2.0]]), "quality: got shape"),
        (lambda: ContractProblem.of([0.1]).checked([[-1.0]]), "quality: 1 not allowed value"),
        (lambda: AcceptanceCurve.of([0.1, 0.5], [1, 2]), "price: 1 out of order value"),
        (lambda: AcceptanceCurve.of([0.1, 1.5], [2, 1]), "prob: 1 too large value"),
        (lambda: AcceptanceCurve.of([0.1, np.nan], [2, 1]), "prob: 1 missing or infinite value"),
        (lambda: AcceptanceCurve.of([0.1], [2, 1]), "curve: got 1 probabilities"),
        (
            lambda: ImpressionTypes.of(
                np.array([0.5, 0.4]), 1, [np.array([0])] * 2, [np.zeros(1)] * 2, [np.eye(1)] * 2
            ),
            "sum to 0.9; must sum to 1",
        ),
        (
            lambda: ImpressionTypes.of(
                np.ones(1), 1, [np.array([0])], [np.zeros(1)], [-np.eye(1)]
            ),
            "an eigenvalue is -1",
        ),
        (lambda: read_draws("nowhere.txt"), "draws: no file nowhere.txt"),
        (lambda: read_publisher("nowhere", "pub9"), "publisher: no file"),
    ],
)  # fmt: skip
def test_one_clear_error_each(make, message: str) -> None:
    with pytest.raises(DataError, match=message):
        make()


@pytest.mark.parametrize("seed", range(20))
def test_the_ironed_curve_is_the_concave_envelope(seed: int) -> None:
    rng = np.random.default_rng(seed)
    prob = np.sort(rng.random(12))
    curve = AcceptanceCurve.of(prob, np.sort(rng.random(12))[::-1], rng.random(12))
    for worth in rng.random(20) * 3:
        best = max(0.0 + worth, (curve.revenue + (1 - curve.prob) * worth).max())
        assert curve.value(np.array([worth]))[0] == pytest.approx(best)
    assert (np.diff(curve.switch) > 0).all()
    assert (curve.envelope(curve.prob) >= curve.revenue - 1e-12).all()


def test_the_curve_of_bids_pays_the_second_price_or_the_reserve() -> None:
    rng = np.random.default_rng(2)
    bids = np.sort(rng.integers(1, 6, (200, 2)), axis=1).astype(float)
    curve = AcceptanceCurve.of_bids(bids[:, 1], bids[:, 0])
    for prob, price, revenue in zip(curve.prob, curve.price, curve.revenue, strict=True):
        sold = bids[:, 1] >= price
        assert prob == pytest.approx(sold.mean())
        assert revenue == pytest.approx((np.maximum(bids[:, 0], price) * sold).mean())
