"""Read comparisons: ``bids above 2 CPM``, ``with at least 100 clicks``, ``a CTR under 2.5 %``."""

from __future__ import annotations

from dataclasses import dataclass

from kit.ai.words.asked import Aggregate, Compares, Group, Measure, Metric, Overall
from kit.ai.words.draft import Cursor, Placed, say_fees
from kit.ai.words.unclear import Unclear

_SHARES = ("share", "score", "ratio")
_AGO = ("ago", "before", "earlier", "prior", "previously", "back", "beforehand", "old")
_FLIPPED = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "=": "!=", "!=": "="}


@dataclass(frozen=True)
class Amount:
    """A number as written, with its unit."""

    value: float
    unit: str
    end: int


def read_limit(cursor: Cursor) -> bool:
    """Read one comparison, of rows or of groups."""
    return (
        _earns(cursor)
        or _none_of(cursor)
        or _about_zero(cursor)
        or _left_first(cursor)
        or _sign_first(cursor)
        or _tail_first(cursor)
    )


def _none_of(cursor: Cursor) -> bool:
    """Read ``which ad units have zero conversions``."""
    number, metric = cursor.item.get("number"), cursor.at(cursor.place + 1).get("metric")
    before = cursor.at(cursor.place - 1)
    if number is None or number.value != 0 or not before.has("with", "copula", "filler"):
        return False
    if metric is None or cursor.layer.metrics[str(metric.value)].count is None:
        return False
    cursor.draft.having.append(Compares(Metric(str(metric.value)), "=", 0.0))
    cursor.place += 2
    return True


def _earns(cursor: Cursor) -> bool:
    """Read ``which campaigns lose money``: groups with a surplus under 0."""
    sign = cursor.item.get("earns")
    if sign is None or "surplus" not in cursor.layer.metrics:
        return False
    if cursor.negate:
        raise Unclear(f"not {cursor.item.text}: say it the other way round")
    named = {meaning.value for item in cursor.items for meaning in item.all("metric")}
    if "pairs" in named and "pair_margin" in cursor.layer.columns:  # of each pair
        worth = Compares("pair_margin", str(sign.value), 0.0)
        cursor.draft.where.append(Placed(worth, cursor.place, cursor.linked(cursor.place)))
        cursor.place += 1
        return True
    cursor.draft.having.append(Compares(Metric("surplus"), str(sign.value), 0.0))
    cursor.place += 1
    return True


def _about_zero(cursor: Cursor) -> bool:
    """Read ``a negative surplus``."""
    sign = cursor.item.get("zero")
    target = cursor.skip(cursor.place + 1)
    if sign is None or not cursor.at(target).has("metric", "column"):
        return False
    _add(cursor, target, str(sign.value), Amount(0, "", target), None)
    cursor.place = target + 1
    return True


def _left_first(cursor: Cursor) -> bool:
    """Read ``CTR under 2.5 %`` and ``bid above the floor``."""
    place, function = cursor.place, None
    if cursor.item.has("agg"):
        function = str(cursor.item.meanings[0].value)
        place = cursor.skip(place + 1)
    if not cursor.at(place).has("column", "metric"):
        return False
    after = cursor.skip(place + 1)
    if any(cursor.at(each).has("with") for each in range(place + 1, after)):
        return False  # "budget of lines with more than 400 pairs" limits no budget
    fees = cursor.at(after).get("fees")
    if fees is not None and cursor.at(cursor.skip(after + 1)).has("cmp", "exceed"):
        say_fees(cursor, str(fees.value))
        after = cursor.skip(after + 1)
    if cursor.at(after).has("between") and _between(cursor, place, after, function):
        return True
    ranged = cursor.at(after).has("number") and cursor.at(after - 1).text != "between"
    if ranged and _between(cursor, place, after - 1, function):
        return True  # "bids from 5 to 10 CPM"
    negate = cursor.at(after).has("not")
    signs = cursor.at(after + negate)
    sign = signs.get("cmp") or signs.get("exceed")
    if sign is not None:
        amount = amount_at(cursor, after + negate + 1)
        if amount is not None:
            said = _FLIPPED[str(sign.value)] if negate else str(sign.value)
            _add(cursor, place, said, amount, function)
            cursor.place = past_ago(cursor, amount)
            return True
        if not negate and _overall(cursor, place, after + 1, str(sign.value)):
            return True
        return not negate and function is None and _columns(cursor, place, after, str(sign.value))
    amount = amount_at(cursor, after)
    tail = cursor.at(amount.end).get("tail") if amount else None
    if amount is None or tail is None:
        return False
    _add(cursor, place, str(tail.value), amount, function)
    cursor.place = amount.end + 1
    return True


