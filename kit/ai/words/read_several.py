"""Read several figures of one column: ``min, max and average bid``."""

from __future__ import annotations

from kit.ai.words.asked import Aggregate
from kit.ai.words.draft import Cursor
from kit.ai.words.unclear import Unclear

_EXTREMES = {"desc": "max", "asc": "min"}


def read_several(cursor: Cursor) -> bool:
    """Read ``min, max and average bid`` and ``median and 90th percentile of the bid``."""
    if cursor.item.has("column") and cursor.at(cursor.place + 1).text == ":":
        return _after_colon(cursor)
    functions: list[tuple[str, float | None]] = []
    place = cursor.place
    ranked = cursor.item.has("rank")
    while (item := cursor.at(place)).has("agg", "quantile", "rank"):
        point, function = item.get("quantile"), item.get("agg")
        if point is not None:
            functions.append(("quantile", float(point.value)))
        elif function is not None:
            functions.append((str(function.value), None))
        elif (rank := item.get("rank")) is not None and rank.value in _EXTREMES:
            functions.append((_EXTREMES[str(rank.value)], None))  # "the highest and lowest bid"
        place = _past_brackets(cursor, place + 1)
        said, after = cursor.joint(place)
        if not said:
            break
        place = after
    if len(functions) < 2:
        return False
    column = cursor.at(cursor.skip(place)).get("column")
    if column is None and ranked:
        return False
    if column is None or cursor.draft.measures:
        raise Unclear(f"{cursor.item.text} and more: of which column? Ask for nothing else with it")
    cursor.draft.measures = [
        Aggregate(function, str(column.value), point=point) for function, point in functions
    ]
    cursor.place = cursor.skip(place) + 1
    return True


def _past_brackets(cursor: Cursor, place: int) -> int:
    """Pass over ``(interpolated)``: brackets with nothing but fillers in them."""
    if cursor.at(place).text != "(":
        return place
    end = cursor.skip(place + 1)
    return end + 1 if cursor.at(end).text == ")" else place


def _after_colon(cursor: Cursor) -> bool:
    """Read ``conversion delay: median and p90``."""
    column = cursor.item.get("column")
    place, found = cursor.place + 2, []
    while column is not None and (item := cursor.at(place)).has("agg", "quantile"):
        point, function = item.get("quantile"), item.get("agg")
        how = "quantile" if point is not None else str(function.value) if function else ""
        found.append(Aggregate(how, str(column.value), point=point.value if point else None))
        said, after = cursor.joint(place + 1)
        place = after if said else place + 1
    if not found or cursor.draft.measures or cursor.at(place).has("column", "metric"):
        return False
    cursor.draft.measures = [*found]
    cursor.place = place
    return True
