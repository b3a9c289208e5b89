"""The replay explorer and the model card in a real JupyterLab."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.checks import chart_fault, number_of
from tests.browser.lab_page import LabPage
from tests.browser.server import Server

LOAD = """\
import json, kit
raw = kit.time_split(kit.load_log(kit.asset_dir("data_samples") / "auctions.parquet"))
"""
EXPLORER = (
    LOAD
    + """\
flat, low = (kit.make_policy("constant", {"bid": bid}) for bid in (4, 2))
explorer = kit.ReplayExplorer(raw, {"flat": flat, "low": low}, click_value_cpm=120_000)
explorer
"""
)
SEGMENTS = """\
money, rows = explorer.unit.money, explorer.result.segments
found = {name: money(sum_) for name, sum_ in zip(rows["segment"], rows["difference"])}
print("API" + json.dumps(found))
"""
CARD = (
    LOAD
    + """\
models = kit.fit_models(raw.train, raw.tune, print, targets=("click", "market"))
card = kit.ModelCardPanel({"click": models.click, "market": models.market}, raw)
card
"""
)
SCORE = """\
score = models.click.score(raw.tune)
print("API" + json.dumps([score.log_loss, score.auc, score.calibration_ratio]))
"""


def opened(browser: Browser, server: Server, name: str, *cells: str) -> LabPage:
    lab = LabPage(browser.new_page(viewport={"width": 1440, "height": 1300}), server)
    lab.write_notebook(name, *cells)
    lab.open_notebook(name)
    lab.run_all()
    lab.panel()
    return lab


def printed(lab: LabPage) -> object:
    """Run the last cell again and read what it prints."""
    lab.page.locator(".jp-CodeCell .jp-InputArea-editor").nth(1).click()
    lab.page.keyboard.press("Control+Enter")
    lab.page.wait_for_timeout(500)
    lab.wait_idle()
    text = lab.page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea").inner_text()
    found = re.search(r"API(.*)", text)
    assert found, text
    return json.loads(found[1])


@pytest.fixture(scope="module")
def explorer(browser: Browser, server: Server) -> Iterator[LabPage]:
    lab = opened(browser, server, "explorer.ipynb", EXPLORER, SEGMENTS)
    yield lab
    lab.page.close()


@pytest.fixture(scope="module")
def card(browser: Browser, server: Server) -> Iterator[LabPage]:
    lab = opened(browser, server, "card.ipynb", CARD, SCORE)
    yield lab
    lab.page.close()


def differences(lab: LabPage) -> dict[str, float]:
    rows: list[list[str]] = (
        lab.panel()
        .locator("table.kit-table")
        .nth(1)
        .evaluate(
            "table => [...table.querySelectorAll('tbody tr')]"
            ".map(row => [...row.children].map(cell => cell.innerText.trim()))"
        )
    )
    return {row[0]: number_of(row[4]) for row in rows}


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_explorer_shows_the_differences(explorer: LabPage, shots: Path, theme: str) -> None:
    lab = explorer
    lab.theme(theme)
    lab.page.get_by_label("Policy").select_option("flat")
    lab.page.get_by_label("Against").select_option("logged bids")
    lab.page.get_by_label("Measure").select_option("Spend")
    for segment in ("device", "exchange"):
        lab.page.get_by_label("By", exact=True).select_option(segment)
        lab.wait(
            lambda segment=segment: lab.panel().locator("th", has_text=segment).count() > 0, 30,
            f"rows by {segment}",
        )  # fmt: skip
        lab.wait_idle()
        expected = printed(lab)
        assert isinstance(expected, dict)
        assert differences(lab) == pytest.approx(expected, abs=0.006)
        lab.wait(lambda: not chart_fault(lab.panel()), 10, "whole charts")
    lab.panel_shot(shots / "explorer.png")
    assert lab.failures == []


def test_explorer_refuses_a_policy_against_itself(explorer: LabPage) -> None:
    lab = explorer
    lab.page.get_by_label("Against").select_option("low")
    lab.panel().locator("th", has_text="low").first.wait_for()
    lab.page.wait_for_timeout(500)
    before = differences(lab)
    lab.page.get_by_label("Policy").select_option("low")
    alert = lab.panel().get_by_role("alert")
    alert.wait_for()
    assert "the policy itself" in alert.inner_text()
    assert differences(lab) == before


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_card_shows_the_models(card: LabPage, shots: Path, theme: str) -> None:
    lab = card
    lab.theme(theme)
    lab.page.get_by_label("Model").select_option("click")
    lab.page.get_by_label("Split").select_option("tune")
    lab.page.wait_for_timeout(1500)
    lab.wait_idle()
    row = lab.panel().locator("table.kit-table tbody tr td").all_inner_texts()
    assert [float(text) for text in row[-3:]] == pytest.approx(printed(lab), abs=6e-5)
    lab.wait(lambda: not chart_fault(lab.panel()), 10, "whole charts")
    lab.panel_shot(shots / "click.png")
    lab.page.get_by_label("Model").select_option("market")
    lab.panel().get_by_text("percentage points").wait_for()
    lab.page.wait_for_timeout(500)
    lab.wait(lambda: not chart_fault(lab.panel()), 10, "whole charts")
    lab.panel_shot(shots / "market.png")
    assert lab.failures == []


def test_card_names_bad_bins(card: LabPage) -> None:
    lab = card
    lab.page.get_by_label("Bins").fill("1")
    lab.page.keyboard.press("Enter")
    alert = lab.panel().get_by_role("alert")
    alert.wait_for()
    assert "bins: got 1; must be a whole number in [2, 50]" in alert.inner_text()
