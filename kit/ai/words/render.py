"""One SELECT out of what was asked."""

from __future__ import annotations

import re
from dataclasses import replace

from kit.ai.words.asked import Aggregate, Asked, Measure, Order, Over, PerGroup, Scoped
from kit.ai.words.expressions import Writer
from kit.ai.words.unclear import Unclear

_WORD = re.compile(r"[A-Za-z_]\w*")


def render(asked: Asked, writer: Writer) -> str:
    """Return the query: groups first, then measures, in the order they were asked.

    Raises
    ------
    Unclear
        If the tables cannot answer it without counting rows twice.
    """
    writer = _one_row_a_group(asked, writer)
    _check_grain(asked, writer)
    if asked.count_groups:
        return _count_of_groups(asked, writer)
    if any(isinstance(_unscoped(measure), PerGroup) for measure in asked.measures):
        return _averaged(asked, writer)
    if any(isinstance(measure, Over) for measure in asked.measures):
        return _windowed(asked, writer)
    if asked.order is not None and asked.order.within:
        return _top_of_each(asked, asked.order, writer)
    return _plain(asked, writer)


def _top_of_each(asked: Asked, order: Order, writer: Writer) -> str:
    if order.by is None or order.by not in asked.measures or len(asked.measures) > 1:
        raise Unclear("the top in each group: by the one measure that is shown")
    name = writer.name(order.by)
    within = [group.name for group in order.within]
    own = [group.name for group in asked.groups if group not in order.within]
    inner = _plain(replace(asked, order=None), writer).partition(" ORDER BY ")[0]
    how = "DESC" if order.descending else "ASC"
    place = (
        f"row_number() OVER (PARTITION BY {', '.join(within)} "
        f"ORDER BY {name} {how} NULLS LAST, {', '.join(own)})"
    )
    shown = ", ".join([*within, *own, name])
    return (
        f"SELECT {shown} FROM (SELECT {shown}, {place} AS place FROM ({inner}) AS every_group) "
        f"AS ranked WHERE place <= {order.limit} ORDER BY {', '.join([*within, 'place'])}"
    )


def _plain(asked: Asked, writer: Writer) -> str:
    groups = [(writer.group(group), group.name) for group in asked.groups]
    measures = [(writer.measure(each), writer.name(each)) for each in asked.measures]
    columns = [sql if sql == name else f"{sql} AS {name}" for sql, name in (*groups, *measures)]
    return " ".join([
        f"SELECT {', '.join(columns)}", _body(asked, writer), _order(asked, writer),
    ]).strip()  # fmt: skip


def _body(asked: Asked, writer: Writer) -> str:
    """Return everything from FROM to HAVING."""
    where = [writer.condition(each) for each in asked.where]
    having = [writer.comparison(each) for each in asked.having]
    groups = ", ".join(str(place + 1) for place in range(len(asked.groups)))
    parts = [f"FROM {_tables(asked, writer, where)}"]
    if where:
        parts.append(f"WHERE {' AND '.join(where)}")
    if groups:
        parts.append(f"GROUP BY {groups}")
    if having:
        parts.append(f"HAVING {' AND '.join(having)}")
    return " ".join(parts)


def _tables(asked: Asked, writer: Writer, where: list[str]) -> str:
    scope = writer.scope
    read = set(_WORD.findall(" ".join([
        *where, *(writer.group(group) for group in asked.groups), *_measured(asked, writer),
    ])))  # fmt: skip
    needed = [table for table in scope.joins if table in {scope.looked_up.get(c) for c in read}]
    once = {scope.looked_up.get(column) for column in writer.once}  # every line, with pairs or not
    joins = (
        f"{'RIGHT ' * (table in once)}JOIN {table} USING ({scope.joins[table]})" for table in needed
    )
    return " ".join([scope.table, *joins])


def _measured(asked: Asked, writer: Writer) -> list[str]:
    inner = [_unscoped(each) for each in asked.measures]
    plain = [each.measure if isinstance(each, PerGroup | Over) else each for each in inner]
    conditions = [
        writer.condition(only)
        for each in asked.measures
        if isinstance(each, Scoped)
        for only in each.only
    ]
    return [
        *(writer.measure(each) for each in plain),
        *conditions,
        *(writer.comparison(each) for each in asked.having),
    ]


def _order(asked: Asked, writer: Writer) -> str:
    names = [group.name for group in asked.groups]
    order = asked.order
    if order is None:
        return f"ORDER BY {', '.join(names)}" if names else ""
    if order.by is None or order.by not in asked.measures:
        raise Unclear("ranked by a measure that is not shown")
    first = f"{writer.name(order.by)} {'DESC' if order.descending else 'ASC'} NULLS LAST"
    limit = f" LIMIT {order.limit}" if order.limit else ""
    limit += f" OFFSET {order.skip}" if order.skip else ""
    return f"ORDER BY {', '.join([first, *names])}{limit}"


def _count_of_groups(asked: Asked, writer: Writer) -> str:
    (group,) = asked.groups
    inner = f"SELECT {writer.group(group)} AS {group.name} {_body(asked, writer)}"
    return f"SELECT count(*) AS {group.name}_count FROM ({inner}) AS chosen"


