"""Read a question's items from left to right, then see whether they make one query."""

from __future__ import annotations

from collections.abc import Sequence

from kit.ai.words.asked import Asked, Metric
from kit.ai.words.draft import Cursor, Draft
from kit.ai.words.finish import finish
from kit.ai.words.items import Item
from kit.ai.words.measures import averaged
from kit.ai.words.multiples import joined, read_multiple
from kit.ai.words.percents import percent_said
from kit.ai.words.read_asides import (
    read_again,
    read_as,
    read_daypart,
    read_how_summed,
    read_layout,
    read_often,
    read_rest,
)
from kit.ai.words.read_directions import read_direction
from kit.ai.words.read_echoes import read_echo, read_hours
from kit.ai.words.read_groups import read_bare, read_by, read_which
from kit.ai.words.read_limits import read_limit
from kit.ai.words.read_measures import read_measure
from kit.ai.words.read_parts import (
    read_fees,
    read_joins,
    read_share,
    read_share_after,
    read_soft,
    read_weight,
    read_window,
)
from kit.ai.words.read_populations import read_count_of_those, read_over_all, read_population
from kit.ai.words.read_ranks import read_order, read_rank
from kit.ai.words.read_rows import read_filter, read_labels, read_not, read_time
from kit.ai.words.read_scopes import read_scope
from kit.ai.words.read_several import read_several
from kit.ai.words.unclear import Unclear
from kit.data.sql.meaning.layer import MetricLayer

READERS = (
    read_echo, read_hours,
    read_how_summed, read_as, read_again, read_often, read_rest, read_layout,
    read_daypart, read_several, read_population, read_count_of_those, read_over_all,
    read_direction,
    read_fees, read_window, read_share, read_share_after, read_limit, read_which,
    read_by, read_rank, read_order, read_weight, read_labels, read_filter, read_time, read_not,
    read_scope, read_measure, read_bare, read_joins, read_soft,
)  # fmt: skip
"""In this order each is offered the item; the first that can read it moves on."""


def read_question(items: Sequence[Item], layer: MetricLayer) -> Asked:
    """Return what a question asks for.

    Raises
    ------
    Unclear
        If a part fits nowhere, or the whole has two readings.
    """
    halves = read_multiple(items)
    if halves is None:
        return finish(read_draft(items, layer), layer)
    first, second = (read_draft(half, layer) for half in halves[:2])
    return finish(joined(first, second, halves[2]), layer)


def read_draft(items: Sequence[Item], layer: MetricLayer) -> Draft:
    """Return what the readers make of some items."""
    cursor = Cursor(items, layer)
    cursor.draft.percent = percent_said(items)
    while cursor.place < len(items):
        if not any(reader(cursor) for reader in READERS):
            raise Unclear(f"I do not see what {cursor.item.text!r} refers to here")
    if cursor.negate:
        raise Unclear("not, or except: I do not see what it refers to")
    if cursor.aggregate:
        _average_after(cursor)
    cursor.check_counted()
    cursor.check_attached()
    return cursor.draft


def _average_after(cursor: Cursor) -> None:
    """Read *on average* at the end of ``spend per day on average``."""
    draft = cursor.draft
    last = draft.measures[-1] if draft.measures else None
    if not isinstance(last, Metric) or len(draft.measures) > 1 or cursor.aggregate is None:
        raise Unclear("average: I do not see of what")
    draft.measures = [averaged(cursor, cursor.aggregate, last.name)]
