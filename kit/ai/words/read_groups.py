"""Read what to group by, and how the groups are ranked."""

from __future__ import annotations

from kit.ai.words.asked import Distinct, Group, Order
from kit.ai.words.draft import Cursor
from kit.ai.words.measures import measure_at
from kit.ai.words.ranks import descends, whole_rows
from kit.ai.words.unclear import Unclear

_BARE = ("daily", "hourly", "weekly", "day by day", "hour by hour", "week by week", "over time",
         "date by date")  # fmt: skip


def read_by(cursor: Cursor) -> bool:
    """Read ``by exchange and day``, ``for each campaign``, ``campaign by campaign``."""
    item = cursor.item
    same = item.get("dimension")
    again = cursor.at(cursor.place + 2).get("dimension")
    if same is not None and cursor.at(cursor.place + 1).text == "by" and again == same:
        cursor.add_group(Group(str(same.value)))
        cursor.place += 3
        return True
    beyond = cursor.at(cursor.place + 1)
    slash = item.text == "/" and beyond.has("dimension") and not beyond.has("metric")  # "spend/day"
    if not (
        item.has("by", "per", "across") or (slash and cursor.at(cursor.place - 1).has("metric"))
    ):
        return False
    if cursor.at(cursor.place - 1).has("and") and cursor.at(cursor.place - 2).has("together"):
        raise Unclear(f"in total and {item.text}: two answers; ask for one at a time")
    place = combined(cursor, cursor.skip(cursor.place + 1, "combination", "distinct"))
    if _is_pooled(cursor, place):
        return False
    if _by_clock(cursor, place):
        return True
    if item.has("across") and cursor.draft.counted and cursor.at(place).has("dimension"):
        raise Unclear(f"{item.text} {cursor.at(place).text}: one total, or by each? Say by or all")
    found = groups_at(cursor, place)
    if found is None and item.text == "each" and not cursor.at(place).meanings:
        cursor.draft.compare = True  # "hotel and broker, CTR each"
        cursor.place = place
        return True
    if found is None:
        return item.has("by") and _ranked_by(cursor, place)
    groups, end = found
    for group in groups:
        cursor.add_group(group)
    one_of = item.has("per") and cursor.draft.ranked and cursor.draft.groups != groups
    if {"each", "every"} & set(item.text.split()) or one_of:
        cursor.draft.each.extend(groups)
    if item.has("per") or item.text in ("each", "every"):
        cursor.draft.per.extend(group.name for group in groups)
    cursor.place = end
    return True


def _by_clock(cursor: Cursor, place: int) -> bool:
    """Read ``by the date on which they happened``: by day, as that clock tells it."""
    clock = cursor.at(place).get("clock")
    if clock is None or cursor.at(place).has("dimension"):
        return False
    cursor.draft.clock = str(clock.value)
    cursor.add_group(Group("day"))
    cursor.place = place + 1
    return True


def combined(cursor: Cursor, place: int) -> int:
    """Note that ``combination of`` was passed over on the way to a place."""
    said = range(cursor.place, place)
    cursor.draft.combined |= any(cursor.at(each).has("combination") for each in said)
    return place


def _is_pooled(cursor: Cursor, place: int) -> bool:
    said = cursor.item.text.startswith("across all") or cursor.at(place - 1).has("all")
    if said and cursor.at(place).has("dimension"):
        raise Unclear(
            f"all {cursor.at(place).text}: each for itself, or together? Say by or drop it"
        )
    return False


def groups_at(cursor: Cursor, place: int) -> tuple[list[Group], int] | None:
    """Return the dimensions, or filters, listed at a place."""
    groups: list[Group] = []
    end = place
    while (group := _group_at(cursor, place, bool(groups))) is not None:
        groups.append(group)
        end = place + 1
        said, place = cursor.joint(end)
        chained = cursor.at(end).has("by", "per") and "each" not in cursor.at(end).text
        if chained and not said:
            said, place = "by", end + 1
        if not said and not _paired(cursor, end):
            break
        place = place + 1 if cursor.at(place).has("by", "per") else place
    return (groups, end) if groups else None


def _paired(cursor: Cursor, place: int) -> bool:
    """Read on in ``country-device combinations``."""
    return cursor.at(place).has("dimension") and cursor.at(place + 1).has("combination")


def _group_at(cursor: Cursor, place: int, later: bool) -> Group | None:
    item = cursor.at(place)
    dimension = item.get("dimension")
    if dimension is not None and not (later and item.has("metric") and item.plural):
        return Group(str(dimension.value))
    kept = item.get("filter")
    if kept is not None and not item.has("metric", "column") and not later:
        return Group(str(kept.value[0]), is_filter=True)
    return None


