"""The bid tuner in a real JupyterLab: what the screen says is what the Python API says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.browser.checks import chart_fault, number_fault, shown_table
from tests.browser.lab_page import LabPage

CELL = """\
import json, kit
log = kit.load_log(kit.asset_dir("data_samples") / "auctions.parquet")
raw = kit.time_split(log)
flat, low = (kit.make_policy("constant", {"bid": bid}) for bid in (4, 2))
tuner = kit.BidTuner(raw, {"flat": flat, "low": low}, click_value_cpm=120_000)
tuner
"""
API = """\
base = flat if tuner.policy_name == "flat" else low
table = tuner.tuning.table(tuner.policy_name)
policy = kit.ScaledPolicy(base, *table.bid_multipliers(tuner.setting))
budget, money = tuner.setting.budget, raw.tune.meta.unit.money
result = kit.replay_policy(raw.tune, policy, click_value_cpm=120_000, budget=budget)
totals = {"Spend": money(result.cost), "Value": money(result.value), "Fees": money(result.fees),
          "Surplus": money(result.surplus), "Wins": result.impressions, "Clicks": result.clicks}
print("API" + json.dumps(totals))
"""


def api(lab: LabPage) -> dict[str, float]:
    """Run the last cell again and read what a whole replay says."""
    before = lab.page.locator(".jp-InputPrompt").last.inner_text()
    lab.page.locator(".jp-CodeCell .jp-InputArea-editor").nth(1).click()
    lab.page.keyboard.press("Control+Enter")
    lab.page.wait_for_timeout(300)
    lab.wait(lambda: _prompt(lab) not in (before, "[*]:"), 30, "the replay")
    text = lab.page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea").inner_text()
    found = re.search(r"API(\{.*?\})", text)
    assert found, text
    answer: dict[str, float] = json.loads(found[1])
    return answer


def _prompt(lab: LabPage) -> str:
    return lab.page.locator(".jp-CodeCell .jp-InputPrompt").nth(1).inner_text()


@pytest.fixture(scope="module")
def tuner(lab: LabPage) -> LabPage:
    lab.write_notebook("tuner.ipynb", CELL, API)
    lab.open_notebook("tuner.ipynb")
    lab.run_all()
    lab.panel()
    return lab


def check(lab: LabPage) -> None:
    """The numbers on the screen equal a whole replay, and no chart is empty."""
    lab.wait_idle()
    lab.page.wait_for_timeout(300)
    assert number_fault(shown_table(lab.panel()), api(lab)) == ""
    assert chart_fault(lab.panel()) == ""
    assert lab.failures == []


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_moving_it_shows_what_a_replay_says(tuner: LabPage, shots: Path, theme: str) -> None:
    lab = tuner
    lab.theme(theme)
    lab.page.get_by_label("Policy").select_option("flat")
    lab.page.get_by_label("Budget (USD)").fill("")
    lab.page.keyboard.press("Enter")
    check(lab)
    lab.slider("Multiplier").focus()
    for _ in range(9):
        lab.page.keyboard.press("ArrowLeft")
    check(lab)
    assert shown_table(lab.panel())["Spend"] != "0"
    lab.slider("First price").focus()
    lab.page.keyboard.press("ArrowLeft")
    lab.slider("borealis").focus()
    for _ in range(5):
        lab.page.keyboard.press("ArrowRight")
    check(lab)
    lab.page.get_by_role("button", name="Pin", exact=True).click()
    lab.page.get_by_label("Budget (USD)").fill("10")
    lab.page.keyboard.press("Enter")
    check(lab)
    assert shown_table(lab.panel())["Spend"] in ("10.00 USD", "9.99 USD")
    lab.page.get_by_label("Policy").select_option("low")
    check(lab)
    lab.panel_shot(shots / "tuner.png")


def test_a_bad_budget_is_named_and_keeps_the_last_result(tuner: LabPage, shots: Path) -> None:
    lab = tuner
    before = shown_table(lab.panel())
    for bad, said in (("ten", "budget: got 'ten'; must be a number"), ("-5", "budget: got -5")):
        lab.page.get_by_label("Budget (USD)").fill(bad)
        lab.page.keyboard.press("Enter")
        alert = lab.panel().get_by_role("alert")
        alert.wait_for()
        alert.filter(has_text=said).wait_for()
        assert shown_table(lab.panel()) == before
    lab.panel_shot(shots / "bad.png")
    lab.page.get_by_label("Budget (USD)").fill("")
    lab.page.keyboard.press("Enter")
    lab.wait(lambda: lab.panel().get_by_role("alert").count() == 0, 10, "no alert")


def test_copy_as_code_and_export(tuner: LabPage) -> None:
    lab = tuner
    lab.page.get_by_role("button", name="Copy as code").click()
    code = lab.panel().locator("textarea")
    code.wait_for()
    assert "kit.ScaledPolicy(" in code.input_value()
    lab.page.get_by_role("button", name="Export JSON").click()
    lab.wait(lambda: (lab.server.root / "bid_tuner.json").is_file(), 10, "the file")
    assert json.loads((lab.server.root / "bid_tuner.json").read_text())["split"] == "tune"


def test_every_control_has_a_name(tuner: LabPage) -> None:
    handles = tuner.panel().locator(".noUi-handle")
    assert handles.count() >= 5
    for place in range(handles.count()):
        assert handles.nth(place).get_attribute("aria-label")
    fields = tuner.panel().locator("select, input, button")
    for place in range(fields.count()):
        named = fields.nth(place).evaluate(
            "node => node.labels?.[0]?.textContent || node.ariaLabel || node.textContent"
        )
        assert named.strip()


def test_the_suite_has_teeth_for_a_wrong_number(tuner: LabPage) -> None:
    """A planted wrong number is found."""
    lab = tuner
    lab.page.evaluate(
        "document.querySelector('.kit-panel table.kit-table tbody tr td').textContent = '1.00 USD'"
    )
    assert number_fault(shown_table(lab.panel()), api(lab)) != ""


def test_the_suite_has_teeth_for_an_empty_chart(tuner: LabPage) -> None:
    """A planted empty chart is found."""
    lab = tuner
    assert chart_fault(lab.panel()) == ""
    lab.page.evaluate(
        "document.querySelectorAll('.kit-panel .scatterlayer, .kit-panel .kit-marks')"
        ".forEach(node => node.replaceChildren())"
    )
    assert chart_fault(lab.panel()) != ""
