from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from kit.base.errors import DataError
from kit.data.log import AuctionLog, LogMeta
from kit.replay.linear import MAX_PRICE, LinearLog
from kit.replay.run import replay

ROWS = 20_011  # no multiple of a block


def columns(seed: int = 0, rows: int = ROWS, scale: float = 1.0) -> tuple[NDArray[Any], ...]:
    rng = np.random.default_rng(seed)
    price = (rng.lognormal(1, 1, rows) * scale).astype(np.float32)
    value = (rng.lognormal(1, 1, rows) * scale).astype(np.float32)
    tie = rng.random(rows) < 0.1
    price[tie] = value[tie] * 0.5
    price[rng.random(rows) < 0.02] = 0.0
    value[rng.random(rows) < 0.02] = np.nan
    exchange = rng.integers(0, 5, rows).astype(np.int8)
    hour = rng.integers(0, 24, rows).astype(np.int8)
    return price, value, exchange, hour


def as_log(
    price: NDArray[Any], exchange: NDArray[Any], hour: NDArray[Any], ties_win: bool
) -> AuctionLog:
    """Exchange and hour as one label: hours of random rows are not in time order."""
    frame = pd.DataFrame(
        {
            "exchange": pd.Categorical((exchange.astype(int) * 24 + hour).astype(str)),
            "market_price_cpm": price.astype(np.float64),
            "market_price_kind": "known",
        }
    )
    return AuctionLog(frame, LogMeta("test", ties_win=ties_win))


@pytest.mark.parametrize("ties_win", [True, False])
@pytest.mark.parametrize("scale", [1.0, 1000.0])
@pytest.mark.parametrize("share", [math.inf, 0.7, 0.1, 0.0])
def test_equals_the_general_replay(ties_win: bool, scale: float, share: float) -> None:
    price, value, exchange, hour = columns(scale=scale)
    fast = LinearLog(price, value, exchange, hour, ties_win)
    log = as_log(price, exchange, hour, ties_win)
    bids = 0.5 * value.astype(np.float64)
    worth = np.nan_to_num(value).astype(np.float64)
    budget = math.inf
    if share < math.inf:
        budget = share * replay(log, bids).cost
    want = replay(log, bids, value=worth, budget=budget)
    table = want.by_exchange_hour
    cells = np.zeros((5 * 24, 3))
    cells[table["exchange"].astype(int)] = table[["impressions", "spend", "value"]]
    got = fast.replay(0.5, budget).reshape(-1, 3)
    np.testing.assert_array_equal(got[:, :2], cells[:, :2])
    np.testing.assert_allclose(got[:, 2], cells[:, 2], rtol=1e-12)
    assert want.cost <= budget


@pytest.mark.parametrize("share", [math.inf, 0.7, 0.02, 0.0])
def test_grid_equals_singles(share: float) -> None:
    log = LinearLog(*columns(1))
    multipliers = np.append(np.geomspace(0.01, 20, 40), [0.5, 0.0])
    budget = share if share == math.inf else share * log.replay(1.0)[..., 1].sum()
    grid = log.replay_grid(multipliers, budget)
    for place, multiplier in enumerate(multipliers):
        one = log.replay(multiplier, budget)
        np.testing.assert_array_equal(grid[place, ..., :2], one[..., :2])
        np.testing.assert_allclose(grid[place, ..., 2], one[..., 2], rtol=1e-12)


def test_dear_prices_stay_exact() -> None:
    """Prices near the limit, all in one cell: the packed sums are fullest here."""
    rows = 16_384
    price = np.full(rows, np.nextafter(np.float32(MAX_PRICE), np.float32(0)), dtype=np.float32)
    nothing = np.zeros(rows, dtype=np.int8)
    log = LinearLog(price, price * 2, nothing, nothing)
    paid = float(price[0])
    paid = round(paid * 2**14) / 2**14
    assert log.replay(1.0)[0, 0, :2].tolist() == [rows, rows * paid]
    assert log.replay(1.0, budget=1000.5 * paid)[0, 0, :2].tolist() == [1000, 1000 * paid]
    low = LinearLog(np.minimum(price, 65_535.99), price, nothing, nothing)
    assert low.replay(1.0)[0, 0, 0] == rows


def test_read_only_columns_are_taken() -> None:
    given = columns(2, 1000)
    for column in given:
        column.flags.writeable = False
    log = LinearLog(*given)
    assert log.replay(1.0)[..., 0].sum() == log.replay_grid([1.0])[..., 0].sum() > 0


def test_empty() -> None:
    assert LinearLog([], [], [], []).replay(1.0).sum() == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"price": [-1.0]}, "price: 1 not allowed value"),
        ({"price": [math.nan]}, "price: 1 not allowed value"),
        ({"price": [2.0**19]}, "price: 1 not allowed value"),
        ({"value": [-1.0]}, "value: 1 not allowed value"),
        ({"value": [math.inf]}, "value: 1 not allowed value"),
        ({"exchange": [-1]}, "exchange: 1 not allowed value"),
        ({"exchange": [300]}, "exchange: 1 not allowed value"),
        ({"hour": [24]}, "hour: 1 not allowed value"),
        ({"hour": [1, 2]}, r"hour: has shape \(2,\)"),
    ],
)
def test_errors(change: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {"price": [1.0], "value": [1.0], "exchange": [0], "hour": [0]}
    with pytest.raises(DataError, match=message):
        LinearLog(**(good | change))
    with pytest.raises(DataError, match="multiplier"):
        LinearLog(**good).replay(-1.0)
    with pytest.raises(DataError, match="budget"):
        LinearLog(**good).replay(1.0, budget=-1.0)
