"""Where a reader stands in a question, and what it has understood so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from kit.ai.words.asked import Compares, Condition, Group, Holds, Measure, Metric, Order
from kit.ai.words.items import Item
from kit.ai.words.unclear import Unclear
from kit.data.sql.meaning.layer import MetricLayer

CONTENT = ("metric", "column", "dimension", "label", "filter", "number", "time", "cmp", "rank",
           "agg", "quantile", "how_many", "share", "fees", "minus")  # fmt: skip
SOFT = ("filler", "prep", "copula", "with", "table", "noun", "all")
JOINTS = ("and", "or", "versus")
VERBS = ("pay", "paid", "payed", "spent", "do we pay", "did we pay", "we pay", "we paid",
         "we spend", "we spent", "do we spend", "did we spend", "paying", "are we paying",
         "we are paying", "were we paying", "burn", "burns", "burned", "burnt", "do we burn",
         "did we burn", "burning", "how much did we spend", "how much did we spend on",
         "how much do we spend", "how much do we spend on", "how much have we spent on",
         "what did we spend on", "what do we spend on", "what did we spend",
         "what do we spend")  # fmt: skip
_END = Item("", ())


def _text(measure: Measure) -> str:
    return str(getattr(measure, "name", None) or getattr(measure, "column", "the measure before"))


@dataclass(frozen=True)
class Placed:
    """A condition, where it was said, and whether a verb such as *is* led to it."""

    condition: Condition
    place: int
    linked: bool = False
    joint: str = ""


@dataclass
class Draft:
    """What was understood so far."""

    measures: list[Measure] = field(default_factory=list)
    places: list[int] = field(default_factory=list)  # where each measure was said
    groups: list[Group] = field(default_factory=list)
    where: list[Placed] = field(default_factory=list)
    having: list[Compares] = field(default_factory=list)
    order: Order | None = None
    limit: int | None = None
    skip: int = 0  # "the second highest": how many rows come before it
    each: list[Group] = field(default_factory=list)  # "in each exchange"
    how: str = ""  # the word that ranks: "desc", "asc", "best", "worst", "dear" or "cheap"
    direction: str = ""  # such a word for the row that comes first
    refers: bool = False  # "ROAS on that spend"
    fees_at: int | None = None  # how many measures stood before words on fees right after one
    fees: str = ""  # "in", "out", or both in the order they were said
    share: tuple[Measure, int, str] | None = None  # of what, where it was said, in which words
    narrowed: bool = False  # "share of mobile impressions"
    of_total: bool = False
    share_beside: bool = False  # "spend and share of spend"
    window: Literal["", "running", "change", "growth"] = ""
    change_in: str = ""  # "change in CTR", of which the days are said elsewhere
    grain: str = ""  # "week over week"
    window_beside: bool = False  # the window stands beside the plain measure
    percent: str = ""  # "all" for "in percent", "one" for "percentage of"
    weight: str | None = None
    bare_rank: bool = False  # "the lowest win rate", before any group
    of_those: bool = False  # "and how many did we win": of the rows before
    grouped_at: int | None = None  # where the first group was said
    plain: bool = False  # "plain mean over rows"
    difference: bool = False
    compare: bool = False
    together: bool = False
    counted: bool = False  # "how many" or "total" was said: one number over all that is named
    single: bool = False  # "which exchange": one row
    which: bool = False
    combined: bool = False  # "combination of": the groups are ranked together
    listed: bool = False
    ordered: bool = False  # "sorted by": the rows are ranked together
    ranked: bool = False
    by_time: bool = False
    columns: bool = False  # "in two columns": what is set side by side
    trend: bool = False
    skip_first: bool = False  # the first row of a change has none
    clock: str = ""  # by which time days are told: "auction" or "conversion"
    share_within: list[Group] = field(default_factory=list)  # "of each campaign's impressions"
    mix: Group | None = None  # "device mix": a share by device, in each other group
    apart: set[int] = field(default_factory=set)  # places of conditions right after a comma
    per: list[str] = field(default_factory=list)
    pooled: list[str] = field(default_factory=list)  # "over all exchanges"


class Cursor:
    """A place in a question's items, with the draft that the readers fill.

    Parameters
    ----------
    items : sequence of Item
        The question.
    layer : MetricLayer
        What its words mean.
    """

    def __init__(self, items: Sequence[Item], layer: MetricLayer) -> None:
        self.items = items
        self.layer = layer
        self.place = 0
        self.draft = Draft()
        self.negate = False
        self.scoped_to: int | None = None  # where the last noun that says which rows ended
        self.counting = False  # "how many" was said and waits for its noun
        self.counted_by = ""  # in which words
        self.aggregate: str | None = None  # so does "average"
        self.texts: dict[Measure, str] = {}
        self.verb: str | None = None  # the last measure was said by a verb, such as "pay"

    def at(self, place: int) -> Item:
        """Return the item at a place; past the end, one without meaning."""
        return self.items[place] if 0 <= place < len(self.items) else _END

    @property
    def item(self) -> Item:
        """The item here."""
        return self.at(self.place)

    def soft(self, place: int) -> bool:
        """Say whether the item at a place can be passed over."""
        item = self.at(place)
        return item.has(*SOFT) and not item.has(*CONTENT)

    def skip(self, place: int, *kinds: str) -> int:
        """Return the first place from here on that is neither soft nor of some kinds."""
        while self.soft(place) or (kinds and self.at(place).has(*kinds)):
            place += 1
        return place

    def back(self, place: int, *kinds: str) -> int:
        """Return the last place before one that is neither soft nor of some kinds."""
        place -= 1
        while place >= 0 and (self.soft(place) or (kinds and self.at(place).has(*kinds))):
            place -= 1
        return place

    @property
    def before(self) -> Item:
        """The item before this one, fillers and *average* passed over."""
        return self.at(self.back(self.place, "agg"))

    @property
    def aside(self) -> bool:
        """Whether this item explains what was said: in brackets, after a colon, after *ie*."""
        return self.before.text in (":", "(") or self.before.has("gloss")

    def joint(self, place: int) -> tuple[str, int]:
        """Return the word that joins a list at a place (a comma counts), and where it ends."""
        said, start = "", place
        while self.at(place).has(*JOINTS) or self.at(place).text in (",", "/", "+", "x"):
            item = self.at(place)
            kind = next((kind for kind in JOINTS if item.has(kind)), ",")
            said = kind if said in ("", ",") else said
            place += 1
        return (said, place) if said else ("", start)

    def linked(self, place: int) -> bool:
        """Say whether a verb such as *is* stands before a place."""
        place -= 1
        found = False
        while place >= 0 and self.soft(place):
            found = found or self.at(place).has("copula")
            place -= 1
        return found

    def add_measure(self, measure: Measure) -> None:
        """Add a measure, once; it must be joined to the one before, unless that was a verb."""
        known = self.draft.measures
        if measure not in known:
            self._check_rows(measure)
            if known and not self._is_joined():
                if known[-1] != Metric("spend") or self.verb is None:
                    raise Unclear(f"{self.item.text}: beside {_text(known[-1])}, or of it? Say and")
                known.pop()
            self._check_count(measure)
            known.append(measure)
        else:
            self._check_again(measure)
        self.draft.places.append(self.place)
        self.verb = self.item.text if self.item.text in VERBS else None
        self.counting, self.aggregate = False, None

    def check_counted(self) -> None:
        """Doubt a *how many* that no count followed."""
        if self.counting and not self.draft.measures:
            raise Unclear("how many: of what? Say it right after")

    def check_attached(self) -> None:
        """Doubt rows said between two measures: of the first alone, or of both."""
        places = self.draft.places
        several = len(self.draft.measures) > 1 and not self.draft.of_those
        for placed in self.draft.where if several else ():
            apart = placed.joint in ("versus", "contrary")
            self._check_trailing(placed, max(places, default=0))
            if min(places, default=0) < placed.place < max(places, default=0) and not apart:
                raise Unclear(
                    f"{self.at(placed.place).text}: of what was said before it, or of all? "
                    "Say it first or last"
                )

    def _check_trailing(self, placed: Placed, last: int) -> None:
        """Doubt ``auctions and average floor where there is one``: it may be of the last alone."""
        kinds = {isinstance(each, Metric) for each in self.draft.measures}
        close = last < placed.place <= last + 2 and not self.at(placed.place - 1).has("separator")
        leads = self.at(placed.place - 1)
        named = isinstance(placed.condition, Holds | Compares)
        bare = not leads.has("prep") or leads.text in ("where", "when", "with")
        if len(kinds) > 1 and close and named and bare:
            raise Unclear(f"{self.at(placed.place).text}: of the last, or of all? Say it first")

    def _check_again(self, measure: Measure) -> None:
        """Doubt ``mobile spend and total spend``: the second may be of all rows."""
        whole = {*self.at(self.place - 1).text.split(), *self.item.text.split()}
        if self.draft.where and whole & {"total", "overall", "all"}:
            raise Unclear(f"{_text(measure)} of some rows and of all: ask for one at a time")

    def _check_count(self, measure: Measure) -> None:
        """Doubt ``how many won, win rate``: a rate is no count, which then was not read."""
        rate = isinstance(measure, Metric) and measure.name not in self.layer.additive
        if self.counting and self.counted_by.split()[-1] in ("many", "of", "#") and rate:
            raise Unclear(f"{self.counted_by}: of what? {_text(measure)} is no count")

    def _check_rows(self, measure: Measure) -> None:
        """Doubt the wins of ``average bid on aurora, wins``: asked for, or of which rows."""
        last = self.draft.measures[-1] if self.draft.measures else None
        counted = isinstance(measure, Metric) and self.layer.metrics[measure.name].count
        comma, before = self.at(self.place - 1).text == ",", self.at(self.place - 2)
        ends = self.at(self.place + 1).text in ("", "?", ".")
        after = comma and (ends or before.has("label", "filter", "time", "dimension"))
        rate = isinstance(last, Metric) and last.name not in self.layer.additive
        rows = rate and " " in self.item.text  # "CTR by device, lost auctions"
        if counted and after and last is not None and (rows or not isinstance(last, Metric)):
            raise Unclear(f"{self.item.text}: asked for too, or of which rows? Say and, or on")

    def add_listed(self, measure: Measure) -> None:
        """Add a measure of a list; twice the same by two names is a doubt."""
        text = self.item.text
        known = self.texts.setdefault(measure, text)
        if measure in self.draft.measures and self._is_joined() and known != text:
            raise Unclear(f"{known} and {text}: here they are the same")
        self.add_measure(measure)

    def _is_joined(self) -> bool:
        """Say whether *and*, a comma, *versus* or *with* stands before this place."""
        place = self.place - 1
        while self.soft(place) or self.at(place).has("how_many", "agg", "rank", "distinct"):
            if self.at(place).text == "with":
                return not self.at(place - 1).has("dimension")
            place -= 1
        before = self.at(place)
        return before.has(*JOINTS, "compare", "minus") or before.text in (",", ":", ";", "(", "/")

    def add_group(self, group: Group) -> None:
        """Add a group, once."""
        if self.draft.grouped_at is None:
            self.draft.grouped_at = self.place
        if group not in self.draft.groups:
            self.draft.groups.append(group)

    def unit_of(self, measure: Measure | str) -> str:
        """Return the unit of a metric or a column, or of what is made of a column."""
        if isinstance(measure, str):
            known = self.layer.columns.get(measure)
            return known.unit if known else ""
        name = getattr(measure, "name", None)
        if name is not None:
            return self.layer.metrics[name].unit
        column = getattr(measure, "column", None)
        return self.unit_of(column) if column else ""


def say_fees(cursor: Cursor, said: str) -> None:
    """Note whether fees count."""
    draft = cursor.draft
    if draft.fees not in ("", said):
        raise Unclear("with fees and before fees: say one of the two")
    draft.fees = said
    if cursor.at(cursor.place - 1).has("metric"):
        draft.fees_at = len(draft.measures)
