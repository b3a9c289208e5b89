"""Finish shares: of what, in what, and of which total."""

from __future__ import annotations

from dataclasses import replace

from kit.ai.words.asked import (
    Condition,
    Group,
    Holds,
    Measure,
    Metric,
    OfTotal,
    OneOf,
    Quotient,
    Scoped,
    When,
)
from kit.ai.words.draft import Draft
from kit.ai.words.gloss import canonical
from kit.ai.words.unclear import Unclear
from kit.data.sql.meaning.layer import MetricLayer

_OFTEN = "how often"
_AFTER_A_WIN = ("floor_bound", "clicked", "converted", "invalid")


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


def share(draft: Draft, layer: MetricLayer) -> None:
    """Find what is shared out: the rows that a verb leads to, or the only ones said.

    Raises
    ------
    Unclear
        If that is not clear, or more is asked for.
    """
    if draft.share is None:
        return
    measure, place, words = draft.share
    if draft.measures:
        raise Unclear("a share and another measure: ask for one at a time")
    later = [placed for placed in draft.where if placed.place > place]
    if (
        words != _OFTEN
        and not any(placed.linked for placed in later)
        and len(words.split()) > 1
        and isinstance(measure, Metric)
        and layer.metrics[measure.name].count
    ):
        rows = [each for each in later if not isinstance(each.condition, OneOf | When)]
        if any(each.place not in draft.apart for each in rows):
            raise Unclear(f"a share of {words}, and what follows: of which rows? Say of those ...")
        draft.measures.append(_part_of(words, measure, layer))
        return
    after = [
        placed for placed in draft.where
        if placed.place > place and (placed.linked or placed.place not in draft.apart)
    ]  # fmt: skip
    beside = [placed for placed in draft.where if placed.place == place - 1]
    linked = [placed for placed in after if placed.linked]
    if draft.mix is not None:
        draft.measures.append(measure)
        draft.of_total = True
        return
    if beside:
        chosen = beside
    elif linked:
        chosen = linked[:1]
    elif len(after) == 1:
        chosen = after
    elif not after and (draft.groups or draft.mix) and not draft.narrowed:
        draft.measures.append(measure)
        draft.of_total = True
        return
    else:
        raise Unclear("a share of what in what? Say it as: what share of the impressions is mobile")
    _check_often(words, chosen[0].condition)
    grouped = draft.grouped_at
    if grouped is not None and place < grouped < chosen[0].place and chosen[0] not in linked:
        raise Unclear("a share by groups, of some rows: of all in them? Say the rows before by")
    if chosen[0].joint in ("and", "versus", "contrary"):
        raise Unclear("a share of two things: together, or each for itself? Ask for one")
    draft.where = [placed for placed in draft.where if placed not in chosen]
    only = tuple(placed.condition for placed in chosen)
    draft.measures.append(Quotient(Scoped(measure, only), measure))


def share_of_total(draft: Draft, layer: MetricLayer) -> None:
    """Turn the last measure into each group's share of all, or of those within another group.

    Raises
    ------
    Unclear
        If it has no total, or it is not said within what.
    """
    if not draft.of_total:
        return
    if not draft.groups or draft.having:
        raise Unclear("a share of the total: by which groups?")
    last = draft.measures[-1] if draft.measures else None
    if not isinstance(last, Metric) or last.name not in layer.additive:
        raise Unclear("a share of the total: only counts and sums have one")
    of_total = OfTotal(last, _within(draft))
    if draft.share_beside:
        draft.measures.append(of_total)
        return
    if draft.order is not None and draft.order.by == last:
        draft.order = replace(draft.order, by=of_total)
    draft.measures[-1] = of_total


def _within(draft: Draft) -> tuple[Group, ...]:
    """Return the groups in each of which shares come to one; none: all together."""
    if draft.mix is not None:
        return tuple(group for group in draft.groups if group != draft.mix)
    if draft.share_within:
        return tuple(draft.share_within)
    if len(draft.groups) < 2:
        return ()
    within = tuple(group for group in draft.groups if group in draft.each)
    if not within or len(within) == len(draft.groups):
        names = " and ".join(group.name for group in draft.groups)
        raise Unclear(f"a share by {names}: of the whole, or within each? Say of each ...'s total")
    return within
