"""Exchange bids and own ads in one auction: against a plain loop, and what must always hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from kit.allocate.mixed.auction import MixedAuction, MixedResult
from kit.allocate.mixed.calibration import SourceCalibration, winners_curse
from kit.base.errors import DataError

RULE = MixedAuction(quality_weight=0.5, pricing={"exchange": "first"}, reserve_score=0.1)
seeds = st.integers(0, 10**6)


def drawn(seed: int, auctions: int = 12, ads: int = 40) -> pd.DataFrame:
    """Ads of three sources on a coarse grid, so that ties, floors and empty slots come up."""
    rng = np.random.default_rng(seed)
    source = rng.choice(["exchange", "own", "partner"], ads)
    own = source == "own"
    return pd.DataFrame(
        {
            "auction": rng.integers(0, auctions, ads),
            "source": source,
            "price_cpm": np.where(own, np.nan, rng.integers(0, 9, ads) * 0.5),
            "pctr": np.where(own, rng.integers(0, 9, ads) / 1000, np.nan),
            "click_value": np.where(own, 0.5, np.nan),
            "fee": np.where(own, 0.0, rng.choice([0.0, 0.1, 0.2], ads)),
            "quality": rng.integers(0, 3, ads) * 0.5,
            "user_cost_cpm": rng.integers(0, 3, ads) * 0.25,
            "floor_cpm": rng.choice([0.0, 1.0, 2.0], ads),
        }
    )


def plain(ads: pd.DataFrame, auction: int, auctioned: MixedAuction) -> dict[str, Any]:
    """One auction as the docstring says it, ad by ad."""
    mine = ads[ads["auction"] == auction].copy()
    gross = mine["price_cpm"].fillna(1000 * mine["pctr"] * mine["click_value"])
    mine["net"] = gross * (1 - mine["fee"])
    mine["rest"] = auctioned.quality_weight * mine["quality"] - mine["user_cost_cpm"]
    mine["score"] = mine["net"] + mine["rest"]
    mine["least"] = mine["floor_cpm"] * (1 - mine["fee"])
    mine = mine[(mine["net"] >= mine["least"]) & (mine["score"] >= auctioned.reserve_score)]

    def sold(these: pd.DataFrame) -> tuple[int, float]:
        if these.empty:
            return -1, 0.0
        top = these["score"].idxmax()
        ad = these.loc[top]
        if auctioned.pricing.get(str(ad["source"]), "second") == "first":
            return int(str(top)), float(ad["net"])
        rival = max([auctioned.reserve_score, *these["score"].drop(top)])
        return int(str(top)), min(ad["net"], max(rival - ad["rest"], ad["least"], 0.0))

    winner, revenue = sold(mine)
    others = mine if winner < 0 else mine[mine["source"] != ads.loc[winner, "source"]]
    return {"ad": winner, "revenue": revenue, "displaced": sold(others)[1]}


@pytest.mark.slow
@given(seeds)
@settings(max_examples=60, deadline=None)
def test_against_a_plain_loop(seed: int) -> None:
    ads = drawn(seed)
    table = RULE.run(ads, 12).table
    for auction in range(12):
        expected = plain(ads, auction, RULE)
        assert table.loc[auction, "ad"] == expected["ad"]
        assert table.loc[auction, "revenue"] == pytest.approx(expected["revenue"])
        assert table.loc[auction, "displaced_revenue"] == pytest.approx(expected["displaced"])


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_what_is_conserved(seed: int) -> None:
    ads = drawn(seed)
    result = RULE.run(ads, 12)
    by_source, table = result.by_source, result.table
    assert by_source["impressions"].sum() == 12
    assert by_source["share"].sum() == pytest.approx(1.0)
    assert by_source["revenue"].sum() == pytest.approx(table["revenue"].sum())
    assert by_source["displaced_revenue"].sum() == pytest.approx(table["displaced_revenue"].sum())
    sold = table["ad"] >= 0
    winners = ads.loc[table.loc[sold, "ad"]]
    value = winners["price_cpm"].fillna(1000 * winners["pctr"] * winners["click_value"]).to_numpy()
    gross = table.loc[sold, "gross_price_cpm"].to_numpy()
    assert (gross <= value + 1e-9).all()  # nobody pays more than its bid
    assert (gross >= winners["floor_cpm"].to_numpy() - 1e-9).all()  # or less than its floor
    assert (table.loc[sold, "score"] >= RULE.reserve_score).all()
    assert (table["source"] != table["displaced_source"])[sold].all()
    assert (table.loc[~sold, "revenue"] == 0).all()


@given(seeds, st.integers(0, 39), st.floats(0.01, 5))
@settings(max_examples=80, deadline=None)
def test_monotone_in_the_bid(seed: int, ad: int, more: float) -> None:
    """A higher bid never loses what a lower one won, and at second price costs no more."""
    auctioned = MixedAuction(quality_weight=0.5)
    ads = drawn(seed)
    ads["price_cpm"] = ads["price_cpm"].fillna(1.5)
    before = auctioned.run(ads, 12)
    raised = ads.assign(price_cpm=ads["price_cpm"] + more * (ads.index == ad))
    after = auctioned.run(raised, 12)
    auction = int(ads.loc[ad, "auction"])
    if before.table.loc[auction, "ad"] == ad:
        assert after.table.loc[auction, "ad"] == ad
        assert after.revenue[auction] == pytest.approx(before.revenue[auction])


@given(seeds, st.integers(0, 39), st.floats(0, 6))
@settings(max_examples=120, deadline=None)
def test_truthful_at_second_price_in_score_space(seed: int, ad: int, lie: float) -> None:
    """No other bid earns more than the true value, whatever quality and user cost are."""
    auctioned = MixedAuction(quality_weight=0.5, reserve_score=0.2)
    ads = drawn(seed)
    ads["price_cpm"] = ads["price_cpm"].fillna(1.5)
    worth = float(ads.loc[ad, "price_cpm"])

    def gain(bid: float) -> float:
        prices = ads["price_cpm"].where(ads.index != ad, bid)
        table = auctioned.run(ads.assign(price_cpm=prices), 12).table.loc[ads.loc[ad, "auction"]]
        return worth - float(table["gross_price_cpm"]) if table["ad"] == ad else 0.0

    assert gain(worth) >= gain(lie) - 1e-9
    assert gain(worth) >= -1e-9


def test_the_price_is_what_the_others_lose() -> None:
    """One slot: the least winning bid is the VCG payment, the score the others go without."""
    ads = pd.DataFrame(
        {"auction": 0, "source": ["own", "exchange"], "price_cpm": [5.0, 3.0],
         "quality": [2.0, 0.0], "user_cost_cpm": [0.5, 0.0]}
    )  # fmt: skip
    result = MixedAuction(quality_weight=1.0).run(ads)
    without, with_it = 3.0, 0.0  # score of the others
    assert result.revenue[0] == pytest.approx(without - with_it - (2.0 - 0.5))
    assert result.table.loc[0, "displaced_revenue"] == 0.0  # alone, the exchange pays the reserve


def test_user_cost_and_quality_decide_between_equal_prices() -> None:
    ads = pd.DataFrame(
        {"auction": [0, 0, 1, 1], "source": ["own", "exchange"] * 2, "price_cpm": 2.0,
         "quality": [1, 0, 0, 1], "user_cost_cpm": [0, 0, 3, 3]}
    )  # fmt: skip
    result = MixedAuction(quality_weight=0.1).run(ads)
    assert result.table["source"].tolist() == ["own", ""]  # in the second, nothing is worth it
    assert result.by_source.loc["(unsold)", "impressions"] == 1


def test_price_per_click() -> None:
    ads = pd.DataFrame({"auction": [0, 0], "source": ["own", "exchange"], "pctr": [0.01, np.nan],
                        "click_value": [0.5, np.nan], "price_cpm": [np.nan, 2.0]})  # fmt: skip
    result = MixedAuction().run(ads)
    assert result.table.loc[0, "revenue"] == 2.0
    assert result.table.loc[0, "price_per_click"] == pytest.approx(0.2)  # of a click worth 0.5


def test_auctions_do_not_depend_on_their_order_or_on_each_other() -> None:
    """Order of the rows, and other auctions beside it, change nothing."""
    ads = drawn(3, 2000, 8000)
    ads["quality"] += np.random.default_rng(0).random(len(ads))  # no ties
    whole = RULE.run(ads, 2000)
    shuffled = ads.sample(frac=1.0, random_state=1)
    assert RULE.run(shuffled, 2000).revenue == pytest.approx(whole.revenue)
    part = ads[ads["auction"] < 700]
    assert RULE.run(part, 700).revenue == pytest.approx(whole.revenue[:700])


def test_no_ads() -> None:
    empty = RULE.run(drawn(0).iloc[:0], 3)
    assert empty.by_source["impressions"].tolist() == [3]
    assert empty.table["ad"].tolist() == [-1, -1, -1]


def noisy_world(seed: int, auctions: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Own ads whose predictions err in log odds and are too high; exchange bids beside them."""
    rng = np.random.default_rng(seed)
    own = 4
    truth = expit(rng.normal(-3.2, 0.6, (auctions, own)))
    raw = expit(np.log(truth / (1 - truth)) + 0.3 + rng.normal(0, 0.7, truth.shape))
    ads = pd.DataFrame(
        {
            "auction": np.repeat(np.arange(auctions), own + 1),
            "source": np.tile(np.array([*["own"] * own, "exchange"], dtype=object), auctions),
            "pctr": np.column_stack([raw, np.full(auctions, np.nan)]).ravel(),
            "click_value": np.tile([0.05] * own + [np.nan], auctions),
            "price_cpm": np.column_stack(
                [np.full((auctions, own), np.nan), rng.lognormal(1.0, 0.4, auctions)]
            ).ravel(),
        }
    )
    return ads, np.column_stack([truth, np.zeros(auctions)]).ravel()


