"""From a draft to what is asked: shares, comparisons, rankings in place, or the doubt said."""

from __future__ import annotations

from dataclasses import replace

from kit.ai.words.asked import (
    Aggregate,
    Asked,
    Distinct,
    Group,
    Holds,
    Measure,
    Metric,
    OneOf,
    Order,
    Quotient,
    Scoped,
    Signed,
    When,
)
from kit.ai.words.draft import Draft, Placed
from kit.ai.words.fees import with_fees
from kit.ai.words.layout import average_groups, lay_out, window
from kit.ai.words.percents import in_percent
from kit.ai.words.ranks import descends
from kit.ai.words.shares import share, share_of_total
from kit.ai.words.unclear import Unclear
from kit.data.sql.meaning.layer import MetricLayer


def finish(draft: Draft, layer: MetricLayer) -> Asked:
    """Return what a draft asks for.

    Raises
    ------
    Unclear
        If it has no measure, or more than one reading.
    """
    _plain_mean(draft, layer)
    _weigh(draft, layer)
    share(draft, layer)
    _difference(draft)
    lay_out(draft, layer)
    _compare(draft, layer)
    _shown(draft)
    average_groups(draft, layer)
    window(draft, layer)
    share_of_total(draft, layer)
    count_groups = _count_groups(draft)
    order = _order(draft, layer)
    asked = Asked(
        tuple(draft.measures), tuple(draft.groups),
        tuple(dict.fromkeys(placed.condition for placed in draft.where)),
        tuple(draft.having), order, count_groups,
    )  # fmt: skip
    _consistent(asked, draft)
    _check_fees(draft, layer)
    _check_lost(asked, layer)
    return in_percent(with_fees(asked, draft.fees, layer), draft.percent, layer)


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


def _plain_mean(draft: Draft, layer: MetricLayer) -> None:
    """Read ``viewability, plain mean over rows``: of the column, where the metric weighs it."""
    rates = [each for each in draft.measures if isinstance(each, Metric)
             and each.name not in layer.additive]  # fmt: skip
    for rate in rates if draft.plain else ():
        if rate.name not in layer.columns or len(draft.measures) > 1:
            raise Unclear(f"a plain mean of {rate.name}: of which rows? I know it over all of them")
        draft.measures = [Aggregate("avg", rate.name)]
        if draft.order is not None and draft.order.by == rate:
            draft.order = replace(draft.order, by=draft.measures[0])


def _is_weighted(layer: MetricLayer, measure: Metric, weight: str) -> bool:
    ratio = layer.metrics[measure.name].ratio
    return ratio is not None and layer.metrics[ratio[1]].sum == weight


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


def _order(draft: Draft, layer: MetricLayer) -> Order | None:
    order, said = draft.order, draft.direction
    if order is None and not said and draft.limit is None:
        return None
    if order is None and not said:
        raise Unclear(f"{draft.limit} rows: ranked by what, highest or lowest?")
    measure = order.by if order else None
    if measure is None:
        if len(draft.measures) != 1:
            raise Unclear("ranked by which measure? Say by which")
        measure = draft.measures[0]
    descending = _descending(draft, measure, layer)
    limit = draft.limit
    if limit is None and draft.single and order is not None:
        limit = 1
    if limit is None and draft.which and order is not None and not draft.listed:
        raise Unclear("which: how many of them? Say top 1 or top 3")
    if draft.bare_rank and limit is None and not (draft.listed or said or draft.which):
        raise Unclear("the highest or lowest: of all groups, or each in order? Say top 1 or first")
    if draft.by_time:
        raise Unclear("in order of time, or of the measure? Say one")
    within = _within(draft, limit)
    if within and draft.skip:
        raise Unclear("the second in each: ask for the first ones")
    return Order(measure, descending, limit, within, draft.skip)


def _descending(draft: Draft, measure: Measure, layer: MetricLayer) -> bool:
    """Say whether the highest comes first, as the ranking and what was said of it agree."""
    first = descends(draft.direction, measure, layer) if draft.direction else None
    if draft.order is None:
        return bool(first)
    ranked = draft.order.descending
    if draft.how in ("best", "worst", "dear", "cheap"):
        ranked = descends(draft.how, measure, layer)
    if first is None or not draft.how:  # "rank exchanges by eCPM, dearest first"
        return ranked if first is None else first
    if first != ranked:  # "the bottom 3, highest first" says how the chosen rows are laid out
        raise Unclear("lowest and highest first: say one")
    return ranked


