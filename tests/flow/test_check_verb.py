"""`kit check` from outside: its exit codes, what it charges and writes, what it refuses."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kit.base.errors import ModelError
from kit.base.units import FEN_CPM
from kit.base.workspace import ledger_path, workspace_root
from kit.cli import main
from kit.data.log import AuctionLog
from kit.data.sealed import HOLDOUT_FILE, SealedSplit, seal_log
from kit.data.simulate import SimulationConfig, simulate
from kit.flow.perform import perform_again
from kit.validate.claim import Claim
from kit.validate.ledger import Ledger
from kit.validate.process import _error
from kit.validate.rule import Schedule
from kit.validate.rules import packaged_rules
from kit.validate.scorer import Scorer
from kit.validate.scoring import Score, score
from kit.validate.verdict import Verdict

Kit = Callable[..., tuple[int, Any, str]]
SPECS: dict[str, dict[str, Any]] = {
    "modest": {"name": "constant", "params": {"bid": 60.0},
               "first_price": {"aurora": 0.05, "borealis": 0.05}},
    "dear": {"name": "constant", "params": {"bid": 60.0}},
    "dearer": {"name": "constant", "params": {"bid": 60.5}},
}  # fmt: skip
"""`modest` surely earns more than `dear`: it pays less where the winner pays its bid."""


@pytest.fixture(scope="module")
def log() -> AuctionLog:
    return simulate(SimulationConfig(auctions=6000, days=10, ctr=0.05), 1).log


@pytest.fixture(scope="module")
def sealed(log: AuctionLog, tmp_path_factory: pytest.TempPathFactory) -> SealedSplit:
    root = tmp_path_factory.mktemp("sealed")
    return seal_log(log.save(root / "log.parquet"), out=root / "sealed")


@pytest.fixture
def specs(tmp_path: Path) -> dict[str, Path]:
    return {name: spec_file(tmp_path / f"{name}.json", name, SPECS[name]) for name in SPECS}


def spec_file(path: Path, name: str, policy: Mapping[str, Any], model: Any = None) -> Path:
    path.write_text(json.dumps({"name": name, "policy": policy, "model": model}))
    return path


class InProcess:
    """Scores in this process, as the child would: quicker, and within reach of a patch."""

    def __init__(self) -> None:
        self.scorer = Scorer()

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        asked = json.loads(json.dumps(dict(request)))
        reply: dict[str, Any] = json.loads(json.dumps(self.scorer.answer(asked)))
        if "error" in reply:
            raise _error(reply)
        return reply


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.validate.vault.PROCESS", InProcess())


@pytest.fixture
def check(kit: Kit, sealed: SealedSplit, specs: dict[str, Path], near: None) -> Kit:
    """Run ``kit check`` on the sealed log: the modest bid against the dear one, unless said."""

    def _check(*more: object, candidate: object = "modest", on: object = None) -> Any:
        chosen = specs.get(str(candidate), candidate)
        return kit(
            "check", on or sealed.folder, "--candidate", chosen, "--baseline", specs["dear"], *more
        )

    return _check


def own_rules(old: str, new: str) -> None:
    """Give the workspace rules of its own."""
    packaged = packaged_rules().read_text()
    assert old in packaged
    workspace_root().mkdir(exist_ok=True)
    (workspace_root() / "gates.toml").write_text(packaged.replace(old, new))


def looks() -> int:
    return sum(entry.kind == "charge" for entry in Ledger(ledger_path()).entries())


def refused(outcome: tuple[int, Any, str], said: str) -> None:
    code, printed, err = outcome
    assert code == 1
    assert said in printed["error"]["message"]
    assert f"kit: {printed['error']['message']}" in err
    assert "Traceback" not in err


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


def test_a_check_that_is_run_again_is_the_same_though_a_look_was_made_meanwhile(
    check: Kit,
) -> None:
    """Looks that are left, and that an answer is a recorded one, are no change of figures."""
    _, first, _ = check()
    check("--question", "worse")
    again, changes = perform_again(first["run"], lambda line: None)
    assert changes == []
    assert again.outcome.summary["verdict"]["repeated"]
