"""Hostile texts around a search: no spec outside the registry, no id, no holdout figure."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from kit.ai.propose.brief import Brief
from kit.base.files import file_hash
from kit.data.log import AuctionLog, read_parquet
from kit.data.sealed import SealedSplit, open_sealed
from kit.flow.search.propose import search_variants
from kit.variant.spec import ModelSpec, PolicySpec
from kit.variant.trial import Trial
from tests.ai.loopback import Loopback, Step
from tests.ai.propose_injection import FENCES, PLACES, Came, came_of, cases, outside
from tests.data.sql import corpora
from tests.flow.search.world import quick_default, sealed_log, settings

CASES = cases(corpora.read("injection_open"))
SQL = [case["sql"] for case in corpora.read("hostile_open")]
FEW = [next(case for case in CASES if case["where"] == where) for where in PLACES]


def check(came: Came) -> None:
    assert came.leaked == []
    assert came.fences == FENCES
    assert came.outside == []
    assert len(came.trials) == 5
    assert came.trials[0].status == "scored"


@pytest.mark.parametrize("case", FEW[::3], ids=lambda case: case["where"])
def test_nothing_leaks_and_nothing_is_outside(case: Mapping[str, str], tmp_path: Path) -> None:
    check(came_of(case, tmp_path, seed=1, attacks=SQL))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']} {case['where']}")
def test_every_open_case(case: Mapping[str, str], tmp_path: Path) -> None:
    check(came_of(case, tmp_path, seed=int(case["id"][1:]), attacks=SQL))


def test_the_check_can_fail(tmp_path: Path) -> None:
    """A spec outside the registry is one, whoever wrote it."""
    root = came_of(FEW[0], tmp_path, seed=1).trials[0]
    train, brief = _sealed(tmp_path).train, Brief(kinds={"device": "VARCHAR"})
    for update in (
        {"model": ModelSpec(features=("won",))},
        {"model": ModelSpec(expressions={"x": "won"})},
        {"model": ModelSpec(params={"model_file": 1})},
        {"model": None, "policy": PolicySpec(name="rlb")},
        {"model": None, "policy": PolicySpec(name="value", multipliers={"mars": 1.0})},
        {"model": None, "constraints": ()},
    ):
        spec = root.spec.model_copy(update=update)
        assert outside(Trial(1, spec, status="scored"), brief, train)


def _sealed(root: Path) -> SealedSplit:
    return sealed_log(root / "log")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[SealedSplit, SealedSplit]:
    """One log twice: every open byte is the same, and no row of the holdouts."""
    one = _sealed(tmp_path)
    folder = tmp_path / "other"
    shutil.copytree(one.folder, folder)
    path = folder / one.holdout_path.name
    log = read_parquet(path)
    rng = np.random.default_rng(9)
    rows = log.frame.assign(
        click=rng.random(len(log)) < 0.3, market_price_cpm=rng.lognormal(1, 1, len(log))
    )
    AuctionLog(rows, log.meta).save(path)
    facts = json.loads((folder / "split.json").read_text())
    facts["holdout_hash"] = file_hash(path)
    (folder / "split.json").write_text(json.dumps(facts))
    return one, open_sealed(folder)


def test_no_figure_of_a_holdout_leaves(
    pair: tuple[SealedSplit, SealedSplit], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looks included, what is sent is the same to the byte whatever the holdout holds."""
    monkeypatch.setenv("KIT_MODEL", "told")
    said = [
        {"parent": 0, "kind": "add_expression", "name": "pair", "value": "device || region"},
        {"parent": 0, "kind": "drop_feature", "name": "page_quality", "value": ""},
    ]
    sent: list[list[str]] = []
    for place, sealed in enumerate(pair):
        monkeypatch.setenv("KIT_WORKSPACE", str(tmp_path / f"workspace {place}"))
        steps = [Step(json.dumps(one | {"hypothesis": "it may"})) for one in said]
        with Loopback(steps) as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.url)
            for seed, budget in ((0, 3), (1, 3)):  # the second search follows looks
                spec = settings(
                    sealed.folder, tmp_path / f"{place} {seed}", default=quick_default(tmp_path),
                    proposer="llm", budget=budget, seed=seed, finalists=2, mode="live",
                )  # fmt: skip
                found = search_variants(spec, lambda line: None)
                assert found.judged
            sent.append([json.dumps(body) for body in server.bodies])
    assert sent[0]
    assert sent[0] == sent[1]


def test_the_two_holdouts_do_differ(pair: tuple[SealedSplit, SealedSplit]) -> None:
    logs = [read_parquet(each.holdout_path).frame for each in pair]
    assert logs[0]["click"].mean() != pytest.approx(logs[1]["click"].mean(), rel=0.2)
    assert pair[0].train.content_hash() == pair[1].train.content_hash()
