"""Each policy against its closed form or a brute-force optimum."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kit.base.errors import DataError
from kit.bid.fit import fit_landscape_price, fit_shadow_price
from kit.bid.ortb import OrtbPolicy
from kit.bid.ortb1 import Ortb1Policy
from kit.bid.ortb2 import Ortb2Policy
from kit.bid.registry import make_policy
from kit.bid.shade import ShadePolicy
from kit.bid.training import TrainingStats
from kit.bid.uniform import RandomPolicy

ORTB = (Ortb1Policy, Ortb2Policy)


@pytest.mark.parametrize("policy", ORTB)
@settings(deadline=None, max_examples=40)
@given(pctr=st.floats(1e-5, 0.1), c=st.floats(5, 200), log_lambda=st.floats(-14, -6))
def test_ortb_bid_is_the_optimum_of_its_lagrangian(
    policy: type[OrtbPolicy], pctr: float, c: float, log_lambda: float
) -> None:
    lambda_ = float(np.exp(log_lambda))
    bid = float(policy.curve(np.array([pctr]), c, lambda_)[0])
    grid = bid * np.linspace(0.5, 1.5, 201)

    def gain(price: NDArray[np.float64] | float) -> NDArray[np.float64]:
        raised = np.asarray(price) ** policy.power
        rate: NDArray[np.float64] = raised / (c**policy.power + raised)
        return (pctr - lambda_ * np.asarray(price)) * rate

    assert gain(bid) >= gain(grid).max() * (1 - 1e-9)
    assert gain(bid) > gain(bid * 1.2)


def test_ortb_matches_the_published_forms() -> None:
    pctr, c, lambda_ = np.array([1e-4, 1e-3, 0.02]), 40.0, 3e-6
    first = np.sqrt(c / lambda_ * pctr + c**2) - c
    x = (pctr + np.sqrt(c**2 * lambda_**2 + pctr**2)) / (c * lambda_)
    second = c * (x ** (1 / 3) - x ** (-1 / 3))
    np.testing.assert_allclose(Ortb1Policy.curve(pctr, c, lambda_), first, rtol=1e-10)
    np.testing.assert_allclose(Ortb2Policy.curve(pctr, c, lambda_), second, rtol=1e-10)


@pytest.mark.parametrize("power", [1, 2])
def test_landscape_price_is_recovered(power: int, rng: np.random.Generator) -> None:
    rank = rng.uniform(size=200_000)
    prices = 70.0 * (rank / (1 - rank)) ** (1 / power)  # inverse of the win rate
    counts = np.bincount(np.minimum(np.rint(prices), 2_000_000).astype(np.int64))
    assert fit_landscape_price(counts / counts.sum(), power) == pytest.approx(70.0, rel=0.02)


@pytest.mark.parametrize("power", [1, 2])
def test_landscape_price_is_the_likeliest(power: int) -> None:
    counts = np.bincount(np.random.default_rng(3).gamma(2.0, 30.0, 5000).astype(np.int64))
    counts[0] = 0
    shares = counts / counts.sum()
    price = np.arange(len(shares))[1:]
    fitted = fit_landscape_price(shares, power)

    def log_likelihood(c: float) -> float:
        density = power * c**power * price ** (power - 1.0) / (c**power + price**power) ** 2
        return float((shares[1:] * np.log(density)).sum())

    assert all(log_likelihood(fitted) > log_likelihood(fitted * by) for by in (0.97, 1.03))


def test_landscape_price_needs_priced_auctions() -> None:
    with pytest.raises(DataError, match="60% of the market prices are 0"):
        fit_landscape_price(np.array([0.6, 0.4]), 1)


@pytest.mark.parametrize("policy", ORTB)
@pytest.mark.parametrize("share", [1 / 32, 1 / 4, 0.9, 1.0])
def test_shadow_price_spends_the_share_it_was_asked_for(
    policy: type[OrtbPolicy], share: float
) -> None:
    pctr = np.sort(np.random.default_rng(5).lognormal(-7, 1, 400)).tolist()
    histogram = (0.0, *([1.0] * 300))
    stats = TrainingStats(300, 3, 300 * 150.5, histogram, pctr_quantiles=tuple(pctr))
    lambda_ = fit_shadow_price(stats, lambda p, price: policy.curve(p, 60.0, price), share)
    bids = np.minimum(np.floor(policy.curve(np.asarray(pctr), 60.0, lambda_)), 300)
    spend = sum(price / 300 * float((bids >= price).mean()) for price in range(301))
    assert spend <= share * 150.5
    assert spend == pytest.approx(share * 150.5, rel=0.01)


def test_shadow_price_share_is_checked() -> None:
    stats = TrainingStats(2, 1, 3.0, (0.0, 1.0, 1.0))
    with pytest.raises(DataError, match="budget_share"):
        fit_shadow_price(stats, lambda p, price: p / price, 0.0)


def test_random_bids_are_uniform(rng: np.random.Generator) -> None:
    bids = RandomPolicy(10, 30).bid(pd.DataFrame(index=range(20_000)), rng)
    assert 10 <= bids.min() < 10.1
    assert 29.9 < bids.max() <= 30
    assert bids.mean() == pytest.approx(20, abs=0.2)


def test_value_and_shade_agree_where_nothing_is_shaded() -> None:
    request = pd.DataFrame(
        {"pctr": [0.1, 0.1, 0.1], "click_value_cpm": 100.0, "auction_type": [1, 2, 3]}
    )
    rng = np.random.default_rng(0)
    params: dict[str, float | str] = {"multiplier": 2}
    truthful = make_policy("value", params).bid(request, rng)  # type: ignore[union-attr]
    shaded = ShadePolicy(0.25, multiplier=2).bid(request, rng)
    assert truthful.tolist() == [20, 20, 20]
    assert shaded.tolist() == [5, 20, 20]
    bare = request.drop(columns="auction_type")
    assert ShadePolicy(0.25).bid(bare, rng).tolist() == [10, 10, 10]


def test_a_click_value_of_its_own_beats_the_column() -> None:
    request = pd.DataFrame({"pctr": [0.1], "click_value_cpm": [100.0]})
    policy = ShadePolicy(1.0, click_value_cpm=50.0)
    assert policy.bid(request, np.random.default_rng(0)).tolist() == [5.0]
