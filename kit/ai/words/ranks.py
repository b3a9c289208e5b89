"""The words that rank: *highest*, *cheapest*, *worst first*, *from most to least*."""

from __future__ import annotations

from itertools import product

from kit.ai.words.asked import Measure, Metric
from kit.ai.words.unclear import Unclear
from kit.data.sql.meaning.layer import MetricLayer

_HIGH = ("highest", "largest", "biggest", "greatest", "most", "top", "leading", "peak", "maximal",
         "busiest", "longest")  # fmt: skip
_LOW = ("lowest", "smallest", "fewest", "least", "bottom", "minimal", "shortest")
_DEAR = ("dearest", "priciest", "costliest", "most expensive", "most costly")
_CHEAP = ("cheapest", "least expensive", "least costly", "most affordable")
_BEST = ("best", "strongest", "best performing", "top performing", "best converting")
_WORST = ("worst", "weakest", "poorest", "worst performing")
_NAMES = ("high", "low", "dear", "cheap", "best", "worst")
_ENDS = dict(zip(_NAMES, (_HIGH, _LOW, _DEAR, _CHEAP, _BEST, _WORST), strict=True))
_OPPOSITE = {"high": "low", "low": "high", "dear": "cheap", "cheap": "dear", "best": "worst",
             "worst": "best"}  # fmt: skip
_DESCENDING = (
    "descending", "desc", "from high to low", "high to low", "in descending order", "decreasing",
    "in decreasing order", "descending order", "from top down", "in desc order", "most first",
)  # fmt: skip
_ASCENDING = (
    "ascending", "asc", "from low to high", "low to high", "in ascending order", "increasing",
    "in increasing order", "ascending order", "from bottom up", "in asc order",
)  # fmt: skip


def _directions(end: str) -> tuple[str, ...]:
    """Return the ways to say which of the rows comes first."""
    firsts = [
        phrase.format(word)
        for word in _ENDS[end]
        for phrase in ("{} first", "{} one first", "{} ones first", "{} on top", "{} at top",
                       "starting with {}", "starting from {}", "{} to start with", "{} up top")
    ]  # fmt: skip
    spans = [
        phrase.format(word, other)
        for word, other in product(_ENDS[end], _ENDS[_OPPOSITE[end]])
        for phrase in ("{} to {}", "from {} to {}")
    ]
    return (*firsts, *spans)


RANKS: dict[tuple[str, str], tuple[str, ...]] = {
    ("rank", "desc"): (
        *_HIGH, "maximum number of", "highest number of", "largest number of", "most number of",
    ),
    ("rank", "asc"): (*_LOW, "lowest number of", "smallest number of", "least number of"),
    ("rank", "dear"): _DEAR,
    ("rank", "cheap"): _CHEAP,
    ("rank", "best"): _BEST,
    ("rank", "worst"): _WORST,
    ("direction", "desc"): (*_DESCENDING, *_directions("high")),
    ("direction", "asc"): (*_ASCENDING, *_directions("low")),
    ("direction", "dear"): _directions("dear"),
    ("direction", "cheap"): _directions("cheap"),
    ("direction", "best"): _directions("best"),
    ("direction", "worst"): _directions("worst"),
}  # fmt: skip
"""Kind and value to the phrases that say it."""

_DESCENDS = {"desc": True, "asc": False, "dear": True, "cheap": False}


def descends(how: str, measure: Measure | None, layer: MetricLayer) -> bool:
    """Say whether the word that ranks wants the highest first; *best* is low of a cost.

    Raises
    ------
    Unclear
        If the word says nothing of such a measure, as in *cheapest by clicks*.

    Examples
    --------
    >>> from kit.data.sql.meaning.metrics import load_metrics
    >>> [descends("best", Metric(name), load_metrics()) for name in ("ctr", "cpa")]
    [True, False]
    """
    entry = layer.metrics.get(measure.name) if isinstance(measure, Metric) else None
    if how in ("dear", "cheap") and entry is not None and entry.unit not in ("money", "cpm"):
        raise Unclear(f"{how} by {entry.means}: by which price? Say eCPM, CPC or CPA")
    if how in _DESCENDS:
        return _DESCENDS[how]
    return (how == "best") == (entry is None or entry.better == "high")


def price_of(name: str, layer: MetricLayer) -> Metric:
    """Return what one of some count costs, for ``the cheapest clicks``.

    Raises
    ------
    Unclear
        If no metric says so.

    Examples
    --------
    >>> from kit.data.sql.meaning.metrics import load_metrics
    >>> price_of("impressions", load_metrics())
    Metric(name='ecpm')
    """
    for known, metric in layer.metrics.items():
        if metric.ratio == ("spend", name):
            return Metric(known)
    raise Unclear(f"the price of {name}: I know none; say a measure")


def whole_rows(value: float) -> int:
    """Return how many rows a number asks for."""
    if value != int(value) or not 1 <= value <= 1000:
        raise Unclear(f"{value:g} rows: say a whole number from 1")
    return int(value)
