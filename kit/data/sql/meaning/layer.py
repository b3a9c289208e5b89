"""The semantic layer: what the words of an ad engineer mean in SQL, as checked entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pydantic import Field

from kit.base.specs import Spec

Words = tuple[str, ...]
Tables = Mapping[str, Mapping[str, str]]
"""What may be read: table to column to SQL type."""

KINDS = ("count", "sum", "mean", "distinct", "ratio", "add")


class TableEntry(Spec):
    """A table: what one row is, its words, key and clock, and the tables that keys look up."""

    grain: str
    words: Words = ()
    key: str | None = None
    time: str | None = None
    joins: Mapping[str, str] = Field(default_factory=dict)


class MetricEntry(Spec):
    """A metric, by exactly one of `KINDS`; the packaged metrics.toml says what each means."""

    means: str
    unit: str
    words: Words = ()
    needs: Words = ()
    count: str | None = None
    sum: str | None = None
    mean: str | None = None
    distinct: str | None = None
    where: str | None = None
    ratio: tuple[str, str] | None = None
    scale: float = 1
    add: Words | None = None
    subtract: Words = ()
    empty: float | None = None
    better: Literal["high", "low"] = "high"
    before_fees: str | None = None
    with_fees: str | None = None

    @property
    def kind(self) -> str:
        """Which of `KINDS` defines it; checked to be one when the layer is loaded."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def parts(self) -> Words:
        """Names of the metrics that it is made of."""
        return (*(self.ratio or ()), *(self.add or ()), *self.subtract)


class ColumnEntry(Spec):
    """A column, or an expression of columns, that holds a number."""

    means: str
    unit: str
    words: Words = ()
    sql: str | None = None


class DimensionEntry(Spec):
    """Something to group by: the first of `sql` whose columns are there."""

    sql: tuple[str, ...] = Field(min_length=1)
    words: Words = ()
    nouns: Words = ()
    list: bool = False


class FilterEntry(Spec):
    """A predicate, the words that ask for it and those that ask for its contrary."""

    sql: str
    means: str
    words: Words = ()
    not_words: Words = ()


@dataclass(frozen=True)
class Definition:
    """One metric as a prompt or a person reads it.

    Parameters
    ----------
    name, means, unit : str
        Its name, one sentence, and its unit.
    words : tuple of str
        Other names.
    table, grain : str
        Where it is read, and what one row of it is.
    sql : str
        The expression, over that table.
    additive : bool
        Whether groups sum up to the whole.
    """

    name: str
    means: str
    unit: str
    words: Words
    table: str
    grain: str
    sql: str
    additive: bool


@dataclass(frozen=True)
class MetricLayer:
    """Every entry, checked, with what each reads.

    Parameters
    ----------
    tables, metrics, columns, dimensions, filters : mapping
        Entries by name.
    values : mapping
        Dimension to label to the label's other names.
    reads : mapping
        Each SQL fragment to the columns that it names.
    """

    tables: Mapping[str, TableEntry]
    metrics: Mapping[str, MetricEntry]
    columns: Mapping[str, ColumnEntry]
    dimensions: Mapping[str, DimensionEntry]
    filters: Mapping[str, FilterEntry]
    values: Mapping[str, Mapping[str, Words]]
    reads: Mapping[str, frozenset[str]]

    def metric_sql(self, name: str, only: str | None = None) -> str:
        """Return a metric's expression, of the rows that also hold `only`.

        Examples
        --------
        >>> from kit.data.sql.meaning.metrics import load_metrics
        >>> load_metrics().metric_sql("ctr")
        'count(*) FILTER (WHERE click) / nullif(count(*) FILTER (WHERE won), 0)'
        """
        metric = self.metrics[name]
        if metric.ratio:
            top = self._wrapped(metric.ratio[0], only)
            scaled = f"{metric.scale:g} * {top}" if metric.scale != 1 else top
            return f"{scaled} / nullif({self.metric_sql(metric.ratio[1], only)}, 0)"
        if metric.add is not None:
            signs = [("+", part) for part in metric.add] + [("-", part) for part in metric.subtract]
            text = " ".join(f"{sign} {self._wrapped(part, only)}" for sign, part in signs)
            return text.removeprefix("+ ")
        return self._base_sql(metric, only)

    def _wrapped(self, name: str, only: str | None) -> str:
        sql = self.metric_sql(name, only)
        return f"({sql})" if self.metrics[name].parts else sql

    def _base_sql(self, metric: MetricEntry, only: str | None) -> str:
        where = metric.count if metric.count not in (None, "*") else metric.where
        rows = " AND ".join(_bracketed(part) for part in (where, only) if part)
        call = {
            "count": "count(*)",
            "sum": f"sum({metric.sum})",
            "mean": f"avg({metric.mean})",
            "distinct": f"count(DISTINCT {metric.distinct})",
        }[metric.kind]
        sql = f"{call} FILTER (WHERE {rows})" if rows else call
        return sql if metric.empty is None else f"coalesce({sql}, {metric.empty:g})"

    @cached_property
    def additive(self) -> frozenset[str]:
        """Names of the metrics whose groups sum up to the whole."""
        return frozenset(name for name in self.metrics if self._is_additive(name))

    def _is_additive(self, name: str) -> bool:
        metric = self.metrics[name]
        if metric.kind == "add":
            return all(self._is_additive(part) for part in metric.parts)
        return metric.kind in ("count", "sum")

    def metric_reads(self, name: str) -> frozenset[str]:
        """Return the columns that a metric needs."""
        metric = self.metrics[name]
        found = set(metric.needs)
        for fragment in (metric.count, metric.sum, metric.mean, metric.distinct, metric.where):
            found |= self.reads.get(fragment or "", frozenset())
        for part in metric.parts:
            found |= self.metric_reads(part)
        return frozenset(found)

    def dimension_sql(self, name: str, present: Iterable[str]) -> str | None:
        """Return a dimension's expression over the columns that are there, if any fits."""
        have = frozenset(present)
        fits = (sql for sql in self.dimensions[name].sql if self.reads[sql] <= have)
        return next(fits, None)

    def definitions(self, tables: Tables) -> tuple[Definition, ...]:
        """Return every metric that some table can answer, for a prompt."""
        found = []
        for table, columns in tables.items():
            grain = self.tables[table].grain if table in self.tables else "one row"
            for name, metric in self.metrics.items():
                if self.metric_reads(name) <= columns.keys():
                    found.append(Definition(
                        name, metric.means, metric.unit, metric.words, table, grain,
                        self.metric_sql(name), name in self.additive,
                    ))  # fmt: skip
        return tuple(found)

    def reconcile(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Return those of a result's columns whose groups must sum up to the ungrouped total.

        Examples
        --------
        >>> from kit.data.sql.meaning.metrics import load_metrics
        >>> load_metrics().reconcile(["exchange", "clicks", "ctr", "surplus"])
        ('clicks', 'surplus')
        """
        return tuple(column for column in columns if column in self.additive)


def _bracketed(predicate: str) -> str:
    return f"({predicate})" if " OR " in predicate.upper() else predicate
