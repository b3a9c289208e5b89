"""Read shares, running totals, fees, weights, and the words that say how parts go together."""

from __future__ import annotations

from dataclasses import replace

from kit.ai.words.asked import Measure, Metric, Quotient, Scoped
from kit.ai.words.draft import Cursor, say_fees
from kit.ai.words.gloss import canonical, readings
from kit.ai.words.measures import measure_at
from kit.ai.words.read_groups import read_by
from kit.ai.words.read_rows import read_filter, read_labels
from kit.ai.words.unclear import Unclear

_PLAIN = ("simple", "plain", "unweighted", "not")
_BEFORE = -2  # a place before every word


def read_fees(cursor: Cursor) -> bool:
    """Read *before fees* or *fees included*."""
    meaning = cursor.item.get("fees")
    if meaning is None:
        return False
    say_fees(cursor, str(meaning.value))
    cursor.place += 1
    return True


def read_window(cursor: Cursor) -> bool:
    """Read *cumulative*, *day over day change*."""
    for kind in ("running", "change", "growth"):
        if cursor.item.has(kind):
            if cursor.draft.window not in ("", kind):
                raise Unclear("a running total and a change: say one of the two")
            cursor.draft.window = kind
            meaning = cursor.item.get(kind)
            cursor.draft.grain = str(meaning.value) if meaning else ""
            before = cursor.at(cursor.place - 1).text
            beside = cursor.at(cursor.back(cursor.place)).has("and") or before in (",", "with")
            cursor.draft.window_beside = bool(cursor.draft.measures) and beside
            if cursor.draft.window_beside and before == "," and len(cursor.item.text.split()) == 1:
                raise Unclear(
                    f"{cursor.item.text}: instead of what was said, or beside it? Say and"
                )
            cursor.place += 1
            return True
    change = cursor.item.get("change_in")
    if change is None:
        return False
    cursor.draft.change_in = str(change.value)
    cursor.place += 1
    return True


def read_share(cursor: Cursor) -> bool:
    """Read ``share of impressions`` and ``how often``; what is shared out is found later."""
    if cursor.item.has("often"):
        rest = cursor.items[cursor.place + 1 :]
        if cursor.draft.measures and all(item.has("separator") for item in rest):
            cursor.place += 1  # "... the highest win rate, and how often?"
            return True
        if "auctions" not in cursor.layer.metrics:
            return False
        cursor.draft.share = (Metric("auctions"), cursor.place, "how often")
        cursor.place += 1
        return True
    if _of_which(cursor):
        return True
    if not cursor.item.has("share"):
        return False
    before = cursor.at(cursor.place - 1)
    if cursor.draft.measures and before.has("metric") and cursor.at(cursor.place + 1).has("by"):
        cursor.draft.of_total = True  # "budget share of each line"
        cursor.place += 1
        return True
    if cursor.draft.share is not None:
        raise Unclear("two shares: ask for one at a time")
    said = cursor.place
    place = _narrowed(cursor)
    found = measure_at(cursor, place)
    if found is None and cursor.item.has("share_noun"):
        return False
    if found is None:
        raise Unclear(f"{cursor.at(said).text}: of which count or sum? Put it right after")
    measure, end = found
    joined = before.has("and", "with") or before.text in ("plus", "+")
    if cursor.draft.measures == [measure] and joined and cursor.draft.where:
        raise Unclear(f"{cursor.item.text}: of the rows before, or of all? Ask for one at a time")
    if cursor.draft.measures == [measure] and joined:
        cursor.draft.of_total = cursor.draft.share_beside = True  # "spend and share of spend"
        cursor.place = end
        return True
    if not isinstance(measure, Metric) or measure.name not in cursor.layer.additive:
        raise Unclear(
            f"{cursor.item.text} {cursor.at(place).text}: only counts and sums have shares"
        )
    cursor.draft.share = (measure, said, cursor.at(place).text)
    cursor.place = end
    return True


def _of_which(cursor: Cursor) -> bool:
    """Read ``of the auctions we lost, what share was under the floor``."""
    noun = cursor.at(cursor.place + 1)
    metric = noun.get("metric")
    later = range(cursor.place + 2, len(cursor.items))
    asked = [place for place in later if cursor.at(place).has("share_noun")]
    if cursor.item.text not in ("of", "out of", "among", "of all") or metric is None or not asked:
        return False
    opens = cursor.place == 0 or cursor.at(cursor.place - 1).has("separator")
    if not opens or not cursor.at(asked[0] - 1).has("which", "how_many"):
        return False
    if cursor.draft.share is not None or cursor.draft.measures:
        raise Unclear("two shares: ask for one at a time")
    cursor.draft.share = (Metric(str(metric.value)), cursor.place, str(metric.value))
    cursor.place += 2
    return True


