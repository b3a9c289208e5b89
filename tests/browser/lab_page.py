"""What a person does in JupyterLab, in one line each."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, Page

from tests.browser.server import Server

SPEC = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
PANEL_MS = 90_000
BAR = "#jp-bottom-panel, .jp-StatusBar-Widget"
DRAWN = ".js-plotly-plot .main-svg, .kit-rows table"
"""What a panel shows once it is drawn: a chart, or the rows of an answer."""
STDERR = ".jp-RenderedText[data-mime-type*=stderr]"

PATIENCE = 4.0


class LabPage:
    """One browser tab with JupyterLab in it.

    Attributes
    ----------
    failures : list of str
        Errors of the page's own JavaScript.
    """

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.failures: list[str] = []
        page.on("pageerror", lambda error: self.failures.append(str(error)))

    def open(self, path: str = "lab") -> None:
        """Open JupyterLab and wait until it stands."""
        self.page.goto(self.server.url(f"{path}?reset"))
        self.page.wait_for_selector("#jp-main-dock-panel", timeout=PANEL_MS)
        self.page.wait_for_selector("#jupyterlab-splash", state="detached", timeout=PANEL_MS)

    def write_notebook(self, name: str, *cells: str) -> None:
        """Put a notebook of these cells below the server's root."""
        book = new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata=SPEC)
        nbformat.write(book, self.server.root / name)

    def open_notebook(self, name: str) -> None:
        """Open one and wait for its kernel."""
        self.open(f"lab/tree/{name}")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=PANEL_MS)
        self.wait_idle()

    def run_all(self, limit_s: float = 150.0) -> None:
        """Run every cell and wait for the last."""
        self.page.locator(".jp-Notebook .jp-Cell").first.click()
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
        self.wait(self._all_ran, limit_s, "every cell to end")

    def _all_ran(self) -> bool:
        # Cells out of view are hidden and have no inner text.
        prompts = self.page.locator(".jp-CodeCell .jp-InputPrompt").all_text_contents()
        sources = self.page.locator(".jp-CodeCell .jp-InputArea-editor").count()
        done = [text for text in prompts if re.fullmatch(r"\[\d+\]:", text)]
        return bool(done) and len(done) >= sources - 1 and "[*]:" not in prompts

    def wait_idle(self) -> None:
        """Wait until the kernel is idle."""
        self.wait(
            lambda: "Idle" in self.page.locator(BAR).first.inner_text(),
            60, "an idle kernel",
        )  # fmt: skip

    def wait(self, done: Callable[[], bool], limit_s: float, what: str) -> None:
        """Wait until something holds; on a busy machine for longer, as no speed is tested here."""
        end = time.monotonic() + PATIENCE * limit_s
        while time.monotonic() < end:
            if done():
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"waited {limit_s:g} s for {what}")

    def errors(self) -> list[str]:
        """Return the tracebacks that the notebook shows."""
        shown = f"[data-mime-type='application/vnd.jupyter.error'], {STDERR}"
        return self.page.locator(shown).all_inner_texts()

    def theme(self, name: str) -> None:
        """Choose JupyterLab Light or JupyterLab Dark."""
        self.page.get_by_role("menuitem", name="Settings", exact=True).click()
        self.page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Theme$")).hover()
        self.page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^JupyterLab {name}$")).click()
        light = "true" if name == "Light" else "false"
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")

    def panel(self) -> Locator:
        """Return the panel that is shown, drawn."""
        panel = self.page.locator(".kit-panel").first
        panel.wait_for(timeout=PANEL_MS)
        panel.locator(DRAWN).first.wait_for(timeout=PANEL_MS)
        return panel

    def slider(self, label: str) -> Locator:
        """Return a slider's handle by its name for screen readers."""
        return self.page.locator(f".kit-panel .noUi-handle[aria-label='{label}']")

    def shot(self, path: Path) -> None:
        """Keep a screenshot."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.wait_for_timeout(300)
        self.page.screenshot(path=str(path))

    def panel_shot(self, path: Path) -> None:
        """Keep a screenshot of the panel alone, whole."""
        size = self.page.viewport_size or {"width": 1440, "height": 1200}
        self.page.set_viewport_size({"width": 1500, "height": 1900})
        self.page.wait_for_timeout(500)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.panel().screenshot(path=str(path))
        self.page.set_viewport_size(size)
