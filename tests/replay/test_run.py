from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from kit.base.errors import DataError, KitError, PolicyError
from kit.base.units import FEN_CPM, USD_CPM
from kit.bid.registry import make_policy
from kit.bid.training import TrainingStats
from kit.data.log import AuctionLog, LogMeta
from kit.replay.run import replay


def log_of(prices: list[float], meta: LogMeta | None = None, **columns: Any) -> AuctionLog:
    frame = pd.DataFrame({"market_price_cpm": prices, "market_price_kind": "known"})
    return AuctionLog(frame.assign(**columns), meta or LogMeta("test"))


@pytest.mark.parametrize(("ties_win", "impressions"), [(True, 2), (False, 1)])
def test_ties_follow_the_log(ties_win: bool, impressions: int) -> None:
    log = log_of([2.0, 1.0], LogMeta("test", ties_win=ties_win))
    assert replay(log, [2.0, 2.0]).impressions == impressions


def test_a_tie_within_the_money_grid_is_a_tie() -> None:
    assert replay(log_of([2.0]), [2.0 + 2.0**-16]).impressions == 0
    assert replay(log_of([2.0]), [2.0 + 2.0**-14]).impressions == 1


def test_zero_prices_and_zero_budget() -> None:
    log = log_of([0.0, 1.0, 0.0], LogMeta("test", ties_win=True))
    assert replay(log, [0.0, 0.0, 0.0]).impressions == 2
    result = replay(log, [5.0, 5.0, 5.0], budget=0)
    assert (result.impressions, result.cost) == (2, 0.0)


def test_missing_bid_is_no_bid() -> None:
    result = replay(log_of([1.0, 1.0]), [math.nan, 2.0])
    assert (result.bids, result.impressions, result.auctions) == (1, 1, 2)


def test_too_dear_is_skipped_and_cheaper_taken() -> None:
    assert replay(log_of([2.0, 9.0, 3.0]), [10.0] * 3, budget=6).cost == 5.0


def test_sums_do_not_round() -> None:
    prices = np.full(100_000, 0.1)
    cost = replay(log_of(list(prices)), np.full(len(prices), 1.0)).cost
    assert cost == len(prices) * (round(0.1 * 2**14) / 2**14)


def test_step_and_cap_of_the_exchange() -> None:
    log = log_of([3.0, 3.0, 3.0], LogMeta("test", ties_win=True, bid_step_cpm=1, bid_cap_cpm=3.0))
    types = log.with_columns(auction_type=np.int8(1))
    result = replay(types, [2.9, 3.9, 50.0])
    assert (result.impressions, result.cost) == (2, 6.0)
    tenth = log_of([0.2], LogMeta("test", bid_step_cpm=0.1)).with_columns(auction_type=np.int8(1))
    assert replay(tenth, [0.3]).cost == round(0.3 * 2**14) / 2**14


def test_hours_fees_and_conversions_are_counted() -> None:
    log = log_of(
        [1.0, 2.0, 9.0],
        timestamp=pd.to_datetime(
            ["2026-01-01 03:00", "2026-01-01 04:00", "2026-01-01 04:30"], utc=True
        ),
        exchange=["b", "a", "a"],
        fee_cpm=0.25,
        click=True,
        conversion=[False, True, False],
        click_value_cpm=10.0,
    )
    result = replay(log, [5.0, 5.0, 5.0])
    table = result.by_exchange_hour
    assert table[["exchange", "hour", "auctions", "impressions"]].to_numpy().tolist() == [
        ["a", 4, 2, 1],
        ["b", 3, 1, 1],
    ]
    assert (result.clicks, result.conversions, result.fees) == (2, 1, 0.5)
    assert result.surplus == 20.0 - 3.0 - 0.5
    assert result.to_dict()["surplus"] == result.surplus
    assert replay(log, [5.0, 5.0, 5.0], click_value_cpm=1.0).value == 2.0


def test_own_win_below_the_floor_lowers_that_floor() -> None:
    log = log_of([4.0, 4.0], bid_floor_cpm=5.0, won=[True, False], clearing_price_cpm=[4.0, np.nan])
    result = replay(log, [4.5, 4.5])
    assert (result.impressions, result.cost, result.paid_below_floor) == (1, 4.0, 1)


