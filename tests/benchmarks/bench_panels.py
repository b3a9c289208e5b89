"""How long a person waits in JupyterLab in Chromium: from a key press to the last changed pixel."""

from __future__ import annotations

import json
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.benchmarks.panel_cells import ALTAIR, MATPLOTLIB, SETUP, STATE, TUNER
from tests.benchmarks.table import Row, Table, milliseconds
from tests.browser.lab_page import LabPage
from tests.browser.server import Server, browser_path, jupyter_lab

ROOT = str(Path(__file__).parents[2])
WATCH = """() => {
  window.__painted = 0;
  const painted = () => requestAnimationFrame(() => {
    const after = new MessageChannel();
    after.port1.onmessage = () => { window.__painted = performance.now(); };
    after.port2.postMessage(0);
  });
  new MutationObserver(painted).observe(document.querySelector('.kit-panel'),
    {subtree: true, childList: true, attributes: true, characterData: true});
  window.addEventListener('keydown', event => { window.__key = event.timeStamp; }, true);
}"""
PRESSES, BURST, LOADS = 60, 40, 12
PLUGIN = "programmatic-kit-lab"


def tables(quick: bool) -> list[Table]:
    """Measure the panels and the plugin."""
    path = browser_path()
    if path is None:
        raise RuntimeError("no Chromium; `make browser` installs Debian's, or set CHROMIUM")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        folder = Path(scratch)
        root = folder / "root"
        root.mkdir()
        with jupyter_lab(root, folder / "settings") as server:
            rows = _answers(browser, server, quick)
        loads = _loads(browser, folder, 3 if quick else LOADS)
        browser.close()
    return [Table("Panels, key press to last changed pixel", rows), Table("Plugin", [loads])]


def _answers(browser: Browser, server: Server, quick: bool) -> list[Row]:
    million = 20_000 if quick else 1_000_000
    presses = 12 if quick else PRESSES
    rivals = {}
    for name, cell in (("matplotlib", MATPLOTLIB), ("altair", ALTAIR)):
        with _opened(browser, server, million, cell) as (lab, _):
            rivals[name] = statistics.median(_presses(lab, "Multiplier", presses))
    beside = ", ".join(f"{name} {milliseconds(median)}" for name, median in rivals.items())
    rows = []
    with _opened(browser, server, million, TUNER, STATE) as (lab, shown):
        for label in ("Multiplier", "adx-1"):
            found = _presses(lab, label, presses)
            rows += _row(f"{label} slider, {million:,} auctions", found, beside, 50, 80)
        rows.append(_burst(lab))
        rows.append(Row("panel shows in a warm kernel", f"{shown:.2f} s", "", shown, "<= 2"))
    many = 50_000 if quick else 10_000_000
    with _opened(browser, server, many, TUNER) as (lab, _):
        for label in ("Multiplier", "adx-1"):
            found = _presses(lab, label, presses)
            rows += _row(f"{label} slider, {many:,} auctions", found, "", 120, None)
    return rows


def _row(name: str, found: list[float], beside: str, median: int, p95: int | None) -> list[Row]:
    middle = statistics.median(found)
    high = sorted(found)[int(0.95 * len(found))]
    rows = [Row(f"{name}, median", milliseconds(middle), beside, 1000 * middle, f"<= {median} ms")]
    if p95:
        rows.append(Row(f"{name}, p95", milliseconds(high), "", 1000 * high, f"<= {p95} ms"))
    return rows


@contextmanager
def _opened(
    browser: Browser, server: Server, rows: int, *cells: str
) -> Iterator[tuple[LabPage, float]]:
    """Open a notebook, run its set-up, then the panel's cell; yield the seconds that took."""
    lab = LabPage(browser.new_page(viewport={"width": 1440, "height": 1300}), server)
    name = f"bench-{time.monotonic_ns()}.ipynb"
    lab.write_notebook(name, SETUP.format(root=ROOT, rows=rows), *cells)
    lab.open_notebook(name)
    _run_cell(lab, 0)
    lab.wait(lambda: _prompt(lab, 0) == "[1]:", 120, "the set-up")
    start = time.monotonic()
    _run_cell(lab, 1)
    drawn = ".kit-panel .main-svg, .kit-panel img, .kit-panel svg.marks"
    lab.page.locator(drawn).first.wait_for(timeout=120_000)
    seconds = time.monotonic() - start
    lab.wait(lambda: _prompt(lab, 1) == "[2]:", 60, "the panel")
    lab.page.wait_for_timeout(1500)
    lab.page.evaluate(WATCH)
    yield lab, seconds
    lab.page.close()


