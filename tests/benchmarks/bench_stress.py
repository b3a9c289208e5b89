"""Stress and drift: what the scenarios cost on a large log, and what they leave of a gain.

The gain is that of value bidding over the best constant bid, on simulated second-price exchanges
whose every price is known. The value's click model and the constant are fitted on earlier rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from kit.data.log import AuctionLog
from kit.data.schema import SECOND_PRICE
from kit.data.simulate import DEFAULT_EXCHANGES, SimulationConfig, simulate
from kit.models.boosted import ResponseModel
from kit.replay.run import replay
from kit.validate.drift import drift_report
from kit.validate.scenarios import Scenario
from kit.validate.stress import StressReport, standard_scenarios, stress_test
from tests.benchmarks.table import Row, Table, milliseconds
from tests.benchmarks.timing import medians

Array = NDArray[np.float64]
Answer = TypeVar("Answer")

LIMIT = 0.1
"""Seconds that changing some columns of a million rows may take."""
LARGEST_MULTIPLE = 15.0
"""Scorings of the gain that the whole test may take as long as."""
BIDS = np.geomspace(0.25, 16.0, 25)
TREES = 60
SCORED = 300_000
"""Auctions that the gain is scored on; the scenarios are timed on all."""


def tables(quick: bool) -> list[Table]:
    """Return the time and the surviving share of every scenario, and the time of the reports."""
    early, late = _logs(20_000 if quick else 1_000_000)
    click = _click_model(early)
    constant = _best_constant(early)

    def values(log: AuctionLog) -> Array:
        return click.predict(log) * log.column("click_value_cpm", 0.0)

    spent: list[float] = []
    auctions: list[int] = []

    def gain(log: AuctionLog) -> float:
        started = time.perf_counter()
        flat = np.full(len(log), constant)
        earned = replay(log, values(log)).surplus - replay(log, flat).surplus
        spent.append(time.perf_counter() - started)
        auctions.append(len(log))
        return earned

    names = click.importance()["feature"].tolist()
    scored, rng = late.rows(slice(0, SCORED)), np.random.default_rng(1)
    bids = values(late)
    whole = _timed(lambda: stress_test(scored, gain, names, rng, bids=bids[:SCORED]))
    once = sum(spent) / sum(auctions) * len(scored)  # a mean: the machine may be busy
    drifted = _timed(lambda: drift_report(early, late, names, rng))
    scenarios = standard_scenarios(late, names, bids)
    title = f"What survives of value bidding's gain over a constant bid, {len(scored):,} auctions"
    return [
        Table(f"{title}; time on {len(late):,}",
              _scenarios(late, scenarios, whole.answer, 1 if quick else 3)),
        Table("Stress and drift reports",
              [_whole(whole.seconds, once, len(spent)), _drift(drifted.seconds, early, late)]),
    ]  # fmt: skip


@dataclass(frozen=True)
class Timed(Generic[Answer]):
    """What a job returned, and how long it took."""

    answer: Answer
    seconds: float


def _timed(job: Callable[[], Answer]) -> Timed[Answer]:
    started = time.perf_counter()
    answer = job()
    return Timed(answer, time.perf_counter() - started)


def _logs(rows: int) -> tuple[AuctionLog, AuctionLog]:
    second = tuple(replace(exchange, auction_type=SECOND_PRICE) for exchange in DEFAULT_EXCHANGES)
    config = SimulationConfig(auctions=rows * 5 // 4, days=15, ctr=0.05, exchanges=second)
    log = simulate(config, seed=1).full_log()
    cut = len(log) - rows
    return log.rows(slice(0, cut)), log.rows(slice(cut, None))


def _click_model(early: AuctionLog) -> ResponseModel:
    cut = len(early) * 4 // 5
    train, tune = early.rows(slice(0, cut)), early.rows(slice(cut, None))
    return ResponseModel.fit(train, tune, params={"num_iterations": TREES}, num_threads=1)


def _best_constant(early: AuctionLog) -> float:
    earned = [replay(early, np.full(len(early), bid)).surplus for bid in BIDS]
    return float(BIDS[int(np.argmax(earned))])


def _scenarios(
    log: AuctionLog, scenarios: tuple[Scenario, ...], report: StressReport, runs: int
) -> list[Row]:
    rows = []
    for scenario, row in zip(scenarios, report.rows, strict=True):
        name = f"{scenario.name}: {scenario.strength}"
        if row.share is None:
            rows.append(Row(name, "", row.not_applicable or "no gain to lose", 0.0))
            continue
        left = round(row.auctions / report.auctions * len(log))
        seconds = _seconds(scenario, log, left, runs)
        taken = seconds["kit"]
        said = f"{milliseconds(taken)}; {100 * row.share:.0f} % survives"
        if "pandas" in seconds:
            rival = f"pandas takes as many rows in {milliseconds(seconds['pandas'])}"
            rows.append(Row(name, said, rival, taken / seconds["pandas"], "<= 2"))
        else:
            rows.append(Row(name, said, f"at most {milliseconds(LIMIT)}", taken / LIMIT, "<= 1"))
    return rows


def _seconds(scenario: Scenario, log: AuctionLog, left: int, runs: int) -> dict[str, float]:
    """Time a scenario; where it takes rows, also pandas taking as many of them."""
    jobs: dict[str, Callable[[], object]] = {
        "kit": lambda: scenario.apply(log, np.random.default_rng(2))
    }
    if left != len(log):
        some = np.sort(np.random.default_rng(3).integers(0, len(log), left))
        jobs["pandas"] = lambda: log.frame.iloc[some]
    return medians(jobs, runs)


def _whole(seconds: float, once: float, scorings: int) -> Row:
    said = f"one gain takes {once:.2f} s, {scorings} are scored"
    multiple = f"<= {LARGEST_MULTIPLE:g}"
    return Row("every scenario, scored", f"{seconds:.1f} s", said, seconds / once, multiple)


def _drift(seconds: float, early: AuctionLog, late: AuctionLog) -> Row:
    name = f"drift report, {len(early):,} and {len(late):,} rows"
    return Row(name, f"{seconds:.2f} s", "", seconds)
