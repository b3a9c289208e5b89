"""A small boosted model for checks: few trees, quick, never kept."""

from __future__ import annotations

import lightgbm
import numpy as np
from numpy.typing import NDArray

from kit.models.boosting import run_params

_PARAMS = {
    "objective": "binary", "learning_rate": 0.2, "num_leaves": 8, "min_data_in_leaf": 20,
    "lambda_l2": 1.0, "max_bin": 255, "cat_smooth": 20.0, "cat_l2": 10.0,
    "feature_pre_filter": False,
}  # fmt: skip
ROUNDS = 25


class Probe:
    """Scores rows by models of other rows; the features are cut into bins once.

    Parameters
    ----------
    matrix : ndarray of float32, shape (n, features)
        Features; NaN is missing.
    categorical : list of int
        Columns that are codes of labels.

    Attributes
    ----------
    gain : ndarray, shape (features,)
        How much each feature was used, over all fits so far.

    Examples
    --------
    >>> probe = Probe(np.arange(400, dtype=np.float32)[:, None], [])
    >>> fit = np.arange(400) % 2 == 0
    >>> scores = probe.scores(np.arange(400) > 199, fit, seed=0)
    >>> bool(scores[:90].max() < scores[110:].min())
    True
    """

    def __init__(self, matrix: NDArray[np.float32], categorical: list[int]) -> None:
        self.gain = np.zeros(matrix.shape[1])
        self._matrix = matrix
        self._params = run_params(_PARAMS, 0, 1)
        self._rows = lightgbm.Dataset(
            matrix,
            np.zeros(len(matrix)),
            categorical_feature=categorical,
            params=self._params,
            free_raw_data=False,
        ).construct()

    def scores(
        self, label: NDArray[np.bool_], fit: NDArray[np.bool_], seed: int
    ) -> NDArray[np.float64]:
        """Return scores of the rows outside `fit` by a model of those inside.

        Parameters
        ----------
        label : ndarray of bool, shape (n,)
            What to learn.
        fit : ndarray of bool, shape (n,)
            Rows to learn from.
        seed : int
            Seed of the fit.
        """
        rows = self._rows.subset(np.flatnonzero(fit).tolist(), params=self._params).construct()
        rows.set_label(label[fit].astype(np.float32))
        grown = lightgbm.train({**self._params, "seed": seed}, rows, num_boost_round=ROUNDS)
        self.gain += grown.feature_importance("gain")
        return np.asarray(grown.predict(self._matrix[~fit], num_threads=1), dtype=np.float64)
