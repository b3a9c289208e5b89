"""``kit sql`` and ``kit ai``: over the sample log, with no model and with a scripted one."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from kit.ai.journal import Journal
from kit.cli import main
from kit.flow.ask_data import NO_MODEL
from kit.flow.runs import list_runs
from kit.flow.workspace import lay_out
from tests.ai.loopback import Loopback, Step

BY_DEVICE = "SELECT device, count(*) FILTER (WHERE click) AS clicks FROM auctions GROUP BY 1"
ODD = "clicks per bored pigeon"


@pytest.fixture(autouse=True)
def workspace(tmp_path, monkeypatch):
    lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KIT_WORKSPACE", str(tmp_path))
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "KIT_MODEL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def model(monkeypatch):
    """A scripted model that the environment names."""
    with Loopback([Step(json.dumps({"sql": BY_DEVICE, "assumptions": "as usual"}))]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789abcdef")
        monkeypatch.setenv("KIT_MODEL", "scripted")
        yield server


def test_a_question_is_answered_and_recorded(capsys, workspace):
    assert main(["sql", "clicks by device", "--out", "clicks.csv", "--confirm"]) == 0
    said = capsys.readouterr()
    assert NO_MODEL in said.err
    assert "ok   totals: clicks comes to 4,269" in said.out
    assert "GROUP BY" in said.out
    assert pd.read_csv("clicks.csv")["clicks"].sum() == 4269
    assert "clicks by device" in (workspace / "sql_pairs.jsonl").read_text("utf-8")
    run = list_runs(1)[0]
    assert (run.verb, run.status) == ("sql", "done")
    assert any(path.endswith("auctions.parquet") for path in run.inputs)


def test_what_is_not_understood_exits_with_1_and_says_what(capsys):
    assert main(["sql", ODD, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["sql"] is None
    assert "pigeon" in answer["unknown"]


def test_an_answer_that_fails_its_checks_exits_with_3(capsys, model):
    model.script = [Step(json.dumps(
        {"sql": BY_DEVICE.replace("count(*) FILTER (WHERE click)", "count(*)"), "assumptions": ""}
    ))]  # fmt: skip
    assert main(["sql", ODD]) == 3
    assert "CHECK totals: clicks comes to 150,000, the metric clicks to 4,269" in (
        capsys.readouterr().out
    )


def test_show_prints_what_is_sent_byte_for_byte(capsys, model):
    assert main(["ai", "show", ODD, "--json"]) == 0
    said = capsys.readouterr()
    assert model.requests == []
    assert "sk-0123456789abcdef" not in said.out + said.err
    assert main(["sql", ODD]) == 0
    assert json.loads(said.out) == model.bodies[0]["messages"]


def test_the_journal_lists_calls_and_replays_them(capsys, model):
    assert main(["sql", ODD, "--mode", "record", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert main(["sql", ODD, "--mode", "replay", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert len(model.requests) == 1
    assert (again["sql"], again["rows"]) == (first["sql"], first["rows"])
    assert main(["ai", "journal", "--json"]) == 0
    calls = json.loads(capsys.readouterr().out)
    assert [call["verdict"] for call in calls["calls"]] == ["ok"]
    assert calls["spent"]["unpriced"] == 1
    assert main(["ai", "journal"]) == 0
    assert "calls of unknown price" in capsys.readouterr().out
    assert len(Journal().entries()) == 1


def test_the_journal_of_no_calls(capsys, workspace):
    assert main(["ai", "journal"]) == 0
    assert "No call to a model" in capsys.readouterr().out
    assert not (workspace / ".kit" / "ai.sqlite").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sql", "clicks", "--data", "nowhere.duckdb"], "nowhere.duckdb: no such file"),
        (["sql", "clicks", "--allow", "secrets"], "allow: got 'secrets'"),
        (["sql", "clicks", "--out", "rows.xls"], "must end in .csv or .parquet"),
        (["sql", "clicks", "--timeout", "0"], "timeout_seconds: got 0"),
        (["sql", ""], "question"),
    ],
)
def test_bad_input_is_one_message(capsys, arguments, said):
    assert main(arguments) == 1
    assert said in capsys.readouterr().err


def test_a_call_over_budget_is_not_made(capsys, model):
    assert main(["sql", ODD, "--money", "0.01"]) == 1
    assert "price" in capsys.readouterr().err
    assert main(["sql", ODD, "--calls", "0"]) == 1
    assert model.requests == []


def test_a_model_that_is_down_is_one_message(capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("KIT_MODEL", "gone")
    assert main(["sql", ODD]) == 1
    assert "127.0.0.1:9" in capsys.readouterr().err
