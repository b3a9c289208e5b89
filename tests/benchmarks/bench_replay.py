"""Replay of 1e7 auctions against a read of the same bytes and against data-frame tools."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.data.log import AuctionLog, LogMeta
from kit.replay.linear import LinearLog
from kit.replay.run import replay
from tests.benchmarks.data import MULTIPLIER, Auctions, auctions
from tests.benchmarks.rivals import JOBS, read_pass
from tests.benchmarks.table import Row, Table, milliseconds
from tests.benchmarks.timing import medians

SHARE = 0.7
RIVALS = ("pandas", "polars", "DuckDB")


def tables(quick: bool) -> list[Table]:
    """Time it without a budget, and with one that is spent at 70 % of the unlimited spend."""
    rows = 200_000 if quick else 10_000_000
    found = []
    for order, spread in (("hours at random", True), ("hours in order", False)):
        data = auctions(rows, spread=spread)
        fast = LinearLog(data.price, data.value, data.exchange, data.hour)
        budget = math.floor(SHARE * fast.replay(MULTIPLIER)[..., 1].sum())
        found.append(_table(data, fast, None, "<= 3.5", f"{rows:,} auctions, {order}, no budget"))
        found.append(
            _table(data, fast, budget, "<= 4.5", f"{rows:,} auctions, {order}, one budget")
        )
    return found


def _table(data: Auctions, fast: LinearLog, budget: float | None, target: str, title: str) -> Table:
    limit = math.inf if budget is None else budget
    quick: dict[str, Callable[[], Any]] = {
        "read": lambda: read_pass(data.price, data.value, data.exchange, data.hour),
        "kit": lambda: fast.replay(MULTIPLIER, limit),
    }
    seconds = medians(quick, 15)
    slow = {name: make(data, budget) for name, make in JOBS.items()}
    slow |= {"array": _array_job(data, budget), "kit": quick["kit"]}
    slow["check"] = lambda: LinearLog(data.price, data.value, data.exchange, data.hour)
    others = medians(slow, 5)
    _same_totals(fast, data, budget)
    best = min(RIVALS, key=others.__getitem__)
    read, kit = seconds["read"], seconds["kit"]
    rows = [
        Row("fused linear replay", milliseconds(kit), f"read pass {milliseconds(read)}",
            kit / read, target),
        Row(f"best of {', '.join(RIVALS)}", milliseconds(others["kit"]),
            f"{best} {milliseconds(others[best])}", others[best] / others["kit"], ">= 10"),
    ]  # fmt: skip
    rows += [
        Row(f"{name} / read pass", "", milliseconds(others[name]), others[name] / read)
        for name in JOBS
    ]
    for label, name in (("any policy (array of bids)", "array"), ("columns checked once", "check")):
        text = f"read pass {milliseconds(read)}"
        rows.append(Row(label, milliseconds(others[name]), text, others[name] / read))
    return Table(title, rows)


def _array_job(data: Auctions, budget: float | None) -> Callable[[], Any]:
    """`replay` of an array of bids over a whole log: floors, bounds, campaigns, blocks."""
    frame = pd.DataFrame(
        {
            "exchange": pd.Categorical.from_codes(data.exchange, list("abcd")),
            "market_price_cpm": data.price.astype(np.float64),
            "market_price_kind": pd.Categorical.from_codes(
                np.zeros(len(data.price), np.int8), ["known", "at_most", "at_least"]
            ),
        }
    )
    log = AuctionLog(frame, LogMeta("bench"))
    bids = data.value.astype(np.float64) * MULTIPLIER
    return lambda: replay(log, bids, value=bids, budget=budget)


def _same_totals(fast: LinearLog, data: Auctions, budget: float | None) -> None:
    """Refuse to print times of different answers."""
    limit = math.inf if budget is None else budget
    ours = fast.replay(MULTIPLIER, limit).sum(axis=(0, 1))
    for name, make in JOBS.items():
        theirs = _totals(make(data, budget)())
        if budget is None and not np.allclose(ours, theirs, rtol=1e-12, atol=0):
            raise RuntimeError(f"replay: {ours} differs from {name}'s {theirs}")
        # With a budget only kit takes the cheap wins after the first one that is too dear.
        if budget is not None and not 0 <= ours[1] - theirs[1] <= 0.001 * budget:
            raise RuntimeError(f"replay: spends {ours[1]} and {name} {theirs[1]} of {budget}")


def _totals(answer: Any) -> NDArray[np.float64]:
    """Impressions, spend and value over all cells, whatever tool answered."""
    if isinstance(answer, tuple):
        return np.array([column.sum() for column in answer], dtype=np.float64)
    if isinstance(answer, list):
        return np.array([row[2:] for row in answer], dtype=np.float64).sum(axis=0)
    return np.asarray(answer.to_numpy(), dtype=np.float64)[:, -3:].sum(axis=0)
