"""Read how groups are ranked: *top 3 ad units*, *the highest win rate*, *sorted by spend*."""

from __future__ import annotations

from kit.ai.words.asked import Aggregate, Group, Measure, Metric, Order, PerGroup
from kit.ai.words.draft import Cursor
from kit.ai.words.measures import GRAINS, measure_at
from kit.ai.words.ranks import descends, price_of, whole_rows
from kit.ai.words.read_groups import combined, groups_at
from kit.ai.words.unclear import Unclear


def _of_one(cursor: Cursor) -> None:
    """Read ``for each exchange, the ad unit with the most clicks``: one in each of the first."""
    place = cursor.back(cursor.place)
    if not cursor.at(place).has("dimension") or cursor.draft.which or cursor.draft.combined:
        return
    before = cursor.at(place - 1)
    if before.text == "," and len(cursor.draft.groups) > 1:
        cursor.draft.each = cursor.draft.groups[:-1]
        cursor.draft.single = not cursor.at(place).plural


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
    place = combined(cursor, cursor.skip(place, "combination", "how_many"))
    _check_how_many(cursor, number is not None)
    _of_one(cursor)
    nth = cursor.at(cursor.place - 1).get("nth")
    if nth is not None:
        if number is not None:
            raise Unclear(f"{cursor.at(cursor.place - 1).text} {cursor.item.text}: of which many?")
        cursor.draft.skip, cursor.draft.limit = int(nth.value) - 1, 1
    if number is not None:
        cursor.draft.limit = whole_rows(number.value)
    how = str(rank.value) if rank else "desc"
    counted = cursor.item.text == "top" and number is not None and _ends(cursor, place)
    if counted and cursor.draft.ranked:  # "which hours have the best win rate? top 3"
        cursor.draft.single, cursor.place = False, place
        return True
    if cursor.draft.ranked and cursor.draft.how not in ("", how) and not cursor.aside:
        raise Unclear(f"{cursor.item.text}: beside another word that ranks; say one")
    cursor.draft.ranked = True
    _ranked(cursor, place, how)
    return True


def _ends(cursor: Cursor, place: int) -> bool:
    return place >= len(cursor.items) or cursor.at(place).has("separator")


def _check_how_many(cursor: Cursor, counted: bool) -> None:
    """Doubt ``lines with the most pairs``: the first one, the first few, or all in order."""
    noun = cursor.at(cursor.back(cursor.place))
    several = noun.has("dimension") and noun.plural and not noun.has("metric")
    beside = any(cursor.at(place).has("with") for place in range(cursor.place - 2, cursor.place))
    if several and beside and not counted and cursor.draft.limit is None:
        raise Unclear(f"{noun.text} with the {cursor.item.text}: how many? Say top 1 or top 3")


def _ranked(cursor: Cursor, place: int, how: str) -> None:
    cursor.draft.how = how
    item = cursor.at(place)
    if item.text in GRAINS and _extreme_of_days(cursor, place, how):
        return
    listed = cursor.draft.limit is not None or cursor.at(place + 1).has("by", "with")
    listed = listed and not (item.has("metric") and cursor.draft.groups)  # "the most supply rows"
    groups = groups_at(cursor, place) if listed or not item.has("metric") else None
    apart = any(cursor.at(each).has("prep") for each in range(cursor.place + 1, place))
    if groups is not None and not (apart and groups[0][0].is_filter):
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
        cursor.draft.bare_rank = how in ("desc", "asc") and not cursor.draft.groups
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