def test_a_deal_overrides_the_auction_type() -> None:
    log = log_of([9.0, 9.0], bid_floor_cpm=2.0, deal_at=pd.array([3, None], dtype="Int8"))
    result = replay(log, [3.0, 3.0])
    assert (result.impressions, result.cost) == (1, 2.0)


def test_given_market_prices_stay_inside_their_bounds() -> None:
    log = log_of([2.0, 2.0, 2.0]).with_columns(market_price_kind=["known", "at_most", "at_least"])
    assert replay(log, [3.0] * 3, censored="given", market=[2.0, 1.0, 2.5]).cost == 5.5
    for market, word in (([1.0, 1.0, 3.0], "changed"), ([2.0, 3.0, 3.0], "too large"),
                         ([2.0, 1.0, 1.0], "too small")):  # fmt: skip
        with pytest.raises(DataError, match=word):
            replay(log, [3.0] * 3, censored="given", market=market)


class Recorder:
    name = "recorder"

    def __init__(self, bid: float) -> None:
        self.seen: list[str] = []
        self.value = bid

    def bid(self, request: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.float64]:
        self.seen = list(request.columns)
        return np.full(len(request), self.value)


def test_a_policy_sees_request_columns_only() -> None:
    policy = Recorder(2.0)
    result = replay(
        log_of([1.0], exchange="x", won=True, clearing_price_cpm=1.0, click=True), policy
    )
    assert policy.seen == ["exchange"]
    assert (result.policy, result.impressions) == ("recorder", 1)


