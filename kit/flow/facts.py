"""The numbers of findings as facts with ids, for a text to cite."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from kit.base.units import PriceUnit
from kit.flow.findings import Findings
from kit.report.facts import TUNE, Fact, Of
from kit.report.verdict_words import POWER
from kit.validate.comparison import Comparison, MetricDifference
from kit.validate.verdict import Verdict

Named = tuple[str, float | None, str, Of]

OPTIMISTIC = "optimistic reading"
"""What narrows a difference in which outcomes that the log leaves open are taken as wins."""

_SIDES: tuple[tuple[Of, str], ...] = (("candidate", "policy"), ("baseline", "baseline"))


def facts_of(findings: Findings) -> list[Fact]:
    """Return what a text about findings may cite.

    Of the holdout, only what its verdict releases: the effect, where one is shown.

    Parameters
    ----------
    findings : Findings
        Of ``kit demo`` or ``kit check``.

    Returns
    -------
    list of Fact
        In a fixed order, with ids from ``F1`` on; money in currency, not in price sums. A number
        that does not exist is left out.

    Examples
    --------
    >>> from kit.flow.findings import Findings
    >>> found = Findings.load(Path("result.json"))  # doctest: +SKIP
    >>> facts_of(found)[0]  # doctest: +SKIP
    Fact(id='F1', name='surplus, tune split', value=84.7, unit='USD', of='candidate')
    """
    unit = PriceUnit(**findings.unit.model_dump())
    named = [
        *_of_tune(findings, unit),
        *_of_verdict(verdict_of(findings), unit),
        *_of_data(findings),
    ]
    known = [(name, value, unit, of) for name, value, unit, of in named if _exists(value)]
    return [
        Fact(f"F{number}", name, float(value or 0.0), unit, of)
        for number, (name, value, unit, of) in enumerate(known, start=1)
    ]


def verdict_of(findings: Findings) -> Verdict | None:
    """Return the verdict that findings hold; None where the vault was not asked."""
    return None if findings.verdict is None else Verdict.from_dict(findings.verdict)


def _exists(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _of_tune(findings: Findings, unit: PriceUnit) -> Iterator[Named]:
    comparison = Comparison.from_dict(findings.comparison)
    for row in comparison.rows:
        yield from _of_metric(row, unit)
    for of, key in _SIDES:
        for name, value, measure in _rates(findings.totals[key], unit):
            yield f"{name}, {TUNE}", value, measure, of
    if findings.optimistic is not None:
        row = Comparison.from_dict(findings.optimistic).first
        yield (
            f"difference in {row.metric}, {OPTIMISTIC}, {TUNE}",
            unit.money(row.difference),
            unit.currency,
            "difference",
        )


def _of_metric(row: MetricDifference, unit: PriceUnit) -> Iterator[Named]:
    money = row.metric in ("surplus", "value", "spend")
    measure = unit.currency if money else "count"

    def of(value: float) -> float:
        return unit.money(value) if money else value

    yield f"{row.metric}, {TUNE}", of(row.policy), measure, "candidate"
    yield f"{row.metric}, {TUNE}", of(row.baseline), measure, "baseline"
    yield f"difference in {row.metric}, {TUNE}", of(row.difference), measure, "difference"
    for end, value in (("low", row.simultaneous_low), ("high", row.simultaneous_high)):
        name = f"difference in {row.metric}, {end} end, {TUNE}"
        yield name, of(value), measure, "difference"
    if row.baseline > 0:
        share = 100 * row.difference / row.baseline
        yield f"relative difference in {row.metric}, {TUNE}", share, "percent", "difference"


def _rates(totals: Mapping[str, Any], unit: PriceUnit) -> Iterator[tuple[str, float | None, str]]:
    cost, won = float(totals["cost"]), int(totals["impressions"])
    clicks, currency = int(totals["clicks"]), unit.currency
    yield "impressions", won, "count"
    yield "clicks", clicks, "count"
    yield "win rate", _ratio(won, totals["auctions"]), "share"
    yield "CTR", _ratio(clicks, won), "share"
    yield "CPC", _ratio(unit.money(cost), clicks), currency
    yield "eCPM", _ratio(1000 * unit.money(cost), won), f"{currency} CPM"
    yield "ROAS", _ratio(float(totals["value"]), cost), "ratio"
    yield "bids of unknown outcome", totals.get("undetermined"), "count"


def _ratio(over: float, under: float) -> float | None:
    return over / under if under else None


def _of_verdict(verdict: Verdict | None, unit: PriceUnit) -> Iterator[Named]:
    if verdict is None:
        return
    if verdict.effect is not None:
        effect = verdict.effect
        for narrowed, value in (
            ("", effect.difference),
            (", low end", effect.low),
            (", high end", effect.high),
        ):
            yield f"difference in surplus{narrowed}", unit.money(value), unit.currency, "difference"
        yield "confidence level of the interval", effect.level, "share", "look"
        yield "time blocks", effect.blocks, "count", "data"
    if verdict.mde_cpm is not None:
        least = unit.money(verdict.mde_cpm)
        yield "minimum detectable effect in surplus", least, unit.currency, "look"
        yield "power of the look", POWER, "share", "look"
    yield "looks used", verdict.look or None, "count", "look"
    yield "looks left", verdict.looks_left, "count", "look"


def _of_data(findings: Findings) -> Iterator[Named]:
    yield "auctions", findings.data.rows, "count", "data"
    for split in ("train", "tune", "holdout"):
        yield f"auctions in the {split} split", findings.data.splits.get(split), "count", "data"
    yield "settings tried", findings.choice.get("tried"), "count", "data"