def _ranked_by(cursor: Cursor, place: int) -> bool:
    """Read ``by spend`` after *top* or *rank*."""
    if not (cursor.draft.ranked or cursor.draft.listed):
        return False
    if cursor.at(place).has("share") and cursor.draft.order is not None:
        cursor.place = place
        return True
    found = measure_at(cursor, place)
    if found is None:
        return False
    measure, end = found
    order = cursor.draft.order
    descending = descends(cursor.draft.how or "desc", measure, cursor.layer)
    if order is not None and order.by is not None and order.by != measure:
        raise Unclear("ranked by two measures; say one")
    cursor.draft.order = Order(measure, descending)
    cursor.add_measure(measure)
    cursor.place = end
    return True


def read_which(cursor: Cursor) -> bool:
    """Read ``which exchange``, ``which 3 campaigns``, ``which combination of unit and hour``."""
    if not cursor.item.has("which"):
        return False
    place = cursor.place + 1
    number = cursor.at(place).get("number")
    place += number is not None
    place = combined(cursor, cursor.skip(place, "combination", "all"))
    found = groups_at(cursor, place)
    if found is None or found[0][0].is_filter:
        return False
    groups, end = found
    for group in groups:
        cursor.add_group(group)
    cursor.draft.which = True
    cursor.draft.single = (
        not cursor.at(place).plural or cursor.at(place - 1).text == "combination of"
    )
    if number is not None:
        cursor.draft.limit, cursor.draft.single = whole_rows(number.value), False
    cursor.place = end
    return True


def read_bare(cursor: Cursor) -> bool:
    """Read a dimension without *by*: ``daily spend``, ``units with ...``, ``campaign hotel``."""
    item, place = cursor.item, cursor.place
    number = item.get("number")
    if number is not None:
        place = cursor.skip(place + 1)
        if not (cursor.at(place).has("dimension") and cursor.at(place).plural):
            return False
        cursor.draft.limit = whole_rows(number.value)
    dimension = cursor.at(place).get("dimension")
    if dimension is None:
        return False
    if cursor.at(place + 1).has("share") and _shared(cursor, str(dimension.value), place + 1):
        return True
    if cursor.at(place + 1).has("share_noun") and _mixed(cursor, str(dimension.value), place + 1):
        return True
    if cursor.counting:
        cursor.add_measure(Distinct(str(dimension.value)))
        cursor.place = place + 1
        return True
    equals = cursor.at(place + 1).has("copula") or cursor.at(place + 1).text == "="
    named = cursor.at(place + 1 + equals).all("label")
    if any(label.value[0] == dimension.value for label in named):
        cursor.place = place + 1 + equals
        return True
    sides = item.text.startswith(("first ", "1st ")) and {"vs", "versus", "against", "and"}
    if sides and sides & set(item.text.split()):  # "win rate, first vs second price"
        cursor.add_group(Group(str(dimension.value)))
        cursor.place += 1
        return True
    if not _groups_alone(cursor, place, number is not None):
        return False
    found = groups_at(cursor, place)
    for group in found[0] if found else ():
        cursor.add_group(group)
    if cursor.at(place).text in _BARE:
        cursor.draft.per.append(str(dimension.value))
    cursor.place = found[1] if found else place + 1
    return True


def _mixed(cursor: Cursor, dimension: str, place: int) -> bool:
    """Read ``device mix``: the share of each device, in each of the other groups."""
    if cursor.draft.mix is not None or cursor.at(place).text not in ("mix", "split", "breakdown"):
        return False
    cursor.draft.mix = Group(dimension)
    cursor.draft.of_total = True
    cursor.place = place + 1
    return True


def _shared(cursor: Cursor, dimension: str, place: int) -> bool:
    """Read ``device share of clicks``: the share of each device."""
    if cursor.draft.mix is not None:
        return False
    cursor.draft.mix = Group(dimension)
    cursor.place = place
    return True


def _groups_alone(cursor: Cursor, place: int, counted: bool) -> bool:
    item = cursor.at(place)
    found = groups_at(cursor, place)
    last = (found[1] if found else place + 1) - 1
    after = cursor.at(last + 1)
    if last > place:
        cursor.draft.combined = True
    if any(cursor.at(each).text in ("x", "*") for each in range(place, last)):
        return True  # "exchange x device"
    if item.text in _BARE or counted or cursor.draft.listed:
        return True
    leads = after.has("with") or after.text in ("that", "have", "had", "without", "with no")
    if leads and not item.plural:
        following = cursor.at(cursor.skip(last + 1))
        cursor.draft.single = cursor.draft.single or following.has("rank")
        return following.has("rank")
    leads = leads or after.has("earns")
    if leads and item.plural and cursor.draft.counted and cursor.draft.measures:
        raise Unclear(f"{item.text}: of all such together, or of each? Say by, or leave out total")
    beyond = cursor.at(last + 2)
    if after.text in ("have", "had") and (beyond.has("together") or not beyond.meanings):
        return False  # "how much budget do the lines have in total"
    return leads or (item.plural and (cursor.draft.compare or after.has("order")))
