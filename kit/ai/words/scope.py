"""The tables that one question may read together, and every word that has a meaning there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from kit.ai.words.asked import Asked, When
from kit.ai.words.unclear import Unclear
from kit.ai.words.vocabulary import Meaning, Vocabulary, label_phrases
from kit.data.sql.meaning.layer import MetricLayer, Tables

Values = Mapping[tuple[str, str], Sequence[str]]
"""Labels by table and column; of a table's clock, its first and last time."""


Span = tuple[date, date] | None
"""First and last day of a log, where they are known."""


@dataclass(frozen=True)
class Scope:
    """A table, with those that its keys look up.

    Parameters
    ----------
    table : str
        Whose rows are counted.
    columns : mapping
        Column to SQL type, of all tables together.
    joins : mapping
        Table that is looked up to the key.
    looked_up : mapping
        Column that only such a table has to that table.
    """

    table: str
    columns: Mapping[str, str]
    joins: Mapping[str, str]
    looked_up: Mapping[str, str]

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables."""
        return (self.table, *self.joins)


def scopes(layer: MetricLayer, tables: Tables) -> tuple[Scope, ...]:
    """Return what a question may read: each table alone, then with what its keys look up."""
    tables = plain_tables(tables)
    known = [name for name in layer.tables if name in tables]
    ordered = [*known, *(name for name in tables if name not in known)]
    alone = [Scope(name, tables[name], {}, {}) for name in ordered]
    joined = []
    for name in known:
        joins = {
            other: key
            for other, key in layer.tables[name].joins.items()
            if other in tables and key in tables[name] and key in tables[other]
        }
        if joins:
            joined.append(_joined(name, joins, tables))
    return (*alone, *joined)


def plain_tables(tables: Tables) -> Tables:
    """Leave out tables and columns whose names are no plain words: they could be SQL."""
    return {
        name: {column: kind for column, kind in columns.items() if is_plain(column)}
        for name, columns in tables.items()
        if is_plain(name)
    }


def is_plain(name: str) -> bool:
    """Say whether a name can stand in SQL as it is: letters, digits and underscores."""
    return name.isascii() and name.isidentifier()


def _joined(table: str, joins: Mapping[str, str], tables: Tables) -> Scope:
    columns = dict(tables[table])
    looked_up = {}
    for other in joins:
        for column, kind in tables[other].items():
            if column not in columns:
                columns[column] = kind
                looked_up[column] = other
    return Scope(table, columns, joins, looked_up)


def check_days(asked: Asked, span: Span) -> None:
    """Doubt days on which the log holds nothing."""
    if span is None:
        return
    for condition in asked.where:
        if not isinstance(condition, When) or not isinstance(condition.time, tuple):
            continue
        for days in condition.time:
            if (days.first or span[0]) > span[1] or (days.last or span[1]) < span[0]:
                raise Unclear(f"the log holds {span[0]} to {span[1]} only")


def span_of(layer: MetricLayer, scope: Scope, values: Values) -> Span:
    """Return the first and last day of a table, where its clock was looked at."""
    entry = layer.tables.get(scope.table)
    clock = entry.time if entry and entry.time else "timestamp"
    ends = values.get((scope.table, clock), ())
    try:
        days = [date.fromisoformat(str(end)[:10]) for end in ends]
    except ValueError:
        return None
    return (min(days), max(days)) if days else None


def vocabulary(layer: MetricLayer, scope: Scope, values: Values) -> Vocabulary:
    """Return every phrase that has a meaning over a scope."""
    return _built(tuple(_phrases(layer, scope, values)))


@lru_cache(maxsize=16)
def _built(phrases: tuple[tuple[str, Meaning], ...]) -> Vocabulary:
    """Return a vocabulary; the next question over the same tables has the same."""
    return Vocabulary(phrases)


def _phrases(
    layer: MetricLayer, scope: Scope, values: Values
) -> Iterator[tuple[str, Meaning]]:  # fmt: skip
    have = frozenset(scope.columns)
    for table in scope.tables:
        words = layer.tables[table].words if table in layer.tables else ()
        yield from ((word, Meaning("table", table)) for word in (table, *words))
    own_columns = have - frozenset(scope.looked_up)
    for name, metric in layer.metrics.items():
        counts_rows = metric.count == "*"  # of the table itself, not of one that it looks up
        if layer.metric_reads(name) <= (own_columns if counts_rows else have):
            own = () if name.endswith("_fees") else (name,)  # fees are words of their own
            yield from ((word, Meaning("metric", name)) for word in (*own, *metric.words))
    for name, column in layer.columns.items():
        if layer.reads.get(column.sql or "", frozenset({name})) <= have:
            yield from ((word, Meaning("column", name)) for word in (name, *column.words))
    for name, dimension in layer.dimensions.items():
        sql = layer.dimension_sql(name, have)
        if sql is not None:
            own = () if name.startswith("is_") else (name,)  # "is exploration" is a verb and more
            yield from ((word, Meaning("dimension", name)) for word in (*own, *dimension.words))
            yield from ((noun, Meaning("noun", name)) for noun in dimension.nouns)
            yield from _labels(layer, scope, values, name, sql)
    for name, kept in layer.filters.items():
        if layer.reads[kept.sql] <= have:
            yield from ((word, Meaning("filter", (name, True))) for word in kept.words)
            yield from ((word, Meaning("filter", (name, False))) for word in kept.not_words)


def _labels(
    layer: MetricLayer, scope: Scope, values: Values, dimension: str, sql: str
) -> Iterator[tuple[str, Meaning]]:
    known = [
        str(label)
        for table in scope.tables
        for label in values.get((table, sql), ())
        if layer.dimensions[dimension].list
    ]
    for label in dict.fromkeys(known):
        for phrase in label_phrases(dimension, label):
            yield phrase, Meaning("label", (dimension, label))
    for label, words in layer.values.get(dimension, {}).items():
        if label in known or not layer.dimensions[dimension].list:
            yield from ((word, Meaning("label", (dimension, label))) for word in words)