def _run_cell(lab: LabPage, place: int) -> None:
    lab.page.locator(".jp-CodeCell .jp-InputArea-editor").nth(place).click()
    lab.page.keyboard.press("Control+Enter")


def _prompt(lab: LabPage, place: int) -> str:
    return lab.page.locator(".jp-CodeCell .jp-InputPrompt").nth(place).inner_text()


def _focus(lab: LabPage, label: str) -> None:
    named = lab.slider(label)
    (named if named.count() else lab.page.locator(".kit-panel .noUi-handle").first).focus()


def _presses(lab: LabPage, label: str, presses: int) -> list[float]:
    """Return the seconds from each of many key presses to the last change it made."""
    _focus(lab, label)
    found = []
    for place in range(presses + 5):
        lab.page.evaluate("window.__painted = 0")
        lab.page.keyboard.press("ArrowRight" if place % 20 < 10 else "ArrowLeft")
        lab.page.wait_for_timeout(350)
        found.append(lab.page.evaluate("(window.__painted - window.__key) / 1000"))
    return found[5:]


def _burst(lab: LabPage) -> Row:
    """Press 40 times without a pause; the last state must be the one that stays."""
    _focus(lab, "Multiplier")
    for _ in range(BURST):
        lab.page.keyboard.press("ArrowLeft")
    lab.page.wait_for_timeout(1500)
    seconds: float = lab.page.evaluate("(window.__painted - window.__key) / 1000")
    shown = lab.page.locator(".kit-panel .kit-table tbody tr", has_text="Spend").inner_text()
    _run_cell(lab, 2)
    lab.page.wait_for_timeout(800)
    printed = lab.page.locator(".jp-CodeCell").nth(2).locator(".jp-OutputArea").inner_text()
    multiplier, spend = json.loads(re.search(r"API(.*)", printed)[1])
    readout = lab.page.locator(".kit-panel .widget-readout").first.inner_text()
    if f"{spend:,.2f}" not in shown or readout != f"\N{MULTIPLICATION SIGN}{multiplier:.3g}":
        raise RuntimeError(f"stale: {shown!r} at multiplier {multiplier:g}, not {spend:.2f}")
    name = f"burst of {BURST} presses, last press to the final state"
    return Row(name, milliseconds(seconds), "", 1000 * seconds, "<= 150 ms")


def _loads(browser: Browser, folder: Path, loads: int) -> Row:
    """Load JupyterLab with and without the plugin, in turns."""
    root = folder / "empty"
    root.mkdir()
    without = folder / "without"
    (without / "config" / "labconfig").mkdir(parents=True)
    (without / "config" / "labconfig" / "page_config.json").write_text(
        json.dumps({"disabledExtensions": {PLUGIN: True}})
    )
    seconds: dict[str, list[float]] = {"with": [], "without": []}
    with jupyter_lab(root, folder / "with") as plugged, jupyter_lab(root, without) as bare:
        for place in range(loads + 1):
            for name, server in (("with", plugged), ("without", bare)):
                took = _load(browser, server, has_plugin=name == "with")
                if place:
                    seconds[name].append(took)
    here, other = (statistics.median(seconds[name]) for name in ("with", "without"))
    added = 1000 * (here - other)
    rival = f"without the plugin {milliseconds(other)}"
    return Row("JupyterLab's load, ms added", milliseconds(here), rival, added, "<= 100 ms")


def _load(browser: Browser, server: Server, *, has_plugin: bool) -> float:
    lab = LabPage(browser.new_page(), server)
    lab.open()
    lab.page.wait_for_selector(".jp-Launcher-section")
    if has_plugin:
        lab.page.locator(".jp-Launcher-section", has_text="Programmatic Ads").wait_for()
    seconds: float = lab.page.evaluate("performance.now() / 1000")
    lab.page.close()
    return seconds
