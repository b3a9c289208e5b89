"""Constraints: written, measured, and refused where nothing can keep to them."""

from __future__ import annotations

import numpy as np
import pytest

from kit.base.errors import DataError, InfeasibleError
from kit.replay.result import ReplayResult
from kit.replay.run import replay
from kit.variant.constraint import MEASURES, Constraint, check_constraints, constraint_of
from tests.flow.search.world import frame, log_of


@pytest.fixture(scope="module")
def result() -> ReplayResult:
    log = log_of(frame(2000))
    return replay(log, np.full(2000, 1.0))


@pytest.mark.parametrize("metric", MEASURES)
def test_each_metric_is_what_its_name_says(result: ReplayResult, metric: str) -> None:
    rows = frame(2000)
    won = (rows["market_price_cpm"] < 1.0).to_numpy()
    paid = np.where(rows["auction_type"] == 1, 1.0, rows["market_price_cpm"])[won].sum()
    money = result.unit.money(paid)
    clicks = rows["click"][won].sum()
    known = {
        "spend_per_1000": 1000 * money / 2000, "win_rate": won.mean(),
        "cost_per_click": money / clicks, "return_on_spend": clicks * 20.0 / paid,
    }  # fmt: skip
    found = MEASURES[metric](result)  # type: ignore[index]
    assert found == pytest.approx(known[metric])
    assert constraint_of(f"{metric} >= {found * 0.99}").broken_by(result) == ""
    assert constraint_of(f"{metric} <= {found * 1.01}").broken_by(result) == ""
    said = constraint_of(f"{metric} <= {found * 0.5}").broken_by(result)
    assert said.startswith(f"{metric} is {found:.4g}, must be {metric} <= ")
    assert constraint_of(f"{metric} >= {found * 1.5}").broken_by(result)


@pytest.mark.parametrize("text", [
    "", "win_rate", "win_rate > 0.2", "win_rate >= ", "win_rate >= nan", "win_rate >= 0.2; drop",
    "<= 3", "win rate >= 0.2", "win_rate >= 0.2 >= 0.1", "win_rate >= e", "win_rate >= -0.1",
    "win_rate >= 1e999", "luck >= 1",
])  # fmt: skip
def test_what_is_no_constraint_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        constraint_of(text)


def test_a_constraint_without_a_bound_is_none() -> None:
    with pytest.raises(ValueError, match="needs at_most or at_least"):
        Constraint(metric="win_rate")


@pytest.mark.parametrize(("texts", "said"), [
    (["win_rate >= 0.5", "win_rate <= 0.2"], "exclude each other"),
    (["win_rate <= 0.5", "win_rate <= 0.2", "win_rate >= 0.3"], "0.3 and win_rate <= 0.2 exclude"),
    (["win_rate >= 1.5"], "out of reach"),
    (["cost_per_click >= 2", "cost_per_click <= 1"], "exclude each other"),
])  # fmt: skip
def test_what_nothing_can_keep_to_is_refused(texts: list[str], said: str) -> None:
    with pytest.raises(InfeasibleError, match=said):
        check_constraints(map(constraint_of, texts))


def test_what_something_can_keep_to_passes() -> None:
    check_constraints(
        map(constraint_of, ["win_rate >= 0.2", "win_rate <= 0.2", "spend_per_1000 <= 0"])
    )
