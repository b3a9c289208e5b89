"""A small sealed log, and ``kit check`` on it within reach of a patch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kit.data.log import AuctionLog
from kit.data.sealed import SealedSplit, seal_log
from kit.data.simulate import SimulationConfig, simulate
from kit.validate.process import _error
from kit.validate.scorer import Scorer
from tests.flow.check.world import SPECS, Kit, spec_file


@pytest.fixture(scope="module")
def log() -> AuctionLog:
    return simulate(SimulationConfig(auctions=6000, days=10, ctr=0.05), 1).log


@pytest.fixture(scope="module")
def sealed(log: AuctionLog, tmp_path_factory: pytest.TempPathFactory) -> SealedSplit:
    root = tmp_path_factory.mktemp("sealed")
    return seal_log(log.save(root / "log.parquet"), out=root / "sealed")


@pytest.fixture
def specs(tmp_path: Path) -> dict[str, Path]:
    return {name: spec_file(tmp_path / f"{name}.json", name, SPECS[name]) for name in SPECS}


class InProcess:
    """Scores in this process, as the child would: quicker, and within reach of a patch."""

    def __init__(self) -> None:
        self.scorer = Scorer()

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        asked = json.loads(json.dumps(dict(request)))
        reply: dict[str, Any] = json.loads(json.dumps(self.scorer.answer(asked)))
        if "error" in reply:
            raise _error(reply)
        return reply


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.validate.vault.PROCESS", InProcess())


@pytest.fixture
def check(kit: Kit, sealed: SealedSplit, specs: dict[str, Path], near: None) -> Kit:
    """Run ``kit check`` on the sealed log: the modest bid against the dear one, unless said."""

    def _check(*more: object, candidate: object = "modest", on: object = None) -> Any:
        chosen = specs.get(str(candidate), candidate)
        return kit(
            "check", on or sealed.folder, "--candidate", chosen, "--baseline", specs["dear"], *more
        )

    return _check