def _narrowed(cursor: Cursor) -> int:
    """Read on to the measure in ``share of each exchange's mobile impressions``: of those rows."""
    place = cursor.skip(cursor.place + 1, "how_many")
    known, groups = len(cursor.draft.where), len(cursor.draft.groups)
    while cursor.at(place).has("label", "filter", "by") and not cursor.at(place).has("metric"):
        cursor.place = place
        if not (read_by(cursor) or read_labels(cursor) or read_filter(cursor)):
            break
        place = cursor.skip(cursor.place)
    cursor.draft.share_within = cursor.draft.groups[groups:]
    rows = cursor.draft.where[known:]
    cursor.draft.where[known:] = [replace(each, place=_BEFORE, linked=False) for each in rows]
    cursor.draft.narrowed = bool(rows)
    return place


def read_share_after(cursor: Cursor) -> bool:
    """Read ``spend share``, and ``clicks as a share of impressions``."""
    item, measures = cursor.item, cursor.draft.measures
    if item.has("as_share") and measures:
        place = cursor.skip(cursor.place + 1, "how_many")
        found = measure_at(cursor, place)
        if found is None:
            return item.has("share_noun") and _of_total(cursor)
        if found[0] == measures[-1]:
            _of_whole(cursor, found[0])
        else:
            cursor.draft.measures[-1] = _over(cursor, found[0])
        cursor.place = found[1]
        return True
    before = cursor.at(cursor.place - 1)
    share = cursor.draft.share
    if item.has("share_noun") and share is not None and before.has("which", "how_many"):
        cursor.place += 1  # "of the auctions we lost, what share ..."
        return True
    total = item.text.endswith(("of total", "of whole", "of all", "of overall", "total"))
    named = before.has("metric") or total
    return bool(item.has("share_noun") and measures and named and _of_total(cursor))


def _of_total(cursor: Cursor) -> bool:
    """Read ``as share of total``, in place of the measure; after *and* or *with* beside it."""
    item, before = cursor.item, cursor.at(cursor.place - 1)
    joined = cursor.at(cursor.back(cursor.place)).has("and") or before.has("with")
    if before.has("separator") and not item.text.startswith(("as", "in")):
        raise Unclear(f"{item.text}: instead of the measure, or beside it? Say as, or with")
    cursor.draft.share_beside = joined or before.text in ("with", "and", "plus", "+")
    cursor.draft.of_total = True
    cursor.place += 1
    return True


def _of_whole(cursor: Cursor, measure: Measure) -> None:
    """Read ``impressions in Germany as a share of all impressions``."""
    only = tuple(placed.condition for placed in cursor.draft.where)
    if not only or len(cursor.draft.measures) > 1:
        raise Unclear("a share of the same: of which rows? Say them before")
    cursor.draft.where = []
    cursor.draft.measures[-1] = Quotient(Scoped(measure, only), measure)


def _over(cursor: Cursor, bottom: object) -> Metric | Quotient:
    last = cursor.draft.measures[-1]
    if not isinstance(last, Metric) or not isinstance(bottom, Metric):
        raise Unclear("as a share of: say of which count")
    entry = cursor.layer.metrics[last.name]
    if entry.ratio:
        below = canonical(cursor.layer, Metric(entry.ratio[1]))
        if below in [canonical(cursor.layer, each) for each in readings(cursor.layer, bottom)]:
            return last
        raise Unclear(f"{last.name}: is over {entry.ratio[1]}, not over {bottom.name}")
    if {last.name, bottom.name} - cursor.layer.additive:
        raise Unclear(f"{last.name} as a share of {bottom.name}: not both can be summed")
    return Quotient(last, bottom)


def read_weight(cursor: Cursor) -> bool:
    """Read ``weighted by capacity``."""
    if cursor.item.has("simple"):
        cursor.draft.plain |= cursor.item.text.split()[0] in _PLAIN
        cursor.place += 1
        return True
    if not cursor.item.has("weighted"):
        return False
    place = cursor.skip(cursor.place + 1)
    column = cursor.at(place).get("column")
    if column is None:
        raise Unclear("weighted by: say by which column")
    cursor.draft.weight = str(column.value)
    cursor.place = place + 1
    return True


