"""Supply, demand and eligible pairs: checked once, then arrays that every optimizer reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import as_numbers, bad_values, has_columns
from kit.base.errors import DataError, SolverError

LARGEST = 1e100
"""Largest number of a table: products of three stay finite."""
LOOSE = 1e3
"""Times what budgets can pay for, from which a capacity is cut to that."""


@dataclass(frozen=True, eq=False)
class AllocationTables:
    """S supply rows, D demands and P eligible pairs, the pairs sorted by supply, then demand.

    Parameters
    ----------
    supply : pandas.DataFrame, S rows, indexed by ``supply_id``
        ``capacity`` (impressions) and any attributes (exchange, hour, viewability ...).
    demand : pandas.DataFrame, D rows, indexed by ``demand_id``
        ``budget`` (money; inf: none) and any attributes.
    pairs : pandas.DataFrame, P rows
        Attributes of pairs other than value and cost, in the order of the arrays below.
    capacity : ndarray, shape (S,)
        Impressions on offer; inf: unlimited.
    budget : ndarray, shape (D,)
        Money on offer; inf: unlimited.
    row_start : ndarray of int64, shape (S + 1,)
        The pairs of supply row s are ``row_start[s]:row_start[s + 1]``.
    supply_code, demand_code : ndarray of int32, shape (P,)
        Row of `supply` and `demand` that each pair joins.
    value, cost : ndarray, shape (P,)
        Money earned and spent by one impression of the pair.
    order : ndarray of int64, shape (P,), or None
        Place of each pair in the table given; None: it came sorted.
    """

    supply: pd.DataFrame
    demand: pd.DataFrame
    pairs: pd.DataFrame
    capacity: NDArray[np.float64]
    budget: NDArray[np.float64]
    row_start: NDArray[np.int64]
    supply_code: NDArray[np.int32]
    demand_code: NDArray[np.int32]
    value: NDArray[np.float64]
    cost: NDArray[np.float64]
    order: NDArray[np.int64] | None = None

    @classmethod
    def of(
        cls, supply: pd.DataFrame, demand: pd.DataFrame, pairs: pd.DataFrame
    ) -> AllocationTables:
        """Check three long tables and bring them into order.

        Parameters
        ----------
        supply : pandas.DataFrame
            ``supply_id``, ``capacity`` (>= 0), further attributes.
        demand : pandas.DataFrame
            ``demand_id``, ``budget`` (>= 0), further attributes.
        pairs : pandas.DataFrame
            ``supply_id``, ``demand_id``, ``value`` (finite), ``cost`` (finite, >= 0), attributes.

        Raises
        ------
        DataError
            If a column is missing, an id unknown or given twice, a number missing or negative,
            or a pair given twice.

        Examples
        --------
        >>> tables = AllocationTables.of(
        ...     pd.DataFrame({"supply_id": ["a", "b"], "capacity": [10.0, 5.0]}),
        ...     pd.DataFrame({"demand_id": ["x"], "budget": [8.0]}),
        ...     pd.DataFrame({"supply_id": ["b", "a"], "demand_id": "x", "value": [3.0, 2.0],
        ...                   "cost": [1.0, 1.0]}),
        ... )
        >>> tables.value
        array([2., 3.])
        """
        has_columns("supply", supply.columns, ("supply_id", "capacity"))
        has_columns("demand", demand.columns, ("demand_id", "budget"))
        has_columns("pairs", pairs.columns, ("supply_id", "demand_id", "value", "cost"))
        supplies = _keyed("supply", supply, "supply_id", "capacity")
        demands = _keyed("demand", demand, "demand_id", "budget")
        supply_code = _codes("supply_id", pairs["supply_id"], supplies.index, "supply")
        demand_code = _codes("demand_id", pairs["demand_id"], demands.index, "demand")
        value = _numbers("pairs.value", pairs["value"], finite=True)
        cost = _numbers("pairs.cost", pairs["cost"], finite=True)
        bad_values("pairs.cost", cost, cost < 0, ">= 0", what="negative")
        order = _sorting(supply_code, demand_code, pairs)
        rest = pairs.drop(columns=["supply_id", "demand_id", "value", "cost"])
        if order is not None:
            supply_code, demand_code = supply_code[order], demand_code[order]
            value, cost, rest = value[order], cost[order], rest.iloc[order]
        return cls(
            supplies, demands, rest.reset_index(drop=True),
            supplies["capacity"].to_numpy(), demands["budget"].to_numpy(),
            np.searchsorted(supply_code, np.arange(len(supplies) + 1)).astype(np.int64),
            supply_code, demand_code, value, cost, order,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.value)

    def bounded_capacity(self) -> NDArray[np.float64]:
        """Return finite capacities that change no optimum, shape (S,).

        Supply that is unlimited, or far more than the budgets can pay for, is limited by what they
        can: solvers lose digits on numbers that no plan can use.

        Raises
        ------
        SolverError
            If some pair earns money without limit.
        """
        unlimited = np.isinf(self.capacity)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            most = self.budget[self.demand_code] / self.cost
        most[self.value <= 0] = 0.0
        most[np.isnan(most)] = np.inf  # budget 0 at cost 0, or inf / inf
        if unlimited.any():
            endless = unlimited[self.supply_code] & np.isinf(most)
            if endless.any():
                raise self._endless(int(np.flatnonzero(endless)[0]))
        spare = np.bincount(self.supply_code, most, len(self.capacity)).astype(np.float64)
        return np.where(self.capacity > LOOSE * spare, spare, self.capacity)

    def _endless(self, place: int) -> SolverError:
        supply = self.supply.index[self.supply_code[place]]
        demand = self.demand.index[self.demand_code[place]]
        value, cost = self.value[place], self.cost[place]
        budget = self.budget[self.demand_code[place]]
        return SolverError(
            f"capacity: supply {_plain(supply)} is unlimited (inf) and demand {_plain(demand)} "
            f"can pay for any amount of it (value {value:g}, cost {cost:g}, budget {budget:g}), so "
            "the value is unbounded; must have a finite capacity or budget. Give one of them a "
            "limit."
        )

    def in_given_order(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a plan over the sorted pairs in the order of the table that was given."""
        if self.order is None:
            return x
        given = np.empty_like(x)
        given[self.order] = x
        return given


