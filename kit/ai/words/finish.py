"""From a draft to what is asked: shares, comparisons, rankings in place, or the doubt said."""

from __future__ import annotations

from dataclasses import replace

from kit.ai.words.asked import (
    Aggregate,
    Asked,
    Condition,
    Distinct,
    Group,
    Holds,
    Measure,
    Metric,
    OfTotal,
    OneOf,
    Order,
    Over,
    PerGroup,
    Quotient,
    Scoped,
    Signed,
    When,
)
from kit.ai.words.draft import Draft, Placed, Unclear
from kit.ai.words.fees import with_fees
from kit.ai.words.gloss import canonical
from kit.data.sql.meaning.layer import MetricLayer

_OFTEN = "how often"
_AFTER_A_WIN = ("floor_bound", "clicked", "converted", "invalid")
_TIMES = ("day", "week", "hour")


def finish(draft: Draft, layer: MetricLayer) -> Asked:
    """Return what a draft asks for.

    Raises
    ------
    Unclear
        If it has no measure, or more than one reading.
    """
    _weigh(draft, layer)
    _share(draft, layer)
    _difference(draft)
    _compare(draft, layer)
    _shown(draft)
    _average_groups(draft)
    _window(draft)
    _total(draft, layer)
    count_groups = _count_groups(draft)
    order = _order(draft)
    asked = Asked(
        tuple(draft.measures), tuple(draft.groups),
        tuple(dict.fromkeys(placed.condition for placed in draft.where)),
        tuple(draft.having), order, count_groups,
    )  # fmt: skip
    _consistent(asked, draft)
    return with_fees(asked, draft.fees, layer)


def _weigh(draft: Draft, layer: MetricLayer) -> None:
    if draft.weight is None:
        return
    for place, measure in enumerate(draft.measures):
        if isinstance(measure, Aggregate) and measure.function == "avg":
            draft.measures[place] = replace(measure, weight=draft.weight)
        elif not (isinstance(measure, Metric) and _is_weighted(layer, measure, draft.weight)):
            raise Unclear(f"weighted by {draft.weight}: only the average of a column can be")
    if not draft.measures:
        raise Unclear(f"weighted by {draft.weight}: what?")


def _is_weighted(layer: MetricLayer, measure: Metric, weight: str) -> bool:
    ratio = layer.metrics[measure.name].ratio
    return ratio is not None and layer.metrics[ratio[1]].sum == weight


def _check_often(words: str, condition: Condition) -> None:
    """Doubt ``how often is an auction invalid``: only what is true of all auctions has a share."""
    if words == _OFTEN and isinstance(condition, Holds) and condition.name in _AFTER_A_WIN:
        raise Unclear(f"how often {condition.name}: of the auctions, or of those we won? Say which")


def _part_of(words: str, part: Measure, layer: MetricLayer) -> Measure:
    """Read ``share of auctions lost``: the lost ones over all of them."""
    first = words.split()[0]
    known = first in layer.metrics and layer.metrics[first].count is not None
    if not known or canonical(layer, Metric(first)) == canonical(layer, part):
        raise Unclear(f"a share of {words}: of what? Say it as: what share of impressions is ...")
    return Quotient(part, Metric(first))


def _share(draft: Draft, layer: MetricLayer) -> None:
    """Find what is shared out: the rows that a verb leads to, or the only ones said."""
    if draft.share is None:
        return
    measure, place, words = draft.share
    if draft.measures:
        raise Unclear("a share and another measure: ask for one at a time")
    if (
        words != _OFTEN
        and len(words.split()) > 1
        and isinstance(measure, Metric)
        and layer.metrics[measure.name].count
    ):
        draft.measures.append(_part_of(words, measure, layer))
        return
    after = [placed for placed in draft.where if placed.place > place]
    beside = [placed for placed in draft.where if placed.place == place - 1]
    linked = [placed for placed in after if placed.linked]
    if beside:
        chosen = beside
    elif linked:
        chosen = linked[:1]
    elif len(after) == 1:
        chosen = after
    elif not after and draft.groups and not draft.narrowed:
        draft.measures.append(measure)
        draft.of_total = True
        return
    else:
        raise Unclear("a share of what in what? Say it as: what share of the impressions is mobile")
    _check_often(words, chosen[0].condition)
    if chosen[0].joint in ("and", "versus", "contrary"):
        raise Unclear("a share of two things: together, or each for itself? Ask for one")
    draft.where = [placed for placed in draft.where if placed not in chosen]
    only = tuple(placed.condition for placed in chosen)
    draft.measures.append(Quotient(Scoped(measure, only), measure))


