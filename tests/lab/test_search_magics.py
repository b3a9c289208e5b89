"""``%kit_propose`` and ``%kit_check`` in a real IPython shell."""

from __future__ import annotations

import atexit
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from kit.bid.registry import make_policy
from kit.data.sealed import SealedSplit
from kit.flow.auto_result import AutoCheck
from kit.flow.search.opened import open_search
from kit.flow.search.record import SearchRecord
from tests.flow.search.world import sealed_log


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> SealedSplit:
    return sealed_log(tmp_path_factory.mktemp("magics"))


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
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
    outcome = shell.run_cell(line)
    outcome.raise_error()
    data, _ = shell.display_formatter.format(outcome.result)
    return dict(data)


def test_a_search_is_told_trial_by_trial_and_recorded(
    shell: InteractiveShell, sealed: SealedSplit, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["my_log"] = sealed
    line = "%kit_propose my_log --proposer rules --budget 3 --finalists 0 --out 'my searches'"
    page = shown(shell, line)["text/html"]
    said = capsys.readouterr().out
    assert re.findall(r"^trial (\d)", said, re.MULTILINE) == ["0", "1", "2"]
    record = shell.user_ns["kit_search"]
    assert isinstance(record, SearchRecord)
    best = record.ranked[0]
    cells = re.findall(r"<td [^>]*>([^<]*)</td>", page)
    assert cells[0] == "1"
    assert (best.score or 0) == pytest.approx(float(cells[3].split()[0]), abs=0.006)
    assert re.fullmatch(r"[\d.]+ s", cells[4])
    assert len(cells) == 6 * 3
    assert "<b>The vault was not asked.</b>" in page
    runs = shell.run_line_magic("kit", "runs").data
    assert "<td>propose</td><td>done</td>" in runs
    assert "The vault was not asked." in runs
    board = open_search(record, most=1)
    assert board.names == [record.names[best.number]]


def test_the_one_sealed_log_of_a_notebook_is_taken(
    shell: InteractiveShell, sealed: SealedSplit, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["of_mine"] = sealed
    shell.user_ns["flat_bid"] = make_policy("constant", {"bid": 1.0})
    shown(shell, "%kit_check flat_bid")
    assert shell.user_ns["kit_checked"].latest.source_hash == sealed.source_hash
    assert "Scoring flat bid against logged on the tune split" in capsys.readouterr().out


def test_a_policy_is_checked_and_not_looked_at(
    shell: InteractiveShell, sealed: SealedSplit
) -> None:
    shell.user_ns |= {"sealed": sealed, "flat_bid": make_policy("constant", {"bid": 1.0})}
    page = shown(shell, "%kit_check flat_bid")["text/html"]
    found = shell.user_ns["kit_checked"]
    assert isinstance(found, AutoCheck)
    assert found.verdict is None
    assert "<b>flat bid against logged on the tune split" in page
    assert "What to try next" in page
    assert not (Path(".kit") / "ledger.sqlite").exists()


def test_numbers_of_a_cell_are_checked_beside_others(
    shell: InteractiveShell, sealed: SealedSplit
) -> None:
    bids = np.full(len(sealed.tune), 1.0)
    shell.user_ns |= {"sealed": sealed, "mine": bids * 1.2, "old": bids}
    shown(shell, "%kit_check mine --baseline old --kind bids --name found --look")
    found = shell.user_ns["found"]
    assert (found.kind, found.seen.candidate) == ("bids", "mine")
    assert "cannot be put to the holdout" in found.no_verdict


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%kit_propose nothing_here", "'nothing_here'; must be a variable of this notebook, or a"),
        ("%kit_propose number", "number is int; must be a sealed log, or its folder"),
        ("%kit_propose --budget 0", "budget: got 0"),
        ("%kit_propose --constraint 'profit >= 1'", "metric: got 'profit'"),
        ("%kit_propose --proposer oracle", "invalid choice: 'oracle'"),
        ("%kit_propose --name 2x", "--name: got '2x'; must be a Python name"),
        ("%kit_check nothing_here", "'nothing_here'; must be a variable of this notebook, or a"),
        ("%kit_check number", "candidate: got int; must be a frozen variant"),
        ("%kit_check short --kind bids", "short: got 2 numbers; must be 800"),
        ("%kit_check short", "kind: got None with list; must be one of surplus, bids"),
        ("%kit_check number --name 2x", "--name: got '2x'; must be a Python name"),
    ],
)
def test_what_is_wrong_is_one_message(
    shell: InteractiveShell, sealed: SealedSplit, capsys: pytest.CaptureFixture[str], line: str,
    words: str,
) -> None:  # fmt: skip
    shell.user_ns |= {"sealed": sealed, "number": 3, "short": [1.0, 2.0]}
    shell.run_cell(line)
    said = capsys.readouterr()
    assert words in said.out + said.err
    assert "Traceback" not in said.out + said.err
    assert not {"kit_search", "kit_checked"} & set(shell.user_ns)


def test_no_log_is_named(
    shell: InteractiveShell, sealed: SealedSplit, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%kit_propose")
    assert "%kit_propose: no log; must be a variable" in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("%kit_pr", "%kit_propose"), ("%kit_propose --bu", "--budget"),
        ("%kit_propose --proposer hy", "hybrid"), ("%kit_propose my_l", "my_log"),
        ("%kit_che", "%kit_check"), ("%kit_check --lo", "--look"),
        ("%kit_check mine --kind pre", "predictions"), ("%kit_check my_l", "my_log"),
    ],
)  # fmt: skip
def test_completion(shell: InteractiveShell, text: str, found: str) -> None:
    shell.user_ns["my_log"] = None
    with provisionalcompleter():
        assert found in [item.text for item in shell.Completer.completions(text, len(text))]


def test_help(shell: InteractiveShell) -> None:
    told = shell.run_line_magic("kit", "help").data
    assert "%kit_propose [SEALED]" in told
    assert "%kit_check NAME" in told
    assert "--finalists" in shell.object_inspect_text("%kit_propose")
    assert "--look" in shell.object_inspect_text("%kit_check")
