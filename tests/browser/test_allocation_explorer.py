"""The allocation explorer in a real JupyterLab: the numbers on the screen are those of the API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.checks import chart_fault, number_fault, number_of, shown_table
from tests.browser.lab_page import LabPage
from tests.browser.server import Server

PANEL = """\
import json
import numpy as np, pandas as pd
import kit
rng = np.random.default_rng(3)
S, D = 240, 5
supply = pd.DataFrame({"supply_id": [f"s{i}" for i in range(S)],
                       "capacity": rng.uniform(500, 3000, S).round(),
                       "exchange": rng.choice(["aurora", "borealis", "cassini", "dione"], S),
                       "viewability": rng.uniform(0.3, 0.9, S)})
demand = pd.DataFrame({"demand_id": [f"line {name}" for name in "ABCDE"],
                       "budget": [900.0, 400.0, 700.0, 250.0, 1200.0]})
pairs = supply[["supply_id"]].merge(demand[["demand_id"]], how="cross")
pairs = pairs[rng.random(len(pairs)) < 0.6]
pairs["value"], pairs["cost"] = rng.lognormal(-4.5, 0.6, (2, len(pairs)))
tables = kit.AllocationTables.of(supply, demand, pairs)
terms = [kit.Capacity(), kit.Budget(), kit.Share("exchange", max={"aurora": 0.4}),
         kit.Guarantee({"line D": 20_000})]
explorer = kit.AllocationExplorer(kit.AllocationProblem(tables, terms, period="day"))
explorer
"""
STATE = """\
view = explorer.view
print("API" + json.dumps([view.settings, view.summary, explorer.exploration.flows(view).sum().sum(),
                          list(view.binding["words"])]))
"""


@pytest.fixture(scope="module")
def explorer(browser: Browser, server: Server) -> Iterator[LabPage]:
    lab = LabPage(browser.new_page(viewport={"width": 1440, "height": 1700}), server)
    lab.write_notebook("allocation.ipynb", PANEL, STATE)
    lab.open_notebook("allocation.ipynb")
    lab.run_all()
    lab.panel()
    yield lab
    lab.page.close()


def printed(lab: LabPage) -> tuple[dict[str, float], dict[str, float], float, list[str]]:
    """Run the last cell again and read what it prints."""
    lab.page.wait_for_timeout(700)  # the exact prices follow when the keys rest
    lab.wait_idle()
    lab.page.locator(".jp-CodeCell .jp-InputArea-editor").nth(1).click()
    lab.page.keyboard.press("Control+Enter")
    lab.page.wait_for_timeout(500)
    lab.wait_idle()
    text = lab.page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea").inner_text()
    found = re.search(r"API(.*)", text)
    assert found, text
    settings, summary, flow, words = json.loads(found[1])
    return settings, summary, flow, words


def money_row(text: str) -> str:
    return text.replace("$", "")


def check(lab: LabPage) -> dict[str, float]:
    """Compare totals, flows and words on the screen with the API; return the settings."""
    settings, summary, flow, words = printed(lab)
    shown = {name: money_row(text) for name, text in shown_table(lab.panel()).items()}
    expected = {"Value of the plan": summary["value"], "Spend": summary["spend"],
                "Impressions": summary["impressions"]}  # fmt: skip
    assert number_fault(shown, expected) == ""
    last = lab.panel().locator("table.kit-table").nth(2).locator("tbody tr").last
    total = money_row(last.locator("td").last.inner_text())
    assert number_of(total) == pytest.approx(flow, abs=0.006)
    said = lab.panel().locator("table.kit-table").nth(1).locator("tbody td:last-child")
    assert said.all_inner_texts() == words
    assert chart_fault(lab.panel()) == ""
    return settings


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_sliders_move_the_plan(explorer: LabPage, shots: Path, theme: str) -> None:
    lab = explorer
    lab.theme(theme)
    before = check(lab)
    lab.slider("budget, line A").focus()
    for _ in range(6):
        lab.page.keyboard.press("ArrowLeft")
    lab.slider("share max, exchange aurora").focus()
    for _ in range(4):
        lab.page.keyboard.press("ArrowLeft")
    lab.slider("floor, cassini").focus()
    for _ in range(3):
        lab.page.keyboard.press("ArrowRight")
    after = check(lab)
    assert after["budget[line A]"] < before["budget[line A]"]
    assert after["share_max[exchange=aurora]"] < before["share_max[exchange=aurora]"]
    assert after["floor[cassini]"] > before["floor[cassini]"]
    assert lab.panel().locator("svg.kit-flows path").count() >= 10
    lab.panel_shot(shots / "allocation.png")
    assert lab.failures == []


def test_a_conflict_is_named_and_keeps_the_last_plan(explorer: LabPage, shots: Path) -> None:
    lab = explorer
    before = shown_table(lab.panel())
    handle = lab.slider("guarantee, line D")
    handle.focus()
    lab.page.keyboard.press("End")
    alert = lab.panel().get_by_role("alert")
    alert.wait_for()
    text = alert.inner_text()
    assert "guarantee[line D]" in text
    assert "budget[line D]" in text
    assert "The last good result is shown." in text
    assert shown_table(lab.panel()) == before
    lab.panel_shot(shots / "conflict.png")
    handle.focus()
    lab.page.keyboard.press("Home")
    lab.wait(lambda: lab.panel().get_by_role("alert").count() == 0, 10, "no alert")
    check(lab)


def test_other_flows_and_another_frontier(explorer: LabPage, shots: Path) -> None:
    lab = explorer
    lab.page.get_by_label("Frontier of").select_option("share max, exchange aurora")
    axis = lab.panel().locator(".xtitle", has_text="share max, exchange aurora")
    axis.wait_for()
    lab.page.get_by_label("Flows show").select_option("Impressions")
    lab.panel().locator("svg.kit-flows", has_text="Impressions, from exchange").wait_for()
    assert chart_fault(lab.panel()) == ""
    lab.panel_shot(shots / "share.png")
    lab.page.get_by_label("Flows show").select_option("Spend")


def test_every_slider_has_a_name(explorer: LabPage) -> None:
    handles = explorer.panel().locator(".noUi-handle")
    assert handles.count() == 11  # five budgets, a cap, a guarantee, four floors
    for place in range(handles.count()):
        assert handles.nth(place).get_attribute("aria-label")
