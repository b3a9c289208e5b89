"""The same replay in numpy, pandas, polars and DuckDB: totals by exchange and hour.

Without a budget each returns impressions, spend and value of ``bid = multiplier * value`` in
second-price auctions. With one, a running sum of the prices of the wins is cut where it passes
the budget, which is what these tools can say; `kit` also takes later, cheaper wins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl

from kit.base.jit import kernel
from tests.benchmarks.data import EXCHANGES, HOURS, MULTIPLIER, Auctions


@kernel(fastmath=True)
def read_pass(price: Any, value: Any, exchange: Any, hour: Any) -> float:
    """Add up every byte once: the floor under any replay."""
    total = 0.0
    for row in range(price.size):
        total += price[row] + value[row] + exchange[row] + hour[row]
    return total


def numpy_job(data: Auctions, budget: float | None) -> Callable[[], Any]:
    """Masks and weighted bin counts."""

    def job() -> Any:
        won = data.value * MULTIPLIER > data.price
        if budget is not None:
            spent = np.cumsum(np.where(won, data.price, np.float32(0)), dtype=np.float64)
            won &= spent <= budget
        cell = data.exchange[won].astype(np.int64) * HOURS + data.hour[won]
        size = EXCHANGES * HOURS
        count = np.bincount(cell, minlength=size)
        spend = np.bincount(cell, weights=data.price[won], minlength=size)
        return count, spend, np.bincount(cell, weights=data.value[won], minlength=size)

    return job


def pandas_job(data: Auctions, budget: float | None) -> Callable[[], Any]:
    """Filter, then group."""
    frame = pd.DataFrame(vars(data))

    def job() -> Any:
        won = frame[frame["value"] * MULTIPLIER > frame["price"]]
        if budget is not None:
            won = won[won["price"].astype(np.float64).cumsum() <= budget]
        sums = won.astype({"price": np.float64, "value": np.float64})
        return sums.groupby(["exchange", "hour"], sort=False).agg(
            count=("price", "size"), spend=("price", "sum"), value=("value", "sum")
        )

    return job


def polars_job(data: Auctions, budget: float | None) -> Callable[[], Any]:
    """Lazy filter and group."""
    frame = pl.DataFrame(vars(data)).lazy()
    won = frame.filter(pl.col("value") * MULTIPLIER > pl.col("price"))
    if budget is not None:
        won = won.filter(pl.col("price").cast(pl.Float64).cum_sum() <= budget)
    query = won.group_by("exchange", "hour").agg(
        pl.len(),
        pl.col("price").cast(pl.Float64).sum(),
        pl.col("value").cast(pl.Float64).sum(),
    )
    return lambda: query.collect()


def duckdb_job(data: Auctions, budget: float | None) -> Callable[[], Any]:
    """SQL over a table of its own, one thread."""
    connection = duckdb.connect(config={"threads": 1})
    columns = pd.DataFrame(vars(data)).assign(place=np.arange(len(data.price)))
    connection.register("columns", columns)
    connection.execute("CREATE TABLE log AS SELECT * FROM columns ORDER BY place")
    connection.unregister("columns")
    source = f"(SELECT * FROM log WHERE value * {MULTIPLIER}::FLOAT > price)"
    if budget is not None:
        running = "sum(price::DOUBLE) OVER (ORDER BY place ROWS UNBOUNDED PRECEDING) AS spent"
        source = f"(SELECT * FROM (SELECT *, {running} FROM {source}) WHERE spent <= {budget})"
    query = (
        "SELECT exchange, hour, count(*), sum(price::DOUBLE), sum(value::DOUBLE) "
        f"FROM {source} GROUP BY ALL"
    )
    return lambda: connection.execute(query).fetchall()


JOBS: dict[str, Callable[[Auctions, float | None], Callable[[], Any]]] = {
    "numpy": numpy_job,
    "pandas": pandas_job,
    "polars": polars_job,
    "DuckDB": duckdb_job,
}
