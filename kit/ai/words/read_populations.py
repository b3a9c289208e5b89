"""Read what stands before a colon, the rows that count, and what of them is counted after it."""

from __future__ import annotations

from kit.ai.words.asked import Aggregate, Measure, Metric, PerGroup
from kit.ai.words.draft import Cursor
from kit.ai.words.read_scopes import scope_to
from kit.ai.words.unclear import Unclear

_ENDS = (":", "\u2014")
_ASKS = ("by", "per", "across", "agg", "quantile", "share", "share_noun", "how_many", "rank",
         "order", "which", "trend", "running", "change", "growth", "change_in", "divide",
         "minus", "plus", "ratio_of", "difference", "distinct", "direction", "often")  # fmt: skip
_ASKED = ("metric", "agg", "quantile", "column", "how_many", "share", "share_noun")


def read_population(cursor: Cursor) -> bool:
    """Read ``lost auctions on dione: average bid``: the noun says which rows, not what to count."""
    name = _counted(cursor, cursor.place)
    end = _head_end(cursor)
    if name is None or end is None or cursor.place > end or cursor.item.has("column"):
        return False
    head, tail = cursor.items[:end], cursor.items[end + 1 :]
    if not any(item.has(*_ASKED) for item in tail) or any(item.has("gloss") for item in tail[:1]):
        return False
    others = [item for item in head if item.has("metric") and item is not cursor.item]
    if others or any(item.has("how_many") for item in head):
        return False
    if any(item.has(*_ASKS) for item in head):
        if any(item.has("metric", "agg", "quantile", "how_many") for item in tail):
            raise Unclear(f"{cursor.item.text}: asked for too, or which rows count? Say and, or of")
        return False
    scope_to(cursor, name)
    cursor.place += 1
    return True


def read_count_of_those(cursor: Cursor) -> bool:
    """Read ``bids above 15: how many, how many won``: their count, and that of some of them."""
    if not cursor.item.has("how_many"):
        return False
    after = cursor.at(cursor.place + 1)
    if after.text == "," or (after.has("separator", "and") and cursor.before.text in _ENDS):
        name = _population(cursor)
        if name is None:
            raise Unclear(f"{cursor.item.text}: of what? Say it right after")
        cursor.add_measure(Metric(name))
        cursor.place += 1
        return True
    kept = after.get("filter")
    if kept is None or after.has("metric"):
        return False
    ends = cursor.at(cursor.place + 2)
    if not (ends.has("separator", "and", "by", "per") or _last(cursor)):
        if cursor.draft.measures:
            raise Unclear(f"{cursor.item.text} {after.text}: of those before? Say of what")
        return False
    filtered = cursor.layer.filters[str(kept.value[0])].sql
    counts = {metric.count: name for name, metric in cursor.layer.metrics.items()}
    name = counts.get(filtered if kept.value[1] else f"NOT {filtered}")
    if name is not None and _population(cursor) is None and cursor.draft.measures:
        _check_subset(cursor, name)
        cursor.draft.of_those = True
    elif name is None or _population(cursor) is None:
        return False
    cursor.add_measure(Metric(name))
    cursor.place += 2
    return True


def _check_subset(cursor: Cursor, name: str) -> None:
    """Doubt ``how many wins, how many clicked``, unless the rows are among those before."""
    first = cursor.draft.measures[0]
    whole = cursor.layer.metrics[first.name].count if isinstance(first, Metric) else None
    part = cursor.layer.metrics[name].count
    if whole != "*" and not (whole == "won" and part in ("click", "conversion")):
        raise Unclear(f"{cursor.item.text}: of those before? Say of what")


def read_over_all(cursor: Cursor) -> bool:
    """Read ``sum of the budgets over all lines``: one total, and no group."""
    place = cursor.place + 1
    if not cursor.item.has("across", "divide") or cursor.item.text in ("between all", "/"):
        return False
    if not cursor.item.text.endswith("all"):
        if not cursor.at(place).has("all"):
            return False
        place += 1
    noun = cursor.at(cursor.skip(place) if cursor.at(place).text == "of" else place)
    dimension = noun.get("dimension")
    if dimension is None or not noun.plural or cursor.place == 0:
        return False
    name = str(dimension.value)
    told = any(group.name == name for group in cursor.draft.groups)
    if told or cursor.draft.compare or cursor.draft.which or cursor.draft.ranked:
        raise Unclear(f"{cursor.item.text} {noun.text}: one total, or of each? Say by, or drop it")
    if cursor.aggregate or any(_is_mean_of_sums(cursor, each) for each in cursor.draft.measures):
        raise Unclear(f"average {cursor.item.text} {noun.text}: of rows, or of each one's total?")
    cursor.draft.pooled.append(name)
    cursor.place = place + 1
    return True


def _is_mean_of_sums(cursor: Cursor, measure: Measure) -> bool:
    """Say whether an average may be of rows or of sums: of capacity, but not of a price."""
    if isinstance(measure, Metric | Aggregate):
        summed = isinstance(measure, Aggregate) and measure.function != "sum"
        return summed and cursor.unit_of(measure) in ("impressions", "money")
    return isinstance(measure, PerGroup)


def _last(cursor: Cursor) -> bool:
    return cursor.place + 2 >= len(cursor.items)


def _counted(cursor: Cursor, place: int) -> str | None:
    """Return the metric that counts rows at a place, if one does."""
    metric = cursor.at(place).get("metric")
    name = str(metric.value) if metric else ""
    return name if name and cursor.layer.metrics[name].count else None


def _head_end(cursor: Cursor) -> int | None:
    return next((place for place, item in enumerate(cursor.items) if item.text in _ENDS), None)


def _population(cursor: Cursor) -> str | None:
    """Return what is counted before the colon, if it is one thing."""
    end = _head_end(cursor)
    found = [_counted(cursor, place) for place in range(end or 0)]
    names = [name for name in found if name is not None]
    return names[0] if end is not None and end < cursor.place and len(names) == 1 else None
