"""Supply capacity and budgets: the two limits of every problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import Limit, LinearTerm
from kit.allocate.terms.groups import matrix


@dataclass(frozen=True)
class Capacity(LinearTerm):
    """No supply row gives more impressions than it has: ``capacity[supply]``.

    Numbers: the supply table's ``capacity`` (impressions; inf: unlimited).

    Examples
    --------
    >>> Capacity()
    Capacity()
    """

    def rows(self, tables: AllocationTables) -> Sequence[Limit]:
        """Return one limit a supply row."""
        ids = list(tables.supply.index)
        if not ids:
            return ()
        used = matrix(tables.supply_code, np.ones(len(tables)), len(ids))
        return (
            Limit(
                [f"capacity[{name}]" for name in ids], used, "<=", tables.capacity,
                unit="impressions", subject=[f"of supply {name}" for name in ids], low=0.0,
            ),
        )  # fmt: skip


@dataclass(frozen=True)
class Budget(LinearTerm):
    """No demand row spends more than its budget: ``budget[demand]``.

    Numbers: the demand table's ``budget`` (money; inf: unlimited).

    Examples
    --------
    >>> Budget()
    Budget()
    """

    def rows(self, tables: AllocationTables) -> Sequence[Limit]:
        """Return one limit a demand row."""
        ids = list(tables.demand.index)
        if not ids:
            return ()
        used = matrix(tables.demand_code, tables.cost, len(ids))
        return (
            Limit(
                [f"budget[{name}]" for name in ids], used, "<=", tables.budget,
                unit="money", subject=[f"budget for {name}" for name in ids], low=0.0,
            ),
        )  # fmt: skip
