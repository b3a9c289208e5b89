"""Read which rows count: labels, named filters, times, and what a count noun stands for."""

from __future__ import annotations

from datetime import date

from kit.ai.words.asked import Compares, Holds, Metric, OneOf, When
from kit.ai.words.clock import Hours
from kit.ai.words.draft import JOINTS, Cursor, Placed
from kit.ai.words.items import Item
from kit.ai.words.times import Days
from kit.ai.words.unclear import Unclear
from kit.ai.words.vocabulary import SHORT_LABEL

_ENDS = ("first day", "last day", "latest day", "final day")
_WHOSE = (["each"], ["every"], ["that"], ["when"], ["on"], ["with"], ["where"], ["which"])
_TO = ("to", "through", "until", "till", "thru", "\u2013")


def read_not(cursor: Cursor) -> bool:
    """Read *not*, *except*, *without*: it holds for the list that follows."""
    if not cursor.item.has("not"):
        return False
    target = cursor.skip(cursor.place + 1)
    metric = cursor.at(target).get("metric")
    if _negated_count(cursor, target):
        return True
    none = cursor.item.text == "without" or cursor.item.text.endswith(" no")
    if metric is not None and none and metric.value in counts(cursor):
        cursor.draft.having.append(Compares(Metric(str(metric.value)), "=", 0.0))
        cursor.place = target + 1
        return True
    cursor.negate = not cursor.negate
    cursor.place = _past_rows(cursor, target) if metric is not None else cursor.place + 1
    return True


def _negated_count(cursor: Cursor, place: int) -> bool:
    """Read ``throw out the invalid impressions``: rows for which the filter does not hold."""
    metric = cursor.at(place).get("metric")
    count = cursor.layer.metrics[str(metric.value)].count if metric else None
    filters = {kept.sql: name for name, kept in cursor.layer.filters.items()}
    name = filters.get(str(count).removeprefix("won AND "))
    if (
        count in (None, "won", "click", "conversion")
        or name is None
        or cursor.at(place).has("column")
    ):
        return False
    cursor.negate = not cursor.negate
    hold(cursor, Holds(name, not cursor.negate))
    cursor.place = place + 1
    _after_condition(cursor)
    return True


def _past_rows(cursor: Cursor, place: int) -> int:
    """Pass over the noun of ``skip the auctions with a zero floor``, which are all rows."""
    metric = cursor.at(place).get("metric")
    every = metric is not None and cursor.layer.metrics[str(metric.value)].count == "*"
    after = cursor.at(place + 1)
    says = after.has("filter", "label", "time") or cursor.at(cursor.skip(place + 1)).has("column")
    return place + 1 if every and (says or after.has("prep", "with")) else cursor.place + 1


def counts(cursor: Cursor) -> frozenset[str]:
    """Return the names of the metrics that count rows."""
    metrics = cursor.layer.metrics
    return frozenset(name for name, metric in metrics.items() if metric.count)


def read_labels(cursor: Cursor) -> bool:
    """Read labels of one dimension, with the words that join them."""
    if not cursor.item.has("label") or _is_a_word_too(cursor):
        return False
    _note_comma(cursor)
    start = cursor.place
    dimension = _dimension_of(cursor, start)
    labels: list[str] = []
    joints: list[str] = []
    end = start
    while True:
        label = _label(cursor.at(end), dimension)
        if label is None:
            break
        labels.append(label)
        place = _past_noun(cursor, end + 1, dimension)
        until = _label(cursor.at(place + 1), dimension) if cursor.at(place).text in _TO else None
        if until is not None and dimension == "weekday" and int(until) > int(label):
            labels += [str(day) for day in range(int(label) + 1, int(until) + 1)]
            joints.append("or")
            place += 2
        said, following = cursor.joint(place)
        following = _past_noun(cursor, past_soft(cursor, following), dimension)
        if not said or _label(cursor.at(following), dimension) is None:
            end = place
            break
        joints.append(said)
        end = following
    joint = "versus" if "versus" in joints else next((j for j in joints if j != ","), ",")
    days = _part_of_week(cursor, dimension, labels, joint)
    if days is not None:
        hold(cursor, Holds(days.name, days.positive != cursor.negate))
    else:
        _add_labels(cursor, dimension, labels, joint if len(labels) > 1 else "", start)
    cursor.place = end
    _after_condition(cursor)
    return True


