"""SQL of one measure or condition over a scope, and the sentence that says how it was read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kit.ai.words.asked import (
    Aggregate,
    Compares,
    Condition,
    Distinct,
    Group,
    Holds,
    Measure,
    Metric,
    OfTotal,
    OneOf,
    Over,
    Overall,
    Percent,
    PerGroup,
    Quotient,
    RowsOf,
    Scoped,
    Signed,
    When,
)
from kit.ai.words.clock import Hours
from kit.ai.words.scope import Scope
from kit.ai.words.times import Days
from kit.ai.words.unclear import Unclear
from kit.data.sql.meaning.layer import MetricLayer

_CALLS = {
    "sum": "sum",
    "avg": "avg",
    "median": "median",
    "max": "max",
    "min": "min",
    "stddev": "stddev_samp",
}
_NUMERIC = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "REAL", "NUMERIC")


@dataclass(frozen=True)
class Writer:
    """Writes SQL over one scope.

    Parameters
    ----------
    layer : MetricLayer
        What names mean.
    scope : Scope
        The tables.
    once : frozenset of str
        Columns that have one value a group, which a join repeats.
    counted : str
        A column that every row of the table has, and a row that is only looked up has not.
    """

    layer: MetricLayer
    scope: Scope
    once: frozenset[str] = frozenset()
    counted: str = ""

    def column(self, name: str) -> str:
        """Return a column's expression."""
        entry = self.layer.columns.get(name)
        return f"({entry.sql})" if entry and entry.sql else name

    def dimension(self, name: str) -> str:
        """Return a dimension's expression; a clock without a zone is UTC already."""
        sql = self.layer.dimension_sql(name, self.scope.columns)
        if sql is None:
            raise Unclear(f"{name}: {self.scope.table} has no such column")
        kinds = [self.scope.columns[column].upper() for column in self.layer.reads[sql]]
        if not any("WITH TIME ZONE" in kind or kind == "TIMESTAMPTZ" for kind in kinds):
            return sql.replace(" AT TIME ZONE 'UTC'", "")
        return sql

    def group(self, group: Group) -> str:
        """Return what a group is told apart by."""
        if group.is_filter:
            return self.layer.filters[group.name].sql
        return self.dimension(group.name)

    def measure(self, measure: Measure, only: Sequence[Condition] = ()) -> str:
        """Return the expression of a measure, of the rows that also hold some conditions."""
        rows = " AND ".join(self.condition(each) for each in only) or None
        if isinstance(measure, Metric):
            return self._metric(measure.name, rows)
        if isinstance(measure, Scoped):
            return self.measure(measure.measure, (*only, *measure.only))
        if isinstance(measure, Aggregate):
            return self._aggregate(measure, rows)
        if isinstance(measure, Percent):
            return f"100 * ({self.measure(measure.measure, only)})"
        if isinstance(measure, Distinct):
            return _filtered(f"count(DISTINCT {self.dimension(measure.dimension)})", rows)
        if isinstance(measure, Quotient):
            top, bottom = (self.measure(each, only) for each in (measure.top, measure.bottom))
            scaled = f"{measure.scale:g} * ({top})" if measure.scale != 1 else f"({top})"
            return f"{scaled} / nullif({bottom}, 0)"
        if isinstance(measure, Signed):
            parts = (f"{sign} ({self.measure(part, only)})" for sign, part in measure.parts)
            return " ".join(parts).removeprefix("+ ")
        if isinstance(measure, OfTotal):
            inner = self.measure(measure.measure, only)
            inner = f"({inner})" if " - " in inner or " + " in inner else inner
            groups = ", ".join(self.group(group) for group in measure.within)
            within = f"PARTITION BY {groups}" if groups else ""
            return f"{inner} / nullif(sum({inner}) OVER ({within}), 0)"
        raise Unclear("a measure inside another: ask for it alone")

    def _metric(self, name: str, rows: str | None) -> str:
        if not self.layer.metric_reads(name) <= frozenset(self.scope.columns):
            raise Unclear(f"{name}: {self.scope.table} has not the columns for it")
        if (
            self.once
            and self.layer.metrics[name].sum
            and self.layer.metric_reads(name) <= self.once
        ):
            return f"max({self.layer.metrics[name].sum})"
        sql = self.layer.metric_sql(name, rows)
        return sql.replace("count(*)", f"count({self.counted})") if self.once else sql

    def _aggregate(self, measure: Aggregate, rows: str | None) -> str:
        column = self.column(measure.column)
        if measure.minus is not None:
            column = f"{column} - {self.column(measure.minus)}"
        if measure.weight is not None:
            weight = self.column(measure.weight)
            top = _filtered(f"sum({column} * {weight})", rows)
            return f"{top} / nullif({_filtered(f'sum({weight})', rows)}, 0)"
        if measure.point is not None:
            return _filtered(f"quantile_cont({column}, {measure.point:g})", rows)
        return _filtered(f"{_CALLS[measure.function]}({column})", rows)

    def condition(self, condition: Condition) -> str:
        """Return the predicate of a condition."""
        if isinstance(condition, OneOf):
            return self._one_of(condition)
        if isinstance(condition, Holds):
            sql = self.layer.filters[condition.name].sql
            return sql if condition.positive else f"NOT ({sql})"
        if isinstance(condition, RowsOf):
            return self.layer.metrics[condition.metric].count or "true"
        if isinstance(condition, Compares):
            return self.comparison(condition)
        return self._when(condition)

    def _when(self, condition: When) -> str:
        if isinstance(condition.time, Hours):
            sql = self._hours(condition.time)
        else:
            sql = " OR ".join(self._days(days) for days in condition.time)
        several = " OR " in sql or condition.negated
        return f"{'NOT ' * condition.negated}({sql})" if several else sql

    def comparison(self, condition: Compares) -> str:
        """Return a comparison of a column or of a measure."""
        left = condition.left
        sql = self.column(left) if isinstance(left, str) else self.measure(left)
        right = condition.right
        if isinstance(right, Overall):
            text = f"(SELECT {self.measure(right.measure)} FROM {self.scope.table})"
        else:
            text = self.column(right) if isinstance(right, str) else _number(right)
        sign = "<>" if condition.sign == "!=" else condition.sign
        return f"{sql} {sign} {text}"

    def _one_of(self, condition: OneOf) -> str:
        sql = self.dimension(condition.dimension)
        labels = [self._literal(sql, label) for label in condition.labels]
        if len(labels) == 1:
            return f"{sql} {'<>' if condition.negated else '='} {labels[0]}"
        return f"{sql} {'NOT ' * condition.negated}IN ({', '.join(labels)})"

    def _literal(self, sql: str, label: str) -> str:
        kind = self.scope.columns.get(sql, "INT" if sql not in self.scope.columns else "").upper()
        is_number = any(name in kind for name in _NUMERIC) and label.lstrip("-").isdigit()
        quoted = label.replace("'", "''")
        return label if is_number else f"'{quoted}'"

    def _days(self, days: Days) -> str:
        day = self.dimension("day")
        first = f"DATE '{days.first}'" if days.first else ""
        last = f"DATE '{days.last}'" if days.last else ""
        if first and first == last:
            return f"{day} = {first}"
        if first and last:
            return f"{day} BETWEEN {first} AND {last}"
        return f"{day} >= {first}" if first else f"{day} <= {last}"

    def _hours(self, hours: Hours) -> str:
        hour = self.dimension("hour")
        if hours.end - hours.first == 1:
            return f"{hour} = {hours.first}"
        if hours.end < hours.first:
            return f"({hour} >= {hours.first} OR {hour} < {hours.end})"
        parts = [f"{hour} >= {hours.first}"] * (hours.first > 0)
        parts += [f"{hour} < {hours.end}"] * (hours.end < 24)
        return " AND ".join(parts) or f"{hour} >= 0"

    def name(self, measure: Measure) -> str:
        """Return the name of a measure's column."""
        if isinstance(measure, Metric):
            return measure.name
        if isinstance(measure, Aggregate):
            point = f"p{100 * measure.point:g}" if measure.point is not None else measure.function
            less = f"_less_{measure.minus}" if measure.minus else ""
            return f"{point}_{measure.column}{less}".replace(".", "_")
        if isinstance(measure, Distinct):
            return f"{measure.dimension}_count"
        if isinstance(measure, PerGroup):
            return f"{measure.function}_{measure.measure.name}_per_{measure.inner}"
        if isinstance(measure, OfTotal):
            return f"{self.name(measure.measure)}_share"
        if isinstance(measure, Percent):
            return f"{self.name(measure.measure)}_percent"
        if isinstance(measure, Over):
            return f"{self.name(measure.measure)}_{measure.how}"
        if isinstance(measure, Quotient):
            is_share = isinstance(measure.top, Scoped) and not isinstance(measure.bottom, Scoped)
            return f"{self.name(measure.bottom)}_share" if is_share else self._over(measure)
        if isinstance(measure, Scoped):
            return "_".join([self.name(measure.measure), *map(_slug, measure.only)])
        return "difference" if any(sign == "-" for sign, _ in measure.parts) else "total"

    def _over(self, measure: Quotient) -> str:
        plain = (
            each.measure if isinstance(each, Scoped) else each
            for each in (measure.top, measure.bottom)
        )  # fmt: skip
        top, bottom = map(self.name, plain)
        count = f"{measure.scale:g}_" if measure.scale != 1 else ""
        return f"{top}_ratio" if top == bottom else f"{top}_per_{count}{bottom}"


def _slug(condition: Condition) -> str:
    """Return a condition as part of a column's name."""
    if isinstance(condition, OneOf):
        text = "_".join(condition.labels)
    elif isinstance(condition, Holds):
        text = condition.name if condition.positive else f"not_{condition.name}"
    elif isinstance(condition, When) and isinstance(condition.time, tuple):
        text = "_".join(str(end) for days in condition.time for end in (days.first, days.last))
    else:
        text = "some"
    return re.sub(r"\W+", "_", text).lower().strip("_")


def _filtered(call: str, rows: str | None) -> str:
    return f"{call} FILTER (WHERE {rows})" if rows else call


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
