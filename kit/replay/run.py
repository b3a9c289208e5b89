"""Replay a policy over a log: the function that users call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kit.base.errors import DataError, PolicyError
from kit.bid.policy import BidPolicy, SequentialPolicy
from kit.data.log import AuctionLog
from kit.replay.bids import Bids, TableBids, checked_bids, checked_scores, checked_table
from kit.replay.engine import CHUNK_ROWS, Engine
from kit.replay.limits import Budget, Limits
from kit.replay.market import Censored
from kit.replay.result import ReplayResult


def replay(
    log: AuctionLog | Iterable[AuctionLog],
    policy: BidPolicy | SequentialPolicy | ArrayLike,
    *,
    name: str | None = None,
    click_value_cpm: float | None = None,
    value: ArrayLike | None = None,
    budget: Budget | None = None,
    episode: int | None = None,
    episode_budget: float | None = None,
    censored: Censored = "pessimistic",
    market: ArrayLike | None = None,
    blocks: ArrayLike | None = None,
    chunk_rows: int = CHUNK_ROWS,
    rng: np.random.Generator | None = None,
) -> ReplayResult:
    """Replay a policy over auctions in time order and add up what it would have won.

    Parameters
    ----------
    log : AuctionLog or iterable of AuctionLog
        The auctions, or batches of them in time order; the cuts change no result.
    policy : BidPolicy, SequentialPolicy or array_like, shape (n,)
        It is shown request columns only. An array is taken as the bids, NaN = no bid.
    name : str, optional
        Name in the result; default the policy's own, or ``array``.
    click_value_cpm : float, optional
        Value of a click; default the log's ``click_value_cpm``, else 0.
    value : array_like, shape (n,), optional
        Value of each impression if won, instead of clicks times their value.
    budget : float or mapping of campaign to float, optional
        Price sum that all campaigns share, or one for each campaign.
    episode, episode_budget : int and float, optional
        Auctions per episode and the price sum of each; what is left at its end is lost.
    censored : {"pessimistic", "optimistic", "given"}
        How rows with a bound instead of a market price are read; see `read_market`.
    market : array_like, shape (n,), optional
        Market prices for ``censored="given"``.
    blocks : array_like of int, shape (n,), optional
        Block codes, for an interval over blocks.
    chunk_rows : int
        Rows handled at a time; it changes no result.
    rng : numpy.random.Generator, optional
        For policies that draw; default seed 0.

    Returns
    -------
    ReplayResult
        Totals, also by exchange and hour, campaign, and block.

    Raises
    ------
    DataError
        If an argument is out of range or of another length than the log.
    PolicyError
        If the policy returns negative or infinite bids, or cannot be replayed this way.

    Notes
    -----
    A win is paid the larger of market price and floor in a second-price auction, the bid in a
    first-price one, the floor in a fixed-price deal. A win that costs more than what is left of
    its budget is skipped, and later cheaper ones may still be taken. Prices are rounded to
    2**-14 of the log's unit, so that their sums are exact (see `kit.replay.kernels`).

    References
    ----------
    Cai et al. (2017), Real-Time Bidding by Reinforcement Learning in Display Advertising, WSDM.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"market_price_cpm": [1.0, 2.0, 4.0],
    ...                       "market_price_kind": "known", "click": [False, True, True]})
    >>> result = replay(AuctionLog(frame), [3.0, 3.0, 3.0], click_value_cpm=10.0)
    >>> result.impressions, result.clicks, result.cost, result.surplus
    (2, 1, 3.0, 7.0)
    """
    engine = Engine(Limits(budget, episode, episode_budget), censored, click_value_cpm, chunk_rows)
    bidder = _bidder(policy, name, engine.limits, rng or np.random.default_rng(0))
    value, market, blocks = (_array(column) for column in (value, market, blocks))
    unit = None
    for batch in _batches(log):
        if unit not in (None, batch.meta.unit):
            raise DataError(
                f"log: batches in {unit} and {batch.meta.unit}; must share one unit. Convert one."
            )
        unit = batch.meta.unit
        rows = slice(engine.rows, engine.rows + len(batch))
        engine.feed(
            batch,
            bidder.bids(batch, rows),
            value=_part(value, rows),
            market=_part(market, rows),
            blocks=_part(blocks, rows),
        )
    if unit is None:
        raise DataError("log: no batch; must have at least one. Pass an AuctionLog.")
    for label, column in (("value", value), ("market", market), ("blocks", blocks)):
        _whole(label, column, engine.rows)
    _whole("bids", bidder.array, engine.rows)
    return engine.result(bidder.name, unit)


@dataclass(frozen=True)
class _Bidder:
    name: str
    bids: Callable[[AuctionLog, slice], Bids]
    array: NDArray[Any] | None = None


def _bidder(policy: Any, name: str | None, limits: Limits, rng: np.random.Generator) -> _Bidder:
    label = name or str(getattr(policy, "name", "array"))
    if isinstance(policy, SequentialPolicy):
        return _sequential(policy, label, limits)
    if isinstance(policy, BidPolicy):
        return _Bidder(
            label,
            lambda log, rows: checked_bids(
                label, policy.bid(log.request, rng), len(log), rows.start
            ),
        )
    try:
        array = np.asarray(policy, dtype=np.float64)
    except (TypeError, ValueError):
        raise PolicyError(
            f"policy: got {type(policy).__name__}; must be a policy with bid(), one with score() "
            "and value_table(), or an array of bids. Make one with make_policy."
        ) from None
    return _Bidder(
        label, lambda log, rows: checked_bids(label, array[rows], len(log), rows.start), array
    )


def _sequential(policy: SequentialPolicy, label: str, limits: Limits) -> _Bidder:
    if limits.episode is None or limits.episode_budget is None:
        raise PolicyError(
            f"policy {label}: plans ahead over an episode; must be given episode and "
            "episode_budget. Pass both."
        )
    episode, budget = int(limits.episode), int(limits.episode_budget)
    table = checked_table(label, policy.value_table(episode, budget), episode, budget)

    def bids(log: AuctionLog, rows: slice) -> Bids:
        score = checked_scores(label, policy.score(log.request), len(log), rows.start)
        return TableBids(score, table)

    return _Bidder(label, bids)


def _batches(log: AuctionLog | Iterable[AuctionLog]) -> Iterator[AuctionLog]:
    if isinstance(log, AuctionLog):
        yield log
    else:
        yield from log


def _array(column: ArrayLike | None) -> NDArray[Any] | None:
    return None if column is None else np.asarray(column)


def _part(column: NDArray[Any] | None, rows: slice) -> NDArray[Any] | None:
    return None if column is None else column[rows]


def _whole(label: str, column: NDArray[Any] | None, rows: int) -> None:
    if column is not None and len(column) != rows:
        raise DataError(
            f"{label}: has {len(column)} values; must be {rows}, one for every auction. "
            "Pass an array of the log's length."
        )