def _plain(name: object) -> str:
    """Return an id as a person writes it: 7, not ``np.int64(7)``."""
    return repr(name.item() if isinstance(name, np.generic) else name)


def _keyed(name: str, frame: pd.DataFrame, key: str, limit: str) -> pd.DataFrame:
    ids = pd.Index(frame[key])
    bad_values(f"{name}.{key}", ids, np.asarray(ids.isna()), "given", what="missing")
    bad_values(f"{name}.{key}", ids, np.asarray(ids.duplicated()), "unique", what="repeated")
    numbers = _numbers(f"{name}.{limit}", frame[limit], finite=False)
    bad_values(f"{name}.{limit}", numbers, numbers < 0, ">= 0", what="negative")
    return frame.drop(columns=key).assign(**{limit: numbers}).set_axis(ids, axis=0)


def _numbers(name: str, column: pd.Series[float], finite: bool) -> NDArray[np.float64]:
    numbers = as_numbers(name, column)
    bad_values(name, numbers, np.isnan(numbers), "a number", what="missing")
    if finite:
        bad_values(name, numbers, np.isinf(numbers), "finite", what="infinite")
    large = np.isfinite(numbers) & (np.abs(numbers) > LARGEST)
    bad_values(name, numbers, large, f"at most {LARGEST:g}", "Use larger units.", "too large")
    return numbers


def _codes(key: str, column: pd.Series[str], known: pd.Index[str], table: str) -> NDArray[np.int32]:
    ids = pd.Index(column)
    codes = known.get_indexer(ids)
    if len(codes) and len(known) and ids.inferred_type != known.inferred_type and codes.max() < 0:
        raise DataError(
            f"pairs.{key}: holds {ids.inferred_type} values, the {table} table "
            f"{known.inferred_type}; must be of one type. Convert one of the columns."
        )
    allowed = f"a {key} of the {table} table"
    mend = f"Add it to the {table} table, or drop the pair."
    bad_values(f"pairs.{key}", column, codes < 0, allowed, mend, "unknown")
    return codes.astype(np.int32)


def _sorting(
    supply_code: NDArray[np.int32], demand_code: NDArray[np.int32], pairs: pd.DataFrame
) -> NDArray[np.int64] | None:
    """Return what sorts the pairs (None: nothing to do), after refusing pairs given twice."""
    width = int(demand_code.max(initial=0)) + 1
    key = supply_code.astype(np.int64) * width + demand_code
    step = np.diff(key)
    order = None
    if (step < 0).any():
        order = np.argsort(key, kind="stable").astype(np.int64)
        step = np.diff(key[order])
    twice = np.zeros(len(key), dtype=bool)
    again = np.flatnonzero(step == 0) + 1
    twice[again if order is None else order[again]] = True
    if twice.any():
        first = pairs.iloc[int(np.flatnonzero(twice)[0])]
        names = np.full(len(key), f"({first['supply_id']}, {first['demand_id']})", dtype=object)
        mend = "Sum or drop the repeated rows."
        bad_values("pairs", names, twice, "one row a supply_id and demand_id", mend, "repeated")
    return order
