"""Build one variant and score it on the tune split, in this process or a worker's."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from kit.base.errors import KitError
from kit.data.log import AuctionLog
from kit.data.sealed import open_sealed
from kit.models.response_base import Response
from kit.replay.result import ReplayResult
from kit.replay.run import replay
from kit.validate.readings import impression_value
from kit.variant.build import build_variant, fit_click
from kit.variant.frozen import FrozenVariant
from kit.variant.spec import VariantSpec

MODELS_KEPT = 16
"""Fitted models that a process keeps: a change of the policy alone needs no other."""


@dataclass(frozen=True)
class Scored:
    """What came of one evaluation.

    Parameters
    ----------
    surplus : float
        On the tune split for every 1,000 auctions, in the log's currency; NaN where it was
        refused.
    broken : str
        The constraints that it breaks, in words.
    refused : str
        Why it could not be built.
    seconds : float
        What it took.
    folder : str
        Where the frozen variant lies; empty where it was built on a share of the rows.
    """

    surplus: float = float("nan")
    broken: str = ""
    refused: str = ""
    seconds: float = 0.0
    folder: str = ""


@dataclass(frozen=True, eq=False)
class Bench:
    """What every variant of a search is built and scored on.

    Parameters
    ----------
    train, tune : AuctionLog
        Open parts of a log, with ``click_value_cpm``.
    root : Path
        Folder for frozen variants.
    budget_per_1000 : float or None
        As in `kit.validate.claim.Claim`.
    """

    train: AuctionLog
    tune: AuctionLog
    root: Path
    budget_per_1000: float | None = None
    _fitted: dict[str, Response] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def of(
        cls, folder: Path, root: Path, click_value_cpm: float | None, budget: float | None
    ) -> Bench:
        """Open the readable parts of a sealed log."""
        sealed = open_sealed(folder)
        worth = {} if click_value_cpm is None else {"click_value_cpm": click_value_cpm}
        parts = [part.with_columns(**worth) for part in (sealed.train, sealed.tune)]
        return cls(parts[0], parts[1], root, budget)

    def evaluate(self, spec: VariantSpec, share: float = 1.0, num_threads: int = 0) -> Scored:
        """Build a variant on the latest share of the training rows, and score it.

        What a variant is refused for is an outcome: the search goes on.
        """
        began = time.perf_counter()
        try:
            variant = self.built(spec, share, num_threads)
            result = self.replayed(variant)
        except KitError as error:
            return Scored(refused=str(error), seconds=time.perf_counter() - began)
        surplus = 1000 * result.unit.money(result.surplus) / len(self.tune)
        broken = "; ".join(filter(None, (one.broken_by(result) for one in spec.constraints)))
        seconds = time.perf_counter() - began
        return Scored(surplus, broken, "", seconds, str(variant.folder) if share == 1 else "")

    def built(self, spec: VariantSpec, share: float = 1.0, num_threads: int = 0) -> FrozenVariant:
        """Build and freeze a variant on the latest share of the training rows.

        Raises
        ------
        KitError
            What it is refused for.
        """
        train = self.train
        if share < 1:
            train = train.rows(slice(-max(1, round(share * len(train))), None))
        click = self._click(spec, train, share, num_threads)
        return build_variant(spec, train, self.tune, click=click, root=self.root)

    def _click(
        self, spec: VariantSpec, train: AuctionLog, share: float, num_threads: int
    ) -> Response | None:
        """Fit the spec's model, unless a variant before it has the same."""
        if spec.model is None:
            return None
        key = f"{spec.model.model_dump_json()} {spec.seed} {share}"
        with self._lock:
            known = self._fitted.get(key)
        if known is not None:
            return known
        model = fit_click(spec.model, train, self.tune, spec.seed, num_threads=num_threads)
        with self._lock:
            while len(self._fitted) >= MODELS_KEPT:
                self._fitted.pop(next(iter(self._fitted)))
            self._fitted[key] = model
        return model

    def replayed(self, variant: FrozenVariant) -> ReplayResult:
        """Replay a variant on the tune split, as a vault's pessimistic reading does."""
        log = variant.with_predictions(self.tune)
        money = None if self.budget_per_1000 is None else self.budget_per_1000 * len(log) / 1000
        return replay(
            log, variant.bids(log), name=variant.spec.name,
            value=impression_value(log, "pessimistic"), censored="pessimistic", budget=money,
            rng=np.random.default_rng(variant.spec.seed),
        )  # fmt: skip


@lru_cache(maxsize=2)
def _bench(folder: str, root: str, click_value: float | None, budget: float | None) -> Bench:
    return Bench.of(Path(folder), Path(root), click_value, budget)


def evaluate_remote(
    where: tuple[str, str, float | None, float | None], spec: dict[str, Any], share: float
) -> Scored:
    """Evaluate in a worker that sees the same folders; the log is opened once a process."""
    return _bench(*where).evaluate(VariantSpec.model_validate(spec), share, 1)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
