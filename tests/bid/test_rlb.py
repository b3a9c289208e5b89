from __future__ import annotations

import time
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.base.errors import PolicyError
from kit.bid.rlb import RlbPolicy


def best_value(theta: float, shares: tuple[float, ...], auctions: int, budget: int) -> float:
    """Try every bid in every state: the definition, with no shortcut."""

    @cache
    def value(left: int, money: int) -> float:
        if left == 0:
            return 0.0
        outcomes = []
        for bid in range(min(money, len(shares) - 1) + 1):
            won = sum(
                shares[price] * (theta + value(left - 1, money - price)) for price in range(bid + 1)
            )
            outcomes.append(won + (1 - sum(shares[: bid + 1])) * value(left - 1, money))
        return max(outcomes)

    return value(auctions, budget)


@settings(deadline=None, max_examples=30)
@given(
    theta=st.floats(0.01, 1),
    counts=st.lists(st.integers(0, 5), min_size=2, max_size=6).filter(any),
    auctions=st.integers(1, 5),
    budget=st.integers(0, 9),
)
def test_the_table_is_the_value_of_the_best_bids(
    theta: float, counts: list[int], auctions: int, budget: int
) -> None:
    shares = tuple(count / sum(counts) for count in counts)
    table = RlbPolicy(theta, shares).value_table(auctions, budget)
    assert table.shape == (auctions + 1, budget + 1)
    assert not table[0].any()
    assert (np.diff(table, axis=0) >= 0).all()
    assert (np.diff(table, axis=1) >= -1e-12).all()
    for money in range(budget + 1):
        assert table[auctions, money] == pytest.approx(best_value(theta, shares, auctions, money))


def test_without_budget_only_free_auctions_count() -> None:
    table = RlbPolicy(0.5, (0.25, 0.75)).value_table(4, 0)
    np.testing.assert_allclose(table[:, 0], 0.125 * np.arange(5))


@pytest.mark.parametrize(
    ("auctions", "budget", "message"),
    [
        (0, 5, "auctions: got 0; must be a whole number >= 1"),
        (5, -1, "budget: got -1"),
        (5, 10.5, "budget: got 10.5; must be a whole number"),
        (100_000, 100_000, "must be at most 100,000,000 cells"),
    ],
)
def test_refuses_impossible_tables(auctions: int, budget: int, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        RlbPolicy(0.5, (0.5, 0.5)).value_table(auctions, budget)


@pytest.mark.parametrize("shares", [(), (0.5, 0.4), (1.5, -0.5), (float("nan"),)])
def test_refuses_shares_that_are_none(shares: tuple[float, ...]) -> None:
    with pytest.raises(PolicyError, match="price_probability"):
        RlbPolicy(0.5, shares)


def test_a_published_size_takes_little_time() -> None:
    policy = RlbPolicy(1e-3, tuple([1 / 301] * 301))
    policy.value_table(1, 1)  # compile
    start = time.perf_counter()
    policy.value_table(1000, 2000)
    assert time.perf_counter() - start < 3.0
