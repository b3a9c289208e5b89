"""Probability of a click or conversion: the one way in, whatever the log allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from kit.base.errors import ModelError
from kit.data.log import AuctionLog
from kit.models.boosted import MIN_POSITIVES, MIN_TUNE_POSITIVES, ResponseModel
from kit.models.calibration import Calibration
from kit.models.card import ModelCard
from kit.models.features import checked_features, default_features
from kit.models.labels import labelled
from kit.models.logged import LOGGED, LoggedResponse
from kit.models.objectives import Objective
from kit.models.prior import PriorResponse
from kit.models.response_base import Response

__all__ = [
    "LoggedResponse", "PriorResponse", "Response", "ResponseModel", "fit_response",
    "load_response",
]  # fmt: skip


class _Loader(Protocol):
    def __call__(self, folder: str | Path) -> Response: ...


_LOADERS: dict[str, _Loader] = {
    "lightgbm": ResponseModel.load,
    "prior": PriorResponse.load,
    "logged": LoggedResponse.load,
}


def fit_response(
    train: AuctionLog,
    tune: AuctionLog,
    target: str = "click",
    features: Sequence[str] | None = None,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
    *,
    expressions: Mapping[str, str] | None = None,
    objective: Objective = "log_loss",
    calibration: Calibration = "auto",
    num_threads: int = 0,
    use_logged_pctr: bool = False,
) -> Response:
    """Fit the richest response model that the log supports.

    - A log that declares no features but brings its own prediction has that recalibrated
      (``kind="logged"``).
    - Fewer than `MIN_POSITIVES` positive training or `MIN_TUNE_POSITIVES` positive tune rows, or
      nothing to learn from, give one shrunken rate (``kind="prior"``), and its summary says so.
    - Otherwise LightGBM (``kind="lightgbm"``).

    Parameters
    ----------
    train, tune : AuctionLog
        Earlier and later rows.
    target : {"click", "conversion"}
        What to predict.
    features, params, seed, expressions, objective, calibration, num_threads
        As in `ResponseModel.fit`.
    use_logged_pctr : bool
        Whether the log's own prediction may be a feature.

    Raises
    ------
    ModelError
        If the log carries no such labels, or a feature or parameter is not allowed.
    """
    rows, tune_rows = (labelled(log, target, columns=()) for log in (train, tune))
    logged = LOGGED[target] in train.frame.columns and LOGGED[target] in tune.frame.columns
    if features is None and logged and not train.meta.features and not expressions:
        return LoggedResponse.fit(train, tune, target)
    names = default_features(train) if features is None else checked_features(train, features)
    if use_logged_pctr and logged and LOGGED[target] not in names:
        names = (*names, LOGGED[target])
    if not names and not expressions:
        return PriorResponse.fit(train, tune, target, "the log has no features")
    if rows.positives < MIN_POSITIVES or tune_rows.positives < MIN_TUNE_POSITIVES:
        why = (
            f"{rows.positives:,} {target}s in {len(rows):,} training and {tune_rows.positives:,} "
            f"in {len(tune_rows):,} tune rows; trees need {MIN_POSITIVES} and "
            f"{MIN_TUNE_POSITIVES}"
        )
        return PriorResponse.fit(train, tune, target, why)
    return ResponseModel.fit(
        train, tune, target, names, params, seed, expressions=expressions, objective=objective,
        calibration=calibration, num_threads=num_threads,
    )  # fmt: skip


def load_response(folder: str | Path) -> Response:
    """Read a response model of any kind.

    Raises
    ------
    ModelError
        If the folder holds none, or its files are torn.
    """
    source = Path(folder)
    kind = ModelCard.read(source).kind
    if kind not in _LOADERS:
        raise ModelError(
            f"{source}: holds a model of kind {kind!r}; must be one of: "
            f"{', '.join(sorted(_LOADERS))}. Pass the folder of a response model."
        )
    return _LOADERS[kind](source)
