"""Objectives and calibrations of a response model: each does what its name says."""

from __future__ import annotations

import numpy as np
import pytest

from kit.base.errors import DataError, ModelError
from kit.data.log import AuctionLog
from kit.models.boosted import ResponseModel
from kit.models.calibration import CALIBRATIONS, Calibration, Calibrator
from kit.models.objectives import OBJECTIVES, Objective, probability, weights_of
from kit.models.reliability import score_probabilities
from tests.flow.search.world import QUICK, frame, log_of

PLAIN = {"num_iterations": 60, "learning_rate": 0.2, "num_leaves": 8}


def parts(change: object = None) -> tuple[AuctionLog, AuctionLog]:
    made = frame(6000)
    if change is not None:
        made = made.assign(click_value_cpm=change)
    log = log_of(made)
    return log.rows(slice(0, 4500)), log.rows(slice(4500, None))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_gives_calibrated_probabilities(objective: Objective) -> None:
    train, tune = parts()
    model = ResponseModel.fit(train, tune, params=PLAIN, objective=objective)
    predicted = model.predict(tune)
    assert ((predicted > 0) & (predicted < 1)).all()
    truth = tune.frame["click"].to_numpy(float)
    assert predicted.mean() == pytest.approx(truth.mean(), rel=0.05)
    flat = score_probabilities(np.full(len(truth), truth.mean()), truth)
    assert model.score(tune).log_loss < flat.log_loss - 0.01
    assert model.card.details["objective"] == objective
    again = ResponseModel.fit(train, tune, params=PLAIN, objective=objective)
    assert np.array_equal(again.predict(tune), predicted)


def test_value_log_loss_spends_trees_where_the_money_is() -> None:
    """Money is on the coast alone: with one split to make, it is made there."""
    made = frame(6000)
    worth = np.where(made["region"] == "coast", 200.0, 0.01)
    train, tune = parts(worth)
    one = {"num_leaves": 2, "num_iterations": 1, "learning_rate": 1.0, "early_stopping_round": 5}
    rows = tune.frame.assign(click_value_cpm=1.0)
    spread = {}
    for objective in ("log_loss", "value_log_loss"):
        model = ResponseModel.fit(
            train, tune, features=("device",), params=one, objective=objective, calibration="none"
        )
        by = model.predict(rows)
        tv = (rows["device"] == "tv").to_numpy()
        spread[objective] = by[tv].mean() - by[~tv].mean()
    # on the coast a tv is clicked, inland a phone is: money tells which of the two counts
    assert spread["value_log_loss"] > 0.1
    assert abs(spread["log_loss"]) < 0.05


def test_an_objective_by_value_needs_values() -> None:
    train, tune = (AuctionLog(part.frame.drop(columns="click_value_cpm"), part.meta)
                   for part in parts())  # fmt: skip
    with pytest.raises(ModelError, match="value_log_loss weighs rows by click_value_cpm"):
        ResponseModel.fit(train, tune, objective="value_log_loss")


def test_weights_have_mean_one_or_are_left_out() -> None:
    made = frame(100).assign(click_value_cpm=np.r_[np.full(50, 3.0), np.full(50, np.nan)])
    weights = weights_of("value_log_loss", made)
    assert weights is not None
    assert weights.mean() == pytest.approx(1.0)
    assert weights_of("value_log_loss", made.assign(click_value_cpm=0.0)) is None
    assert weights_of("log_loss", made) is None
    assert probability([-3.0, 0.5, 2.0]).tolist() == [1e-15, 0.5, 1 - 1e-15]


@pytest.mark.parametrize("method", CALIBRATIONS)
def test_every_calibration_can_be_asked_for(method: Calibration) -> None:
    rng = np.random.default_rng(1)
    raw = rng.uniform(0.01, 0.2, 20_000)
    clicked = rng.random(20_000) < np.minimum(2 * raw, 1)
    fitted = Calibrator.fit(raw, clicked, method)
    after = fitted.apply(raw)
    if method == "none":
        assert after == pytest.approx(raw)
    else:
        assert after.mean() == pytest.approx(clicked.mean(), rel=0.02)
    assert (np.diff(after[np.argsort(raw)]) >= -1e-12).all()
    assert fitted.method == ("isotonic" if method == "auto" else method)


def test_few_clicks_bear_every_calibration() -> None:
    for method in CALIBRATIONS:
        for truth in ([0, 0, 0], [1, 1, 1], [0, 1, 0], []):
            after = Calibrator.fit([0.1, 0.2, 0.3][: len(truth)], truth, method).apply([0.15])
            assert 0 < after[0] < 1
    with pytest.raises(DataError, match="calibration"):
        Calibrator.fit([0.1], [1], "sigmoid")  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "value"), [
    ("num_leaves", 1), ("num_leaves", 1e9), ("num_iterations", 1e9), ("num_iterations", 0),
    ("learning_rate", -1.0), ("learning_rate", 0.0), ("max_bin", 1), ("max_bin", 1e9),
    ("min_data_in_leaf", -5), ("feature_fraction", 0.0), ("feature_fraction", 2.0),
    ("bagging_fraction", -1.0), ("lambda_l2", -1.0), ("cat_smooth", -1.0), ("num_leaves", "many"),
    ("num_leaves", 7.5), ("max_depth", 1e6), ("path_smooth", -1), ("bagging_freq", 1e12),
])  # fmt: skip
def test_a_parameter_out_of_range_is_refused_before_anything_is_trained(
    name: str, value: object
) -> None:
    train, tune = parts()
    with pytest.raises((ModelError, DataError), match=name):
        ResponseModel.fit(train, tune, params=QUICK | {name: value})