def won_own(result: MixedResult, ads: pd.DataFrame) -> np.ndarray:
    shown = np.zeros(len(ads), dtype=bool)
    shown[result.table.loc[result.winner >= 0, "ad"].to_numpy(dtype=int)] = True
    return shown & (ads["source"] == "own").to_numpy()


def test_calibration_removes_bias_and_winners_curse() -> None:
    """Raw predictions overstate the winners by half; calibrated ones by nothing that shows."""
    rng = np.random.default_rng(9)
    held, truth = noisy_world(1, 20_000)
    own = (held["source"] == "own").to_numpy()
    rows = held[own].assign(click=rng.random(own.sum()) < truth[own])
    fitted = SourceCalibration.fit(rows)
    ads, real = noisy_world(2, 20_000)
    better = fitted.apply(ads)
    auctioned = MixedAuction(pricing={"exchange": "first"})
    curses, earned = {}, {}
    for name, table in (("raw", ads), ("calibrated", better)):
        result = auctioned.run(table)
        won = won_own(result, table)
        click = rng.random(len(ads)) < real
        curses[name] = winners_curse(np.nan_to_num(table["pctr"]), click, won)
        net = np.where(won, 1000 * real * 0.05, 0.0)
        bought = (~won) & np.isin(np.arange(len(ads)), result.table["ad"])
        earned[name] = net.sum() + table["price_cpm"].to_numpy()[bought].sum()
    assert curses["raw"].low > 1.5
    assert curses["calibrated"].low < 1.0 < curses["calibrated"].high
    assert 0.95 < curses["calibrated"].ratio < 1.05
    assert earned["calibrated"] > 1.03 * earned["raw"]  # the slot goes to who is worth more


