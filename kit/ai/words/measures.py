"""The measure at a place: a metric, the average of a column, a ratio, a difference, a count."""

from __future__ import annotations

from typing import Literal

from kit.ai.words.asked import Aggregate, Distinct, Measure, Metric, PerGroup, Quotient, Signed
from kit.ai.words.draft import Cursor
from kit.ai.words.unclear import Unclear

GRAINS = {"daily": "day", "hourly": "hour", "weekly": "week"}
_MILLE = ("thousand", "mille")
Found = tuple[Measure, int]


def chain_at(cursor: Cursor, place: int) -> tuple[Measure, int, bool] | None:
    """Return the measure at a place with what is added to or divided by it."""
    found = measure_at(cursor, place)
    if found is None:
        return None
    first, end = found
    parts: list[tuple[Literal["+", "-"], Measure]] = [("+", first)]
    while (more := _next_part(cursor, end, len(parts) > 1)) is not None:
        rows = cursor.at(cursor.skip(end + 1, "all")).get("metric")
        counted = rows is not None and cursor.layer.metrics[str(rows.value)].count is not None
        if isinstance(first, Aggregate) and cursor.at(end).text == "over" and counted:
            break  # "over our wins": of which rows
        if isinstance(first, Aggregate) and cursor.at(end).text == "over":
            raise Unclear("over: divided by, or summed up over? Say divided by, or leave it out")
        over = cursor.at(end).text == "over"
        sign, measure, end = more
        if over and (isinstance(first, Aggregate) or isinstance(measure, Aggregate)):
            raise Unclear("over: divided by, or how much more? Say divided by, or minus")
        if sign == "/":
            if len(parts) > 1:
                raise Unclear("a sum divided: say it in two questions")
            number = cursor.at(end + 1).get("number") if cursor.at(end).has("times") else None
            scale = float(number.value) if number else 1.0  # "spend / impressions * 1000"
            return Quotient(first, measure, scale), end + 2 * (number is not None), True
        parts.append((sign, measure))
    if len(parts) == 1:
        return first, end, False
    return Signed(tuple(parts)), end, True


def _next_part(
    cursor: Cursor, place: int, inside: bool
) -> tuple[Literal["+", "-", "/"], Measure, int] | None:
    item = cursor.at(place)
    if inside and item.has("fees") and item.text.split()[0] in ("minus", "less", "plus"):
        fees = cursor.layer.metrics.get("fees")
        sign: Literal["+", "-"] = "+" if item.text.startswith("plus") else "-"
        return (sign, Metric("fees"), place + 1) if fees else None
    signs: tuple[tuple[str, Literal["+", "-", "/"]], ...] = (
        ("minus", "-"), ("plus", "+"), ("divide", "/"),
    )  # fmt: skip
    for kind, mark in signs:
        if item.has(kind):
            target = cursor.skip(place + 1)
            found = _summed_at(cursor, target) or measure_at(cursor, target)
            return (mark, *found) if found else None
    if inside and item.has("and") and cursor.at(place + 1).text in ("fees", "fee"):
        return "-", Metric("fees"), place + 2
    return None


def _summed_at(cursor: Cursor, place: int) -> Found | None:
    """Read the clearing price of ``value minus clearing price``: what it sums up to."""
    item = cursor.at(place)
    if item.has("metric") or cursor.aggregate or cursor.at(cursor.skip(place + 1)).has("agg"):
        return None
    for column in item.all("column"):
        for name, metric in cursor.layer.metrics.items():
            if metric.sum == f"{column.value} / 1000" and metric.where == "won":
                return Metric(name), place + 1
    return None


def measure_at(cursor: Cursor, place: int) -> Found | None:
    """Return the one measure that starts at a place, and where it ends."""
    item = cursor.at(place)
    for kind, reader in (
        ("ratio_of", _ratio_at), ("difference", _difference_at), ("distinct", _distinct_at),
        ("agg", _aggregate_at), ("quantile", _quantile_at),
    ):  # fmt: skip
        if item.has(kind):
            found = reader(cursor, place)
            if found is not None:
                return found
    if item.has("how_many"):
        return _counted_at(cursor, place)
    return metric_at(cursor, place) or _column_at(cursor, place)


