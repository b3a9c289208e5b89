"""Shared fixtures: real data beside the checkout, an isolated workspace."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

settings.register_profile("seeded", derandomize=True, database=None)
settings.load_profile("seeded")

ROOT = Path(__file__).parents[1]
_READS_DEMO = re.compile(r"def test_\w+\([^)]*\bdemo: ")


class OneDemo(LoadFileScheduling):
    """Gives a worker whole files, and to one worker all that read the sample's demo.

    It takes longer than most files of tests, and each worker that reads it runs its own.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _scope(super()._split_scope(nodeid))


@cache
def _scope(file: str) -> str:
    path = ROOT / file
    is_python = path.suffix == ".py"
    return "demo" if is_python and _READS_DEMO.search(path.read_text(encoding="utf-8")) else file


@pytest.hookimpl(optionalhook=True)  # without xdist there is no such hook
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneDemo:
    """Take the place of ``--dist loadfile``."""
    return OneDemo(config, log)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real public logs beside the checkout; their rights keep them out of it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real logs are not part of the project: ../shared/data is absent")
    return folder


@pytest.fixture(scope="session")
def playwright() -> Iterator[Any]:
    """Playwright, begun once a worker: in one thread it refuses to begin twice."""
    with pytest.importorskip("playwright.sync_api").sync_playwright() as begun:
        yield begun


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261124)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let Ctrl-C interrupt, also where the tests were started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes into the workspace of whoever runs it."""
    monkeypatch.setenv("KIT_WORKSPACE", str(tmp_path / "workspace"))
