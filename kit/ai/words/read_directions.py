"""Read which of the rows comes first, with its noun: *worst unit on top*, *from the largest to*."""

from __future__ import annotations

from kit.ai.words.asked import Order
from kit.ai.words.draft import Cursor
from kit.ai.words.measures import metric_at
from kit.ai.words.ranks import descends
from kit.ai.words.unclear import Unclear

_NOUNS = ("dimension", "metric", "column", "share_noun", "noun", "ratio", "filler", "table")
_LONGEST = 3
"""Words that may stand between the one that ranks and *first*."""


def read_direction(cursor: Cursor) -> bool:
    """Read ``worst unit on top``, ``largest share first`` and ``from the largest to smallest``."""
    rank = cursor.item.get("rank")
    if rank is None:
        return False
    start = cursor.place + 1
    place = _past_nouns(cursor, start)
    spans = cursor.at(cursor.place - 1).text == "from" and cursor.at(place).text == "to"
    if spans and cursor.at(place + 1).has("rank"):
        end = _past_nouns(cursor, place + 2)
    elif cursor.at(place).has("on_top") and place > start:
        end = place + 1
    else:
        return False
    _order(cursor, start, min(place, end), str(rank.value))
    cursor.place = end
    return True


def _past_nouns(cursor: Cursor, place: int) -> int:
    end = place
    while end - place < _LONGEST and cursor.at(end).has(*_NOUNS) and cursor.at(end).text != "to":
        end += 1
    return end


def _order(cursor: Cursor, start: int, end: int, how: str) -> None:
    """Note the direction; a measure among the nouns is what is ranked by."""
    draft = cursor.draft
    if draft.direction not in ("", how):
        raise Unclear(f"{cursor.item.text} first: beside another order? Say one")
    draft.direction = how
    named = [found[0] for place in range(start, end) if (found := metric_at(cursor, place))]
    known = [measure for measure in named if measure in draft.measures]
    if known and (draft.order is None or draft.order.by is None):
        draft.order = Order(known[0], descends(how, known[0], cursor.layer))
        draft.how = ""
