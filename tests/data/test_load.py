"""Loading: anyone's columns, any block size, plain or gzip, into memory or Parquet."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.base.errors import DataError, LeakageError
from kit.data.load import load_log, load_to_parquet, load_with_report
from kit.data.log import AuctionLog, read_parquet
from kit.data.samples import AUCTIONS

ROOT = Path(__file__).parents[2]
CSV = """time,ssp,bid,price,won,clicked,os,age
2026-01-01T00:00:00Z,a,2.5,1.5,1,0,ios,30
2026-01-01T00:00:01Z,b,2.0,,0,0,android,
2026-01-01T00:00:02Z,a,3.0,3.0,1,1,ios,41
"""
MAP = {
    "timestamp": "time", "exchange": "ssp", "bid_price_cpm": "bid", "clearing_price_cpm": "price",
    "click": "clicked",
}  # fmt: skip
THETA = "".join(f"{row % 7 == 0:d} {row % 301} {row / 1e4:g}\n" for row in range(2_000))


def test_csv_with_a_column_map(write: object) -> None:
    log, report = load_with_report(
        write(CSV, "log.csv"), "csv", columns=MAP, features=("os", "age"), currency="EUR"
    )
    frame = log.frame
    assert report.rows == 3
    assert log.meta.unit.label == "EUR CPM"
    assert log.meta.features == ("os", "age")
    assert frame["market_price_kind"].tolist() == ["known", "at_least", "known"]
    assert frame["market_price_cpm"].tolist() == [1.5, 2.0, 3.0]
    assert frame["age"].tolist()[0] == 30
    assert np.isnan(frame["age"][1])
    assert frame["os"].tolist() == ["ios", "android", "ios"]
    assert str(frame["timestamp"].dtype) == "datetime64[us, UTC]"


def test_csv_quotes_and_crlf(write: object) -> None:
    text = 'market_price_cpm,site\r\n1.5,"a, b"\r\n2,"say ""hi"""\r\n'
    frame = load_log(write(text, "log.csv"), "csv", features=("site",)).frame
    assert frame["site"].tolist() == ["a, b", 'say "hi"']


def test_parquet_of_anyone(tmp_path: Path) -> None:
    path = tmp_path / "mine.parquet"
    pd.DataFrame({"p": [1.0, 2.0], "c": [0, 1], "k": ["x", None]}).to_parquet(path)
    log = load_log(
        path, "parquet", columns={"market_price_cpm": "p", "click": "c"}, features=("k",),
        ties_win=True,
    )  # fmt: skip
    assert log.frame["click"].tolist() == [False, True]
    assert log.meta.ties_win
    assert log.frame["market_price_kind"].tolist() == ["known", "known"]


def test_own_parquet_needs_no_map() -> None:
    path = ROOT / "data_samples" / AUCTIONS
    log = load_log(path)
    assert log.frame.equals(AuctionLog.read(path).frame)


def test_missing_column_names_the_nearest(write: object) -> None:
    with pytest.raises(DataError, match=r"lacks column pric.*Did you mean 'price'"):
        load_log(write(CSV, "log.csv"), "csv", columns=MAP | {"clearing_price_cpm": "pric"})


def test_unknown_canonical_name_names_the_nearest(write: object) -> None:
    with pytest.raises(DataError, match="Did you mean 'bid_price_cpm'"):
        load_log(write(CSV, "log.csv"), "csv", columns={"bid_price": "bid"})


def test_nothing_about_the_market(write: object) -> None:
    with pytest.raises(DataError, match="none is mapped to the market price"):
        load_log(write("a,b\n1,2\n", "log.csv"), "csv")


def test_repeated_header(write: object) -> None:
    with pytest.raises(DataError, match="'a' comes twice"):
        load_log(write("a,a,market_price_cpm\n1,2,3\n", "log.csv"), "csv")


@pytest.mark.slow
@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(block=st.integers(64, 40_000), zipped=st.booleans(), bad=st.sets(st.integers(0, 1_999)))
def test_cuts_change_nothing(write: object, block: int, zipped: bool, bad: set[int]) -> None:
    bad = set(sorted(bad)[:40])
    lines = [
        "0 -1 0.5\n" if row in bad else line
        for row, line in enumerate(THETA.splitlines(keepends=True))
    ]
    path = write("".join(lines), "t.gz" if zipped else "t.txt", zipped)
    log, report = load_with_report(path, "ipinyou-theta", errors="skip", block_bytes=block)
    expected = pd.read_csv(write(THETA), sep=" ", header=None).drop(index=sorted(bad))
    np.testing.assert_array_equal(log.frame["market_price_cpm"], expected[1])
    np.testing.assert_array_equal(log.frame["pctr"], expected[2])
    assert report.bad_rows == len(bad)
    assert [row.line for row in report.first_bad] == [row + 1 for row in sorted(bad)[:5]]


def test_to_parquet_equals_into_memory(shared_data: Path, tmp_path: Path) -> None:
    path, out = shared_data / "ipinyou" / "2259.train.log.txt", tmp_path / "log.parquet"
    log, in_memory = load_with_report(path, "ipinyou-log")
    report = load_to_parquet(path, "ipinyou-log", out, block_bytes=200_000)
    loaded = AuctionLog.read(out)
    assert loaded.meta == log.meta
    assert report.out_of_order == in_memory.out_of_order == 4149
    for name, column in log.frame.items():
        pd.testing.assert_series_equal(
            loaded.frame[name].astype(object), column.astype(object), check_names=False
        )
    assert [item.name for item in tmp_path.iterdir()] == ["log.parquet"]  # nothing spilled stays


def test_sorting_is_stable_and_keeps_the_metadata(write: object, tmp_path: Path) -> None:
    rows = "".join(f"0 {row % 300} 0.5 {7 - row // 300}\n" for row in range(2_400))
    path = write(rows.replace(" ", "\t"))
    out = tmp_path / "log.parquet"
    report = load_to_parquet(path, "ipinyou-ctr", out, block_bytes=500)
    frame = AuctionLog.read(out).frame
    assert report.out_of_order == 7
    assert frame["time_index"].is_monotonic_increasing
    np.testing.assert_array_equal(frame["market_price_cpm"], np.tile(np.arange(300.0), 8))
    assert frame.equals(load_log(path, "ipinyou-ctr").frame)


def test_sealed_files_stay_closed(tmp_path: Path) -> None:
    sealed = tmp_path / "holdout.sealed.parquet"
    AuctionLog.read(ROOT / "data_samples" / AUCTIONS).save(sealed)
    with pytest.raises(LeakageError, match="only a scoring step opens them"):
        load_log(sealed)
    assert len(read_parquet(sealed)) == 150_000  # what a scoring step will use


def test_gzip_of_several_streams(tmp_path: Path) -> None:
    path = tmp_path / "t.gz"
    halves = THETA[:9_000], THETA[9_000:]
    path.write_bytes(b"".join(gzip.compress(half.encode()) for half in halves))
    assert len(load_log(path, "ipinyou-theta")) == 2_000
