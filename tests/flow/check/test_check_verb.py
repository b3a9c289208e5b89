"""`kit check` from outside: its exit codes, what it charges and writes."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from kit.base.errors import ModelError
from kit.base.units import FEN_CPM
from kit.base.workspace import ledger_path, workspace_root
from kit.cli import main
from kit.data.log import AuctionLog
from kit.data.sealed import HOLDOUT_FILE, SealedSplit
from kit.flow.perform import perform_again
from kit.validate.claim import Claim
from kit.validate.ledger import Ledger
from kit.validate.scoring import Score, score
from kit.validate.verdict import Verdict
from tests.flow.check.world import SPECS, Kit, looks, own_rules, refused, spec_file


def test_one_look_by_the_scoring_process_ends_in_a_verdict(
    kit: Kit, sealed: SealedSplit, specs: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    asked = ("check", sealed.folder, "--candidate", specs["modest"], "--baseline", specs["dear"])
    code, printed, err = kit(*asked, "--proposer", "a test", "--out", out)
    assert (code, printed["exit_code"], printed["verdict"]["answer"]) == (0, 0, "better")
    assert "kit: " not in err
    verdict = Verdict.from_dict(printed["verdict"])
    assert verdict.effect is not None
    assert verdict.effect.difference > 0
    assert (verdict.look, verdict.looks_left) == (1, 199)
    assert printed["headline"].startswith("Better: modest against dear, +")
    assert Verdict.from_dict(json.loads((out / "verdict.json").read_text())) == verdict
    page = (out / "verdict.md").read_text()
    assert page.startswith("# Better\n")
    assert verdict.candidate_hash in page
    (charge, _) = Ledger(ledger_path()).entries()
    assert charge.body["proposer"] == "a test"
    _, (run,), _ = kit("runs")
    assert (run["verb"], run["status"]) == ("check", "done")
    assert run["summary"] == {name: printed[name] for name in printed if name != "run"}
    assert set(run["outputs"]) == {str(out / "verdict.json"), str(out / "verdict.md")}

    code, again, _ = kit(*asked, "--proposer", "another")
    assert code == 0
    assert Verdict.from_dict(again["verdict"]) == replace(verdict, repeated=True)
    assert "no new look was charged" in again["lines"][0]
    assert looks() == 1


def test_what_is_not_shown_fails_with_1_and_tells_no_figure_of_the_holdout(check: Kit) -> None:
    code, printed, err = check(candidate="dearer")
    assert code == 1
    assert "error" not in printed
    assert "kit: " not in err
    assert printed["headline"].startswith("Not shown better: dearer against dear. Look 1 of 200;")
    assert printed["verdict"]["effect"] is None
    assert "On the holdout: no figure" in printed["lines"][1]
    assert looks() == 1


def test_a_charged_look_that_could_not_be_scored_says_so(
    check: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scored(log: AuctionLog, claim: Claim, tune: Score | None = None) -> Score:
        if tune is not None:  # it is given for the holdout alone
            raise ModelError("a sealed row is 7")
        return score(log, claim)

    monkeypatch.setattr("kit.validate.look.score", scored)
    code, printed, _ = check()
    assert (code, looks()) == (1, 1)
    assert "sealed row" not in json.dumps(printed)
    assert printed["lines"][-1].startswith("Next: find out why it could not be scored")


def test_a_doubt_needs_a_person_with_3(check: Kit, tmp_path: Path) -> None:
    own_rules("min_clicks = 30 ", "min_clicks = 9000 ")
    policy = SPECS["modest"] | {"name": "value", "params": {"multiplier": 4.0}}
    features = {"features": ["exchange", "device"]}
    spec = spec_file(tmp_path / "model.json", "with a model", policy, features)
    code, printed, _ = check(candidate=spec)
    assert (code, printed["verdict"]["answer"]) == (3, "better")
    assert printed["verdict"]["status"] == "needs a person"
    assert "a person must look at calibration on the tune split" in printed["headline"]


def test_tune_only_charges_nothing_and_reads_no_sealed_row(
    check: Kit, sealed: SealedSplit, tmp_path: Path
) -> None:
    folder = tmp_path / "unreadable"
    shutil.copytree(sealed.folder, folder)
    (folder / HOLDOUT_FILE).write_bytes(b"nothing to read")
    code, printed, _ = check("--tune-only", on=folder)
    assert (code, printed["verdict"]["answer"]) == (3, "not looked at")
    assert printed["verdict"]["look"] == 0
    assert "the next could show +" in printed["headline"]
    assert printed["lines"][-1].startswith("Next: a look, which is charged")
    assert looks() == 0


def test_a_candidate_that_fails_on_the_tune_split_costs_no_look(
    kit: Kit, sealed: SealedSplit, specs: dict[str, Path], near: None
) -> None:
    own_rules('then = "needs a person"', 'then = "fail"')
    code, printed, _ = kit(
        "check", sealed.folder, "--candidate", specs["dear"], "--baseline", specs["modest"]
    )
    assert (code, printed["verdict"]["answer"]) == (1, "not looked at")
    assert "fails worst segment on the tune split" in printed["headline"]
    assert looks() == 0


def test_amounts_are_in_currency_and_a_plain_log_is_sealed_once(
    check: Kit, log: AuctionLog, tmp_path: Path
) -> None:
    frame = log.frame.drop(columns="click_value_cpm")
    fen = AuctionLog(frame, replace(log.meta, unit=FEN_CPM)).save(tmp_path / "fen.parquet")
    refused(check("--format", "parquet", on=fen), "Pass --click-value")
    money = ("--click-value", 2, "--budget", 0.5, "--margin", 0.25)
    _, printed, _ = check("--format", "parquet", "--question", "not-worse", *money, on=fen)
    assert printed["verdict"]["question"] == "not_worse"
    charge = Ledger(ledger_path()).entries()[0].body
    assert charge["click_value_cpm"] == 200_000  # 2 CNY a click are 2,000 CNY a mille
    assert charge["budget_per_1000"] == 50_000
    assert charge["margin_per_1000"] == 25_000
    assert len(list((workspace_root() / ".kit" / "sealed").iterdir())) == 1


def test_a_frozen_folder_is_taken_as_it_is_and_refused_once_changed(check: Kit) -> None:
    _, printed, _ = check("--tune-only")
    folder = workspace_root() / ".kit" / "candidates" / printed["verdict"]["candidate_hash"][:16]
    _, again, _ = check("--tune-only", candidate=folder)
    assert again["verdict"] == printed["verdict"]
    (folder / "more.json").write_text("{}")
    refused(check(candidate=folder), "candidate: ")
    assert looks() == 0


def test_without_json_the_headline_comes_first(
    sealed: SealedSplit, specs: dict[str, Path], near: None, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = ("--candidate", str(specs["modest"]), "--baseline", str(specs["dear"]))
    assert main(["check", str(sealed.folder), *paths, "--tune-only"]) == 3
    first, second, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("Not looked at yet: modest against dear. 200 of 200 looks are left")
    assert second.startswith("  Answer: none")
    assert last.startswith("  Next: ")


@pytest.mark.parametrize("verb", ["check", "ledger"])
def test_help_tells_the_exit_codes(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([verb, "--help"])
    assert stopped.value.code == 0
    assert "`kit check`: 0 pass, 1 fail, 3 needs a person." in capsys.readouterr().out


def test_a_check_that_is_run_again_is_the_same_though_a_look_was_made_meanwhile(
    check: Kit,
) -> None:
    """Looks that are left, and that an answer is a recorded one, are no change of figures."""
    _, first, _ = check()
    check("--question", "worse")
    again, changes = perform_again(first["run"], lambda line: None)
    assert changes == []
    assert again.outcome.summary["verdict"]["repeated"]
