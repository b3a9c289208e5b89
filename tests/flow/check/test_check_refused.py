"""What `kit check` refuses: one message, and no look for it."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path
from typing import Any

import pytest

from kit.base.workspace import ledger_path
from kit.cli import main
from kit.data.log import AuctionLog
from kit.data.sealed import HOLDOUT_FILE, SealedSplit
from kit.validate.ledger import Ledger
from kit.validate.rule import Schedule
from tests.flow.check.world import Kit, looks, refused, spec_file


@pytest.mark.parametrize(
    ("policy", "model", "said"),
    [
        ({"name": "constnt", "params": {"bid": 1}}, None, "Did you mean 'constant'"),
        ({"name": "constant"}, None, "candidate: "),
        ({"name": "constant", "params": {"bid": -1}}, None, "candidate: "),
        ({"name": "rlb"}, None, "plans ahead over an episode's budget"),
        ({"name": "value"}, None, "Give the spec a model"),
        ({"name": "value"}, {"features": ["devise"]}, "devise"),
        ({"name": "value"}, {"params": {"leaves": 3}}, "leaves"),
        ({"nam": "value"}, None, "policy.name: is missing"),
    ],
)
def test_a_spec_that_cannot_be_built_is_refused_by_name(
    check: Kit, tmp_path: Path, policy: dict[str, Any], model: Any, said: str
) -> None:
    outcome = check(candidate=spec_file(tmp_path / "bad.json", "bad", policy, model))
    refused(outcome, said)
    assert outcome[1]["error"]["message"].startswith("candidate: ")
    assert looks() == 0


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", '"a"'])
def test_a_file_that_is_no_spec_is_refused(check: Kit, tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.json"
    path.write_text(text)
    refused(check(candidate=path), "odd.json")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--question", "not-worse"), "Pass --margin"),
        (("--margin", 1), "Drop --margin"),
        (("--margin", -1, "--question", "not-worse"), "margin: got -1"),
        (("--click-value", 0), "click_value: got 0"),
        (("--budget", "nan"), "budget: got nan"),
        (("--seed", -1), "seed: got -1"),
        (("--proposer", ""), "proposer: got ''"),
    ],
)
def test_a_setting_out_of_range_is_refused(
    check: Kit, options: tuple[object, ...], said: str
) -> None:
    refused(check(*options), said)
    assert looks() == 0


def test_what_is_not_there_or_not_sealed_is_refused(check: Kit, tmp_path: Path) -> None:
    refused(check(on=tmp_path / "nowhere"), "no such file or folder")
    refused(check(on=tmp_path), "must be a folder that `kit load --seal` wrote")
    refused(check(candidate=tmp_path / "no.json"), "Pass a JSON file of a VariantSpec")
    refused(check(candidate="dear"), "bids as the baseline does")
    (tmp_path / "file").write_text("")
    refused(check("--out", tmp_path / "file"), "must be a folder that can be written")
    assert looks() == 0


def test_a_log_that_is_not_sealed_must_name_its_format(
    specs: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(specs["dear"])
    with pytest.raises(SystemExit) as stopped:
        main(["check", path, "--candidate", path, "--baseline", path])
    assert stopped.value.code == 2
    assert "--format is required" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "said"), [(slice(0, 600), "time blocks"), (slice(None, None, 8), "clicks")]
)
def test_a_holdout_that_is_too_small_is_refused_before_it_is_charged(
    check: Kit, log: AuctionLog, tmp_path: Path, rows: slice, said: str
) -> None:
    path = log.rows(rows).save(tmp_path / "small.parquet")
    outcome = check("--format", "parquet", on=path)
    refused(outcome, said)
    assert "a verdict needs at least" in outcome[1]["error"]["message"]
    assert looks() == 0


def test_a_sealed_file_changed_by_a_byte_is_refused(
    check: Kit, sealed: SealedSplit, tmp_path: Path
) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(sealed.folder, folder)
    content = bytearray((folder / HOLDOUT_FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / HOLDOUT_FILE).write_bytes(content)
    refused(check(on=folder), "No look was charged")
    assert looks() == 0


def test_a_ledger_that_cannot_be_written_stops_before_the_holdout(
    check: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scored(*_: object) -> None:
        raise AssertionError("the holdout was scored")

    monkeypatch.setattr("kit.validate.look._scored", scored)
    ledger_path().mkdir(parents=True)  # no file can be opened there
    refused(check(), "nothing was scored")


def test_a_workspace_that_cannot_be_written_stops_at_once(
    check: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KIT_WORKSPACE", str(tmp_path / "file"))
    refused(check(), "set KIT_WORKSPACE to a folder that can be written")


def test_a_ledger_edited_by_hand_is_refused(check: Kit) -> None:
    check(candidate="dearer")
    assert looks() == 1
    tamper(ledger_path())
    refused(check(), "row 1 is not as it was written")


def test_a_spent_budget_names_what_restores_it(
    check: Kit, sealed: SealedSplit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.validate.ledger.Schedule", functools.partial(Schedule, looks=6))
    for claim in range(6):
        Ledger().charge(sealed.source_hash, sealed.holdout_hash, str(claim), {"proposer": "human"})
    refused(check(), "A fresh holdout restores it")
    assert looks() == 6


def tamper(ledger: Path) -> None:
    """Change who asked, in the file's bytes: no trigger sees it."""
    content = ledger.read_bytes()
    assert content.count(b'"proposer": "human", "question"') == 1
    changed = content.replace(
        b'"proposer": "human", "question"', b'"proposer": "nobod", "question"'
    )
    ledger.write_bytes(changed)
