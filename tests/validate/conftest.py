"""What tests of looks share."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.validate import stress
from kit.validate.ledger import Ledger
from tests.validate.vault_cases import Case, make_case


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("look"))


@pytest.fixture
def prices_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Play price shocks alone: a look takes half the time."""
    monkeypatch.setattr(stress, "SCENARIOS", {"prices": stress.SCENARIOS["prices"]})


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")
