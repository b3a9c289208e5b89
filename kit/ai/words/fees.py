"""Put *before fees* and *fees included* into what was asked: a metric has a twin without fees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kit.ai.words.asked import (
    Asked,
    Measure,
    Metric,
    OfTotal,
    Over,
    PerGroup,
    Quotient,
    Scoped,
    Signed,
)
from kit.ai.words.unclear import Unclear
from kit.data.sql.meaning.layer import MetricLayer


def with_fees(asked: Asked, fees: str, layer: MetricLayer) -> Asked:
    """Return what was asked with each metric's twin that the words on fees want.

    Parameters
    ----------
    asked : Asked
        What was asked, each metric as it was named.
    fees : str
        ``in``, ``out``, both in the order they were said, or nothing.
    layer : MetricLayer
        Tells the twins.

    Raises
    ------
    Unclear
        If nothing that was asked for has fees in it.

    Examples
    --------
    >>> from kit.data.sql.meaning.metrics import load_metrics
    >>> with_fees(Asked((Metric("roas"),)), "in", load_metrics()).measures
    (Metric(name='roas_with_fees'),)
    """
    if not fees:
        return asked
    if len(fees.split()) == 2:
        return _both_fees(asked, fees.split(), layer)
    return _one_fees(asked, fees, layer)


def _both_fees(asked: Asked, order: list[str], layer: MetricLayer) -> Asked:
    """Show every measure with and before fees."""
    if asked.having or asked.order:
        raise Unclear("with and before fees: rank and limit by one of the two")
    both = [_one_fees(asked, fees, layer).measures for fees in order]
    pairs = (measure for pair in zip(*both, strict=True) for measure in pair)
    return replace(asked, measures=tuple(dict.fromkeys(pairs)))


def _one_fees(asked: Asked, fees: str, layer: MetricLayer) -> Asked:
    switched: list[str] = []

    def switch(metric: Metric) -> Metric:
        entry = layer.metrics[metric.name]
        twin = entry.before_fees if fees == "out" else entry.with_fees
        other = entry.with_fees if fees == "out" else entry.before_fees
        if twin or other:
            switched.append(metric.name)
        return Metric(twin) if twin else metric

    measures = tuple(_mapped(measure, switch) for measure in asked.measures)
    having = tuple(
        replace(each, left=each.left if isinstance(each.left, str) else _mapped(each.left, switch))
        for each in asked.having
    )
    order = asked.order
    if order is not None and order.by is not None:
        order = replace(order, by=_mapped(order.by, switch))
    if not switched:
        raise Unclear("fees: nothing that was asked for has fees in it")
    return replace(asked, measures=measures, having=having, order=order)


def _mapped(measure: Measure, switch: Callable[[Metric], Metric]) -> Measure:
    if isinstance(measure, Metric):
        return switch(measure)
    if isinstance(measure, Quotient):
        top, bottom = (_mapped(each, switch) for each in (measure.top, measure.bottom))
        return replace(measure, top=top, bottom=bottom)
    if isinstance(measure, Signed):
        return Signed(tuple((sign, _mapped(part, switch)) for sign, part in measure.parts))
    if isinstance(measure, PerGroup):
        return replace(measure, measure=switch(measure.measure))
    if isinstance(measure, Scoped | OfTotal | Over):
        return replace(measure, measure=_mapped(measure.measure, switch))
    return measure
