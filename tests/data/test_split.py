"""Splits in time: disjoint, in order, whole; nothing later leaks back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.base.errors import DataError
from kit.data.load import load_log
from kit.data.log import AuctionLog, LogMeta
from kit.data.samples import AUCTIONS
from kit.data.split import Split, time_split
from kit.models.labels import labelled

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sample() -> AuctionLog:
    return load_log(ROOT / "data_samples" / AUCTIONS)


def parts(split: Split) -> list[AuctionLog]:
    return [split.train, split.tune, split.holdout]


@settings(deadline=None, max_examples=50)
@given(
    steps=st.lists(st.integers(0, 3), min_size=3, max_size=60),
    tune=st.floats(0.05, 0.4), holdout=st.floats(0.05, 0.4),
)  # fmt: skip
def test_whole_disjoint_in_order(steps: list[int], tune: float, holdout: float) -> None:
    times = np.cumsum(steps)
    frame = pd.DataFrame({
        "time_index": times, "market_price_cpm": np.arange(len(times), dtype=float),
        "market_price_kind": "known",
    })  # fmt: skip
    split = time_split(AuctionLog(frame), tune=tune, holdout=holdout)
    joined = pd.concat([part.frame for part in parts(split)], ignore_index=True)
    pd.testing.assert_frame_equal(joined, frame, check_dtype=False, check_categorical=False)
    assert all(len(part) for part in parts(split))
    if split.kind == "time_index":
        ends = [part.frame["time_index"].iloc[[0, -1]].tolist() for part in parts(split)]
        assert ends[0][1] < ends[1][0]
        assert ends[1][1] < ends[2][0]


def test_days_are_never_cut(sample: AuctionLog) -> None:
    split = time_split(sample)
    days = [set(part.day) for part in parts(split)]
    assert split.kind == "day"
    assert not days[0] & days[1]
    assert not days[1] & days[2]
    assert [len(day) for day in days] == [6, 2, 2]
    assert split.cutoffs == {"all": {"tune": "2026-03-08", "holdout": "2026-03-10"}}


def test_days_are_those_of_the_log_s_clock() -> None:
    times = pd.date_range("2026-01-01T00:00Z", periods=96, freq="h").astype("datetime64[us, UTC]")
    frame = pd.DataFrame(
        {"timestamp": times, "market_price_cpm": 1.0, "market_price_kind": "known"}
    )
    split = time_split(AuctionLog(frame, LogMeta("test", timezone="Asia/Shanghai")))
    assert split.tune.frame["timestamp"].iloc[0].hour == 16  # midnight in Shanghai


def test_later_conversions_do_not_leak_back(sample: AuctionLog) -> None:
    split = time_split(sample)
    cuts = [pd.Timestamp("2026-03-08", tz="UTC"), pd.Timestamp("2026-03-10", tz="UTC")]
    rows = 0
    for part, cut in zip(parts(split)[:2], cuts, strict=True):
        frame = part.frame
        before = sample.frame.iloc[rows : rows + len(part)].reset_index(drop=True)
        rows += len(part)
        later = (before["conversion_time"] >= cut).to_numpy()
        assert later.sum() > 5
        assert not frame["conversion"][later].any()
        assert frame["conversion_time"][later].isna().all()
        kept = before["conversion"].to_numpy() & ~later
        np.testing.assert_array_equal(frame["conversion"], kept)
        # its label is still open, so that it is no negative
        immature = before["label_mature_at"] > frame["timestamp"].iloc[-1]
        assert immature[later].all()
        assert len(labelled(part, "conversion")) == 0  # labels take 7 days, parts are shorter
    pd.testing.assert_series_equal(
        split.holdout.frame["conversion"],
        sample.frame["conversion"].iloc[rows:].reset_index(drop=True),
    )


def test_by_campaign() -> None:
    """Each campaign is cut at its own times."""
    hours = np.concatenate([np.arange(0, 72), np.arange(48, 168)])
    order = np.argsort(hours, kind="stable")
    times = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(hours, unit="h")
    frame = pd.DataFrame({
        "timestamp": times.astype("datetime64[us, UTC]"),
        "campaign_id": ["early"] * 72 + ["late"] * 120,
        "market_price_cpm": 1.0, "market_price_kind": "known",
    }).iloc[order]  # fmt: skip
    split = time_split(AuctionLog(frame), by_campaign=True)
    assert split.cutoffs["early"] == {"tune": "2026-01-02", "holdout": "2026-01-03"}
    assert split.cutoffs["late"] == {"tune": "2026-01-06", "holdout": "2026-01-07"}
    counts = [part.frame["campaign_id"].value_counts().to_dict() for part in parts(split)]
    assert counts == [
        {"late": 72, "early": 24}, {"late": 24, "early": 24}, {"late": 24, "early": 24},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tune", "holdout", "said"),
    [(0.6, 0.5, "must be below 1 together"), (0.0, 0.2, "tune"), (0.2, 1.2, "holdout")],
)
def test_shares_out_of_range(sample: AuctionLog, tune: float, holdout: float, said: str) -> None:
    with pytest.raises(DataError, match=said):
        time_split(sample, tune=tune, holdout=holdout)


def test_too_short() -> None:
    frame = pd.DataFrame({"market_price_cpm": [1.0, 2.0], "market_price_kind": "known"})
    with pytest.raises(DataError, match="has 2 distinct times or rows; must have at least 3"):
        time_split(AuctionLog(frame))
