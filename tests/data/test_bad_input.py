"""Each bad input has one clear outcome: what came, the limit, the mend; nothing half done."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from kit.base.errors import DataError
from kit.data.load import load_log, load_to_parquet, load_with_report

GOOD = "0 70 0.001\n1 12 0.004\n0 55 0.002\n"
CSV = "timestamp,won,bid_price_cpm,clearing_price_cpm\n"
ROW = "2026-01-01T00:00:0{},{},{},{}\n"


def refused(path: Path, kind: str = "ipinyou-theta", **options: object) -> str:
    """Load, expect one error, and see that converting leaves nothing behind."""
    with pytest.raises(DataError) as caught:
        load_log(path, kind, **options)
    out = path.parent / "out"
    with pytest.raises(DataError):
        load_to_parquet(path, kind, out / "log.parquet", **options)
    assert list(out.glob("*")) == []
    return str(caught.value)


def test_empty_file(write: object) -> None:
    assert refused(write("")) == (
        "log.txt: the file is empty; a log needs at least one row. Fetch or export the file again."
    )


def test_empty_gzip(write: object) -> None:
    assert "the file is empty" in refused(write("", "log.gz", zipped=True))


def test_header_only(write: object) -> None:
    assert "has no good row (0 bad)" in refused(write(CSV, "log.csv"), "csv")


def test_no_such_file(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "absent.txt")


def test_truncated_line(write: object) -> None:
    said = refused(write(GOOD + "0 7"))
    assert "1 bad row" in said
    assert "line 4: has 2 fields; must have 3 (the file ends mid-line)" in said
    assert "--errors skip" in said


def test_truncated_gzip(write: object) -> None:
    whole = gzip.compress("".join(f"0 {row % 300} 0.5\n" for row in range(50_000)).encode())
    said = refused(write(whole[: len(whole) // 2], "log.gz"))
    assert "the gzip stream ends early; rows after this line are missing" in said


def test_truncated_gzip_skipped_is_counted(write: object) -> None:
    whole = gzip.compress("".join(f"0 {row % 300} 0.5\n" for row in range(50_000)).encode())
    path = write(whole[: len(whole) // 2], "log.gz")
    log, report = load_with_report(path, "ipinyou-theta", errors="skip")
    assert 0 < len(log) < 50_000
    assert report.bad_rows == 1


def test_truncated_parquet(tmp_path: Path) -> None:
    whole = load_log(_theta(tmp_path), "ipinyou-theta").save(tmp_path / "log.parquet")
    whole.write_bytes(whole.read_bytes()[:-100])
    assert "not a whole Parquet file" in refused(whole, "parquet")


def _theta(folder: Path) -> Path:
    path = folder / "theta.txt"
    path.write_text(GOOD)
    return path


def test_wrong_delimiter_names_the_format_that_fits(write: object) -> None:
    said = refused(write(GOOD.replace(" ", "\t")))
    assert "line 1: has 1 field; format ipinyou-theta has 3 or 4, between single spaces" in said
    assert "--format" in said


def test_other_format_is_one_message(write: object) -> None:
    said = refused(write("1\t51\t0.1\tx\n" * 500), "ipinyou-ctr")
    assert "Is it another --format?" in said
    assert len(said) < 800


def test_negative_price(write: object) -> None:
    said = refused(write(GOOD + "0 -3 0.001\n"))
    assert "1 bad row" in said
    assert "line 4: market_price_cpm: -3; must be >= 0" in said


def test_click_that_is_no_label(write: object) -> None:
    assert "line 4: click: 2" in refused(write(GOOD + "2 30 0.001\n"))


def test_probability_above_one(write: object) -> None:
    assert "line 4: pctr: 1.5; must be <= 1" in refused(write(GOOD + "0 30 1.5\n"))


def test_not_a_number(write: object) -> None:
    assert "line 2: price: 'x' is not a number" in refused(write("0 1 0.5\n0 x 0.5\n"))


def test_infinite_price(write: object) -> None:
    assert "must be finite" in refused(write(GOOD + "0 inf 0.001\n"))


def test_nan_bid_of_a_won_auction_is_a_bad_row(write: object) -> None:
    text = CSV + ROW.format(0, 1, "nan", 1) + ROW.format(1, 1, 2, 1)
    said = refused(write(text, "log.csv"), "csv")
    assert "line 2: bid_price_cpm: missing, and the auction was won" in said


def test_nan_bid_of_a_lost_auction_is_no_bid(write: object) -> None:
    text = CSV + ROW.format(0, 0, "NaN", "") + ROW.format(1, 1, 2, 1)
    frame = load_log(write(text, "log.csv"), "csv").frame
    assert frame["bid_price_cpm"].isna().tolist() == [True, False]
    assert frame["market_price_cpm"].tolist() == [0.0, 1.0]  # no bid: at least 0
    assert frame["market_price_kind"].tolist() == ["at_least", "known"]


def test_unsorted_time_is_sorted_and_counted(write: object) -> None:
    text = CSV + ROW.format(2, 1, 2, 1) + ROW.format(1, 1, 3, 1.5) + ROW.format(3, 1, 4, 2)
    path = write(text, "log.csv")
    log, report = load_with_report(path, "csv")
    assert report.out_of_order == 1
    assert log.frame["bid_price_cpm"].tolist() == [3, 2, 4]
    said = ""
    with pytest.raises(DataError) as caught:
        load_log(path, "csv", sort=False)
    said = str(caught.value)
    assert "timestamp: row 2 comes earlier" in said
    assert "sort=True" in said


def test_bad_time(write: object) -> None:
    text = CSV + "yesterday,1,2,1\n" + ROW.format(1, 1, 2, 1)
    assert "line 2: timestamp: 'yesterday'; must be an ISO 8601 time" in refused(
        write(text, "log.csv"), "csv"
    )


def test_unknown_time_zone(write: object) -> None:
    path = write(CSV + ROW.format(1, 1, 2, 1), "log.csv")
    assert "timezone: got 'Mars/X'; must be an IANA name" in refused(path, "csv", timezone="Mars/X")


def test_open_quote(write: object) -> None:
    text = 'market_price_cpm,site\n1,"a\n2,b\n3,c\n'
    assert "a quote is not closed" in refused(write(text, "log.csv"), "csv", features=("site",))


def test_binary_file(write: object) -> None:
    with pytest.raises(DataError):
        load_log(write(bytes(range(256)) * 300), "ipinyou-theta")


def test_skipped_rows_are_written_beside_the_output(write: object, tmp_path: Path) -> None:
    path = write(GOOD + "0 -3 0.001\n1 5\n" + GOOD)
    out = tmp_path / "out" / "log.parquet"
    report = load_to_parquet(path, "ipinyou-theta", out, errors="skip")
    assert (report.rows, report.bad_rows) == (6, 2)
    assert [row.line for row in report.first_bad] == [4, 5]
    kept = Path(str(report.rejects))
    assert kept == out.with_name("log.parquet.rejects.tsv")
    assert kept.read_text().splitlines() == [
        "line\treason\trow",
        "4\tmarket_price_cpm: -3; must be >= 0\t0 -3 0.001",
        "5\thas 2 fields; must have 3\t1 5",
    ]
    load_to_parquet(write(GOOD), "ipinyou-theta", out, errors="skip")
    assert not kept.exists()  # a later clean load leaves no old rejects


def test_a_failed_load_keeps_the_old_output(write: object, tmp_path: Path) -> None:
    out = tmp_path / "log.parquet"
    load_to_parquet(write(GOOD), "ipinyou-theta", out)
    before = out.read_bytes()
    with pytest.raises(DataError):
        load_to_parquet(write(GOOD + "0 -3 0.001\n"), "ipinyou-theta", out)
    assert out.read_bytes() == before


def test_errors_must_be_known(write: object) -> None:
    with pytest.raises(DataError, match="must be one of: raise, skip"):
        load_log(write(GOOD), "ipinyou-theta", errors="ignore")