def _note_comma(cursor: Cursor) -> None:
    """Note a condition right after a comma: it says which rows, and is not what is shared out.

    One after *or* must be of the list before, and would have been read with it.
    """
    joint = cursor.back(cursor.place)
    if cursor.at(joint).has("or") and cursor.at(cursor.back(joint)).has("label", "filter", "time"):
        raise Unclear(f"or {cursor.item.text}: of another kind than what is before or; ask for one")
    if cursor.at(cursor.place - 1).text == ",":
        cursor.draft.apart.add(cursor.place)


def _part_of_week(
    cursor: Cursor, dimension: str, labels: list[str], joint: str
) -> Holds | None:  # fmt: skip
    """Return the filter that says ``Saturdays and Sundays``, or Monday to Friday."""
    if dimension != "weekday" or joint == "versus" or "weekend" not in cursor.layer.filters:
        return None
    days = {"".join(map(str, range(5))): False, "56": True}.get("".join(sorted(labels)))
    return None if days is None else Holds("weekend", days)


def _is_a_word_too(cursor: Cursor) -> bool:
    """Let a label such as ``by`` or ``spend`` be one only beside the name of its dimension."""
    item = cursor.item
    labels = [str(meaning.value[1]) for meaning in item.all("label")]
    codes = all(len(label) <= SHORT_LABEL and label.isupper() for label in labels)  # IN is no "in"
    if codes or all(meaning.kind in ("label", "filler", "noun") for meaning in item.meanings):
        return False
    beside = (cursor.at(cursor.place - 1), cursor.at(cursor.place + 1))
    return not any(_names(each, m.value[0]) for each in beside for m in item.all("label"))


def past_soft(cursor: Cursor, place: int) -> int:
    """Pass over the words between two labels, but over no noun: it may be of another list."""
    while cursor.at(place).has("prep", "filler") and not cursor.at(place).has("label", "metric"):
        place += 1
    return place


def _dimension_of(cursor: Cursor, place: int) -> str:
    dimensions = list(dict.fromkeys(m.value[0] for m in cursor.at(place).all("label")))
    if len(dimensions) == 1:
        return str(dimensions[0])
    beside = (cursor.at(place - 1), cursor.at(place + 1))
    fits = [name for name in dimensions if any(_names(item, name) for item in beside)]
    if len(fits) != 1:
        raise Unclear(
            f"{cursor.at(place).text}: a label of {' or of '.join(dimensions)}? Say which"
        )
    return str(fits[0])


def _names(item: Item, dimension: str) -> bool:
    meanings = (*item.all("dimension"), *item.all("noun"))
    return any(meaning.value == dimension for meaning in meanings)


def _label(item: Item, dimension: str) -> str | None:
    found = [m.value[1] for m in item.all("label") if m.value[0] == dimension]
    return str(found[0]) if found else None


def _past_noun(cursor: Cursor, place: int, dimension: str) -> int:
    """Pass over the dimension's own noun beside a label: ``shopping sites``, ``unit unit03``."""
    item = cursor.at(place)
    return place + 1 if _names(item, dimension) and not item.has("metric") else place


