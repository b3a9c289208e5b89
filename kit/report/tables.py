"""The two tables every report has: what each policy did, and how they differ."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from kit.base.units import PriceUnit
from kit.replay.result import ReplayResult
from kit.report.numbers import ABSENT, count, money, percent
from kit.report.parts import Table
from kit.validate.comparison import Comparison, MetricDifference

COUNTS = ("clicks", "impressions")


def results_table(results: Sequence[ReplayResult], title: str = "What each policy did") -> Table:
    """Return totals of several policies over the same auctions, one row each."""
    currency = results[0].unit.currency if results else "currency"
    rows = []
    for result in results:
        cost = result.unit.money(result.cost)
        rows.append({
            "Policy": result.policy,
            "Auctions": count(result.auctions),
            "Impressions": count(result.impressions),
            "Win rate (%)": f"{100 * result.win_rate:.1f}" if result.auctions else ABSENT,
            "Clicks": count(result.clicks),
            f"Spend ({currency})": money(cost, ""),
            f"Value ({currency})": money(result.unit.money(result.value), ""),
            f"Surplus ({currency})": money(result.unit.money(result.surplus), ""),
            f"Cost per click ({currency})": money(_ratio(cost, result.clicks), ""),
            f"Cost per mille ({currency})": money(_ratio(1000 * cost, result.impressions), ""),
        })  # fmt: skip
    return Table(title, pd.DataFrame(rows))


def difference_table(comparison: Comparison, unit: PriceUnit, policy: str, baseline: str) -> Table:
    """Return the paired differences of a comparison with their intervals, one row a metric."""
    level = f"{100 * comparison.level:g} %"
    header = ["Metric", policy, baseline, "Difference", "Relative", f"{level} interval",
              f"{level}, all comparisons", "Detectable"]  # fmt: skip
    rows = [
        (
            f"{row.metric} ({_unit_of(row, unit)})",
            _amount(row.policy, row, unit),
            _amount(row.baseline, row, unit),
            _amount(row.difference, row, unit, sign=True),
            percent(_ratio(row.difference, abs(row.baseline)), sign=True),
            _interval(row, row.low, row.high, unit),
            _interval(row, row.simultaneous_low, row.simultaneous_high, unit),
            _amount(row.mde, row, unit),
        )
        for row in comparison.rows
    ]
    note = (
        f"Paired over {count(comparison.blocks)} blocks. The last interval "
        f"{_counted(comparison.comparisons)} and decides. Detectable: the smallest true difference "
        f"that as many auctions find with probability {100 * comparison.power:g} %. "
        f"{ABSENT}: too little data for a number."
    )
    return Table(f"Difference: {policy} minus {baseline}", pd.DataFrame(rows, columns=header), note)


def _counted(number: int) -> str:
    return (
        "counts one comparison" if number == 1 else f"holds for all {number} comparisons together"
    )


def _unit_of(row: MetricDifference, unit: PriceUnit) -> str:
    return "count" if row.metric in COUNTS else unit.currency


def _amount(value: float, row: MetricDifference, unit: PriceUnit, sign: bool = False) -> str:
    if row.metric in COUNTS:
        return count(round(value) if math.isfinite(value) else value, sign)
    return money(unit.money(value), "", sign)


def _interval(row: MetricDifference, low: float, high: float, unit: PriceUnit) -> str:
    if not (math.isfinite(low) and math.isfinite(high)):
        return ABSENT
    return f"{_amount(low, row, unit, sign=True)} to {_amount(high, row, unit, sign=True)}"


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