def _difference(draft: Draft) -> None:
    """Read ``difference in CTR between mobile and desktop``: the first less the second."""
    if not draft.difference:
        return
    pairs = [placed for placed in draft.where if isinstance(placed.condition, OneOf)
             and len(placed.condition.labels) == 2 and placed.joint]  # fmt: skip
    if len(draft.measures) != 1 or len(pairs) != 1:
        raise Unclear("a difference between what and what? Say the two, joined with and")
    (pair,) = pairs
    draft.where.remove(pair)
    measure, condition = draft.measures[0], pair.condition
    assert isinstance(condition, OneOf)
    parts = [Scoped(measure, (OneOf(condition.dimension, (one,)),)) for one in condition.labels]
    draft.measures = [Signed((("+", parts[0]), ("-", parts[1])))]
    draft.together = True


def _compare(draft: Draft, layer: MetricLayer) -> None:
    """Group by what is set side by side; doubt labels joined by *and* that nothing tells apart."""
    for placed in list(draft.where):
        condition = placed.condition
        if isinstance(condition, Holds) and placed.joint == "contrary":
            draft.where.remove(placed)
            _add_group(draft, Group(condition.name, is_filter=True))
        elif isinstance(condition, OneOf) and not condition.negated and len(condition.labels) > 1:
            _side_by_side(draft, placed, condition.dimension, layer)
        elif isinstance(condition, When) and placed.joint and not condition.negated:
            _side_by_side(draft, placed, "day", layer)


def _side_by_side(draft: Draft, placed: Placed, dimension: str, layer: MetricLayer) -> None:
    if Group(dimension) in draft.groups:
        return
    time = placed.condition.time if isinstance(placed.condition, When) else ()
    if isinstance(time, tuple) and any(days.first != days.last for days in time):
        raise Unclear("spans of days side by side: ask for one at a time")
    if placed.joint == "versus" or (draft.compare and not draft.together):
        draft.groups.insert(0, Group(dimension))
        return
    additive = all(isinstance(measure, Metric) and measure.name in layer.additive
                   for measure in draft.measures)  # fmt: skip
    told = draft.together or draft.limit or draft.single or (draft.counted and additive)
    if placed.joint != "or" and not told:
        condition = placed.condition
        names = " and ".join(condition.labels) if isinstance(condition, OneOf) else "the days"
        raise Unclear(f"{names}: each for itself, or together? Say versus, or together")


def _add_group(draft: Draft, group: Group) -> None:
    if group not in draft.groups:
        draft.groups.append(group)


def _shown(draft: Draft) -> None:
    """Show the measures of the conditions where no other was asked for."""
    if draft.measures or not draft.having:
        return
    for condition in draft.having:
        measure = condition.left
        if not isinstance(measure, str) and measure not in draft.measures:
            draft.measures.append(measure)


def _average_groups(draft: Draft) -> None:
    """Give ``average spend per day`` its inner dimension; the other groups stay outside."""
    averaged = [each for each in draft.measures if isinstance(each, PerGroup)]
    if not averaged:
        return
    if len(draft.measures) > 1 or draft.order or draft.having or draft.window:
        raise Unclear("an average over groups: ask for it alone")
    (measure,) = averaged
    inner = measure.inner
    if not inner:
        times = [name for name in draft.per if name in _TIMES]
        if len(times) != 1:
            raise Unclear(
                f"average {measure.measure.name}: over days, hours or weeks? Say per which"
            )
        inner = times[0]
        if inner == "hour":
            raise Unclear("per hour of the day, or per hour of the log? I know the first, by hour")
        draft.groups.remove(Group(inner))
    draft.measures = [replace(measure, inner=inner)]


