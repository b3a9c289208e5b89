"""Leaks planted before the detectors were written: how many are found, and how often they cry wolf.

The frozen half of the corpus and 300 clean logs of other seeds; nothing was tuned on either.
"""

from __future__ import annotations

import time

import numpy as np

from kit.data.log import AuctionLog, LogMeta
from kit.data.simulate import SimulationConfig, simulate
from kit.data.split import time_split
from kit.validate.leakage import check_leakage
from tests.benchmarks.table import Row, Table
from tests.validate.leakage.corpus import PLANTS, Planted
from tests.validate.leakage.frozen import CLEAN_SEEDS, frozen
from tests.validate.leakage.score import ALARM_BAR, FOUND_BAR, alarms, bounds, found

MIDDLE, OTHERS = 24, 4
"""Cases of each kind at the middle strength, and at each other one."""


def tables(quick: bool) -> list[Table]:
    """Return what is found of each kind, false alarms, and the time on a large log."""
    title = "Planted leaks found, by kind; the frozen half, scored by its exact 95 % interval"
    rows = [_kind(kind, quick) for kind in PLANTS]
    return [
        Table(title, [*rows, _clean(12 if quick else len(CLEAN_SEEDS))]),
        Table("The whole battery on a large log", [_large(60_000 if quick else 1_670_000)]),
    ]


def _cases(kind: str, strength: str, most: int) -> list[Planted]:
    cases = [case for case in frozen() if (case.kind, case.strength) == (kind, strength)]
    return cases[:most]


def _kind(kind: str, quick: bool) -> Row:
    middle = _cases(kind, "middle", 1 if quick else MIDDLE)
    hits = found(middle)
    others = []
    for strength in ("weak", "strong"):
        cases = _cases(kind, strength, 1 if quick else OTHERS)
        others.append(f"{strength} {found(cases)} of {len(cases)}")
    high = bounds(hits, len(middle))[1]
    name = f"{kind}, middle strength"
    return Row(name, f"{hits} of {len(middle)}", ", ".join(others), high / FOUND_BAR, ">= 1")


def _clean(count: int) -> Row:
    cried = len(alarms(CLEAN_SEEDS[:count]))
    low, high = bounds(cried, count)
    said = f"{100 * cried / count:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
    return Row(f"any finding on {count} clean logs", said, "bar 2 %", low / ALARM_BAR, "<= 1")


def _large(auctions: int) -> Row:
    split = time_split(_with_ids(simulate(SimulationConfig(auctions=auctions), seed=1).log))
    started = time.perf_counter()
    check_leakage(split.train, split.tune)
    seconds = time.perf_counter() - started
    name = f"{len(split.train):,} train and {len(split.tune):,} tune rows"
    return Row(name, f"{seconds:.1f} s", "", seconds)


def _with_ids(log: AuctionLog) -> AuctionLog:
    """Add a user and an auction to each row: what makes a log slow to compare."""
    count = len(log)
    users = np.random.default_rng(1).integers(0, max(count // 20, 1), count)
    frame = log.frame.assign(
        user_id=np.char.add("u", users.astype(str)),
        auction_id=np.char.add("r", np.arange(count).astype(str)),
    )
    return AuctionLog(frame, LogMeta("simulated", features=(*log.meta.features, "user_id")))
