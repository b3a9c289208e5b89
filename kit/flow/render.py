"""Draw findings: from plain data to a write-up."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from kit.base.units import PriceUnit
from kit.flow.findings import FigureData, Findings, TableData
from kit.flow.narrate import narrative_of
from kit.report import allocation_figures, figures
from kit.report.parts import DataFacts, ReportFigure, Reproduce, Section, Table
from kit.report.writeup import Writeup
from kit.validate.comparison import Comparison
from kit.validate.verdict import Verdict

Draw = Callable[[FigureData, PriceUnit, Comparison], str]


def write_up(findings: Findings) -> Writeup:
    """Return the write-up of some findings; the same findings give the same bytes."""
    unit = PriceUnit(**findings.unit.model_dump())
    comparison = Comparison.from_dict(findings.comparison)
    data = findings.data
    return Writeup(
        title=findings.title,
        question=findings.question,
        policy=findings.policy,
        baseline=findings.baseline,
        comparison=comparison,
        data=DataFacts(
            data.source, data.source_hash, data.rows, data.period, unit, data.splits,
            data.bad_rows, tuple(data.notes),
        ),
        method=tuple(findings.method),
        results=_table(findings.results),
        figures=tuple(
            ReportFigure(
                item.title, item.caption, item.alt, _DRAW[item.kind](item, unit, comparison)
            )
            for item in findings.figures
        ),
        sections=tuple(
            Section(part.title, part.lead, tuple(part.words), tuple(map(_table, part.tables)))
            for part in findings.sections
        ),
        diagnostics=tuple(map(_table, findings.diagnostics)),
        limits=tuple(findings.limits),
        reproduce=Reproduce(findings.command, findings.versions, findings.seed),
        generated_at=findings.generated_at,
        split="tune",
        verdict=None if findings.verdict is None else Verdict.from_dict(findings.verdict),
        no_verdict=findings.no_verdict,
        narrative=narrative_of(findings),
    )  # fmt: skip


def _table(data: TableData) -> Table:
    frame = pd.DataFrame(data.table.rows, columns=data.table.columns)
    return Table(data.title, frame, data.note)


def _bid_curves(item: FigureData, unit: PriceUnit, comparison: Comparison) -> str:
    kept = item.options
    name, spend, value = kept["baseline"]
    return figures.bid_curves(
        item.data.frame(), chosen=kept["chosen"], unit=unit, auctions=kept["auctions"],
        baseline=(name, spend, value),
    )  # fmt: skip


def _win_rate(item: FigureData, unit: PriceUnit, comparison: Comparison) -> str:
    return figures.win_rate_curves(item.data.frame(), unit=unit)


def _reliability(item: FigureData, unit: PriceUnit, comparison: Comparison) -> str:
    groups = item.data.frame().groupby("split", sort=False)
    return figures.reliability_curves({str(name): rows for name, rows in groups})


def _exchange_hour(item: FigureData, unit: PriceUnit, comparison: Comparison) -> str:
    table = item.data.frame().set_index(["exchange", "hour"])["difference"].unstack()  # noqa: PD010
    table.columns = [int(hour) for hour in table.columns]
    return figures.exchange_hour_map(table, label=item.options["label"])


def _cumulative(item: FigureData, unit: PriceUnit, comparison: Comparison) -> str:
    return figures.cumulative_difference(
        item.data.frame(), comparison.first, unit=unit, level=comparison.level
    )


def _budget_split(item: FigureData, unit: PriceUnit, comparison: Comparison) -> str:
    return allocation_figures.response_curves(item.data.frame(), unit=unit)


_DRAW: dict[str, Draw] = {
    "bid_curves": _bid_curves,
    "win_rate": _win_rate,
    "reliability": _reliability,
    "exchange_hour": _exchange_hour,
    "cumulative": _cumulative,
    "budget_split": _budget_split,
}
