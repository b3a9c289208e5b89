"""A divided budget in words, tables and the data of its figure."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from kit.base.units import PriceUnit
from kit.flow.ask import Answer
from kit.flow.findings import FigureData, FrameData, SectionData, TableData
from kit.flow.judge import Judged
from kit.flow.split_budget import JudgedSplit, by_exchange
from kit.report.numbers import money, percent
from kit.report.parts import Table
from kit.report.tables import results_table
from kit.report.verdict_words import verdict_headline
from kit.report.wording import headline, sentence

TITLE = "Budget across exchanges"
ONE_EXCHANGE = "One exchange: nothing to split."


def one_exchange() -> SectionData:
    """Return the section of a log in which there is nothing to divide."""
    return SectionData(title=TITLE, words=[ONE_EXCHANGE], tables=[])


def split_section(found: JudgedSplit) -> SectionData:
    """Return the section of the report."""
    return SectionData(
        title=TITLE,
        lead=sentence(split_words(found)),
        words=[
            _question(found),
            *_answer(found.answer),
            price_words(found),
            *_reasons(found),
            _counted(found),
        ],
        tables=[_exchanges(found), _contenders(found), _differences(found)],
    )


def split_headlines(found: JudgedSplit) -> list[str]:
    """Return one headline a comparison."""
    return [
        headline(
            judged.comparison, judged.policy.policy, judged.baseline.policy, found.unit, "tune"
        )
        for judged, _ in found.against
    ]


def split_words(found: JudgedSplit | None) -> str:
    """Return the outcome in one line."""
    if found is None:
        return ONE_EXCHANGE
    unit = found.unit
    each = (
        f"against {judged.baseline.policy} {_signed(judged.comparison.first.difference, unit)} "
        f"{unit.currency} surplus ({_interval(judged, unit)}), {judged.comparison.decision}"
        for judged, _ in found.against
    )
    said = f"split by return, {'; '.join(each)} on the tune split."
    return said if found.answer is None else f"{said} Against one multiplier: {found.answer.words}."


def price_words(found: JudgedSplit) -> str:
    """Say what one more unit of money returns."""
    split, currency = found.split, found.unit.currency
    if split.return_low <= 0:
        return (
            "The budget does not bind: it is more than what can be spent at a gain, so one more "
            f"{currency} returns nothing."
        )
    low, high = (money(price, currency) for price in (split.return_low, split.return_high))
    said = f"On the tune split, 1.00 {currency} more budget returns {low} more surplus"
    if high != low:
        said += f" and 1.00 {currency} less costs {high}"
    return f"{said}: the dual price of the budget, at which every exchange stops."


def _question(found: JudgedSplit) -> str:
    split = found.split
    budget = money(found.unit.money(found.budget), found.unit.currency)
    return (
        f"With {percent(split.share, 0)} of the money that the policy would spend without a limit "
        f"({budget} over the tune split), how is it best divided among {len(split.curves)} "
        "exchanges? "
        "On the tune split each exchange has a curve of expected surplus over spend as its bids "
        "are scaled; a linear programme fills the pieces of the curves' concave envelopes, the "
        "best first, and the spend it gives an exchange becomes the multiplier that spends it. "
        f"The {split.one.name} {split.one.about}; the {split.traffic.name} "
        f"{split.traffic.about}. All three bid on the tune split under the same budget."
    )


def _answer(answer: Answer | None) -> list[str]:
    """Return what the vault said of the split by return against one multiplier."""
    if answer is None:
        return []
    if answer.verdict is None:
        return [f"No verdict: {answer.no_verdict}"]
    return [f"Verdict: {verdict_headline(answer.verdict)}"]


def _reasons(found: JudgedSplit) -> list[str]:
    return [
        f"Against {judged.baseline.policy}: {' '.join(judged.comparison.reasons)}"
        for judged, _ in found.against
    ]


def _counted(found: JudgedSplit) -> str:
    judged, _ = found.against[0]
    return (
        "These figures are from the tune split, on which the money was divided: every "
        f"interval holds for all {judged.comparison.comparisons} of them, "
        f"{len(judged.comparison.rows)} metrics each."
    )


def _exchanges(found: JudgedSplit) -> TableData:
    split, currency = found.split, found.unit.currency
    scale = found.budget / split.budget if split.budget else math.nan
    seen = [by_exchange(judged.policy) for judged in found.against[0] if judged]
    planned = split.plan.expected["spend"].sum()
    rows = []
    for curve in split.curves:
        name = curve.exchange
        expected = split.plan.expected.reindex([name], fill_value=0.0).iloc[0]
        rows.append({
            "Exchange": name,
            "Share of auctions": percent(curve.auctions / split.auctions),
            "Share of budget": percent(expected["spend"] / planned if planned else math.nan),
            "Bid multiplier": f"{split.plan.multipliers[name]:.3f}",
            f"Expected spend ({currency})": _money(expected["spend"] * scale, found.unit),
            f"Realised spend ({currency})": _range(seen, name, "spend", found.unit),
            f"Expected value ({currency})": _money(expected["value"] * scale, found.unit),
            f"Realised value ({currency})": _range(seen, name, "value", found.unit),
        })  # fmt: skip
    one = next(iter(split.one.multipliers.values()))
    note = (
        "Expected: by predicted value. Realised: "
        f"{_known(found)}. With one multiplier it is {one:.3f} everywhere."
    )
    return _table(Table("The split by return, by exchange", pd.DataFrame(rows), note))


def _known(found: JudgedSplit) -> str:
    if found.against[0][1] is None:
        return "the clicks that followed, replayed on the tune split"
    return (
        "the clicks that followed, replayed on the tune split, from the pessimistic reading, in "
        "which a bid whose outcome the log does not tell loses, to the optimistic one, in which "
        "it wins"
    )


def _range(seen: list[pd.DataFrame], name: str, column: str, unit: PriceUnit) -> str:
    """Return an amount under each reading."""
    sums = [frame[column].get(name, 0.0) for frame in seen]
    return " to ".join(dict.fromkeys(_money(amount, unit) for amount in sums))


def _contenders(found: JudgedSplit) -> TableData:
    (first, _), *others = found.against
    results = [first.policy, first.baseline, *(judged.baseline for judged, _ in others)]
    return _table(results_table(results, "Three ways to spend the same budget, on the tune split"))


def _differences(found: JudgedSplit) -> TableData:
    unit = found.unit
    rows = [
        {
            "Split by return against": judged.baseline.policy,
            "Reading": judged.reading if open_end else "every outcome is known",
            f"Surplus difference ({unit.currency})": _signed(
                judged.comparison.first.difference, unit
            ),
            f"{100 * judged.comparison.level:g} %, all comparisons": _interval(judged, unit),
            f"Detectable ({unit.currency})": _money(judged.comparison.first.mde, unit),
            "Decision": judged.comparison.decision,
        }
        for known, open_end in found.against
        for judged in filter(None, (known, open_end))
    ]  # fmt: skip
    note = "The pessimistic reading decides." if found.against[0][1] else ""
    return _table(Table("Difference in surplus", pd.DataFrame(rows), note))


def _interval(judged: Judged, unit: PriceUnit) -> str:
    row = judged.comparison.first
    if not math.isfinite(row.simultaneous_low):
        return "too little data"
    return f"{_signed(row.simultaneous_low, unit)} to {_signed(row.simultaneous_high, unit)}"


def _money(price_sum: float, unit: PriceUnit) -> str:
    return money(unit.money(price_sum), "")


def _signed(price_sum: float, unit: PriceUnit) -> str:
    return money(unit.money(price_sum), "", sign=True)


def _table(table: Table) -> TableData:
    return TableData(title=table.title, table=FrameData.of(table.frame), note=table.note)


def split_figure(found: JudgedSplit) -> FigureData:
    """Return the curves, up to twice the spend of the best point, and the three plans on them."""
    split = found.split
    lines = [
        pd.DataFrame({"exchange": curve.exchange, "plan": "", "spend": curve.spend,
                      "surplus": curve.surplus})
        for curve in split.curves
    ]  # fmt: skip
    points = [
        plan.expected[["spend", "surplus"]].reset_index().assign(plan=plan.name)
        for plan in (split.plan, split.one, split.traffic)
    ]
    data = pd.concat([*lines, *points], ignore_index=True)
    most = 1.6 * max(curve.spend[curve.best] for curve in split.curves)
    return FigureData(
        kind="budget_split",
        title="What money buys on each exchange",
        caption="Expected surplus over spend on the tune split as an exchange's bids are scaled. "
        "The split by return stops where all curves are equally steep.",
        alt="Curves of surplus over spend, one an exchange, each flattening; three plans on them.",
        data=FrameData.of(data[data["spend"] <= most][["exchange", "plan", "spend", "surplus"]]),
    )


def split_facts(found: JudgedSplit | None) -> dict[str, Any]:
    """Return the split as plain numbers, sums in the currency, for JSON."""
    if found is None:
        return {"verdict": None, "headline": ONE_EXCHANGE}
    split, unit = found.split, found.unit
    return {
        "verdict": found.answer.to_dict() if found.answer else None,
        "tune": found.against[0][0].comparison.decision,
        "headline": " ".join(split_headlines(found)),
        "budget_share": split.share,
        "budget": unit.money(found.budget),
        "marginal_return": [split.return_low, split.return_high],
        "multipliers": {
            plan.name: dict(plan.multipliers) for plan in (split.plan, split.one, split.traffic)
        },
        "against": {
            judged.baseline.policy: {
                "decision": judged.comparison.decision,
                "reasons": list(judged.comparison.reasons),
                "surplus_difference": unit.money(judged.comparison.first.difference),
                "interval": [
                    _number(unit.money(end))
                    for end in (judged.comparison.first.simultaneous_low,
                                judged.comparison.first.simultaneous_high)
                ],
                "optimistic": open_end.comparison.decision if open_end else None,
            }
            for judged, open_end in found.against
        },
    }  # fmt: skip


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
