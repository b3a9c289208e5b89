"""LightGBM's parameters as this package uses them, and one silent, deterministic fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import did_you_mean, number
from kit.base.errors import ModelError
from kit.models.features import FeatureTable

DEFAULTS: dict[str, Any] = {
    "num_iterations": 400,
    "early_stopping_round": 25,
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 100,
    "lambda_l2": 1.0,
    "cat_smooth": 20.0,
    "cat_l2": 10.0,
    "max_bin": 255,
}
RANGES: dict[str, tuple[float, float]] = {
    "num_iterations": (1, 20_000),
    "early_stopping_round": (1, 20_000),
    "learning_rate": (1e-6, 10),
    "num_leaves": (2, 4096),
    "min_data_in_leaf": (0, 1e9),
    "lambda_l1": (0, 1e9),
    "lambda_l2": (0, 1e9),
    "cat_smooth": (0, 1e9),
    "cat_l2": (0, 1e9),
    "max_bin": (2, 65_535),
    "max_depth": (-1, 100),
    "min_gain_to_split": (0, 1e9),
    "min_sum_hessian_in_leaf": (0, 1e9),
    "feature_fraction": (1e-3, 1),
    "bagging_fraction": (1e-3, 1),
    "bagging_freq": (0, 20_000),
    "max_cat_threshold": (1, 10_000),
    "max_cat_to_onehot": (1, 10_000),
    "path_smooth": (0, 1e9),
}
"""What may be tuned, and how far: outside LightGBM fails, or takes all memory or all day."""
_WHOLE = frozenset((
    "num_iterations", "early_stopping_round", "num_leaves", "min_data_in_leaf", "max_bin",
    "max_depth", "bagging_freq", "max_cat_threshold", "max_cat_to_onehot",
))  # fmt: skip


def checked_params(
    params: Mapping[str, Any] | None, defaults: Mapping[str, Any] = DEFAULTS
) -> dict[str, Any]:
    """Return every parameter that may be tuned, `params` over `defaults`.

    LightGBM takes any name in silence, so a misspelt one would be ignored.

    Raises
    ------
    ModelError
        If a name is unknown.
    DataError
        If a value is out of its range.

    Examples
    --------
    >>> checked_params({"learning_rat": 0.1})
    Traceback (most recent call last):
    kit.base.errors.ModelError: params: 'learning_rat' is unknown; must be among: ... 'learning_rate'?
    """  # noqa: E501
    for name, value in (params or {}).items():
        if name not in RANGES:
            raise ModelError(
                f"params: {name!r} is unknown; must be among: {', '.join(sorted(RANGES))}. "
                f"{did_you_mean(name, RANGES) or 'Leave it out.'}"
            )
        found = number(f"params[{name!r}]", value, *RANGES[name])
        if name in _WHOLE and not found.is_integer():
            raise ModelError(
                f"params[{name!r}]: got {value!r}; must be a whole number. Pass {round(found)}."
            )
    return {**defaults, **(params or {})}


def run_params(params: Mapping[str, Any], seed: int, num_threads: int) -> dict[str, Any]:
    """Return what LightGBM is told besides: seeded, the same on every run, silent."""
    return {
        **params,
        "seed": seed,
        "num_threads": num_threads,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }


def dataset(
    matrix: NDArray[np.float32],
    label: NDArray[np.generic],
    table: FeatureTable,
    params: Mapping[str, Any],
    **options: Any,
) -> lightgbm.Dataset:
    """Return a LightGBM data set of a feature matrix; `options` as in ``lightgbm.Dataset``."""
    return lightgbm.Dataset(
        matrix,
        label,
        # names of user columns may hold what LightGBM's text format cannot
        feature_name=[f"f{position}" for position in range(len(table.names))],
        categorical_feature=table.categorical,
        params=dict(params),
        **options,
    )


def importance(booster: lightgbm.Booster | None, table: FeatureTable) -> pd.DataFrame:
    """Return ``feature``, ``gain`` (share of the total) and ``splits``, largest gain first."""
    if booster is None:
        return table.importance([], [])
    gain, splits = (booster.feature_importance(kind) for kind in ("gain", "split"))
    return table.importance(gain, splits)


def load_booster(path: Any) -> lightgbm.Booster:
    """Read a LightGBM text model.

    Raises
    ------
    ModelError
        If it cannot be read.
    """
    try:
        return lightgbm.Booster(model_file=str(path))
    except lightgbm.basic.LightGBMError as error:
        raise ModelError(
            f"{path}: no LightGBM model ({error}); must be what `save` wrote. Train again."
        ) from None
