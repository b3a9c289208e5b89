"""The simulator: reproducible, schema-true, and showing what a buyer would see, no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.data.schema import AT_LEAST, AT_MOST, FIRST_PRICE, KNOWN, role_columns
from kit.data.simulate import Campaign, Exchange, Simulation, SimulationConfig, simulate
from kit.data.simulate_draw import bid_density
from kit.data.simulate_world import build_world

CONFIG = SimulationConfig(auctions=120_000, days=6, invalid_share=0.08)


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return simulate(CONFIG, seed=5)


def market(simulation: Simulation) -> np.ndarray:
    return simulation.latent["market_price_cpm"].to_numpy()


def given_by_exchange(simulation: Simulation) -> np.ndarray:
    gives = {e.name: e.gives_min_bid_to_win for e in CONFIG.exchanges}
    return simulation.log.frame["exchange"].astype(str).map(gives).to_numpy(bool)


def test_the_same_seed_gives_the_same_log_and_another_seed_another() -> None:
    small = SimulationConfig(auctions=2000, days=3)
    first, again, other = (simulate(small, seed) for seed in (1, 1, 2))
    assert first.log.content_hash() == again.log.content_hash()
    pd.testing.assert_frame_equal(first.latent, again.latent)
    assert not first.log.frame["bid_price_cpm"].equals(other.log.frame["bid_price_cpm"])
    assert first.log.meta.source_hash != other.log.meta.source_hash


def test_a_world_seed_changes_the_truth_and_a_seed_does_not() -> None:
    small = SimulationConfig(auctions=500)
    request = simulate(small, 1).log.request
    here = simulate(small, 2).truth.pctr(request)
    there = simulate(replace(small, world_seed=1), 1).truth.pctr(request)
    np.testing.assert_array_equal(here, simulate(small, 1).truth.pctr(request))
    assert np.abs(np.log(here / there)).mean() > 0.1


def test_the_log_hides_the_latent_columns(simulation: Simulation) -> None:
    log = simulation.log
    canonical = {*role_columns("request"), *role_columns("bid"), *role_columns("outcome")}
    assert set(log.frame.columns) <= canonical | set(log.meta.features)
    assert not set(log.request.columns) & {*role_columns("bid"), *role_columns("outcome")}
    lost = log.frame[~log.frame["won"]]
    assert not lost[["click", "conversion", "is_invalid_traffic"]].any().any()
    assert lost["clearing_price_cpm"].isna().all()
    assert lost["conversion_time"].isna().all()
    silent = ~given_by_exchange(simulation)
    assert log.frame.loc[silent, "min_bid_to_win_cpm"].isna().all()


def test_no_request_column_knows_the_click_beyond_its_probability(simulation: Simulation) -> None:
    """Within a true probability, what follows is chance: no column can carry the outcome."""
    request = simulation.log.request.drop(columns=["timestamp"])
    residual = simulation.latent["would_click"].to_numpy() - simulation.truth.pctr(
        simulation.log.request
    )
    for name, values in request.items():
        codes = values.cat.codes if isinstance(values.dtype, pd.CategoricalDtype) else values
        spread = np.corrcoef(codes.to_numpy(float), residual)[0, 1] * np.sqrt(len(residual))
        assert abs(spread) < 4.5, name


def test_a_winner_beats_rivals_and_floor_and_pays_the_rule(simulation: Simulation) -> None:
    frame, rival = simulation.log.frame, market(simulation)
    bid, floor = frame["bid_price_cpm"], frame["bid_floor_cpm"]
    np.testing.assert_array_equal(frame["won"], (bid > rival) & (bid >= floor))
    won = frame["won"].to_numpy()
    price = frame["clearing_price_cpm"].to_numpy()[won]
    first = (frame["auction_type"] == FIRST_PRICE).to_numpy()[won]
    np.testing.assert_array_equal(
        price, np.where(first, bid[won], np.maximum(rival[won], floor[won]))
    )
    assert (price <= bid[won]).all()
    assert (price >= floor[won]).all()


def test_min_bid_to_win_is_the_price_to_beat(simulation: Simulation) -> None:
    frame, told = simulation.log.frame, given_by_exchange(simulation)
    to_beat = np.maximum(market(simulation), frame["bid_floor_cpm"])
    np.testing.assert_array_equal(frame["min_bid_to_win_cpm"][told], to_beat[told])


def test_each_kind_agrees_with_the_latent_price(simulation: Simulation) -> None:
    log, rival = simulation.log, market(simulation)
    shown, kind = log.frame["market_price_cpm"].to_numpy(), log.market_kind
    np.testing.assert_array_equal(shown[kind == KNOWN], rival[kind == KNOWN])
    assert (shown[kind == AT_MOST] >= rival[kind == AT_MOST]).all()
    assert (shown[kind == AT_LEAST] <= rival[kind == AT_LEAST]).all()


def test_each_kind_is_what_the_design_says_a_row_can_show(simulation: Simulation) -> None:
    frame, told = simulation.log.frame, given_by_exchange(simulation)
    kind, won = simulation.log.market_kind, frame["won"].to_numpy()
    first = (frame["auction_type"] == FIRST_PRICE).to_numpy()
    bid, floor = frame["bid_price_cpm"].to_numpy(), frame["bid_floor_cpm"].to_numpy()
    shown, bound = frame["market_price_cpm"].to_numpy(), frame["floor_bound"].to_numpy()
    visible = told | (won & ~first)
    np.testing.assert_array_equal(bound, visible & (market(simulation) <= floor) & (floor > 0))
    assert (kind[bound] == AT_MOST).all()
    np.testing.assert_array_equal(shown[bound], floor[bound])
    assert (kind[visible & ~bound] == KNOWN).all()
    shy = won & first & ~told
    assert (kind[shy] == AT_MOST).all()
    np.testing.assert_array_equal(shown[shy], bid[shy])
    lost = ~won & ~told
    assert (kind[lost] == AT_LEAST).all()
    np.testing.assert_array_equal(shown[lost], np.where(bid >= floor, bid, 0.0)[lost])
    assert min(bound.sum(), shy.sum(), lost.sum(), (lost & (bid < floor)).sum()) > 50


def test_density_of_bids_matches_their_histogram(simulation: Simulation) -> None:
    frame = simulation.log.frame
    base = base_bids(simulation)
    ratio = frame["bid_price_cpm"].to_numpy() / base
    density = frame["bid_propensity"].to_numpy() * base
    edges = np.array([0.2, 0.5, 0.8, 0.849, 0.851, 0.95, 1.05, 1.149, 1.151, 1.5, 2.0])
    counts, _ = np.histogram(ratio, edges)
    for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
        if high - low < 0.01:
            continue  # rounding to thousandths moves bids across the density's two steps
        inside = (ratio >= low) & (ratio < high)
        expected = density[inside].mean() * (high - low)
        error = np.sqrt(expected * (1 - expected) / len(ratio))
        assert abs(count / len(ratio) - expected) < 4.5 * error + 1e-3 * expected
    assert ratio.min() > 0.19
    assert ratio.max() < 2.01
    share = frame["is_exploration"].mean()
    assert abs(share - CONFIG.exploration_share) < 4.5 * np.sqrt(0.09 / len(frame))


def base_bids(simulation: Simulation) -> np.ndarray:
    """Return the logging policy's central bid from the world's table, by label."""
    columns, world = simulation.columns, simulation.truth.world
    shape = (4, CONFIG.units, 6, 3, 8, 3)
    names = ("exchange", "unit_id", "country", "device", "user_segment", "campaign_id")
    cell = np.ravel_multi_index([columns[name].astype(int) for name in names], shape)
    return world.base_bid[cell].astype(float)


def test_weights_by_density_estimate_another_policy(simulation: Simulation) -> None:
    """Propensities are right if weighting by them gives a uniform policy's known win rate."""
    frame, base = simulation.log.frame, base_bids(simulation)
    target = 1.0 / (1.8 * base)
    weight = target / frame["bid_propensity"].to_numpy()
    estimate = weight * frame["won"].to_numpy()
    grid = np.linspace(0.2, 2.0, 37)
    exact = np.mean(
        [
            simulation.truth.win_rate(simulation.log.request, base * g).mean()
            for g in grid[:-1] + 0.025
        ]
    )
    error = estimate.std() / np.sqrt(len(estimate))
    assert abs(estimate.mean() - exact) < 4.5 * error + 1e-3
    assert abs(weight.mean() - 1.0) < 4.5 * weight.std() / np.sqrt(len(weight))


