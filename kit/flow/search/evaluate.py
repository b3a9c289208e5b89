"""Build one variant and score it on the tune split, in this process or a worker's."""

from __future__ import annotations

import os
import time
import traceback
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from kit.base.errors import KitError
from kit.data.log import AuctionLog
from kit.data.sealed import open_sealed
from kit.flow.search.models import Fitted, Models
from kit.replay.result import ReplayResult
from kit.replay.run import replay
from kit.validate.readings import impression_value
from kit.variant.build import build_variant
from kit.variant.frozen import FrozenVariant
from kit.variant.spec import VariantSpec


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
    _models: Models = field(default_factory=Models)

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

        What a variant is refused for is an outcome, and so is an error that kit did not expect: a
        night's search goes on. A full disk or memory would meet every other variant as well.
        """
        began = time.perf_counter()
        try:
            fitted = self._fit(spec, share, num_threads)
            variant = self._frozen(spec, share, fitted)
            result = self.replayed(variant, fitted)
        except (OSError, MemoryError):
            raise
        except Exception as error:
            return Scored(refused=_why(error), seconds=time.perf_counter() - began)
        surplus = 1000 * result.unit.money(result.surplus) / len(self.tune)
        broken = "; ".join(filter(None, (one.broken_by(result) for one in spec.constraints)))
        seconds = time.perf_counter() - began
        return Scored(surplus, broken, "", seconds, str(variant.folder) if share == 1 else "")

    def built(self, spec: VariantSpec) -> FrozenVariant:
        """Build and freeze a variant on every training row.

        Raises
        ------
        KitError
            What it is refused for.
        """
        return self._frozen(spec, 1.0, self._fit(spec, 1.0, 0))

    def _frozen(self, spec: VariantSpec, share: float, fitted: Fitted | None) -> FrozenVariant:
        click = None if fitted is None else fitted.model
        return build_variant(spec, self._rows(share), self.tune, click=click, root=self.root)

    def _rows(self, share: float) -> AuctionLog:
        """Return the latest share of the training rows."""
        if share == 1:
            return self.train
        return self.train.rows(slice(-max(1, round(share * len(self.train))), None))

    def _fit(self, spec: VariantSpec, share: float, num_threads: int) -> Fitted | None:
        if spec.model is None:
            return None
        return self._models.fit(spec.model, self._rows(share), self.tune, spec.seed, num_threads)

    def replayed(self, variant: FrozenVariant, fitted: Fitted | None = None) -> ReplayResult:
        """Replay a variant on the tune split, as a vault's pessimistic reading does."""
        log = (
            variant.with_predictions(self.tune)
            if fitted is None
            else self.tune.with_columns(pctr=fitted.pctr)
        )
        money = None if self.budget_per_1000 is None else self.budget_per_1000 * len(log) / 1000
        return replay(
            log, variant.bids(log), name=variant.spec.name,
            value=impression_value(log, "pessimistic"), censored="pessimistic", budget=money,
            rng=np.random.default_rng(variant.spec.seed),
        )  # fmt: skip


def _why(error: Exception) -> str:
    if isinstance(error, KitError):
        return str(error)
    at = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"{type(error).__name__}: {error} ({Path(at.filename).name}, line {at.lineno}); kit did "
        "not expect this. Leave the variant out, and report the error."
    )


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