def past_ago(cursor: Cursor, amount: Amount) -> int:
    """Pass over *ago* after hours: ``last seen less than 24 hours before``."""
    ago = cursor.at(amount.end).text in _AGO and amount.unit == "hours"
    return amount.end + ago


def _overall(cursor: Cursor, left: int, place: int, sign: str) -> bool:
    """Read ``a CPA lower than our overall CPA``, ``CTR above average``: against all rows."""
    metric = cursor.at(left).get("metric")
    said = cursor.at(place)
    if metric is None or not (said.has("overall") or said.text in ("average", "mean", "avg")):
        return False
    again = cursor.at(place + 1).get("metric")
    if again is not None and again != metric:
        raise Unclear(f"{cursor.at(left).text} against {cursor.at(place + 1).text}: not the same")
    measure = Metric(str(metric.value))
    if not cursor.layer.metrics[measure.name].ratio:
        raise Unclear(f"{said.text} {cursor.at(left).text}: only a rate has one over all groups")
    cursor.draft.having.append(Compares(measure, _signed(cursor, measure, sign), Overall(measure)))
    cursor.place = place + 1 + (again is not None)
    return True


def _signed(cursor: Cursor, measure: Measure | str, sign: str) -> str:
    """Return what *better than* means: more of what is good, less of a cost."""
    word = sign.removesuffix("=")  # "or better" takes the number in
    if word not in ("better", "worse"):
        return sign
    entry = cursor.layer.metrics.get(measure.name) if isinstance(measure, Metric) else None
    if entry is None:
        raise Unclear(f"{word} than: say above or below")
    more = (word == "better") == (entry.better == "high")
    return (">" if more else "<") + "=" * (sign != word)


def _between(cursor: Cursor, left: int, place: int, function: str | None) -> bool:
    low = amount_at(cursor, place + 1)
    joint = cursor.at(low.end) if low else None
    said = cursor.at(place).has("between")
    words = ("and", "to", "\u2013") if said else ("to", "-", "\u2013")
    if low is None or joint is None or joint.text not in words:
        return False
    high = amount_at(cursor, low.end + 1)
    if high is None:
        return False
    if cursor.negate:
        raise Unclear(f"not between {low.value:g} and {high.value:g}: say below or above")
    low = Amount(low.value, low.unit or high.unit, low.end)
    _add(cursor, left, ">=", low, function)
    _add(cursor, left, "<=", high, function)
    cursor.place = high.end
    return True


def _columns(cursor: Cursor, left: int, after: int, sign: str) -> bool:
    right = cursor.skip(after + 1)
    columns = [cursor.at(place).get("column") for place in (left, right)]
    if columns[0] is None or columns[1] is None:
        return False
    condition = Compares(str(columns[0].value), sign, str(columns[1].value))
    cursor.draft.where.append(Placed(condition, left, cursor.linked(left)))
    if cursor.counting and cursor.at(left).has("metric"):
        metric = cursor.at(left).get("metric")
        cursor.add_measure(Metric(str(metric.value) if metric else ""))
    cursor.place = right + 1
    return True


def _sign_first(cursor: Cursor) -> bool:
    """Read ``at least 100 clicks``."""
    sign = cursor.item.get("cmp") or cursor.item.get("exceed")
    beside = cursor.at(cursor.place + 2).has("metric")
    if sign and beside and _overall(cursor, cursor.place + 2, cursor.place + 1, str(sign.value)):
        return True
    amount = amount_at(cursor, cursor.place + 1) if sign else None
    if sign is None or amount is None:
        return False
    if _of_what_is_shared(cursor, str(sign.value), amount):
        return True
    if amount.unit == "hours" and cursor.draft.measures == [Metric("conversions")]:
        delay = Compares("conversion_delay_hours", str(sign.value), amount.value)
        cursor.draft.where.append(Placed(delay, cursor.place))
        cursor.place = amount.end
        return True
    target = cursor.skip(amount.end)
    if not cursor.at(target).has("metric") or cursor.at(target).has("dimension"):
        return False
    _add(cursor, target, str(sign.value), amount, None)
    cursor.place = target + 1
    return True


def _of_what_is_shared(cursor: Cursor, sign: str, amount: Amount) -> bool:
    """Read ``what share of our bids exceeded 10 CPM``."""
    noun = cursor.back(cursor.place)
    column = cursor.at(noun).get("column")
    share = cursor.draft.share
    if share is None or column is None or cursor.at(noun).text != share[2]:
        return False
    value = _in_unit(cursor, str(column.value), amount, share[2])
    condition = Compares(str(column.value), sign, value)
    cursor.draft.where.append(Placed(condition, cursor.place, linked=True))
    cursor.place = amount.end
    return True


