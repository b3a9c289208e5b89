"""A sealed log: what opens, what stays closed, and when one seal stands for another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kit.base.assets import asset_dir
from kit.base.errors import DataError, LeakageError
from kit.base.files import file_hash
from kit.base.workspace import workspace_root
from kit.data.log import AuctionLog
from kit.data.samples import AUCTIONS
from kit.data.sealed import SealedSplit, open_sealed, seal_log


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
