"""Response by LightGBM: labels native, stopped early and calibrated on the tune split."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from kit.base.errors import ModelError
from kit.base.files import write_text
from kit.data.log import AuctionLog
from kit.models.boosting import (
    checked_params,
    dataset,
    importance,
    load_booster,
    run_params,
)
from kit.models.calibration import Calibration, Calibrator
from kit.models.card import ModelCard, check_kind, versions
from kit.models.features import FeatureTable
from kit.models.labels import Labelled, carries_label, labelled
from kit.models.objectives import LIGHTGBM, Objective, needed_columns, probability, weights_of
from kit.models.response_base import Response

MIN_POSITIVES = 50
"""Fewer positive training rows than this grow no tree worth having."""
MIN_TUNE_POSITIVES = 10
"""Fewer positive tune rows than this cannot say when to stop."""

_FILES = ("model.txt", "calibration.json")


@dataclass(frozen=True)
class ResponseModel(Response):
    """Probability of a click or conversion from request columns, by boosted trees.

    Use `fit` or `load`; see `kit.models.response.fit_response` for logs with few positives.

    Parameters
    ----------
    booster : lightgbm.Booster
        The trees.
    table : FeatureTable
        Columns and known labels; a label not seen in training counts as missing.
    calibrator : Calibrator
        Fitted on the tune split.
    card : ModelCard
        Seed, parameters, data hashes, versions.
    held : ndarray, shape (tune rows with a label,), optional
        Raw probabilities of those rows, as the fit left them; they are not saved.
    """

    booster: lightgbm.Booster
    table: FeatureTable
    calibrator: Calibrator
    card: ModelCard
    held: NDArray[np.float64] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def fit(
        cls,
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
    ) -> ResponseModel:
        """Fit on the labelled rows of `train`, stop and calibrate on those of `tune`.

        Parameters
        ----------
        train, tune : AuctionLog
            Earlier and later rows; impressions for clicks, mature clicks for conversions.
        target : {"click", "conversion"}
            What to predict.
        features : sequence of str, optional
            Request columns; None takes `kit.models.features.default_features`.
        params : mapping, optional
            LightGBM parameters over `kit.models.boosting.DEFAULTS`.
        seed : int
            Seed of the fit; the same seed and data give the same model.
        expressions : mapping of str to str, optional
            Computed features: a new name, and SQL over request columns.
        objective : {"log_loss", "value_log_loss", "squared_error"}
            What the trees minimise; see `kit.models.objectives`.
        calibration : {"auto", "shift", "platt", "isotonic", "none"}
            As in `kit.models.calibration.Calibrator.fit`.
        num_threads : int
            Threads; 0 takes all cores.

        Raises
        ------
        ModelError
            If positives are too few, or a feature or parameter is not allowed.
        UnsafeSQLError
            If the guard refuses an expression.
        """
        tuned = checked_params(params)
        table = FeatureTable.of(train, features, expressions)
        if not table.names:
            raise ModelError(
                "features: the log has none; must have request columns to learn from. Declare "
                "`features`, or recalibrate its own pctr with LoggedResponse."
            )
        table.check(tune.frame.columns)
        columns = needed_columns(table, objective, train)
        rows, tune_rows = (labelled(log, target, columns=columns) for log in (train, tune))
        _enough("training", target, rows, MIN_POSITIVES)
        _enough("tune", target, tune_rows, MIN_TUNE_POSITIVES)
        told = run_params(tuned, seed, num_threads)
        try:
            booster, held = _grow(rows, tune_rows, table, told, objective)
        except lightgbm.basic.LightGBMError as error:
            raise ModelError(
                f"params: LightGBM refuses them together ({error}); must be parameters that go "
                "with each other. Change the last one that was set."
            ) from None
        card = ModelCard(
            kind="lightgbm",
            target=target,
            about="",
            rows=len(rows),
            positives=rows.positives,
            tune_rows=len(tune_rows),
            tune_positives=tune_rows.positives,
            seed=seed,
            params=tuned,
            features=table.to_dict(),
            data={"train": train.content_hash(), "tune": tune.content_hash()},
            versions=versions(lightgbm=lightgbm.__version__),
            details={"objective": objective},
        )
        calibrator = Calibrator.fit(held, tune_rows.label, calibration)
        return cls(booster, table, calibrator, _told(card, booster, calibrator), held)

    def predict(self, request: pd.DataFrame | AuctionLog) -> NDArray[np.float64]:
        """Return calibrated probabilities, shape (n,).

        Raises
        ------
        ModelError
            Naming the columns that the request lacks.
        """
        matrix = self.table.matrix(request)
        raw = np.asarray(self.booster.predict(matrix)) if len(matrix) else np.empty(0)
        return self.calibrator.apply(probability(raw))

    def predict_tune(self, tune: AuctionLog) -> NDArray[np.float64]:
        """Return `predict` of the fit's tune split: rows without a label alone ask the trees."""
        if self.held is None:
            return self.predict(tune)
        labels = carries_label(tune.frame, self.target)
        predicted = np.empty(len(tune))
        predicted[labels] = self.calibrator.apply(self.held)
        predicted[~labels] = self.predict(tune.rows(~labels))
        return predicted

    def recalibrated(self, tune: AuctionLog, calibration: Calibration) -> ResponseModel:
        """Return the same trees under another calibration, on the tune split of the fit.

        Raises
        ------
        ModelError
            If it was loaded: the fit's predictions are not saved.
        """
        if self.held is None:
            raise ModelError(
                f"{self.target}: the model was loaded; must be one fitted here to be calibrated "
                "again. Fit it."
            )
        label = labelled(tune, self.target, columns=()).label
        calibrator = Calibrator.fit(self.held, label, calibration)
        card = _told(self.card, self.booster, calibrator)
        return replace(self, calibrator=calibrator, card=card)

    def importance(self) -> pd.DataFrame:
        """Return ``feature``, ``gain`` (share of the total) and ``splits``, largest gain first."""
        return importance(self.booster, self.table)

    def save(self, folder: str | Path) -> Path:
        """Write ``model.txt``, ``calibration.json`` and ``schema.json`` into `folder`."""
        target = Path(folder)
        write_text(target / "model.txt", self.booster.model_to_string())
        self.calibrator.save(target / "calibration.json")
        self.card.write(target, _FILES)
        return target

    @classmethod
    def load(cls, folder: str | Path) -> ResponseModel:
        """Read what `save` wrote.

        Raises
        ------
        ModelError
            If the folder holds no whole model of this kind.
        """
        source = Path(folder)
        card = ModelCard.read(source)
        check_kind(source, card, "lightgbm")
        table = FeatureTable.from_dict(card.features)
        calibrator = Calibrator.load(source / "calibration.json")
        return cls(load_booster(source / "model.txt"), table, calibrator, card)


