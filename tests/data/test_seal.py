"""Sealed loading: the same split as in memory, and no holdout row outside the sealed file."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from kit.base.errors import DataError, LeakageError
from kit.base.files import atomic_path
from kit.data import order
from kit.data.load import load_log
from kit.data.log import AuctionLog, read_parquet, refuse_sealed
from kit.data.samples import AUCTIONS
from kit.data.seal import load_sealed
from kit.data.split import time_split

ROOT = Path(__file__).parents[2]
FILES = {"train": "train.parquet", "tune": "tune.parquet", "holdout": "holdout.sealed.parquet"}


def same(folder: Path, log: AuctionLog) -> None:
    """Every part equals that of `time_split`, row for row."""
    split = time_split(log)
    for name, file in FILES.items():
        sealed, part = read_parquet(folder / file), getattr(split, name)
        assert sealed.meta.unit == part.meta.unit
        for column in part.frame.columns:
            pd.testing.assert_series_equal(
                sealed.frame[column].astype(object), part.frame[column].astype(object),
                check_names=False,
            )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind", "cut"),
    [
        ("2259.train.log.txt", "ipinyou-log", "day"),
        ("1458.train.txt", "ipinyou-ctr", "time_index"),
        ("2997.theta.txt", "ipinyou-theta", "row"),
    ],
)
def test_equals_the_split_in_memory(
    shared_data: Path, tmp_path: Path, name: str, kind: str, cut: str
) -> None:
    path = shared_data / "ipinyou" / name
    report = load_sealed(path, kind, tmp_path / "sealed", block_bytes=300_000)
    assert report.kind == cut
    assert sum(report.parts.values()) == report.rows
    same(tmp_path / "sealed", load_log(path, kind))


def test_sample_as_csv(tmp_path: Path) -> None:
    log = load_log(ROOT / "data_samples" / AUCTIONS)
    few = log.rows(slice(0, None, 5))
    path = tmp_path / "log.csv"
    few.frame.to_csv(path, index=False)
    options = {"features": log.meta.features}
    load_sealed(path, "csv", tmp_path / "sealed", block_bytes=200_000, **options)
    loaded = load_log(path, "csv", **options)
    same(tmp_path / "sealed", loaded)
    train = AuctionLog.read(tmp_path / "sealed" / "train.parquet").frame
    whole = loaded.frame["conversion"].iloc[: len(train)]
    assert train["conversion"].sum() < whole.sum()  # later conversions are not in it


def test_holdout_is_only_in_the_sealed_file(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "ipinyou" / "2259.train.log.txt"
    folder = tmp_path / "sealed"
    report = load_sealed(path, "ipinyou-log", folder)
    assert sorted(item.name for item in folder.iterdir()) == sorted([*FILES.values(), "split.json"])
    held = set(read_parquet(folder / FILES["holdout"]).frame["auction_id"])
    for name in ("train", "tune"):
        assert not held & set(AuctionLog.read(folder / FILES[name]).frame["auction_id"])
    with pytest.raises(LeakageError):
        AuctionLog.read(folder / FILES["holdout"])
    plain = json.loads((folder / "split.json").read_text())
    assert plain["parts"] == report.parts
    assert plain["cutoffs"] == {"tune": "2013-10-21", "holdout": "2013-10-22"}


def test_existing_folder_is_refused(write: object, tmp_path: Path) -> None:
    (tmp_path / "sealed").mkdir()
    with pytest.raises(DataError, match="must go to a new folder"):
        load_sealed(write("0 1 0.5\n" * 9), "ipinyou-theta", tmp_path / "sealed")


def test_all_or_nothing(write: object, tmp_path: Path) -> None:
    path = write("0 1 0.5\n" * 50 + "0 -1 0.5\n")
    out = tmp_path / "out"
    with pytest.raises(DataError, match="1 bad row"):
        load_sealed(path, "ipinyou-theta", out / "sealed")
    assert list(out.glob("*")) == []
    report = load_sealed(path, "ipinyou-theta", out / "sealed", errors="skip")
    assert (report.rows, report.bad_rows) == (50, 1)
    assert "line 51" not in Path(str(report.rejects)).read_text()
    assert Path(str(report.rejects)).read_text().splitlines()[1].startswith("51\t")
    assert list(out.glob(".*")) == []  # no temporary folder is left


def test_holdout_rows_keep_a_sealed_name_also_while_they_are_sorted(
    write: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash at any moment leaves holdout rows only in files that are refused."""
    rows = "".join(f"0\t{row}\t0.5\t{(row * 7) % 100}\n" for row in range(1, 100))
    seen: set[str] = set()
    original = order.write_batches

    def watched(*arguments: object) -> int:
        done = original(*arguments)
        seen.update(path.name for path in tmp_path.rglob("*") if path.is_file())
        return done

    monkeypatch.setattr(order, "write_batches", watched)
    load_sealed(write(rows), "ipinyou-ctr", tmp_path / "sealed")
    held = {name for name in seen if "holdout" in name}
    assert held == {"holdout.sealed.parquet", "sorted-holdout.sealed.parquet"}


def test_a_temporary_file_ends_as_its_target_does(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "x.sealed.parquet") as partial, pytest.raises(LeakageError):
        refuse_sealed(partial)
