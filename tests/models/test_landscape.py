from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.base.errors import DataError, ModelError
from kit.base.units import FEN_CPM
from kit.data.log import AuctionLog, LogMeta
from kit.models.landscape import LandscapeModel
from kit.replay.market import read_market


def _prices(values: Any, kind: Any = "known", *, ties_win: bool = False, **more: Any) -> AuctionLog:
    frame = pd.DataFrame({"market_price_cpm": values, "market_price_kind": kind, **more})
    return AuctionLog(frame, LogMeta("test", ties_win=ties_win))


def _probe_bids(rows: int) -> np.ndarray:
    return 2.2 * np.exp(np.random.default_rng(0).normal(0, 0.7, rows))


def _error(model: LandscapeModel, world: Any) -> tuple[float, float]:
    """Mean absolute error and bias of the win rate on the holdout, at bids of all sizes."""
    bid = _probe_bids(len(world.holdout))
    truth = world.simulation.truth.win_rate(world.holdout.request, bid)
    gap = model.win_rate(world.holdout, bid) - truth
    return float(np.abs(gap).mean()), float(gap.mean())


def test_win_rate_recovers_the_truth(still: Any, landscape: LandscapeModel) -> None:
    """48,000 rows, a quarter of them censored; a constant win rate errs by 0.3."""
    error, bias = _error(landscape, still)
    assert error < 0.04
    assert abs(bias) < 0.015


def test_win_rate_under_drift(drifting: Any) -> None:
    """Rivals who raise their bids after the fit cost a bias that no fit can see."""
    error, _ = _error(LandscapeModel.fit(drifting.train, drifting.tune), drifting)
    assert error < 0.065


@pytest.mark.slow
def test_bounds_are_better_kept_than_dropped_or_taken_for_prices(
    still: Any, landscape: LandscapeModel
) -> None:
    def only_known(log: AuctionLog) -> AuctionLog:
        return log.rows(log.market_kind == 0)

    def as_prices(log: AuctionLog) -> AuctionLog:
        return log.with_columns(market_price_kind="known")

    kept, _ = _error(landscape, still)
    for naive in (only_known, as_prices):
        model = LandscapeModel.fit(naive(still.train), naive(still.tune), seed=3)
        bid = _probe_bids(len(still.holdout))
        censored = still.holdout.frame["exchange"].isin(["borealis", "dione"]).to_numpy()
        truth = still.simulation.truth.win_rate(still.holdout.request, bid)
        gaps = [np.abs(m.win_rate(still.holdout, bid) - truth)[censored].mean()
                for m in (landscape, model)]  # fmt: skip
        assert gaps[1] > 1.5 * gaps[0], naive.__name__
        assert _error(model, still)[0] > 1.2 * kept


@settings(deadline=None, max_examples=30)
@given(
    row=st.integers(0, 10_000),
    bids=st.lists(st.floats(0, 1e4), min_size=2, max_size=20),
)
def test_win_rate_rises_with_the_bid(
    still: Any, landscape: LandscapeModel, row: int, bids: list[float]
) -> None:
    request = still.holdout.request.iloc[[row] * len(bids)].reset_index(drop=True)
    rate = landscape.win_rate(request, np.sort(bids))
    assert (np.diff(rate) >= 0).all()
    assert ((rate >= 0) & (rate <= 1)).all()


@settings(deadline=None, max_examples=30)
@given(
    prices=st.lists(st.integers(0, 12), min_size=1, max_size=30),
    kinds=st.lists(st.integers(0, 2), min_size=30, max_size=30),
    ties_win=st.booleans(),
)
def test_win_rate_of_bare_prices_rises_with_the_bid(
    prices: list[int], kinds: list[int], ties_win: bool
) -> None:
    names = np.array(["known", "at_most", "at_least"])[[0, *kinds[1 : len(prices)]]]
    log = _prices(np.array(prices, dtype=float), names, ties_win=ties_win)
    model = LandscapeModel.fit(log, log)
    rate = model.win_rate(pd.DataFrame(index=range(40)), np.linspace(0, 20, 40))
    assert (np.diff(rate) >= -1e-12).all()
    assert ((rate >= 0) & (rate <= 1)).all()


def test_below_the_floor_nothing_wins(still: Any, landscape: LandscapeModel) -> None:
    request = still.holdout.request
    floor = request["bid_floor_cpm"].to_numpy()
    below = landscape.win_rate(request, np.maximum(floor - 1e-6, 0))
    assert (below[floor > 0] == 0).all()
    assert (landscape.win_rate(request, floor)[floor > 0] > 0).mean() > 0.9
    assert (landscape.win_rate(request, np.nan) == 0).all()


def test_fixed_price_deals_win_from_the_floor_on(still: Any, landscape: LandscapeModel) -> None:
    request = still.holdout.request.head(3).assign(auction_type=3, bid_floor_cpm=2.0)
    np.testing.assert_array_equal(landscape.win_rate(request, [1.9, 2.0, 9.0]), [0, 1, 1])


