"""``%%kit_sql`` in a real IPython shell."""

from __future__ import annotations

import atexit
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from kit.base.assets import asset_dir
from kit.flow.workspace import lay_out
from tests.ai.loopback import Loopback, Step


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    lay_out(tmp_path / "work space")
    monkeypatch.chdir(tmp_path / "work space")
    monkeypatch.setenv("KIT_WORKSPACE", str(tmp_path / "work space"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "KIT_MODEL"):
        monkeypatch.delenv(name, raising=False)
    made = InteractiveShell()
    made.run_line_magic("load_ext", "kit")
    yield made
    atexit.unregister(made.atexit_operations)
    made.atexit_operations()


def said(shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str) -> str:
    shell.run_cell(cell)
    shown = capsys.readouterr()
    assert "Traceback" not in shown.out + shown.err
    return shown.out + shown.err


def test_a_question_about_the_workspaces_log(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(shell, capsys, "%%kit_sql\nwin rate by exchange\n")
    for words in ("Drafted by: semantic layer", "By exchange.", "GROUP BY", "aurora",
                  "ok    grain: one row for each exchange", "kit_answer: 4 rows, in "):  # fmt: skip
        assert words in text
    frame = shell.user_ns["kit_answer"]
    assert frame["win_rate"].round(3).tolist() == [0.89, 0.873, 0.898, 0.838]


def test_sql_of_ones_own_is_run_whole_and_shown_in_part(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["path"] = Path("data_samples/auctions.parquet").resolve()  # has a space
    cell = '%%kit_sql --data "{path}" --name hours --sql\nSELECT hour, count(*) AS n FROM auctions '
    text = said(shell, capsys, cell + "GROUP BY hour ORDER BY hour")
    assert "hours: 24 rows" in text
    assert "the first 20 are shown" in text
    assert "Drafted by" not in text
    assert shell.user_ns["hours"]["n"].sum() == 150_000


def test_a_model_repairs_its_draft(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = ("SELECT getenv('HOME') AS home", "SELECT count(*) AS n FROM auctions")
    steps = [Step(content=json.dumps({"sql": sql, "assumptions": "All rows."})) for sql in drafts]
    with Loopback(steps) as model:
        monkeypatch.setenv("OPENAI_BASE_URL", model.url)
        monkeypatch.setenv("KIT_MODEL", "scripted")
        text = said(shell, capsys, "%%kit_sql --drafter model\nhow many rows are there")
    for words in ("Drafted by: scripted", "All rows.", "earlier draft failed: sql: function getenv",
                  "Model scripted: 2 calls, 104 tokens", "price unknown"):  # fmt: skip
        assert words in text
    assert shell.user_ns["kit_answer"]["n"].item() == 150_000


def test_the_templates_own_words_are_understood(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = json.loads((asset_dir("notebooks") / "09_ask_the_data.ipynb").read_text())["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells)
    (metrics,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    question = "%%kit_sql --allow auctions\nquality share by exchange"
    assert "No answer: " in said(shell, capsys, question)
    Path("metrics.toml").write_text(metrics)
    shown = said(shell, capsys, question)
    assert "quality_share: impressions on good pages over all impressions" in shown
    assert shell.user_ns["kit_answer"]["quality_share"].between(0, 1).all()


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%%kit_sql\nhow is the weather", "No answer: I do not know 'weather'"),
        ("%%kit_sql\n \n", "question: is empty"),
        ("%%kit_sql --sql\nDROP TABLE auctions", "got DROP; must be one query"),
        ("%%kit_sql --sql\nSELECT 1 +", "it cannot be read as SQL"),
        ("%%kit_sql --allow auctions.won --sql\nSELECT click FROM auctions", "'click'"),
        ("%%kit_sql --allow auctions.wonn\nwins", "wonn"),
        ("%%kit_sql --data nowhere.parquet\nwins", "no such file"),
        ("%%kit_sql --timeout 0\nwins", "timeout_seconds: got 0"),
        ("%%kit_sql --name 2x\nwins", "must be a Python name"),
        ("%%kit_sql --drafter nobody\nwins", "invalid choice"),
    ],
)
def test_what_is_wrong_is_said_and_the_variable_stays(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, words: str
) -> None:
    shell.user_ns["kit_answer"] = "before"
    assert words in said(shell, capsys, cell)
    assert shell.user_ns["kit_answer"] == "before"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("%%kit_s", "%%kit_sql"), ("%%kit_sql --dr", "--drafter"), ("%%kit_sql --sq", "--sql"),
        ("%%kit_sql --drafter la", "layer"), ("%%kit_sql --drafter layer --na", "--name"),
    ],
)  # fmt: skip
def test_completion(shell: InteractiveShell, text: str, found: str) -> None:
    with provisionalcompleter():
        assert found in [item.text for item in shell.Completer.completions(text, len(text))]


def test_help(shell: InteractiveShell) -> None:
    assert "%%kit_sql" in shell.run_line_magic("kit", "help").data
    described = shell.object_inspect_text("%%kit_sql")
    assert "--drafter" in described
    assert "win rate and eCPM by exchange" in described
