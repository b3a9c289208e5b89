"""What a log tells its seller, and what it does not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kit.allocate.floors.auctions import SellerAuctions
from kit.allocate.floors.curves import FloorCurves
from kit.allocate.floors.values import effective_buyers, fit_answered_floors, fit_markdown
from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.data.simulate import SimulationConfig
from kit.data.simulate_buyers import Buyer, simulate_seller, top_two
from kit.models.landscape import LandscapeModel


def log_of(**columns: object) -> AuctionLog:
    frame = pd.DataFrame({"exchange": "x", "market_price_kind": "known", **columns})
    return AuctionLog(frame)


def test_two_bids_of_each_auction() -> None:
    log = log_of(
        bid_price_cpm=[5.0, 2.0, np.nan, 1.0, 4.0], market_price_cpm=[3.0, 4.0, 2.0, 0.0, 3.5],
        bid_floor_cpm=[0.0, 0.0, 0.0, 2.0, 3.5],
        market_price_kind=["known", "known", "known", "known", "at_most"],
    )  # fmt: skip
    auctions = SellerAuctions.of_log(log, ["exchange"])
    assert auctions.top_cpm.tolist() == [5, 4, 2, 0, 4]  # a bid under its floor was never made
    assert auctions.second_cpm.tolist() == [3, 2, 0, 0, 0]  # at most: as none, the least it can be


def test_the_other_buyers_alone() -> None:
    log = log_of(bid_price_cpm=[5.0, 5.0], market_price_cpm=[3.0, 4.0])
    auctions = SellerAuctions.of_log(log, ["exchange"], view="competition")
    assert auctions.top_cpm.tolist() == [3, 4]
    assert auctions.second_cpm.tolist() == [0, 0]


def test_an_unknown_highest_bid_is_refused_or_drawn() -> None:
    log = log_of(bid_price_cpm=[5.0, 2.0], market_price_cpm=[3.0, 2.0],
                 market_price_kind=["known", "at_least"])  # fmt: skip
    with pytest.raises(DataError, match="1 of 2 auctions tell the highest bid only as 'at least'"):
        SellerAuctions.of_log(log, ["exchange"])
    drawn = SellerAuctions.of_log(log, ["exchange"], market=np.array([3.0, 6.0]))
    assert drawn.top_cpm.tolist() == [5, 6]
    assert "1 auctions was drawn" in drawn.notes[0]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"bid_price_cpm": [7.0, 7.0, 7.0], "market_price_cpm": [1.0, 2.0, 3.0]},
         "7 is the highest bid of 100% of the auctions, one buyer's own fixed bid"),
        ({"market_price_cpm": [1.0, 2.0, 3.0]}, "lacks column bid_price_cpm"),
        ({"bid_price_cpm": [np.nan] * 3, "market_price_cpm": [0.0] * 3}, "0 of 3 auctions have"),
        ({"bid_price_cpm": [1.0] * 3, "market_price_cpm": [1.0] * 3, "auction_type": 3},
         "0?.*a floor could act on"),
    ],
)  # fmt: skip
def test_a_log_that_cannot_answer_is_refused(columns, said) -> None:
    with pytest.raises(DataError, match=said):
        SellerAuctions.of_log(log_of(**columns), ["exchange"])


def test_fixed_price_deals_are_left_out_and_named() -> None:
    log = log_of(bid_price_cpm=[5.0, 2.0, 3.0], market_price_cpm=[3.0, 1.0, 2.0],
                 auction_type=[2, 3, 2])  # fmt: skip
    auctions = SellerAuctions.of_log(log, ["exchange"])
    assert len(auctions) == 2
    assert auctions.notes == ("1 fixed-price deals left out",)


def test_a_real_log_of_wins_is_refused_with_its_reason(shared_data) -> None:
    import kit

    log = kit.load_log(shared_data / "ipinyou" / "2259.train.log.txt", "ipinyou-log")
    with pytest.raises(DataError, match="294 is the highest bid of 66% of the auctions"):
        SellerAuctions.of_log(log, ["exchange"])
    rivals = SellerAuctions.of_log(log, ["exchange", "hour"], view="competition")
    assert len(rivals) == 8355
    assert any("won auctions only" in note for note in rivals.notes)


def test_a_landscape_gives_the_curve_of_its_prices(rng) -> None:
    """One lognormal highest bid, first half first price: fill and revenue in closed form."""
    from scipy.stats import lognorm

    price = rng.lognormal(0.5, 0.6, 40_000)
    log = log_of(market_price_cpm=price, bid_price_cpm=rng.random(40_000),
                 auction_type=np.repeat([1, 2], 20_000))  # fmt: skip
    model = LandscapeModel.fit(log, log)
    auctions = SellerAuctions.of_log(log, ["exchange"], view="competition")
    curves = FloorCurves.of_landscape(model.at(log), auctions, rng)
    law = lognorm(0.6, scale=np.exp(0.5))
    near = slice(60, 150)
    floor = curves.floor_cpm[:, near]
    np.testing.assert_allclose(curves.fill[:, near], law.sf(floor), atol=0.02)
    paid = [law.expect(lambda x: x, lb=at) for at in floor[0, ::30]]
    np.testing.assert_allclose(curves.revenue_cpm[0, near][::30], paid, rtol=0.04)
    np.testing.assert_allclose(curves.revenue_cpm[1, near], floor[1] * law.sf(floor[1]), atol=0.04)


@pytest.mark.parametrize("buyers", [2, 3, 5])
def test_values_behind_first_price_bids_are_recovered(buyers, rng) -> None:
    """Uniform values, bids (N - 1) / N of them: within 5 % below the upper tail; reserve 1/2."""
    values = rng.random((100_000, buyers))
    bids = np.sort(values * (buyers - 1) / buyers, axis=1)
    markdown = fit_markdown(bids[:, -1] / 0.4, bids[:, -2] / 0.4)
    assert markdown.fits
    assert abs(markdown.buyers - buyers) < 0.1 * buyers
    at = np.quantile(bids[:, -1], [0.1, 0.25, 0.4])
    worth = markdown.values(at, np.full(3, 0.4))
    np.testing.assert_allclose(worth, at * buyers / (buyers - 1), rtol=0.08)
    auctions = SellerAuctions.of_arrays(bids[:, -1], bids[:, -2], first_price=True)
    floor = fit_answered_floors(auctions).table["floor_cpm"].iloc[-1]
    assert abs(np.log(floor / 0.5)) < 0.12


def test_bids_of_unequal_buyers_do_not_fit() -> None:
    rng = np.random.default_rng(1)
    strong, weak = rng.lognormal(2, 0.3, 20_000), rng.lognormal(-1, 0.3, 20_000)
    assert effective_buyers(strong / 7, weak / 7) < 1.5
    assert not fit_markdown(strong / 7, weak / 7).fits


def test_the_simulated_seller_shows_its_two_highest_bids() -> None:
    seller = simulate_seller(SimulationConfig(auctions=5000, days=4), seed=3)
    again = simulate_seller(SimulationConfig(auctions=5000, days=4), seed=3)
    assert seller.log.content_hash() == again.log.content_hash()
    top, second = top_two(seller.bids)
    frame = seller.log.frame
    np.testing.assert_array_equal(frame["bid_price_cpm"].fillna(0), top)
    np.testing.assert_array_equal(frame["market_price_cpm"], second)
    made = seller.bids > 0
    assert (seller.bids[made] >= frame["bid_floor_cpm"].to_numpy()[np.nonzero(made)[0]]).all()
    assert (seller.bids[made] <= seller.values_cpm[made] + 1e-3).all()
    second_price = (frame["auction_type"] == 2).to_numpy()
    truthful = seller.bids[second_price] - np.nan_to_num(seller.values_cpm[second_price])
    assert np.abs(truthful[seller.bids[second_price] > 0]).max() < 1e-3


def test_a_seller_needs_a_buyer() -> None:
    with pytest.raises(DataError, match="buyers: got none"):
        simulate_seller(SimulationConfig(auctions=5), 1, ())
    with pytest.raises(DataError, match="reach: got 2"):
        Buyer("x", reach=2)
