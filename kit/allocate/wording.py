"""Prices of limits in words: what one unit more or less does to the money."""

from __future__ import annotations

from typing import Any

import numpy as np

_STEPS = {
    "money": (1.0, "{currency}1"),
    "impressions": (1000.0, "1,000 impressions"),
    "share": (0.01, "1 point"),
}


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
    step, step_words = _STEPS.get(row.unit, (1.0, f"1 {row.unit}".strip()))
    step_words = step_words.format(currency=currency)
    low, high = row.price_low, row.price_high
    if np.isnan(low) or np.isnan(high):
        low = high = row.price
    loosen, tighten = (low, high) if row.sense == "<=" else (-high, -low)
    more, less = ("more", "less") if row.sense == "<=" else ("less", "more")
    said = []
    if worth is not None:
        said.append(_whole(row.subject, worth, currency, period))
    said.append(f"{step_words} {more} {row.subject} returns {money(loosen * step, currency)}")
    if loosen != tighten:
        end = f"costs {money(tighten * step, currency)}"
        said.append(f"{step_words} {less} {end if np.isfinite(tighten) else 'is not feasible'}")
    return "; ".join(said) + "."


def _whole(subject: str, worth: float, currency: str, period: str) -> str:
    if not np.isfinite(worth):
        return f"{subject}: without it the value is unbounded"
    return f"{subject} costs {money(worth, currency)}{f' a {period}' if period else ''}"
