"""Every named format on the real files, and what each states about ties, units and prices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kit.base.errors import DataError
from kit.base.units import FEN_CPM
from kit.data.formats import FORMATS
from kit.data.load import load_log, load_with_report

REAL = {
    "2997.theta.txt": ("ipinyou-theta", 156_063, True),
    "1458.train.txt": ("ipinyou-ctr", 220_000, True),
    "2259.train.log.txt": ("ipinyou-log", 8_355, True),
    "2259.test.log.txt": ("ipinyou-log", 4_171, True),
    "2259.train.yzbx.txt": ("ipinyou-yzbx", 8_355, False),
    "2259.test.yzbx.txt": ("ipinyou-yzbx", 4_171, False),
}


@pytest.mark.parametrize("name", REAL)
def test_real_file(shared_data: Path, name: str) -> None:
    kind, rows, ties_win = REAL[name]
    log, report = load_with_report(shared_data / "ipinyou" / name, kind)
    assert len(log) == report.rows == rows
    assert report.bad_rows == 0
    assert log.meta.format == kind
    assert log.meta.ties_win is ties_win
    assert log.meta.unit == FEN_CPM
    assert (log.meta.bid_cap_cpm, log.meta.bid_step_cpm) == (300, 1)
    assert log.meta.source == name
    assert log.meta.source_hash == report.source_hash != ""


def test_every_format_has_a_line_of_help() -> None:
    assert set(FORMATS) == {kind for kind, _, _ in REAL.values()} | {"csv", "parquet"}


def test_theta_totals(shared_data: Path) -> None:
    path = shared_data / "ipinyou" / "2997.theta.txt"
    raw = np.loadtxt(path)
    frame = load_log(path, "ipinyou-theta").frame
    assert frame["click"].sum() == raw[:, 0].sum()
    np.testing.assert_array_equal(frame["market_price_cpm"], raw[:, 1])
    np.testing.assert_array_equal(frame["pctr"], raw[:, 2])


def test_impression_log_prices(shared_data: Path) -> None:
    """24.7 % of the prices equal the floor and 0.7 % lie one unit below: both are bounds."""
    frame = load_log(shared_data / "ipinyou" / "2259.train.log.txt", "ipinyou-log").frame
    floor, paid = frame["bid_floor_cpm"], frame["clearing_price_cpm"]
    assert (paid == floor).mean() == pytest.approx(0.247, abs=5e-4)
    assert (paid == floor - 1).mean() == pytest.approx(0.007, abs=5e-4)
    bound = frame["market_price_kind"] == "at_most"
    assert (bound == (paid <= floor)).all()
    assert (frame.loc[~bound, "market_price_kind"] == "known").all()
    assert frame["won"].all()
    assert frame["click"].sum() == 5
    assert (frame["bid_price_cpm"] == paid).sum() == 5  # ties: this exchange lets them win


def test_impression_log_time_is_shanghai_time(shared_data: Path) -> None:
    path = shared_data / "ipinyou" / "2259.train.log.txt"
    log, report = load_with_report(path, "ipinyou-log")
    raw = pd.read_csv(path, sep="\t", header=None, dtype=str, keep_default_na=False)
    first = raw[4].astype("int64").min()
    local = log.frame["timestamp"].dt.tz_convert("Asia/Shanghai")
    assert f"{local.iloc[0]:%Y%m%d%H%M%S}" == str(first)[:14]
    assert report.out_of_order > 0
    assert log.frame["timestamp"].is_monotonic_increasing
    hours = raw.set_index(3)[2].astype(int)
    unique = log.frame.drop_duplicates("auction_id", keep=False).set_index("auction_id")
    shown = unique["timestamp"].dt.tz_convert("Asia/Shanghai").dt.hour
    assert (hours.loc[shown.index] == shown).all()


def test_longer_layout_has_conversions(shared_data: Path) -> None:
    longer = load_log(shared_data / "ipinyou" / "2259.test.log.txt", "ipinyou-log").frame
    assert not longer["conversion"].any()
    shorter = load_log(shared_data / "ipinyou" / "2259.train.log.txt", "ipinyou-log").frame
    assert "conversion" not in shorter


def test_simulated_bids_censor_the_price(shared_data: Path) -> None:
    path = shared_data / "ipinyou" / "2259.train.yzbx.txt"
    raw = np.array(
        [[float(cell) for cell in line.split()[:3]] for line in path.read_text().splitlines()]
    )
    log = load_log(path, "ipinyou-yzbx")
    frame = log.frame
    won = raw[:, 2] > raw[:, 1]  # a tie loses
    np.testing.assert_array_equal(frame["won"], won)
    np.testing.assert_array_equal(frame["market_price_cpm"], np.where(won, raw[:, 1], raw[:, 2]))
    assert (frame.loc[~won, "market_price_kind"] == "at_least").all()
    assert len(log.meta.features) == 16


def test_theta_takes_an_optional_fourth_column(write: object) -> None:
    log = load_log(write("0 70 0.001 a\n1 12 0.004 b\n"), "ipinyou-theta")
    assert log.frame["click"].tolist() == [False, True]


@pytest.mark.parametrize("kind", ["ipinyou-theta", "ipinyou-ctr", "ipinyou-log", "ipinyou-yzbx"])
def test_fixed_formats_refuse_a_column_map(write: object, kind: str) -> None:
    with pytest.raises(DataError, match="are for csv and parquet"):
        load_log(write("0 70 0.001\n"), kind, columns={"click": "a"})


def test_unknown_format_names_the_nearest(write: object) -> None:
    with pytest.raises(DataError, match="Did you mean 'ipinyou-theta'"):
        load_log(write("0 70 0.001\n"), "ipinyou-teta")
