"""Numbers as a reader wants them: sensible digits, thousands apart, a real minus sign."""

# ruff: noqa: RUF002 - the minus sign and the dash in the examples are what is printed
from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"
ABSENT = "\N{EN DASH}"


def count(value: float, sign: bool = False) -> str:
    """Return a number with at most six significant digits and thousands separators.

    Examples
    --------
    >>> count(1234567), count(0.25), count(-3.0), count(float("nan"))
    ('1,234,567', '0.25', '−3', '–')
    """
    if not math.isfinite(value):
        return ABSENT
    if abs(value) >= 1e5 or value == round(value):
        return _signed(f"{round(value):,}", sign)
    return _signed(f"{value:,.6g}" if abs(value) >= 1e-4 else f"{value:.3g}", sign)


def money(amount: float, currency: str, sign: bool = False) -> str:
    """Return an amount with two decimals; more where it is a fraction of a cent, none where large.

    Examples
    --------
    >>> money(1234.5, "CNY"), money(-0.00123, "USD"), money(2_345_678.9, "USD", sign=True)
    ('1,234.50 CNY', '−0.0012 USD', '+2,345,679 USD')
    """
    if not math.isfinite(amount):
        return ABSENT
    size = abs(amount)
    digits = 0 if size >= 1e5 else 2
    if 0 < size < 0.1:
        digits = 1 - math.floor(math.log10(size))
    return f"{_signed(f'{amount:,.{digits}f}', sign)} {currency}".rstrip()


def percent(share: float, digits: int = 1, sign: bool = False) -> str:
    """Return a share as a percentage.

    Examples
    --------
    >>> percent(0.2063), percent(-0.5, 0, sign=True), percent(0.00075, 3)
    ('20.6 %', '−50 %', '0.075 %')
    """
    if not math.isfinite(share):
        return ABSENT
    return f"{_signed(f'{100 * share:,.{digits}f}', sign)} %"


def _signed(text: str, sign: bool) -> str:
    zero = not text.strip("-0.,")
    if text.startswith("-"):
        return text[1:] if zero else MINUS + text[1:]
    return f"+{text}" if sign and not zero else text
