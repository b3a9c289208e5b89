"""The magics in a real IPython shell."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from kit.flow.workspace import lay_out


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    lay_out(tmp_path / "ws")
    monkeypatch.chdir(tmp_path / "ws")
    monkeypatch.setenv("KIT_WORKSPACE", str(tmp_path / "ws"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    made = InteractiveShell()
    made.run_line_magic("load_ext", "kit")
    yield made
    atexit.unregister(made.atexit_operations)
    made.atexit_operations()


def test_status_and_runs(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no run yet" in shell.run_line_magic("kit", "status").data
    assert "No run in this workspace yet" in shell.run_line_magic("kit", "runs").data
    shell.run_cell("%%kit_replay constant --budget 20\nbid = 3  # cpm\n")
    assert shell.user_ns["kit_result"]["cost"] == pytest.approx(20_000, rel=1e-3)
    assert "150,000" in capsys.readouterr().out
    assert "last run: 1, replay, done" in shell.run_line_magic("kit", "status").data
    assert "<td>replay</td><td>done</td>" in shell.run_line_magic("kit", "runs 5").data
    assert "%kit runs" in shell.run_line_magic("kit", "help").data


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%kit nonsense", "must be one of: status, runs, help"),
        ("%kit runs many", "must be a whole number"),
        ("%%kit_replay constant\nbid 3\n", "line 1: got 'bid 3'; must be parameter = value"),
        ("%%kit_replay constnt\nbid = 3\n", "Did you mean 'constant'?"),
        ("%%kit_replay constant\nbid = -3\n", "bid: got '-3'"),
        ("%%kit_replay constant --log nowhere.parquet\nbid = 3\n", "no such file"),
        ("%%kit_replay constant --name 2x\nbid = 3\n", "must be a Python name"),
    ],
)
def test_what_is_wrong_is_said(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, said: str
) -> None:
    shell.run_cell(cell)
    shown = capsys.readouterr()
    assert said in shown.out + shown.err
    assert "Traceback" not in shown.out + shown.err
    assert "kit_result" not in shell.user_ns
    if "--name" in cell:  # refused before anything is run or recorded
        assert "No run" in shell.run_line_magic("kit", "runs").data


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("%kit r", "runs"), ("%%kit_replay con", "constant"),
        ("%%kit_replay value --bu", "--budget"), ("%%kit_", "%%kit_replay"),
    ],
)  # fmt: skip
def test_completion(shell: InteractiveShell, text: str, found: str) -> None:
    with provisionalcompleter():
        assert found in [item.text for item in shell.Completer.completions(text, len(text))]


def test_help(shell: InteractiveShell) -> None:
    said = shell.object_inspect_text("%%kit_replay")
    assert "--budget" in said
    assert "parameter = value" in said
