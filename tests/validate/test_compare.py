"""Verdicts: right when the data speak, "cannot conclude" with a reason when they do not."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest

from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.validate.blocks import Blocks, time_blocks
from kit.validate.bootstrap import block_se
from kit.validate.compare import compare
from kit.validate.comparison import Comparison
from kit.validate.paired import lag_one, time_differences
from kit.validate.serial import autocorrelation, inflation
from tests.benchmarks.bench_aa import autoregressive, same_twice


def block_frame(
    sizes: NDArray[np.int64], rng: np.random.Generator, ctr: float = 2e-3, price: float = 60.0
) -> pd.DataFrame:
    """Totals of a policy that wins 30 % of auctions; a click is worth 50,000."""
    impressions = rng.binomial(sizes, 0.3)
    clicks = rng.binomial(impressions, ctr)
    spend = impressions * price + rng.normal(0, 10, len(sizes)) * np.sqrt(impressions)
    value = clicks * 50_000.0
    return pd.DataFrame({
        "auctions": sizes, "impressions": impressions, "clicks": clicks,
        "value": value, "spend": spend, "surplus": value - spend,
    })  # fmt: skip


def sizes_of(rng: np.random.Generator, blocks: int = 40) -> NDArray[np.int64]:
    return rng.integers(2000, 8000, blocks)


def test_a_far_better_policy_is_better_and_its_mirror_is_worse(rng: np.random.Generator) -> None:
    sizes = sizes_of(rng)
    base, good = block_frame(sizes, rng), block_frame(sizes, rng, ctr=6e-3)
    verdict = compare(good, base, rng=rng)
    assert verdict.decision == "better"
    assert compare(base, good, rng=rng).decision == "worse"
    row = verdict.first
    assert row.difference == pytest.approx(good["surplus"].sum() - base["surplus"].sum())
    assert row.simultaneous_low <= row.low < row.difference < row.high <= row.simultaneous_high
    assert (verdict.blocks, verdict.comparisons, verdict.auctions) == (40, 3, sizes.sum())
    assert verdict.table.loc["surplus", "per_1000"] == pytest.approx(
        1000 * row.difference / sizes.sum()
    )


def test_less_spend_is_better(rng: np.random.Generator) -> None:
    sizes = sizes_of(rng)
    dear, cheap = block_frame(sizes, rng), block_frame(sizes, rng, price=30.0)
    assert compare(cheap, dear, rng=rng, metrics=["spend", "value"]).decision == "better"


@pytest.mark.slow
def test_equal_policies_are_rarely_called_better_and_small_gains_are_found() -> None:
    """False verdicts in 400 runs with no difference; power beside it, at 2.5 times the clicks."""
    rng = np.random.default_rng(21)
    runs, false, found = 400, 0, 0
    for _ in range(runs):
        sizes = sizes_of(rng, 30)
        base = block_frame(sizes, rng)
        rest = {"rng": rng, "resamples": 499}
        false += compare(block_frame(sizes, rng), base, **rest).decision != "cannot conclude"
        found += compare(block_frame(sizes, rng, ctr=5e-3), base, **rest).decision == "better"
    assert binomtest(false, runs).proportion_ci(0.95, method="exact").low <= 0.05, false
    assert found / runs > 0.9


@pytest.mark.slow
def test_the_minimum_detectable_effect_is_detected_four_times_in_five() -> None:
    rng = np.random.default_rng(22)
    sizes = np.full(40, 5000)
    base = block_frame(sizes, rng)
    mde = np.median([
        compare(
            base.assign(surplus=base["surplus"] + rng.normal(0, 30, 40)), base,
            rng=rng, metrics=["surplus"], resamples=499,
        ).first.mde
        for _ in range(50)
    ])  # fmt: skip
    runs, found = 300, 0
    for _ in range(runs):
        gain = mde / 40 + rng.normal(0, 30, 40)
        verdict = compare(
            base.assign(surplus=base["surplus"] + gain), base,
            rng=rng, metrics=["surplus"], resamples=499,
        )  # fmt: skip
        found += verdict.decision == "better"
    interval = binomtest(found, runs).proportion_ci(0.95, method="exact")
    assert interval.low - 0.03 <= 0.8 <= interval.high + 0.03, found / runs


def test_few_clicks_cannot_support_an_interval(rng: np.random.Generator) -> None:
    sizes = np.full(20, 400)
    verdict = compare(block_frame(sizes, rng, 5e-4), block_frame(sizes, rng, 5e-4), rng=rng)
    assert verdict.decision == "cannot conclude"
    assert "clicks; an interval needs at least 30" in verdict.reasons[0]
    assert math.isnan(verdict.first.low)
    assert math.isnan(verdict.first.mde)
    spend = verdict.table.loc["spend"]  # thousands of impressions: spend does have an interval
    assert spend["low"] < spend["high"]
    assert verdict.comparisons == 1


@pytest.mark.parametrize("blocks", [1, 2, 7])
def test_too_few_blocks_is_a_verdict_not_a_crash(blocks: int, rng: np.random.Generator) -> None:
    sizes = np.full(blocks, 50_000)
    verdict = compare(block_frame(sizes, rng, 9e-3), block_frame(sizes, rng), rng=rng)
    assert verdict.decision == "cannot conclude"
    assert f"{blocks} independent time block" in " ".join(verdict.reasons)
    assert verdict.table[["low", "high", "mde"]].isna().all(axis=None)
    assert verdict.first.difference > 0


def test_the_same_policy_twice_cannot_conclude(rng: np.random.Generator) -> None:
    base = block_frame(sizes_of(rng), rng)
    verdict = compare(base, base.copy(), rng=rng)
    assert verdict.decision == "cannot conclude"
    assert verdict.reasons == ("The two policies had the same surplus in every block.",)


def test_a_difference_in_few_blocks_cannot_conclude(rng: np.random.Generator) -> None:
    base = block_frame(sizes_of(rng), rng)
    gain = np.zeros(40)
    gain[::8] = 1e6
    verdict = compare(base.assign(surplus=base["surplus"] + gain), base, rng=rng)
    assert verdict.decision == "cannot conclude"
    assert "in only 5 of 40 blocks" in verdict.reasons[0]


def test_an_open_question_says_how_much_data_would_settle_it(rng: np.random.Generator) -> None:
    base = block_frame(sizes_of(rng), rng)
    noise = rng.normal(0, 1000, 40)
    noise += 250 - noise.mean()
    verdict = compare(base.assign(surplus=base["surplus"] + noise), base, rng=rng)
    assert verdict.decision == "cannot conclude"
    assert verdict.needed_auctions is not None
    assert verdict.needed_auctions > verdict.auctions
    assert "times this holdout" in verdict.reasons[1]


def two_campaign_blocks(rng: np.random.Generator, times: int) -> Blocks:
    frame = pd.DataFrame({
        "market_price_cpm": np.ones(times * 20), "market_price_kind": "known",
        "time_index": np.repeat(np.arange(times), 20),
        "campaign_id": np.resize(["a", "b"], times * 20),
    })  # fmt: skip
    return time_blocks(AuctionLog(frame), target=times)


def test_campaigns_of_one_time_are_resampled_together(rng: np.random.Generator) -> None:
    blocks = two_campaign_blocks(rng, 40)
    base = block_frame(np.full(80, 3000), rng)
    shared = np.repeat(rng.normal(0, 1000, 40), 2)  # what happens at a time hits both campaigns
    policy = base.assign(surplus=base["surplus"] + shared)
    clustered = compare(policy, base, rng=rng, blocks=blocks, metrics=["surplus"])
    naive = block_se(shared[:, None], np.full(80, 3000.0))[0]
    assert clustered.blocks == 40
    assert "resampled together" in clustered.block_kind
    wider = inflation(shared[::2])
    assert clustered.first.se == pytest.approx(naive * math.sqrt(2) * wider, rel=0.02)
    series = time_differences(policy, base, blocks)
    np.testing.assert_allclose(series["difference"], 2 * shared[::2])
    assert series["block"].iloc[-1] == "time_index 39"


def test_neighbours_that_move_together_are_merged(rng: np.random.Generator) -> None:
    base = block_frame(np.full(64, 3000), rng)
    waves = np.repeat(rng.normal(0, 1000, 16), 4)
    verdict = compare(base.assign(surplus=base["surplus"] + waves), base, rng=rng)
    assert verdict.blocks == 16
    assert ", 4 neighbours merged because they move together" in verdict.block_kind
    assert "% wider in case neighbours move together" in verdict.block_kind
    short = compare(
        base.assign(surplus=base["surplus"] + waves), base, rng=rng, min_blocks=40
    )  # fmt: skip
    assert "move together" in short.reasons[0]


@pytest.mark.slow
def test_merging_keeps_coverage_under_serial_dependence() -> None:
    rng = np.random.default_rng(23)
    runs, merged, naive = 400, 0, 0
    base = block_frame(np.full(64, 3000), rng)
    for _ in range(runs):
        noise = rng.normal(size=70)
        waves = np.convolve(noise, np.ones(6), mode="valid")[:64] * 500
        policy = base.assign(surplus=base["surplus"] + waves)
        rest = {"rng": rng, "metrics": ["surplus"], "resamples": 499}
        merged += compare(policy, base, **rest).decision != "cannot conclude"
        row = compare(policy.sample(frac=1, random_state=1), base.sample(frac=1, random_state=1),
                      **rest).first  # fmt: skip
        naive += not row.low <= 0 <= row.high
    assert naive / runs > 0.25  # blocks taken as independent: far too sure
    assert merged / runs < 0.12


def test_dependence_widens_and_never_narrows(rng: np.random.Generator) -> None:
    noise = rng.normal(size=(200, 14))
    factors = np.array([inflation(row) for row in noise])
    assert factors.min() == 1.0
    assert np.median(factors) < 1.2  # what independent blocks pay for it, half of the time
    alternating = np.tile([1.0, -1.0], 7)
    assert inflation(alternating) == 1.0
    assert inflation(np.cumsum(noise, axis=1)[0]) > 1.5


def test_the_correction_takes_out_the_bias_of_a_short_series() -> None:
    rng = np.random.default_rng(24)
    found = [autocorrelation(autoregressive(rng, 14, 0.3)) for _ in range(4000)]
    assert np.mean(found) == pytest.approx(0.3, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("blocks", [14, 28])
def test_daily_blocks_that_move_together_keep_the_error(blocks: int) -> None:
    """5 % is not excluded in 400 A/A runs with lag-1 autocorrelation 0.3; a paired t is excluded.

    The full table, 2,000 runs a world, is tests/benchmarks/bench_aa.py."""
    ours, rival, _ = same_twice("AR(0.3)", blocks, runs=400, seed=26)
    assert 0 < binomtest(ours.wrong, 400).proportion_ci(0.95, method="exact").low <= 0.05
    assert binomtest(rival.wrong, 400).proportion_ci(0.95, method="exact").low > 0.05
    assert ours.width < 1.25


def test_lag_one_of_a_constant_is_zero() -> None:
    assert lag_one(np.ones(5)) == 0.0


def test_seeded_and_repeatable(rng: np.random.Generator) -> None:
    sizes = sizes_of(rng)
    frames = block_frame(sizes, rng, 4e-3), block_frame(sizes, rng)
    first, second = (compare(*frames, rng=np.random.default_rng(7)) for _ in range(2))
    assert first == second


def test_verdict_survives_json(rng: np.random.Generator) -> None:
    sizes = np.full(20, 400)
    verdict = compare(block_frame(sizes, rng, 5e-4), block_frame(sizes, rng, 5e-4), rng=rng)
    text = json.dumps(verdict.to_dict(), allow_nan=False)
    again = Comparison.from_dict(json.loads(text))
    assert again.to_dict() == verdict.to_dict()
    assert again.decision == verdict.decision
    assert math.isnan(again.first.low)
    with pytest.raises(DataError, match="lacks columns"):
        Comparison.from_dict({"decision": "better"})
    with pytest.raises(DataError, match="decision"):
        Comparison.from_dict({**verdict.to_dict(), "decision": "maybe"})


def test_unpaired_or_broken_frames_are_refused(rng: np.random.Generator) -> None:
    sizes = sizes_of(rng)
    base, other = block_frame(sizes, rng), block_frame(sizes, rng)
    with pytest.raises(DataError, match="do not pair"):
        compare(other.iloc[1:], base, rng=rng)
    with pytest.raises(DataError, match="do not pair"):
        compare(other.assign(auctions=sizes + 1), base, rng=rng)
    with pytest.raises(DataError, match="lacks column surplus"):
        compare(other.drop(columns="surplus"), base, rng=rng)
    with pytest.raises(DataError, match="policy blocks, value: 40 missing or infinite"):
        compare(other.assign(value=np.nan), base, rng=rng)
    with pytest.raises(DataError, match="no auctions"):
        compare(other.iloc[:0], base.iloc[:0], rng=rng)
    with pytest.raises(DataError, match="metrics"):
        compare(other, base, rng=rng, metrics=["surplous"])
    with pytest.raises(DataError, match="block codes: 30 unknown"):
        compare(other, base, rng=rng, blocks=two_campaign_blocks(rng, 5))
