"""What a search is told of its default: where it is wrong, on train and tune alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from kit.ai.propose.brief import Brief
from kit.flow.search.diagnose import MAX_IDEAS, diagnose
from kit.variant.build import build_variant
from kit.variant.frozen import FrozenVariant
from kit.variant.spec import ModelSpec, PolicySpec, VariantSpec
from tests.flow.search.world import FEATURES, QUICK, frame, log_of

SPEC = VariantSpec(
    name="default", model=ModelSpec(features=("device", "region", "hour"), params=QUICK),
    policy=PolicySpec(name="shade", params={"shading_factor": 1.0, "multiplier": 1.0}),
)  # fmt: skip


def told(
    root: Path, rows: pd.DataFrame, spec: VariantSpec = SPEC, features: tuple[str, ...] = FEATURES,
    leaks: tuple[str, ...] = (),
) -> tuple[Brief, FrozenVariant]:  # fmt: skip
    log = log_of(rows, features)
    cut = 3 * len(rows) // 4
    train, tune = log.rows(slice(0, cut)), log.rows(slice(cut, None))
    variant = build_variant(spec, train, tune, root / "default")
    return diagnose(train, tune, variant, leaks), variant


def test_it_tells_what_was_planted(tmp_path: Path) -> None:
    brief, _ = told(tmp_path, frame(6000))
    assert brief.ideas[0].name == "device_x_region"
    assert brief.ideas[0].z > 3.5
    assert len(brief.ideas) <= MAX_IDEAS
    assert brief.features == SPEC.model.features  # type: ignore[union-attr]
    assert {idea.name for idea in brief.addable} == {
        "page_quality", "exchange", "auction_type", "click_value_cpm",
    }  # fmt: skip
    assert brief.has_trees
    assert brief.rows == 4500
    assert not brief.values_differ
    assert 0.2 < brief.first_price_factor < 0.7


def test_the_factor_of_an_exchange_is_what_earns_most_there(tmp_path: Path) -> None:
    """Clicks on the south are worth a third of what the model says: it does not read exchanges."""
    rows = frame(12_000).assign(auction_type=np.int8(2))
    rng = np.random.default_rng(4)
    south = (rows["exchange"] == "south").to_numpy()
    rows["click"] &= ~south | (rng.random(len(rows)) < 1 / 3)
    brief, _ = told(tmp_path, rows)
    by = {fact.name: fact for fact in brief.exchanges}
    assert {fact.kind for fact in brief.exchanges} == {"exchange_factor"}
    assert by["south"].factor < 0.8 < 1.1 < by["north"].factor
    assert by["south"].gain > 0
    gains = [fact.gain for fact in brief.exchanges]
    assert gains == sorted(gains, reverse=True)
    assert sum(fact.auctions for fact in brief.exchanges) == 12_000


def test_a_leak_is_in_nothing_that_may_be_read(tmp_path: Path) -> None:
    brief, _ = told(tmp_path, frame(), leaks=("page_quality",))
    assert brief.leaks == ("page_quality",)
    assert "page_quality" not in brief.kinds
    assert not any("page_quality" in idea.sql for idea in (*brief.ideas, *brief.addable))


def test_a_column_that_repeats_a_feature_is_no_idea(tmp_path: Path) -> None:
    rows = frame().assign(screen=lambda made: made["device"].map({"tv": "wide", "phone": "small"}))
    brief, _ = told(tmp_path, rows, features=(*FEATURES, "screen"))
    assert "screen" not in {idea.name for idea in brief.addable}


def test_without_evidence_it_tells_what_the_log_has(tmp_path: Path) -> None:
    full, variant = told(tmp_path, frame())
    log = log_of(frame(), FEATURES)
    plain = diagnose(log.rows(slice(0, 3000)), log.rows(slice(3000, None)), variant, evidence=False)
    for name in ("features", "kinds", "has_trees", "values_differ", "leaks"):
        assert getattr(plain, name) == getattr(full, name)
    assert (plain.ideas, plain.addable, plain.exchanges) == ((), (), ())


def test_it_is_the_same_each_time_and_survives_json(tmp_path: Path) -> None:
    one, _ = told(tmp_path / "one", frame())
    two, _ = told(tmp_path / "two", frame())
    assert one == two == Brief.model_validate_json(one.model_dump_json())


def test_a_right_model_has_few_ideas_by_chance(tmp_path: Path) -> None:
    """With the pair itself as a feature nothing is left that is far from chance."""
    model = ModelSpec(
        features=("device", "region"), params=QUICK | {"num_iterations": 60},
        expressions={"pair": "device || '/' || region"},
    )  # fmt: skip
    brief, _ = told(tmp_path, frame(6000), replace_model(model))
    assert max(idea.z for idea in brief.ideas) < 3.5


def replace_model(model: ModelSpec) -> VariantSpec:
    return SPEC.model_copy(update={"model": model})


def test_few_rows_are_no_reason_to_fail(tmp_path: Path) -> None:
    brief, variant = told(tmp_path, frame(400))
    assert brief.has_trees == (variant.click is not None and variant.click.kind == "lightgbm")
