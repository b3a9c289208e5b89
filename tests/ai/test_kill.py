"""SIGKILL at random points of a call: nothing is lost, and each call is charged once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kit.ai.journal import Journal
from tests.ai.loopback import Loopback, Step

RUNS = 30
TOLD = 52
WORKER = """
import sys
from pathlib import Path
import openai
from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from kit.ai.journal import Journal
from kit.base.errors import JournalError
from tests.ai.cases import Draft
client = Client(Endpoint(sys.argv[1], "scripted", price_in="2", price_out="8"),
                Journal(Path(sys.argv[2])), mode="record")
for number in range(int(sys.argv[3]), 10_000):
    said = [{"role": "user", "content": f"Question {number}"}]
    try:
        reply = client.ask(said, Draft, "sql_draft", "1")
    except JournalError as error:
        assert "Pass resend=True" in str(error), error
        print("unknown", number, flush=True)
        reply = client.ask(said, Draft, "sql_draft", "1", resend=True)
    print("ok", number, flush=True)
"""


@pytest.mark.slow
def test_killed_at_random_points_nothing_is_lost_and_each_call_is_charged_once(
    tmp_path: Path,
) -> None:
    rng = random.Random(20261129)
    journal = Journal(tmp_path / "ai.sqlite")
    answered: set[int] = set()
    refused: list[int] = []
    with Loopback([Step(wait_s=0.1)]) as loopback:
        for _ in range(RUNS):
            start = max(answered, default=-1) + 1
            worker = subprocess.Popen(
                [sys.executable, "-c", WORKER, loopback.url, str(journal.path), str(start)],
                stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            assert worker.stdout is not None
            lines = [worker.stdout.readline()]
            time.sleep(rng.uniform(0.0, 0.4))
            os.kill(worker.pid, signal.SIGKILL)
            lines += worker.communicate()[0].splitlines()
            for word, number in (line.split() for line in lines):
                (answered.add if word == "ok" else refused.append)(int(number))
            check(journal, answered, refused)
        made = len(loopback.requests)
    entries = journal.entries()
    unknown = [entry for entry in entries if entry.verdict == "unknown"]
    assert len(unknown) > RUNS / 6  # the kills did fall into calls
    assert len(entries) - len(unknown) <= made <= len(entries)  # no call without its intent


def check(journal: Journal, answered: set[int], refused: list[int]) -> None:
    """What must hold after each kill."""
    entries = journal.entries()
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert {entry.verdict for entry in entries} <= {"ok", "unknown"}
    settled = [entry for entry in entries if entry.verdict == "ok"]
    unknown = [entry for entry in entries if entry.verdict == "unknown"]
    for number in answered:  # what was told is there, once
        said = f'"Question {number}"'
        assert sum(said in entry.call.messages for entry in settled) == 1
    for number in refused:  # what was not known was said, and charged
        assert any(f'"Question {number}"' in entry.call.messages for entry in unknown)
    spent = journal.spent()
    assert spent.calls == len(entries)
    most = sum(entry.call.most.tokens for entry in unknown)
    assert spent.tokens == TOLD * len(settled) + most
    assert len(unknown) <= RUNS