def read_joins(cursor: Cursor) -> bool:
    """Read *compare*, *versus*, *together*, *difference*, *number of*, *average* ahead."""
    item, draft = cursor.item, cursor.draft
    if item.has("compare"):
        draft.compare = True
    elif item.has("combination") and len(draft.groups) > 1:
        draft.combined = True
    elif item.has("versus"):
        beside = cursor.at(cursor.place + 1)
        if beside.has("together", "overall", "all") or not beside.meanings:
            raise Unclear(f"{item.text} {beside.text}: as a row beside it? Ask for one at a time")
    elif item.has("gloss"):
        pass
    elif item.has("together"):
        ends = not cursor.at(cursor.place + 1).meanings or cursor.at(cursor.place + 1).text == "?"
        if cursor.at(cursor.place - 1).has("and") and ends and draft.groups:
            raise Unclear(
                f"and {item.text}: a row for all beside the groups? Ask for one at a time"
            )
        draft.together = True
    elif item.has("difference"):
        draft.difference = True
    elif item.has("between") and (draft.difference or draft.compare):
        pass
    elif item.has("how_many"):
        if cursor.counting and "many" in item.text and "many" in cursor.counted_by:
            raise Unclear(f"{cursor.counted_by}: of what? Say it right after")
        cursor.counting = draft.counted = True
        cursor.counted_by = item.text
    elif item.text == "on average" and _is_average(cursor):
        pass
    elif item.has("agg") and not item.has("filler"):
        if cursor.aggregate is not None:
            raise Unclear(f"{item.text}: beside the average before it, or of it?")
        cursor.aggregate = str(item.meanings[0].value)
    else:
        return False
    cursor.place += 1
    return True


def _is_among(cursor: Cursor) -> bool:
    """Say whether a noun only leads to which rows: ``to users in Japan``."""
    after = cursor.at(cursor.place + 1)
    leads = cursor.place == 0 and after.has("prep", "with") and len(cursor.items) > 3
    return leads or cursor.at(cursor.place - 1).has("prep")


def _skip_all(cursor: Cursor) -> bool:
    """Pass over *all* before what is counted or listed; before what is grouped it is a doubt."""
    after = cursor.at(cursor.place + 1)
    beyond = cursor.at(cursor.place + 2)
    listed = after.has("dimension") and beyond.has("with")
    excepted = after.has("dimension") and after.plural and beyond.has("not")
    if not (after.has("metric", "column") or listed or excepted):
        return False
    cursor.place += 1 + excepted  # "all countries except the US"
    return True


def _is_average(cursor: Cursor) -> bool:
    """Say whether the last measure is a ratio, and so an average already."""
    last = cursor.draft.measures[-1] if cursor.draft.measures else None
    plain = isinstance(last, Metric) and last.name in cursor.layer.additive
    return isinstance(last, Metric | Quotient) and not plain


def read_soft(cursor: Cursor) -> bool:
    """Pass over words that say nothing more here."""
    item = cursor.item
    if item.has("dimension", "metric", "column", "number", "time", "cmp") and not item.has("prep"):
        return False
    if item.has("all"):
        return _skip_all(cursor)
    if item.text in ("of which", "out of which", "from which") and cursor.draft.measures:
        raise Unclear(f"{item.text}: a second number, or fewer rows? Say what you count")
    if item.has("noun") and not item.has("filler") and not _is_among(cursor):
        return False
    cursor.draft.counted = cursor.draft.counted or item.text == "total"
    kinds = ("filler", "prep", "copula", "with", "separator", "and", "table", "noun", "which",
             "or", "across", "list", "nth")  # fmt: skip
    if not item.has(*kinds):
        return False
    if item.has("nth") and not item.has("filler") and not cursor.at(cursor.place + 1).has("rank"):
        return False
    after = cursor.at(cursor.place + 1)
    if item.has("cmp") and (after.has("separator") or not after.meanings):
        return False  # "under 24 h vs over": more than what is not said
    if item.has("separator") and item.text not in (",", ":", "(", ")"):
        cursor.counting, cursor.aggregate = False, cursor.aggregate
    cursor.place += 1
    return True
