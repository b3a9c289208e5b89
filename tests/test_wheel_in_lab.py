"""The wheel in an empty environment: the launcher, a working panel, and nothing left after it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow
PANEL = """\
import kit
log = kit.load_log(kit.asset_dir("data_samples") / "auctions.parquet")
flat = kit.make_policy("constant", {"bid": 4})
kit.BidTuner(kit.time_split(log), {"flat": flat}, click_value_cpm=3000)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the locked packages and the wheel; no Node on its path."""
    place = tmp_path_factory.mktemp("fresh")
    run = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index",
           "--no-build-isolation", "--wheel-dir", str(place), str(ROOT)]  # fmt: skip
    subprocess.run(run, check=True, capture_output=True)
    (wheel,) = place.glob("programmatic_kit-*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(place / "env")], check=True)
    pip = [str(place / "env" / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    for arguments in (["--require-hashes", "-r", str(ROOT / "constraints.txt")],
                      ["--no-deps", "--no-index", str(wheel)]):  # fmt: skip
        subprocess.run([*pip, "install", "--quiet", *arguments], check=True, capture_output=True)
    return place / "env"


def left(environment: Path) -> list[str]:
    """Return what belongs to us in an environment, compiled files aside."""
    names = ("programmatic", "jupyter-kit")
    return [
        str(path.relative_to(environment))
        for path in environment.rglob("*")
        if any(name in path.name for name in names)
        or path.parts[-2:] in (("site-packages", "kit"), ("bin", "kit"))
    ]


def test_launcher_panel_and_uninstall(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, playwright: Any
) -> None:
    from tests.browser.checks import chart_fault, shown_table
    from tests.browser.lab_page import LabPage
    from tests.browser.server import browser_path, jupyter_lab

    chromium = browser_path()
    if chromium is None:
        assert not os.environ.get("CI"), "no Chromium; `make browser` installs Debian's"
        pytest.skip("no Chromium; `make browser` installs Debian's")
    monkeypatch.setenv("PATH", f"{environment / 'bin'}{os.pathsep}/bin")  # no Node
    root = tmp_path / "root"
    root.mkdir()
    python = str(environment / "bin" / "python")
    with jupyter_lab(root, tmp_path / "settings", python) as server:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        lab = LabPage(browser.new_page(viewport={"width": 1440, "height": 1200}), server)
        lab.open()
        section = lab.page.locator(".jp-Launcher-section", has_text="Programmatic Ads")
        section.wait_for()
        assert section.locator(".jp-LauncherCard").count() >= 4
        lab.write_notebook("panel.ipynb", PANEL)
        lab.open_notebook("panel.ipynb")
        lab.run_all()
        before = shown_table(lab.panel())["Spend"]
        lab.slider("Multiplier").focus()
        lab.page.keyboard.press("ArrowLeft")
        lab.wait(lambda: shown_table(lab.panel())["Spend"] != before, 20, "another spend")
        lab.wait(lambda: not chart_fault(lab.panel()), 20, "the charts, which follow the table")
        assert lab.failures == []
        browser.close()
    assert left(environment)
    uninstall = [python, "-m", "pip", "uninstall", "--quiet", "--yes", "programmatic-kit"]
    subprocess.run(uninstall, check=True, capture_output=True)
    assert left(environment) == []
