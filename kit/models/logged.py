"""Response of a log that brings its own prediction: recalibrated, then used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.errors import ModelError
from kit.data.log import AuctionLog
from kit.models.calibration import Calibrator
from kit.models.card import ModelCard, check_kind
from kit.models.labels import TARGETS, labelled
from kit.models.response_base import Response

LOGGED = dict(zip(TARGETS, ("pctr", "pcvr"), strict=True))
"""The request column that holds a log's own prediction of each target."""


@dataclass(frozen=True)
class LoggedResponse(Response):
    """The log's own ``pctr`` or ``pcvr``, recalibrated.

    `predict` expects the column as the log brought it: its own output, fed back, would be
    calibrated twice.

    Parameters
    ----------
    calibrator : Calibrator
        Fitted on the labelled rows of both splits.
    card : ModelCard
        What it was fitted on.
    """

    calibrator: Calibrator
    card: ModelCard

    @classmethod
    def fit(cls, train: AuctionLog, tune: AuctionLog, target: str = "click") -> LoggedResponse:
        """Recalibrate on the labelled rows of both logs.

        Raises
        ------
        ModelError
            If a log lacks its prediction or its labels.
        """
        rows, tune_rows = labelled(train, target), labelled(tune, target)
        name = LOGGED[target]
        raw = np.concatenate([_logged(name, part.frame) for part in (rows, tune_rows)])
        calibrator = Calibrator.fit(raw, np.concatenate([rows.label, tune_rows.label]))
        card = ModelCard(
            kind="logged",
            target=target,
            about=(
                f"the log's own {name}, {calibrator.method} calibration on "
                f"{calibrator.rows:,} rows with {calibrator.positives:,} {target}s"
            ),
            rows=len(rows),
            positives=rows.positives,
            tune_rows=len(tune_rows),
            tune_positives=tune_rows.positives,
            features={"names": [name]},
            data={"train": train.content_hash(), "tune": tune.content_hash()},
        )
        return cls(calibrator, card)

    def predict(self, request: pd.DataFrame | AuctionLog) -> NDArray[np.float64]:
        """Return the recalibrated column, shape (n,).

        Raises
        ------
        ModelError
            If the request lacks the column.
        """
        frame = request.frame if isinstance(request, AuctionLog) else request
        return self.calibrator.apply(_logged(LOGGED[self.target], frame))

    def save(self, folder: str | Path) -> Path:
        """Write ``calibration.json`` and ``schema.json`` into `folder`."""
        target = Path(folder)
        self.calibrator.save(target / "calibration.json")
        self.card.write(target, ["calibration.json"])
        return target

    @classmethod
    def load(cls, folder: str | Path) -> LoggedResponse:
        """Read what `save` wrote.

        Raises
        ------
        ModelError
            If the folder holds no whole model of this kind.
        """
        source = Path(folder)
        card = ModelCard.read(source)
        check_kind(source, card, "logged")
        return cls(Calibrator.load(source / "calibration.json"), card)


def _logged(name: str, frame: pd.DataFrame) -> NDArray[np.float64]:
    if name not in frame.columns:
        raise ModelError(
            f"request: lacks {name}; must have the log's own prediction, which this model "
            "recalibrates. Add or map it."
        )
    return frame[name].to_numpy(dtype=np.float64)
