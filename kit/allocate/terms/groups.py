"""Rows of sparse matrices over the pairs: one row a group of pairs, without a Python loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from kit.allocate.tables import AllocationTables
from kit.base.checks import as_numbers, bad_values, did_you_mean
from kit.base.errors import DataError

Floats = NDArray[np.float64]


def column(tables: AllocationTables, name: str) -> pd.Series[Any]:
    """Return one attribute of each pair, P rows, from the pairs, the supply or the demand.

    Raises
    ------
    DataError
        If no table has it.
    """
    if name == "value":
        return pd.Series(tables.value)
    if name == "cost":
        return pd.Series(tables.cost)
    if name in tables.pairs.columns:
        return tables.pairs[name]
    for frame, codes in (
        (tables.supply, tables.supply_code),
        (tables.demand, tables.demand_code),
    ):
        if name == frame.index.name:
            return pd.Series(frame.index).take(codes)
        if name in frame.columns:
            return frame[name].iloc[codes]
    known = [*tables.pairs.columns, "supply_id", *tables.supply.columns]
    known += ["demand_id", *tables.demand.columns]
    raise DataError(
        f"column {name!r}: no table has it; must be one of: {', '.join(map(str, known))}. "
        f"{did_you_mean(name, known) or 'Add it to the supply, demand or pairs table.'}"
    )


def numbers(tables: AllocationTables, name: str, low: float = -np.inf) -> Floats:
    """Return one numeric attribute of each pair, shape (P,).

    Raises
    ------
    DataError
        If it is absent, no number, missing, infinite, or below `low`.
    """
    values = as_numbers(f"column {name!r}", column(tables, name))
    bad_values(name, values, ~np.isfinite(values), "finite", what="missing or infinite")
    bad_values(name, values, values < low, f">= {low:g}", what="too small")
    return values


def matrix(codes: NDArray[Any], weight: Floats, count: int) -> Any:
    """Return the (count, P) matrix with each pair's weight in the row of its code (-1: none)."""
    keep = np.flatnonzero(codes >= 0)
    entries = sparse.coo_array((weight[keep], (codes[keep], keep)), shape=(count, len(codes)))
    return sparse.csr_array(entries)


def coded(tables: AllocationTables, by: str) -> tuple[NDArray[np.int64], list[Any]]:
    """Return the group of each pair, shape (P,), and the groups, also those without a pair.

    Raises
    ------
    DataError
        If the column is absent or has missing values.
    """
    if by == tables.demand.index.name:
        return tables.demand_code.astype(np.int64), list(tables.demand.index)
    if by == tables.supply.index.name:
        return tables.supply_code.astype(np.int64), list(tables.supply.index)
    values = column(tables, by)
    bad_values(by, values, np.asarray(values.isna()), "given", what="missing")
    for frame in (tables.supply, tables.demand):
        if by in frame.columns and by not in tables.pairs.columns:
            levels = pd.Index(frame[by].dropna().unique()).sort_values()
            return levels.get_indexer(pd.Index(values)).astype(np.int64), list(levels)
    codes, levels = pd.factorize(values, sort=True)
    return codes.astype(np.int64), list(levels)


def chosen(
    number: float | Mapping[Any, float] | None, levels: list[Any], name: str
) -> tuple[NDArray[np.int64], Floats]:
    """Return the places of the groups that a limit names, and their numbers.

    Parameters
    ----------
    number : float, mapping or None
        One number for every group, or numbers of some groups.
    levels : list
        The groups.
    name : str
        The term's argument, for messages.

    Raises
    ------
    DataError
        If a named group does not exist.
    """
    if number is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    if not isinstance(number, Mapping):
        return np.arange(len(levels)), np.full(len(levels), _plain(name, number))
    place = {level: at for at, level in enumerate(levels)}
    for level in number:
        if level not in place:
            raise DataError(
                f"{name}: {level!r} is unknown; must be one of: {', '.join(map(str, levels))}. "
                f"{did_you_mean(level, map(str, levels)) or 'Name a group of the tables.'}"
            )
    return np.array([place[level] for level in number], dtype=np.int64), np.array(
        [_plain(f"{name}[{level}]", value) for level, value in number.items()]
    )


def _plain(name: str, number: Any) -> float:
    try:
        return float(number)
    except (TypeError, ValueError):
        raise DataError(f"{name}: got {number!r}; must be a number. Pass one.") from None
