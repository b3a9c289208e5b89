"""How long the allocation explorer keeps a person waiting, in JupyterLab in Chromium."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.benchmarks.bench_panels import ROOT, WATCH
from tests.benchmarks.table import Row, Table, milliseconds
from tests.browser.lab_page import LabPage
from tests.browser.server import Server, browser_path, jupyter_lab

PRESSES = 40
SETUP = """\
import sys
sys.path.insert(0, {root!r})
import numpy as np, pandas as pd
import kit
rng = np.random.default_rng({seed})
S, D = {pairs} // 10, 20
supply = pd.DataFrame({{"supply_id": np.arange(S).astype(str), "exchange": rng.choice(list("uvwxyz"), S),
                       "capacity": rng.uniform(500, 3000, S)}})
code = np.sort(np.argsort(rng.random((S, D)), axis=1)[:, :10], axis=1).ravel()
pairs = pd.DataFrame({{"supply_id": np.repeat(np.arange(S), 10).astype(str),
                      "demand_id": code.astype(str), "value": rng.lognormal(0, 0.5, 10 * S),
                      "cost": rng.lognormal(-0.5, 0.5, 10 * S)}})
demand = pd.DataFrame({{"demand_id": np.arange(D).astype(str),
                       "budget": rng.uniform(0.2, 0.8, D) * supply["capacity"].sum() / D}})
terms = [kit.Capacity(), kit.Budget(), kit.Share("exchange", max={{"u": 0.15}})]
problem = kit.AllocationProblem(kit.AllocationTables.of(supply, demand, pairs), terms)
"""  # noqa: E501
PANEL = """\
explorer = kit.AllocationExplorer(problem)
explorer._rest = lambda **options: None  # the frontier follows when keys rest: not part of a press
explorer
"""


def tables(quick: bool) -> list[Table]:
    """Measure the explorer's sliders at two sizes, each on its own seed."""
    path = browser_path()
    if path is None:
        raise RuntimeError("no Chromium; `make browser` installs Debian's, or set CHROMIUM")
    rows: list[Row] = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        root = Path(scratch) / "root"
        root.mkdir()
        with jupyter_lab(root, Path(scratch) / "settings") as server:
            for pairs, seed, target in ((10_000, 101, "<= 50 ms"), (100_000, 102, "")):
                if quick and pairs > 10_000:
                    continue
                rows += _rows(browser, server, pairs, seed, target, 6 if quick else PRESSES)
        browser.close()
    return [Table("Allocation explorer, key press to last changed pixel", rows)]


def _rows(
    browser: Browser, server: Server, pairs: int, seed: int, target: str, presses: int
) -> list[Row]:
    lab = LabPage(browser.new_page(viewport={"width": 1440, "height": 1500}), server)
    name = f"allocation-{pairs}-{time.monotonic_ns()}.ipynb"
    lab.write_notebook(name, SETUP.format(root=ROOT, pairs=pairs, seed=seed), PANEL)
    lab.open_notebook(name)
    lab.run_all()
    lab.panel()
    lab.page.wait_for_timeout(2000)
    lab.page.evaluate(WATCH)
    rows = []
    for slider, words in (
        ("budget, 3", "budget"), ("share max, exchange u", "share cap"), ("floor, v", "floor"),
    ):  # fmt: skip
        found = _presses(lab, slider, presses)
        middle = statistics.median(found)
        high = sorted(found)[int(0.95 * len(found))]
        rows.append(
            Row(f"{words} slider, {pairs:,} pairs, median", milliseconds(middle),
                f"95th percentile {milliseconds(high)}", 1000 * middle, target)
        )  # fmt: skip
    lab.page.close()
    return rows


def _presses(lab: LabPage, label: str, presses: int) -> list[float]:
    """Return the seconds from each key press to the last change that it made."""
    lab.slider(label).focus()
    found = []
    for place in range(presses + 3):
        lab.page.evaluate("window.__painted = 0")
        lab.page.keyboard.press("ArrowRight" if place % 12 < 6 else "ArrowLeft")
        lab.page.wait_for_timeout(500)
        found.append(lab.page.evaluate("(window.__painted - window.__key) / 1000"))
    return found[3:]
