"""Shares times 100, where a percentage is asked for: *what percent of*, *in %*, *as a pct*."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kit.ai.words.asked import (
    Aggregate,
    Asked,
    Measure,
    Metric,
    OfTotal,
    Over,
    Percent,
    Quotient,
    Scoped,
    Signed,
)
from kit.ai.words.items import Item
from kit.ai.words.unclear import Unclear
from kit.data.sql.meaning.layer import MetricLayer

_WORDS = frozenset({"percent", "percentage", "percentages", "percents", "pct", "%", "cent", "pp"})
_PLAIN = frozenset({"0", "fraction", "decimal", "decimals"})
_SHARES = ("share", "ratio")


def percent_said(items: Sequence[Item]) -> str:
    """Return ``all`` for *in percent*, ``one`` for *percentage of*, nothing for neither.

    The percent of a number is its unit: ``above 3.5 %`` asks for none. *Percentage, 0 to 1* is a
    share.
    """
    said = ""
    for place, item in enumerate(items):
        words = set(item.text.split())
        if item.has("filler") and words & _PLAIN:
            return ""
        if words & _WORDS and not (place and items[place - 1].has("number")):
            said = "all" if item.has("percent", "filler", "unit") else said or "one"
    return said


def in_percent(asked: Asked, said: str, layer: MetricLayer) -> Asked:
    """Return what was asked with its shares times 100.

    Parameters
    ----------
    asked : Asked
        What was asked, as shares from 0 to 1.
    said : str
        What `percent_said` returned.
    layer : MetricLayer
        Tells which metrics are shares.

    Raises
    ------
    Unclear
        If no share was asked for, or it is not clear which of several is meant.

    Examples
    --------
    >>> from kit.data.sql.meaning.metrics import load_metrics
    >>> in_percent(Asked((Metric("clicks"), Metric("ctr"))), "all", load_metrics()).measures
    (Metric(name='clicks'), Percent(measure=Metric(name='ctr')))
    """
    if not said:
        return asked
    shares = [each for each in asked.measures if _is_share(each, layer)]
    if not shares:
        raise Unclear("percent: of what? Say what share, such as percent of impressions")
    if said == "one" and len(shares) > 1:
        raise Unclear("a percentage and another share: say in percent for both, or ask for one")
    changed = {each: _times_100(each) for each in shares}
    order = asked.order
    if order is not None and order.by in changed:
        order = replace(order, by=changed[order.by])
    measures = tuple(changed.get(each, each) for each in asked.measures)
    return replace(asked, measures=measures, order=order)


def _times_100(measure: Measure) -> Measure:
    if isinstance(measure, Over) and measure.how == "growth":
        return replace(measure, how="growth_percent")
    if isinstance(measure, Over):
        return replace(measure, measure=Percent(measure.measure))
    return Percent(measure)


def _is_share(measure: Measure, layer: MetricLayer) -> bool:
    if isinstance(measure, Metric):
        return layer.metrics[measure.name].unit in _SHARES
    if isinstance(measure, Aggregate):
        known = layer.columns.get(measure.column)
        return known is not None and known.unit in _SHARES
    if isinstance(measure, Quotient):
        return measure.scale == 1
    if isinstance(measure, Signed):
        return all(_is_share(part, layer) for _, part in measure.parts)
    if isinstance(measure, Scoped):
        return _is_share(measure.measure, layer)
    if isinstance(measure, Over):
        return measure.how == "growth" or _is_share(measure.measure, layer)
    return isinstance(measure, OfTotal)
