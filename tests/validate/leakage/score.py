"""Score the battery: which planted leaks it names, and how many clean logs it alarms at."""

from __future__ import annotations

from collections.abc import Iterable

from scipy.stats import binomtest

from kit.validate.leakage import LeakageReport, check_leakage
from tests.validate.leakage.corpus import Planted, clean
from tests.validate.leakage.worlds import Case

FOUND_BAR, ALARM_BAR = 0.90, 0.02


def report_of(case: Case, seed: int = 0) -> LeakageReport:
    """Run the whole battery on a case."""
    return check_leakage(case.train, case.tune, case.features, case.target, seed, build=case.build)


def is_found(planted: Planted) -> bool:
    """Whether a finding has the planted kind and names the planted column, if it names any."""
    case = planted.make()
    named = set(case.planted)
    return any(
        found.kind == planted.kind
        and (not named or not found.columns or named & set(found.columns))
        for found in report_of(case).findings
    )


def found(cases: Iterable[Planted]) -> int:
    """Count the cases that are found."""
    return sum(map(is_found, cases))


def alarms(seeds: Iterable[int]) -> list[tuple[int, LeakageReport]]:
    """Return the clean logs with any finding, and what was found."""
    reports = [(seed, report_of(clean(seed))) for seed in seeds]
    return [(seed, report) for seed, report in reports if not report.clean]


def bounds(count: int, runs: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a rate."""
    interval = binomtest(count, runs).proportion_ci(0.95, method="exact")
    return float(interval.low), float(interval.high)
