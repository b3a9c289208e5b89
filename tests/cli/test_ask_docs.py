"""``kit ask``: with no model and with a scripted one, over a folder and past write-ups."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kit.cli import main
from kit.flow.ask_docs import NO_MODEL
from kit.flow.runs import Outcome, finish_run, list_runs, start_run
from tests.ai.loopback import Loopback, Step

ASKED = "which floor did we set on aurora?"
GOOD = {
    "text": "The floor on aurora is 0.40 USD.",
    "passage": "p1",
    "quote": "floor on aurora is 0.40",
}


@pytest.fixture(autouse=True)
def workspace(tmp_path, monkeypatch):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "plan.md").write_text(
        "# Floors we set\n\nOur floor on aurora is 0.40 USD.\n"
    )
    (tmp_path / "notes" / "raw.txt").write_bytes(b"\xff\x00")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KIT_WORKSPACE", str(tmp_path))
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "KIT_MODEL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def model(monkeypatch):
    """A scripted model that the environment names."""
    with Loopback([Step(json.dumps({"sentences": [GOOD]}))]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789abcdef")
        monkeypatch.setenv("KIT_MODEL", "scripted")
        yield server


def asked(capsys, *arguments, code=0):
    assert main(["ask", ASKED, "--folder", "notes", *arguments]) == code
    return capsys.readouterr()


def test_passages_come_with_file_and_line_and_are_recorded(capsys):
    said = asked(capsys, "--most", "2")
    assert NO_MODEL in said.err
    assert said.out.startswith("1. notes/plan.md:1-3  Floors we set\n   # Floors we set\n")
    assert "\n2. " in said.out
    assert "\n3. " not in said.out
    assert "skipped notes/raw.txt: it is no text in UTF-8" in said.out
    run = list_runs(1)[0]
    assert (run.verb, run.status, list(run.inputs)) == ("ask", "done", ["notes/plan.md"])


def test_json_holds_whole_passages(capsys):
    found = json.loads(asked(capsys, "--json").out)
    assert (found["by"], found["answer"], len(found["passages"])) == ("passages", [], 5)
    first = found["passages"][0]
    assert (first["file"], first["first"], first["last"]) == ("notes/plan.md", 1, 3)
    assert first["text"].endswith("Our floor on aurora is 0.40 USD.")
    assert found["skipped"] == [{"name": "notes/raw.txt", "why": "it is no text in UTF-8"}]


def test_a_model_answers_and_each_sentence_cites(capsys, model):
    said = asked(capsys)
    assert "Answered by: scripted" in said.out
    assert "The floor on aurora is 0.40 USD. [notes/plan.md:1-3]" in said.out
    assert NO_MODEL not in said.err


def test_a_struck_sentence_exits_with_3_and_the_passages_follow(capsys, model):
    model.script = [Step(json.dumps({"sentences": [GOOD | {"text": "The floor is 4 USD."}]}))]
    said = asked(capsys, code=3)
    assert "struck: The floor is 4 USD. (4 does not stand in the passage)" in said.out
    assert "None of its sentences holds: the passages stand alone." in said.out
    assert "1. notes/plan.md:1-3" in said.out
    model.script = [Step('{"sentences": []}')]
    assert "It found no answer in what it was shown." in asked(capsys).out


def test_show_prints_what_is_sent_byte_for_byte(capsys, model):
    said = asked(capsys, "--show", "--json")
    assert model.requests == []
    asked(capsys)
    assert json.loads(said.out) == model.bodies[0]["messages"]
    assert "<data passages>" in asked(capsys, "--show").out


def test_no_model_is_asked_where_passages_are_wanted(capsys, model):
    assert NO_MODEL not in asked(capsys, "--drafter", "passages").err
    assert model.requests == []


def test_the_journal_replays_an_answer(capsys, model):
    first = json.loads(asked(capsys, "--mode", "record", "--json").out)
    again = json.loads(asked(capsys, "--mode", "replay", "--json").out)
    assert len(model.requests) == 1
    assert again["answer"] == first["answer"] != []
    assert main(["ai", "journal"]) == 0
    assert "kit/ask_docs@" in capsys.readouterr().out


def test_without_a_model_that_answers_the_passages_are_printed(capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("KIT_MODEL", "gone")
    said = asked(capsys, code=3).out
    assert said.startswith("model: ")
    assert "127.0.0.1:9" in said
    assert "1. notes/plan.md:1-3" in said


def test_a_call_over_budget_is_not_made(capsys, model):
    assert "calls" in asked(capsys, "--calls", "0", code=1).err
    assert model.requests == []


def test_past_write_ups_are_found_and_their_verdicts_stay_here(capsys, model, workspace):
    (workspace / "out").mkdir()
    (workspace / "out" / "report.md").write_text(
        "# Zebra stripes\n## Verdict: better\n**Better: zebra stripes earn +37.00 USD.**\n"
    )
    model.script = [Step('{"sentences": []}')]
    number = start_run("demo", {}, {})
    finish_run(number, Outcome({}, outputs={"out/report.md": "0" * 64, "out/gone/report.md": "1"}))
    assert main(["ask", "what did the zebra stripes earn"]) == 0
    said = capsys.readouterr().out
    assert "1. out/report.md:2-3" in said
    assert "1 passage below tells of a verdict or a holdout" in said
    assert "37.00" in said
    assert "37.00" not in json.dumps(model.bodies)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ask", ""], "question"),
        (["ask", "?!"], "must hold a word to look up"),
        (["ask", "floors", "--folder", "nowhere"], "nowhere is no folder"),
        (["ask", "floors", "--most", "0"], "most: got 0"),
        (["ask", "?!", "--show"], "must hold a word to look up"),
    ],
)
def test_bad_input_is_one_message(capsys, arguments, said):
    assert main(arguments) == 1
    assert said in capsys.readouterr().err


def test_nothing_found_is_said(capsys):
    assert main(["ask", "xylophones qwertz"]) == 1
    assert "no passage holds any of: xylophones, qwertz" in capsys.readouterr().out


@pytest.mark.slow
def test_two_processes_at_once(workspace: Path):
    command = [sys.executable, "-m", "kit.cli", "ask", ASKED, "--folder", "notes", "--json"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=workspace) for _ in range(2)]
    found = [json.loads(each.communicate()[0]) for each in both]
    assert found[0]["passages"] == found[1]["passages"]
    assert {each["run"] for each in found} == {1, 2}
