"""The frontier: what a limit is worth, number by number, from hot re-solves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kit.base.errors import SolverError

if TYPE_CHECKING:
    from kit.allocate.compiled import CompiledProblem


def frontier(compiled: CompiledProblem, name: str, values: Sequence[float]) -> pd.DataFrame:
    """Return value, price and spend for each number of one limit; the numbers end as they were.

    Parameters
    ----------
    compiled : CompiledProblem
        The problem.
    name : str
        A limit or weight.
    values : sequence of float
        Numbers to be tried.

    Returns
    -------
    pandas.DataFrame
        ``number``, ``value`` (money), ``price`` (money per unit of the number), ``spend`` (money);
        NaN where the limits contradict each other.

    Raises
    ------
    DataError
        If the limit is unknown or a number not allowed.
    SolverError
        If a solve fails or the value is unbounded.
    """
    place = compiled.place(name)
    numbers = [compiled.check(name, value) for value in values]
    before = float(compiled.theta[place])
    rows = []
    try:
        for number in numbers:
            compiled.move({place: number})
            rows.append((number, *_point(compiled, place)))
    finally:
        compiled.move({place: before})
    return pd.DataFrame(rows, columns=["number", "value", "price", "spend"], dtype=np.float64)


def _point(compiled: CompiledProblem, place: int) -> tuple[float, float, float]:
    raw = compiled.run()
    if raw.status == "infeasible":
        return np.nan, np.nan, np.nan
    canonical = compiled.canonical
    if raw.status != "optimal" or canonical is None:
        raise SolverError(f"frontier: a solve ended with {raw.word!r}. Try a narrower range.")
    price = -float(canonical.rates(raw.z, raw.y)[place])
    spend = float(compiled.problem.tables.cost @ raw.z[canonical.columns])
    return 0.0 - raw.minimum, price + 0.0, spend