def _enough(split: str, target: str, rows: Labelled, least: int) -> None:
    if rows.positives < least:
        raise ModelError(
            f"{target}: {rows.positives:,} positive in {len(rows):,} labelled {split} rows; need "
            f">= {least}. Load a longer log, or let fit_response fall back to a constant rate."
        )


def _grow(
    rows: Labelled, tune_rows: Labelled, table: FeatureTable, params: Mapping[str, Any],
    objective: Objective,
) -> tuple[lightgbm.Booster, NDArray[np.float64]]:  # fmt: skip
    """Return the trees, and their raw probabilities for the tune rows."""
    params = {**params, **LIGHTGBM[objective]}
    weights = [weights_of(objective, part.frame) for part in (rows, tune_rows)]
    train_set = dataset(table.matrix(rows.frame), rows.label, table, params, weight=weights[0])
    tune_matrix = table.matrix(tune_rows.frame)
    tune_set = dataset(
        tune_matrix, tune_rows.label, table, params, weight=weights[1], reference=train_set
    )
    grown = lightgbm.train(params, train_set, valid_sets=[tune_set], keep_training_booster=True)
    held = _tune_predictions(grown, tune_matrix, params["num_threads"])
    return lightgbm.Booster(model_str=_text_of(grown)), held


def _text_of(grown: lightgbm.Booster) -> str:
    """Return the text form, which ends with the best round.

    It repeats the number of threads, which the trees do not depend on: the same model must have the
    same hash wherever it was fitted.
    """
    return re.sub(r"\[num_threads: \d+\]", "[num_threads: 0]", grown.model_to_string())


def _tune_predictions(
    grown: lightgbm.Booster, matrix: NDArray[np.float32], num_threads: int
) -> NDArray[np.float64]:
    """Return predictions for the tune rows at the best round.

    LightGBM holds those of its last round. Taking the few later trees off again is far cheaper
    than asking every tree: that would add 6 % to a fit.
    """
    held: list[NDArray[np.float64]] = []

    def hold(predicted: NDArray[np.float64], _: lightgbm.Dataset) -> list[Any]:
        held.append(np.array(predicted))
        return []

    grown.eval_valid(hold)
    if grown.best_iteration == grown.current_iteration():
        return probability(held[0])
    later = grown.predict(
        matrix, start_iteration=grown.best_iteration, num_iteration=-1, raw_score=True,
        num_threads=num_threads,
    )  # fmt: skip
    if grown.params["objective"] != "binary":
        return probability(held[0] - np.asarray(later))
    return np.asarray(expit(logit(probability(held[0])) - np.asarray(later)))


def _told(card: ModelCard, booster: lightgbm.Booster, map_: Calibrator) -> ModelCard:
    """Return the card with its sentence for a report."""
    objective = str(card.details["objective"])
    by = "" if objective == "log_loss" else f", grown by {objective.replace('_', ' ')}"
    how = "no" if map_.method == "none" else map_.method
    about = (
        f"LightGBM with {booster.num_trees()} trees on {card.rows:,} rows with "
        f"{card.positives:,} {card.target}s{by}; {how} calibration on the tune split"
    )
    return replace(card, about=about)
