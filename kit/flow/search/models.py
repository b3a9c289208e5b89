"""The models that a search has fitted: what two variants share is fitted once."""

from __future__ import annotations

from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kit.data.log import AuctionLog
from kit.models.response_base import Response
from kit.variant.build import fit_click
from kit.variant.spec import ModelSpec

KEPT = 16
"""Fitted models that a process keeps, the latest."""


class Fitted(NamedTuple):
    """A model, and its predictions on the tune split, shape (n,)."""

    model: Response
    pctr: NDArray[np.float64]


class Models:
    """Fits the model of a variant, unless one before it has the same, or the same trees."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Fitted] = {}
        self._lock = Lock()

    def fit(
        self, spec: ModelSpec, train: AuctionLog, tune: AuctionLog, seed: int, num_threads: int
    ) -> Fitted:
        """Return the model that `kit.variant.build.fit_click` fits.

        A change of the policy alone needs no other model, and one of the calibration no other
        trees.

        Raises
        ------
        KitError
            As `kit.variant.build.fit_click`.
        """
        trees = f"{spec.model_copy(update={'calibration': 'auto'}).model_dump_json()} {seed} "
        key = (f"{trees}{len(train)}", spec.calibration)
        with self._lock:
            known = dict(self._known)
        if key in known:
            return known[key]
        alike = [fitted.model for (other, _), fitted in known.items() if other == key[0]]
        model = (
            alike[0].recalibrated(tune, spec.calibration)
            if alike
            else fit_click(spec, train, tune, seed, num_threads=num_threads)
        )
        fitted = Fitted(model, model.predict_tune(tune))
        with self._lock:
            self._known[key] = fitted
            while len(self._known) > KEPT:
                self._known.pop(next(iter(self._known)))
        return fitted
