"""Read what to group by, and how the groups are ranked."""

from __future__ import annotations

from kit.ai.words.asked import Aggregate, Distinct, Group, Measure, Metric, Order, PerGroup
from kit.ai.words.draft import Cursor
from kit.ai.words.measures import GRAINS, measure_at
from kit.ai.words.ranks import descends, price_of
from kit.ai.words.unclear import Unclear

_BARE = ("daily", "hourly", "weekly", "day by day", "hour by hour", "week by week", "over time",
         "date by date")  # fmt: skip


def read_by(cursor: Cursor) -> bool:
    """Read ``by exchange and day``, ``for each campaign``, ``per hour``."""
    item = cursor.item
    if not item.has("by", "per", "across"):
        return False
    place = _combined(cursor, cursor.skip(cursor.place + 1, "combination", "distinct"))
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


def _combined(cursor: Cursor, place: int) -> int:
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
    place = _combined(cursor, cursor.skip(place, "combination", "all"))
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
        cursor.draft.limit, cursor.draft.single = _whole(number.value), False
    cursor.place = end
    return True


def _of_one(cursor: Cursor) -> None:
    """Read ``for each exchange, the ad unit with the most clicks``: one in each of the first."""
    place = cursor.back(cursor.place)
    if not cursor.at(place).has("dimension") or cursor.draft.which or cursor.draft.combined:
        return
    before = cursor.at(place - 1)
    if before.text == "," and len(cursor.draft.groups) > 1:
        cursor.draft.each = cursor.draft.groups[:-1]
        cursor.draft.single = not cursor.at(place).plural


def _whole(value: float) -> int:
    if value != int(value) or not 1 <= value <= 1000:
        raise Unclear(f"{value:g} rows: say a whole number from 1")
    return int(value)


def read_rank(cursor: Cursor) -> bool:
    """Read ``top 3 ad units``, ``the highest win rate``, ``spent the most``."""
    rank = cursor.item.get("rank")
    number = cursor.item.get("number")
    if rank is None and not (number is not None and cursor.at(cursor.place + 1).has("rank")):
        return False
    place = cursor.place + 1
    if rank is None:
        rank, place = cursor.at(place).get("rank"), place + 1
    else:
        place = cursor.skip(place)
        number = cursor.at(place).get("number")
        place += number is not None
    place = _combined(cursor, cursor.skip(place, "combination", "how_many"))
    _of_one(cursor)
    nth = cursor.at(cursor.place - 1).get("nth")
    if nth is not None:
        if number is not None:
            raise Unclear(f"{cursor.at(cursor.place - 1).text} {cursor.item.text}: of which many?")
        cursor.draft.skip, cursor.draft.limit = int(nth.value) - 1, 1
    if number is not None:
        cursor.draft.limit = _whole(number.value)
    how = str(rank.value) if rank else "desc"
    if cursor.draft.ranked and cursor.draft.how not in ("", how) and not cursor.aside:
        raise Unclear(f"{cursor.item.text}: beside another word that ranks; say one")
    cursor.draft.ranked = True
    _ranked(cursor, place, how)
    return True


def _ranked(cursor: Cursor, place: int, how: str) -> None:
    cursor.draft.how = how
    item = cursor.at(place)
    if item.text in GRAINS and _extreme_of_days(cursor, place, how):
        return
    listed = cursor.draft.limit is not None or cursor.at(place + 1).has("by", "with")
    groups = groups_at(cursor, place) if listed or not item.has("metric") else None
    if groups is not None:
        after = cursor.at(groups[1])
        of_them = cursor.at(cursor.place - 1).text in ("of", "for") and cursor.draft.measures
        if of_them and not after.has("by", "with", "per", "order"):
            raise Unclear(f"{cursor.item.text} {item.text}: by which measure? Say by which")
        for group in groups[0]:
            cursor.add_group(group)
        if any(cursor.at(each).has("per") for each in range(place, groups[1])):
            cursor.draft.each.extend(groups[0][1:])  # "top country per campaign"
        if cursor.draft.limit is None and not item.plural:
            cursor.draft.single = True
        cursor.draft.order = Order(None, descends(how, None, cursor.layer))
        cursor.place = groups[1]
        return
    if item.has("column") and not item.has("metric"):
        _extreme(cursor, place, how)
        return
    found = measure_at(cursor, place) if item.has("metric", "agg", "quantile") else None
    if found is not None:
        measure = found[0]
        if how in ("dear", "cheap") and isinstance(measure, Metric):
            counted = cursor.layer.metrics[measure.name].count is not None
            measure = price_of(measure.name, cursor.layer) if counted else measure
        _order_by(cursor, measure, how)
        cursor.place = found[1]
        return
    if not cursor.draft.measures and item.has("by", "share"):
        # "which exchange is best by ROAS", "has the largest share of": the measure follows
        cursor.draft.order = Order(None, descends(how, None, cursor.layer))
        cursor.place = place
        return
    if not cursor.draft.measures:
        raise Unclear(f"{cursor.item.text}: of what? Say a measure")
    _order_by(cursor, cursor.draft.measures[-1], how)
    counted = cursor.at(place - 1).has("number")  # "pairs per line, top 5"
    cursor.place = place if counted else cursor.place + 1


