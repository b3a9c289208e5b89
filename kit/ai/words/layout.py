"""Finish how groups are told apart: columns, days, averages over groups, running totals."""

from __future__ import annotations

from dataclasses import replace

from kit.ai.words.asked import (
    Condition,
    Group,
    Holds,
    Measure,
    Metric,
    OneOf,
    Over,
    PerGroup,
    Scoped,
    When,
)
from kit.ai.words.draft import Draft, Placed
from kit.ai.words.unclear import Unclear
from kit.data.sql.meaning.layer import MetricLayer

_TIMES = ("day", "week", "hour")
_CONVERSION_DAY = Group("conversion_day")


def lay_out(draft: Draft, layer: MetricLayer) -> None:
    """Apply *in two columns*, *trend*, *by conversion time*, and rows told apart by a filter."""
    if draft.trend and not draft.groups:
        draft.groups.append(Group("day"))
    if draft.mix is not None and draft.mix not in draft.groups:
        draft.groups.append(draft.mix)
    _by_clock(draft, layer)
    _told_apart(draft)
    if draft.columns:
        _in_columns(draft)


def _by_clock(draft: Draft, layer: MetricLayer) -> None:
    """Count conversions on the day on which they happened, where that is asked for."""
    if draft.clock == "conversion" and Group("day") in draft.groups:
        draft.groups[draft.groups.index(Group("day"))] = _CONVERSION_DAY
    elif draft.clock == "conversion" and _CONVERSION_DAY not in draft.groups:
        raise Unclear("conversion time: ask for conversions by day of it")
    if _CONVERSION_DAY not in draft.groups:
        return
    only = all(
        isinstance(each, Metric) and layer.metrics[each.name].count == "conversion"
        for each in draft.measures
    )
    if not only or any(isinstance(each.condition, When) for each in draft.where):
        raise Unclear("by conversion time: of conversions only, over the whole log")
    draft.where.append(Placed(Holds("converted"), -1))


def _told_apart(draft: Draft) -> None:
    """Drop a filter by which rows are told apart as well: it only named what is compared."""
    for placed in list(draft.where):
        condition = placed.condition
        if isinstance(condition, Holds) and Group(condition.name, is_filter=True) in draft.groups:
            if not draft.compare:
                raise Unclear(f"{condition.name}: only such rows, or with and without? Say one")
            draft.where.remove(placed)


def _in_columns(draft: Draft) -> None:
    """Give each of the things set side by side a column of its own."""
    apart = [placed for placed in draft.where if len(_options(placed)) > 1]
    if not apart and len(draft.measures) > 1:
        return
    if len(apart) != 1 or len(draft.measures) != 1 or draft.order or draft.having:
        raise Unclear("in columns: one measure of the two or more things that are set side by side")
    (placed,) = apart
    draft.where.remove(placed)
    measure = draft.measures[0]
    draft.measures = [Scoped(measure, (option,)) for option in _options(placed)]


def _options(placed: Placed) -> list[Condition]:
    condition = placed.condition
    if isinstance(condition, Holds) and placed.joint == "contrary":
        return [condition, Holds(condition.name, not condition.positive)]
    if isinstance(condition, OneOf) and not condition.negated:
        return [OneOf(condition.dimension, (label,)) for label in condition.labels]
    if isinstance(condition, When) and isinstance(condition.time, tuple) and not condition.negated:
        return [When((days,)) for days in condition.time]
    return []


def average_groups(draft: Draft, layer: MetricLayer) -> None:
    """Give ``average spend per day`` its inner dimension; the other groups stay outside.

    Raises
    ------
    Unclear
        If it is averaged over nothing that is said, or asked for with more.
    """
    averaged = [each for each in draft.measures if isinstance(_plain(each), PerGroup)]
    if not averaged:
        return
    alone = len(draft.measures) == 1 or (draft.columns and averaged == draft.measures)
    if not alone or draft.order or draft.having or draft.window:
        raise Unclear("an average over groups: ask for it alone")
    measure = _plain(averaged[0])
    assert isinstance(measure, PerGroup)
    inner = measure.inner
    if not inner:
        if len(set(draft.per)) > 1:
            raise Unclear("an average per two things: of each of the first, or one? Say by and per")
        times = [name for name in draft.per if name in _TIMES]
        if not times and draft.per and layer.metrics[measure.measure.name].count:
            times = draft.per[:1]  # "average impressions per ad unit"
        if len(times) != 1:
            raise Unclear(
                f"average {measure.measure.name}: over days, hours or weeks? Say per which"
            )
        inner = times[0]
        if inner == "hour":
            raise Unclear("per hour of the day, or per hour of the log? I know the first, by hour")
        draft.groups.remove(Group(inner))
    told = replace(measure, inner=inner)
    draft.measures = [
        replace(each, measure=told) if isinstance(each, Scoped) else told for each in averaged
    ]


def _plain(measure: Measure) -> Measure:
    return measure.measure if isinstance(measure, Scoped) else measure


def window(draft: Draft, layer: MetricLayer) -> None:
    """Turn a measure into its running total or its change, in each of the other groups.

    Raises
    ------
    Unclear
        If the rows are in no order of time, or more is asked for.
    """
    if draft.change_in and draft.window not in ("change", "growth"):
        raise Unclear("a change: from what to what? Say day over day")
    if draft.change_in == "growth":
        draft.window = "growth"
    if not draft.window:
        if draft.skip_first:
            raise Unclear("without the first day: of a change? Else say the days")
        return
    times = [group for group in draft.groups if group.name in _TIMES]
    if not times:
        times = [Group(draft.grain or "day")]
        draft.groups.append(times[0])
    if len(draft.measures) != 1 or len(times) != 1 or draft.grain not in ("", times[0].name):
        raise Unclear("a running total or change: of one measure, by day, hour or week")
    if draft.order or draft.having or draft.of_total or draft.limit:
        raise Unclear("a running total or change: ask for it alone")
    if draft.skip_first and draft.window == "running":
        raise Unclear("a running total has a first day: leave it out of the days instead")
    draft.groups = [*(group for group in draft.groups if group not in times), *times]
    plain = draft.measures[0]
    adds_up = isinstance(plain, Metric) and plain.name in layer.additive
    if draft.window == "running" and not adds_up:
        raise Unclear("a running total: only counts and sums have one")
    over = Over(plain, draft.window, draft.skip_first)
    draft.measures = [plain, over] if draft.window_beside else [over]
