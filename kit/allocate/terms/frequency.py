"""Frequency: no more impressions a user than a cap, by user segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import Limit, LinearTerm
from kit.allocate.terms.groups import coded, matrix, numbers
from kit.base.checks import finite_at_least, has_columns, number
from kit.base.errors import DataError


@dataclass(frozen=True)
class Frequency(LinearTerm):
    """At most `cap` impressions a user of a segment: ``frequency_max[line A, segment=s]``.

    A plan of ``x`` impressions to ``reach`` users shows each ``x / reach`` on average.

    Parameters
    ----------
    cap : float
        Impressions a user.
    by : str
        Column of supply or pairs that names the user segment.
    reach : str or mapping of segment to float
        Users of each segment (> 0), or a column that holds them, constant in each segment.
    per_demand : bool
        Whether each demand is capped by itself, as is usual.

    Examples
    --------
    >>> Frequency(3.0, by="user_segment", reach={"gamer": 1000.0})
    Frequency(cap=3.0, by='user_segment', reach={'gamer': 1000.0}, per_demand=True)
    """

    cap: float
    by: str = "user_segment"
    reach: str | Mapping[Any, float] = "reach"
    per_demand: bool = True

    def users(self, tables: AllocationTables) -> NDArray[np.float64]:
        """Return the users of each segment, in the segments' order.

        Raises
        ------
        DataError
            If a segment has no users, no number, or several numbers.
        """
        codes, levels = coded(tables, self.by)
        if isinstance(self.reach, Mapping):
            has_columns("reach", list(map(str, self.reach)), list(map(str, levels)))
            given = [self.reach[level] for level in levels]
            return finite_at_least("reach", given, 1e-9)
        held = numbers(tables, self.reach)
        found = np.ones(len(levels))
        found[codes] = held
        if (found[codes] != held).any():
            raise DataError(
                f"{self.reach}: differs inside a {self.by}; must be the segment's number of "
                "users on each of its rows. Pass a mapping of segment to users."
            )
        return finite_at_least("reach", found, 1e-9)

    def rows(self, tables: AllocationTables) -> Sequence[Limit]:
        """Return one limit a segment (and demand)."""
        cap = number("cap", self.cap, 0.0)
        codes, levels = coded(tables, self.by)
        if not levels:
            return ()
        ids = list(tables.demand.index) if self.per_demand else [None]
        weight = 1.0 / self.users(tables)[codes]
        demand = tables.demand_code.astype(np.int64) if self.per_demand else 0
        used = matrix(demand * len(levels) + codes, weight, len(ids) * len(levels))
        labels = [
            f"{'' if name is None else f'{name}, '}{self.by}={level}"
            for name in ids
            for level in levels
        ]
        return (
            Limit(
                [f"frequency_max[{label}]" for label in labels], used, "<=", cap,
                unit="impression a user", low=0.0,
                subject=[f"the frequency cap of {label}" for label in labels],
            ),
        )  # fmt: skip
