"""A small sealed log and a quick default, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.data.sealed import SealedSplit
from tests.flow.search.world import quick_default, sealed_log


@pytest.fixture(scope="session")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> SealedSplit:
    return sealed_log(tmp_path_factory.mktemp("search"))


@pytest.fixture(scope="session")
def default(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return quick_default(tmp_path_factory.mktemp("default"))


@pytest.fixture(autouse=True)
def _no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search of the tests asks no model that happens to be set."""
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "KIT_MODEL"):
        monkeypatch.delenv(name, raising=False)
