from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kit.base.errors import DataError
from kit.base.units import FEN_CPM, USD_CPM
from kit.bid.registry import make_policy
from kit.bid.training import MAX_HISTOGRAM_PRICE, TrainingStats
from kit.data.log import AuctionLog, LogMeta

INFO: dict[str, Any] = {
    "imp_train": 10, "clk_train": 2, "cost_train": 70, "price_counter_train": [0, 3, 7],
}  # fmt: skip


def log_of(meta: LogMeta | None = None, **columns: Any) -> AuctionLog:
    frame = pd.DataFrame({"market_price_kind": "known", **columns})
    return AuctionLog(frame, meta or LogMeta("test", unit=FEN_CPM))


def write(folder: Path, content: Any) -> Path:
    path = folder / "info.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_reads_an_info_file(tmp_path: Path) -> None:
    stats = TrainingStats.from_info(write(tmp_path, INFO))
    assert (stats.impressions, stats.clicks, stats.cost) == (10, 2, 70.0)
    assert (stats.ctr, stats.cost_per_click_cpm, stats.mean_price_cpm) == (0.2, 35.0, 7.0)
    assert stats.price_probability.tolist() == [0.0, 0.3, 0.7]
    assert stats.unit_label == FEN_CPM.label


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ([1], "holds no JSON object"),
        ({**INFO, "imp_train": 0}, "training impressions: got 0"),
        ({**INFO, "clk_train": 11}, r"training clicks: got 11; must be a number in \[0, 10\]"),
        ({**INFO, "clk_train": 1.5}, "clk_train: got 1.5; must be a whole number"),
        ({**INFO, "cost_train": "much"}, "cost_train: got 'much'"),
        ({**INFO, "price_counter_train": 3}, "price_counter_train is no list"),
        ({**INFO, "price_counter_train": [1, -1]}, "price_counter_train: got -1"),
        ({**INFO, "price_counter_train": [0, 0]}, "price_histogram total: got .*0"),
        ({"imp_train": 1, "clk_train": 1}, "lacks column cost_train"),
    ],
)
def test_a_bad_info_file_has_one_clear_message(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        TrainingStats.from_info(write(tmp_path, content))


def test_a_missing_info_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.json: cannot be read"):
        TrainingStats.from_info(tmp_path / "absent.json")


def test_counts_the_won_rows_of_a_log() -> None:
    log = log_of(
        market_price_cpm=[10.0, 20.5, 90.0, 40.0],
        market_price_kind=["known", "known", "at_least", "known"],
        won=[True, True, False, False],
        click=[True, False, False, False],
        pctr=[0.1, 0.2, 0.3, 0.4],
    )
    stats = TrainingStats.from_log(log)
    assert (stats.impressions, stats.clicks, stats.cost) == (2, 1, 30.5)
    assert stats.price_histogram is not None
    assert {p: n for p, n in enumerate(stats.price_histogram) if n} == {10: 1, 21: 1, 40: 1}
    assert stats.unit_label == FEN_CPM.label
    assert stats.pctr_quantiles is not None
    assert np.mean(stats.pctr_quantiles) == pytest.approx(0.25)


def test_every_row_is_an_impression_where_the_log_holds_nothing_else() -> None:
    log = log_of(market_price_cpm=[10.0, 20.0], click=[False, True])
    stats = TrainingStats.from_log(log)
    assert (stats.impressions, stats.cost, stats.pctr_quantiles) == (2, 30.0, None)


def test_cost_follows_each_auction_s_own_rule() -> None:
    log = log_of(
        market_price_cpm=[10.0, 10.0, 10.0, 10.0, 10.0],
        bid_floor_cpm=[4.0, 12.0, 4.0, 7.0, 4.0],
        bid_price_cpm=[30.0, 30.0, 30.0, 30.0, 30.0],
        auction_type=[2, 2, 1, 3, 2],
        clearing_price_cpm=[np.nan, np.nan, np.nan, np.nan, 9.0],
        click=[True] * 5,
    )
    assert TrainingStats.from_log(log).cost == 10 + 12 + 30 + 7 + 9


def test_five_clicks_are_enough_and_none_only_for_policies_without_them() -> None:
    clicks = np.arange(100) < 5
    few = TrainingStats.from_log(log_of(market_price_cpm=np.full(100, 50.0), click=clicks))
    assert few.ctr == 0.05
    none = TrainingStats.from_log(log_of(market_price_cpm=[50.0], click=[False]))
    assert make_policy("lin", {"b0": 1, "average_ctr": 0.1}, none).name == "lin"
    for name, params in (("lin", {"b0": 1}), ("mcpc", {}), ("rlb", {})):
        with pytest.raises(DataError, match="training clicks: got 0 in 1 impressions"):
            make_policy(name, params, none)


def test_a_log_without_wins_or_clicks_column_is_refused() -> None:
    lost = log_of(market_price_cpm=[5.0], market_price_kind=["at_least"], click=[False])
    with pytest.raises(DataError, match="0 of 1 auctions were won"):
        TrainingStats.from_log(lost)
    with pytest.raises(DataError, match="lacks column click"):
        TrainingStats.from_log(log_of(market_price_cpm=[5.0]))


def test_prices_beyond_the_histogram_leave_it_out() -> None:
    log = log_of(market_price_cpm=[MAX_HISTOGRAM_PRICE + 1.0], click=[True])
    stats = TrainingStats.from_log(log)
    assert stats.price_histogram is None
    with pytest.raises(DataError, match="price_histogram: the training statistics have none"):
        make_policy("rlb", {}, stats)


def test_units_must_agree() -> None:
    stats = TrainingStats(10, 1, 5.0, unit_label=FEN_CPM.label)
    stats.check_unit(FEN_CPM)
    TrainingStats(10, 1, 5.0).check_unit(USD_CPM)
    with pytest.raises(DataError, match="in 'CNY fen CPM'; the log is in 'USD CPM'"):
        stats.check_unit(USD_CPM)
