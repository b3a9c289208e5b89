"""Stress: what each scenario does to a gain whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kit.base.errors import DataError
from kit.data.log import AuctionLog, LogMeta
from kit.data.simulate import SimulationConfig, simulate
from kit.data.split import time_split
from kit.replay.market import Censored
from kit.replay.run import replay
from kit.validate.outages import FeatureOutage, LateLabels
from kit.validate.scenarios import LostExchange, PriceShock, Rivals, Scenario, Traffic
from kit.validate.stress import (
    MOST_FEATURES,
    SCENARIOS,
    Gain,
    StressRow,
    standard_scenarios,
    stress_test,
)
from kit.variant.build import build_variant
from kit.variant.spec import ModelSpec, PolicySpec, VariantSpec

ROWS = 10_000
BID, WORTH, TOP = 3.0, 2.5, 10.0
READINGS: tuple[Censored, ...] = ("pessimistic", "optimistic")


@pytest.fixture(scope="module")
def uniform() -> AuctionLog:
    """Known second prices, evenly spread from 0 to 10; two exchanges; every fifth row clicks."""
    price = (np.arange(ROWS) * 7919 % ROWS + 0.5) / ROWS * TOP
    frame = pd.DataFrame(
        {
            "time_index": np.arange(ROWS),
            "exchange": np.where(np.arange(ROWS) % 4 == 0, "small", "large"),
            "market_price_cpm": price,
            "market_price_kind": "known",
            "click": np.arange(ROWS) % 5 == 0,
            "conversion": np.arange(ROWS) % 10 == 0,
            "size": np.arange(ROWS) % 3 * 1.0,
        }
    )
    return AuctionLog(frame, LogMeta("example", features=("size",)))


@pytest.fixture(scope="module")
def simulated() -> AuctionLog:
    return simulate(SimulationConfig(auctions=20_000, days=6, ctr=0.05), seed=7).log


def constant(log: AuctionLog) -> float:
    """Earn what a constant bid earns on impressions of one value, beside no bid."""
    every = np.ones(len(log))
    return replay(log, BID * every, value=WORTH * every).surplus


def only(row_of: Scenario, log: AuctionLog, gain: Gain = constant) -> StressRow:
    return stress_test(log, gain, [], np.random.default_rng(3), scenarios=[row_of]).rows[0]


@pytest.mark.parametrize("factor", [0.7, 1.0, 1.3, 2.0])
def test_a_price_shock_of_uniform_prices_divides_a_constant_bid_s_surplus(
    uniform: AuctionLog, factor: float
) -> None:
    """With m = f u, u uniform on (0, T): E[(v - m) 1(m < b)] = (v b - b^2 / 2) / (f T)."""
    row = only(PriceShock(factor), uniform)
    assert row.gain is not None
    exact = ROWS * (WORTH * BID - BID**2 / 2) / (factor * TOP)
    assert row.gain == pytest.approx(exact, rel=2e-3)
    assert row.share == pytest.approx(1 / factor, rel=2e-3)


def test_a_price_shock_leaves_floors_and_deals_and_scales_bounds(simulated: AuctionLog) -> None:
    deal = np.arange(len(simulated)) % 10 == 0
    log = simulated.with_columns(deal_at=np.where(deal, 3.0, np.nan))
    after = PriceShock(1.3).apply(log, np.random.default_rng(0))
    assert after.frame["bid_floor_cpm"].equals(log.frame["bid_floor_cpm"])
    assert after.frame["market_price_kind"].equals(log.frame["market_price_kind"])
    np.testing.assert_allclose(
        after.frame["market_price_cpm"], 1.3 * log.frame["market_price_cpm"], rtol=1e-12
    )
    both = [replay(each.rows(deal), np.full(deal.sum(), 5.0)) for each in (log, after)]
    assert both[0].cost == both[1].cost > 0


def test_a_gain_on_one_exchange_is_lost_with_it(uniform: AuctionLog) -> None:
    def gain(log: AuctionLog) -> float:
        bids = np.where(log.frame["exchange"] == "small", BID, np.nan)
        return replay(log, bids, value=np.full(len(log), WORTH)).surplus

    shares = {name: only(LostExchange(name), uniform, gain).share for name in ("small", "large")}
    assert shares == {"small": 0.0, "large": 1.0}


@pytest.mark.parametrize("factor", [0.6, 1.4, 2.25])
def test_traffic_scales_a_gain_without_a_budget_and_keeps_the_day(
    uniform: AuctionLog, factor: float
) -> None:
    row = only(Traffic(factor), uniform)
    assert row.auctions == factor * ROWS
    assert row.share == pytest.approx(factor, rel=0.05)
    after = Traffic(factor).apply(uniform, np.random.default_rng(1)).frame["time_index"]
    assert (np.bincount(after // 100) == 100 * factor).all()
    assert np.bincount(after, minlength=ROWS).max() <= np.ceil(factor)


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(100, 400), hundredths=st.integers(1, 300), seed=st.integers(0, 99))
def test_traffic_of_any_factor_takes_every_row_as_often_as_any_other(
    rows: int, hundredths: int, seed: int
) -> None:
    frame = pd.DataFrame(
        {"time_index": np.arange(rows), "market_price_cpm": 1.0, "market_price_kind": "known"}
    )
    scenario = Traffic(hundredths / 100)
    after = scenario.apply(AuctionLog(frame), np.random.default_rng(seed)).frame["time_index"]
    times = np.bincount(after, minlength=rows)
    assert after.is_monotonic_increasing
    assert times.min() >= hundredths // 100
    assert times.max() <= -(-hundredths // 100)
    assert (times[: rows // 100 * 100].reshape(-1, 100).sum(axis=1) == hundredths).all()


@settings(max_examples=20, deadline=None)
@given(bid=st.floats(0.05, 10), factor=st.floats(1, 3), censored=st.sampled_from(READINGS))
def test_no_bid_wins_more_when_prices_rise_or_rivals_answer(
    simulated: AuctionLog, bid: float, factor: float, censored: Censored
) -> None:
    bids, rng = np.full(len(simulated), bid), np.random.default_rng(1)
    plain = replay(simulated, bids, censored=censored).impressions
    for scenario in (PriceShock(factor), Rivals(bids)):
        harder = scenario.apply(simulated, rng)
        assert replay(harder, bids, censored=censored).impressions <= plain


def test_more_traffic_earns_nothing_more_once_the_budget_is_spent() -> None:
    log = AuctionLog(
        pd.DataFrame({"market_price_cpm": np.ones(1000), "market_price_kind": "known"})
    )

    def gain(log: AuctionLog) -> float:
        every = np.ones(len(log))
        return replay(log, 2 * every, value=2 * every, budget=500.0).surplus

    assert [only(Traffic(factor), log, gain).share for factor in (1.4, 0.6, 0.4)] == [1.0, 1.0, 0.8]


def test_late_labels_miss_in_the_latest_rows_only(uniform: AuctionLog) -> None:
    after = LateLabels(0.3, 0.25).apply(uniform, np.random.default_rng(2))
    lost = uniform.frame["click"] & ~after.frame["click"]
    assert not lost[: int(0.75 * ROWS)].any()
    assert lost.sum() == 0.3 * 0.25 * 0.2 * ROWS
    assert not (after.frame["click"] & ~uniform.frame["click"]).any()
    assert not (after.frame["conversion"] & ~after.frame["click"]).any()
    gone = uniform.frame["conversion"] & ~after.frame["conversion"]
    assert gone.equals(lost & uniform.frame["conversion"])
    row = only(LateLabels(0.3, 0.25), uniform, lambda log: float(log.frame["click"].sum()))
    assert row.share == pytest.approx(1 - 0.3 * 0.25)


def test_an_outage_hurts_only_a_candidate_that_reads_the_feature(
    simulated: AuctionLog, tmp_path: Path
) -> None:
    split = time_split(simulated)
    read = ("user_segment", "recency_hours", "exchange")
    spec = VariantSpec(
        name="reader",
        model=ModelSpec(features=read, params={"num_iterations": 60}),
        policy=PolicySpec(name="value"),
    )
    variant = build_variant(spec, split.train, split.tune, tmp_path / "reader")

    def value_at_stake(log: AuctionLog) -> float:
        ready = variant.with_predictions(log)
        return replay(ready, variant.bids(ready)).value

    tried = (*read, "country", "page_quality")
    scenarios = [FeatureOutage(name) for name in tried]
    report = stress_test(
        split.tune, value_at_stake, [], np.random.default_rng(1), scenarios=scenarios
    )
    changed = {name for name, row in zip(tried, report.rows, strict=True) if row.share != 1.0}
    assert changed == set(read)


def test_what_decides_the_auction_cannot_be_lost_for_one_side(simulated: AuctionLog) -> None:
    assert "decides the auction" in FeatureOutage("bid_floor_cpm").lacks(simulated)
    no_hour = AuctionLog(
        simulated.frame.drop(columns="hour"),
        LogMeta("x", features=tuple(set(simulated.meta.features) - {"hour"})),
    )
    assert "does not fail alone" in FeatureOutage("hour").lacks(no_hour)
    assert FeatureOutage("sizes").lacks(simulated) == "the log has no column sizes"


def test_a_column_that_may_not_be_missing_is_filled(simulated: AuctionLog) -> None:
    log = simulated.with_columns(pctr=np.linspace(0, 0.1, len(simulated)))
    rng = np.random.default_rng(0)
    assert set(FeatureOutage("exchange").apply(log, rng).frame["exchange"]) == {"aurora"}
    assert FeatureOutage("pctr").apply(log, rng).frame["pctr"].unique() == pytest.approx([0.05])
    assert FeatureOutage("unit_id").apply(log, rng).frame["unit_id"].isna().all()
    assert FeatureOutage("recency_hours").apply(log, rng).frame["recency_hours"].isna().all()


def test_rivals_take_their_share_of_narrow_wins_and_no_other(uniform: AuctionLog) -> None:
    bids = np.full(ROWS, BID)
    narrow = (uniform.frame["market_price_cpm"] > 0.8 * BID) & (
        uniform.frame["market_price_cpm"] < BID
    )

    def impressions(log: AuctionLog) -> float:
        return float(replay(log, bids).impressions)

    everywhere = only(Rivals(bids, 0.2, 1.0), uniform, impressions)
    assert everywhere.share == pytest.approx(0.8, abs=1e-3)
    half = only(Rivals(bids, 0.2, 0.5), uniform, impressions)
    assert half.share == pytest.approx(0.9, abs=4 * 0.5 * narrow.sum() ** 0.5 / (0.3 * ROWS))
    after = Rivals(bids, 0.2, 1.0).apply(uniform, np.random.default_rng(0)).frame
    moved = after["market_price_cpm"] != uniform.frame["market_price_cpm"]
    assert moved.equals(narrow)


@pytest.mark.parametrize("ties_win", [True, False])
def test_rivals_answer_bounds_only_where_the_candidate_surely_wins(ties_win: bool) -> None:
    kinds = ["known", "at_most", "at_least", "known", "known", "at_most"]
    frame = pd.DataFrame(
        {
            "market_price_cpm": [1.9, 1.9, 1.9, 1.0, 2.1, 0.5],
            "market_price_kind": kinds,
            "bid_floor_cpm": [0.0, 0.0, 0.0, 1.9, 0.0, 2.5],
        }
    )
    log = AuctionLog(frame, LogMeta("example", ties_win=ties_win))
    bids: NDArray[np.float64] = np.full(6, 2.0)
    after = Rivals(bids, 0.2, 1.0).apply(log, np.random.default_rng(0))
    assert (after.frame["market_price_cpm"] > 2).tolist() == [True, True, False, True, True, False]
    assert after.frame["market_price_kind"].tolist() == [
        "known", "known", "at_least", "known", "known", "at_most",
    ]  # fmt: skip
    assert (replay(log, bids).impressions, replay(after, bids).impressions) == (3, 0)


def standard(log: AuctionLog) -> tuple[Scenario, ...]:
    bids = np.full(len(log), 2.0)
    return standard_scenarios(log, log.meta.features, bids)


def test_the_exchanges_that_rows_have_are_lost_largest_first(simulated: AuctionLog) -> None:
    lost = SCENARIOS["exchanges"](simulated, (), None)
    assert lost == tuple(map(LostExchange, ("aurora", "dione", "cassini")))
    fewer = simulated.rows(simulated.frame["exchange"].isin(["dione", "borealis"]).to_numpy())
    assert SCENARIOS["exchanges"](fewer, (), None) == (
        LostExchange("dione"),
        LostExchange("borealis"),
    )


def test_every_scenario_can_be_played_and_changes_the_log_it_returns_only(
    simulated: AuctionLog,
) -> None:
    before = simulated.content_hash()
    played = standard(simulated)
    assert len({(item.name, item.strength) for item in played}) == len(played) == 14
    for scenario in played:
        assert scenario.lacks(simulated) == ""
        one, two = (scenario.apply(simulated, np.random.default_rng(5)) for _ in range(2))
        assert one.content_hash() == two.content_hash() != before
        assert set(one.frame.columns) == set(simulated.frame.columns)
        assert one.meta == simulated.meta
        assert scenario.about.endswith(".")
    assert simulated.content_hash() == before


def test_what_a_log_cannot_show_is_listed_with_why() -> None:
    frame = pd.DataFrame({"market_price_cpm": np.ones(50), "market_price_kind": "at_least"})
    log = AuctionLog(frame)
    report = stress_test(log, lambda log: 1.0, ["hour", "size"], np.random.default_rng(0))
    assert set(report.not_applicable.values()) == {
        "the log has no exchange",
        "fewer than 100 auctions",
        "the log has no clicks",
        "hour comes from the clock, which does not fail alone",
        "the log has no column size",
        "no bids of the candidate were given",
    }
    assert [row.scenario for row in report.played] == ["price shock", "price shock"]
    assert Rivals(np.ones(50)).lacks(log) == "no auction says at most what a rival bid"
    deals = log.with_columns(auction_type=np.full(50, 3))
    assert PriceShock(2).lacks(deals) == "every auction is a deal at a fixed price"
    single = log.with_columns(exchange="one")
    assert LostExchange("one").lacks(single) == "the log has no other exchange"
    assert LostExchange("two").lacks(single) == "the log has no auctions of two"
    unclicked = log.with_columns(click=np.zeros(50, bool))
    assert LateLabels().lacks(unclicked) == "the latest rows have no clicks"


def test_the_first_features_that_can_be_lost_fail_in_turn(simulated: AuctionLog) -> None:
    names = ("campaign_id", *simulated.meta.features)
    outages = [row for row in standard_scenarios(simulated, names) if row.name == "feature outage"]
    assert len(outages) == 1 + MOST_FEATURES
    assert outages[0].strength == "campaign_id missing"
    assert len(SCENARIOS["features"](simulated, ("device",), None)) == 1
    assert SCENARIOS["features"](simulated, (), None) == ()


def test_a_scenario_s_draws_do_not_depend_on_the_others(simulated: AuctionLog) -> None:
    def clicks(log: AuctionLog) -> float:
        return float(log.frame["click"].to_numpy()[::2].sum())

    alone = only(Traffic(0.6), simulated, clicks)
    among = stress_test(
        simulated, clicks, (), np.random.default_rng(3), bids=np.ones(len(simulated))
    )
    assert alone in among.rows
    other = stress_test(
        simulated, clicks, (), np.random.default_rng(4), scenarios=[Traffic(0.6)]
    ).rows[0]
    assert other.gain != alone.gain


def test_the_worst_scenario_is_the_one_that_leaves_least(uniform: AuctionLog) -> None:
    scenarios: list[Scenario] = [
        PriceShock(1.3), PriceShock(2.0), LostExchange("none"), PriceShock(0.7)
    ]  # fmt: skip
    report = stress_test(uniform, constant, [], np.random.default_rng(0), scenarios=scenarios)
    assert report.worst == report.rows[1]
    assert list(report.table["scenario"].index[report.table["gain"].isna()]) == [2]
    plain = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert plain["rows"][2]["gain"] is None
    assert plain["gain"] == report.gain
    nothing = stress_test(uniform, constant, [], np.random.default_rng(0), scenarios=[])
    assert nothing.worst is None
    assert nothing.table.empty


def test_a_loss_has_no_share_to_survive(uniform: AuctionLog) -> None:
    report = stress_test(
        uniform, lambda log: -constant(log), [], np.random.default_rng(0),
        scenarios=[PriceShock(1.3), PriceShock(0.7)],
    )  # fmt: skip
    assert [row.share for row in report.rows] == [None, None]
    assert report.worst == report.rows[1]


def test_what_makes_no_sense_is_refused(uniform: AuctionLog) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="gain: returned nan on the log as it is; must be a finite"):
        stress_test(uniform, lambda log: float("nan"), [], rng)
    with pytest.raises(DataError, match="log: has no rows"):
        stress_test(uniform.rows(slice(0, 0)), constant, [], rng)
    with pytest.raises(DataError, match=r"bids: has shape \(3,\); must be \(10000,\)"):
        stress_test(uniform, constant, [], rng, scenarios=[Rivals(np.ones(3))])
    for wrong in (
        lambda: PriceShock(0), lambda: Traffic(-1), lambda: LateLabels(share=2),
        lambda: Rivals(None, margin=0),
    ):  # fmt: skip
        with pytest.raises(DataError, match="must be a number"):
            wrong()
