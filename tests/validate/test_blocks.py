"""Blocks: whole hours, whole episodes, time order, no row lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.base.errors import DataError
from kit.data.log import AuctionLog, LogMeta
from kit.validate.blocks import time_blocks


def make_log(rows: int, **columns: object) -> AuctionLog:
    frame = pd.DataFrame(
        {"market_price_cpm": np.ones(rows), "market_price_kind": "known", **columns}
    )
    return AuctionLog(frame, LogMeta("test", timezone="Asia/Shanghai"))


def clock(rows: int, freq: str, start: str = "2013-10-19 10:30") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=rows, freq=freq, tz="UTC").as_unit("us")


@pytest.mark.parametrize(
    ("days", "kind", "count"),
    [
        (1, "25 blocks of an hour (Asia/Shanghai clock)", 25),
        (7, "43 blocks of 4 hours (Asia/Shanghai clock)", 43),
        (60, "61 blocks of a day (Asia/Shanghai clock)", 61),
    ],
)
def test_a_block_of_the_clock_is_a_divisor_of_the_day(days: int, kind: str, count: int) -> None:
    blocks = time_blocks(make_log(days * 96, timestamp=clock(days * 96, "15min")))
    assert blocks.kind == kind
    assert len(blocks) == blocks.time_count == count


def test_blocks_start_at_whole_hours_of_the_logs_own_time_zone() -> None:
    log = make_log(96 * 7, timestamp=clock(96 * 7, "15min"))  # 18:30 in Shanghai
    blocks = time_blocks(log)
    assert blocks.labels[:3] == ("2013-10-19 16:00", "2013-10-19 20:00", "2013-10-20 00:00")
    local = log.frame["timestamp"].dt.tz_convert("Asia/Shanghai")
    spans = local.groupby(blocks.codes).agg(["min", "max"])
    assert ((spans["max"].dt.hour // 4) == (spans["min"].dt.hour // 4)).all()


def test_never_less_than_an_hour_even_where_that_leaves_few_blocks() -> None:
    assert len(time_blocks(make_log(7200, timestamp=clock(7200, "1s", "2013-10-19 10:00")))) == 2


def test_few_long_time_steps_are_cut_into_runs_that_do_not_span_two_steps() -> None:
    steps = np.repeat([3, 4, 9], [30_000, 200, 10_000])
    blocks = time_blocks(make_log(len(steps), time_index=steps))
    spans = pd.Series(steps).groupby(blocks.codes).nunique()
    assert (spans == 1).all()
    assert 35 <= len(blocks) <= 45
    assert blocks.labels[0] == "time_index 3 part 1"
    assert "time_index 4" in blocks.labels


def test_many_time_steps_are_grouped_whole() -> None:
    steps = np.repeat(np.arange(100), 7)
    blocks = time_blocks(make_log(700, time_index=steps))
    assert blocks.kind == "50 blocks, 2 consecutive time_index"
    assert pd.Series(blocks.codes).groupby(steps).nunique().max() == 1


def test_campaigns_cross_time_and_keep_their_time_block() -> None:
    campaigns = np.resize(["a", "b", "b"], 96 * 2)
    log = make_log(96 * 2, timestamp=clock(96 * 2, "15min"), campaign_id=campaigns)
    blocks = time_blocks(log)
    assert len(blocks) == 2 * blocks.time_count - 1  # the last half hour has "b" only
    assert blocks.kind.endswith("crossed with 2 campaigns")
    assert pd.Series(campaigns).groupby(blocks.codes).nunique().max() == 1
    assert (np.diff(blocks.time[blocks.codes]) >= 0).all()
    assert blocks.labels[1] == f"{blocks.time_labels[0]} · b"
    assert len(time_blocks(log, by_campaign=False)) == blocks.time_count


@settings(deadline=None, max_examples=40)
@given(
    rows=st.integers(1, 4000),
    episode=st.integers(1, 900),
    how=st.sampled_from(["clock", "few steps", "many steps", "rows"]),
)
def test_every_row_has_a_block_in_time_order_and_no_episode_is_split(
    rows: int, episode: int, how: str
) -> None:
    columns = {
        "clock": {"timestamp": clock(rows, "7min")},
        "few steps": {"time_index": np.arange(rows) // 1000},
        "many steps": {"time_index": np.arange(rows) // 10},
        "rows": {},
    }[how]
    blocks = time_blocks(make_log(rows, **columns), min_rows=50, episode=episode)
    assert blocks.codes.dtype == np.int32
    assert blocks.codes[0] == 0
    assert set(np.diff(blocks.codes)) <= {0, 1}  # consecutive, in order, none empty
    assert blocks.codes[-1] + 1 == len(blocks) == len(blocks.time)
    episodes = np.arange(rows) // episode
    assert pd.Series(blocks.codes).groupby(episodes).nunique().max() == 1


def test_rows_without_a_clock_are_cut_in_equal_runs_and_a_short_tail_joins() -> None:
    blocks = time_blocks(make_log(40_100))
    sizes = np.bincount(blocks.codes)
    assert len(sizes) == 40
    assert sizes.min() >= 0.5 * sizes.max()


def test_real_hours(shared_data: Path) -> None:
    text = (shared_data / "ipinyou/1458.train.txt").read_text().splitlines()[-44_000:]
    steps = np.array([int(line.split("\t")[3]) for line in text])
    blocks = time_blocks(make_log(len(steps), time_index=np.sort(steps)))
    assert 36 <= blocks.time_count <= 44
    assert np.bincount(blocks.codes).min() >= 250


@pytest.mark.parametrize("options", [{"target": 0}, {"episode": 0}, {"min_rows": -1}])
def test_wrong_numbers_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(DataError, match=next(iter(options))):
        time_blocks(make_log(10), **options)


def test_an_empty_log_is_refused() -> None:
    with pytest.raises(DataError, match="no rows"):
        time_blocks(make_log(0))
