"""The sidebar's runs: newest first, nothing written, reports only from below the root."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kit.base.workspace import runs_path
from kit.flow.runs import KILLED, Outcome, fail_run, finish_run, start_run
from kit.lab import run_list
from kit.lab.refusal import RefusalError
from kit.lab.run_list import list_run_lines


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server's root, which is the workspace and where runs are started."""
    folder = tmp_path / "root"
    folder.mkdir()
    monkeypatch.setenv("KIT_WORKSPACE", str(folder))
    monkeypatch.chdir(folder)
    return folder


def done(verb: str = "demo", **summary: object) -> int:
    number = start_run(verb, {}, {})
    finish_run(number, Outcome(summary))
    return number


def change(root: Path, **values: object) -> None:
    """Change the last run behind the program's back."""
    columns = ", ".join(f"{name} = ?" for name in values)
    with closing(sqlite3.connect(runs_path(root))) as connection, connection:
        connection.execute(
            f"UPDATE runs SET {columns} WHERE id = (SELECT max(id) FROM runs)", [*values.values()]
        )


def state(root: Path) -> dict[str, Any]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in root.rglob("*")
        if path.is_file()
    }


def test_no_record_is_made(root: Path) -> None:
    assert list_run_lines(root) == []
    assert list(root.iterdir()) == []


def test_newest_first(root: Path) -> None:
    (root / "out").mkdir()
    (root / "out" / "report.html").touch()
    done(report="out/report.html", headline="Shaded earns more.")
    number = start_run("load", {}, {})
    fail_run(number, "nothing.csv: no such file.")
    change(root, started_at="2026-03-02 14:05:00 UTC", ended_at="2026-03-02 14:06:15 UTC")
    start_run("train", {}, {})
    running, failed, finished = list_run_lines(root)

    assert (running.verb, running.status, running.seconds) == ("train", "running", None)
    assert (failed.verb, failed.status) == ("load", "failed")
    assert failed.started == "2026-03-02T14:05:00Z"
    assert failed.seconds == 75
    assert failed.headline == "nothing.csv: no such file."
    assert failed.report is None
    assert (finished.id, finished.status) == (1, "done")
    assert finished.headline == "Shaded earns more."
    assert (finished.report, finished.report_missing) == ("out/report.html", "")


def test_nothing_is_written(root: Path) -> None:
    done()
    start_run("train", {}, {})
    change(root, pid_started=1.0)
    before = state(root)
    assert [line.status for line in list_run_lines(root)] == ["failed", "done"]
    assert list_run_lines(root)[0].headline == KILLED
    assert state(root) == before


def test_a_report_outside_the_root(root: Path, tmp_path: Path) -> None:
    (tmp_path / "report.html").touch()
    (root / "link.html").symlink_to(tmp_path / "report.html")
    for path in ("../report.html", str(tmp_path / "report.html"), "link.html", "../missing.html"):
        done(report=path)
        line = list_run_lines(root)[0]
        assert line.report is None
        assert "outside" in line.report_missing
        assert str(tmp_path) not in line.report_missing


def test_a_report_that_cannot_be_opened(root: Path) -> None:
    (root / ".out").mkdir()
    (root / ".out" / "report.html").touch()
    done(report="out/report.html")
    assert "gone" in list_run_lines(root)[0].report_missing
    done(report=".out/report.html")
    assert "hidden" in list_run_lines(root)[0].report_missing
    assert list_run_lines(root, allow_hidden=True)[0].report == ".out/report.html"
    assert "not among this server's files" in list_run_lines(None)[0].report_missing


def test_the_record_may_lie_above_the_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done()
    monkeypatch.delenv("KIT_WORKSPACE")
    (root / "notebooks").mkdir()
    assert len(list_run_lines(root / "notebooks")) == 1


def test_the_list_is_capped(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_list, "MAX_RUNS", 2)
    for _ in range(3):
        done()
    assert [line.id for line in list_run_lines(root)] == [3, 2]


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to look like one"])
def test_a_record_that_cannot_be_read(root: Path, content: bytes) -> None:
    path = runs_path(root)
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(RefusalError, match=r"runs\.sqlite.*cannot be read") as caught:
        list_run_lines(root)
    assert caught.value.status == 503
    assert path.read_bytes() == content


def test_a_record_in_use_is_read(root: Path) -> None:
    """A reader does not wait for a run that is just being recorded."""
    done()
    with closing(sqlite3.connect(runs_path(root), isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE runs SET summary = ?", (json.dumps({"headline": "later"}),))
        assert list_run_lines(root)[0].headline == ""
        writer.execute("ROLLBACK")