def test_bias_without_noise_is_recovered_by_source() -> None:
    rng = np.random.default_rng(3)
    truth = expit(rng.normal(-3, 1, 240_000))
    source = rng.choice(["house", "direct"], 240_000)
    shift = np.where(source == "house", 0.8, -0.4)
    raw = expit(np.log(truth / (1 - truth)) + shift)
    held = pd.DataFrame({"source": source, "pctr": raw, "click": rng.random(240_000) < truth})
    mended = SourceCalibration.fit(held).apply(held)["pctr"].to_numpy()
    for name in ("house", "direct"):
        rows = source == name
        assert mended[rows].mean() == pytest.approx(truth[rows].mean(), rel=0.04)
        assert np.abs(mended[rows] - truth[rows]).mean() < 0.1 * truth[rows].mean()


def test_the_interval_of_the_curse_covers() -> None:
    """500 runs without a curse: 95 % intervals hold 1 at least as often, Poisson being discrete."""
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(500):
        pctr = rng.uniform(0.01, 0.05, 400)
        curse = winners_curse(pctr, rng.random(400) < pctr)
        inside += curse.low <= 1.0 <= curse.high
    assert inside >= 463  # Clopper-Pearson: 463 of 500 does not exclude 0.95
    assert inside < 500


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"price_cpm": [1.0, -1.0]}, r"ads.price_cpm: 1 negative value .*-1"),
        ({"price_cpm": [1.0, np.nan]}, r"ads: 1 missing or infinite value .*pctr and click_value"),
        ({"price_cpm": [1.0, np.inf]}, "ads: 1 missing or infinite value"),
        ({"price_cpm": ["a", "b"]}, r"ads.price_cpm: got values of type"),
        ({"fee": [0.0, 1.0]}, r"ads.fee: 1 impossible value .*in \[0, 1\)"),
        ({"fee": [0.0, np.nan]}, r"ads.fee: 1 missing"),
        ({"floor_cpm": [0.0, -1.0]}, r"ads.floor_cpm: 1 negative"),
        ({"user_cost_cpm": [0.0, -1.0]}, r"ads.user_cost_cpm: 1 negative"),
        ({"quality": [0.0, np.nan]}, r"ads.quality: 1 missing"),
        ({"auction": [0.5, 1]}, r"ads.auction: 1 broken value .*whole"),
        ({"auction": [-1, 1]}, r"ads.auction: 1 negative"),
        ({"source": ["own", None]}, r"ads.source: 1 missing"),
        ({"pctr": [1.5, 0.1], "click_value": 1.0}, r"ads.pctr: 1 impossible"),
    ],
)
def test_refused_ads(change: dict[str, Any], message: str) -> None:
    ads = pd.DataFrame({"auction": [0, 1], "source": ["own", "exchange"], "price_cpm": [1.0, 2.0]})
    with pytest.raises(DataError, match=message):
        MixedAuction().run(ads.assign(**change))


def test_other_refusals() -> None:
    ads = pd.DataFrame({"auction": [0, 5], "source": "own", "price_cpm": 1.0})
    with pytest.raises(DataError, match=r"ads.auction: 1 unknown value .*below 5"):
        MixedAuction().run(ads, 5)
    with pytest.raises(DataError, match="pricing of own: got 'third'"):
        MixedAuction(pricing={"own": "third"})  # type: ignore[dict-item]
    with pytest.raises(DataError, match="quality_weight: got -1"):
        MixedAuction(quality_weight=-1)
    with pytest.raises(DataError, match="ads: lacks column source"):
        MixedAuction().run(ads.drop(columns="source"))
    fitted = SourceCalibration.fit(pd.DataFrame({"source": "own", "pctr": [0.1], "click": [0]}))
    with pytest.raises(DataError, match=r"ads.source: 1 unknown .*calibrated: own"):
        fitted.apply(pd.DataFrame({"source": ["ours"], "pctr": [0.1]}))
    with pytest.raises(DataError, match="won: has shape"):
        winners_curse([0.1], [0], [True, False])
