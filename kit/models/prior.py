"""Response without features: one rate, shrunken by a stated prior."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.errors import ModelError
from kit.data.log import AuctionLog
from kit.models.card import ModelCard, check_kind
from kit.models.labels import labelled
from kit.models.response_base import Response

PRIORS = {"click": (1.0, 999.0), "conversion": (1.0, 19.0)}
"""Beta priors: one click in 1,000 impressions, one conversion in 20 clicks, seen before any row."""


@dataclass(frozen=True)
class PriorResponse(Response):
    """The same probability for every request, for logs with too few positives to learn more.

    Parameters
    ----------
    rate : float
        Posterior mean under the prior of `PRIORS`.
    card : ModelCard
        What it was fitted on.
    """

    rate: float
    card: ModelCard

    @classmethod
    def fit(
        cls, train: AuctionLog, tune: AuctionLog, target: str = "click", why: str = ""
    ) -> PriorResponse:
        """Fit on all labelled rows of both logs; `why` is told in the summary.

        Raises
        ------
        ModelError
            If the logs carry no such labels.
        """
        rows, tune_rows = labelled(train, target), labelled(tune, target)
        before, against = PRIORS[target]
        positives = rows.positives + tune_rows.positives
        total = len(rows) + len(tune_rows)
        rate = (positives + before) / (total + before + against)
        card = ModelCard(
            kind="prior",
            target=target,
            about=(
                f"one rate for every request, {rate:.4g}: {positives:,} {target}s in {total:,} "
                f"rows, shrunken towards {before:g} in {before + against:g}"
                + (f" ({why})" if why else "")
            ),
            rows=len(rows),
            positives=rows.positives,
            tune_rows=len(tune_rows),
            tune_positives=tune_rows.positives,
            params={"prior_positives": before, "prior_negatives": against},
            data={"train": train.content_hash(), "tune": tune.content_hash()},
            details={"rate": rate},
        )
        return cls(rate, card)

    def predict(self, request: pd.DataFrame | AuctionLog) -> NDArray[np.float64]:
        """Return the rate in every row, shape (n,)."""
        return np.full(len(request), self.rate)

    def save(self, folder: str | Path) -> Path:
        """Write ``schema.json`` into `folder`."""
        target = Path(folder)
        self.card.write(target)
        return target

    @classmethod
    def load(cls, folder: str | Path) -> PriorResponse:
        """Read what `save` wrote.

        Raises
        ------
        ModelError
            If the folder holds no whole model of this kind.
        """
        source = Path(folder)
        card = ModelCard.read(source)
        check_kind(source, card, "prior")
        rate = card.details.get("rate")
        if not isinstance(rate, float) or not 0 < rate < 1:
            raise ModelError(f"{source}: rate is {rate!r}; must be in (0, 1). Train again.")
        return cls(rate, card)
