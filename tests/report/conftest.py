"""A made-up comparison: two policies, their blocks, figures and tables, with hostile names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kit.base.units import FEN_CPM
from kit.models.reliability import reliability
from kit.replay.result import ReplayResult
from kit.report import figures
from kit.report.parts import DataFacts, ReportFigure, Reproduce, Table
from kit.report.tables import results_table
from kit.report.writeup import Writeup
from kit.validate.compare import compare

HOSTILE = '<script>alert(\'x\')</script> [a](javascript:b) |$x$ "q" onload="y" `z`'


def block_totals(ctr: float, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    auctions = rng.integers(3000, 6000, 40)
    impressions = rng.binomial(auctions, 0.3)
    clicks = rng.binomial(impressions, ctr)
    spend = impressions * (60.0 + 2000.0 * ctr) + rng.normal(0, 500, 40)
    value = clicks * 42_000.0
    return pd.DataFrame({
        "auctions": auctions, "impressions": impressions, "clicks": clicks,
        "value": value, "spend": spend, "surplus": value - spend,
    })  # fmt: skip


def result_of(name: str, blocks: pd.DataFrame) -> ReplayResult:
    total = blocks.sum()
    empty = pd.DataFrame()
    return ReplayResult(
        policy=name, unit=FEN_CPM, auctions=int(total["auctions"]), bids=int(total["auctions"]),
        impressions=int(total["impressions"]), clicks=int(total["clicks"]), conversions=0,
        cost=total["spend"], value=total["value"], fees=0.0, undetermined=0, paid_below_floor=0,
        by_exchange_hour=empty, by_campaign=empty, blocks=blocks,
    )  # fmt: skip


@pytest.fixture(scope="session")
def grid() -> pd.DataFrame:
    multiplier = np.geomspace(0.1, 8, 60)
    impressions = 150_000 * (1 - np.exp(-multiplier))
    return pd.DataFrame({
        "multiplier": multiplier, "impressions": impressions,
        "spend": impressions * 60 * multiplier**0.3,
        "value": 9e6 * (1 - np.exp(-2 * multiplier)),
    })  # fmt: skip


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(1)
    probability = rng.beta(0.6, 400, 30_000)
    click = rng.random(30_000) < probability
    return {"raw": reliability(np.clip(2 * probability, 0, 1), click),
            "recalibrated": reliability(probability, click)}  # fmt: skip


@pytest.fixture(scope="session")
def win_points() -> pd.DataFrame:
    bids = np.arange(5, 301, 5)
    parts = [
        pd.DataFrame({"exchange": name, "bid_cpm": bids, "model": 1 - np.exp(-bids / scale),
                      "observed": np.round(1 - np.exp(-bids / scale), 2)})
        for name, scale in (("adx", 70), ("tanx", 90), (HOSTILE, 120))
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="session")
def hour_table() -> pd.DataFrame:
    values = np.random.default_rng(2).normal(5, 30, (3, 24))
    values[1, 3] = np.nan
    return pd.DataFrame(values, index=["adx", "tanx", HOSTILE], columns=range(24))


@pytest.fixture(scope="session")
def writeup(
    grid: pd.DataFrame, tables: dict[str, pd.DataFrame], win_points: pd.DataFrame,
    hour_table: pd.DataFrame,
) -> Writeup:  # fmt: skip
    blocks, base = block_totals(6e-3, 1), block_totals(1.6e-3, 1)
    comparison = compare(blocks, base, rng=np.random.default_rng(3), resamples=500)
    series = pd.DataFrame({"block": [f"2013-06-{6 + n // 24:02} {n % 24:02}:00" for n in range(40)],
                           "difference": blocks["surplus"] - base["surplus"]})  # fmt: skip
    svgs = (
        figures.bid_curves(grid, chosen=1.4, unit=FEN_CPM, auctions=180_000,
                           baseline=("mcpc", 8e6, 9e6)),
        figures.win_rate_curves(win_points, unit=FEN_CPM),
        figures.reliability_curves(tables),
        figures.exchange_hour_map(hour_table, label="Surplus difference (CNY)"),
        figures.cumulative_difference(series, comparison.first, unit=FEN_CPM),
    )  # fmt: skip
    names = ("Spend and value", "Win rate by exchange", "Calibration", "Exchange and hour", "Time")
    return Writeup(
        title="Does lin beat mcpc?", question="Would lin have earned more?",
        policy="lin", baseline="mcpc", comparison=comparison,
        data=DataFacts("1458.txt", "9f86d0", 1_000_000, "7 days", FEN_CPM,
                       {"train": 600_000, "holdout": 180_000}, 12, ("Ties win.",)),
        method=("A model was fitted.",),
        results=results_table([result_of("lin", blocks), result_of("mcpc", base)]),
        figures=tuple(ReportFigure(name, f"How to read {name}.", f"{name}: chart", svg)
                      for name, svg in zip(names, svgs, strict=True)),
        diagnostics=(Table("Click model", pd.DataFrame({"Split": ["tune"], "AUC": [0.7312]})),),
        limits=("Rivals' answers to our bids.",),
        reproduce=Reproduce("kit demo --seed 7 --out out/", {"numpy": "2.4.1"}, 7),
        generated_at="2026-11-24 01:15 UTC",
    )  # fmt: skip