@pytest.mark.parametrize(
    ("policy", "options", "message"),
    [
        (Recorder(-1.0), {}, r"policy recorder: 2 negative bids \(first at row 0: -1.0\)"),
        ([1.0, math.inf], {}, r"policy array: 1 infinite bid \(first at row 1: inf\)"),
        ([1.0], {}, r"shape \(1,\); must be \(2,\)"),
        ([1.0] * 3, {}, "bids: has 3 values; must be 2"),
        (object(), {}, "policy: got object; must be a policy with bid"),
        ([1.0, 1.0], {"value": [1.0, math.nan]}, "value: 1 missing or infinite value"),
        ([1.0, 1.0], {"value": [1.0]}, "value: has shape"),
        ([1.0, 1.0], {"budget": -1}, "budget: got -1"),
        ([1.0, 1.0], {"budget": {"al": 1.0}}, "has none for campaign 'all'.*mean 'al'"),
        ([1.0, 1.0], {"budget": {"all": 1.0, "b": 2.0}}, "budget: names campaign 'b'"),
        ([1.0, 1.0], {"episode": 5}, "must be given together"),
        ([1.0, 1.0], {"episode": 5, "episode_budget": 1, "budget": 1}, "only one may limit"),
        ([1.0, 1.0], {"episode": 0, "episode_budget": 1}, "episode: got 0"),
        ([1.0, 1.0], {"censored": "pesimistic"}, "Did you mean 'pessimistic'"),
        ([1.0, 1.0], {"censored": "given"}, "market: got none"),
        ([1.0, 1.0], {"market": [1.0, 1.0]}, "market: got prices"),
        ([1.0, 1.0], {"blocks": [0.5, 1.0]}, "blocks: has shape"),
        ([1.0, 1.0], {"blocks": [0]}, "blocks: has shape"),
        ([1.0, 1.0], {"chunk_rows": 0}, "chunk_rows: got 0"),
    ],
)
def test_errors_name_what_came_and_what_is_allowed(
    policy: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(KitError, match=message):
        replay(log_of([1.0, 1.0]), policy, **options)


def test_batches_must_share_a_unit_and_exist() -> None:
    with pytest.raises(DataError, match="no batch"):
        replay([], [1.0])
    with pytest.raises(DataError, match="share one unit"):
        replay([log_of([1.0]), log_of([1.0], LogMeta("t", FEN_CPM))], [1.0, 1.0])
    assert replay(log_of([]), []).impressions == 0


class TablePolicy:
    name = "table"

    def __init__(self, table: NDArray[np.float64]) -> None:
        self.table = table

    def score(self, request: pd.DataFrame) -> NDArray[np.float64]:
        return request["pctr"].to_numpy()

    def value_table(self, auctions: int, budget: int) -> NDArray[np.float64]:
        return self.table


def plain_sequential(
    prices: NDArray[Any], score: NDArray[Any], table: NDArray[Any], cap: int
) -> tuple[int, int]:
    auctions, budget = table.shape[0] - 1, table.shape[1] - 1
    wins = cost = 0
    for place, (price, gain) in enumerate(zip(prices, score, strict=True)):
        if place % auctions == 0:
            left = budget
        later = table[auctions - place % auctions - 1]
        allowed = [
            a for a in range(min(left, cap) + 1) if gain + later[left - a] - later[left] >= 0
        ]
        if not np.isnan(gain) and max(allowed) >= price:
            wins, cost, left = wins + 1, cost + int(price), left - int(price)
    return wins, cost


def test_value_table_policy_equals_plain_python(rng: np.random.Generator) -> None:
    prices, score = rng.integers(0, 8, 53).astype(float), rng.random(53)
    score[7] = np.nan
    table = np.vstack([np.zeros(13), np.cumsum(rng.random((10, 13)), axis=1)])
    meta = LogMeta("test", ties_win=True, bid_cap_cpm=5.0)
    log = log_of(list(prices), meta, pctr=np.nan_to_num(score))
    policy = TablePolicy(table)
    policy.score = lambda request: score[: len(request)]  # type: ignore[method-assign]
    result = replay(log, policy, episode=10, episode_budget=12.7, chunk_rows=7)
    assert (result.impressions, result.cost) == plain_sequential(prices, score, table, 5)
    with pytest.raises(PolicyError, match="must be given episode"):
        replay(log, policy, budget=12)
    with pytest.raises(PolicyError, match=r"value table has shape \(11, 13\)"):
        replay(log, policy, episode=9, episode_budget=12)


PUBLISHED = {
    "lin": (71, 32_208, 203_610),
    "mcpc": (48, 14_752, 307_751),
    "rlb": (78, 39_680, 304_375),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_rows_of_campaign_2997(shared_data: Path, name: str) -> None:
    frame = pd.read_csv(
        shared_data / "ipinyou/2997.theta.txt", sep=" ", header=None,
        names=["click", "market_price_cpm", "pctr"],
        dtype={"click": "int8", "market_price_cpm": float},
    )  # fmt: skip
    frame = frame.assign(click=frame["click"] == 1, market_price_kind="known")
    log = AuctionLog(frame, LogMeta("theta", FEN_CPM, True, bid_step_cpm=1.0, bid_cap_cpm=300.0))
    stats = TrainingStats.from_info(shared_data / "ipinyou/2997.info.json")
    policy = make_policy(name, {"b0": 10} if name == "lin" else {}, stats)
    budget = stats.cost / stats.impressions / 32 * 1000
    result = replay(log, policy, episode=1000, episode_budget=budget)
    clicks, impressions, cost = PUBLISHED[name]
    slack = (0, 5, 0.001 * cost) if name == "rlb" else (0, 0, 0)
    assert result.clicks == clicks
    assert abs(result.impressions - impressions) <= slack[1]
    assert abs(result.cost - cost) <= slack[2]


def test_logged_bids_reproduce_the_logged_cost(shared_data: Path) -> None:
    """Five of these rows were won at a price equal to the bid: ties win in this log."""
    raw = pd.read_csv(
        shared_data / "ipinyou/2259.train.log.txt", sep="\t", header=None, usecols=[20, 22, 23],
        names=["floor", "bid", "pay"], dtype=float,
    )  # fmt: skip
    kind = np.where(raw["pay"] == raw["floor"], "at_most", "known")
    log = log_of(
        list(raw["pay"]), LogMeta("log", FEN_CPM, True),
        bid_floor_cpm=raw["floor"], clearing_price_cpm=raw["pay"], won=True,
    ).with_columns(market_price_kind=kind)  # fmt: skip
    result = replay(log, raw["bid"].to_numpy())
    assert (result.impressions, result.cost) == (len(raw), raw["pay"].sum())
    assert result.paid_below_floor == (raw["pay"] < raw["floor"]).sum() > 0


def test_units_are_carried() -> None:
    assert replay(log_of([1.0]), [2.0]).unit == USD_CPM