def _extreme_of_days(cursor: Cursor, place: int, how: str) -> bool:
    """Read ``the highest daily spend``: a maximum over days, unless groups are ranked by it."""
    metric = cursor.at(place + 1).get("metric")
    if metric is None or how not in ("desc", "asc") or metric.value not in cursor.layer.additive:
        return False
    if cursor.draft.which or cursor.draft.limit:
        raise Unclear(f"{cursor.item.text} {cursor.at(place).text}: its average or its maximum?")
    function = "max" if how == "desc" else "min"
    inner = GRAINS[cursor.at(place).text]
    cursor.draft.ranked = False
    cursor.add_measure(PerGroup(function, Metric(str(metric.value)), inner))
    cursor.place = place + 2
    return True


def _order_by(cursor: Cursor, measure: Measure, how: str) -> None:
    order = cursor.draft.order
    if order is not None and order.by not in (None, measure):
        raise Unclear("ranked by two measures; say one")
    cursor.draft.order = Order(measure, descends(how, measure, cursor.layer))
    cursor.add_measure(measure)


def _extreme(cursor: Cursor, place: int, how: str) -> None:
    """Read ``the highest bid``: a maximum, unless groups are ranked by it."""
    text = cursor.at(place).text
    if cursor.draft.which or how not in ("desc", "asc"):
        raise Unclear(f"{cursor.item.text} {text}: its average, median or maximum? Say which")
    column = cursor.at(place).get("column")
    function = "max" if how == "desc" else "min"
    cursor.draft.ranked = False
    cursor.add_measure(Aggregate(function, str(column.value) if column else ""))
    cursor.place = place + 1


def read_order(cursor: Cursor) -> bool:
    """Read ``sorted by spend descending``, ``in date order``, ``rank exchanges``."""
    item = cursor.item
    if item.has("by_time"):
        cursor.draft.by_time = True
    elif item.has("direction"):
        meaning = item.get("direction")
        cursor.draft.direction = str(meaning.value) if meaning else ""
    elif item.has("list") and cursor.at(cursor.skip(cursor.place + 1)).has("dimension"):
        cursor.draft.listed = True
        cursor.draft.ranked = cursor.draft.ranked or item.text.startswith("rank")
    elif item.has("order"):
        return _ordered(cursor)
    else:
        return False
    cursor.place += 1
    return True


def _ordered(cursor: Cursor) -> bool:
    place = cursor.skip(cursor.place + 1)
    if cursor.at(place).has("dimension") and not cursor.at(place).has("metric"):
        dimension = cursor.at(place).get("dimension")
        group = Group(str(dimension.value) if dimension else "")
        if group != (cursor.draft.groups[:1] or [group])[0]:
            raise Unclear(f"sorted by {cursor.at(place).text}: name it first in the grouping")
        cursor.place = place + 1
        return True
    found = measure_at(cursor, place)
    if found is None:
        return False
    measure, end = found
    following = cursor.at(cursor.skip(end, "separator")).get("direction")
    if following is None and not cursor.item.text.startswith("rank"):
        raise Unclear(f"sorted by {cursor.at(place).text}: highest first or lowest first?")
    how = "desc" if following is None else str(following.value)
    cursor.draft.order = Order(measure, descends(how, measure, cursor.layer))
    cursor.draft.direction = ""
    cursor.draft.ranked = cursor.draft.ordered = True
    cursor.add_measure(measure)
    cursor.place = cursor.skip(end, "separator") + 1 if following is not None else end
    return True


def read_bare(cursor: Cursor) -> bool:
    """Read a dimension without *by*: ``daily spend``, ``units with ...``, ``campaign hotel``."""
    item, place = cursor.item, cursor.place
    number = item.get("number")
    if number is not None:
        place = cursor.skip(place + 1)
        if not (cursor.at(place).has("dimension") and cursor.at(place).plural):
            return False
        cursor.draft.limit = _whole(number.value)
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
