"""The truth of a simulated world against the logs drawn from it, and against brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.base.errors import DataError
from kit.data.schema import FIRST_PRICE
from kit.data.simulate import Simulation, SimulationConfig, simulate

BARS = 4.5
"""Standard errors; about 100 cells a test, so a right simulator fails once in 1,500 seeds."""


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return simulate(SimulationConfig(auctions=400_000), seed=11)


@pytest.fixture(scope="module")
def few() -> Simulation:
    return simulate(SimulationConfig(auctions=3000), seed=12)


def assert_calibrated(hits: np.ndarray, rate: np.ndarray, cells: np.ndarray) -> None:
    """Assert that hits in each cell are as many as the rates say, within binomial error."""
    table = pd.DataFrame({"hit": hits.astype(float), "rate": rate, "var": rate * (1 - rate)})
    sums = table.groupby(cells).sum()
    sums = sums[sums["var"] > 10]
    assert len(sums) > 3
    score = (sums["hit"] - sums["rate"]) / np.sqrt(sums["var"])
    assert score.abs().max() < BARS, score
    assert abs((hits - rate).sum()) < BARS * np.sqrt((rate * (1 - rate)).sum())


def test_win_rate_is_that_of_the_log_by_bid(simulation: Simulation) -> None:
    frame = simulation.log.frame
    rate = simulation.truth.win_rate(simulation.log.request, frame["bid_price_cpm"])
    won = frame["won"].to_numpy()
    bins = pd.qcut(frame["bid_price_cpm"], 40, labels=False).to_numpy()
    assert_calibrated(won, rate, bins)
    assert_calibrated(won, rate, np.floor(rate * 30))
    assert_calibrated(won, rate, (frame["exchange"].cat.codes * 24 + frame["hour"]).to_numpy())


@pytest.mark.parametrize("quantile", [0.02, 0.3, 0.6, 0.95, 0.999])
def test_market_cdf_is_that_of_the_latent_price(simulation: Simulation, quantile: float) -> None:
    latent, request = simulation.latent["market_price_cpm"], simulation.log.request
    price = float(latent.quantile(quantile))
    rate = simulation.truth.market_cdf(request, price)
    cells = (request["user_segment"].cat.codes * 8 + request["unit_id"].cat.codes).to_numpy()
    assert_calibrated((latent <= price).to_numpy(), rate, cells)
    day = simulation.log.day
    assert_calibrated((latent <= price).to_numpy(), rate, day)


@pytest.mark.parametrize(
    "names",
    [
        ("unit_id", "device"),
        ("user_segment", "campaign_id"),
        ("country", "campaign_id"),
        ("exchange", "site_category"),
    ],
)
def test_pctr_is_calibrated_in_cells(simulation: Simulation, names: tuple[str, str]) -> None:
    request = simulation.log.request
    cells = (request[names[0]].cat.codes * 16 + request[names[1]].cat.codes).to_numpy()
    pctr = simulation.truth.pctr(request)
    assert_calibrated(simulation.latent["would_click"].to_numpy(), pctr, cells)


def test_pctr_is_calibrated_along_numbers_and_time(simulation: Simulation) -> None:
    request, pctr = simulation.log.request, simulation.truth.pctr(simulation.log.request)
    clicks = simulation.latent["would_click"].to_numpy()
    for cells in (
        pd.qcut(pctr, 40, labels=False),
        request["page_quality"].to_numpy(),
        pd.qcut(request["recency_hours"], 20, labels=False, duplicates="drop").to_numpy(),
        simulation.log.day * 24 + request["hour"].to_numpy(),
    ):
        assert_calibrated(clicks, pctr, np.asarray(cells))


def test_pcvr_is_calibrated_among_clicks() -> None:
    simulation = simulate(SimulationConfig(auctions=600_000, ctr=0.05, invalid_share=0.1), 4)
    clicked = simulation.latent["would_click"].to_numpy()
    request = simulation.log.request[clicked]
    pcvr = simulation.truth.pcvr(request)
    converted = simulation.latent["would_convert"].to_numpy()[clicked]
    cells = (request["campaign_id"].cat.codes * 8 + request["user_segment"].cat.codes).to_numpy()
    assert_calibrated(converted, pcvr, cells)
    assert_calibrated(converted, pcvr, pd.qcut(pcvr, 20, labels=False))


def test_truth_needs_the_request_alone(few: Simulation) -> None:
    """Plain strings, other column order, other rows: the same answers."""
    request = few.log.request
    plain = request.astype(dict.fromkeys(request.select_dtypes("category").columns, str))
    shuffled = plain[plain.columns[::-1]].sample(frac=1.0, random_state=1)
    answers = few.truth.pctr(request)[shuffled.index]
    np.testing.assert_array_equal(few.truth.pctr(shuffled), answers)
    np.testing.assert_array_equal(
        few.truth.optimal_bid(shuffled), few.truth.optimal_bid(request)[shuffled.index]
    )


@settings(deadline=None, max_examples=30)
@given(low=st.floats(0, 60), step=st.floats(0, 60))
def test_win_rate_rises_with_the_bid(low: float, step: float) -> None:
    simulation = _SMALL
    request = simulation.log.request
    below = simulation.truth.win_rate(request, low)
    above = simulation.truth.win_rate(request, low + step)
    assert (above >= below - 1e-12).all()
    assert (below >= 0).all()
    assert (above <= 1 + 1e-6).all()
    assert (below <= simulation.truth.market_cdf(request, low) + 1e-12).all()
    under = low < request["bid_floor_cpm"].to_numpy()
    assert (below[under] == 0).all()


_SMALL = simulate(SimulationConfig(auctions=400), seed=13)


@settings(deadline=None, max_examples=30)
@given(multiple=st.floats(0.05, 4.0))
def test_no_multiple_of_the_optimum_beats_it(multiple: float) -> None:
    truth, request = _SMALL.truth, _SMALL.log.request
    best = truth.optimal_bid(request)
    gain = truth.expected_surplus(request, best * multiple) - truth.expected_surplus(request, best)
    assert gain.max() < 1e-3  # bids move in thousandths


@pytest.mark.slow
def test_no_bid_on_a_fine_grid_beats_the_optimum(few: Simulation) -> None:
    request = few.log.request.iloc[:600]
    truth = few.truth
    best = truth.expected_surplus(request, truth.optimal_bid(request))
    value = truth.value(request)
    for share in np.linspace(0.0, 1.2, 301):
        bid = share * value
        assert (truth.expected_surplus(request, bid) - best).max() < 1e-3
    for floor in (request["bid_floor_cpm"].to_numpy(), 0.001):
        assert (truth.expected_surplus(request, floor) - best).max() < 1e-3


def test_the_second_price_optimum_is_the_value(few: Simulation) -> None:
    request, truth = few.log.request, few.truth
    second = (request["auction_type"] != FIRST_PRICE).to_numpy()
    bid, value = truth.optimal_bid(request), truth.value(request)
    worth = value >= request["bid_floor_cpm"].to_numpy()
    np.testing.assert_array_equal(bid[second & worth], value[second & worth])
    assert (bid[~worth] == 0).all()
    assert (bid[~second] < value[~second]).all()


@pytest.mark.slow
def test_expected_surplus_is_what_bids_earn(simulation: Simulation) -> None:
    """Settle the optimum and half and twice of it on the latent prices and clicks."""
    request, truth = simulation.log.request, simulation.truth
    rival = simulation.latent["market_price_cpm"].to_numpy()
    floor = request["bid_floor_cpm"].to_numpy()
    first = (request["auction_type"] == FIRST_PRICE).to_numpy()
    optimum, value = truth.optimal_bid(request), truth.value(request)
    for multiple in (0.5, 1.0, 2.0):
        bid = np.round(optimum * multiple, 3)
        won = (bid > rival) & (bid >= floor)
        earned = won * (value - np.where(first, bid, np.maximum(rival, floor)))
        expected = truth.expected_surplus(request, bid)
        for rows in (first, ~first):
            error = (earned - expected)[rows]
            assert abs(error.mean()) < BARS * error.std() / np.sqrt(rows.sum())


def test_knowing_the_truth_pays(few: Simulation) -> None:
    request, truth = few.log.request, few.truth
    best = truth.expected_surplus(request, truth.optimal_bid(request)).sum()
    logged = truth.expected_surplus(request, few.log.frame["bid_price_cpm"]).sum()
    flat = max(truth.expected_surplus(request, price).sum() for price in np.arange(0.5, 8, 0.25))
    assert best > 1.4 * flat
    assert best > 1.5 * logged


def test_no_bid_and_zero_bids_win_nothing(few: Simulation) -> None:
    request, truth = few.log.request, few.truth
    for bid in (np.nan, 0.0):
        assert (truth.win_rate(request, bid) == 0).all()
        assert (truth.expected_surplus(request, bid) == 0).all()


def test_a_tie_loses(few: Simulation) -> None:
    """The win rate jumps only just above a price: equal to all mass strictly below."""
    request, truth = few.log.request.iloc[:50].assign(bid_floor_cpm=0.0), few.truth
    for price in (0.5, 2.0):
        np.testing.assert_allclose(
            truth.win_rate(request, price), truth.market_cdf(request, price - 0.001), rtol=1e-9
        )


def test_the_truth_refuses_rows_of_another_world(few: Simulation) -> None:
    request = few.log.request
    with pytest.raises(DataError, match="request: lacks column page_quality"):
        few.truth.pctr(request.drop(columns="page_quality"))
    with pytest.raises(DataError, match="exchange: 3000 foreign values"):
        few.truth.pctr(request.assign(exchange="zeta"))
    with pytest.raises(DataError, match="device: 3000 foreign values"):
        few.truth.pctr(request.assign(device=pd.Categorical(["ctv"] * len(request))))
    with pytest.raises(DataError, match=r"timestamp: .* outside .* within 10 days"):
        few.truth.pctr(request.assign(timestamp=request["timestamp"] + pd.Timedelta(days=30)))
    with pytest.raises(DataError, match="page_quality: 3000 missing values"):
        few.truth.pctr(request.assign(page_quality=np.nan))
    with pytest.raises(DataError, match=r"price: has shape \(2,\)"):
        few.truth.win_rate(request, [1.0, 2.0])
