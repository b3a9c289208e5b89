"""What a response model leaves unexplained: cells of possible features where clicks disagree."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

BINS = 10
"""Cells of a number, by its quantiles."""
MAX_CELLS = 3000
"""More cells than this hold too few clicks each to say anything."""
MAX_COLUMNS = 16
"""Columns that are paired: 120 pairs."""
FEW, MANY = 48, 12
"""A number with at most so many values is paired as a label too; with more than so many, it is
divided by others."""
_SEPARATORS = ("_", "-", "/", ".", ":", "|")

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Idea:
    """A computed feature that a model lacks.

    Parameters
    ----------
    name : str
        A name for it.
    sql : str
        Over request columns; `kit.data.sql.features.check_feature` passes it.
    z : float
        How far clicks differ from predictions over its cells: about standard normal by chance.
    """

    name: str
    sql: str
    z: float


def unexplained(
    frame: pd.DataFrame, predicted: Floats, clicked: NDArray[np.bool_], names: Sequence[str]
) -> list[Idea]:
    r"""Return computed features by how much of the clicks they would explain, the most first.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (n, columns)
        Labelled rows; a ``timestamp`` is in local time.
    predicted : ndarray, shape (n,)
        What the model says.
    clicked : ndarray of bool, shape (n,)
        What followed.
    names : sequence of str
        Columns that may be read.

    Notes
    -----
    Over the :math:`k` cells of a feature, :math:`T = \sum_c (\sum_{i \in c} y_i - p_i)^2 /
    \sum_{i \in c} p_i (1 - p_i)` is about chi-squared with :math:`k` degrees of freedom where the
    model is right. Its cube root is close to normal whatever :math:`k`, and ``z`` says where it
    lies there; an excess in standard deviations would be above 3 by chance ten times too often over
    two cells. On rows that the model was fitted on it says too little, never too much.

    References
    ----------
    Wilson, Hilferty (1931), The distribution of chi-square.
    """
    found = [
        Idea(name, sql, excess(codes, predicted, clicked))
        for name, sql, codes in candidates(frame, names)
    ]
    return sorted(found, key=lambda idea: -idea.z)


def excess(codes: Codes, predicted: Floats, clicked: NDArray[np.bool_]) -> float:
    """Return ``z`` of some cells; see `unexplained`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cell = rng.integers(0, 4, 4000)
    >>> even = excess(cell, np.full(4000, 0.1), rng.random(4000) < 0.1)
    >>> odd = excess(cell, np.full(4000, 0.1), rng.random(4000) < 0.1 * (cell == 2) * 3)
    >>> abs(even) < 4 < odd
    True
    """
    gap = np.bincount(codes, clicked - predicted)
    spread = np.bincount(codes, predicted * (1 - predicted))
    used = spread >= 1.0  # a cell that expects no click tells nothing
    cells = int(used.sum())
    if cells < 2:
        return 0.0
    total = float((gap[used] ** 2 / spread[used]).sum())
    spread_of_root = 2 / (9 * cells)
    return (math.cbrt(total / cells) - 1 + spread_of_root) / math.sqrt(spread_of_root)


def candidates(frame: pd.DataFrame, names: Sequence[str]) -> Iterator[tuple[str, str, Codes]]:
    """Yield name, SQL and each row's cell of every feature that is worth a look.

    Pairs of labels, ratios and differences of numbers, parts of labels such as
    ``news-sports-top``, the minute and the weekend.
    """
    columns = _distinct(frame, names)
    numbers = [name for name in columns if pd.api.types.is_numeric_dtype(frame[name].dtype)]
    sizes = {name: int(codes.max()) + 1 for name, codes in columns.items()}
    coarse = [name for name in columns if name not in numbers or sizes[name] <= FEW]
    for left, right in combinations(coarse, 2):
        if sizes[left] * sizes[right] <= MAX_CELLS:
            sql = f"{_text(left, numbers)} || '/' || {_text(right, numbers)}"
            codes = _dense(columns[left] * sizes[right] + columns[right])
            yield _name(left, "x", right), sql, codes
    values = {name: frame[name].to_numpy(np.float64, na_value=np.nan) for name in numbers}
    for left, right in combinations([name for name in numbers if sizes[name] > MANY], 2):
        under = np.where(values[right] == 0, np.nan, values[right])
        ratio, gap = values[left] / under, values[left] - values[right]
        sql = f"{_quoted(left)} / NULLIF({_quoted(right)}, 0)"
        yield _name(left, "per", right), sql, quantile_cells(ratio)
        yield _name(left, "less", right), f"{_quoted(left)} - {_quoted(right)}", quantile_cells(gap)
    for name in columns:
        if name not in numbers:
            yield from _parts(frame[name], name)
    if "timestamp" in names:
        clock = frame["timestamp"].dt
        yield "minute", "MINUTE(timestamp)", clock.minute.to_numpy(np.intp)
        yield "weekend", "DAYOFWEEK(timestamp) IN (0, 6)", (clock.day_of_week > 4).to_numpy(np.intp)


def quantile_cells(numbers: Floats) -> Codes:
    """Return `BINS` cells of about as many rows each, and one for what is missing.

    Examples
    --------
    >>> np.unique(quantile_cells(np.arange(100.0)), return_counts=True)[1].tolist()
    [10, 10, 10, 10, 10, 10, 10, 10, 10, 10]
    """
    known = numbers[~np.isnan(numbers)]
    if not known.size:
        return np.zeros(len(numbers), dtype=np.intp)
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))
    codes = np.searchsorted(edges, numbers, side="right")
    return np.asarray(np.where(np.isnan(numbers), len(edges) + 1, codes), dtype=np.intp)


def _distinct(frame: pd.DataFrame, names: Sequence[str]) -> dict[str, Codes]:
    """Return codes of columns that vary, without those that say the same as an earlier one."""
    kept: dict[str, Codes] = {}
    for name in names:
        if name == "timestamp" or len(kept) == MAX_COLUMNS:
            continue
        codes = np.asarray(pd.factorize(frame[name], use_na_sentinel=False)[0], dtype=np.intp)
        size = int(codes.max()) + 1 if codes.size else 0
        # values that are all different go with any other such column one by one, and say nothing
        same = 2 * size <= len(codes) and any(
            int(other.max()) + 1 == size and _dense(codes * size + other).max() + 1 == size
            for other in kept.values()
        )
        if size > 1 and not same:
            kept[name] = codes
    return kept


def _dense(codes: Codes) -> Codes:
    """Return the codes without gaps."""
    return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.intp)


def _parts(values: pd.Series, name: str) -> Iterator[tuple[str, str, Codes]]:
    category = values.astype("category").cat
    known = [str(value) for value in category.categories]
    own = category.codes.to_numpy(np.intp)
    for sign in _SEPARATORS:
        if sum(sign in label for label in known) < max(2, len(known) // 2):
            continue
        most = max(label.count(sign) for label in known) + 1
        for place in range(min(most, 3)):
            parts = [[*label.split(sign), *[""] * most][place] for label in known]
            codes = _dense(np.array([*pd.factorize(np.array(parts))[0], -1], dtype=np.intp)[own])
            sql = f"SPLIT_PART({_quoted(name)}, '{sign}', {place + 1})"
            yield _name(name, "part", str(place + 1)), sql, codes
        return


def _text(name: str, numbers: Sequence[str]) -> str:
    quoted = _quoted(name)
    return f"CAST({quoted} AS TEXT)" if name in numbers else quoted


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _name(*words: str) -> str:
    text = "_".join(re.sub("[^a-z0-9]+", "_", word.lower()) for word in words)[:40]
    return text if text[:1].isalpha() else f"f{text}"[:40]
