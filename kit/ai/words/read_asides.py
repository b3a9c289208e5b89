"""Read what repeats, explains or lays out what was asked, and adds nothing to it."""

from __future__ import annotations

from kit.ai.words.asked import Aggregate, Group, Holds, Measure, Metric, OneOf, Order, When
from kit.ai.words.clock import Hours
from kit.ai.words.draft import Cursor, Placed
from kit.ai.words.gloss import canonical
from kit.ai.words.measures import measure_at
from kit.ai.words.ranks import descends
from kit.ai.words.unclear import Unclear

_SUMS = ("sum", "total", "summed", "summed up", "sums", "totals")
_OFTEN = {("won", True): "win_rate", ("won", False): "loss_rate", ("clicked", True): "ctr"}


def read_again(cursor: Cursor) -> bool:
    """Read a list of columns, ``unit, wins, eCPM``: its first names are what to group by."""
    if not cursor.item.has("dimension") or cursor.counting or cursor.negate:
        return False
    before = cursor.at(cursor.place - 1)
    if not (cursor.place == 0 or before.has("separator", "list") or _asks(before.text)):
        return False
    groups: list[Group] = []
    place = cursor.place
    while (dimension := cursor.at(place).get("dimension")) is not None:
        if cursor.at(place).plural or cursor.at(place).has("metric"):
            break
        groups.append(Group(str(dimension.value)))
        said, after = cursor.joint(place + 1)
        if said not in (",", "and"):
            return False
        place = cursor.skip(after)
    listed = cursor.at(place).has("metric", "agg", "quantile") and groups
    if not listed or any(group not in cursor.draft.groups for group in groups[: _known(cursor)]):
        return False
    for group in groups:
        cursor.add_group(group)
    cursor.place = place
    return True


def _asks(text: str) -> bool:
    asking = ("show", "list", "give", "display", "report", "return", "need", "want", "see")
    return bool({*text.split()} & {*asking})


def _known(cursor: Cursor) -> int | None:
    """Return how many names of a list must be known: all, once there are groups."""
    return None if cursor.draft.groups else 0


def read_how_summed(cursor: Cursor) -> bool:
    """Read ``(sum over its units)`` and ``, a plain mean over pairs``: as it is done anyway."""
    measures = cursor.draft.measures
    place = cursor.place + cursor.item.has("simple")
    here = cursor.at(place)
    if not measures or not (here.has("agg") or here.text in _SUMS):
        return False
    over = cursor.at(place + 1)
    noun = cursor.at(cursor.skip(place + 2, "all"))
    end = cursor.skip(place + 2, "all") + 1
    before = cursor.at(cursor.place - 1)
    closed = cursor.at(end).has("separator") or end >= len(cursor.items)
    if over.text not in ("over", "across", "of", "over all", "across all", "for"):
        return False
    rows = noun.has("dimension", "table", "metric")
    if cursor.at(place + 2).text == "rows":
        rows, end = True, place + 3
        closed = cursor.at(end).has("separator") or end >= len(cursor.items)
    if not (before.text in (",", "(", ";") and closed and rows):
        return False
    if cursor.at(cursor.place).has("simple") and here.has("agg"):
        cursor.draft.plain, cursor.aggregate = True, None
        cursor.place = end
        return True
    if not all(_is_done(cursor, measure, here.text) for measure in measures):
        raise Unclear(f"{here.text} over {noun.text}: that is not how I would sum it up")
    cursor.place = end
    return True


def _is_done(cursor: Cursor, measure: Measure, how: str) -> bool:
    if how in _SUMS:
        return isinstance(measure, Metric) and measure.name in cursor.layer.additive
    return isinstance(measure, Aggregate) and measure.function == "avg" and not measure.weight


def read_as(cursor: Cursor) -> bool:
    """Read ``counting the value of the clicks as return``, ``auctions without a floor as 0``."""
    return _counted_as(cursor) or _zero(cursor)


def _counted_as(cursor: Cursor) -> bool:
    if cursor.item.text not in ("counting", "taking", "using", "with", "treating", "considering"):
        return False
    if not cursor.draft.measures or not cursor.at(cursor.skip(cursor.place + 1)).has("metric"):
        return False
    found = measure_at(cursor, cursor.skip(cursor.place + 1))
    end = found[1] if found else 0
    while cursor.at(end).has("filler") and not cursor.at(end).has("as"):
        end += 1
    if found is None or not cursor.at(end).has("as"):
        return False
    target = measure_at(cursor, cursor.skip(end + 1))
    same = target and canonical(cursor.layer, target[0]) == canonical(cursor.layer, found[0])
    parts = [part for each in cursor.draft.measures for part in _parts(cursor, each)]
    if not same or target is None or found[0] not in parts:
        raise Unclear(f"{cursor.item.text} one thing as another: that is not how I define it")
    cursor.place = target[1]
    return True


def _parts(cursor: Cursor, measure: Measure) -> list[Measure]:
    if not isinstance(measure, Metric):
        return [measure]
    parts = cursor.layer.metrics[measure.name].parts
    return [measure, *(each for name in parts for each in _parts(cursor, Metric(name)))]


def _zero(cursor: Cursor) -> bool:
    """Read that rows without a floor count as 0, which they do: the column holds a 0 there."""
    place = cursor.skip(cursor.place, "metric") if not cursor.item.has("filter") else cursor.place
    kept = cursor.at(place).get("filter")
    number = cursor.at(place + 2).get("number")
    if kept is None or number is None or not cursor.at(place + 1).has("as"):
        return False
    sql = cursor.layer.filters[str(kept.value[0])].sql
    columns = [each.column for each in cursor.draft.measures if isinstance(each, Aggregate)]
    if number.value != 0 or kept.value[1] or sql not in [f"{name} > 0" for name in columns]:
        raise Unclear(f"{cursor.at(place).text} as {number.value:g}: that is not how they count")
    cursor.place = place + 3
    return True