def test_density_integrates_to_one() -> None:
    ratio = np.linspace(0.0, 2.5, 250_001)
    assert np.trapezoid(bid_density(ratio, 0.1), ratio) == pytest.approx(1.0, abs=1e-3)


def test_times_are_ordered_and_follow_each_exchanges_curve(simulation: Simulation) -> None:
    frame = simulation.log.frame
    times = frame["timestamp"]
    assert times.is_monotonic_increasing
    assert times.iloc[0] >= pd.Timestamp(CONFIG.start, tz="UTC")
    assert times.iloc[-1] < pd.Timestamp(CONFIG.start, tz="UTC") + pd.Timedelta(days=CONFIG.days)
    assert (times.dt.hour == frame["hour"]).all()
    assert (times.dt.day_of_week == frame["weekday"]).all()
    by_hour = pd.crosstab(frame["hour"], frame["exchange"])
    for exchange in CONFIG.exchanges:
        peak = by_hour[exchange.name].idxmax()
        gap = abs(peak - exchange.peak_hour)
        assert min(gap, 24 - gap) <= 2


def test_conversions_come_later_and_before_labels_are_mature(simulation: Simulation) -> None:
    frame = simulation.log.frame
    converted = frame["conversion"]
    np.testing.assert_array_equal(converted, frame["conversion_time"].notna())
    assert converted.sum() > 30
    assert (frame["click"] | ~converted).all()
    delay = (frame["conversion_time"] - frame["timestamp"])[converted]
    assert (delay >= pd.Timedelta(0)).all()
    assert (frame["conversion_time"] <= frame["label_mature_at"])[converted].all()
    assert pd.Timedelta(hours=6) < delay.median() < pd.Timedelta(hours=16)