def metric_at(cursor: Cursor, place: int) -> Found | None:
    """Return the metric at a place, per another where that follows, and where it ends."""
    item = cursor.at(place)
    metrics = item.all("metric")
    if not metrics or (cursor.aggregate and item.has("column")) or _is_group(cursor, place):
        return None
    if len({metric.value for metric in metrics}) > 1:
        names = " or ".join(str(metric.value) for metric in metrics)
        raise Unclear(f"{item.text}: {names}? Say which")
    measure: Measure = Metric(str(metrics[0].value))
    if cursor.aggregate:
        measure = averaged(cursor, cursor.aggregate, str(metrics[0].value))
    return _per_at(cursor, place, str(metrics[0].value)) or (measure, place + 1)


def _per_at(cursor: Cursor, place: int, name: str) -> Found | None:
    """Read on in ``clicks per conversion`` and ``value per 1,000 impressions``."""
    if not cursor.at(place + 1).has("per"):
        return None
    number = cursor.at(place + 2).get("number")
    scale = float(number.value) if number else float(cursor.at(place + 2).text in _MILLE) * 1000
    below = place + 2 + (scale > 0)
    bottom = cursor.at(below).get("metric")
    if bottom is None or cursor.at(below).has("dimension"):
        return None
    if {name, str(bottom.value)} - cursor.layer.additive:
        raise Unclear(f"{name} per {cursor.at(below).text}: not both can be summed")
    return Quotient(Metric(name), Metric(str(bottom.value)), scale or 1), below + 1


def _is_group(cursor: Cursor, place: int) -> bool:
    """Tell ``lines with a budget over 100``, a list of them, from ``how many lines``."""
    if cursor.counting or cursor.at(place - 1).has("how_many", "minus", "plus", "divide", "rank"):
        return False
    return cursor.at(place).has("dimension") and cursor.at(place + 1).has("with")


def _column_at(cursor: Cursor, place: int) -> Found | None:
    item = cursor.at(place)
    column = item.get("column")
    if column is None:
        return None
    after = cursor.skip(place + 1)
    function = cursor.aggregate
    point = cursor.at(place + 1).get("quantile")
    if point is not None:
        return Aggregate("quantile", str(column.value), point=float(point.value)), place + 2
    if function is None and cursor.at(after).has("agg"):
        function, end = str(cursor.at(after).get("agg").value), after + 1  # type: ignore[union-attr]
        return Aggregate(function, str(column.value)), end
    last = cursor.draft.measures[-1] if cursor.draft.measures else None
    same = isinstance(last, Aggregate) and last.column == column.value
    if function is None and last is not None and same and cursor.aside:
        return last, place + 1  # "average margin (value less cost)"
    if function is None:
        raise Unclear(f"{item.text}: say how to sum it up, such as average, median or maximum")
    return Aggregate(function, str(column.value)), place + 1


def _aggregate_at(cursor: Cursor, place: int) -> Found | None:
    meaning = cursor.at(place).get("agg")
    function = str(meaning.value) if meaning else "avg"
    target = cursor.skip(place + 1, "how_many", "simple")
    item = cursor.at(target)
    if item.text in GRAINS and cursor.at(target + 1).has("metric"):
        metric = cursor.at(target + 1).get("metric")
        name = str(metric.value) if metric else ""
        if name not in cursor.layer.additive:
            raise Unclear(f"{item.text} {name}: averaged over the days, or of all rows? Say which")
        return PerGroup(function, Metric(name), GRAINS[item.text]), target + 2
    if item.has("column"):
        metric = item.get("metric")
        summed = metric is not None and metric.value in cursor.layer.additive
        summed = summed and cursor.at(target + 1).has("per")
        column = item.get("column")
        name = str(column.value) if column else ""
        summed = summed and cursor.unit_of(name) != "cpm"  # a price is not summed
        if summed and not item.plural:
            raise Unclear(f"average {item.text} per what follows: of its rows, or of its sums?")
        less = cursor.at(target + 2).get("column") if cursor.at(target + 1).has("minus") else None
        if not summed and less is not None:
            return Aggregate(function, name, minus=str(less.value)), target + 3
        if not summed:
            return Aggregate(function, name), target + 1
    metric = item.get("metric")
    if metric is None:
        return None
    if "over" in item.text.split():
        raise Unclear(f"average {item.text}: of each row, or of the sums? Leave out the average")
    below = metric_at(cursor, target)
    if below is not None and isinstance(below[0], Quotient):
        if function != "avg":
            raise Unclear(f"{cursor.at(place).text} of a ratio: over which groups? Say them")
        return below
    return averaged(cursor, function, str(metric.value)), target + 1