def read_often(cursor: Cursor) -> bool:
    """Read ``where do we win most often`` and ``do we win more or less often``: a rate."""
    item = cursor.item
    compared = item.has("compare") and item.text.split()[-1] in ("often", "frequently")
    meaning = item.get("often_rank")
    if meaning is None and not compared:
        return False
    place = cursor.back(cursor.place)
    said = [kept.value for kept in cursor.at(place).all("filter") if kept.value in _OFTEN]
    if not said or _OFTEN[said[0]] not in cursor.layer.metrics:
        raise Unclear(f"{item.text}: what? I know how often we win, lose, or are clicked")
    cursor.draft.where = [each for each in cursor.draft.where if each.place != place]
    measure = Metric(_OFTEN[said[0]])
    if measure not in cursor.draft.measures:
        cursor.draft.measures.append(measure)
    if meaning is not None:
        cursor.draft.how, cursor.draft.ranked = str(meaning.value), True
        descending = descends(cursor.draft.how, measure, cursor.layer)
        cursor.draft.order = Order(measure, descending)
    cursor.draft.compare |= compared
    cursor.place += 1
    return True


def read_rest(cursor: Cursor) -> bool:
    """Read ``exploration traffic versus the rest``: rows that hold a filter, and the others."""
    if not cursor.item.has("rest") or not cursor.draft.where:
        return False
    last = cursor.draft.where[-1]
    condition = last.condition
    joined = any(cursor.at(place).has("versus", "and") for place in range(last.place, cursor.place))
    negated = isinstance(condition, OneOf | When) and condition.negated
    if not joined and not (negated or (isinstance(condition, Holds) and not condition.positive)):
        return False
    if joined and not isinstance(condition, Holds):
        raise Unclear(f"{cursor.item.text}: as one group beside it? Ask for it with not")
    if joined:
        cursor.draft.where[-1] = Placed(condition, last.place, False, "contrary")
    cursor.place += 1
    return True


def read_layout(cursor: Cursor) -> bool:
    """Read how the answer is laid out: *two columns*, *skip the first day*, *trend of*."""
    item, draft = cursor.item, cursor.draft
    clock = item.get("clock")
    totals = item.text == "totals" and cursor.at(cursor.place - 1).text in ("with", "and", "plus")
    if item.has("total_row") or totals:
        raise Unclear(f"{item.text}: a row for all beside the groups? Ask for one at a time")
    if item.has("basis_points"):
        raise Unclear(f"{item.text}: I give shares, from 0 to 1 or in percent; say one")
    if item.has("columns"):
        draft.columns = True
    elif item.has("skip_first"):
        draft.skip_first = True
    elif item.has("percent"):
        pass  # noted for the whole question already
    elif item.has("trend"):
        draft.trend = True
    elif clock is not None:
        _set_clock(cursor, str(clock.value))
    elif item.text == "and not" and cursor.at(cursor.skip(cursor.place + 1, "by")).has("clock"):
        cursor.negate = True
        cursor.place = cursor.skip(cursor.place + 1, "by")
        return True
    elif item.has("yes_no"):
        if not (draft.groups and draft.groups[-1].is_filter):
            return False
    elif not (item.has("same") and draft.measures and not item.has("cmp")):
        return False
    cursor.place += 1
    return True


def read_daypart(cursor: Cursor) -> bool:
    """Read ``in the evening (18 to 22)``: the hours must be said."""
    if not cursor.item.has("daypart"):
        return False
    place = cursor.place + 1
    while cursor.at(place).text in ("(", ",", ":", "from", "between", "ie", "hours", "utc"):
        place += 1
    said = [item.get("time") for item in (cursor.at(place), cursor.at(place - 1))]
    hours = next((time.value for time in said if time and isinstance(time.value, Hours)), None)
    known = [each.condition for each in cursor.draft.where if isinstance(each.condition, When)]
    if hours is not None or any(isinstance(each.time, Hours) for each in known):
        cursor.place += 1
        return True
    first, last = cursor.at(place).get("number"), cursor.at(place + 2).get("number")
    if (
        first is None
        or last is None
        or cursor.at(place + 1).text not in ("to", "-", "\u2013", "and", "thru", "through")
    ):
        raise Unclear(f"{cursor.item.text}: which hours? Say from when to when, UTC")
    hours = Hours(int(first.value), int(last.value))
    if max(hours.first, hours.end) > 24 or hours.first == hours.end:
        raise Unclear(f"{cursor.item.text}: hours of a day are 0 to 24")
    cursor.draft.where.append(Placed(When(hours, cursor.negate), cursor.place))
    cursor.negate = False
    cursor.place = place + 3
    return True


def _set_clock(cursor: Cursor, clock: str) -> None:
    """Note by which time days are told; ``not auction time`` only says the other again."""
    negate, cursor.negate = cursor.negate, False
    if negate:
        clock = "conversion" if clock == "auction" else "auction"
    if cursor.draft.clock not in ("", clock):
        raise Unclear("by the time of the auction and of the conversion: say one of the two")
    cursor.draft.clock = clock
    if clock == "conversion" and {"date", "day"} & set(cursor.item.text.split()):
        cursor.add_group(Group("day"))  # "by conversion date"