def _add_labels(
    cursor: Cursor, dimension: str, labels: list[str], joint: str, start: int
) -> None:  # fmt: skip
    for place, known in enumerate(cursor.draft.where):
        condition = known.condition
        if isinstance(condition, OneOf) and condition.dimension == dimension:
            if not cursor.negate and condition.negated:
                continue
            if _versus_between(cursor, known.place, start) and not cursor.negate:
                both = tuple(dict.fromkeys((*condition.labels, *labels)))
                merged = OneOf(dimension, both)
                cursor.draft.where[place] = Placed(merged, known.place, known.linked, "versus")
                return
            if not cursor.negate:
                raise Unclear(f"{' and '.join(labels)}: together with {', '.join(condition.labels)}"
                              ", or instead? Join them with and, or or versus")  # fmt: skip
    condition = OneOf(dimension, tuple(dict.fromkeys(labels)), cursor.negate)
    linked = cursor.linked(start)
    cursor.draft.where.append(Placed(condition, start, linked, joint))


def _versus_between(cursor: Cursor, first: int, last: int) -> bool:
    return any(cursor.at(place).has("versus") for place in range(first, last))


def read_filter(cursor: Cursor) -> bool:
    """Read a named filter; its contrary beside it tells the two apart."""
    _note_comma(cursor)
    item = cursor.item
    meaning = item.get("filter")
    if meaning is None or (item.has("metric") and not _is_beside(cursor)):
        return False
    if item.has("dimension") and not item.plural and cursor.at(cursor.place + 1).has("with"):
        return False  # "the weekday with the highest CTR"
    name, positive = meaning.value
    if _and_without(cursor, str(name)):
        return True
    hold(cursor, Holds(str(name), positive != cursor.negate))
    cursor.place += 1
    _after_condition(cursor)
    return True


def _and_without(cursor: Cursor, name: str) -> bool:
    """Read ``with a floor and without``: the two told apart."""
    after, last = cursor.at(cursor.place + 1), cursor.at(cursor.place + 2)
    ends = cursor.place + 3 >= len(cursor.items) or cursor.at(cursor.place + 3).has("separator")
    if not after.has("and", "versus") or last.text not in ("without", "not") or not ends:
        return False
    cursor.draft.where.append(Placed(Holds(name), cursor.place, False, "contrary"))
    cursor.place += 3
    return True


def hold(cursor: Cursor, holds: Holds) -> None:
    """Add a filter; beside its contrary the two are told apart."""
    contrary = Holds(holds.name, not holds.positive)
    start = cursor.place
    if cursor.at(start - 1).has(*JOINTS) and cursor.at(start - 2).text in ("with", "where"):
        if cursor.at(start - 1).has("or"):
            raise Unclear(f"with or {cursor.item.text}: told apart, or all of them? Say versus")
        cursor.draft.where.append(Placed(contrary, start, False, "contrary"))
        return  # "with and without a floor"
    for place, known in enumerate(cursor.draft.where):
        if known.condition == holds or (known.condition == contrary and known.joint == "contrary"):
            return
        if known.condition == contrary and _joined(cursor, known.place, start):
            cursor.draft.where[place] = Placed(known.condition, known.place, False, "contrary")
            break
        if known.condition == contrary:
            raise Unclear(f"{cursor.item.text}: contradicts what was said before")
    else:
        verb = cursor.item.text.split()[0] in ("is", "are", "was", "were")
        cursor.draft.where.append(Placed(holds, start, verb or cursor.linked(start)))


def _joined(cursor: Cursor, first: int, last: int) -> bool:
    return any(cursor.at(place).has(*JOINTS) for place in range(first, last))


def _is_beside(cursor: Cursor) -> bool:
    """Say whether a phrase that is a metric too is meant as a filter, beside another measure."""
    if cursor.counting:
        return False
    after, before = cursor.at(cursor.place + 1), cursor.at(cursor.place - 1)
    listed = before.has("separator", "and") or cursor.place == 0
    if listed and (after.has("separator", "and", "by", "per", "percent") or not after.meanings):
        return False  # "impressions, IVT, CTR" asks for all three
    others = (item for place, item in enumerate(cursor.items) if place != cursor.place)
    return cursor.draft.share is not None or any(item.has("metric") for item in others)


