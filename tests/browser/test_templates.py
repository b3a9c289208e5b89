"""Every template runs under nbclient, and its exported HTML is read with no network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Page

from kit.base.assets import asset_dir

TEMPLATES = sorted(asset_dir("notebooks").glob("[0-9][0-9]_*.ipynb"))


@pytest.fixture
def offline(browser: Browser) -> Iterator[Page]:
    """A tab that reaches nothing but files."""
    context = browser.new_context(viewport={"width": 1200, "height": 1600})
    context.route("http*://**", lambda route: route.abort())
    yield context.new_page()
    context.close()


@pytest.mark.slow  # the browser lane has run each of them in JupyterLab
@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_template_runs_and_exports(path: Path, tmp_path: Path, offline: Page, shots: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [
        output for output in outputs
        if output.output_type == "error" or output.get("name") == "stderr"
    ]  # fmt: skip
    page = tmp_path / "page.html"
    page.write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")
    offline.goto(page.as_uri())
    offline.wait_for_timeout(500)
    drawn = offline.locator("svg, img").evaluate_all(
        "nodes => nodes.filter(node => node.getBoundingClientRect().width > 300).length"
    )
    assert drawn >= 1
    panels = sum("kit-twin" in "".join(output.get("data", {}).get("text/html", ""))
                 for output in outputs)  # fmt: skip
    assert panels == offline.locator(".kit-twin:visible").count()
    for twin in offline.locator(".kit-twin").all():
        assert twin.locator("svg").count() == 1
        assert twin.locator("table tbody tr").count() >= 1
    shots.mkdir(parents=True, exist_ok=True)
    offline.screenshot(path=str(shots / "exported.png"), full_page=True)
    if path.stem.startswith("01_"):
        assert (tmp_path / "out" / "report.html").is_file()
