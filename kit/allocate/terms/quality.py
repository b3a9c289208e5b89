"""Quality of what is bought: an average over the plan, held above or below a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import Limit, LinearTerm
from kit.allocate.terms.groups import matrix, numbers
from kit.allocate.terms.share import measured
from kit.base.errors import DataError


@dataclass(frozen=True)
class Quality(LinearTerm):
    """The plan's average of a column: ``viewability_min``, ``fraud_max``, ``brand_safety_min``.

    The average ``sum(column * x) / sum(x)`` is linear fractional; multiplied out it is linear.

    Parameters
    ----------
    column : str
        A numeric column of supply, demand or pairs: a viewability, a fraud share, a score.
    min, max : float, optional
        Least and largest average, in the column's unit.
    of : {"impressions", "spend", "value"}
        What the average is weighted by.
    per_demand : bool
        Whether it holds for each demand's own plan: ``fraud_max[line A]``.

    Raises
    ------
    DataError
        If neither is given.

    Examples
    --------
    >>> Quality("viewability", min=0.6)
    Quality(column='viewability', min=0.6, max=None, of='impressions', per_demand=False)
    """

    column: str
    min: float | None = None
    max: float | None = None
    of: str = "impressions"
    per_demand: bool = False

    def __post_init__(self) -> None:
        if self.max is None and self.min is None:
            raise DataError("quality: neither max nor min given; must have one. Pass min=0.6.")

    def rows(self, tables: AllocationTables) -> Sequence[Limit]:
        """Return the minimum and the maximum, of the whole plan or of each demand's."""
        weight = measured(tables, self.of)
        ids = [f"[{name}]" for name in tables.demand.index] if self.per_demand else [""]
        each = tables.demand_code.astype(np.int64) if self.per_demand else np.zeros(
            len(tables), dtype=np.int64
        )  # fmt: skip
        used = matrix(each, weight * numbers(tables, self.column), len(ids))
        total = matrix(each, weight, len(ids))
        found = []
        for kind, sense, number in (("min", ">=", self.min), ("max", "<=", self.max)):
            if number is not None:
                bound = "floor" if kind == "min" else "cap"
                found.append(
                    Limit(
                        [f"{self.column}_{kind}{name}" for name in ids], used,
                        ">=" if sense == ">=" else "<=", number, per=total, unit="share",
                        subject=[f"the {self.column} {bound}{_of(name)}" for name in ids],
                    )
                )  # fmt: skip
        return found


def _of(name: str) -> str:
    return f" of {name[1:-1]}" if name else ""
