"""Where each request's market price lies: boosted accelerated failure time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from kit.models.boosting import dataset
from kit.models.censored import Floats, Statements
from kit.models.features import FeatureTable

LANDSCAPE_DEFAULTS: dict[str, Any] = {
    "num_iterations": 200,
    "early_stopping_round": 15,
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_data_in_leaf": 50,
    "lambda_l2": 1.0,
    "cat_smooth": 10.0,
    "cat_l2": 10.0,
    "max_bin": 255,
}

_SCALE_EVERY = 10
_SCALE_ROWS = 20_000


class _Likelihood:
    """Objective and metric of one fit; the scale follows the location, step by step."""

    def __init__(self, train: Statements, tune: Statements, scale: float) -> None:
        self.train, self.tune, self.scale = train, tune, scale
        self._calls = 0
        self._sample = slice(None, None, max(1, len(train) // _SCALE_ROWS))

    def objective(self, location: Floats, _: lightgbm.Dataset) -> tuple[Floats, Floats]:
        if self._calls and self._calls % _SCALE_EVERY == 0:
            self.scale = self.train.rows(self._sample).best_scale(location[self._sample])
        self._calls += 1
        return self.train.derivatives(location, self.scale)

    def metric(self, location: Floats, _: lightgbm.Dataset) -> tuple[str, float, bool]:
        return "censored_loss", float(self.tune.loss(location, self.scale).mean()), False


def grow_location(
    train: tuple[NDArray[np.float32], Statements],
    tune: tuple[NDArray[np.float32], Statements],
    table: FeatureTable,
    params: Mapping[str, Any],
) -> tuple[lightgbm.Booster, float, float]:
    """Fit the location of each row by boosted trees.

    Parameters
    ----------
    train, tune : tuple of ndarray, shape (n, features), and Statements
        Features and what is known of the price, on the log scale.
    table : FeatureTable
        Names and labels of the features.
    params : mapping
        LightGBM's parameters.

    Returns
    -------
    booster : lightgbm.Booster
        Location less `start`.
    start : float
        The most likely constant location.
    scale : float
        Scale of the logistic residual, fitted alternately with the location.

    References
    ----------
    Barnwal, Cho, Hocking (2022), Survival regression with accelerated failure time model in
    XGBoost.
    """
    start, scale = train[1].best_constant()
    likelihood = _Likelihood(train[1], tune[1], scale)
    told = {**params, "objective": likelihood.objective, "metric": "none"}
    sets = {key: value for key, value in params.items() if key != "objective"}
    train_set = _dataset(train, start, table, sets)
    tune_set = _dataset(tune, start, table, sets, reference=train_set)
    booster = lightgbm.train(
        told, train_set, valid_sets=[tune_set], valid_names=["tune"], feval=likelihood.metric
    )
    return booster, start, likelihood.scale


def _dataset(
    data: tuple[NDArray[np.float32], Statements],
    start: float,
    table: FeatureTable,
    params: Mapping[str, Any],
    **options: Any,
) -> lightgbm.Dataset:
    matrix, statements = data
    label = statements.value.astype(np.float32)
    return dataset(matrix, label, table, params, init_score=np.full(len(label), start), **options)
