"""The published rows of campaign 2997, by a slow replay of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from kit.bid.policy import BidPolicy, SequentialPolicy
from kit.bid.registry import make_policy
from kit.bid.training import TrainingStats

EPISODE = 1000
CAP = 300
Totals = tuple[int, int, int]
Choose = Callable[[int, int, int], float]
"""(row, auctions left, budget left) -> bid."""


@pytest.fixture(scope="module")
def stats(shared_data: Path) -> TrainingStats:
    return TrainingStats.from_info(shared_data / "ipinyou" / "2997.info.json")


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> NDArray[np.float64]:
    path = shared_data / "ipinyou" / "2997.theta.txt"
    return pd.read_csv(path, sep=" ", header=None).to_numpy(dtype=np.float64)


def slow_replay(rows: NDArray[np.float64], stats: TrainingStats, choose: Choose) -> Totals:
    clicks = impressions = cost = 0
    budget = int(stats.mean_price_cpm / 32 * EPISODE)
    left_over = budget
    for row, (click, price, _) in enumerate(rows.tolist()):
        place = row % EPISODE
        if place == 0:
            left_over = budget
        bid = choose(row, EPISODE - place, left_over)
        if bid >= price and price <= left_over:
            clicks, impressions = clicks + int(click), impressions + 1
            cost, left_over = cost + int(price), left_over - int(price)
    return clicks, impressions, cost


@pytest.mark.parametrize(
    ("name", "params", "published"),
    [("lin", {"b0": "10"}, (71, 32_208, 203_610)), ("mcpc", {}, (48, 14_752, 307_751))],
)
def test_request_policies_exactly(
    rows: NDArray[np.float64],
    stats: TrainingStats,
    name: str,
    params: dict[str, str],
    published: Totals,
) -> None:
    policy = make_policy(name, params, stats)
    assert isinstance(policy, BidPolicy)
    request = pd.DataFrame({"pctr": rows[:, 2]})
    bids = np.minimum(np.floor(policy.bid(request, np.random.default_rng(0))), CAP)
    assert slow_replay(rows, stats, lambda row, left, budget: float(bids[row])) == published


def test_rlb_within_five_impressions(rows: NDArray[np.float64], stats: TrainingStats) -> None:
    policy = make_policy("rlb", {}, stats)
    assert isinstance(policy, SequentialPolicy)
    score = policy.score(pd.DataFrame({"pctr": rows[:, 2]}))
    table = policy.value_table(EPISODE, int(stats.mean_price_cpm / 32 * EPISODE))

    def choose(row: int, left: int, budget: int) -> float:
        after = table[left - 1, budget - min(budget, CAP) : budget + 1][::-1]
        return float(np.flatnonzero(score[row] + after - after[0] >= 0)[-1])

    clicks, impressions, cost = slow_replay(rows, stats, choose)
    assert clicks == 78
    assert abs(impressions - 39_680) <= 5
    assert cost == pytest.approx(304_375, rel=1e-3)


def test_training_totals_agree_with_their_histogram(stats: TrainingStats) -> None:
    assert stats.price_histogram is not None
    assert sum(stats.price_histogram) == stats.impressions
    prices = np.arange(len(stats.price_histogram))
    assert float(prices @ stats.price_histogram) == stats.cost
