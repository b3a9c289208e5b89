"""Ratios: right centre, right error, and silence where there is too little to say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from kit.base.errors import DataError
from kit.validate.compare import compare
from kit.validate.ratio import RATIOS, ratio_differences
from tests.validate.test_compare import block_frame, sizes_of, two_campaign_blocks


def drawn(
    rng: np.random.Generator, traffic: np.ndarray, quality: np.ndarray, price: float, share: float
) -> pd.DataFrame:
    """Day by day: traffic and quality are shared by whoever buys, prices and luck are not."""
    impressions = rng.binomial(traffic, share)
    clicks = rng.binomial(impressions, 0.02 * quality)
    spend = impressions * price * rng.uniform(0.8, 1.2, len(traffic))
    value = 100.0 * clicks
    return pd.DataFrame({
        "auctions": traffic, "impressions": impressions, "clicks": clicks,
        "value": value, "spend": spend, "surplus": value - spend,
    })  # fmt: skip


def test_every_ratio_is_what_its_totals_say(rng: np.random.Generator) -> None:
    sizes = sizes_of(rng)
    policy, baseline = block_frame(sizes, rng, 6e-3, 50.0), block_frame(sizes, rng, 4e-3)
    table = ratio_differences(policy, baseline, rng=rng)
    assert list(table.index) == list(RATIOS)
    sums = policy.sum()
    expected = {
        "win_rate": sums["impressions"] / sums["auctions"],
        "ctr": sums["clicks"] / sums["impressions"],
        "ecpm_paid": 1000 * sums["spend"] / sums["impressions"],
        "roas": sums["value"] / sums["spend"],
        "surplus_per_1000": 1000 * sums["surplus"] / sums["auctions"],
    }
    np.testing.assert_allclose(table["policy"], list(expected.values()))
    np.testing.assert_allclose(table["difference"], table["policy"] - table["baseline"])
    assert (table["lacking"] == "").all()
    assert (table["simultaneous_low"] <= table["low"]).all()
    assert table.loc["ecpm_paid", "high"] < 0 < table.loc["roas", "low"]


def test_surplus_per_1000_agrees_with_the_comparison_of_totals(rng: np.random.Generator) -> None:
    """Its denominator is known, so the delta method is then the same as a total per auction."""
    sizes = sizes_of(rng)
    frames = block_frame(sizes, rng, 6e-3), block_frame(sizes, rng)
    row = ratio_differences(*frames, rng=rng, ratios=["surplus_per_1000"]).iloc[0]
    total = compare(*frames, rng=rng, metrics=["surplus"])
    assert row["difference"] == pytest.approx(total.table.loc["surplus", "per_1000"])
    assert row["se"] == pytest.approx(1000 * total.first.se / total.auctions)


@pytest.mark.slow
def test_intervals_hold_the_truth_and_use_the_pairing() -> None:
    """150 holdouts whose days vary in volume and quality: 95 % is not excluded, and the error is
    far below that of two policies measured apart."""
    rng = np.random.default_rng(31)
    runs, inside, together, errors, apart = 150, 0, 0, [], []
    # Each click is independent given the day, so the true CTR weighs days by their impressions.
    truth = {"win_rate": 0.1, "ecpm_paid": -20_000.0}
    for _ in range(runs):
        traffic = rng.integers(2000, 9000, 30)
        quality = rng.uniform(0.5, 1.5, 30)
        frames = (
            drawn(rng, traffic, quality, 40.0, 0.5), drawn(rng, traffic, quality, 60.0, 0.4)
        )  # fmt: skip
        table = ratio_differences(*frames, rng=rng, resamples=499)
        holds = [
            table.loc[name, "low"] <= value <= table.loc[name, "high"]
            for name, value in truth.items()
        ]
        inside += holds[1]
        together += all(
            table.loc[name, "simultaneous_low"] <= value <= table.loc[name, "simultaneous_high"]
            for name, value in {**truth, "ctr": 0.0}.items()
        )
        errors.append(table.loc["ctr", "se"])
        rates = [frame["clicks"] / frame["impressions"] for frame in frames]
        apart.append(np.sqrt(sum(rate.var() / 30 for rate in rates)))
    assert binomtest(inside, runs).proportion_ci(0.95, method="exact").high >= 0.95, inside
    assert binomtest(together, runs).proportion_ci(0.95, method="exact").high >= 0.95, together
    assert inside < runs
    assert np.median(errors) < 0.5 * np.median(apart)


def test_few_clicks_leave_rates_of_clicks_open_and_others_not(rng: np.random.Generator) -> None:
    sizes = np.full(20, 400)
    table = ratio_differences(block_frame(sizes, rng, 9e-3), block_frame(sizes, rng, 5e-4), rng=rng)
    assert table.loc["ctr", "lacking"].startswith("too little data:")
    assert "clicks of one policy, fewer than 30" in table.loc["ctr", "lacking"]
    assert np.isnan(table.loc["roas", "low"])
    assert table.loc["win_rate", "low"] < table.loc["win_rate", "high"]


def test_a_policy_that_never_bids_has_no_price(rng: np.random.Generator) -> None:
    base = block_frame(np.full(20, 4000), rng)
    silent = base.assign(impressions=0, clicks=0, value=0.0, spend=0.0, surplus=0.0)
    table = ratio_differences(silent, base, rng=rng)
    assert np.isnan(table.loc["ecpm_paid", "policy"])
    assert table.loc["ecpm_paid", "lacking"]
    assert table["lacking"].ne("").all()


def test_the_same_policy_and_few_blocks_say_why(rng: np.random.Generator) -> None:
    base = block_frame(np.full(20, 9000), rng, 9e-3)
    same = ratio_differences(base, base.copy(), rng=rng)
    assert set(same["lacking"]) == {"no difference in any block"}
    other = block_frame(np.full(20, 9000), rng, 9e-3)
    short = ratio_differences(base.iloc[:5], other.iloc[:5], rng=rng)
    assert set(short["lacking"]) == {"too little data: 5 blocks, fewer than 8"}


def test_campaigns_of_one_time_count_as_one_unit(rng: np.random.Generator) -> None:
    blocks = two_campaign_blocks(rng, 5)
    frames = [block_frame(np.full(10, 9000), rng, 9e-3) for _ in range(2)]
    table = ratio_differences(*frames, rng=rng, blocks=blocks)
    assert set(table["lacking"]) == {"too little data: 5 blocks, fewer than 8"}


@pytest.mark.parametrize(
    ("ratios", "message"), [([], "ratios: got"), (["cpc"], "ratios"), ("ctr", "list of different")]
)
def test_unknown_ratios_are_refused(ratios: object, message: str, rng: np.random.Generator) -> None:
    base = block_frame(np.full(20, 900), rng)
    with pytest.raises(DataError, match=message):
        ratio_differences(base, base, rng=rng, ratios=ratios)  # type: ignore[arg-type]
