"""Slices: all counted together, losers named, thin ones left open."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.validate.blocks import Blocks, time_blocks
from kit.validate.compare import compare
from kit.validate.slices import FEWEST_FOR_BOOTSTRAP, cross_blocks, slice_effects, slice_names
from tests.validate.test_compare import block_frame


def crossed(times: int, names: str = "abcde") -> Blocks:
    hours = tuple(f"hour {time}" for time in range(times))
    labels = tuple(f"{hour} · {name}" for hour in hours for name in names)
    time = np.repeat(np.arange(times, dtype=np.int32), len(names))
    return Blocks(np.arange(len(labels), dtype=np.int32), labels, "test", time, hours)


def gained(
    rng: np.random.Generator, blocks: Blocks, gains: dict[str, float]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Noise is shared by the slices of one hour, and half of it their own."""
    base = block_frame(np.full(len(blocks), 4000), rng, ctr=5e-3)
    shared = rng.normal(0, 1000, blocks.time_count)[blocks.time]
    own = rng.normal(0, 1000, len(blocks))
    shift = np.array([gains.get(name, 0.0) for name in slice_names(blocks)])
    return base.assign(surplus=base["surplus"] + shared + own + shift), base


@pytest.mark.slow
@pytest.mark.parametrize("times", [FEWEST_FOR_BOOTSTRAP - 3, 24])
def test_a_policy_that_changes_nothing_is_sure_nowhere_19_times_in_20(times: int) -> None:
    rng = np.random.default_rng(51)
    blocks, runs, any_sure = crossed(times), 150, 0
    for _ in range(runs):
        base = block_frame(np.full(len(blocks), 4000), rng, ctr=5e-3)
        shared = rng.normal(0, 1000, blocks.time_count)[blocks.time]
        moved = base.assign(
            surplus=base["surplus"] + shared + rng.normal(0, 1000, len(blocks)),
            value=base["value"] + shared + rng.normal(0, 1000, len(blocks)),
        )
        found = slice_effects(
            moved, base, blocks=blocks, rng=rng, metrics=["surplus", "value"], resamples=499
        )
        assert found.counted == 10
        any_sure += found.table["sure"].any()
    assert binomtest(any_sure, runs).proportion_ci(0.95, method="exact").low <= 0.05, any_sure


@pytest.mark.parametrize(("times", "method"), [(10, "Holm"), (24, "max-t")])
def test_a_gain_and_a_loss_are_found_beside_slices_that_did_not_change(
    times: int, method: str, rng: np.random.Generator
) -> None:
    blocks = crossed(times)
    frames = gained(rng, blocks, {"a": 4000.0, "d": -3000.0})
    found = slice_effects(*frames, blocks=blocks, rng=rng, metrics=["surplus"])
    sure = found.table.set_index("slice")["sure"]
    assert found.adjusted_by == method
    assert sure.to_dict() == {"a": True, "b": False, "c": False, "d": True, "e": False}
    assert found.losers["slice"].tolist() == ["d"]
    name, lost = found.regret()
    assert name == "d"
    assert lost == pytest.approx(-found.table["difference"].min())


def test_slices_add_up_to_the_whole_and_one_alone_is_the_comparison(
    rng: np.random.Generator,
) -> None:
    blocks = crossed(24)
    frames = gained(rng, blocks, {"a": 1500.0})
    found = slice_effects(*frames, blocks=blocks, rng=rng, metrics=["surplus"])
    whole = compare(*frames, blocks=blocks, rng=rng, metrics=["surplus"])
    assert found.table["difference"].sum() == pytest.approx(whole.first.difference)
    alone = crossed(24, "a")
    assert slice_names(alone) == ("a",) * 24
    one = gained(rng, alone, {})
    first = slice_effects(*one, blocks=alone, rng=np.random.default_rng(3), metrics=["surplus"])
    same = compare(*one, blocks=alone, rng=np.random.default_rng(3), metrics=["surplus"])
    assert first.table.loc[0, "low"] == pytest.approx(same.first.simultaneous_low)


