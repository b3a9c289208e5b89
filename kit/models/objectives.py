"""What the trees of a response model minimise, and how much each row counts in it."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kit.base.errors import ModelError
from kit.data.log import AuctionLog
from kit.models.features import FeatureTable

Objective = Literal["log_loss", "value_log_loss", "squared_error"]
OBJECTIVES: tuple[Objective, ...] = ("log_loss", "value_log_loss", "squared_error")
"""Log loss; log loss in which a row counts by what its click is worth, so that trees are spent
where the money is; and squared error, which forgives what log loss cannot: one sure miss."""

LIGHTGBM: dict[Objective, dict[str, Any]] = {
    "log_loss": {"objective": "binary", "metric": "binary_logloss"},
    "value_log_loss": {"objective": "binary", "metric": "binary_logloss"},
    "squared_error": {"objective": "regression", "metric": "l2"},
}
"""LightGBM's names for them."""

_VALUE = "click_value_cpm"
_EDGE = 1e-15


def needed_columns(table: FeatureTable, objective: Objective, log: AuctionLog) -> tuple[str, ...]:
    """Return the columns of labelled rows that a fit reads.

    Raises
    ------
    ModelError
        If the objective weighs rows by a value that the log lacks.
    """
    if objective != "value_log_loss":
        return table.needed
    if _VALUE not in log.frame.columns:
        raise ModelError(
            f"objective: value_log_loss weighs rows by {_VALUE}, which the log lacks; must be "
            "log_loss or squared_error for such a log. Add the value of a click, or choose another."
        )
    return tuple(dict.fromkeys([*table.needed, _VALUE]))


def weights_of(objective: Objective, frame: pd.DataFrame) -> NDArray[np.float64] | None:
    """Return one weight a row, of mean one, shape (n,); None where all rows count the same."""
    if objective != "value_log_loss":
        return None
    value = np.nan_to_num(frame[_VALUE].to_numpy(dtype=np.float64))
    mean = value.mean() if value.size else 0.0
    return value / mean if mean > 0 else None


def probability(raw: ArrayLike) -> NDArray[np.float64]:
    """Return what trees predict, kept inside (0, 1): those of squared error may leave it.

    Examples
    --------
    >>> probability([-0.1, 0.3]).tolist()
    [1e-15, 0.3]
    """
    return np.clip(np.asarray(raw, dtype=np.float64), _EDGE, 1 - _EDGE)
