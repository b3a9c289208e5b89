"""Whether a sum in words defines what was asked, as in ``surplus: click value minus spend``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from kit.ai.words.asked import Aggregate, Measure, Metric, Quotient, Signed
from kit.data.sql.meaning.layer import MetricLayer


def explains(
    layer: MetricLayer, said: Measure, measures: Sequence[Measure]
) -> tuple[int, Measure] | None:
    """Return the measure that a sum in words defines, in the reading of fees that fits.

    Examples
    --------
    >>> from kit.data.sql.meaning.metrics import load_metrics
    >>> said = Signed((("+", Metric("value")), ("-", Metric("spend")), ("-", Metric("fees"))))
    >>> explains(load_metrics(), said, [Metric("clicks"), Metric("surplus")])
    (1, Metric(name='surplus'))
    """
    for spoken in readings(layer, said):  # as it was said first, then with the fees it may mean
        form = canonical(layer, spoken)
        for place, measure in enumerate(measures):
            for reading in readings(layer, measure):
                if canonical(layer, reading) == form:
                    return place, reading
    return None


def readings(layer: MetricLayer, measure: Measure) -> Iterator[Measure]:
    """Yield a measure with each of its metrics as it is, and before or with fees."""
    yield measure
    if isinstance(measure, Metric):
        entry = layer.metrics[measure.name]
        yield from (Metric(twin) for twin in (entry.before_fees, entry.with_fees) if twin)
    elif isinstance(measure, Quotient):
        pairs = product(readings(layer, measure.top), readings(layer, measure.bottom))
        yield from (replace(measure, top=top, bottom=bottom) for top, bottom in pairs)
    elif isinstance(measure, Signed):
        signs = [sign for sign, _ in measure.parts]
        for parts in product(*(readings(layer, part) for _, part in measure.parts)):
            yield Signed(tuple(zip(signs, parts, strict=True)))


def canonical(layer: MetricLayer, measure: Measure) -> Any:
    """Return a form that two measures share when they always have the same value."""
    if isinstance(measure, Metric):
        entry = layer.metrics[measure.name]
        if entry.ratio:
            top, bottom = (canonical(layer, Metric(name)) for name in entry.ratio)
            return ("ratio", top, bottom, entry.scale)
        return _terms(layer, measure)
    if isinstance(measure, Quotient):
        top, bottom = (canonical(layer, each) for each in (measure.top, measure.bottom))
        return ("ratio", top, bottom, measure.scale)
    if isinstance(measure, Aggregate) and measure.function == "avg" and not measure.weight:
        column = layer.columns.get(measure.column)
        mean = (column.sql if column else None) or measure.column
        mean = f"{mean} - {measure.minus}" if measure.minus else mean
        return frozenset({(("mean", mean, None), 1)})
    return _terms(layer, measure) if isinstance(measure, Signed) else measure


def _terms(layer: MetricLayer, measure: Measure) -> frozenset[tuple[Any, int]]:
    counts: dict[Any, int] = {}
    for sign, part in _flat(layer, measure, 1):
        counts[part] = counts.get(part, 0) + sign
    return frozenset((part, count) for part, count in counts.items() if count)


def _flat(layer: MetricLayer, measure: Measure, sign: int) -> Iterator[tuple[int, Any]]:
    if isinstance(measure, Signed):
        for mark, part in measure.parts:
            yield from _flat(layer, part, sign if mark == "+" else -sign)
        return
    entry = layer.metrics[measure.name] if isinstance(measure, Metric) else None
    if entry is None or entry.kind == "ratio":
        yield sign, canonical(layer, measure)
    elif entry.add is None:
        yield sign, (entry.kind, entry.count or entry.sum or entry.mean, entry.where)
    else:
        for name in entry.add:
            yield from _flat(layer, Metric(name), sign)
        for name in entry.subtract:
            yield from _flat(layer, Metric(name), -sign)
