"""A sealed log: what opens, what stays closed, and when one seal stands for another."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from kit.base.assets import asset_dir
from kit.base.errors import DataError, LeakageError
from kit.base.files import file_hash
from kit.base.workspace import workspace_root
from kit.data import sealed as sealed_module
from kit.data import warehouse
from kit.data.load import load_log, load_to_parquet
from kit.data.log import AuctionLog
from kit.data.samples import AUCTIONS
from kit.data.seal import load_sealed
from kit.data.sealed import SealedSplit, open_sealed, seal_log
from kit.data.warehouse import ScannedLog


@pytest.fixture(scope="module")
def sample() -> Path:
    return asset_dir("data_samples") / AUCTIONS


@pytest.fixture(scope="module")
def sealed(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> SealedSplit:
    return seal_log(sample, out=tmp_path_factory.mktemp("seal") / "sealed")


def test_the_parts_are_there_and_the_holdout_stays_closed(sealed: SealedSplit) -> None:
    assert sealed.rows["train"] == len(sealed.train)
    assert sealed.rows["tune"] == len(sealed.tune)
    assert sealed.rows["holdout"] > 0
    assert sealed.holdout_hash == file_hash(sealed.holdout_path)
    with pytest.raises(LeakageError, match="sealed holdout rows"):
        AuctionLog.read(sealed.holdout_path)
    assert "sealed holdout from" in sealed.about


def test_clicks_of_invalid_traffic_count_as_none(sealed: SealedSplit) -> None:
    frame = sealed.train.frame
    assert frame["is_invalid_traffic"].any()
    assert not (frame["click"] & frame["is_invalid_traffic"]).any()


@pytest.mark.slow
def test_the_same_seal_is_made_once(sample: Path) -> None:
    first = seal_log(sample)
    assert first.folder.parent == (workspace_root() / ".kit" / "sealed").resolve()
    written = first.holdout_path.stat().st_mtime_ns
    assert seal_log(sample).holdout_path.stat().st_mtime_ns == written
    other = seal_log(sample, holdout=0.3)
    assert other.folder != first.folder
    assert other.source_hash == first.source_hash  # one error budget


def test_a_folder_of_another_log_is_refused(sample: Path, tmp_path: Path) -> None:
    log = AuctionLog.read(sample)
    shorter = AuctionLog(log.frame.head(100_000), log.meta).save(tmp_path / "shorter.parquet")
    seal_log(sample, out=tmp_path / "sealed")
    with pytest.raises(DataError, match=r"holds a split of auctions\.parquet with other bytes"):
        seal_log(shorter, out=tmp_path / "sealed")


def test_a_torn_or_old_folder_is_refused(sample: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing: lacks train\.parquet, tune\.parquet"):
        open_sealed(tmp_path / "nothing")
    with pytest.raises(DataError, match="no such file"):
        seal_log(tmp_path / "absent.parquet")
    folder = seal_log(sample, out=tmp_path / "sealed").folder
    facts = json.loads((folder / "split.json").read_text())
    del facts["holdout_hash"]
    (folder / "split.json").write_text(json.dumps(facts))
    with pytest.raises(DataError, match=r"lacks holdout_hash; was written by another version"):
        open_sealed(folder)
    (folder / "split.json").write_text("no json")
    with pytest.raises(DataError, match="cannot be read"):
        open_sealed(folder)


READERS = {
    "AuctionLog.read": AuctionLog.read,
    "ScannedLog": ScannedLog,
    "load_log": load_log,
    "load_to_parquet": lambda path: load_to_parquet(path, "parquet", path.with_name("out.parquet")),
    "load_sealed": lambda path: load_sealed(path, "parquet", path.with_name("again")),
    "seal_log": seal_log,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("way", ["itself", "symlink", "hard link", "copy"])
def test_no_reader_opens_sealed_rows_by_whatever_name(
    sealed: SealedSplit, tmp_path: Path, reader: str, way: str
) -> None:
    """The seal is a mark in the file, not only its name; and no new log, with a new budget."""
    path = tmp_path / "harmless.parquet"
    if way == "itself":
        path = sealed.holdout_path
    elif way == "symlink":
        path.symlink_to(sealed.holdout_path)
    elif way == "hard link":
        path.hardlink_to(sealed.holdout_path)
    else:
        shutil.copy(sealed.holdout_path, path)
    with pytest.raises(LeakageError, match="sealed holdout rows"):
        READERS[reader](path)
    assert not (tmp_path / "out.parquet").exists()
    assert not (tmp_path / "again").exists()


def test_the_mark_survives_sorting(sample: Path, tmp_path: Path) -> None:
    """A log out of order is sorted part by part, which writes the holdout again."""
    frame = AuctionLog.read(sample).frame.head(20_000)
    shuffled = frame.sample(frac=1.0, random_state=1)
    columns = {name: name for name in ("timestamp", "market_price_cpm", "market_price_kind")}
    shuffled[list(columns)].to_parquet(tmp_path / "shuffled.parquet", index=False)
    parts = seal_log(tmp_path / "shuffled.parquet", out=tmp_path / "sealed", columns=columns)
    shutil.copy(parts.holdout_path, tmp_path / "copy.parquet")
    with pytest.raises(LeakageError):
        AuctionLog.read(tmp_path / "copy.parquet")
    assert not parts.train.meta.sealed
    assert not parts.tune.meta.sealed


def test_a_sealed_file_is_refused_by_its_name_before_it_is_opened(
    sealed: SealedSplit, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    for module, name in ((sealed_module, "file_hash"), (warehouse.pq, "read_schema")):
        monkeypatch.setattr(module, name, lambda path, name=name: opened.append(name))
    for reader in (seal_log, warehouse.is_kit_log):
        with pytest.raises(LeakageError):
            reader(sealed.holdout_path)
    assert opened == []
