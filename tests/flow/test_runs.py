"""Every run leaves a row: done with its hashes, or failed with its reason, even when killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.base.assets import asset_dir
from kit.base.errors import DataError, RunError
from kit.base.files import file_hash
from kit.base.workspace import runs_path
from kit.cli import main
from kit.data.samples import THETA
from kit.flow.perform import perform, perform_again
from kit.flow.runs import KILLED, get_run, list_runs, start_run
from kit.flow.specs import ReplaySpec, Source

Kit = Callable[..., tuple[int, Any, str]]
PATH = asset_dir("data_samples") / THETA


def quiet(line: str) -> None:
    """Say nothing."""


def spec(path: Path = PATH, **more: object) -> ReplaySpec:
    source = Source(path=path, format="ipinyou-theta")
    return ReplaySpec(source=source, policy="constant", params={"bid": "80"}, **more)


def test_a_run_is_recorded(tmp_path: Path) -> None:
    done = perform("replay", spec(out=tmp_path / "r.json", seed=7), quiet)
    run = get_run(done.number)
    assert (run.verb, run.status, run.message) == ("replay", "done", "")
    assert run.inputs == {str(PATH): file_hash(PATH)}
    assert run.outputs == {str(tmp_path / "r.json"): file_hash(tmp_path / "r.json")}
    assert run.spec["seed"] == 7
    assert run.versions["programmatic-kit"]
    assert run.summary == done.outcome.summary
    assert run.started_at <= run.ended_at
    assert [item.id for item in list_runs()] == [done.number]


def test_a_refused_run_is_recorded_with_its_reason() -> None:
    with pytest.raises(DataError):
        perform("replay", spec(Path("nowhere.txt")), quiet)
    (run,) = list_runs()
    assert run.status == "failed"
    assert "no such file" in run.message


def test_again_gives_the_same_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(PATH.read_bytes())
    first = perform("replay", spec(path), quiet)
    again, changes = perform_again(first.number, quiet)
    assert again.number == first.number + 1
    assert again.outcome.summary == first.outcome.summary
    assert changes == []
    with path.open("a") as file:
        file.write("1 10 0.01\n")
    _, changes = perform_again(first.number, quiet)
    assert changes == [
        f"input {path} has changed since",
        "the figures differ from those recorded",
    ]


def test_again_starts_in_the_run_s_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "log.txt").write_bytes(PATH.read_bytes())
    monkeypatch.chdir(tmp_path)
    first = perform("replay", spec(Path("log.txt")), quiet)
    monkeypatch.chdir("/")
    again, _ = perform_again(first.number, quiet)
    assert again.outcome.summary == first.outcome.summary
    assert Path.cwd() == tmp_path


def test_no_such_run() -> None:
    with pytest.raises(RunError, match="run: got 5; this workspace has none"):
        get_run(5)


def test_a_row_of_a_dead_process_is_marked_failed() -> None:
    """A process id that lives, but began at another time, is another process."""
    number = start_run("replay", {}, {})
    assert get_run(number).status == "running"
    with sqlite3.connect(runs_path()) as connection:
        connection.execute("UPDATE runs SET pid_started = pid_started - 100")
    connection.close()
    run = get_run(number)
    assert (run.status, run.message) == ("failed", KILLED)
    assert run.ended_at


def test_a_newer_record_is_refused() -> None:
    list_runs()
    with sqlite3.connect(runs_path()) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(RunError, match="has schema 99"):
        list_runs()


def test_a_torn_record_is_one_message(kit: Kit) -> None:
    runs_path().parent.mkdir(parents=True)
    runs_path().write_bytes(b"not a database" * 100)
    code, printed, _ = kit("runs")
    assert code == 1
    assert "the record of runs cannot be opened" in printed["error"]["message"]


def test_listing(kit: Kit, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 0
    assert "no runs in this workspace yet" in capsys.readouterr().out
    perform("replay", spec(), quiet)
    assert main(["runs"]) == 0
    assert "replay   done" in capsys.readouterr().out
    code, printed, _ = kit("runs", "--again", 1)
    assert code == 0
    assert (printed["run"], printed["changes"]) == (2, [])
    _, printed, _ = kit("runs")
    assert [run["id"] for run in printed] == [2, 1]


SLEEPER = """
import sys, time
from kit.flow import perform, report, specs
def sleep(spec, say):
    print("asleep", flush=True)
    time.sleep(600)
report.run_report = sleep
perform.perform("report", specs.ReportSpec(result="a.json", out="b"), print)
"""


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_killed_in_the_middle(sent: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE, env=dict(os.environ), text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "asleep\n"
        (run,) = list_runs()
        assert run.status == "running"  # it lives, so nobody marks it
        process.send_signal(sent)
        process.wait()
    (run,) = list_runs()
    assert (run.status, run.message) == ("failed", KILLED)


@pytest.mark.slow
def test_killed_at_any_moment_leaves_whole_rows() -> None:
    """Killed after 0 to 1.5 s: every row reads, and none is left running or half written."""
    command = [sys.executable, "-m", "kit.cli", "replay", str(PATH), "--format", "ipinyou-theta",
               "--policy", "constant", "--set", "bid=80"]  # fmt: skip
    for wait in (0.3, 1.0, 1.6, 2.0, 2.4, 2.8):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            time.sleep(wait)
            process.kill()
    runs = list_runs()
    assert all(run.status in ("done", "failed") for run in runs)
    for run in runs:
        if run.status == "done":
            assert run.summary["impressions"] > 0
