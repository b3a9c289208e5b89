"""The plugin in a real JupyterLab: cards that open and run, the palette, the list of runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kit.lab.templates import list_templates
from tests.browser.checks import chart_fault
from tests.browser.lab_page import DRAWN, LabPage

TEMPLATES = list_templates()


@pytest.fixture
def launcher(lab: LabPage) -> LabPage:
    lab.open()
    lab.page.locator(".jp-Launcher-section", has_text="Programmatic Ads").wait_for()
    return lab


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_the_category_has_a_card_for_each_template(
    launcher: LabPage, shots: Path, theme: str
) -> None:
    launcher.theme(theme)
    section = launcher.page.locator(".jp-Launcher-section", has_text="Programmatic Ads")
    cards = section.locator(".jp-LauncherCard")
    assert cards.count() == len(TEMPLATES)
    for place, template in enumerate(TEMPLATES):
        assert template.title in cards.nth(place).inner_text().replace("\n", " ")
        assert cards.nth(place).locator("svg").count() == 1
    launcher.shot(shots / "launcher.png")
    assert launcher.failures == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_every_card_opens_and_runs_to_its_last_cell(
    launcher: LabPage, shots: Path, template: object
) -> None:
    lab, title = launcher, template.title
    section = lab.page.locator(".jp-Launcher-section", has_text="Programmatic Ads")
    section.locator(".jp-LauncherCard", has_text=title).click()
    lab.page.wait_for_selector(".jp-Notebook .jp-Cell")
    lab.wait_idle()
    lab.run_all()
    assert lab.errors() == []
    panels = lab.page.locator(".kit-panel")
    for place in range(panels.count()):
        panels.nth(place).locator(DRAWN).first.wait_for()
        lab.page.wait_for_timeout(500)
        if not panels.nth(place).locator(".kit-rows").count():  # which shows rows, and no chart
            assert chart_fault(panels.nth(place)) == ""
    lab.shot(shots / "ran.png")
    if panels.count():
        lab.panel_shot(shots / "panel.png")
    assert lab.failures == []


def test_a_second_copy_gets_a_free_name(launcher: LabPage) -> None:
    names = sorted(path.name for path in launcher.server.root.glob("compare_policies*.ipynb"))
    section = launcher.page.locator(".jp-Launcher-section", has_text="Programmatic Ads")
    section.locator(".jp-LauncherCard", has_text=TEMPLATES[0].title).click()
    launcher.page.wait_for_selector(".jp-Notebook .jp-Cell")
    later = sorted(path.name for path in launcher.server.root.glob("compare_policies*.ipynb"))
    assert len(later) == len(names) + 1
    assert set(names) < set(later)


def test_the_palette_has_the_same_commands(launcher: LabPage) -> None:
    page = launcher.page
    page.keyboard.press("Control+Shift+c")
    page.locator(".lm-CommandPalette-input").fill(TEMPLATES[1].title)
    found = page.locator(".lm-CommandPalette-item", has_text=TEMPLATES[1].title)
    found.first.wait_for()
    page.keyboard.press("Escape")


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_runs_are_listed_and_their_reports_open(launcher: LabPage, shots: Path, theme: str) -> None:
    lab, root = launcher, launcher.server.root
    if not (root / "demo" / "report.html").is_file():
        command = [sys.executable, "-m", "kit.cli", "demo", "--out", "demo", "--json"]
        own = {name: text for name, text in os.environ.items() if name != "KIT_WORKSPACE"}
        done = subprocess.run(
            command, cwd=root, env=own, capture_output=True, text=True, check=True
        )
        assert json.loads(done.stdout)["run"] >= 1
    lab.theme(theme)
    tab = lab.page.locator(".lm-TabBar-tab[title='Programmatic Ads: runs']")
    row = lab.page.locator("li.kit-Run", has_text="demo").first
    if not row.is_visible():
        tab.click()
    row.wait_for()
    lab.shot(shots / "runs.png")
    row.get_by_role("button").first.click()
    frame = lab.page.frame_locator("iframe").first
    frame.get_by_text(re.compile("holdout", re.IGNORECASE)).first.wait_for()
    lab.page.wait_for_timeout(700)
    lab.shot(shots / "report.png")
    assert lab.failures == []
