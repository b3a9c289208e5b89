"""The words that follow time: running totals, changes, the order of days, and whose clock."""

from __future__ import annotations

from itertools import product


def _phrases(pattern: str, *words: tuple[str, ...]) -> tuple[str, ...]:
    """Return a pattern filled with every combination of some words."""
    return tuple(pattern.format(*each) for each in product(*words))


_OF = ("", " in", " of", " for")
_CHANGE = ("change", "changes", "difference", "delta", "increase", "move")
_RELATIVE = ("% change", "percentage change", "percent change", "relative change", "growth",
             "growth rate", "percentage growth", "change in %", "change in percent")  # fmt: skip
_THAN = ("from", "to", "on", "over", "vs", "versus", "against", "since", "compared with",
         "compared to", "relative to", "with respect to")  # fmt: skip


def _before(unit: str) -> tuple[str, ...]:
    return (f"previous {unit}", f"{unit} before", f"prior {unit}", f"preceding {unit}",
            f"last {unit}")  # fmt: skip


def _steps(unit: str) -> tuple[str, ...]:
    """Return ``day over day`` and its like."""
    return (f"{unit} over {unit}", f"{unit} on {unit}", f"{unit} to {unit}",
            f"from {unit} to {unit}", f"from one {unit} to next", f"{unit} by {unit}")  # fmt: skip


def _moves(unit: str, adjective: str, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ways to ask for a change from one day, or week, to the next."""
    steps = _steps(unit)
    own = tuple(step for step in steps if not step.endswith(f"by {unit}"))
    return (
        *_phrases("{} {}{}", (*own, adjective), kinds, _OF),
        *_phrases("{} {}", kinds, own),
        *_phrases("{}{} {}", kinds, (" from", " vs", " versus", " against", " compared to"), own),
        *_phrases("{} {} {}", kinds, _THAN, _before(unit)),
    )


_FIRST = ("first day", "first row", "first date")
_SKIP = ("skip", "skipping", "without", "leave out", "leaving out", "drop", "dropping", "exclude",
         "excluding", "omit", "omitting", "ignore", "ignoring", "except", "except for", "no",
         "but not", "not", "minus")  # fmt: skip
_TIMES = ("date", "day", "time", "hour", "week", "hour of day", "weekday", "day of week")
_EARLY = ("oldest", "earliest", "first", "oldest day", "earliest day", "first day",
          "earliest hour", "midnight", "monday")  # fmt: skip
_DATED = ("by", "using", "at", "counted on", "counted by", "counted at", "dated by", "going by",
          "on", "based on", "counting by", "per", "in terms of")  # fmt: skip


def _clock(event: str) -> tuple[str, ...]:
    """Return the ways to say whose time tells the day."""
    names = (f"{event} time", f"{event} date", f"{event} day", f"time of {event}",
             f"date of {event}", f"day of {event}", f"{event} timestamp")  # fmt: skip
    return (*names, *_phrases("{} {}", _DATED, names), f"when {event} happened")


WINDOWS: dict[tuple[str, str], tuple[str, ...]] = {
    ("running", ""): (
        *_phrases("{}{}", ("running total", "running sum", "cumulative total", "cumulative sum",
                           "accumulated total", "accumulated sum", "cumulated sum",
                           "running tally"), _OF),
        "cumulative", "cumulated", "running", "accumulated", "cumulatively", "accumulating",
        "cumul", "running cumulative", "accumulates", "add up over days", "adds up over days",
    ),
    ("change", "day"): (
        *_moves("day", "daily", _CHANGE),
        "day over day", "from day to day", "from one day to next", "day on day", "dod",
        "dod change in", "dod change", "d o d",
        "changed from day to day", "change every day", "change each day", "today minus yesterday",
        "today less yesterday", "day minus previous day", "day minus day before",
        "minus previous day", "minus day before", "compared with previous day",
        "compared to previous day", "compared to day before", "compared with day before",
        "vs day before", "versus day before", "vs previous day", "versus previous day",
    ),
    ("growth", "day"): (
        *_moves("day", "daily", _RELATIVE), "relative daily change in",
    ),
    ("change", "week"): (
        *_moves("week", "weekly", _CHANGE), "week over week", "week on week", "wow",
        "wow change in", "wow change", "this week minus week before",
    ),
    ("growth", "week"): _moves("week", "weekly", _RELATIVE),
    ("skip_first", ""): (
        *_phrases("{} {}", _SKIP, _FIRST),
        *_phrases("{} {}", _FIRST, ("left out", "excluded", "omitted", "skipped", "dropped")),
        "starting with second day", "from second day on", "beginning with second day",
        "starting on second day", "no row for first day",
    ),
    ("by_time", ""): (
        *_phrases("{} first", _EARLY),
        *_phrases("{} {}", ("sorted by", "ordered by", "in order of", "order by", "sort by",
                            "sorted on"), _TIMES),
        *_phrases("in {} order", (*_TIMES, "calendar", "chronological", "temporal", "daily",
                                  "hourly")),
        *_phrases("{} order", ("date", "time", "day", "hour", "calendar", "chronological")),
        "chronological", "chronologically", "sorted chronologically", "ordered chronologically",
        "by date order", "in order", "in sequence", "starting with first", "date ascending",
        "from monday to sunday", "from 0 to 23", "from 0 through 23", "0 to 23", "0 through 23",
        "from midnight to 23", "0 - 23", "from 0 - 23", "hours 0 - 23", "0 \u2013 23",
        "from first to last day", "from first day to last",
        "from oldest to newest", "oldest to newest", "from earliest to latest",
        "earliest to latest", "by date ascending", "by day ascending", "sorted by date ascending",
    ),
    ("change_in", "change"): (
        "change in", "changes in", "change of", "change", "changed", "changes", "did change",
    ),
    ("change_in", "growth"): (
        *_phrases("{}{}", ("percentage change", "percent change", "% change", "relative change",
                           "growth", "growth rate"), (" in", " of")),
        "grow", "grew", "growth",
    ),
    ("trend", ""): (
        *_phrases("{}{}", ("trend", "trends", "evolution", "development", "trajectory",
                           "time series", "timeline", "progression", "history"), _OF),
        "over days", "over course of log",
    ),
    ("clock", "conversion"): (
        *_clock("conversion"), "date on which they happened", "day on which they happened",
        "date they happened", "day they happened",
    ),
    ("clock", "auction"): (*_clock("auction"), *_clock("request"), *_clock("bid request")),
}  # fmt: skip
"""Kind and value to the phrases that say it."""
