"""The command line: help, exit codes, JSON, and one clear message for each mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.base.assets import asset_dir
from kit.cli import main
from kit.data.log import AuctionLog
from kit.data.samples import AUCTIONS, THETA

Kit = Callable[..., tuple[int, Any, str]]
AUCTIONS_PATH = str(asset_dir("data_samples") / AUCTIONS)
VERBS = ("demo", "load", "simulate", "train", "replay", "allocate", "floors", "report", "runs",
         "check", "ledger")  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([verb, "--help"])
    text = capsys.readouterr().out
    assert stopped.value.code == 0
    assert "--json" in text
    assert "Exit codes: 0 done, 1 refused or failed" in text


def test_help_of_load_lists_the_columns(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["load", "--help"])
    assert "min_bid_to_win_cpm" in capsys.readouterr().out


def test_help_of_replay_lists_policies_and_formats(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["replay", "--help"])
    text = capsys.readouterr().out
    for word in ("ipinyou-theta", "mcpc", "shading_factor", "rlb"):
        assert word in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["dem"], ["replay"], ["replay", "x"], ["replay", "x", "--policy", "lin"],
        ["demo", "--data", "x"], ["demo", "--format", "csv"], ["load", "x", "--format", "cvs"],
        ["demo", "--seed", "many"], ["runs", "--show", "1", "--again", "1"],
        ["load", "x", "--format", "csv", "--out", "y", "--column", "price"],
        ["allocate", "--supply", "s"], ["floors", "--format", "csv"],
        ["floors", "x", "--format", "csv", "--curves", "y"],
    ],
)  # fmt: skip
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: kit" in capsys.readouterr().err


def test_without_a_verb_it_shows_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "demo" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["demo", "--data", "nowhere.txt", "--format", "csv"], "no such file"),
        (["demo", "--holdout", "0.95"], "holdout: got 0.95"),
        (["simulate", "--out", "x.parquet", "--days", "0"], "days: got 0"),
        (["report", "nowhere.json", "--out", "out"], "cannot be read"),
        (["runs", "--again", "9"], "this workspace has none"),
        (["train", "nowhere", "--out", "m"], "no such file"),
        (
            ["replay", AUCTIONS_PATH, "--format", "parquet", "--policy", "value"],
            "Pass --model DIR",
        ),
    ],
)
def test_refusals_are_1(
    kit: Kit, arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, printed, err = kit(*arguments)
    assert code == 1
    assert said in printed["error"]["message"]
    assert err.splitlines()[-1] == f"kit: {printed['error']['message']}"
    assert [path.name for path in tmp_path.iterdir() if path.name != "workspace"] == []


def test_an_output_that_cannot_be_written(kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    code, printed, _ = kit("simulate", "--auctions", 100, "--out", tmp_path / "file" / "x.parquet")
    assert code == 1
    assert "file" in printed["error"]["message"]


def test_simulate_load_train(kit: Kit, tmp_path: Path) -> None:
    """A log is simulated, written as CSV by another tool, loaded sealed, and trained on."""
    code, printed, _ = kit("simulate", "--auctions", 40_000, "--out", tmp_path / "sim.parquet")
    assert code == 0
    assert printed["auctions"] == 40_000
    log = AuctionLog.read(tmp_path / "sim.parquet")
    log.frame.to_csv(tmp_path / "log.csv", index=False)
    arguments = ("load", tmp_path / "log.csv", "--format", "csv")
    features = ("--features", ",".join(log.meta.features))
    code, printed, _ = kit(*arguments, *features, "--out", tmp_path / "log.parquet")
    assert (code, printed["rows"], printed["bad_rows"]) == (0, 40_000, 0)
    code, printed, _ = kit(*arguments, *features, "--out", tmp_path / "sealed", "--seal")
    assert code == 0
    parts = printed["parts"]
    assert sum(parts.values()) == 40_000
    code, printed, _ = kit(
        "train", tmp_path / "sealed", "--out", tmp_path / "models", "--targets", "click"
    )
    assert code == 0
    assert printed["models"]["click"]["kind"] == "lightgbm"
    assert (printed["train"], printed["tune"]) == (parts["train"], parts["tune"])
    holdout = tmp_path / "sealed" / "holdout.sealed.parquet"
    code, printed, _ = kit("replay", holdout, "--format", "parquet", "--policy", "constant",
                           "--set", "bid=3")  # fmt: skip
    assert code == 1
    assert printed["error"]["type"] == "LeakageError"
    assert "only a scoring step opens them" in printed["error"]["message"]


def test_training_on_a_sealed_log_opens_no_sealed_file(kit: Kit, tmp_path: Path) -> None:
    log, sealed = tmp_path / "sim.parquet", tmp_path / "sealed"
    kit("simulate", "--auctions", 40_000, "--out", log)
    kit("load", log, "--format", "parquet", "--out", sealed, "--seal")
    (sealed / "holdout.sealed.parquet").write_bytes(b"no Parquet: whoever opens it fails")
    train = ("train", sealed, "--out", tmp_path / "models", "--targets", "click")
    code, printed, _ = kit(*train)
    assert (code, printed["models"]["click"]["kind"]) == (0, "lightgbm")
    (sealed / "tune.parquet").unlink()
    code, printed, _ = kit(*train)
    assert (code, printed["error"]["type"]) == (1, "DataError")
    assert "lacks tune.parquet; must be a folder that `kit load --seal` wrote" in str(printed)


def test_bad_rows_are_set_aside_beside_the_output(kit: Kit, tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text((asset_dir("data_samples") / THETA).read_text() + "0 -4 0.1\n")
    arguments = ("load", path, "--format", "ipinyou-theta", "--out", tmp_path / "log.parquet")
    code, printed, _ = kit(*arguments)
    assert code == 1
    assert "line 20001: market_price_cpm: -4; must be >= 0" in printed["error"]["message"]
    code, printed, _ = kit(*arguments, "--errors", "skip")
    assert (code, printed["rows"], printed["bad_rows"]) == (0, 20_000, 1)
    assert "0 -4 0.1" in Path(printed["rejects"]).read_text()


def test_people_get_lines_machines_get_one_object(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(asset_dir("data_samples") / AUCTIONS)
    arguments = ["replay", path, "--format", "parquet", "--policy", "constant", "--set", "bid=3"]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert "impressions" in printed.out
    assert "loading auctions.parquet" in printed.err
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["policy"] == "constant"


def test_the_installed_command() -> None:
    command = Path(sys.executable).with_name("kit")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("programmatic-kit ")
