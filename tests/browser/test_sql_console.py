"""The SQL console in a real JupyterLab: ask, edit, be refused, stop; a model drafts and repairs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Locator

from kit.base.assets import asset_dir
from tests.ai.loopback import Loopback, Step
from tests.browser.checks import number_of
from tests.browser.lab_page import PANEL_MS, LabPage
from tests.browser.server import Server

CELL = """\
import kit
from kit.widgets.sql_console import SQLConsole
panel = SQLConsole(kit.asset_dir("data_samples"), ["auctions"])
panel
"""
ALIVE = """\
print("alive while it works:", panel.halt.disabled is False)
"""
MODEL = """\
import os, kit
from kit.widgets.sql_console import SQLConsole
os.environ.update(OPENAI_BASE_URL="{url}", KIT_MODEL="scripted")
os.environ.update(KIT_PRICE_IN="2", KIT_PRICE_OUT="8")
panel = SQLConsole(kit.asset_dir("data_samples"), ["auctions"])
panel
"""
SLOW = (
    "SELECT sum(a.page_quality * b.page_quality) AS s "
    "FROM auctions a JOIN auctions b ON a.device = b.device"
)
DRAFTS = (
    "SELECT device, getenv('HOME') AS home FROM auctions GROUP BY device",
    "SELECT device, count(*) FILTER (WHERE click) AS clicks FROM auctions "
    "GROUP BY device ORDER BY device",
)


@pytest.fixture(scope="module")
def console(lab: LabPage) -> LabPage:
    lab.write_notebook("console.ipynb", CELL, ALIVE)
    lab.open_notebook("console.ipynb")
    lab.run_all()
    return lab


@pytest.fixture(scope="module")
def auctions() -> pd.DataFrame:
    return pd.read_parquet(asset_dir("data_samples") / "auctions.parquet")


def panel(lab: LabPage) -> Locator:
    shown = lab.page.locator(".kit-panel").first
    shown.wait_for(timeout=PANEL_MS)
    return shown


def press(lab: LabPage, name: str) -> None:
    panel(lab).get_by_role("button", name=name, exact=True).click()


def settled(lab: LabPage, said: str) -> None:
    lab.wait(lambda: said in panel(lab).inner_text(), 30, repr(said))
    lab.wait(lambda: _enabled(lab, "Run"), 30, "Run to be enabled")


def _enabled(lab: LabPage, name: str) -> bool:
    return panel(lab).get_by_role("button", name=name, exact=True).is_enabled()


def rows(lab: LabPage) -> list[list[str]]:
    """Return the answer as it stands on the screen, its header first."""
    found: list[list[str]] = (
        panel(lab)
        .locator(".kit-rows table")
        .evaluate(
            "table => [...table.querySelectorAll('tr')]"
            ".map(row => [...row.children].map(cell => cell.innerText.trim()))"
        )
    )
    return found


def keep(lab: LabPage, path: Path) -> None:
    """Keep a screenshot of the panel, whole."""
    size = lab.page.viewport_size or {"width": 1440, "height": 1200}
    lab.page.set_viewport_size({"width": 1500, "height": 1900})
    lab.page.mouse.move(0, 0)
    lab.page.wait_for_timeout(500)
    path.parent.mkdir(parents=True, exist_ok=True)
    panel(lab).screenshot(path=str(path))
    lab.page.set_viewport_size(size)


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_question_becomes_rows_that_a_count_by_hand_confirms(
    console: LabPage, auctions: pd.DataFrame, shots: Path, theme: str
) -> None:
    lab = console
    lab.theme(theme)
    keep(lab, shots / "empty.png")
    column = {"Light": "exchange", "Dark": "device"}[theme]
    lab.page.get_by_label("Question").fill(f"impressions, clicks and ctr by {column}")
    press(lab, "Draft")
    settled(lab, f"by {column}”:")
    won = auctions[auctions["won"]].groupby(column, observed=True)["click"].agg(["size", "sum"])
    header, *shown = rows(lab)
    assert header == [column, "impressions", "clicks", "ctr"]
    assert [row[0] for row in shown] == [str(name) for name in won.index]
    for row, (size, clicks) in zip(shown, won.to_numpy(), strict=True):
        assert [number_of(cell) for cell in row[1:3]] == [size, clicks]
        assert number_of(row[3]) == pytest.approx(clicks / size, abs=5e-6)
    text = panel(lab).inner_text()
    for said in ("Guard: allowed: reads auctions", "No model is named", "about 150,000 rows",
                 "Drafted by\tsemantic layer", "Grain\tok: one row for each"):  # fmt: skip
        assert said in text
    assert "GROUP BY" in lab.page.get_by_label("SQL", exact=True).input_value()
    keep(lab, shots / "answer.png")
    assert lab.failures == []
    assert lab.errors() == []


def test_edited_sql_is_judged_again(console: LabPage, auctions: pd.DataFrame, shots: Path) -> None:
    lab = console
    lab.theme("Light")
    box = lab.page.get_by_label("SQL", exact=True)
    box.fill("SELECT weekday, count(*) AS auctions FROM auctions GROUP BY weekday ORDER BY weekday")
    press(lab, "Run")
    settled(lab, "one row for each weekday")
    before = rows(lab)
    counted = auctions.groupby("weekday").size()
    assert [number_of(row[1]) for row in before[1:]] == counted.tolist()
    box.fill("SELECT * FROM read_csv('/etc/passwd')")
    press(lab, "Run")
    alert = panel(lab).get_by_role("alert")
    alert.filter(has_text="function read_csv is not on the list").wait_for()
    settled(lab, "Guard: refused at 1:22: function read_csv")
    assert rows(lab) == before
    assert "The last good result is shown." in alert.inner_text()
    keep(lab, shots / "refused.png")
    lab.page.get_by_label("Question").fill("how is the weather")
    press(lab, "Draft")
    alert.filter(has_text="I do not know 'weather'").wait_for()
    settled(lab, "Ask it in other words, or name a model.")
    assert rows(lab) == before
    keep(lab, shots / "unknown.png")


def test_a_slow_query_is_stopped_and_cells_run_meanwhile(console: LabPage, shots: Path) -> None:
    lab = console
    lab.page.get_by_label("SQL", exact=True).fill(SLOW)
    press(lab, "Run")
    lab.wait(lambda: _enabled(lab, "Stop"), 10, "a query under way")
    lab.page.locator(".jp-CodeCell .jp-InputArea-editor").nth(1).click()
    lab.page.keyboard.press("Control+Enter")
    output = lab.page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea")
    lab.wait(lambda: "alive while it works: True" in output.inner_text(), 5, "a cell meanwhile")
    press(lab, "Stop")
    settled(lab, "was stopped before it was answered")
    lab.page.get_by_label("SQL", exact=True).fill("SELECT count(*) AS n FROM auctions")
    press(lab, "Run")
    settled(lab, "1 row, in")
    assert rows(lab) == [["n"], ["150,000"]]


def test_a_pair_is_confirmed(console: LabPage) -> None:
    lab = console
    pairs = lab.server.root / "sql_pairs.jsonl"
    pairs.unlink(missing_ok=True)  # the template's card, run before, confirms one
    question, sql = lab.page.get_by_label("Question"), lab.page.get_by_label("SQL", exact=True)
    question.fill("win rate by exchange")
    press(lab, "Draft")
    settled(lab, "“win rate by exchange”:")
    drafted = sql.input_value()
    question.fill("ctr by exchange")
    press(lab, "Confirm pair")
    settled(lab, "the question has changed since it was answered")
    question.fill("win rate by exchange")
    sql.fill("SELECT 1 AS n")
    press(lab, "Confirm pair")
    settled(lab, "the SQL has changed since it was run")
    assert not pairs.exists()
    sql.fill(drafted)
    press(lab, "Confirm pair")
    settled(lab, "Kept in sql_pairs.jsonl: “win rate by exchange” and the SQL below.")
    kept = json.loads(pairs.read_text())
    assert kept["question"] == "win rate by exchange"
    assert "win_rate" in kept["sql"]


def test_every_control_has_a_name(console: LabPage) -> None:
    fields = panel(console).locator("input, textarea, button")
    assert fields.count() == 6
    for place in range(fields.count()):
        named = fields.nth(place).evaluate(
            "node => node.labels?.[0]?.textContent || node.ariaLabel || node.textContent"
        )
        assert named.strip()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Loopback]:
    """A model whose first draft the guard refuses, and whose second is right."""
    steps = [
        Step(content=json.dumps({"sql": sql, "assumptions": "A click is a row with click."}))
        for sql in DRAFTS
    ]
    with Loopback(steps) as started:
        yield started


@pytest.fixture(scope="module")
def modelled(browser: Browser, server: Server, endpoint: Loopback) -> Iterator[LabPage]:
    lab = LabPage(browser.new_page(viewport={"width": 1440, "height": 1200}), server)
    lab.write_notebook("modelled.ipynb", MODEL.format(url=endpoint.url))
    lab.open_notebook("modelled.ipynb")
    lab.run_all()
    yield lab
    lab.page.close()


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_model_drafts_is_refused_and_repairs(
    modelled: LabPage, endpoint: Loopback, auctions: pd.DataFrame, shots: Path, theme: str
) -> None:
    lab = modelled
    lab.theme(theme)
    if theme == "Light":
        assert "Model scripted at http://127.0.0.1" in panel(lab).inner_text()
        assert "not asked yet" in panel(lab).inner_text()
        lab.page.get_by_label("Question").fill("which gadgets get tapped most")
        press(lab, "Draft")
        settled(lab, "Drafted by\tscripted")
    counted = auctions.groupby("device", observed=True)["click"].sum()
    assert [number_of(row[1]) for row in rows(lab)[1:]] == counted.tolist()
    text = panel(lab).inner_text()
    for said in ("2 calls, 104 tokens", "cost 0.000352", "Failed draft 1",
                 "function getenv is not on the list", "A click is a row with click."):  # fmt: skip
        assert said in text
    first, repair = (json.dumps(body["messages"]) for body in endpoint.bodies)
    assert "which gadgets get tapped most" in first
    assert "getenv" in repair
    keep(lab, shots / "repaired.png")
    assert lab.failures == []
    assert lab.errors() == []
