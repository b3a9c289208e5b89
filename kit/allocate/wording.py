"""Prices of limits in words: what one unit more or less does to the money."""

from __future__ import annotations

from typing import Any

import numpy as np

_STEPS = {"impressions": 1000.0, "share": 0.01, "of return": 0.1}
"""Change of a number that a sentence speaks of, by unit; 1 for the others."""


def money(amount: float, currency: str) -> str:
    """Return money in words: cents below 1,000, none above.

    Examples
    --------
    >>> money(0.424, "$"), money(1310.4, "$"), money(0.00042, "$")
    ('$0.42', '$1,310', '$0.00042')
    """
    size = abs(amount)
    if size >= 1000:
        text = f"{size:,.0f}"
    else:
        text = f"{size:.2f}" if size >= 0.1 or size == 0 else f"{size:.2g}"
    return f"{'-' if amount < 0 else ''}{currency}{text}"


def sentence(row: Any, currency: str, period: str, worth: float | None = None) -> str:
    """Return what one limit costs.

    Parameters
    ----------
    row : named tuple
        A row of `Allocation.limits`: ``subject, sense, unit, price, price_low, price_high``.
    currency, period : str
        Sign of the money; what the tables cover.
    worth : float, optional
        Money gained if the limit were dropped.

    Returns
    -------
    str
        Rates hold for small changes; the cost of the whole limit is what dropping it would gain.
    """
    low, high = row.price_low, row.price_high
    if np.isnan(low) or np.isnan(high):
        low = high = row.price
    most = row.sense == "<="
    loosen, tighten = (low, high) if most else (-high, -low)
    step = _step(row.unit, loosen, worth)
    said = [] if worth is None else [_whole(row.subject, worth, currency, period)]
    gain = money(loosen * step, currency) if abs(loosen) > 1e-9 else "nothing"
    said.append(f"{_change(row, most, currency, step)} {_verb(row, 'return')} {gain}")
    loss = money(tighten * step, currency) if np.isfinite(tighten) else "cannot be had"
    if loss != gain and loosen != tighten:  # rates that read alike are one
        cost = f"{_verb(row, 'cost')} {loss}" if np.isfinite(tighten) else loss
        said.append(f"{_change(row, not most, currency, step)} {cost}")
    return "; ".join(said) + "."


def _verb(row: Any, verb: str) -> str:
    return verb if row.unit == "impressions" else f"{verb}s"


def _step(unit: str, rate: float, worth: float | None) -> float:
    """Return a change small enough that its rate promises no more than the whole limit costs."""
    step = _STEPS.get(unit, 1.0)
    if unit == "share" and worth is not None:
        while step > 1e-6 and rate * step > max(worth, 0.0):
            step /= 10
    return step


def _change(row: Any, up: bool, currency: str, step: float) -> str:
    if row.unit == "money":
        return f"{currency}1 {'more' if up else 'less'} {row.subject}"
    if row.unit == "impressions":
        return f"1,000 {'more' if up else 'fewer'} impressions {row.subject}"
    points = f"{100 * step:.4g} point"
    size = {"share": points, "money a conversion": f"{currency}1", "of return": "0.1"}
    return f"{'raising' if up else 'lowering'} {row.subject} by {size.get(row.unit, '1')}"


def _whole(subject: str, worth: float, currency: str, period: str) -> str:
    if not np.isfinite(worth):
        return f"{subject}: without it the value is unbounded"
    return f"{subject} costs {money(worth, currency)}{f' a {period}' if period else ''}"
