"""Whether an answer can be right: one row a group, rows at all, values, totals that add up."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from kit.base.errors import QueryError, UnsafeSQLError
from kit.data.sql.contract.results import QueryResult
from kit.data.sql.guard.outline import Measure, Outline, outline
from kit.data.sql.meaning.layer import MetricLayer, Tables

TOLERANCE = 1e-6
"""Relative difference of totals that is rounding."""

Ask = Callable[[str], QueryResult]
"""Guard a query and run it."""


@dataclass(frozen=True)
class Finding:
    """One sanity check of an answer.

    Parameters
    ----------
    check : str
        ``grain``, ``row_count``, ``nulls`` or ``totals``.
    ok : bool
        Whether it passed; one that does not apply is not listed.
    words : str
        What was compared.
    """

    check: str
    ok: bool
    words: str


def check_answer(
    sql: str, answer: QueryResult, layer: MetricLayer, tables: Tables, ask: Ask
) -> tuple[Finding, ...]:
    """Return what the sanity checks find in an answer.

    Parameters
    ----------
    sql : str
        The checked query that gave it.
    answer : QueryResult
    layer : MetricLayer
        Definitions that totals are reconciled with.
    tables : mapping
        What may be read, with types.
    ask : callable
        Guards a query and runs it: the totals are queries too.

    Notes
    -----
    - *grain*: no two rows have the same keys, and every key of GROUP BY is returned.
    - *row_count*: there is a row; the answer was not cut off.
    - *nulls*: no column is empty throughout.
    - *totals*: groups of an additive metric sum up to the same aggregate without groups, and an
      aggregate that is called like a metric of the layer, or written like it, has that metric's
      value over the same rows of its table: so rows that a join repeats do not go unseen.
    """
    found = outline(sql)
    checks = [_row_count(answer), *_nulls(answer.frame)]
    if found is not None:
        checks += [*_grain(found, answer.frame)]
        if not answer.truncated and len(answer.frame) < (found.limit or math.inf):
            checks += [*_sums(found, answer.frame, layer, ask)]
            checks += [*_metrics(found, answer.frame, layer, tables, ask)]
    return tuple(checks)


def _row_count(answer: QueryResult) -> Finding:
    rows = len(answer.frame)
    if answer.truncated:
        return Finding("row_count", False, f"the answer was cut off after {rows:,} rows")
    said = f"{rows:,} row{'s' * (rows != 1)}"
    return Finding("row_count", rows > 0, said if rows else "no row at all")


def _nulls(frame: pd.DataFrame) -> Iterator[Finding]:
    if not len(frame):
        return
    empty = [str(name) for place, name in enumerate(frame.columns)
             if frame.iloc[:, place].isna().all()]  # fmt: skip
    if empty:
        yield Finding("nulls", False, f"nothing but NULL in {', '.join(empty)}")
    else:
        yield Finding("nulls", True, "every column has values")


def _grain(found: Outline, frame: pd.DataFrame) -> Iterator[Finding]:
    if not found.grouped:
        return
    if found.loose:
        yield Finding("grain", False, "it groups by something that it does not return")
        return
    keys = [key for key in found.keys if key in frame.columns]
    if keys:
        twice = int(frame.duplicated(keys).sum())
        said = f"one row for each {', '.join(keys)}"
        yield Finding("grain", not twice, said if not twice else f"{twice} rows repeat their keys")


def _sums(found: Outline, frame: pd.DataFrame, layer: MetricLayer, ask: Ask) -> Iterator[Finding]:
    """Compare sums over groups with the aggregate without groups."""
    additive = [one for one in found.measures if _metric_of(one, layer) in layer.additive]
    if found.totals is None or not additive:
        return
    total = _row(ask, found.totals)
    for measure in additive if total is not None else []:
        whole = total[found.measures.index(measure)] if total is not None else None
        yield from _compared(measure.name, _sum(frame, measure), whole, "all groups")


def _metrics(
    found: Outline, frame: pd.DataFrame, layer: MetricLayer, tables: Tables, ask: Ask
) -> Iterator[Finding]:
    """Compare aggregates with the layer's own definition over the same rows of its table."""
    if not found.tables or (found.grouped and found.totals is None):
        return
    table = found.tables[0]
    columns = frozenset(tables.get(table, ()))
    for measure in found.measures:
        name = _metric_of(measure, layer)
        if name is None or not layer.metric_reads(name) <= columns:
            continue
        if found.grouped and name not in layer.additive:
            continue
        where = f" WHERE {found.where}" if found.where else ""
        defined = _row(ask, f"SELECT {layer.metric_sql(name)} AS {name} FROM {table}{where}")
        if defined is not None:
            whole = _sum(frame, measure) if len(frame) else None
            yield from _compared(measure.name, whole, defined[0], f"the metric {name}")


def _compared(
    name: str, got: float | None, wanted: float | None, what: str
) -> Iterator[Finding]:  # fmt: skip
    if got is None or wanted is None:
        return
    same = math.isclose(got, wanted, rel_tol=TOLERANCE, abs_tol=1e-9)
    words = f"{name} comes to {got:,.6g}, {what} to {wanted:,.6g}"
    yield Finding("totals", same, words)


def _metric_of(measure: Measure, layer: MetricLayer) -> str | None:
    """Return the layer's metric that an aggregate claims to be, by its name or its text."""
    if measure.name.lower() in layer.metrics:
        return measure.name.lower()
    text = _plain(measure.sql)
    return next((name for name in layer.metrics if _plain(layer.metric_sql(name)) == text), None)


def _plain(sql: str) -> str:
    return "".join(sql.lower().split())


def _sum(frame: pd.DataFrame, measure: Measure) -> float | None:
    return _number(frame.iloc[:, measure.place].sum())


def _row(ask: Ask, sql: str) -> list[float | None] | None:
    """Return the one row of a query of totals; None if it cannot be asked."""
    try:
        frame = ask(sql).frame
    except (UnsafeSQLError, QueryError):
        return None
    return [_number(value) for value in frame.iloc[0]]


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return None if math.isnan(number) else number
