"""Training through `kit` against a bare ``lightgbm.train`` with the same rows and parameters."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

import lightgbm

from kit.data.log import AuctionLog
from kit.data.simulate import SimulationConfig, simulate
from kit.models.boosting import DEFAULTS, run_params
from kit.models.features import default_features
from kit.models.landscape import LandscapeModel
from kit.models.response import ResponseModel
from tests.benchmarks.table import Row, Table, milliseconds


def tables(quick: bool) -> list[Table]:
    """Time both in pairs, data set construction included; the ratio is the median over pairs."""
    auctions = 40_000 if quick else 300_000
    log = simulate(SimulationConfig(auctions=auctions, days=10), seed=1).log
    cut = int(0.75 * len(log))
    train, tune = log.rows(slice(0, cut)), log.rows(slice(cut, None))
    _same_size(train, tune)
    ours, theirs = _pairs(
        lambda: _through_kit(train, tune), lambda: _bare(train, tune), 3 if quick else 9
    )
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    response = Row(
        "pCTR, calibrated",
        milliseconds(statistics.median(ours)),
        f"lightgbm.train {milliseconds(statistics.median(theirs))}",
        ratio,
        "<= 1.05",
    )
    begun = time.perf_counter()
    LandscapeModel.fit(train, tune, num_threads=1)
    seconds = time.perf_counter() - begun
    landscape = Row(
        "win-rate landscape", milliseconds(seconds), "seconds per 100,000 training rows",
        seconds / cut * 100_000, "<= 15",
    )  # fmt: skip
    return [Table(f"Training, {len(train):,} auctions to fit, {len(tune):,} to tune",
                  [response, landscape])]  # fmt: skip


def _through_kit(train: AuctionLog, tune: AuctionLog) -> lightgbm.Booster:
    return ResponseModel.fit(train, tune, num_threads=1).booster


def _bare(train: AuctionLog, tune: AuctionLog) -> lightgbm.Booster:
    params = {**run_params(DEFAULTS, seed=0, num_threads=1), "objective": "binary"}
    names = list(default_features(train))
    frames = [log.frame.loc[log.frame["won"], [*names, "click"]] for log in (train, tune)]
    train_set = lightgbm.Dataset(frames[0][names], frames[0]["click"], params=dict(params))
    tune_set = lightgbm.Dataset(
        frames[1][names], frames[1]["click"], reference=train_set, params=dict(params)
    )
    return lightgbm.train(params, train_set, valid_sets=[tune_set])


def _same_size(train: AuctionLog, tune: AuctionLog) -> None:
    """Refuse to compare fits that do not grow about as many trees."""
    ours, theirs = _through_kit(train, tune).num_trees(), _bare(train, tune).num_trees()
    if abs(ours - theirs) > 0.02 * theirs:
        raise RuntimeError(f"training: kit grows {ours} trees and LightGBM {theirs}")


def _pairs(
    ours: Callable[[], Any], theirs: Callable[[], Any], runs: int
) -> tuple[list[float], list[float]]:
    """Return seconds of both, taking turns at who goes first: a machine slows down in phases."""
    seconds: dict[Callable[[], Any], list[float]] = {ours: [], theirs: []}
    for run in range(runs):
        for job in (ours, theirs) if run % 2 else (theirs, ours):
            gc.collect()
            start = time.perf_counter()
            job()
            seconds[job].append(time.perf_counter() - start)
    return seconds[ours], seconds[theirs]