def _window(draft: Draft) -> None:
    if not draft.window:
        return
    if not draft.groups:
        draft.groups.append(Group("day"))
    if len(draft.measures) != 1 or len(draft.groups) != 1 or draft.groups[0].name not in _TIMES:
        raise Unclear("a running total or change: of one measure, by day, hour or week")
    if draft.order or draft.having or draft.of_total or draft.limit:
        raise Unclear("a running total or change: ask for it alone")
    plain = draft.measures[0]
    over = Over(plain, draft.window)
    draft.measures = [plain, over] if draft.window_beside else [over]


def _total(draft: Draft, layer: MetricLayer) -> None:
    if not draft.of_total:
        return
    if not draft.groups or draft.having:
        raise Unclear("a share of the total: by which groups?")
    last = draft.measures[-1] if draft.measures else None
    if not isinstance(last, Metric) or last.name not in layer.additive:
        raise Unclear("a share of the total: only counts and sums have one")
    if draft.order is not None and draft.order.by == last:
        draft.order = replace(draft.order, by=OfTotal(last))
    draft.measures[-1] = OfTotal(last)


def _count_groups(draft: Draft) -> bool:
    """Turn ``how many ad units have more than 100 clicks`` into a count of groups."""
    counted = [each for each in draft.measures if isinstance(each, Distinct)]
    if not counted or not draft.having:
        return False
    if len(draft.measures) != 1 or draft.groups or draft.order:
        raise Unclear("a count of groups: ask for it alone")
    draft.groups = [Group(counted[0].dimension)]
    draft.measures = []
    return True


def _order(draft: Draft) -> Order | None:
    order, descending = draft.order, draft.direction
    if order is None and descending is None and draft.limit is None:
        return None
    if order is None and descending is None:
        raise Unclear(f"{draft.limit} rows: ranked by what, highest or lowest?")
    measure = order.by if order else None
    if measure is None:
        if len(draft.measures) != 1:
            raise Unclear("ranked by which measure? Say by which")
        measure = draft.measures[0]
    if descending is None:
        descending = order.descending if order else True
    if order is not None and not order.descending and draft.direction:
        descending = False  # "the bottom 3, ... first" says how the chosen rows are laid out
        raise Unclear("lowest and highest first: say one")
    limit = draft.limit
    if limit is None and draft.single and order is not None:
        limit = 1
    if limit is None and draft.which and order is not None and not draft.listed:
        raise Unclear("which: how many of them? Say top 1 or top 3")
    if draft.by_time:
        raise Unclear("in order of time, or of the measure? Say one")
    return Order(measure, descending, limit, _within(draft, limit))


def _within(draft: Draft, limit: int | None) -> tuple[Group, ...]:
    """Return the groups in each of which rows are ranked; they are shown first."""
    within = [group for group in draft.groups if group in draft.each]
    others = [group for group in draft.groups if group not in draft.each]
    if limit is None or not within or len(others) != 1:
        return ()
    draft.groups = [*within, *others]
    return tuple(within)


def _consistent(asked: Asked, draft: Draft) -> None:
    if not asked.measures and not asked.count_groups:
        raise Unclear("I see no measure: name one, such as impressions, spend or win rate")
    if asked.having and not asked.groups:
        raise Unclear("a limit on a measure: of which groups? Say by which")
    if asked.order is not None and not asked.groups:
        raise Unclear("highest or lowest: among which groups? Say by which")
    together = draft.combined or (asked.order is not None and asked.order.within)
    together = together or (draft.which and not draft.each)
    if asked.order is not None and asked.order.limit and len(asked.groups) > 1 and not together:
        names = " and ".join(group.name for group in asked.groups)
        raise Unclear(f"the top of {names} together, or in each? Say which combination of them")
    if draft.which and not (asked.order or asked.having) and draft.single:
        raise Unclear("which one: by what measure?")