def test_prices_alone_give_the_empirical_distribution(rng: np.random.Generator) -> None:
    price = rng.integers(0, 301, 50_000).astype(float)
    probe = np.array([0.0, 1.0, 77.0, 300.0, 301.0])
    request = pd.DataFrame(index=range(probe.size))
    for ties_win in (False, True):
        log = _prices(price, ties_win=ties_win)
        beats = probe[:, None] >= price if ties_win else probe[:, None] > price
        doubled = LandscapeModel.fit(log, log)
        np.testing.assert_allclose(doubled.win_rate(request, probe), beats.mean(axis=1))


def test_censored_prices_alone_give_kaplan_meier() -> None:
    """The textbook product-limit estimate, by hand: 3 of 4 survive 1, 1 of 2 survives 3."""
    price, kind = [1.0, 2.0, 3.0, 4.0], ["known", "at_least", "known", "at_least"]
    log = _prices(price, kind)
    model = LandscapeModel.fit(log, log)
    rate = model.win_rate(pd.DataFrame(index=range(3)), [1.5, 2.5, 3 + 1e-9])
    np.testing.assert_allclose(rate, [0.25, 0.25, 1 - 0.75 * 0.5], atol=1e-4)


def test_upper_bounds_count_too(rng: np.random.Generator) -> None:
    price = rng.integers(0, 20, 20_000).astype(float)
    floor = rng.integers(0, 20, price.size).astype(float)
    seen = _prices(np.maximum(price, floor), np.where(price <= floor, "at_most", "known"))
    rate = LandscapeModel.fit(seen, seen).win_rate(pd.DataFrame(index=range(20)), np.arange(20))
    np.testing.assert_allclose(rate, np.arange(20) / 20, atol=0.02)


def test_bids_below_the_floor_say_nothing(rng: np.random.Generator) -> None:
    price = rng.integers(1, 20, 2000).astype(float)
    log = _prices(price, bid_price_cpm=30.0, bid_floor_cpm=0.0)
    lost = _prices(np.full(2000, 5.0), "at_least", bid_price_cpm=5.0, bid_floor_cpm=8.0)
    both = AuctionLog(pd.concat([log.frame, lost.frame], ignore_index=True))
    request = pd.DataFrame({"bid_floor_cpm": 0.0}, index=range(3))
    rates = [
        LandscapeModel.fit(first, log, features=[]).win_rate(request, [5, 10, 15])
        for first in (both, log)
    ]
    np.testing.assert_allclose(*rates)


def test_draws_stay_inside_their_bounds_and_follow_the_win_rate(
    still: Any, landscape: LandscapeModel, rng: np.random.Generator
) -> None:
    request = still.holdout.request
    curves = landscape.at(request)
    free = curves.draw(rng)
    open_ = landscape.at(request.assign(auction_type=2))
    for bid in (0.5, 2.0, 6.0):
        wins = np.where(request["bid_floor_cpm"] <= bid, open_.win_rate(bid), np.nan)
        shown = np.mean((free < bid)[~np.isnan(wins)])
        assert shown == pytest.approx(np.nanmean(wins), abs=0.02)
    low, high = np.full(free.size, 1.0), np.full(free.size, 1.5)
    inside = curves.draw(rng, low, high)
    assert ((inside >= low) & (inside <= high)).all()
    assert np.unique(inside).size > 1000
    with pytest.raises(DataError, match="low"):
        curves.draw(rng, 3.0, 2.0)


def test_drawn_levels_are_uniform(
    still: Any, landscape: LandscapeModel, rng: np.random.Generator
) -> None:
    """The probability below a draw is uniform (probability integral transform)."""
    curves = landscape.at(still.holdout)
    drawn = curves.draw(rng)
    level = curves.shape.probability(curves.group, curves._inner(drawn), equal=True)
    positive = level[drawn > 0]
    counts = np.histogram(positive, bins=10, range=(0.1, 1.0))[0]
    np.testing.assert_allclose(counts, counts.mean(), rtol=0.1)


def test_filled_prices_suit_a_replay(
    still: Any, landscape: LandscapeModel, rng: np.random.Generator
) -> None:
    prices = landscape.market_prices(still.holdout, rng)
    read_market(still.holdout, "given", prices)
    known = still.holdout.market_kind == 0
    np.testing.assert_array_equal(
        prices[known], still.holdout.frame["market_price_cpm"].to_numpy()[known]
    )
    truth = still.simulation.latent["market_price_cpm"].to_numpy()[-len(prices) :]
    assert prices[~known].mean() == pytest.approx(truth[~known].mean(), rel=0.25)


def test_best_bid_beats_every_other_on_its_own_curve(landscape: LandscapeModel, still: Any) -> None:
    curves = landscape.at(still.holdout.request.head(400))
    best = curves.best_first_price_bid(5.0)
    surplus = (5.0 - best) * curves.win_rate(best)
    for bid in np.linspace(0.05, 5, 60):
        assert ((5.0 - bid) * curves.win_rate(bid) <= np.nan_to_num(surplus) + 5e-3).all()
    assert np.isnan(curves.best_first_price_bid(0.0)).all()


