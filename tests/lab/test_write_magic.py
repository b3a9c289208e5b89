"""``%kit_write`` in a real IPython shell."""

from __future__ import annotations

import atexit
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from kit.flow.findings import RESULT
from tests.ai.loopback import Loopback, Step
from tests.flow.made_findings import made_findings, made_verdict

HOSTILE = "<img src=x onerror=alert(1)> The holdout shows a gain of 5 USD."
HELD = [
    "We asked the sealed holdout whether shaded bidding is better than logged bids.",
    'The answer is "not shown better".',
    "On the tune split shaded bidding made 84.72 USD [F1] of surplus.",
]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    (tmp_path / "out").mkdir()
    made_findings(made_verdict(shown=False, status="fail")).save(tmp_path / "out" / RESULT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "KIT_MODEL"):
        monkeypatch.delenv(name, raising=False)
    made = InteractiveShell()
    made.run_line_magic("load_ext", "kit")
    yield made
    atexit.unregister(made.atexit_operations)
    made.atexit_operations()


def shown(shell: InteractiveShell, line: str) -> dict[str, str]:
    """Return what a notebook gets to show, by its kind."""
    data, _ = shell.display_formatter.format(shell.run_cell(line).result)
    return dict(data)


@pytest.mark.parametrize("place", ["out/result.json", "out", "'out'"])
def test_the_built_in_writer(place: str, shell: InteractiveShell) -> None:
    found = shown(shell, f"%kit_write {place}")
    page, text = found["text/html"], found["text/plain"]
    assert "The answer is &#34;not shown better&#34;" in page
    assert '<sup class="cite">F1</sup>' in page
    assert "surplus, tune split" in page
    assert "href" not in page
    assert "84.72 USD [F1]" in text
    assert "Written by the built-in writer." in text


def test_a_model_writes_and_what_does_not_hold_is_listed(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Loopback() as server:
        server.script = [Step(json.dumps({"sentences": [*HELD, HOSTILE]}))]
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("KIT_MODEL", "scripted")
        page = shown(shell, "%kit_write out")["text/html"]
    assert "Written by scripted" in page
    assert "<s>&lt;img src=x" in page
    assert "<img" not in page


@pytest.mark.parametrize(
    ("line", "said"),
    [("%kit_write nowhere.json", "cannot be read"), ("%kit_write", "result.json: cannot be read")],
)
def test_a_wrong_path_is_one_line(
    line: str, said: str, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell.run_cell(line).result is None
    printed = "".join(capsys.readouterr())
    assert said in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(("text", "found"), [("%kit_wri", "%kit_write"), ("%kit_write ou", "out")])
def test_completion(shell: InteractiveShell, text: str, found: str) -> None:
    with provisionalcompleter():
        assert found in [item.text for item in shell.Completer.completions(text, len(text))]


def test_help(shell: InteractiveShell) -> None:
    assert "%kit_write" in shell.run_line_magic("kit", "help").data
    assert "result.json" in shell.object_inspect_text("%kit_write")