def read_time(cursor: Cursor) -> bool:
    """Read days or hours."""
    meaning = cursor.item.get("time")
    if meaning is None:
        return False
    if cursor.item.text in _ENDS and cursor.at(cursor.place + 1).text.split()[:1] in _WHOSE:
        raise Unclear(f"{cursor.item.text} {cursor.at(cursor.place + 1).text}: of each, or of all?")
    time = meaning.value if isinstance(meaning.value, Hours) else (meaning.value,)
    if isinstance(time, Hours):
        _check_hours(cursor, time)
    if isinstance(time, Hours) or not _more_days(cursor, time):
        placed = Placed(When(time, cursor.negate), cursor.place, cursor.linked(cursor.place))
        cursor.draft.where.append(placed)
    cursor.place += 1
    while not isinstance(time, Hours) and (more := _day_after(cursor, time[-1])) is not None:
        time = (more[0],)
        _more_days(cursor, time, listed=True)
        cursor.place = more[1]
    _after_condition(cursor)
    return True


def _day_after(cursor: Cursor, days: Days) -> tuple[Days, int] | None:
    """Read the 6 of ``March 5 and 6``: a day of the same month."""
    said, end = cursor.joint(cursor.place)
    number = cursor.at(end).get("number") if said in JOINTS or said == "," else None
    after = cursor.at(end + 1)
    if number is None or days.first is None or days.first != days.last:
        return None
    if after.has("metric", "column", "dimension", "noun", "unit", "cmp", "tail", "rank"):
        return None
    try:
        day = days.first.replace(day=int(number.value))
    except ValueError:
        return None
    return Days(day, day), end + 1


def _check_hours(cursor: Cursor, hours: Hours) -> None:
    """Doubt hours beside hours, as in ``before 9 am and after 9 pm``: both never hold."""
    for known in cursor.draft.where:
        condition = known.condition
        if isinstance(condition, When) and isinstance(condition.time, Hours):
            first, end = condition.time.first, condition.time.end
            apart = hours.first >= end or first >= hours.end or end < first
            if apart or _joined(cursor, known.place, cursor.place):
                raise Unclear(f"{cursor.item.text}: together with the hours before, or instead?")


def _more_days(cursor: Cursor, days: tuple[Days, ...], listed: bool = False) -> bool:
    """Join days to those said before: ``March 7 and March 8``; else both must hold."""
    for place, known in enumerate(cursor.draft.where):
        condition = known.condition
        if not isinstance(condition, When) or isinstance(condition.time, Hours):
            continue
        said = [word for word in JOINTS for between in range(known.place, cursor.place + 1)
                if cursor.at(between).has(word)]  # fmt: skip
        said = said or ["and"] * listed  # a comma of "March 5, 6 and 8"
        if condition.negated != cursor.negate or (not said and _overlap(condition.time, days)):
            return False
        if not said:
            raise Unclear(f"{cursor.item.text}: together with the days before, or instead?")
        joint = "versus" if "versus" in said else said[0]
        both = When((*condition.time, *days), cursor.negate)
        cursor.draft.where[place] = Placed(both, known.place, known.linked, joint)
        return True
    return False


def _overlap(known: tuple[Days, ...], more: tuple[Days, ...]) -> bool:
    return any(_starts(one) <= _ends(other) and _starts(other) <= _ends(one)
               for one in known for other in more)  # fmt: skip


def _starts(days: Days) -> date:
    return days.first or date.min


def _ends(days: Days) -> date:
    return days.last or date.max


def _after_condition(cursor: Cursor) -> None:
    """Let *not* hold on over *and* and *or*, and end it otherwise."""
    said, end = cursor.joint(cursor.place)
    place = past_soft(cursor, end)
    if cursor.at(place).has("dimension") and cursor.at(place + 1).has("label"):
        place += 1  # "excluding hotel and segment unknown"
    if said not in ("and", "or") or not cursor.at(place).has("label", "filter", "time"):
        cursor.negate = False
    elif cursor.negate and any(cursor.at(each).has("prep") for each in range(end, place)):
        raise Unclear(f"and {cursor.at(place).text}: left out too, or kept? Say what is kept first")
