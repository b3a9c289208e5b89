"""The sample's demo, run once for all tests of it, and a way to call the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.cli import main
from kit.flow.demo import run_demo
from kit.flow.runs import Outcome
from kit.flow.specs import DemoSpec

Kit = Callable[..., tuple[int, Any, str]]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """The shipped sample, from log to report."""
    out = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KIT_WORKSPACE", str(tmp_path_factory.mktemp("workspace")))
        _name_no_model(patch)
        return out, run_demo(DemoSpec(out=out), lambda line: None)


@pytest.fixture(autouse=True)
def _no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks a model that whoever runs it has named: `kit demo` would."""
    _name_no_model(monkeypatch)


def _name_no_model(patch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "KIT_MODEL"):
        patch.delenv(name, raising=False)


@pytest.fixture
def kit(capsys: pytest.CaptureFixture[str]) -> Kit:
    """Run `kit ARGUMENTS --json`; return exit code, the object it printed, and stderr."""

    def _kit(*arguments: object) -> tuple[int, Any, str]:
        code = main([*map(str, arguments), "--json"])
        printed = capsys.readouterr()
        return code, json.loads(printed.out), printed.err

    return _kit
