"""One auction log as an allocation problem, seen by the buyer or by the seller.

The tables say what the log shows and no more: capacity is what was won at the prices paid (buy
side) or offered (sell side). What a higher bid would win is the landscape's business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.tables import AllocationTables
from kit.base.checks import did_you_mean, has_columns, number
from kit.base.errors import DataError
from kit.data.log import AuctionLog

Floats = NDArray[np.float64]


def buy_side(
    log: AuctionLog,
    supply: Sequence[str] = ("exchange", "hour"),
    demand: str = "campaign_id",
    budget: Mapping[str, float] | None = None,
    averages: Sequence[str] = (),
    prior: float = 50.0,
) -> AllocationTables:
    """Return what a buyer can shift between cells of supply and campaigns.

    Parameters
    ----------
    log : AuctionLog
        Needs ``won``, ``clearing_price_cpm``, ``click_value_cpm`` and either ``pctr`` or ``click``.
    supply : sequence of str
        Columns whose combinations are the supply rows; ``hour`` and ``day`` are the log's own.
    demand : str
        Column that names the demand.
    budget : mapping of demand to money, optional
        Default: what each demand spent in the log.
    averages : sequence of str
        Number columns whose mean over a cell's impressions becomes an attribute of supply.
    prior : float
        Impressions of the demand's own mean that each pair's click rate and price start from.

    Returns
    -------
    AllocationTables
        Supply: ``capacity`` (impressions won), `supply` and `averages`, and ``fraud`` (share of
        invalid traffic) where the log has it. Demand: ``budget`` (money). Pairs with a request of
        the demand in the cell: ``value``, ``cost`` (fees included; money an impression) and,
        where the log has conversions, ``conversions`` (expected, an impression).

    Raises
    ------
    DataError
        If a column is missing, or nothing was won.

    Examples
    --------
    >>> from kit.data.log import LogMeta
    >>> frame = pd.DataFrame({
    ...     "exchange": ["x", "x", "y"], "campaign_id": ["a", "b", "a"], "won": True,
    ...     "clearing_price_cpm": 2.0, "click_value_cpm": 300.0, "pctr": [0.01, 0.02, 0.03],
    ...     "market_price_cpm": 2.0, "market_price_kind": "known"})
    >>> tables = buy_side(AuctionLog(frame, LogMeta("example")), supply=["exchange"])
    >>> tables.supply["capacity"].to_dict(), tables.value.round(4).tolist()
    ({'x': 2.0, 'y': 1.0}, [0.003, 0.006, 0.009])
    """
    needed = ["won", "clearing_price_cpm", "click_value_cpm"]
    needed += [] if "pctr" in log.frame.columns else ["click"]
    has_columns("auction log", log.frame.columns, needed)
    cells = _Cells(log, supply, demand, number("prior", prior, 0.0))
    rate = log.column("pctr", np.nan)
    click = (
        cells.mean(rate) if "pctr" in log.frame.columns else cells.won_rate(_valid(log, "click"))
    )
    value = click * cells.mean(log.column("click_value_cpm", np.nan))
    money = log.meta.unit.money
    pairs = cells.pairs.assign(value=value * money(1.0), cost=cells.paid * money(1.0))
    if "conversion" in log.frame.columns:
        pairs["conversions"] = cells.won_rate(_valid(log, "conversion"))
    return cells.tables(pairs, cells.won_by_cell(), budget, averages)


def sell_side(
    log: AuctionLog,
    supply: Sequence[str] = ("unit_id", "hour"),
    demand: str = "exchange",
    budget: Mapping[str, float] | None = None,
    averages: Sequence[str] = (),
    prior: float = 50.0,
) -> AllocationTables:
    """Return what a seller can shift between its placements and those who buy.

    Parameters
    ----------
    log : AuctionLog
        Needs ``won`` and ``clearing_price_cpm``.
    supply : sequence of str
        Columns whose combinations are what is sold; ``hour`` and ``day`` are the log's own.
    demand : str
        Column that names the buyer: an exchange, a campaign, a deal.
    budget : mapping of demand to money, optional
        What each buyer spends at most; default: what it spent in the log.
    averages : sequence of str
        Number columns whose mean over a cell's requests becomes an attribute of supply.
    prior : float
        Impressions of the buyer's own mean that each pair's price starts from.

    Returns
    -------
    AllocationTables
        Supply: ``capacity`` (requests). Demand: ``budget``. Pairs: ``value`` and ``cost`` are both
        the price that the buyer pays, fees left out (money an impression).

    Raises
    ------
    DataError
        If a column is missing, or nothing was sold.
    """
    has_columns("auction log", log.frame.columns, ["won", "clearing_price_cpm"])
    cells = _Cells(log, supply, demand, number("prior", prior, 0.0), fees=False)
    price = cells.paid * log.meta.unit.money(1.0)
    pairs = cells.pairs.assign(value=price, cost=price)
    return cells.tables(pairs, np.bincount(cells.cell, minlength=len(cells.ids)), budget, averages)


def _valid(log: AuctionLog, name: str) -> Floats:
    """Return clicks or conversions as numbers; those of invalid traffic do not count."""
    return log.column(name, 0.0) * (1.0 - log.column("is_invalid_traffic", 0.0))


class _Cells:
    """The log's rows grouped by supply cell and demand."""

    def __init__(
        self, log: AuctionLog, supply: Sequence[str], demand: str, prior: float, fees: bool = True
    ) -> None:
        self.log, self.columns, self.prior = log, list(supply), prior
        keys = pd.DataFrame({name: _column(log, name).to_numpy() for name in self.columns})
        grouped = keys.groupby(self.columns, sort=True, observed=True)
        self.cell = grouped.ngroup().to_numpy()
        self.keys = keys.loc[~keys.duplicated()].sort_values(self.columns).reset_index(drop=True)
        self.ids = self.keys.astype(str).agg(", ".join, axis=1).tolist()
        codes, names = pd.factorize(_column(log, demand).astype(str), sort=True)
        self.demand, self.names = codes, list(map(str, names))
        self.won = log.frame["won"].to_numpy(dtype=bool)
        if not self.won.any():
            raise DataError("won: no row is True; must have impressions. Load a log with wins.")
        pair = self.cell * len(self.names) + self.demand
        found, self.pair = np.unique(pair, return_inverse=True)
        self.pair_demand = found % len(self.names)
        place = found // len(self.names)
        self.pairs = pd.DataFrame(
            {
                "supply_id": np.array(self.ids, dtype=object)[place],
                "demand_id": np.array(self.names, dtype=object)[self.pair_demand],
            }
        )
        price = log.column("clearing_price_cpm", np.nan)
        price = price + log.column("fee_cpm", 0.0) if fees else price
        self.price = np.where(self.won, np.nan_to_num(price), 0.0)
        self.paid = self.won_rate(self.price)

    def won_rate(self, amount: Floats) -> Floats:
        """Return a pair's mean over its impressions, shrunk to its demand's own mean."""
        count = self._sum(self.won.astype(np.float64), self.pair, len(self.pairs))
        total = self._sum(np.where(self.won, amount, 0.0), self.pair, len(self.pairs))
        size = len(self.names)
        over = self._sum(np.where(self.won, amount, 0.0), self.demand, size)
        base = over / np.maximum(self._sum(self.won.astype(np.float64), self.demand, size), 1.0)
        start = base[self.pair_demand]
        weight = max(self.prior, 1e-9)
        return np.asarray((total + weight * start) / (count + weight))

    def mean(self, amount: Floats) -> Floats:
        """Return a pair's mean over all its requests."""
        count = np.bincount(self.pair, minlength=len(self.pairs))
        return np.asarray(self._sum(amount, self.pair, len(self.pairs)) / count)

    def won_by_cell(self) -> Floats:
        """Return the impressions won in each cell."""
        return self._sum(self.won.astype(np.float64), self.cell, len(self.ids))

    def tables(
        self, pairs: pd.DataFrame, capacity: Any, budget: Mapping[str, float] | None,
        averages: Sequence[str],
    ) -> AllocationTables:  # fmt: skip
        """Return the three tables."""
        has_columns("auction log", self.log.frame.columns, averages)
        supply = self.keys.assign(supply_id=self.ids, capacity=np.asarray(capacity, np.float64))
        count = np.bincount(self.cell, minlength=len(self.ids))
        columns = {name: self.log.column(name, np.nan) for name in averages}
        if "is_invalid_traffic" in self.log.frame.columns:
            columns["fraud"] = self.log.column("is_invalid_traffic", 0.0)
        for name, values in columns.items():
            supply[name] = self._sum(values, self.cell, len(self.ids)) / count
        demand = pd.DataFrame({"demand_id": self.names, "budget": self._budgets(budget)})
        return AllocationTables.of(supply, demand, pairs)

    def _budgets(self, budget: Mapping[str, float] | None) -> Floats:
        if budget is None:
            spent = self._sum(self.price, self.demand, len(self.names))
            return spent * self.log.meta.unit.money(1.0)
        for name in budget:
            if name not in self.names:
                raise DataError(
                    f"budget: {name!r} is unknown; must be one of: {', '.join(self.names)}. "
                    f"{did_you_mean(name, self.names) or 'Name a demand of the log.'}"
                )
        return np.array([float(budget.get(name, 0.0)) for name in self.names])

    @staticmethod
    def _sum(values: Floats, codes: Any, size: int) -> Floats:
        return np.asarray(np.bincount(codes, values, size), dtype=np.float64)


def _column(log: AuctionLog, name: str) -> pd.Series[Any]:
    if name in log.frame.columns:
        return log.frame[name]
    if name in ("hour", "day"):
        return pd.Series(log.hour if name == "hour" else log.day, name=name)
    raise DataError(
        f"column {name!r}: the log lacks it; must be one of: "
        f"{', '.join([*map(str, log.frame.columns), 'hour', 'day'])}. "
        f"{did_you_mean(name, map(str, log.frame.columns)) or 'Pass another column.'}"
    )
