"""The scripted server as a program, as the browser tests start it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from kit.ai.journal import Journal
from tests.ai.cases import Draft


def test_a_served_script_answers_by_what_is_asked(tmp_path: Path, journal: Journal) -> None:
    steps = [
        {"when": "win rate", "content": '{"sql": "SELECT 1", "notes": []}'},
        {"when": "spend", "content": '{"sql": "SELECT 2", "notes": []}'},
    ]
    file = tmp_path / "script.json"
    file.write_text(json.dumps(steps), encoding="utf-8")
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.ai.loopback", "--script", str(file)],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    try:
        assert server.stdout is not None
        client = Client(Endpoint(server.stdout.readline().strip(), "scripted"), journal)
        said = [
            client.ask([{"role": "user", "content": words}], Draft, "sql_draft", "1").value.sql
            for words in ("total spend?", "the win rate?")
        ]
    finally:
        server.kill()
        server.communicate()
    assert said == ["SELECT 2", "SELECT 1"]
