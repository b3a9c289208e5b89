"""Checks of user input, made once at the boundary.

A message is: name, what came, what is allowed, how to mend it.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kit.base.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def bad_values(
    name: str,
    values: ArrayLike,
    bad: NDArray[np.bool_],
    allowed: str,
    mend: str = "Drop or repair those rows.",
    what: str = "not allowed",
) -> None:
    """Raise one `DataError` that counts and locates the bad values, if any.

    Parameters
    ----------
    name : str
        Column or argument name.
    values : array_like, shape (n,)
        The values that were checked.
    bad : ndarray of bool, shape (n,)
        True where a value is not allowed.
    allowed, mend, what : str
        What is allowed, how to mend it, and one word for the kind of badness.

    Raises
    ------
    DataError
        If any element of `bad` is True.

    Examples
    --------
    >>> bad_values("bid_floor_cpm", [1.0, -0.2], np.array([False, True]), ">= 0", what="negative")
    Traceback (most recent call last):
    kit.base.errors.DataError: bid_floor_cpm: 1 negative value (first at row 1: -0.2); must be >= 0. Drop or repair those rows.
    """  # noqa: E501
    count = int(np.count_nonzero(bad))
    if not count:
        return
    first = int(np.flatnonzero(bad)[0])
    value = np.asarray(values, dtype=object)[first]
    noun = "value" if count == 1 else "values"
    raise DataError(
        f"{name}: {count} {what} {noun} (first at row {first}: {value}); must be {allowed}. {mend}"
    )


def as_numbers(name: str, column: pd.Series[Any]) -> NDArray[np.float64]:
    """Return a column as float64, NaN where it is missing.

    Raises
    ------
    DataError
        If its values are no numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> as_numbers("pairs.cost", pd.Series(["dear"]))
    Traceback (most recent call last):
    kit.base.errors.DataError: pairs.cost: got values of type ...; must be numbers. Convert the column.
    """  # noqa: E501
    try:
        return np.asarray(column.to_numpy(na_value=np.nan), dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"{name}: got values of type {column.dtype}; must be numbers. Convert the column."
        ) from None


def finite_numbers(name: str, column: pd.Series[Any]) -> NDArray[np.float64]:
    """Return a column as finite float64.

    Raises
    ------
    DataError
        If a value is missing, infinite, or no number.
    """
    numbers = as_numbers(name, column)
    bad_values(name, numbers, ~np.isfinite(numbers), "finite", what="missing or infinite")
    return numbers


def finite_at_least(name: str, values: ArrayLike, low: float = 0.0) -> NDArray[np.float64]:
    """Return `values` as float64 after checking that all are finite and ``>= low``.

    Raises
    ------
    DataError
        On values that are no number, NaN, infinite, or too small.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{name}: holds no plain numbers; must be numbers. Convert it.") from None
    bad_values(name, array, ~np.isfinite(array), "finite", what="missing or infinite")
    bad_values(name, array, array < low, f">= {low:g}", what="too small" if low else "negative")
    return array


def number(
    name: str,
    value: Any,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    above: float | None = None,
) -> float:
    """Return one finite number inside ``[low, high]`` (and ``> above`` if given).

    Raises
    ------
    DataError
        If `value` is no number or lies outside.

    Examples
    --------
    >>> number("budget_share", 1.5, 0, 1)
    Traceback (most recent call last):
    kit.base.errors.DataError: budget_share: got 1.5; must be a number in [0, 1]. Pass a value inside the range.
    """  # noqa: E501
    bounds = f"> {above:g}" if above is not None and high == math.inf else f"in [{low:g}, {high:g}]"
    if above is not None and high != math.inf:
        bounds = f"in ({above:g}, {high:g}]"
    try:
        result = float(value)
    except (TypeError, ValueError):
        result = math.nan
    inside = math.isfinite(result) and low <= result <= high
    if not inside or (above is not None and result <= above):
        raise DataError(
            f"{name}: got {value!r}; must be a number {bounds}. Pass a value inside the range."
        )
    return result


def one_of(name: str, value: Any, allowed: Collection[str]) -> str:
    """Return `value` if it is one of `allowed`, else name the nearest.

    Raises
    ------
    DataError
        If it is not.

    Examples
    --------
    >>> one_of("format", "ipinyou-teta", ["ipinyou-theta", "csv"])
    Traceback (most recent call last):
    kit.base.errors.DataError: format: got 'ipinyou-teta'; must be one of: csv, ipinyou-theta. Did you mean 'ipinyou-theta'?
    """  # noqa: E501
    if isinstance(value, str) and value in allowed:
        return value
    listing = ", ".join(sorted(allowed))
    raise DataError(
        f"{name}: got {value!r}; must be one of: {listing}. {did_you_mean(value, allowed)}"
    )


def has_columns(where: str, columns: Iterable[str], needed: Iterable[str]) -> None:
    """Check that every needed column is there.

    Raises
    ------
    DataError
        Naming every missing column and the nearest present one.
    """
    present = list(columns)
    missing = [column for column in needed if column not in present]
    if missing:
        hints = " ".join(filter(None, (did_you_mean(column, present) for column in missing)))
        raise DataError(
            f"{where}: lacks column{'s' * (len(missing) > 1)} {', '.join(missing)}; "
            f"has {', '.join(map(str, present)) or 'none'}. {hints or 'Add or map those columns.'}"
        )


def did_you_mean(value: Any, allowed: Iterable[str]) -> str:
    """Return a hint naming the nearest allowed word, or an empty string."""
    near = difflib.get_close_matches(str(value), list(allowed), n=1)
    return f"Did you mean {near[0]!r}?" if near else ""
