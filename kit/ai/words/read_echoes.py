"""Read what only says again what was asked: a group in brackets, *that rate*, *do we pay*."""

from __future__ import annotations

from kit.ai.words.asked import Aggregate, Group, Metric, OneOf
from kit.ai.words.draft import VERBS, Cursor, Placed
from kit.ai.words.measures import metric_at
from kit.ai.words.unclear import Unclear

_MONEY = ("money", "cpm", "ratio")
_LAST_HOUR = 23


def read_echo(cursor: Cursor) -> bool:
    """Pass over words that repeat what was said."""
    return (
        _group_again(cursor)
        or _listed_again(cursor)
        or _of_every_group(cursor)
        or _rate_again(cursor)
        or _paid_again(cursor)
        or _defined(cursor)
        or _of_a_row(cursor)
        or _all_but(cursor)
    )


def _of_every_group(cursor: Cursor) -> bool:
    """Read ``exploration share within each campaign's auctions``: all rows of the group."""
    metric, by = cursor.item.get("metric"), cursor.at(cursor.place - 2)
    every = metric is not None and cursor.layer.metrics[str(metric.value)].count == "*"
    told = cursor.at(cursor.place - 1).has("dimension") and by.text.split()[-1:] == ["each"]
    if not (every and told and cursor.draft.measures):
        return False
    cursor.place += 1
    return True


def _all_but(cursor: Cursor) -> bool:
    """Read ``from all countries except the US``."""
    told = cursor.at(cursor.place - 1).text.split()[-1:] == ["all"]
    if not (told and cursor.item.has("dimension") and cursor.at(cursor.place + 1).has("not")):
        return False
    cursor.place += 1
    return True


def _of_a_row(cursor: Cursor) -> bool:
    """Read ``average capacity of a supply row``: the average of rows, which are those."""
    dimension, measures = cursor.item.get("dimension"), cursor.draft.measures
    if dimension is None or cursor.item.plural or cursor.at(cursor.place - 1).text != "of":
        return False
    keys = [table.key for table in cursor.layer.tables.values()]
    if dimension.value not in keys or not isinstance(measures[-1:] and measures[-1], Aggregate):
        return False
    cursor.place += 1
    return True


def _group_again(cursor: Cursor) -> bool:
    """Read ``by geo (country level)`` and ``by auction type (first vs second price)``."""
    place = cursor.place + cursor.item.has("by", "per")
    dimension = cursor.at(place).get("dimension")
    end = place + 1 + (cursor.at(place + 1).text in ("level", "levels", "wise"))
    if dimension is None or cursor.at(cursor.place - 1).text != "(" or cursor.at(end).text != ")":
        return False
    if Group(str(dimension.value)) not in cursor.draft.groups:
        return False
    cursor.place = end
    return True


def _listed_again(cursor: Cursor) -> bool:
    """Read the first of ``... by hour - hour and win rate``: a group that is known by now."""
    dimension, before = cursor.item.get("dimension"), cursor.at(cursor.place - 1)
    after = cursor.at(cursor.place + 1)
    lists = after.has("and") or after.text in (",", "+")
    if dimension is None or cursor.item.plural or not lists or not before.has("separator"):
        return False
    if before.text == "," or Group(str(dimension.value)) not in cursor.draft.groups:
        return False
    cursor.place += 1 + (after.text == "+")
    return True


def _rate_again(cursor: Cursor) -> bool:
    """Read ``hours with a win rate below 82 % - hour and rate``."""
    if not cursor.item.has("echo"):
        return False
    asked = [*cursor.draft.measures, *(each.left for each in cursor.draft.having)]
    rates = {
        each for each in asked
        if isinstance(each, Metric) and each.name not in cursor.layer.additive
    }  # fmt: skip
    if len(rates) != 1:
        raise Unclear(f"{cursor.item.text}: of which measure? Say its name")
    cursor.place += 1
    return True


def _paid_again(cursor: Cursor) -> bool:
    """Read ``what CPM are we paying``, and ``what are we paying (eCPM)``."""
    measures = cursor.draft.measures
    last = measures[-1] if measures else None
    if not isinstance(last, Metric | Aggregate) or cursor.at(cursor.place - 1).has("and"):
        return False
    if cursor.item.text in VERBS and cursor.unit_of(last) in _MONEY and last != Metric("spend"):
        if not cursor.before.has("metric", "column"):
            return False
        cursor.place += 1
        return True
    if cursor.at(cursor.place - 1).text != "(" or cursor.at(cursor.place + 1).text != ")":
        return False
    found = metric_at(cursor, cursor.place)
    if found is None or cursor.verb is None or last != Metric("spend"):
        return False
    if cursor.unit_of(found[0]) in ("money", "cpm"):
        measures[-1] = found[0]
        cursor.place += 1
        return True
    return False


def _defined(cursor: Cursor) -> bool:
    """Read the junk of ``junk pages (quality < 0.3)``: what follows in brackets says what it is."""
    if not cursor.item.has("vague"):
        return False
    place = cursor.skip(cursor.place + 1)
    inside = cursor.at(place + 1)
    if cursor.at(place).text != "(" or not inside.has("column", "cmp", "metric"):
        raise Unclear(f"{cursor.item.text}: what is that? Say it as a limit, such as quality < 0.3")
    cursor.place = place
    return True


def read_hours(cursor: Cursor) -> bool:
    """Read ``hours 9, 10 and 11``: each of them, and none between."""
    if cursor.item.text not in ("hour", "hours") and not _one_hour(cursor):
        return False
    place = cursor.place + 1
    hours: list[str] = [cursor.item.text.split()[-1]] if _one_hour(cursor) else []
    end = place
    while True:
        _, start = cursor.joint(place)
        number = cursor.at(start).get("number")
        if number is None or cursor.at(start + 1).has("metric", "column", "unit", "cmp", "tail"):
            break
        if number.value != int(number.value) or not 0 <= number.value <= _LAST_HOUR:
            return False
        hours.append(str(int(number.value)))
        place = end = start + 1
    if len(hours) < 2 or "hour" not in cursor.layer.dimensions:
        return False
    condition = OneOf("hour", tuple(dict.fromkeys(hours)), cursor.negate)
    cursor.draft.where.append(Placed(condition, cursor.place, False, "or"))
    cursor.negate = False
    cursor.place = end
    return True


def _one_hour(cursor: Cursor) -> bool:
    words = cursor.item.text.split()
    numbered = len(words) == 2 and words[0] in ("hour", "hours") and words[1].isdigit()
    return cursor.item.has("time") and numbered
