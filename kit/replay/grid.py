"""Replay one base bid times each of many multipliers, in one pass over the log."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kit.base.checks import number
from kit.base.errors import PolicyError
from kit.data.log import AuctionLog
from kit.replay.bids import checked_bids
from kit.replay.engine import Payoff
from kit.replay.limits import Budget, Limits, to_grid
from kit.replay.linear import CHUNK_ROWS, sorted_multipliers
from kit.replay.market import Censored, read_market
from kit.replay.result import GridResult
from kit.replay.totals import HOURS, Codes

_COLUMNS = ("impressions", "clicks", "spend", "value", "fees")


def replay_grid(
    log: AuctionLog,
    base_bid: ArrayLike,
    multipliers: ArrayLike,
    *,
    click_value_cpm: float | None = None,
    value: ArrayLike | None = None,
    budget: Budget | None = None,
    episode: int | None = None,
    episode_budget: float | None = None,
    censored: Censored = "pessimistic",
    market: ArrayLike | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> GridResult:
    """Replay bids of ``multiplier * base_bid`` for every multiplier.

    Parameters
    ----------
    log : AuctionLog
        The auctions.
    base_bid : array_like, shape (n,)
        Bids in the log's unit before the multiplier; NaN is no bid.
    multipliers : array_like, shape (k,)
        Numbers >= 0, in any order.
    click_value_cpm, value, budget, episode, episode_budget, censored, market
        As in `kit.replay.run.replay`; each multiplier has the whole budget.
    chunk_rows : int
        Rows handled at a time; it changes no result.

    Returns
    -------
    GridResult
        Equal to a `replay` of each multiplier: counts and spend exactly, value to rounding.

    Raises
    ------
    DataError
        If an argument is out of range or of another length than the log.
    PolicyError
        If a base bid is negative or infinite, or becomes so.

    Notes
    -----
    Second-price and fixed-price rows cost the same for any number of multipliers. In a
    first-price row the price itself depends on the multiplier, so each is added up by itself.

    Examples
    --------
    >>> frame = pd.DataFrame({"market_price_cpm": [1.0, 2.0, 4.0], "market_price_kind": "known"})
    >>> replay_grid(AuctionLog(frame), [1.0, 1.0, 1.0], [1.5, 5.0]).totals["spend"].tolist()
    [1.0, 7.0]
    """
    from kit.replay import kernels_grid as grid

    ordered, places = sorted_multipliers(multipliers)
    limits = Limits(budget, episode, episode_budget)
    bids = checked_bids("grid", base_bid, len(log)).bids
    _refuse_overflow(bids, ordered)
    terms = read_market(log, censored, market).terms()
    payoff = Payoff.of(log, click_value_cpm, value)
    exchanges = Codes()
    cells = exchanges.encode_label(log, "exchange") * np.int32(HOURS) + log.hour
    clicks = payoff.label & np.int8(1)
    cap = math.inf if log.meta.bid_cap_cpm is None else float(log.meta.bid_cap_cpm)
    totals = np.zeros((ordered.size, len(exchanges.names) * HOURS, grid.WIDTH))
    columns: tuple[Any, ...] = (
        bids,
        terms.need,
        terms.pay,
        payoff.value,
        payoff.fee,
        clicks,
        cells,
    )
    for rows, purse in _purses(log, limits):
        base, need, pay, worth, fee, click, cell = (column[rows] for column in columns)
        grid.grid_rows(
            base, need, pay, worth, fee, click, cell,
            ordered, float(log.meta.bid_step_cpm), cap, purse,
            int(episode or 0), int(number("chunk_rows", chunk_rows, 1)), totals,
        )  # fmt: skip
    return _result(log, ordered[places], totals[places], exchanges.names)


def _purses(log: AuctionLog, limits: Limits) -> Iterator[tuple[Any, float]]:
    """Yield the rows that share a budget, and the budget: campaigns do not touch each other."""
    if isinstance(limits.budget, Mapping):
        campaigns = Codes()
        codes = campaigns.encode_label(log, "campaign_id")
        limits.check_names(campaigns.names)
        for code, name in enumerate(campaigns.names):
            yield np.flatnonzero(codes == code), limits.of(str(name))
    elif limits.episode_budget is not None:
        yield slice(None), to_grid(limits.episode_budget)
    else:
        yield slice(None), limits.shared


def _refuse_overflow(base: NDArray[np.float64], multipliers: NDArray[np.float64]) -> None:
    highest = np.nanmax(base, initial=0.0)
    with np.errstate(over="ignore"):
        if not np.isfinite(highest * multipliers[-1]):
            raise PolicyError(
                f"multipliers: {multipliers[-1]:g} times the highest base bid {highest:g} is "
                "infinite; must be finite. Drop it."
            )


def _result(
    log: AuctionLog,
    multipliers: NDArray[np.float64],
    totals: NDArray[np.float64],
    exchanges: Sequence[Hashable],
) -> GridResult:
    overall = _frame(totals.sum(axis=1))
    overall.insert(0, "multiplier", multipliers)
    overall["surplus"] = overall["value"] - overall["spend"] - overall["fees"]
    cells = _frame(totals.reshape(-1, totals.shape[2]))
    keys = pd.MultiIndex.from_product(
        [range(len(multipliers)), exchanges, range(HOURS)], names=["place", "exchange", "hour"]
    )
    cells.index = keys
    cells = cells[cells["impressions"] > 0].sort_index().reset_index()
    cells.insert(0, "multiplier", multipliers[cells.pop("place")])
    return GridResult(log.meta.unit, len(log), overall, cells)


def _frame(totals: NDArray[np.float64]) -> pd.DataFrame:
    frame = pd.DataFrame(totals, columns=list(_COLUMNS))
    return frame.astype({"impressions": np.int64, "clicks": np.int64})
