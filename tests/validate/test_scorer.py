"""The scoring process: what comes out of it, and how it starts, ends and starts again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from kit.base.errors import HoldoutSpentError, ScoringError
from kit.validate import scorer as scorer_module
from kit.validate.holdout import Holdings
from kit.validate.ledger import Ledger
from kit.validate.process import PROCESS, ScoringProcess
from kit.validate.rules import packaged_rules
from kit.validate.scorer import Scorer, serve
from tests.validate.vault_cases import (
    Case,
    another_draw,
    count,
    forked,
    make_case,
    with_other_holdout,
)

SECRET = "dione paid 7.25"
ECHO = """
import json, os, sys
for line in sys.stdin:
    asked = json.loads(line)["do"]
    if asked == "die":
        os._exit(9)
    print(json.dumps({"asked": asked}), flush=True)
"""


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("scorer"))


@pytest.fixture
def asked(case: Case, tmp_path: Path) -> dict[str, Any]:
    return {
        "do": "look", "folder": str(case.sealed.folder), "rules": str(packaged_rules()),
        "ledger": str(tmp_path / "ledger.sqlite"), "proposer": "human",
        "claim": case.claim("good", "low").to_dict(),
    }  # fmt: skip


def test_what_fails_unexpectedly_is_told_by_its_kind_and_place_alone(
    asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Charged, not answered; mended, it is answered for the same charge."""
    ledger = Ledger(Path(asked["ledger"]))

    def fail(*_: Any) -> None:
        raise RuntimeError(SECRET)

    with monkeypatch.context() as patch:
        patch.setattr("kit.validate.look._scored", fail)
        answer = Scorer().answer(asked)
    assert answer["error"] == "ScoringError"
    assert answer["message"].startswith("RuntimeError in test_scorer.py, line ")
    assert SECRET not in json.dumps(answer)
    assert count(ledger) == (1, 0)
    assert Scorer().answer(asked)["verdict"]["look"] == 1
    assert count(ledger) == (1, 1)


def test_what_is_refused_on_purpose_is_told_in_its_own_words(
    asked: dict[str, Any], tmp_path: Path
) -> None:
    answer = Scorer().answer(asked | {"folder": str(tmp_path)})
    assert answer["error"] == "DataError"
    assert "lacks train.parquet" in answer["message"]


def test_it_holds_two_logs_at_most_and_reads_each_once(
    case: Case, asked: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    original = Holdings.open

    def watched(folder: str) -> Any:
        opened.append(Path(folder).parent.name)
        return original(folder)

    monkeypatch.setattr(Holdings, "open", watched)
    others = [with_other_holdout(case, tmp_path / name, another_draw(1)) for name in "ab"]
    first, second, third = (
        asked | {"do": "preview", "folder": str(one.sealed.folder)} for one in (case, *others)
    )
    scorer = Scorer()
    for request in (first, second, first, second, third, second, first):
        assert "verdict" in scorer.answer(request)
    name = case.sealed.folder.parent.name
    assert opened == [name, "a", "b", name]


def served(*parts: bytes, idle_s: float = 5.0) -> list[Any]:
    """Return the answers to what is written in parts to a scorer that echoes."""
    read, write = os.pipe()
    lines: list[str] = []
    for part in parts:
        os.write(write, part)
    if idle_s > 1:
        os.close(write)
    serve(read, lines.append, idle_s)
    os.close(read)
    return [json.loads(line) for line in lines]


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scorer, "answer", lambda self, request: request)


@pytest.mark.usefixtures("echo")
def test_each_line_is_answered_however_it_arrives() -> None:
    assert served(b'{"a": 1}\n{"b"', b': "\xc3\xa4"}\n', b'{"cut": ') == [{"a": 1}, {"b": "ä"}]


@pytest.mark.usefixtures("echo")
def test_it_ends_when_nobody_asks() -> None:
    started = time.monotonic()
    assert served(b'{"a": 1}\n', idle_s=0.05) == [{"a": 1}]
    assert time.monotonic() - started < 5


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScoringProcess]:
    """A scoring process whose child does no more than echo."""
    started = subprocess.Popen

    def popen(command: list[str], **options: Any) -> Any:
        assert command[-2:] == ["-m", "kit.validate.scorer"]
        return started([sys.executable, "-c", ECHO], **options)

    monkeypatch.setattr(subprocess, "Popen", popen)
    process = ScoringProcess()
    yield process
    process.close()


def test_one_life_of_a_scoring_process(
    process: ScoringProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed or interrupted, it is started again."""
    assert process.pid is None
    assert process.ask({"do": "first"}) == {"asked": "first"}
    first = process.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert process.ask({"do": "second"}) == {"asked": "second"}
    assert process.pid not in (None, first)

    def interrupt() -> str:
        raise KeyboardInterrupt

    child = process._child
    assert child is not None
    assert child.stdout is not None
    stopped = SimpleNamespace(readline=interrupt, close=child.stdout.close)
    monkeypatch.setattr(child, "stdout", stopped)
    with pytest.raises(KeyboardInterrupt):
        process.ask({"do": "third"})
    assert process.pid is None
    assert process.ask({"do": "fourth"}) == {"asked": "fourth"}  # not the third's answer
    with pytest.raises(ScoringError, match="died twice"):
        process.ask({"do": "die"})
    process.close()
    assert process.pid is None


@pytest.mark.usefixtures("echo")
def test_what_libraries_print_spoils_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(self: Scorer, request: Any) -> Any:
        print("what a library prints", flush=True)
        os.write(1, b"what compiled code prints\n")
        return request

    monkeypatch.setattr(Scorer, "answer", answer)
    asks, answers = os.pipe(), os.pipe()

    def serve_on_pipes() -> None:
        os.dup2(asks[0], 0)
        os.dup2(answers[1], 1)
        os.close(asks[1])
        sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w", closefd=False)
        scorer_module.main()

    child = forked(serve_on_pipes)
    os.write(asks[1], b'{"a": 1}\n{"b": 2}\n')
    for end in (*asks, answers[1]):
        os.close(end)
    with os.fdopen(answers[0]) as lines:
        assert [json.loads(line) for line in lines] == [{"a": 1}, {"b": 2}]
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_it_ends_with_the_process_that_started_it() -> None:
    read, write = os.pipe()

    def start() -> None:
        os.write(write, f"{PROCESS._running().pid}\n".encode())
        time.sleep(60)

    asker = forked(start)
    with os.fdopen(read) as line:
        os.close(write)
        scorer = psutil.Process(int(line.readline()))
    os.kill(asker, signal.SIGKILL)
    os.waitpid(asker, 0)
    gone, _ = psutil.wait_procs([scorer], timeout=30)
    assert gone == [scorer]


def test_a_scoring_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    process = ScoringProcess()
    reply = {"error": "ScoringError", "message": "KeyError in look.py, line 7"}
    monkeypatch.setattr(process, "_exchange", lambda _: json.dumps(reply) + "\n")
    with pytest.raises(ScoringError, match=r"KeyError in look\.py.*not charged twice\. Report it"):
        process.ask({})
    reply = {"error": "HoldoutSpentError", "message": "none left"}
    with pytest.raises(HoldoutSpentError, match="none left"):
        process.ask({})
