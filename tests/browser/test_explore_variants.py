"""A search in a real JupyterLab, its proposals from a scripted model: magics, board, vault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator

from kit.data.sealed import SealedSplit
from kit.flow.findings import RESULT
from kit.flow.search.record import SearchRecord, ended, record_of
from kit.report.verdict_words import verdict_headline
from kit.validate.ledger import Ledger
from kit.validate.verdict import Verdict
from tests.ai.loopback import Loopback, Request, Step
from tests.browser.checks import chart_fault, number_of
from tests.browser.lab_page import LabPage
from tests.flow.made_findings import made_findings, made_verdict
from tests.flow.search.world import sealed_log

XOR = '"device" || \'/\' || "region"'
HOSTILE = "<img src=x onerror=alert(1)> clicks differ where device and region do"
PROPOSALS = (
    {"parent": 0, "kind": "add_expression", "name": "place", "value": XOR, "hypothesis": HOSTILE},
    {"parent": 1, "kind": "policy_param", "name": "multiplier", "value": "-3",
     "hypothesis": "A bid below nothing."},
    {"parent": 1, "kind": "policy_param", "name": "multiplier", "value": "0.26",
     "hypothesis": "Few wins, each of them cheap."},
    {"parent": 1, "kind": "calibration", "name": "", "value": "platt", "hypothesis": "Smoother."},
)  # fmt: skip
"""What the model says: a good change, one that no policy takes, one that breaks the bound."""
CELLS = (
    "import kit\n%load_ext kit\nsealed = kit.open_sealed('explore/sealed')",
    "%kit_propose --proposer llm --budget 5 --finalists 0 --out explore/found "
    "--constraint 'win_rate >= 0.2'",
    "panel = kit.VariantBoard.of(kit.open_search(kit_search, most=2))\npanel",
    "flat_bid = kit.make_policy('constant', {'bid': 1.0})\n%kit_check flat_bid",
    "%kit_ask --passages what does a look at the holdout cost",
    "%kit_write told",
)
TOLD = (
    "We asked the sealed holdout whether shaded bidding is better than logged bids.",
    'The answer is "not shown better".',
    "On the tune split shaded bidding made 84.72 USD [F1] of surplus.",
    "<img src=x onerror=alert(1)> The holdout shows a gain of 5 USD.",
)
"""What the model writes: the last does not hold."""


@pytest.fixture(scope="module")
def model() -> Iterator[Loopback]:
    left = list(PROPOSALS)

    def say(request: Request) -> Step:
        if "sentences" in json.dumps(request.body):
            return Step(json.dumps({"sentences": TOLD}))
        return Step(json.dumps(left.pop(0) if left[1:] else left[0]))

    with Loopback(say) as started:
        yield started


@pytest.fixture(scope="module")
def sealed(lab: LabPage) -> SealedSplit:
    return sealed_log(lab.server.root / "explore")


@pytest.fixture(scope="module")
def notebook(lab: LabPage, model: Loopback, sealed: SealedSplit) -> LabPage:
    """The cells, run; the model is named in the first, as a person may do before JupyterLab."""
    named = {"OPENAI_BASE_URL": model.url, "KIT_MODEL": "scripted", "KIT_PRICE_IN": "2",
             "KIT_PRICE_OUT": "8"}  # fmt: skip
    first = f"import os\nos.environ.update({named!r})\n{CELLS[0]}"
    verdict = made_verdict(shown=False, status="fail")
    made_findings(verdict).save(lab.server.root / "told" / RESULT)
    lab.write_notebook("explore.ipynb", first, *CELLS[1:])
    lab.open_notebook("explore.ipynb")
    lab.run_all()
    lab.panel()
    return lab


@pytest.fixture(scope="module")
def record(notebook: LabPage) -> SearchRecord:
    return record_of(notebook.server.root / "explore" / "found")


def output(lab: LabPage, cell: int) -> Locator:
    return lab.page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea")


def cells_of(table: Locator) -> list[list[str]]:
    """Return the text of a table's body, row by row."""
    found: list[list[str]] = table.evaluate(
        "table => [...table.querySelectorAll('tbody tr')]"
        ".map(row => [...row.children].map(cell => cell.innerText.trim()))"
    )
    return found


def settled(lab: LabPage, said: str) -> None:
    lab.wait(lambda: said in lab.panel().inner_text(), 30, repr(said))
    lab.page.wait_for_timeout(200)


