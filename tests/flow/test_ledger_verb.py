"""`kit ledger` from outside: what was looked at, what is left, and a ledger that is not whole."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kit.base.workspace import ledger_path
from kit.cli import main
from kit.data.seal import SPLIT_FILE
from kit.data.sealed import HOLDOUT_FILE
from kit.validate.ledger import Ledger
from kit.validate.rule import Schedule
from kit.validate.verdict import GateResult, Verdict

Kit = Callable[..., tuple[int, Any, str]]
FAILED = Verdict(
    "better", False, "fail", (GateResult("effect", "fail", "holdout"),), "shaded", "logged",
    "c0", "b0", "log a", 1, 199, 0.022,
)  # fmt: skip


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A folder that says what was sealed; a ledger is read without any row of it."""
    facts = {
        "parts": {"train": 3, "tune": 1, "holdout": 1}, "kind": "day", "cutoffs": {},
        "source": "log.parquet", "source_hash": "c" * 64, "bad_rows": 0, "holdout_hash": "rows",
    }  # fmt: skip
    (tmp_path / SPLIT_FILE).write_text(json.dumps(facts))
    for name in ("train.parquet", "tune.parquet", HOLDOUT_FILE):
        (tmp_path / name).touch()
    return tmp_path


def look(source: str, claim: str, *, is_answered: bool = True) -> None:
    """Record a look at a log, as the scoring process does."""
    facts = {
        "proposer": "a person", "candidate": {"name": "shaded"}, "baseline": {"name": "logged"},
        "question": "better",
    }  # fmt: skip
    charge = Ledger().charge(source, "rows", claim, facts)
    if is_answered:
        verdict = replace(FAILED, source_hash=source, look=charge.look)
        Ledger().answer(charge, "nothing", verdict.to_dict())


def test_without_a_ledger_it_says_so_and_makes_none(
    kit: Kit, capsys: pytest.CaptureFixture[str]
) -> None:
    code, printed, _ = kit("ledger")
    assert code == 0
    assert printed["looks"] == printed["logs"] == []
    assert "no ledger in this workspace yet" in printed["message"]
    assert main(["ledger"]) == 0
    assert capsys.readouterr().out == printed["message"] + "\n"
    assert not ledger_path().exists()


def test_every_look_is_listed_with_what_is_spent_and_left(
    kit: Kit, capsys: pytest.CaptureFixture[str]
) -> None:
    look("a" * 64, "first")
    look("a" * 64, "second", is_answered=False)
    look("b" * 64, "first")
    code, printed, _ = kit("ledger")
    assert code == 0
    assert [row["answer"] for row in printed["looks"]] == [
        "not shown better", "not answered", "not shown better",
    ]  # fmt: skip
    schedule = Schedule()
    logs = {row["source_hash"][0]: row for row in printed["logs"]}
    assert {name: row["looks_left"] for name, row in logs.items()} == {"a": 198, "b": 199}
    assert logs["a"]["spent"] == pytest.approx(schedule.share(1) + schedule.share(2))
    assert logs["b"]["spent"] == pytest.approx(schedule.share(1))
    assert main(["ledger"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "log aaaaaaaaaaaa: 2 looks, 198 left; 3.1 % of 5 % false acceptance spent"
    assert lines[1].endswith("fail            shaded against logged, asked by a person")
    assert lines[3].startswith("log bbbbbbbbbbbb: 1 look, 199 left; 2.2 %")


def test_one_log_alone(kit: Kit, sealed: Path) -> None:
    look("a" * 64, "first")
    code, printed, _ = kit("ledger", "--log", sealed)
    assert (code, printed["looks"]) == (0, [])
    assert printed["message"] == "no look at log.parquet yet; 200 are left"
    look("c" * 64, "first")
    _, printed, _ = kit("ledger", "--log", sealed)
    assert [row["source_hash"] for row in printed["logs"]] == ["c" * 64]
    assert printed["message"] == ""


def test_the_whole_ledger_as_csv(kit: Kit, tmp_path: Path) -> None:
    look("a" * 64, "first")
    path = tmp_path / "ledger.csv"
    code, printed, _ = kit("ledger", "--csv", path)
    assert (code, printed["csv"]) == (0, str(path))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["kind"] for row in rows] == ["charge", "answer"]
    assert json.loads(rows[0]["body"])["proposer"] == "a person"


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_folder_that_is_not_sealed_is_refused(kit: Kit, tmp_path: Path, name: str) -> None:
    code, printed, _ = kit("ledger", "--log", tmp_path / name)
    assert code == 1
    assert "must be a folder that `kit load --seal` wrote" in printed["error"]["message"]


def test_a_ledger_edited_by_hand_is_refused(kit: Kit) -> None:
    look("a" * 64, "first")
    content = ledger_path().read_bytes()
    assert content.count(b"a person") == 1
    ledger_path().write_bytes(content.replace(b"a person", b"a ghost!"))
    code, printed, err = kit("ledger")
    assert code == 1
    assert printed["error"]["type"] == "LedgerError"
    assert "row 1 is not as it was written" in printed["error"]["message"]
    assert "Traceback" not in err


@pytest.mark.parametrize("content", [b"no database", None])
def test_what_is_no_ledger_is_refused(kit: Kit, content: bytes | None) -> None:
    ledger_path().parent.mkdir(parents=True)
    if content is None:
        ledger_path().mkdir()
    else:
        ledger_path().write_bytes(content)
    code, printed, _ = kit("ledger")
    assert code == 1
    assert printed["error"]["type"] == "LedgerError"
