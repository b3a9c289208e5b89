"""A JupyterLab and a browser for every test of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from kit.flow.workspace import lay_out
from tests.browser.lab_page import LabPage
from tests.browser.server import Server, browser_path, jupyter_lab

ARTEFACTS = Path(__file__).parents[2] / ".artefacts" / "browser"
"""Screenshots of the last run."""


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    path = browser_path()
    if path is None:
        message = "no Chromium; `make browser` installs Debian's, or set CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
    yield started
    started.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("lab") / "workspace"
    lay_out(root)
    with jupyter_lab(root, tmp_path_factory.mktemp("settings")) as started:
        yield started


@pytest.fixture(scope="module")
def lab(browser: Browser, server: Server) -> Iterator[LabPage]:
    """One tab a file: opening JupyterLab takes longer than most tests."""
    page = browser.new_page(viewport={"width": 1440, "height": 1200})
    yield LabPage(page, server)
    page.close()


@pytest.fixture
def shots(request: pytest.FixtureRequest) -> Path:
    """Folder for the screenshots of one test."""
    return ARTEFACTS / request.node.name.replace("[", "-").replace("]", "")
