"""Files as the world writes them: read alike whatever the block size, or refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kit.base.errors import DataError
from kit.data.load import load_log, load_with_report

HEADER = "timestamp,won,bid_price_cpm,clearing_price_cpm,site\n"
ROW = "2026-01-01T00:00:{:02d},{},{},{},{}\n"
CSV = HEADER + "".join(ROW.format(second, 1, 2.5, 1.25, f"s{second}") for second in range(30))
THETA = "".join(f"{row % 2} {row} 0.5\n" for row in range(60))
BOM = b"\xef\xbb\xbf"
BLOCKS = (1, 7, 64, 1000, 1 << 20)


def outcome(path: Path, kind: str, block_bytes: int, **options: object) -> object:
    """Return what a load gives: the rows and the bad lines, or that it was refused."""
    try:
        log, report = load_with_report(
            path, kind, errors="skip", block_bytes=block_bytes, **options
        )
    except DataError:
        return "refused"
    return log.frame.astype(object).where(log.frame.notna(), None).to_dict("list"), report.bad_rows


def same_in_all_blocks(path: Path, kind: str, **options: object) -> object:
    """Load with every block size; the outcome must be one."""
    sizes = BLOCKS if path.stat().st_size < 100_000 else BLOCKS[3:]
    first, *others = (outcome(path, kind, size, **options) for size in sizes)
    for other in others:
        assert other == first
    return first


@pytest.mark.parametrize("zipped", [False, True])
def test_byte_order_mark_hides_no_column(write: object, zipped: bool) -> None:
    path = write(BOM + CSV.encode(), "log.csv", zipped)
    same_in_all_blocks(path, "csv")
    log = load_log(path, "csv")
    assert "timestamp" in log.frame.columns
    assert len(log) == 30
    same_in_all_blocks(write((BOM + THETA.encode()) * 3), "ipinyou-theta")  # joined files
    assert len(load_log(write(BOM + THETA.encode()), "ipinyou-theta")) == 60


def test_only_a_byte_order_mark_is_an_empty_file(write: object) -> None:
    with pytest.raises(DataError, match="the file is empty"):
        load_log(write(BOM, "log.csv"), "csv")


def test_utf_16_is_named(write: object) -> None:
    with pytest.raises(DataError, match="UTF-16"):
        load_log(write(CSV.encode("utf-16"), "log.csv"), "csv")


def test_large_time_index_keeps_its_digits(write: object) -> None:
    exact = 9_007_199_254_740_993  # 2^53 + 1: no float64 holds it
    rows = f"0 1 0.5 {exact}\n0 1 0.5 \n0 1 0.5 {exact + 1}\n".replace(" ", "\t")
    path = write(rows)
    log, report = load_with_report(path, "ipinyou-ctr", errors="skip")
    assert log.frame["time_index"].tolist() == [exact, exact + 1]
    assert report.bad_rows == 1
    same_in_all_blocks(path, "ipinyou-ctr")


def test_large_time_index_from_parquet_keeps_its_digits(tmp_path: Path) -> None:
    exact = 9_007_199_254_740_993
    table = pa.table({"time_index": [exact, None, exact + 1], "market_price_cpm": [1.0, 2.0, 3.0]})
    pq.write_table(table, tmp_path / "log.parquet")
    log, _ = load_with_report(tmp_path / "log.parquet", "parquet", errors="skip")
    assert log.frame["time_index"].tolist() == [exact, exact + 1]


@pytest.mark.parametrize("value", [1e300, -1e19])
def test_whole_number_beyond_64_bits_is_a_bad_row(tmp_path: Path, value: float) -> None:
    pq.write_table(
        pa.table({"time_index": [1.0, value], "market_price_cpm": [1.0, 2.0]}),
        tmp_path / "log.parquet",
    )
    log, report = load_with_report(tmp_path / "log.parquet", "parquet", errors="skip")
    assert (len(log), report.bad_rows) == (1, 1)
    assert "64 bits" in report.first_bad[0].reason


def test_a_bad_start_is_judged_alike_in_all_blocks(write: object) -> None:
    bad, good = "x y\n" * 25, "0 1 0.5\n"
    rows, count = same_in_all_blocks(write("0 1 0.5\n" + bad + good * 400), "ipinyou-theta")
    assert (len(rows["click"]), count) == (401, 25)
    assert same_in_all_blocks(write(good + bad * 4 + good), "ipinyou-theta") == "refused"


def test_many_bad_rows_in_memory_are_refused_alike(write: object) -> None:
    text = ("0 1 0.5\n" * 4 + "0 x 0.5\n") * 2_600
    rows, count = outcome(write(text[: 8 * 5 * 1_900]), "ipinyou-theta", 1000)
    assert count == 1_900
    assert len(rows["click"]) == 4 * 1_900


def test_header_in_a_block_of_its_own(write: object) -> None:
    rows, bad = same_in_all_blocks(write(CSV, "log.csv"), "csv", features=("site",))
    assert rows["site"][:2] == ["s0", "s1"]
    assert bad == 0


@pytest.mark.parametrize(
    "text",
    [
        "\n", "\n\n1,2\n", ",,\n1,2,3\n", '"a\nb",market_price_cpm\n1,2\n',
        "market_price_cpm\n\n\n",
        '"' + "x" * 200_000 + '",market_price_cpm\n1,2\n', "market_price_cpm,\0\n1,2\n",
        "market_price_cpm,market_price_kind\n1,\n2,\n", "market_price_cpm\n,\n",
        "time_index,market_price_cpm\n1,1\n\n2,2\n3\n",
    ],
)  # fmt: skip
def test_odd_csv_is_read_alike_or_refused(write: object, text: str) -> None:
    same_in_all_blocks(write(text, "log.csv"), "csv")


@pytest.mark.parametrize("size", [200_000, 3_000_000])
def test_a_long_field_is_a_field(write: object, size: int) -> None:
    text = f'market_price_cpm,site\n1,"{"x" * size}"\n2,b\nz,c\n'
    rows, bad = same_in_all_blocks(write(text, "log.csv"), "csv", features=("site",))
    assert [len(site) for site in rows["site"]] == [size, 1]
    assert bad == 1


def test_a_column_that_is_empty_throughout(write: object) -> None:
    fields = ["0", "1", "5", "b", "20131020000000000", "1", "p", "ua", "ip", "1", "2", "3", "d"]
    fields += ["u", "a", "s", "300", "250", "1", "0", "5", "c", "300", "70", "k", "2259", "null"]
    log = load_log(write(("\t".join(fields) + "\n") * 3), "ipinyou-log")
    assert log.frame["user_tag_count"].tolist() == [0, 0, 0]
    blank = [field if at in (0, 4, 20, 22, 23) else "" for at, field in enumerate(fields)]
    same_in_all_blocks(write(("\t".join(blank) + "\n") * 3), "ipinyou-log")


@pytest.mark.parametrize("text", ["-1", "1711", "1711.5", "1711121314", "12", "20:15"])
def test_a_number_is_no_time(write: object, text: str) -> None:
    rows = HEADER + f"{text},1,2,1,a\n" + "2026-01-01,1,2,1,b\n20260101T101500Z,1,2,1,c\n"
    log, report = load_with_report(write(rows, "log.csv"), "csv", errors="skip")
    assert (len(log), report.bad_rows) == (2, 1)
    assert "must be an ISO 8601 time" in report.first_bad[0].reason


PRICES = {"market_price_cpm": pa.array([1.0, 2.0])}
ODD = {
    "pctr": [
        pa.array(["0.5", "x"]), pa.array([[0.5], [0.1]]), pa.array([{"a": 1}, None]),
        pa.array([b"1", b"2"]), pa.array([None, None]), pa.array([True, False]),
        pa.array([1, 2], pa.timestamp("us")), pa.array(["0.5", "0.1"]).dictionary_encode(),
    ],
    "timestamp": [
        pa.array([1_700_000_000, 1_700_000_001]), pa.array([1.5, 2.5]), pa.array([[1], [2]]),
        pa.array([1, 2], pa.date32()), pa.array([1, 2], pa.timestamp("ns")),
        pa.array([1, 2], pa.time64("us")), pa.array([None, None]), pa.array(["x", None]),
    ],
    "exchange": [
        pa.array([1, 2]), pa.array([["a"], ["b"]]), pa.array([b"a", b"b"]), pa.array([True, None]),
        pa.array([1, 2], pa.timestamp("us")), pa.array([None, None]), pa.array(["a", None]),
    ],
    "click": [
        pa.array([[1], [0]]), pa.array([b"1", b"0"]), pa.array([None, None]), pa.array([2, 1]),
        pa.array([1, 2], pa.timestamp("us")), pa.array([True, None]), pa.array(["yes", "no"]),
    ],
    "time_index": [
        pa.array([2**63, 1], pa.uint64()), pa.array(["1", "x"]), pa.array([1, 2], pa.date32()),
        pa.array([1.5, 2.0]), pa.array([1, 2], pa.decimal128(20, 0)),
    ],
    "market_price_kind": [pa.array([1, 2]), pa.array([None, None]), pa.array([["known"], None])],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "values"), [(name, values) for name, cases in ODD.items() for values in cases], ids=str
)
def test_odd_parquet_types_are_read_or_refused(tmp_path: Path, name: str, values: pa.Array) -> None:
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({**PRICES, name: values}), path)
    said = ""
    try:
        assert 1 <= len(load_with_report(path, "parquet", errors="skip")[0]) <= 2
    except DataError as error:
        said = str(error)
    assert not said or name in said or "good row" in said


def test_epoch_numbers_are_refused_by_name(tmp_path: Path) -> None:
    pq.write_table(pa.table({**PRICES, "timestamp": [1, 2]}), tmp_path / "log.parquet")
    with pytest.raises(DataError, match=r"column timestamp has the type int64; must be a time"):
        load_log(tmp_path / "log.parquet", "parquet")


SEEDS = {
    "csv": (CSV, {"features": ("site",)}),
    "ipinyou-theta": (THETA, {}),
    "ipinyou-ctr": (THETA.replace(" ", "\t").replace("0.5", "0.5\t7"), {}),
    "ipinyou-yzbx": ("".join(f"{row % 2} {row} 9 1:1 {row}:1\n" for row in range(40)), {}),
}
NASTY = (b"\r", b"\n", b'"', b",", b"\t", b" ", b"\0", b"\xff", b"nan", b"-", b"1e400", b"", BOM)


@pytest.mark.parametrize("kind", SEEDS)
@pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 12))]
)
def test_mangled_files_never_escape_and_never_depend_on_blocks(
    write: object, kind: str, seed: int
) -> None:
    text, options = SEEDS[kind]
    raw, draw = bytearray(text.encode()), np.random.default_rng(seed)
    for at in sorted(draw.integers(0, len(raw), draw.integers(1, 12)), reverse=True):
        raw[at : at + int(draw.integers(0, 4))] = NASTY[draw.integers(len(NASTY))]
    path = write(bytes(raw))
    assert same_in_all_blocks(path, kind, **options) is not None