def averaged(cursor: Cursor, function: str, name: str) -> Measure:
    """Return what ``average`` before a metric means: a ratio is one already."""
    if name in cursor.layer.additive:
        return PerGroup(function, Metric(name))
    if function == "avg":
        return Metric(name)
    raise Unclear(f"{function} of {name}: over which groups? Say them, or leave {function} out")


def _quantile_at(cursor: Cursor, place: int) -> Found | None:
    point = cursor.at(place).get("quantile")
    target = cursor.skip(place + 1)
    column = cursor.at(target).get("column")
    if point is None or column is None:
        return None
    return Aggregate("quantile", str(column.value), point=float(point.value)), target + 1


def _distinct_at(cursor: Cursor, place: int) -> Found | None:
    dimension = cursor.at(cursor.skip(place + 1)).get("dimension")
    if dimension is None:
        return None
    return Distinct(str(dimension.value)), cursor.skip(place + 1) + 1


def _counted_at(cursor: Cursor, place: int) -> Found | None:
    """Read ``how many``: before a metric it adds nothing, before a dimension it counts."""
    target = cursor.skip(place + 1, "how_many")
    item = cursor.at(target)
    if item.has("column") and item.has("metric"):
        sign = cursor.skip(target + 1)
        after, number = cursor.at(sign), cursor.at(sign + 1)
        limited = after.has("cmp", "exceed", "between")
        if limited and (number.has("number", "column") or number.text == "$"):
            return None  # "number of bids above 10 CPM": the limit is read with them
    column, summed = item.get("column"), cursor.at(place).text.startswith("sum")
    if summed and column is not None and not item.has("metric"):
        if cursor.unit_of(str(column.value)) not in ("money", "impressions"):
            raise Unclear(f"{cursor.at(place).text} {item.text}: a sum of prices means nothing")
        return Aggregate("sum", str(column.value)), target + 1
    both = cursor.at(target + 1).has("and") and cursor.at(cursor.skip(target + 2)).has("metric")
    adds = cursor.at(place).text.split()[0] in ("sum", "sums", "total", "combined", "grand")
    if adds and cursor.at(place).text.endswith(" of") and item.has("metric") and both:
        raise Unclear("the sum of two: added up, or each? Say plus, or leave out the sum")
    if summed and column is not None and item.text.startswith("bid"):
        raise Unclear(f"{cursor.at(place).text} {item.text}: their number, or added up? Say which")
    if item.has("metric", "distinct", "agg", "ratio_of", "difference"):
        return measure_at(cursor, target)
    dimension = item.get("dimension")
    if dimension is not None and item.plural:
        return Distinct(str(dimension.value)), target + 1
    return None


def _two(cursor: Cursor, place: int) -> tuple[Measure, Measure, int] | None:
    first = measure_at(cursor, cursor.skip(place + 1))
    if first is None:
        return None
    start = first[1]
    joined = cursor.at(start).has("and", "versus") or cursor.at(start).text == "to"
    second = measure_at(cursor, cursor.skip(start + 1)) if joined else None
    return (first[0], second[0], second[1]) if second else None


def _ratio_at(cursor: Cursor, place: int) -> Found | None:
    if cursor.aggregate:
        raise Unclear("average ratio: of each row, or of the averages? I know the ratio of two")
    found = _two(cursor, place)
    if found is None:
        raise Unclear("ratio of: say of what to what")
    return Quotient(found[0], found[1]), found[2]


def _row_difference(cursor: Cursor, place: int) -> Found | None:
    """Read ``average gap between bid and clearing price``: of each row, then averaged."""
    first = cursor.at(cursor.skip(place + 1)).get("column")
    joint = cursor.skip(place + 1) + 1
    second = cursor.at(cursor.skip(joint + 1)).get("column")
    if not cursor.aggregate or not cursor.at(joint).has("and") or not (first and second):
        return None
    measure = Aggregate(cursor.aggregate, str(first.value), minus=str(second.value))
    return measure, cursor.skip(joint + 1) + 1


def _difference_at(cursor: Cursor, place: int) -> Found | None:
    rowwise = _row_difference(cursor, place)
    if rowwise is not None:
        return rowwise
    found = _two(cursor, place)
    if found is not None:
        return Signed((("+", found[0]), ("-", found[1]))), found[2]
    cursor.draft.difference = True
    return measure_at(cursor, cursor.skip(place + 1))
