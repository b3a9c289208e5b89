"""Target CPA and ROAS: what a conversion may cost, what spend must return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kit.allocate.tables import AllocationTables
from kit.allocate.terms.base import Limit, LinearTerm, Sense
from kit.allocate.terms.groups import chosen, matrix, numbers


def _ratio(
    tables: AllocationTables, kind: str, sense: Sense, target: float | Mapping[Any, float],
    used: Any, per: Any, unit: str,
) -> Limit:  # fmt: skip
    ids = list(tables.demand.index)
    places, goals = chosen(target, ids, kind)
    row = np.full(len(ids), -1, dtype=np.int64)
    row[places] = np.arange(len(places))
    codes, names = row[tables.demand_code], [ids[place] for place in places.tolist()]
    label = kind.replace("_", " ").replace("cpa", "CPA").replace("roas", "ROAS")
    return Limit(
        [f"{kind}[{name}]" for name in names], matrix(codes, used, len(names)), sense, goals,
        per=matrix(codes, per, len(names)), unit=unit, low=0.0,
        subject=[f"{label} of {name}" for name in names],
    )  # fmt: skip


@dataclass(frozen=True)
class TargetCPA(LinearTerm):
    """A demand's spend per expected conversion stays at or below a target: ``target_cpa[line A]``.

    Linear in the plan: ``sum((cost - cpa * conversions) * x) <= 0``.

    Parameters
    ----------
    cpa : float or mapping of demand_id to float
        Money a conversion.
    conversions : str
        Column of expected conversions of one impression (>= 0).

    Examples
    --------
    >>> TargetCPA({"line A": 20.0})
    TargetCPA(cpa={'line A': 20.0}, conversions='conversions')
    """

    cpa: float | Mapping[Any, float]
    conversions: str = "conversions"

    def rows(self, tables: AllocationTables) -> Sequence[Limit]:
        """Return one limit a demand."""
        per = numbers(tables, self.conversions, 0.0)
        return (
            _ratio(tables, "target_cpa", "<=", self.cpa, tables.cost, per, "money a conversion"),
        )


@dataclass(frozen=True)
class TargetROAS(LinearTerm):
    """A demand's revenue per money spent stays at or above a target: ``target_roas[line A]``.

    Linear in the plan: ``sum((revenue - roas * cost) * x) >= 0``.

    Parameters
    ----------
    roas : float or mapping of demand_id to float
        Revenue per unit of spend.
    revenue : str
        Column of expected revenue of one impression.

    Examples
    --------
    >>> TargetROAS(4.0)
    TargetROAS(roas=4.0, revenue='value')
    """

    roas: float | Mapping[Any, float]
    revenue: str = "value"

    def rows(self, tables: AllocationTables) -> Sequence[Limit]:
        """Return one limit a demand."""
        used = numbers(tables, self.revenue)
        return (_ratio(tables, "target_roas", ">=", self.roas, used, tables.cost, "of return"),)
