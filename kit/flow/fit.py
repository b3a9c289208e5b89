"""Fit what the bids need, on the train and tune splits: click, conversion and market models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from kit.base.units import PriceUnit
from kit.bid.training import TrainingStats
from kit.data.log import AuctionLog
from kit.data.sealed import SealedSplit
from kit.data.split import Split
from kit.flow.runs import Say
from kit.models.labels import labelled
from kit.models.landscape import LandscapeModel
from kit.models.response import Response, fit_response

Cut = TypeVar("Cut", Split, SealedSplit)
TARGETS = ("click", "conversion", "market")


@dataclass(frozen=True)
class Models:
    """What was fitted; None where it was not asked for, or the log has no such label."""

    click: Response | None = None
    conversion: Response | None = None
    market: LandscapeModel | None = None

    @property
    def fitted(self) -> dict[str, Response | LandscapeModel]:
        """The models there are, by target."""
        every = {"click": self.click, "conversion": self.conversion, "market": self.market}
        return {target: model for target, model in every.items() if model is not None}

    def save(self, folder: Path) -> list[Path]:
        """Write each model into a folder of its own, named by its target; return the files."""
        folders = [model.save(folder / target) for target, model in self.fitted.items()]
        return [path for part in folders for path in sorted(part.iterdir())]


def fit_models(
    train: AuctionLog,
    tune: AuctionLog,
    say: Say,
    *,
    targets: Sequence[str] = TARGETS,
    features: Sequence[str] = (),
    seed: int = 0,
) -> Models:
    """Fit each target on `train`, stopped early and calibrated on `tune`.

    A conversion model is left out where the log holds no click whose conversion is decided.

    Raises
    ------
    ModelError
        If the log lacks clicks, or a feature is not allowed.
    """
    named = list(features) or None
    models = Models()
    for target in targets:
        if target == "conversion" and not _has_conversions(train):
            say("conversion model: left out, no click before the cut has a final label")
            continue
        if target == "market":
            market = LandscapeModel.fit(train, tune, named, seed=seed)
            say(f"market model: {market.card.about}")
            models = replace(models, market=market)
            continue
        response = fit_response(train, tune, target, named, seed=seed)
        say(f"{target} model: {response.card.about}")
        if target == "click":
            models = replace(models, click=response)
        else:
            models = replace(models, conversion=response)
    return models


def _has_conversions(train: AuctionLog) -> bool:
    if not {"click", "conversion"} <= set(train.frame.columns):
        return False
    return len(labelled(train, "conversion", columns=())) > 0


@dataclass(frozen=True)
class ClickValue:
    """What a click is worth, and where that comes from.

    Parameters
    ----------
    cpm : float or None
        Value as a sum of per-mille prices; None where each row has its own.
    about : str
        One sentence for the report.
    is_assumed : bool
        Whether it was derived from cost, not stated by anyone.
    """

    cpm: float | None
    about: str
    is_assumed: bool = False

    @classmethod
    def of(cls, train: AuctionLog, tune: AuctionLog, stated: float | None = None) -> ClickValue:
        """Take the stated value (currency per click), the log's own, or what a click cost."""
        unit = train.meta.unit
        if stated is not None:
            return cls(stated * 1000 * unit.minor_per_major, f"A click counts {stated:g} "
                       f"{unit.currency}, as stated.")  # fmt: skip
        if "click_value_cpm" in train.frame.columns:
            return cls(None, "A click counts what the log says it is worth, row by row.")
        return cls._from_cost(train, tune, unit)

    @classmethod
    def _from_cost(cls, train: AuctionLog, tune: AuctionLog, unit: PriceUnit) -> ClickValue:
        parts = [TrainingStats.from_log(part) for part in (train, tune)]
        clicks = sum(part.clicks for part in parts)
        cost = sum(part.cost for part in parts)
        value = cost / (clicks or 0.5)
        worth = f"{unit.money(value):,.4g} {unit.currency}"
        paid = f"what the log paid for each of {clicks:,} clicks before the holdout"
        if not clicks:
            paid = "twice what the log paid in all before the holdout, which had no click"
        return cls(value, f"A click counts {worth}: {paid}.", is_assumed=True)


def with_predictions(log: AuctionLog, click: Response) -> AuctionLog:
    """Return the log with the model's ``pctr``; a logged one is replaced by its recalibration."""
    return log.with_columns(pctr=click.predict(log))


def with_values(split: Cut, click: Response, value: ClickValue) -> Cut:
    """Return the split with ``pctr`` and ``click_value_cpm`` in every open part."""
    worth = {} if value.cpm is None else {"click_value_cpm": value.cpm}

    def valued(part: AuctionLog) -> AuctionLog:
        return with_predictions(part, click).with_columns(**worth)

    if isinstance(split, Split):
        split = replace(split, holdout=valued(split.holdout))
    return replace(split, train=valued(split.train), tune=valued(split.tune))
