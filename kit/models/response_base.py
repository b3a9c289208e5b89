"""What every response model answers, however it was fitted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.data.log import AuctionLog
from kit.models.calibration import Calibration
from kit.models.card import ModelCard
from kit.models.labels import labelled
from kit.models.reliability import ProbabilityScore, reliability, score_probabilities


class Response(ABC):
    """A calibrated probability of a click, or of a conversion of a click."""

    card: ModelCard

    @property
    def kind(self) -> str:
        """How it was fitted: ``lightgbm``, ``prior`` or ``logged``."""
        return self.card.kind

    @property
    def target(self) -> str:
        """What it predicts: ``click`` or ``conversion``."""
        return self.card.target

    @abstractmethod
    def predict(self, request: pd.DataFrame | AuctionLog) -> NDArray[np.float64]:
        """Return calibrated probabilities, strictly inside (0, 1), shape (n,).

        Raises
        ------
        ModelError
            Naming the columns that the request lacks.
        """

    def predict_tune(self, tune: AuctionLog) -> NDArray[np.float64]:
        """Return `predict` of the tune split that it was fitted with, at the least cost."""
        return self.predict(tune)

    def recalibrated(self, tune: AuctionLog, calibration: Calibration) -> Response:
        """Return what a fit with another calibration on the same tune split would."""
        return self

    @abstractmethod
    def save(self, folder: str | Path) -> Path:
        """Write plain files into `folder`, its ``schema.json`` last."""

    def reliability(self, log: AuctionLog, bins: int = 10) -> pd.DataFrame:
        """Compare predictions with what followed; see `kit.models.reliability.reliability`."""
        rows = labelled(log, self.target)
        return reliability(self.predict(rows.frame), rows.label, bins)

    def score(self, log: AuctionLog) -> ProbabilityScore:
        """Return log loss, AUC and calibration on the labelled rows of a log."""
        rows = labelled(log, self.target)
        return score_probabilities(self.predict(rows.frame), rows.label)

    def summary(self) -> dict[str, Any]:
        """Return what a report says about the model, ready for JSON."""
        return self.card.summary()