def test_best_bid_keeps_most_of_the_attainable_surplus(
    still: Any, landscape: LandscapeModel
) -> None:
    truth, request = still.simulation.truth, still.holdout.request
    value = np.full(len(request), 4.0)
    grid = np.linspace(0.02, 4, 60)
    rates = np.stack([truth.win_rate(request, bid) for bid in grid])
    attainable = ((4.0 - grid[:, None]) * rates).max(axis=0)
    bid = np.nan_to_num(landscape.best_first_price_bid(request, value))
    kept = (4.0 - bid) * truth.win_rate(request, bid)
    assert kept.sum() > 0.95 * attainable.sum()


def test_check_compares_like_with_like(still: Any, landscape: LandscapeModel) -> None:
    table = landscape.check(still.holdout, bins=4)
    assert list(table["exchange"].unique()) == ["aurora", "borealis", "cassini", "dione"]
    assert table["rows"].sum() == len(still.holdout)
    assert (table["predicted"] - table["observed"]).abs().mean() < 0.04
    oracle = landscape.check(still.simulation.full_log().rows(slice(-3000, None)), bins=4)
    assert oracle["determined"].between(0.3, 1).all()
    assert (oracle["predicted"] - oracle["observed"]).abs().mean() < 0.06


def test_saved_landscape_is_the_same(still: Any, landscape: LandscapeModel, tmp_path: Path) -> None:
    bid = _probe_bids(len(still.holdout))
    loaded = LandscapeModel.load(landscape.save(tmp_path / "grown"))
    np.testing.assert_array_equal(
        loaded.win_rate(still.holdout, bid), landscape.win_rate(still.holdout, bid)
    )
    assert loaded.summary() == landscape.summary()
    bare = LandscapeModel.fit(_prices([1.0, 2.0]), _prices([3.0]))
    again = LandscapeModel.load(bare.save(tmp_path / "bare"))
    request = pd.DataFrame(index=range(3))
    np.testing.assert_array_equal(
        again.win_rate(request, [1, 2, 3.5]), bare.win_rate(request, [1, 2, 3.5])
    )


@pytest.mark.slow
def test_same_seed_same_landscape(still: Any, landscape: LandscapeModel) -> None:
    again = LandscapeModel.fit(still.train, still.tune, seed=3, num_threads=2)
    np.testing.assert_array_equal(
        again.win_rate(still.holdout, 2.0), landscape.win_rate(still.holdout, 2.0)
    )


def test_refusals_name_what_is_wrong(still: Any, landscape: LandscapeModel) -> None:
    request = still.holdout.request.head(4)
    with pytest.raises(ModelError, match="lacks exchange"):
        landscape.win_rate(request.drop(columns="exchange"), 1.0)
    with pytest.raises(DataError, match="bid_cpm: has shape"):
        landscape.win_rate(request, [1.0, 2.0])
    with pytest.raises(DataError, match="negative"):
        landscape.win_rate(request, -1.0)
    log = _prices([1.0, 2.0], "at_least")
    with pytest.raises(ModelError, match="none of 2 informative"):
        LandscapeModel.fit(log, log)
    meta = LogMeta("fen", FEN_CPM, features=still.holdout.meta.features)
    foreign = AuctionLog(still.holdout.frame.head(4), meta)
    with pytest.raises(ModelError, match="CNY fen CPM"):
        landscape.win_rate(foreign, 1.0)


def test_unseen_exchanges_get_the_pooled_shape(still: Any, landscape: LandscapeModel) -> None:
    request = still.holdout.request.head(200).assign(exchange="newcomer")
    rate = landscape.win_rate(request, 3.0)
    assert np.isfinite(rate).all()
    assert (landscape.at(request).group == 4).all()


def test_an_exchange_that_only_tune_knows_has_its_own_shape() -> None:
    first = _prices(np.tile([1.0, 2.0], 500), exchange="old")
    later = _prices(np.tile([8.0, 9.0], 3000), exchange="new")
    model = LandscapeModel.fit(first, later, features=[])
    rate = model.win_rate(pd.DataFrame({"exchange": ["old", "new"]}), 5.0)
    assert rate[0] > 0.85
    assert rate[1] < 0.05


def test_real_prices_without_features(shared_data: Path) -> None:
    path = shared_data / "ipinyou" / "2997.theta.txt"
    price = pd.read_csv(path, sep=" ", header=None)[1].to_numpy(dtype=float)
    half = price.size // 2
    model = LandscapeModel.fit(
        _prices(price[:half], ties_win=True), _prices(price[half:], ties_win=True)
    )
    rate = model.win_rate(pd.DataFrame(index=range(4)), [0, 10, 70, 300])
    np.testing.assert_allclose(rate, [(price <= bid).mean() for bid in (0, 10, 70, 300)])
