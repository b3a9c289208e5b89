"""A small sealed log and a quick default, made once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kit.data.sealed import SealedSplit
from kit.flow.search.outcome import Found
from kit.flow.search.propose import search_variants
from tests.flow.search.world import Run, quick_default, sealed_log, settings


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


@pytest.fixture
def run(sealed: SealedSplit, default: Path, tmp_path: Path) -> Run:
    """Search with settings; what was said is kept in `.said`."""

    def _run(folder: Path | None = None, **given: Any) -> Found:
        said.clear()
        given = {"default": default, "budget": 4, "finalists": 0, "out": tmp_path / "out"} | given
        return search_variants(settings(folder or sealed.folder, **given), said.append)

    said: list[str] = []
    _run.said = said  # type: ignore[attr-defined]
    return _run
