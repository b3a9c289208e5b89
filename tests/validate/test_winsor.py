"""Winsorised sensitivity: a gain from one block melts, a broad one stays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats.mstats import winsorize

from kit.base.errors import DataError
from kit.validate.compare import compare
from kit.validate.winsor import share_of_largest, winsorised
from tests.validate.test_compare import block_frame, two_campaign_blocks


def frames(
    rng: np.random.Generator, gain: NDArray[np.float64]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    base = block_frame(np.full(len(gain), 3000), rng, ctr=6e-3)
    return base.assign(surplus=base["surplus"] + gain), base


def test_a_gain_of_one_block_melts_and_a_broad_one_stays(rng: np.random.Generator) -> None:
    single = rng.normal(0, 10, 40)
    single[11] = 5000.0
    table = winsorised(*frames(rng, single), rng=rng)
    assert table["kept"].iloc[1] < 0.1
    assert not table["low"].iloc[1] > 0
    broad = winsorised(*frames(rng, rng.normal(100, 20, 40)), rng=rng)
    assert broad["kept"].iloc[1:].between(0.95, 1.05).all()
    assert (broad["low"] > 0).all()


def test_the_plain_row_is_the_comparison(rng: np.random.Generator) -> None:
    pair = frames(rng, rng.normal(50, 100, 28))
    table = winsorised(*pair, rng=np.random.default_rng(5))
    plain = compare(*pair, rng=np.random.default_rng(5), metrics=["surplus"]).first
    assert table["difference"].iloc[0] == pytest.approx(plain.difference)
    assert (table["low"].iloc[0], table["high"].iloc[0]) == pytest.approx((plain.low, plain.high))
    assert table["blocks_changed"].tolist()[0] == 0


def test_equal_blocks_agree_with_scipy(rng: np.random.Generator) -> None:
    gain = rng.standard_t(2, 28)
    table = winsorised(*frames(rng, gain), rng=rng, shares=[0.05, 0.25])
    expected = [gain.sum(), *(winsorize(gain, (share, share)).sum() for share in (0.05, 0.25))]
    np.testing.assert_allclose(table["difference"], expected, rtol=1e-6, atol=1e-6)
    assert table["blocks_changed"].tolist() == [0, 2, 14]


def test_few_blocks_say_too_little_data(rng: np.random.Generator) -> None:
    table = winsorised(*frames(rng, rng.normal(50, 100, 6)), rng=rng)
    assert (table["lacking"] == "too little data: 6 blocks, fewer than 8").all()
    assert table[["low", "high"]].isna().all(axis=None)
    assert np.isfinite(table["difference"]).all()


def test_a_few_clicks_carry_no_interval_however_ordinary_the_blocks(
    rng: np.random.Generator,
) -> None:
    policy, base = frames(rng, rng.normal(50, 10, 40))
    rare = [frame.assign(clicks=[1, *[0] * 39]) for frame in (policy, base)]
    table = winsorised(*rare, rng=rng)
    assert (table["lacking"] == "too little data: 1 click, fewer than 30").all()
    assert table[["low", "high"]].isna().all(axis=None)


def test_campaigns_of_one_time_are_one_block(rng: np.random.Generator) -> None:
    blocks = two_campaign_blocks(rng, 20)
    table = winsorised(*frames(rng, rng.standard_t(2, 40)), rng=rng, blocks=blocks, shares=[0.05])
    assert table["blocks_changed"].iloc[1] == 2


def test_the_largest_auctions_are_those_that_push_the_effect() -> None:
    gains = np.full(1000, 1.0)
    gains[:10] = 100.0
    gains[10:20] = -50.0
    assert share_of_largest(gains) == pytest.approx(1000 / gains.sum())
    assert share_of_largest(-gains) == pytest.approx(share_of_largest(gains))
    assert share_of_largest(np.ones(1000), 0.05) == pytest.approx(0.05)
    assert share_of_largest(np.array([3.0, -1.0]), 0.01) == pytest.approx(1.5)
    assert np.isnan(share_of_largest(np.zeros(5)))


def test_options_out_of_range_are_refused(rng: np.random.Generator) -> None:
    pair = frames(rng, rng.normal(0, 1, 20))
    with pytest.raises(DataError, match="shares"):
        winsorised(*pair, rng=rng, shares=[0.4])
    with pytest.raises(DataError, match="metric"):
        winsorised(*pair, rng=rng, metric="ctr")
    with pytest.raises(DataError, match="no auctions"):
        share_of_largest(np.zeros(0))
    with pytest.raises(DataError, match="differences: 1 missing"):
        share_of_largest(np.array([1.0, np.nan]))
