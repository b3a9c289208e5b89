"""The rows of a query as a person reads them: one form of number a column, dates without noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from kit.report.numbers import ABSENT, MINUS

_LONGEST = 60
_DIGITS = 4
_LABELS = ("year", "month", "week", "weekday", "hour")
"""Whole numbers that are names; so is every id."""


@dataclass(frozen=True)
class Cells:
    """A table ready to be shown.

    Parameters
    ----------
    header : tuple of str
        Names of columns.
    rows : tuple of tuple of str
        The first rows.
    words : frozenset of int
        Places of the columns that are no numbers, and read from the left.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[int]


def readable_cells(frame: pd.DataFrame, most: int = 20) -> Cells:
    """Return the first rows of a table as text.

    Parameters
    ----------
    frame : DataFrame
        Any columns; names may repeat.
    most : int
        Most rows.

    Notes
    -----
    The fractions of a column have as many decimals as show four digits of its middle number, two
    or more. Moments that are all midnight are dates. What is missing is a dash.

    Examples
    --------
    >>> frame = pd.DataFrame({"exchange": ["x", "y"], "clicks": [12345, 7], "ctr": [0.01234, 0.2]})
    >>> readable_cells(frame).rows
    (('x', '12,345', '0.0123'), ('y', '7', '0.2000'))
    """
    first = frame.head(most)
    columns = [_column(first.iloc[:, place]) for place in range(first.shape[1])]
    words = frozenset(
        place for place in range(first.shape[1]) if not is_number(first.iloc[:, place])
    )
    header = tuple(str(name) for name in first.columns)
    return Cells(header, tuple(zip(*columns, strict=True)), words)


def is_number(column: pd.Series) -> bool:
    """Return whether a column holds numbers; true and false are none."""
    return types.is_numeric_dtype(column) and not types.is_bool_dtype(column)


def _column(column: pd.Series) -> list[str]:
    if types.is_datetime64_any_dtype(column):
        return _moments(column)
    if not is_number(column):
        return [_text(value) for value in column]
    if types.is_integer_dtype(column):
        name = str(column.name).lower()
        form = "" if name in _LABELS or name.endswith("_id") else ","
        return [_signed(format(value, form)) for value in column]
    digits = _decimals(column.to_numpy(dtype=np.float64))
    return [_number(value, digits) for value in column]


def _moments(column: pd.Series) -> list[str]:
    whole = bool((column.dropna() == column.dropna().dt.normalize()).all())
    form = "%Y-%m-%d" if whole else "%Y-%m-%d %H:%M:%S"
    return [ABSENT if pd.isna(value) else value.strftime(form) for value in column]


def _decimals(numbers: np.ndarray[Any, np.dtype[np.float64]]) -> int:
    """Return how many decimals show a column."""
    sizes = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    if not sizes.size or bool(np.all(sizes == np.round(sizes))):
        return 0
    middle = float(np.median(sizes))
    if middle >= 1e5:
        return 0
    return min(max(_DIGITS - 1 - math.floor(math.log10(middle)), 2), 9)


def _number(value: float, digits: int) -> str:
    if not math.isfinite(value):
        return ABSENT if math.isnan(value) else str(value)
    return _signed(f"{value:,.{digits}f}")


def _signed(text: str) -> str:
    return MINUS + text[1:] if text.startswith("-") else text


def _text(value: Any) -> str:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if value is None or value is pd.NaT or value is pd.NA or value != value:  # NaN
        return ABSENT
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
