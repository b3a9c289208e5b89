"""Buyers that answer a floor: closed forms, invariants, who leaves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.allocate.floors.revenue import settle
from kit.base.errors import DataError
from kit.data.simulate_buyers import top_two
from kit.experiment.bidding import Bidding, BuyerMarket
from kit.experiment.market_response import respond

INF = np.array([np.inf])


def uniform_market(rng: np.random.Generator, rows: int, buyers: int) -> BuyerMarket:
    return BuyerMarket.of(
        rng.random((rows, buyers)) + 1e-9, np.zeros(rows, dtype=int), np.array([0.5]), rng,
        group=np.zeros(buyers, dtype=int),
    )  # fmt: skip


@pytest.mark.parametrize(("buyers", "floor"), [(2, 0.0), (2, 0.5), (3, 0.4), (5, 0.5)])
def test_first_price_buyers_reach_the_equilibrium(buyers: int, floor: float) -> None:
    """Uniform values: b(v) = ((n - 1) v + r^n / v^(n - 1)) / n (Krishna 2009, section 2.5).

    Mean bid within 0.015 and revenue within 3 % of it, on rows that nobody learnt from.
    """
    market = uniform_market(np.random.default_rng(1), 40_000, buyers)
    fresh = uniform_market(np.random.default_rng(2), 40_000, buyers)
    hard = np.array([floor])
    response = respond(market, hard, INF, Bidding.constant(market, 1.0), rounds=20,
                       all_rounds=True)  # fmt: skip
    assert response.settled
    bids, value = response.last.bids(fresh, hard), fresh.values_cpm
    known = ((buyers - 1) * value + floor**buyers / value ** (buyers - 1)) / buyers
    known = np.where(value >= floor, known, 0.0)
    assert np.abs(bids - known)[value >= floor].mean() < 0.015
    paid = settle(*top_two(bids), hard[fresh.segment], INF[fresh.segment]).paid_cpm.mean()
    assert paid == pytest.approx(known.max(axis=1).mean(), rel=0.03)


def test_revenue_is_the_same_by_either_rule_once_buyers_answer() -> None:
    """Equal, independent buyers (Riley and Samuelson 1981); before they answer it is not."""
    rng = np.random.default_rng(3)
    values = rng.lognormal(0, 0.5, (60_000, 3))
    market = BuyerMarket.of(values, np.zeros(60_000, dtype=int), np.array([1.0]), rng,
                            group=np.zeros(3, dtype=int))  # fmt: skip
    hard = np.array([0.8])
    truthful = Bidding.constant(market, 1.0)
    paid = {
        name: respond(market, hard, soft, truthful, rounds=25).rounds["revenue_cpm"]
        for name, soft in (("first", INF), ("second", hard), ("soft", 1.5 * hard))
    }
    assert paid["first"].iloc[0] > 1.2 * paid["second"].iloc[0]
    assert paid["soft"].iloc[0] > 1.02 * paid["second"].iloc[0]
    assert paid["first"].iloc[-1] == pytest.approx(paid["second"].iloc[-1], rel=0.03)
    assert paid["soft"].iloc[-1] == pytest.approx(paid["second"].iloc[-1], rel=0.03)
    assert len(paid["second"]) == 1  # who bids its value has nothing to answer


def test_a_floor_makes_buyers_shade_less() -> None:
    market = uniform_market(np.random.default_rng(4), 20_000, 2)
    start = Bidding.constant(market, 0.5)
    answer = respond(market, np.array([0.5]), INF, start, rounds=20)
    earned = answer.rounds["revenue_cpm"]
    # unanswered, a floor at 1/2 turns nearly all bids away; answered it earns 5/12, not 1/3
    before = settle(*top_two(start.bids(market, np.array([0.0]))), 0.5, np.inf).paid_cpm.mean()
    assert before < 0.01
    assert earned.iloc[-1] == pytest.approx(5 / 12, rel=0.03)
    assert answer.rounds["regret"].iloc[-1] < 0.1 * answer.rounds["regret"].iloc[0]


def test_buyers_leave_where_listening_does_not_pay() -> None:
    """Segment 0 sells at about the floor, segment 1 far below the buyers' values."""
    rng = np.random.default_rng(5)
    segment = np.repeat([0, 1], 5000)
    market = BuyerMarket.of(rng.lognormal(0, 0.3, (10_000, 2)), segment, np.ones(2), rng)
    hard = np.array([2.0, 0.2])
    free = respond(market, hard, hard, Bidding.constant(market, 1.0))
    paid = respond(market, hard, hard, Bidding.constant(market, 1.0), listen_cost_cpm=0.05)
    assert (free.last.listening == 1).all()
    assert (paid.last.listening[:, 0] < 0.05).all()
    assert (paid.last.listening[:, 1] == 1).all()
    assert paid.rounds["fill"].iloc[-1] < paid.rounds["fill"].iloc[0]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), hard=st.floats(0, 3), factor=st.floats(1, 3),
    cost=st.sampled_from([0.0, 0.1]),
)  # fmt: skip
def test_nobody_bids_above_its_value_or_below_the_floor(seed, hard, factor, cost) -> None:
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((300, 3)) < 0.7, rng.lognormal(0, 1, (300, 3)), np.nan)
    market = BuyerMarket.of(values, rng.integers(0, 3, 300), np.ones(3), rng)
    floor = np.full(3, hard)
    answer = respond(market, floor, factor * floor, Bidding.constant(market, 0.7), rounds=4,
                     listen_cost_cpm=cost)  # fmt: skip
    for bidding in answer.biddings:
        bids = bidding.bids(market, floor)
        made = bids > 0
        assert (bids[made] <= values[made] * (1 + 1e-12)).all()
        assert (bids[made] >= hard).all()
        assert ((bidding.shade >= 0) & (bidding.shade <= 1)).all()
    assert (answer.rounds["buyer_surplus_cpm"] >= -1e-9).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"soft": np.array([0.5])}, "soft: .* must be >= the hard floor"),
        ({"hard": np.array([-1.0])}, "hard: .* must be >= 0"),
        ({"hard": np.array([1.0, 1.0])}, r"floors: have shapes \(2,\)"),
        ({"damping": 0.0}, "damping: got 0"),
        ({"rounds": -1}, "rounds: got -1"),
    ],
)
def test_bad_floors_are_refused(change, said) -> None:
    market = uniform_market(np.random.default_rng(0), 50, 2)
    given_ = {"hard": np.array([1.0]), "soft": INF, "start": Bidding.constant(market, 1.0)}
    with pytest.raises(DataError, match=said):
        respond(market, **(given_ | change))


def test_bad_markets_are_refused(rng) -> None:
    with pytest.raises(DataError, match="values: 1 too small value"):
        BuyerMarket.of(np.array([[0.0]]), np.array([0]), np.array([1.0]), rng)
    with pytest.raises(DataError, match="one row an impression"):
        BuyerMarket.of(np.ones((2, 1)), np.array([0]), np.array([1.0]), rng)
