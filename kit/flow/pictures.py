"""The data of a report's figures, with what each says."""

from __future__ import annotations

import math

import pandas as pd

from kit.data.log import AuctionLog
from kit.data.sealed import SealedSplit
from kit.flow.choose import Choice
from kit.flow.findings import FigureData, FrameData
from kit.flow.fit import Models
from kit.flow.judge import Judged
from kit.models.labels import labelled
from kit.models.landscape import LandscapeModel
from kit.models.reliability import reliability
from kit.replay.result import ReplayResult
from kit.validate.paired import time_differences

MOST_EXCHANGES = 16
RELIABILITY_BINS = 10


def figures(split: SealedSplit, models: Models, choice: Choice, judged: Judged) -> list[FigureData]:
    """Return the figures that this log supports, in the order of the report."""
    drawn = [_cumulative(judged), _bid_curves(split.tune, choice)]
    if models.market is not None:
        drawn.append(_win_rate(models.market, split.tune))
    drawn.append(_reliability(split))
    if "timestamp" in split.tune.frame.columns:
        drawn.append(_exchange_hour(judged))
    return drawn


def _cumulative(judged: Judged) -> FigureData:
    policy, baseline = judged.policy, judged.baseline
    series = time_differences(policy.blocks, baseline.blocks, judged.blocks)
    total = policy.unit.money(float(series["difference"].sum()))
    end = "The bar at the end is the interval that decides."
    if not math.isfinite(judged.comparison.first.simultaneous_low):
        end = "The data are too few for an interval."
    return FigureData(
        kind="cumulative",
        title="Surplus gained over the tune split",
        caption=f"Surplus of {policy.policy} minus {baseline.policy}, added up over {len(series)} "
        f"time blocks. {end}",
        alt=f"The difference in surplus adds up to {total:,.2f} {policy.unit.currency}.",
        data=FrameData.of(series),
    )


def _bid_curves(tune: AuctionLog, choice: Choice) -> FigureData:
    columns = ["multiplier", "impressions", "spend", "value", "surplus"]
    name = choice.baseline.name
    return FigureData(
        kind="bid_curves",
        title="Spend, win rate and value at every bid level",
        caption=f"The policy ({choice.policy.name}) at each multiplier on the tune split, in "
        "expected value; the orange point is the multiplier that was chosen there.",
        alt=f"Spend and win rate rise with the multiplier; {choice.multiplier:.3g} was chosen.",
        data=FrameData.of(choice.grid[columns]),
        options={
            "chosen": choice.multiplier,
            "auctions": len(tune),
            "baseline": [name, choice.baseline_spend, choice.baseline_value],
        },
    )


def _win_rate(market: LandscapeModel, tune: AuctionLog) -> FigureData:
    points = market.check(tune, bins=8)
    points = points.rename(columns={"predicted": "model"})
    points["exchange"] = points["exchange"].astype(str)
    gap = float((points["model"] - points["observed"]).abs().mean())
    return FigureData(
        kind="win_rate",
        title="Win rate by bid: model and tune split",
        caption="The market model's win rate beside the one observed in the tune split, by "
        f"exchange; they differ by {100 * gap:.1f} percentage points on average. Each point is "
        "over the auctions whose outcome the log tells at that bid, so neighbouring points may "
        "differ in their auctions.",
        alt="Predicted and observed win rates rise with the bid on each exchange.",
        data=FrameData.of(points[["exchange", "bid_cpm", "model", "observed"]]),
    )


def _reliability(split: SealedSplit) -> FigureData:
    tables = []
    for name, part in (("train", split.train), ("tune", split.tune)):
        rows = labelled(part, "click")
        table = reliability(rows.frame["pctr"], rows.label, RELIABILITY_BINS)
        tables.append(table.assign(split=name))
    columns = ["split", "predicted", "observed", "low", "high"]
    return FigureData(
        kind="reliability",
        title="Calibration of the click model",
        caption="Predicted and observed click rates in bins of equally many impressions, with 95 % "
        "intervals. The model was fitted on the train split and calibrated on the tune split; on "
        "the sealed holdout its calibration is a gate of the verdict.",
        alt="Observed click rates beside predicted ones.",
        data=FrameData.of(pd.concat(tables)[columns]),
    )


def _exchange_hour(judged: Judged) -> FigureData:
    currency = judged.policy.unit.currency
    difference = _surplus(judged.policy).sub(_surplus(judged.baseline), fill_value=0.0)
    table = difference.map(judged.policy.unit.money).rename("difference").reset_index()
    table["exchange"] = table["exchange"].astype(str)
    sizes = table.assign(size=table["difference"].abs()).groupby("exchange")["size"].sum()
    largest = sizes.nlargest(MOST_EXCHANGES).index
    shown = table[table["exchange"].isin(largest)]
    return FigureData(
        kind="exchange_hour",
        title="Where the difference comes from",
        caption=f"Surplus of {judged.policy.policy} minus {judged.baseline.policy} by exchange "
        "and hour. Single cells are noisy; the interval is about their sum.",
        alt="A map of the difference in surplus by exchange and hour of day.",
        data=FrameData.of(shown[["exchange", "hour", "difference"]]),
        options={"label": f"Surplus difference ({currency})"},
    )


def _surplus(result: ReplayResult) -> pd.Series:
    cells = result.by_exchange_hour.set_index(["exchange", "hour"])
    return cells["value"] - cells["spend"] - cells["fees"]
