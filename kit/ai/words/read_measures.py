"""Read what is to be measured, and what only explains it."""

from __future__ import annotations

from dataclasses import replace

from kit.ai.words.asked import Aggregate, Measure, Metric
from kit.ai.words.draft import Cursor, say_fees
from kit.ai.words.gloss import explains
from kit.ai.words.measures import chain_at, metric_at
from kit.ai.words.unclear import Unclear


def read_measure(cursor: Cursor) -> bool:
    """Read a measure, or a chain of them with *minus*, *plus* and *divided by* between."""
    if _read_basis(cursor) or _read_unit(cursor):
        return True
    if _read_reference(cursor):
        return True
    found = chain_at(cursor, cursor.place)
    if found is None:
        return False
    if cursor.draft.having and cursor.at(cursor.place - 1).has("unit", "number"):
        raise Unclear(f"{cursor.item.text}: per one of them, or asked for too? Say per, or and")
    measure, end, is_chain = found
    aside = bool(cursor.draft.measures) and cursor.aside
    again = aside or cursor.before.text in ("?", ".", ";")
    if (is_chain or again) and (
        explained := explains(cursor.layer, measure, cursor.draft.measures)
    ):
        _replace(cursor, *explained)
    elif aside and (is_chain or cursor.before.text == "("):
        raise Unclear(f"{cursor.item.text}: not how I define what was asked, or asked for too?")
    else:
        cursor.add_listed(measure)
    cursor.place = end
    if isinstance(measure, Aggregate):
        _more_columns(cursor, measure)
    return True


def _replace(cursor: Cursor, place: int, meant: Measure) -> None:
    """Put the measure that a sum in words defines in the place of the one that it explains."""
    cursor.counting, cursor.aggregate = False, None
    known, order = cursor.draft.measures[place], cursor.draft.order
    cursor.draft.measures[place] = meant
    if order is not None and order.by == known:
        cursor.draft.order = replace(order, by=meant)


def _read_reference(cursor: Cursor) -> bool:
    """Read ``ROAS on that spend``: of what was asked for already."""
    if cursor.at(cursor.place - 1).text not in ("that", "this", "such", "said", "those"):
        return False
    found = metric_at(cursor, cursor.place)
    parts = [Metric(name) for each in cursor.draft.measures if isinstance(each, Metric)
             for name in cursor.layer.metrics[each.name].parts]  # fmt: skip
    if found is None or found[0] not in (*parts, *cursor.draft.measures):
        return False
    cursor.draft.refers = True
    cursor.place = found[1]
    return True


def _read_basis(cursor: Cursor) -> bool:
    """Read ``, spend without fees`` after a rate of money: it says which spend counts."""
    meaning = cursor.item.get("metric")
    spend = cursor.layer.metrics.get(str(meaning.value)) if meaning is not None else None
    asked = [part for part in cursor.draft.measures if isinstance(part, Metric)]
    rates = [part for part in asked if cursor.layer.metrics[part.name].ratio]
    if spend is None or spend.kind == "ratio" or not rates or not _is_after_comma(cursor):
        return False
    fees = cursor.at(cursor.place + 1).get("fees")
    if fees is not None and (spend.before_fees or spend.with_fees):
        said, end = str(fees.value), cursor.place + 2
    elif spend.before_fees:
        said, end = "in", cursor.place + 1
    elif spend.with_fees and cursor.at(cursor.place - 1).text == "(":
        said, end = "out", cursor.place + 1
    else:
        return False
    if cursor.at(end).has("divide", "minus", "plus"):
        return False
    if cursor.at(cursor.place - 2).has("metric"):
        raise Unclear(f"{cursor.item.text}: is it asked for too, or does it say which spend counts")
    say_fees(cursor, said)
    cursor.place = end
    return True


def _read_unit(cursor: Cursor) -> bool:
    """Read ``average bid (CPM)`` and ``average bid, CPM?``: the unit that it has."""
    last = cursor.draft.measures[-1:]
    if not (cursor.item.has("unit") and last) or cursor.item.has("number"):
        return False
    before, after = cursor.at(cursor.place - 1).text, cursor.items[cursor.place + 1 :]
    bracketed = cursor.at(cursor.place + 1).text == ")" and before in ("(", ",")
    ends = before == "," and all(item.has("separator") for item in after)
    spoken = before == "in"  # "average delay in hours"
    if not (bracketed or spoken or (ends and isinstance(last[0], Aggregate))):
        return False
    if cursor.unit_of(last[0]) not in {meaning.value for meaning in cursor.item.all("unit")}:
        raise Unclear(f"{cursor.item.text}: a unit that {_name(last[0])} is not in, or asked too?")
    cursor.place += 1
    return True


def _name(measure: Measure) -> str:
    return str(getattr(measure, "name", None) or getattr(measure, "column", "the measure"))


def _is_after_comma(cursor: Cursor) -> bool:
    return cursor.place > 0 and cursor.at(cursor.place - 1).text in (",", ";", "(")


def _more_columns(cursor: Cursor, first: Aggregate) -> None:
    """Read on in ``average bid, floor and clearing price``."""
    while True:
        said, end = cursor.joint(cursor.place)
        column = cursor.at(end).get("column")
        if not said or column is None or cursor.at(end + 1).has("cmp"):
            return
        if cursor.at(end).has("metric") and cursor.at(end).plural:
            raise Unclear(f"{cursor.at(end).text}: their number or their average? Say which")
        cursor.place = end
        cursor.add_measure(Aggregate(first.function, column.value, first.weight, first.point))
        cursor.place += 1
