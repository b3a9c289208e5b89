"""``%kit_ask`` in a real IPython shell."""

from __future__ import annotations

import atexit
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from tests.ai.loopback import Loopback, Step

HOSTILE = "<img src=x onerror=alert(1)> pays for the zebra"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    notes = tmp_path / "my notes"
    notes.mkdir()
    (notes / "a & b.md").write_text(f"# <b>Zebra</b>\n{HOSTILE}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KIT_WORKSPACE", str(tmp_path))
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
    result = shell.run_cell(line).result
    data, _ = shell.display_formatter.format(result)
    return dict(data)


def test_passages_with_links_and_nothing_that_runs(shell: InteractiveShell) -> None:
    found = shown(shell, "%kit_ask --folder 'my notes' what pays for the zebra's stripes?")
    page, text = found["text/html"], found["text/plain"]
    assert '<details open><summary><a href="my%20notes/a%20%26%20b.md">' in page
    assert "<code>my notes/a &amp; b.md:1-2</code>" in page
    assert "<img" not in page
    assert "<b>" not in page
    assert text.startswith("1. my notes/a & b.md:1-2  <b>Zebra</b>")


def test_the_packages_files_are_named_and_not_linked(shell: InteractiveShell) -> None:
    page = shown(shell, "%kit_ask How do I run the slow tests?")["text/html"]
    assert "<code title=" in page
    assert ">CONTRIBUTING.md:" in page
    assert "<a href" not in page


def test_a_checked_answer(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    quote = "pays for the zebra"
    sentences = [
        {"text": "It <i>pays</i> for the zebra.", "passage": "p1", "quote": quote},
        {"text": "It pays 12 USD for the zebra.", "passage": "p1", "quote": quote},
    ]
    with Loopback([Step(json.dumps({"sentences": sentences}))]) as model:
        monkeypatch.setenv("OPENAI_BASE_URL", model.url)
        monkeypatch.setenv("KIT_MODEL", "scripted")
        question = "--folder 'my notes' what pays for the zebra"
        page = shown(shell, f"%kit_ask {question}")["text/html"]
        shown(shell, f"%kit_ask --passages {question}")
        assert len(model.requests) == 1
    assert "<p>It &lt;i&gt;pays&lt;/i&gt; for the zebra. [<a href=" in page
    assert "struck: It pays 12 USD for the zebra." in page
    assert "<details open>" not in page


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%kit_ask", "must hold a word to look up"),
        ("%kit_ask --folder nowhere floors", "nowhere is no folder"),
        ("%kit_ask --wrong floors", "got '--wrong'; must be one of: --folder, --passages"),
        ("%kit_ask --folder", "got '--folder'"),
    ],
)
def test_what_is_wrong_is_one_message(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], line: str, words: str
) -> None:
    shell.run_cell(line)
    said = capsys.readouterr()
    assert words in said.out + said.err
    assert "Traceback" not in said.out + said.err


@pytest.mark.parametrize(
    ("text", "found"), [("%kit_as", "%kit_ask"), ("%kit_ask --fo", "--folder")]
)
def test_completion(shell: InteractiveShell, text: str, found: str) -> None:
    with provisionalcompleter():
        assert found in [item.text for item in shell.Completer.completions(text, len(text))]


def test_help(shell: InteractiveShell) -> None:
    assert "%kit_ask" in shell.run_line_magic("kit", "help").data
    assert "--folder" in shell.object_inspect_text("%kit_ask")