def test_invalid_traffic_never_converts_and_gathers_on_poor_pages(simulation: Simulation) -> None:
    columns = simulation.columns
    invalid = columns["is_invalid_traffic"]
    assert not columns["would_convert"][invalid].any()
    assert abs(invalid.mean() - CONFIG.invalid_share) < 0.02
    rank = np.corrcoef(invalid, columns["page_quality"])[0, 1]
    assert -0.3 < rank < -0.03
    places = pd.Series(columns["would_click"][invalid]).groupby(
        columns["exchange"][invalid] * 100 + columns["unit_id"][invalid]
    )
    rates = places.mean()[places.size() > 100]
    assert (rates == 0).any()
    assert (rates > 0.05).any()


def test_prices_drift_over_days() -> None:
    moving = simulate(SimulationConfig(auctions=60_000, drift=3.0), 3)
    still = simulate(SimulationConfig(auctions=60_000, drift=0.0), 3)

    def growth(simulation: Simulation) -> float:
        price = market(simulation)
        weekday = simulation.log.frame["weekday"].to_numpy()
        day = simulation.log.day - simulation.log.day[0]
        # the same weekdays, a week apart
        return float(price[(day > 6) & (weekday < 3)].mean() / price[day < 3].mean())

    assert growth(moving) > 1.3
    assert abs(growth(still) - 1.0) < 0.05


def test_full_log_shows_every_price_and_outcome(simulation: Simulation) -> None:
    full = simulation.full_log()
    assert (full.market_kind == KNOWN).all()
    np.testing.assert_array_equal(full.frame["market_price_cpm"], market(simulation))
    np.testing.assert_array_equal(full.frame["click"], simulation.latent["would_click"])
    assert "bid_price_cpm" not in full.frame.columns
    assert "won" not in full.frame.columns
    won = simulation.log.frame["won"].to_numpy()
    for name in ("click", "conversion", "is_invalid_traffic"):
        np.testing.assert_array_equal(full.frame[name][won], simulation.log.frame[name][won])


