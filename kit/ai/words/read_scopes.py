"""Read a count noun that says which rows: *on impressions we won*, *over all auctions*."""

from __future__ import annotations

from kit.ai.words.asked import Holds, Metric, RowsOf
from kit.ai.words.draft import JOINTS, Cursor, Placed
from kit.ai.words.read_rows import counts, hold, past_soft
from kit.ai.words.unclear import Unclear


def read_scope(cursor: Cursor) -> bool:
    """Read a count noun that says which rows: ``the average bid on impressions we won``."""
    metric = cursor.item.get("metric")
    if metric is None or metric.value not in counts(cursor) or cursor.counting:
        return False
    if cursor.draft.share is not None and _after_preposition(cursor):
        linked = cursor.linked(cursor.place)
        cursor.draft.where.append(Placed(RowsOf(str(metric.value)), cursor.place, linked))
        cursor.place += 1
        return True
    after = cursor.at(cursor.place + 1)
    if after.has("per") and cursor.at(cursor.place + 2).has("dimension"):
        pass  # "on won auctions per exchange"
    elif after.has("cmp", "per", "divide", "minus", "plus", "share_noun"):
        return False
    again = _joins_scope(cursor)
    named = again or _after_preposition(cursor) or _compared(cursor)
    if not _another_measure(cursor) or not named:
        return False
    if cursor.negate:
        raise Unclear(f"not {cursor.item.text}: say which rows instead")
    _check_base(cursor, str(metric.value))
    known = len(cursor.draft.where)
    scope_to(cursor, str(metric.value))
    if again and len(cursor.draft.where) > known:
        raise Unclear(f"{cursor.item.text}: rows, or a measure of its own? Ask for one")
    cursor.place += 1
    cursor.scoped_to = cursor.place
    return True


def _check_base(cursor: Cursor, name: str) -> None:
    """Doubt ``conversion rate from impressions``, which is over clicks."""
    count = cursor.layer.metrics[name].count
    for measure in cursor.draft.measures:
        ratio = cursor.layer.metrics[measure.name].ratio if isinstance(measure, Metric) else None
        below = cursor.layer.metrics[ratio[1]].count if ratio else None
        if below not in (None, "*", count) and count in ("won", "click", "conversion"):
            raise Unclear(
                f"{cursor.item.text}: what was asked for is over other rows; say the two counts"
            )


def _joins_scope(cursor: Cursor) -> bool:
    """Say whether a noun follows another that says which rows: ``of wins and losses``."""
    if cursor.scoped_to is None:
        return False
    said, end = cursor.joint(cursor.scoped_to)
    return bool(said) and past_soft(cursor, end) == cursor.place


def scope_to(cursor: Cursor, name: str) -> None:
    """Keep the rows that a count metric counts, by a filter where one says the same."""
    count = cursor.layer.metrics[name].count
    filters = {kept.sql: known for known, kept in cursor.layer.filters.items()}
    plain = str(count).removeprefix("NOT ")
    if plain in filters:
        hold(cursor, Holds(filters[plain], plain == count))
    elif count != "*":
        cursor.draft.where.append(Placed(RowsOf(name), cursor.place))


def _another_measure(cursor: Cursor) -> bool:
    here = cursor.place
    return any(
        item.has("metric", "agg", "quantile") and place != here
        for place, item in enumerate(cursor.items)
    )


def _after_preposition(cursor: Cursor) -> bool:
    place = cursor.place - 1
    while cursor.at(place).has("label", "filter", "noun", "all", *JOINTS):
        place -= 1
    if place < cursor.place - 1 and cursor.at(place + 1).has("and"):
        return False
    before = cursor.at(place)
    if cursor.draft.share is not None and before.has("copula"):
        return True
    if before.has("across") and cursor.draft.measures:
        return True  # "over all auctions"
    return before.has("prep") and not cursor.at(place - 1).has("and") and place >= 0


def _compared(cursor: Cursor) -> bool:
    """Say whether a noun names what is compared: ``how do valid impressions compare in CTR``."""
    before = cursor.at(cursor.place - 1).has("filter", "label")
    later = range(cursor.place + 1, len(cursor.items))
    compares = [place for place in later if cursor.at(place).has("compare")]
    return before and any(cursor.at(p).has("metric") for c in compares for p in later if p > c)
