"""Say in sentences how a question was read."""

from __future__ import annotations

from collections.abc import Iterator

from kit.ai.words.asked import (
    Aggregate,
    Asked,
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
    Percent,
    PerGroup,
    Quotient,
    RowsOf,
    Scoped,
)
from kit.ai.words.clock import Hours
from kit.ai.words.expressions import Writer
from kit.ai.words.times import Days

_UNITS = {"money": "in the log's currency", "cpm": "per thousand impressions",
          "share": "as a share, 0 to 1", "hours": "in hours"}  # fmt: skip
_FUNCTIONS = {"sum": "sum", "avg": "average", "median": "median", "max": "highest", "min": "lowest",
              "stddev": "standard deviation"}  # fmt: skip


def sentences(asked: Asked, writer: Writer) -> tuple[str, ...]:
    """Return one sentence for each measure, group, condition and the order."""
    return tuple(dict.fromkeys(_sentences(asked, writer)))


def _sentences(asked: Asked, writer: Writer) -> Iterator[str]:
    for measure in asked.measures:
        yield from _measure(measure, writer)
    for group in asked.groups:
        yield f"By {_group(group, writer)}."
    for condition in asked.where:
        yield f"Only rows where {_condition(condition, writer)}."
    for limit in asked.having:
        if not isinstance(limit.left, str):
            yield from _measure(limit.left, writer)
            right = limit.right
            said = f"{right:g}" if isinstance(right, float | int) else "that of all rows"
            yield f"Only groups where {writer.name(limit.left)} {limit.sign} {said}."
    if asked.order is not None and asked.order.by is not None:
        how = "highest" if asked.order.descending else "lowest"
        rows = f"the first {asked.order.limit}" if asked.order.limit else "all of them"
        rows += f" after {asked.order.skip}" if asked.order.skip else ""
        each = " and ".join(group.name for group in asked.order.within)
        rows += f" in each {each}" if each else ""
        yield f"Ranked by {writer.name(asked.order.by)}, {how} first, {rows}."


def _measure(measure: Measure, writer: Writer) -> Iterator[str]:
    name, layer = writer.name(measure), writer.layer
    if isinstance(measure, Metric):
        entry = layer.metrics[name]
        unit = _UNITS.get(entry.unit, "")
        yield f"{name}: {entry.means}{', ' * bool(unit)}{unit}."
    elif isinstance(measure, Aggregate):
        column = layer.columns[measure.column]
        how = f"quantile {measure.point:g}" if measure.point else _FUNCTIONS[measure.function]
        weight = f", weighted by {measure.weight}" if measure.weight else ""
        minus = f" less {measure.minus}" if measure.minus else ""
        what = f"{measure.column} ({column.means}){minus}"
        yield f"{name}: {how} of {what}{weight}, where it is given."
    elif isinstance(measure, Distinct):
        yield f"{name}: how many values of {measure.dimension} there are."
    elif isinstance(measure, Quotient):
        count = f"{measure.scale:g} of " if measure.scale != 1 else ""
        yield f"{name}: {_short(measure.top, writer)} over {count}{_short(measure.bottom, writer)}."
        yield from _measure(measure.bottom, writer)
    elif isinstance(measure, Percent):
        yield f"{name}: {_short(measure.measure, writer)} times 100, so in percent."
        yield from _measure(measure.measure, writer)
    elif isinstance(measure, OfTotal):
        each = " and ".join(group.name for group in measure.within)
        yield f"{name}: each group's share of the total{f' of each {each}' if each else ''}."
        yield from _measure(measure.measure, writer)
    elif isinstance(measure, Over):
        how = {"running": "summed up so far", "change": "less that of the row before",
               "growth": "its relative change from the row before",
               "growth_percent": "its relative change from the row before, times 100",
               }[measure.how]  # fmt: skip
        first = ", without the first row" if measure.skip_first else ""
        yield f"{name}: {writer.name(measure.measure)}, {how}{first}."
        yield from _measure(measure.measure, writer)
    elif isinstance(measure, PerGroup):
        how = _FUNCTIONS[measure.function]
        yield f"{name}: {how} over every {measure.inner} with rows."
        yield from _measure(measure.measure, writer)
    elif isinstance(measure, Scoped):
        yield f"{name}: {_short(measure, writer)}."
        yield from _measure(measure.measure, writer)
    else:
        parts = (f"{sign} {_short(part, writer)}" for sign, part in measure.parts)
        yield f"{name}: {' '.join(parts).removeprefix('+ ')}."


def _short(measure: Measure, writer: Writer) -> str:
    if isinstance(measure, Scoped):
        rows = " and ".join(_condition(each, writer) for each in measure.only)
        return f"{writer.name(measure.measure)} where {rows}"
    return writer.name(measure)


def _group(group: Group, writer: Writer) -> str:
    if group.is_filter:
        return f"whether {writer.layer.filters[group.name].means}"
    sql = writer.group(group)
    return group.name if sql == group.name else f"{group.name} ({sql})"


def _condition(condition: Condition, writer: Writer) -> str:
    if isinstance(condition, OneOf):
        labels = ", ".join(condition.labels)
        return f"{condition.dimension} is {'not ' * condition.negated}{labels}"
    if isinstance(condition, Holds):
        means = writer.layer.filters[condition.name].means
        return means if condition.positive else f"not: {means}"
    if isinstance(condition, RowsOf):
        return f"they are {condition.metric}"
    if isinstance(condition, Compares):
        return writer.comparison(condition)
    if isinstance(condition.time, Hours):
        said = _hours(condition.time)
    else:
        said = " or ".join(_days(days) for days in condition.time)
    return f"{'not ' * condition.negated}{said}"


def _days(days: Days) -> str:
    if days.first == days.last:
        return f"the day is {days.first}"
    first = f" from {days.first}" if days.first else ""
    return f"the day is{first}" + (f" to {days.last}" if days.last else " on")


def _hours(hours: Hours) -> str:
    return f"the hour is from {hours.first} to before {hours.end} UTC"
