"""Two measures of different rows, one over the other: ``CTR on news as a multiple of that on ...``."""  # noqa: E501

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kit.ai.words.asked import Quotient, Scoped, Signed
from kit.ai.words.draft import Draft
from kit.ai.words.items import Item
from kit.ai.words.unclear import Unclear

_CONDITIONS = ("label", "filter", "time")


def read_multiple(items: Sequence[Item]) -> tuple[Sequence[Item], Sequence[Item], bool] | None:
    """Return the items before and after the words that divide or subtract, and if they subtract.

    Only if both halves say which rows.
    """
    for place, item in enumerate(items):
        if not item.has("multiple", "divide", "minus"):
            continue
        if items[place + 1 : place + 2] and items[place + 1].has("number"):
            continue  # "over 2.5 %" is a limit
        if item.text == "/" and _is_list(items, place):
            continue
        halves = (items[:place], items[place + 1 :])
        if all(any(each.has(*_CONDITIONS) for each in half) for half in halves):
            return *halves, item.has("minus")
    ratio = _ratio_to(items)
    return (*ratio, False) if ratio else None


def _is_list(items: Sequence[Item], place: int) -> bool:
    """Tell ``US / JP``, a list, from ``CTR on mobile / CTR on desktop``."""
    return items[place - 1].has("label") and items[min(place + 1, len(items) - 1)].has("label")


def _ratio_to(items: Sequence[Item]) -> tuple[Sequence[Item], Sequence[Item]] | None:
    """Read ``ratio of CTR on mobile to CTR on desktop``."""
    starts = [place for place, item in enumerate(items) if item.has("ratio_of")]
    if not starts:
        return None
    later = range(starts[0] + 1, len(items))
    for joint in (place for place in later if items[place].text == "to"):
        halves = ((*items[: starts[0]], *items[starts[0] + 1 : joint]), items[joint + 1 :])
        if all(any(each.has(*_CONDITIONS) for each in half) for half in halves):
            return halves
    return None


def joined(first: Draft, second: Draft, subtract: bool) -> Draft:
    """Return one draft that divides the first's measure by the second's, or subtracts it."""
    if first.fees and second.fees and first.fees != second.fees:
        raise Unclear("with fees and before fees: say one of the two")
    for half in (first, second):
        extra = half.having or half.order or half.share or half.window or half.of_total
        if extra or half.limit or half.compare or half.difference or half.weight:
            raise Unclear("two measures of different rows: ask for nothing else with it")
    apart = first.groups and second.groups
    if len(first.measures) != 1 or len(second.measures) > 1 or apart:
        raise Unclear("two measures of different rows: say one measure and its rows on either side")
    below = second.measures[0] if second.measures else first.measures[0]
    tops, bottoms = (
        tuple(placed.condition for placed in half.where) for half in (first, second)
    )  # fmt: skip
    if any(
        placed.joint in ("and", "versus", "contrary")
        for half in (first, second)
        for placed in half.where
    ):
        raise Unclear("two measures of different rows: one label on either side")
    upper, lower = Scoped(first.measures[0], tops), Scoped(below, bottoms)
    both = Signed((("+", upper), ("-", lower))) if subtract else Quotient(upper, lower)
    return replace(
        first,
        measures=[both],
        where=[],
        groups=first.groups or second.groups,
        fees=first.fees or second.fees,
        percent=first.percent or second.percent,
    )