def test_a_log_comes_back_from_disk_as_it_was(simulation: Simulation, tmp_path: Path) -> None:
    log = simulation.log.rows(slice(0, 5000))
    assert AuctionLog.read(log.save(tmp_path / "log.parquet")).content_hash() == log.content_hash()


@settings(deadline=None, max_examples=25)
@given(
    auctions=st.integers(1, 300),
    days=st.integers(1, 4),
    units=st.integers(1, 24),
    exchanges=st.lists(
        st.builds(
            Exchange,
            name=st.uuids().map(str),
            auction_type=st.sampled_from([1, 2]),
            gives_min_bid_to_win=st.booleans(),
            price_cpm=st.floats(0.01, 50),
            floor_cpm=st.floats(0, 20),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda exchange: exchange.name,
    ),
    campaigns=st.integers(1, 8),
    seed=st.integers(0, 2**32),
)
def test_any_config_gives_a_consistent_log(
    auctions: int, days: int, units: int, exchanges: list[Exchange], campaigns: int, seed: int
) -> None:
    config = SimulationConfig(
        auctions=auctions,
        days=days,
        units=units,
        exchanges=tuple(exchanges),
        campaigns=tuple(Campaign(f"c{index}", 200.0) for index in range(campaigns)),
    )
    simulation = simulate(config, seed)
    frame, rival = simulation.log.frame, market(simulation)
    kind, shown = simulation.log.market_kind, frame["market_price_cpm"].to_numpy()
    assert len(frame) == auctions
    assert (shown[kind == KNOWN] == rival[kind == KNOWN]).all()
    assert (shown[kind == AT_MOST] >= rival[kind == AT_MOST]).all()
    assert (shown[kind == AT_LEAST] <= rival[kind == AT_LEAST]).all()
    paid = frame[frame["won"]]
    assert (paid["clearing_price_cpm"] <= paid["bid_price_cpm"]).all()
    assert (paid["clearing_price_cpm"] >= paid["bid_floor_cpm"]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"auctions": 0}, "auctions: got 0; must be a whole number >= 1"),
        ({"auctions": 1e6}, "auctions: got 1000000.0"),
        ({"days": 400}, r"days: got 400; must be a whole number in \[1, 366\]"),
        ({"units": 25}, "units: got 25"),
        ({"start": "2 March"}, "start: got '2 March'; must be a day"),
        ({"ctr": 0.2}, r"ctr: got 0.2; must be a number in \(0, 0.05\]"),
        ({"exploration_share": 0}, "exploration_share: got 0"),
        ({"invalid_share": -0.1}, "invalid_share: got -0.1"),
        ({"exchanges": ()}, "exchanges: got .*1 to 8"),
        ({"exchanges": ("aurora",)}, "exchanges: got 'aurora'; must be a Exchange"),
        ({"campaigns": (Campaign("a", 1), Campaign("a", 2))}, "campaigns: name 'a' comes 2 times"),
    ],
)
def test_a_bad_config_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        replace(SimulationConfig(), **change)


def test_a_bad_exchange_or_campaign_is_refused() -> None:
    with pytest.raises(DataError, match="auction_type: got 3"):
        Exchange("deal", 3, True)
    with pytest.raises(DataError, match="floor_cpm: got -1"):
        Exchange("x", 1, True, floor_cpm=-1)
    with pytest.raises(DataError, match="click_value_cpm: got 0"):
        Campaign("free", 0)


def test_the_mean_intent_is_the_configured_click_rate() -> None:
    world = build_world(SimulationConfig(ctr=0.01))
    place = np.bincount(world.traffic.place_lookup.ravel(), minlength=32)
    user = np.bincount(world.traffic.user_lookup, minlength=432)
    table = world.intent.reshape(32, 432).astype(float)
    mean = (place / place.sum()) @ table @ (user / user.sum())
    assert mean == pytest.approx(0.01, rel=1e-4)