def test_the_search_asks_the_model_and_says_how_each_trial_ended(
    notebook: LabPage, record: SearchRecord, model: Loopback, shots: Path
) -> None:
    lab = notebook
    assert lab.errors() == []
    assert len(model.requests) >= len(PROPOSALS)
    shown = output(lab, 1)
    shown.scroll_into_view_if_needed()
    text = shown.inner_text()
    for trial in record.trials:  # a line of progress each
        assert f"trial {trial.number}, {record.names[trial.number]}: " in text
    rows = cells_of(shown.locator("table"))
    assert [row[0] for row in rows if row[0]] == [str(at + 1) for at in range(len(record.ranked))]
    by_name = {record.names[trial.number]: trial for trial in record.trials}
    assert {row[1] for row in rows} == set(by_name)
    for row in rows:
        trial = by_name[row[1]]
        assert row[5] == " ".join(ended(trial).split())
        if trial.score is not None and trial.number:
            assert abs(number_of(row[3]) - trial.score) < 0.006
            assert "52 tokens for 0.000176" in row[4]
    assert {"scored", "breaks a constraint"} <= set(record.table["status"])
    assert any(HOSTILE in row[2] for row in rows)  # as text
    assert lab.page.locator(".jp-OutputArea img[src=x]").count() == 0
    assert "The vault was not asked." in text
    lab.shot(shots / "propose.png")


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_the_board_draws_the_tree_and_the_diff_of_a_change(
    notebook: LabPage, record: SearchRecord, shots: Path, theme: str
) -> None:
    lab = notebook
    lab.theme(theme)
    lab.page.get_by_label("Order by", exact=True).select_option("lineage")
    settled(lab, "as a tree")
    trials = cells_of(lab.panel().locator("table.kit-trials"))
    assert [row[0].lstrip("\N{NO-BREAK SPACE}└├│─ ").partition(".")[0] for row in trials] == [
        str(branch.trial.number) for branch in record.branches
    ]
    assert trials[0][0] == "0. default"
    assert trials[1][0].startswith("└─")
    assert [row[1] for row in trials].count("scored, on the board") == 3
    assert any(row[1].startswith("breaks a constraint: win_rate is ") for row in trials)
    best = record.ranked[0]
    above = next(record.above(best))
    assert (
        lab.page.get_by_label("Compare with", exact=True).input_value()
        == (record.names[above.number])
    )
    lab.page.wait_for_timeout(500)
    assert chart_fault(lab.panel()) == ""
    lab.panel_shot(shots / "board.png")
    lab.page.get_by_label("Order by", exact=True).select_option("tune score")
    settled(lab, "those that can be chosen first")
    assert lab.failures == []


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_result_is_checked_in_words(notebook: LabPage, shots: Path, theme: str) -> None:
    lab = notebook
    lab.theme(theme)
    shown = output(lab, 3)
    shown.scroll_into_view_if_needed()
    text = shown.inner_text()
    assert "flat bid against logged on the tune split: " in text
    assert "What to try next" in text
    gates = {row[0] for row in cells_of(shown.locator("table"))}
    assert {"effect", "leakage", "worst segment", "calibration", "drift", "stress"} <= gates
    assert output(lab, 4).locator("details").count() >= 1  # passages of %kit_ask
    lab.shot(shots / "check.png")


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_result_is_told_and_what_does_not_hold_is_struck(
    notebook: LabPage, shots: Path, theme: str
) -> None:
    lab = notebook
    lab.theme(theme)
    shown = output(lab, 5)
    shown.scroll_into_view_if_needed()
    lab.wait(lambda: "Written by scripted" in shown.inner_text(), 30, "the narrative")
    for sentence in TOLD[:2]:
        assert sentence in shown.inner_text()
    shown.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    assert shown.locator("s").all_inner_texts() == [TOLD[3]]  # as text
    assert shown.locator("img").count() == 0
    lab.shot(shots / "told.png")


def test_a_look_is_asked_of_the_board(notebook: LabPage, sealed: SealedSplit, shots: Path) -> None:
    lab = notebook
    lab.theme("Light")
    ledger = Ledger(lab.server.root / ".kit" / "ledger.sqlite")
    before = len(ledger.entries(sealed.source_hash))
    button = lab.panel().get_by_role("button", name="Look at the holdout (charged)", exact=True)
    button.click()
    settled(lab, "Charged: ")
    lab.panel().get_by_role("button", name="Charge the look", exact=True).click()
    settled(lab, "Look 1 of 200")
    charge, answer = ledger.entries(sealed.source_hash)[before:]
    assert (charge.kind, charge.body["proposer"]) == ("charge", "human, variant board")
    settled(lab, verdict_headline(Verdict.from_dict(answer.body["verdict"])))
    lab.panel_shot(shots / "looked.png")
    assert lab.failures == []
