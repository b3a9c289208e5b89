"""``kit ai proposal``: what a model would be sent, and one message where there is nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.ai.propose.brief import Brief
from kit.cli import main
from kit.flow.search.store import SearchStore
from kit.variant.spec import PolicySpec, VariantSpec
from kit.variant.trial import Trial

DEFAULT = VariantSpec(name="default", policy=PolicySpec(name="value"))


def begun(folder: Path, brief: Brief | None) -> None:
    store = SearchStore(folder, {})
    store.add([Trial(0, DEFAULT, status="scored", score=0.0)])
    if brief is not None:
        store.note("brief", brief.model_dump_json())
    store.close()


def test_it_prints_what_would_be_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begun(tmp_path, Brief(features=("device",), kinds={"device": "VARCHAR"}))
    assert main(["ai", "proposal", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "request(device VARCHAR)" in said
    assert '"change": "default"' in said


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_folder_without_a_scored_default_has_no_proposal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], is_begun: bool
) -> None:
    if is_begun:
        begun(tmp_path, None)
    assert main(["ai", "proposal", str(tmp_path)]) == 1
    said = "no scored default yet" if is_begun else "holds no search.sqlite"
    assert said in capsys.readouterr().err