def _averaged(asked: Asked, writer: Writer) -> str:
    """Average over an inner group; rows told apart in columns are inner groups as well."""
    measure = next(each for each in map(_unscoped, asked.measures) if isinstance(each, PerGroup))
    apart = {
        writer.name(each): " AND ".join(f"({writer.condition(only)})" for only in each.only)
        for each in asked.measures
        if isinstance(each, Scoped)
    }
    inner = [*((writer.group(group), group.name) for group in asked.groups),
             (writer.dimension(measure.inner), "inner_" + measure.inner),
             *((sql, f"in_{name}") for name, sql in apart.items())]  # fmt: skip
    columns = [*(f"{sql} AS {name}" for sql, name in inner),
               f"{writer.measure(measure.measure)} AS {measure.measure.name}"]  # fmt: skip
    where = [writer.condition(each) for each in asked.where]
    filtered = f" WHERE {' AND '.join(where)}" if where else ""
    places = ", ".join(str(place + 1) for place in range(len(inner)))
    table = _tables(asked, writer, [*where, *apart.values()])
    below = f"SELECT {', '.join(columns)} FROM {table}{filtered} GROUP BY {places}"
    names = [group.name for group in asked.groups]
    call = f"{measure.function}({measure.measure.name})"
    averages = [
        f"{call}{f' FILTER (WHERE in_{name})' if name in apart else ''} AS {name}"
        for name in map(writer.name, asked.measures)
    ]
    grouped = f" GROUP BY {', '.join(names)} ORDER BY {', '.join(names)}" if names else ""
    outer = ", ".join([*names, *averages])
    return f"SELECT {outer} FROM ({below}) AS each_{measure.inner}{grouped}"


def _unscoped(measure: Measure) -> Measure:
    return measure.measure if isinstance(measure, Scoped) else measure


def _windowed(asked: Asked, writer: Writer) -> str:
    """Put a running total or a change beside the rows, in the order of the last group."""
    over = next(each for each in asked.measures if isinstance(each, Over))
    names = [group.name for group in asked.groups]
    within = f"PARTITION BY {', '.join(names[:-1])} " if names[:-1] else ""
    order = f"OVER ({within}ORDER BY {names[-1]})"
    name = writer.name(over.measure)
    before = f"lag({name}) {order}"
    changed = {
        "running": f"sum({name}) {order}",
        "change": f"{name} - {before}",
        "growth": f"({name} - {before}) / nullif({before}, 0)",
    }
    changed["growth_percent"] = f"100 * {changed['growth']}"
    sql = changed[over.how]
    shown = [*names, *(name for each in asked.measures if each == over.measure)]
    plain = [f"{writer.group(group)} AS {group.name}" for group in asked.groups]
    inner = f"SELECT {', '.join(plain)}, {writer.measure(over.measure)} AS {name}"
    laid = f"FROM ({inner} {_body(asked, writer)}) AS each_{names[-1]}"
    place = f"row_number() {order} AS place"
    if over.skip_first:
        changes = f"SELECT {', '.join(shown)}, {sql} AS {writer.name(over)}, {place} {laid}"
        laid = f"FROM ({changes}) AS every_{names[-1]} WHERE place > 1"
        sql = writer.name(over)
    return (
        f"SELECT {', '.join(shown)}, {sql} AS {writer.name(over)} {laid} "
        f"ORDER BY {', '.join(names)}"
    )


def _one_row_a_group(asked: Asked, writer: Writer) -> Writer:
    """Tell the writer of columns that have one value a group, such as the budget of each line."""
    scope = writer.scope
    grouped = {writer.group(group) for group in asked.groups}
    read = set(_WORD.findall(" ".join(_measured(asked, writer))))
    for table, key in scope.joins.items():
        columns = frozenset(name for name, other in scope.looked_up.items() if other == table)
        others = [other for other in scope.joins.values() if other != key]
        if key in grouped and read & columns and others and not asked.where:
            return replace(writer, once=columns, counted=others[0])
    return writer


def _check_grain(asked: Asked, writer: Writer) -> None:
    """Refuse to sum what a join repeats: a supply row stands in a pair of every line."""
    scope, layer = writer.scope, writer.layer
    entry = layer.tables.get(scope.table)
    own_rows = entry is not None and entry.key in {writer.group(group) for group in asked.groups}
    if own_rows and any(isinstance(each, Aggregate) for each in asked.measures):
        raise Unclear(f"an average of each row of {scope.table}: drop the grouping, or the average")
    if not scope.joins:
        return
    read = set(_WORD.findall(" ".join(_measured(asked, writer))))
    repeated = {scope.looked_up[column] for column in read if column in scope.looked_up}
    own = {column for column in read if column in scope.columns and column not in scope.looked_up}
    if not repeated - {scope.looked_up.get(column) for column in writer.once}:
        return
    if len(repeated) > 1 or own - set(scope.joins.values()):
        raise Unclear("measures of two tables together: ask for one at a time")
    (table,) = repeated
    others = [key for other, key in scope.joins.items() if other != table]
    fixed = {group.name for group in asked.groups}
    for condition in asked.where:
        labels = getattr(condition, "labels", ())
        if len(labels) == 1 and not getattr(condition, "negated", False):
            fixed.add(getattr(condition, "dimension", ""))
    columns = {
        layer.dimension_sql(name, scope.columns) for name in fixed if name in layer.dimensions
    }
    if not set(others) <= columns:
        raise Unclear(
            f"{table} is repeated in {scope.table}: name one {', '.join(others)}, or group by it"
        )