def _within(draft: Draft, limit: int | None) -> tuple[Group, ...]:
    """Return the groups in each of which rows are ranked; they are shown first."""
    within = [group for group in draft.groups if group in draft.each]
    others = [group for group in draft.groups if group not in draft.each]
    if limit is None or not within or len(others) != 1:
        return ()
    draft.groups = [*within, *others]
    return tuple(within)


def _check_lost(asked: Asked, layer: MetricLayer) -> None:
    """Doubt what only a win has, of auctions that were lost: there is none of it."""
    lost = any(
        isinstance(each, Holds) and layer.filters[each.name].sql == "won" and not each.positive
        for each in asked.where
    )
    for measure in asked.measures if lost else ():
        for name in _base(layer, measure.name) if isinstance(measure, Metric) else ():
            rows = layer.metrics[name].count or layer.metrics[name].where or ""
            if rows.split(" ")[0] in ("won", "click", "conversion"):
                raise Unclear(f"{name} of lost auctions: there are none; drop one of the two")


def _base(layer: MetricLayer, name: str) -> list[str]:
    parts = layer.metrics[name].parts
    return [base for part in parts for base in _base(layer, part)] if parts else [name]


def _check_fees(draft: Draft, layer: MetricLayer) -> None:
    """Doubt ``spend with fees and ROAS``, whose second may be with fees too or not."""
    if draft.fees_at is None or draft.refers:
        return
    later = draft.measures[draft.fees_at :]
    names = [measure.name for measure in later if isinstance(measure, Metric)]
    if any(layer.metrics[name].with_fees or layer.metrics[name].before_fees for name in names):
        raise Unclear(f"{' and '.join(names)}: with fees or before? Say it at the end, for all")


def _consistent(asked: Asked, draft: Draft) -> None:
    told = any(isinstance(each, Scoped | Signed | Quotient) for each in asked.measures)
    if draft.compare and not (asked.groups or told or asked.count_groups):
        raise Unclear("compared, or each for itself: what with what? Say by, or versus")
    for each in asked.measures:
        _two_things(each)
    distinct = any(isinstance(each, Distinct) for each in asked.measures)
    if distinct and any(isinstance(each, Holds) and not each.positive for each in asked.where):
        raise Unclear("how many without any: none at all, or some without? Say which have 0 of it")
    if any(group.name in draft.pooled for group in asked.groups) or (draft.pooled and draft.which):
        raise Unclear(f"over all {draft.pooled[0]}: one total, or of each? Say by, or drop it")
    if not asked.measures and not asked.count_groups:
        raise Unclear("I see no measure: name one, such as impressions, spend or win rate")
    if asked.having and not asked.groups:
        raise Unclear("a limit on a measure: of which groups? Say by which")
    if asked.order is not None and not asked.groups:
        raise Unclear("highest or lowest: among which groups? Say by which")
    together = draft.combined or draft.ordered or (asked.order is not None and asked.order.within)
    together = together or (draft.which and not draft.each)
    if asked.order is not None and asked.order.limit and len(asked.groups) > 1 and not together:
        names = " and ".join(group.name for group in asked.groups)
        raise Unclear(f"the top of {names} together, or in each? Say which combination of them")
    if draft.which and not (asked.order or asked.having) and draft.single:
        raise Unclear("which one: by what measure?")


def _two_things(measure: Measure) -> None:
    """Doubt a measure less itself, or over itself: one's condition was read as both's."""
    if isinstance(measure, Signed) and len(measure.parts) == 2:
        (_, first), (sign, second) = measure.parts
        if sign == "-" and first == second:
            raise Unclear("less itself: which rows is each of the two of? Say on, for both")
    if isinstance(measure, Quotient) and measure.top == measure.bottom:
        raise Unclear("over itself: which rows is each of the two of? Say on, for both")
