"""A comparison in plain words, with its amounts in the log's currency."""

from __future__ import annotations

import math

from kit.base.units import PriceUnit
from kit.report.numbers import count, money
from kit.report.tables import COUNTS
from kit.validate.comparison import Comparison, MetricDifference

_VERBS = {
    "surplus": ("earns", "surplus"),
    "value": ("wins", "value"),
    "spend": ("spends", ""),
    "revenue": ("earn", "revenue"),  # of floors, which are many
    "clicks": ("wins", "clicks"),
    "impressions": ("wins", "impressions"),
}


# Only a charged look at a sealed holdout earns a verdict; a replay of an open file never does.
UNSEALED = "Unsealed data: an interval, not a verdict."
ON_TUNE = "Tune split, on which bids were chosen: an interval that flatters, not a verdict."


def headline(
    comparison: Comparison, policy: str, baseline: str, unit: PriceUnit, split: str = "holdout"
) -> str:
    """Return one or two sentences that a reader can act on, about one split.

    Examples
    --------
    >>> row = MetricDifference("surplus", 9e5, 5e5, 4e5, 1e5, 7e5, 5e4, 7.5e5, 1e5, 3e5)
    >>> comparison = Comparison("better", (), 24, "24 blocks", 0.95, 1, (row,), 10_000, 50)
    >>> headline(comparison, "lin", "mcpc", PriceUnit("USD"))
    'Lin earns 400.00 USD more surplus than mcpc over the 10,000 holdout auctions \
(95 % interval: +50.00 to +750.00 USD).'
    """
    row = comparison.first
    seen = (
        f"{_difference(row, policy, baseline, unit)} over the {count(comparison.auctions)} {split}"
    )
    seen += f" auction{'s' * (comparison.auctions != 1)}"
    low, high = row.simultaneous_low, row.simultaneous_high
    if math.isfinite(low) and math.isfinite(high):
        ends = f"{_amount(low, row, unit, '')} to {_amount(high, row, unit, unit.currency)}"
        seen += f" ({100 * comparison.level:g} % interval: {ends})"
    if comparison.decision == "cannot conclude":
        return f"These data do not tell {policy} from {baseline}. As seen, {seen}."
    return f"{sentence(seen)}."


def sentence(text: str) -> str:
    """Return text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def how_decided(comparison: Comparison) -> str:
    """Return one paragraph on how the interval was made and what it counts."""
    number = comparison.comparisons
    counted = "one comparison" if number == 1 else f"all {number} comparisons together"
    return (
        "Both policies are replayed on the same auctions, and their totals are subtracted block by "
        f"block: {comparison.block_kind}, {count(comparison.blocks)} independent units in all. "
        "The interval of the total is a studentised bootstrap over these units "
        f"({count(comparison.resamples)} resamples, symmetric, block standard error per auction). "
        f"It holds for {counted} at {100 * comparison.level:g} %. "
        f"It decides about {comparison.first.metric}: better or worse only where that interval "
        "leaves out zero."
    )


def _difference(row: MetricDifference, policy: str, baseline: str, unit: PriceUnit) -> str:
    verb, noun = _VERBS[row.metric]
    if row.difference == 0:
        return f"{policy} and {baseline} have the same {row.metric}"
    if row.metric in COUNTS:
        size = count(abs(row.difference))
    else:
        size = money(unit.money(abs(row.difference)), unit.currency)
    side = "more" if row.difference > 0 else "less"
    return " ".join(filter(None, (policy, verb, size, side, noun, "than", baseline)))


def _amount(value: float, row: MetricDifference, unit: PriceUnit, currency: str) -> str:
    if row.metric in COUNTS:
        return count(round(value), sign=True)
    return money(unit.money(value), currency, sign=True)
