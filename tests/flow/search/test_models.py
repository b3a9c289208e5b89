"""The models of a search: what two variants share is fitted once, and is what a fit gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kit.data.log import AuctionLog
from kit.flow.search import models
from kit.flow.search.models import KEPT, Models
from kit.variant.build import fit_click
from kit.variant.spec import ModelSpec
from tests.flow.search.world import FEATURES, QUICK, frame, log_of

SPEC = ModelSpec(features=("device", "region", "hour"), params=QUICK)


@pytest.fixture(scope="module")
def parts() -> tuple[AuctionLog, AuctionLog]:
    """Train and tune; a quarter of the auctions is lost and has no label."""
    rows = frame(6000)
    rows["won"] = np.arange(len(rows)) % 4 > 0
    rows["click"] &= rows["won"]
    log = log_of(rows, FEATURES)
    return log.rows(slice(0, 4500)), log.rows(slice(4500, None))


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[ModelSpec]:
    """The specs that trees were grown for."""
    made: list[ModelSpec] = []

    def fit(spec: ModelSpec, *given: Any, **named: Any) -> Any:
        made.append(spec)
        return fit_click(spec, *given, **named)

    monkeypatch.setattr(models, "fit_click", fit)
    return made


@pytest.mark.parametrize("objective", ["log_loss", "squared_error"])
@pytest.mark.parametrize("calibration", ["auto", "shift", "platt", "isotonic", "none"])
def test_trees_that_are_shared_are_those_of_a_fit(
    parts: tuple[AuctionLog, AuctionLog], fits: list[ModelSpec], calibration: Any, objective: Any
) -> None:
    known = Models()
    other = "shift" if calibration != "shift" else "none"
    first = SPEC.model_copy(update={"objective": objective, "calibration": other})
    known.fit(first, *parts, 3, 1)
    spec = first.model_copy(update={"calibration": calibration})
    found = known.fit(spec, *parts, 3, 1)
    assert fits == [first]
    fresh = fit_click(spec, *parts, 3)
    assert found.model.card == fresh.card
    for log in parts:
        np.testing.assert_array_equal(found.model.predict(log), fresh.predict(log))
    np.testing.assert_allclose(found.pctr, fresh.predict(parts[1]), rtol=1e-10)


def test_what_differs_is_fitted(
    parts: tuple[AuctionLog, AuctionLog], fits: list[ModelSpec]
) -> None:
    known = Models()
    one = known.fit(SPEC, *parts, 0, 1)
    assert known.fit(SPEC, *parts, 0, 1) is one
    known.fit(SPEC, *parts, 1, 1)
    known.fit(SPEC, parts[0].rows(slice(2000, None)), parts[1], 0, 1)
    assert len(fits) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"features": ("device",)}, {"params": {**QUICK, "num_leaves": 3}},
        {"expressions": {"place": "device || region"}}, {"objective": "squared_error"},
        {"recent_share": 0.5},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_other_trees_are_grown_for_all_but_the_calibration(
    parts: tuple[AuctionLog, AuctionLog], fits: list[ModelSpec], change: dict[str, Any]
) -> None:
    known = Models()
    known.fit(SPEC, *parts, 0, 1)
    other = SPEC.model_copy(update=change)
    known.fit(other, *parts, 0, 1)
    assert fits == [SPEC, other]


def test_it_forgets_the_oldest(parts: tuple[AuctionLog, AuctionLog], fits: list[ModelSpec]) -> None:
    known = Models()
    for seed in range(KEPT + 1):
        known.fit(SPEC, *parts, seed, 1)
    known.fit(SPEC, *parts, KEPT, 1)
    assert len(fits) == KEPT + 1
    known.fit(SPEC, *parts, 0, 1)
    assert len(fits) == KEPT + 2


def test_a_model_of_one_rate_has_nothing_to_calibrate(
    parts: tuple[AuctionLog, AuctionLog], fits: list[ModelSpec]
) -> None:
    few = [part.with_columns(click=np.arange(len(part)) == 1) for part in parts]
    known = Models()
    one = known.fit(SPEC, few[0], few[1], 0, 1)
    two = known.fit(SPEC.model_copy(update={"calibration": "platt"}), few[0], few[1], 0, 1)
    assert one.model.kind == "prior"
    assert two.model is one.model
    assert len(fits) == 1