def _tail_first(cursor: Cursor) -> bool:
    """Read ``100 or more clicks``."""
    amount = amount_at(cursor, cursor.place)
    tail = cursor.at(amount.end).get("tail") if amount else None
    if amount and tail is None and cursor.at(amount.end).has("metric"):
        tail = cursor.at(amount.end + 1).get("tail")  # "100 clicks or more"
        if tail is not None and not cursor.at(amount.end).has("dimension"):
            _add(cursor, amount.end, str(tail.value), amount, None)
            cursor.place = amount.end + 2
            return True
        return False
    target = cursor.skip(amount.end + 1) if amount else 0
    if amount is None or tail is None or not cursor.at(target).has("metric"):
        return False
    _add(cursor, target, str(tail.value), amount, None)
    cursor.place = target + 1
    return True


def amount_at(cursor: Cursor, place: int) -> Amount | None:
    """Return the number at a place with its unit, before or after it."""
    unit = ""
    if cursor.at(place).has("unit") and cursor.at(place).text == "$":
        unit, place = "money", place + 1
    number = cursor.at(place).get("number")
    if number is None:
        return None
    place += 1
    while (said := cursor.at(place).get("unit")) is not None:
        unit = str(said.value) if unit != "cpm" else unit
        place += 1
    return Amount(float(number.value), unit, place)


def _add(cursor: Cursor, left: int, sign: str, amount: Amount, function: str | None) -> None:
    item = cursor.at(left)
    column, metric = item.get("column"), item.get("metric")
    if _is_late(cursor, left, amount):
        delay = Compares("conversion_delay_hours", sign, amount.value)
        cursor.draft.where.append(Placed(delay, left, cursor.linked(left)))
        cursor.add_measure(Metric("conversions"))
        return
    if cursor.at(cursor.back(cursor.place)).has("or"):
        raise Unclear(f"or {item.text}: I know limits that all hold; ask for one at a time")
    if cursor.negate:  # what is not below is at or above, and of no value neither
        if sign not in _FLIPPED:
            raise Unclear(f"not with {item.text} {sign} {amount.value:g}: turn it round")
        sign, cursor.negate = _FLIPPED[sign], False
    if function is not None and column is not None:
        _add_having(cursor, Aggregate(function, str(column.value)), sign, amount)
    elif column is not None and (metric is None or _is_of_rows(cursor, left, amount)):
        name = str(column.value)
        value = _in_unit(cursor, name, amount, item.text)
        condition = Compares(name, _signed(cursor, name, sign), value)
        cursor.draft.where.append(Placed(condition, left, cursor.linked(left)))
        if cursor.counting and metric is not None:
            cursor.add_measure(Metric(str(metric.value)))
    elif metric is not None:
        _add_having(cursor, Metric(str(metric.value)), sign, amount)


def _is_late(cursor: Cursor, left: int, amount: Amount) -> bool:
    """Tell ``conversions within 24 hours`` from a number of them: how late they came."""
    metric = cursor.at(left).get("metric")
    return (
        amount.unit == "hours"
        and metric is not None
        and metric.value == "conversions"
        and "conversion_delay_hours" in cursor.layer.columns
        and not (cursor.draft.measures or cursor.negate or cursor.draft.share)
    )


def _is_of_rows(cursor: Cursor, left: int, amount: Amount) -> bool:
    """Tell ``bids above 2 CPM``, of each row, from ``units with viewability above 0.6``."""
    before = cursor.at(cursor.back(left, "rank")).get("dimension")
    grouped = before is not None and Group(str(before.value)) in cursor.draft.groups
    if amount.unit == "cpm":
        return True
    counts = [each.name for each in cursor.draft.measures if isinstance(each, Metric)]
    if grouped and any(cursor.layer.metrics[name].count == "*" for name in counts):
        raise Unclear(
            f"{cursor.at(left).text}: of each row that counts, or of the group? Say where"
        )
    return not grouped


def _add_having(cursor: Cursor, measure: Measure, sign: str, amount: Amount) -> None:
    text = measure.name if isinstance(measure, Metric) else ""
    value = _in_unit(cursor, measure, amount, text)
    cursor.draft.having.append(Compares(measure, _signed(cursor, measure, sign), value))


def _in_unit(cursor: Cursor, left: Measure | str, amount: Amount, text: str) -> float:
    unit = cursor.unit_of(left)
    if amount.unit == "percent":
        if unit not in _SHARES:
            raise Unclear(f"{text}: is no share, so what are {amount.value:g} % of it?")
        return round(amount.value / 100, 12)
    if unit == "share" and amount.value > 1:
        raise Unclear(f"{text}: a share is in 0 to 1; {amount.value:g} or {amount.value:g} %?")
    fits = {"cpm": ("cpm",), "money": ("money", "cpm"), "hours": ("hours",)}
    if amount.unit and unit not in fits[amount.unit]:
        raise Unclear(f"{text}: is in {unit}, not in {amount.unit}")
    return amount.value