def test_more_slices_ask_for_wider_intervals(rng: np.random.Generator) -> None:
    many, few = crossed(24, "abcdefghij"), crossed(24, "ab")
    widths = {}
    for blocks in (many, few):
        frames = gained(np.random.default_rng(1), blocks, {})
        table = slice_effects(*frames, blocks=blocks, rng=rng, metrics=["surplus"]).table
        widths[len(blocks)] = (table["high"] - table["low"]).mean()
    assert widths[240] > 1.1 * widths[48]


def test_a_thin_slice_says_too_little_data_and_is_not_counted(rng: np.random.Generator) -> None:
    blocks = crossed(24)
    policy, base = gained(rng, blocks, {})
    names = np.array(slice_names(blocks))
    no_clicks = {"clicks": 0, "value": 0.0}
    for frame in (policy, base):
        frame.loc[names == "e", list(no_clicks)] = list(no_clicks.values())
    rare = (names != "c") | (blocks.time < 5)
    found = slice_effects(
        policy[rare], base[rare], blocks=blocks, rng=rng, metrics=["surplus", "spend"]
    )
    said = found.table.set_index(["slice", "metric"])["lacking"]
    assert said["e", "surplus"] == "too little data: 0 clicks, fewer than 30"
    assert said["c", "surplus"] == "too little data: 5 blocks, fewer than 8"
    assert said["a", "spend"] == "no difference in any block"
    assert found.counted == 3
    assert found.table.loc[found.table["lacking"] != "", ["low", "high"]].isna().all(axis=None)


def test_nothing_loses_where_every_slice_gains(rng: np.random.Generator) -> None:
    blocks = crossed(24)
    frames = gained(rng, blocks, dict.fromkeys("abcde", 9000.0))
    found = slice_effects(*frames, blocks=blocks, rng=rng, metrics=["surplus"])
    assert found.regret() == ("", 0.0)
    assert found.losers.empty
    with pytest.raises(DataError, match="metric"):
        found.regret("clicks")


def test_less_spend_is_no_loss(rng: np.random.Generator) -> None:
    blocks = crossed(24)
    base = block_frame(np.full(len(blocks), 4000), rng, ctr=5e-3)
    cheap = base.assign(spend=base["spend"] - rng.normal(500, 10, len(base)))
    found = slice_effects(cheap, base, blocks=blocks, rng=rng, metrics=["spend"])
    assert found.table["sure"].all()
    assert found.losers.empty


def test_blocks_are_cut_again_by_another_column() -> None:
    rows = 4000
    frame = pd.DataFrame({
        "market_price_cpm": np.ones(rows), "market_price_kind": "known",
        "time_index": np.repeat(np.arange(8), rows // 8),
        "exchange": np.resize(["x", "y", "y"], rows),
    })  # fmt: skip
    log = AuctionLog(frame)
    blocks = time_blocks(log, target=8)
    by_exchange = cross_blocks(blocks, log, "exchange")
    assert len(by_exchange) == 16
    assert set(slice_names(by_exchange)) == {"x", "y"}
    np.testing.assert_array_equal(by_exchange.time[by_exchange.codes], blocks.time[blocks.codes])
    names = np.array(slice_names(by_exchange))[by_exchange.codes]
    np.testing.assert_array_equal(names, frame["exchange"])
    with pytest.raises(DataError, match="column: got 'site'"):
        cross_blocks(blocks, log, "site")


def test_unpaired_frames_and_unknown_metrics_are_refused(rng: np.random.Generator) -> None:
    blocks = crossed(10)
    frames = gained(rng, blocks, {})
    with pytest.raises(DataError, match="metrics"):
        slice_effects(*frames, blocks=blocks, rng=rng, metrics=["roas"])
    with pytest.raises(DataError, match="list of different names"):
        slice_effects(*frames, blocks=blocks, rng=rng, metrics=[])
    with pytest.raises(DataError, match="do not pair"):
        slice_effects(frames[0].iloc[1:], frames[1], blocks=blocks, rng=rng)
    shifted = [frame.set_axis(frame.index + 1) for frame in frames]
    with pytest.raises(DataError, match="block codes"):
        slice_effects(*shifted, blocks=blocks, rng=rng)
