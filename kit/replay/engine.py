"""The state that a replay carries from one batch of auctions to the next."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kit.base.checks import bad_values, finite_at_least, number
from kit.base.errors import DataError
from kit.base.units import PriceUnit
from kit.data.log import AuctionLog, LogMeta
from kit.replay import kernels
from kit.replay.bids import Bids, Purse
from kit.replay.kernels import (
    BIDS,
    CLICKS,
    CONVERSIONS,
    FEES,
    IMPRESSIONS,
    POSITION,
    SPEND,
    UNDETERMINED,
    VALUE,
    Floats,
)
from kit.replay.limits import Limits, to_grid
from kit.replay.market import Censored, Terms, read_market, writable
from kit.replay.result import ReplayResult
from kit.replay.totals import HOURS, Codes, Table

CHUNK_ROWS = 65_536
UNDIVIDED = np.zeros(0, dtype=np.int32)
"""The group codes of rows that all belong to one group."""


@dataclass(frozen=True)
class Payoff:
    """What a win brings: value, fee and labels of each row, shape (n,)."""

    value: Floats
    fee: Floats
    label: NDArray[np.int8]

    @classmethod
    def of(cls, log: AuctionLog, click_value_cpm: float | None, value: ArrayLike | None) -> Payoff:
        """Read it from the log; `value` or `click_value_cpm` overrides the log's click value."""
        click = log.column("click", 0.0)
        label = (click + 2.0 * log.column("conversion", 0.0)).astype(np.int8)
        if value is not None:
            worth = np.asarray(value, dtype=np.float64)
            if worth.shape != click.shape:
                raise DataError(
                    f"value: has shape {worth.shape}; must be {click.shape}, one a row. "
                    "Pass one value for every auction."
                )
            bad_values("value", worth, ~np.isfinite(worth), "finite", what="missing or infinite")
        elif click_value_cpm is not None:
            worth = click * number("click_value_cpm", click_value_cpm, 0)
        else:
            worth = click * log.column("click_value_cpm", 0.0)
        fee = finite_at_least("fee_cpm", log.column("fee_cpm", 0.0))
        return cls(writable(worth), writable(fee), label)


class Engine:
    """A replay under way: budgets left and totals so far.

    Parameters
    ----------
    limits : Limits
        Budgets.
    censored : {"pessimistic", "optimistic", "given"}
        How rows with a bound instead of a market price are read.
    click_value_cpm : float, optional
        Value of a click; default the log's column.
    chunk_rows : int
        Rows handled at a time: it bounds the scratch memory and changes no result.
    """

    def __init__(
        self,
        limits: Limits,
        censored: Censored = "pessimistic",
        click_value_cpm: float | None = None,
        chunk_rows: int = CHUNK_ROWS,
    ) -> None:
        self.limits = limits
        self.rows = 0
        self._censored: Censored = censored
        self._click_value_cpm = click_value_cpm
        self._chunk_rows = int(number("chunk_rows", chunk_rows, 1))
        self._paid_below_floor = 0
        self._exchanges, self._campaigns, self._blocks = Codes(), Codes(), Codes()
        self._by_cell, self._by_campaign, self._by_block = Table(), Table(), Table()
        self._counters = np.zeros(kernels.COUNTERS, dtype=np.int64)
        own = isinstance(limits.budget, Mapping)
        self._left = np.zeros(0) if own else np.array([limits.shared])

    def feed(
        self,
        log: AuctionLog,
        bids: Bids,
        *,
        value: ArrayLike | None = None,
        market: ArrayLike | None = None,
        blocks: ArrayLike | None = None,
    ) -> None:
        """Replay the next batch of auctions.

        Parameters
        ----------
        log : AuctionLog
            The batch; later in time than the ones before it.
        bids : Bids
            The policy's bids for its rows.
        value, market, blocks : array_like, shape (n,), optional
            Value of each impression if won; market price for ``censored="given"``; block codes.

        Raises
        ------
        DataError
            If an array has another length than the batch or a value that is not allowed.
        """
        seen = read_market(log, self._censored, market)
        payoff = Payoff.of(log, self._click_value_cpm, value)
        groups = self._groups(log, blocks)
        before = self._by_cell.totals.sum(axis=0)
        for start in range(0, len(log), self._chunk_rows):
            rows = slice(start, start + self._chunk_rows)
            self._replay(rows, seen.terms(rows), bids, payoff, groups, log.meta)
        self._add_undivided(groups, len(log), self._by_cell.totals.sum(axis=0) - before)
        self.rows += len(log)
        self._paid_below_floor += int(np.count_nonzero(seen.below_floor))

    def _groups(self, log: AuctionLog, blocks: ArrayLike | None) -> Groups:
        exchange = self._exchanges.encode_label(log, "exchange")
        cell = exchange * np.int32(HOURS) + log.hour
        self._by_cell.see(cell, len(self._exchanges.names) * HOURS)
        campaign = block = wallet = UNDIVIDED
        if "campaign_id" in log.frame.columns:
            campaign = self._campaigns.encode(log.frame["campaign_id"])
            self._by_campaign.see(campaign, len(self._campaigns.names))
        if blocks is not None:
            block = self._blocks.encode(_block_codes(blocks, len(log)))
            self._by_block.see(block, len(self._blocks.names))
        if isinstance(self.limits.budget, Mapping):
            wallet = campaign
            if len(log) and not campaign.size:
                wallet = np.full(len(log), self._campaigns.code("all"), dtype=np.int32)
            new = [self.limits.of(str(name)) for name in self._campaigns.names[len(self._left) :]]
            self._left = np.append(self._left, new)
        return Groups(cell, campaign, block, wallet)

    def _add_undivided(self, groups: Groups, rows: int, won: Floats) -> None:
        """Count a batch without campaigns, or without blocks, in the one group it has."""
        if rows and not groups.campaign.size:
            code = self._campaigns.code("all")
            self._by_campaign.add(code, len(self._campaigns.names), rows, won)
        if rows and not groups.block.size:
            code = self._blocks.code(0)
            self._by_block.add(code, len(self._blocks.names), rows, won)

    def _replay(
        self, rows: slice, terms: Terms, bids: Bids, payoff: Payoff, groups: Groups, meta: LogMeta
    ) -> None:
        cap = math.inf if meta.bid_cap_cpm is None else float(meta.bid_cap_cpm)
        step = float(meta.bid_step_cpm)
        episode = int(self.limits.episode or 0)
        budget = to_grid(self.limits.episode_budget or 0.0)
        position = int(self._counters[POSITION])
        purse = Purse(step, cap, self._left, episode, budget, position)
        kernels.replay_rows(
            bids.chunk(rows, terms, purse), step, cap,
            terms.need, terms.pay, terms.open_from, terms.open_to,
            payoff.value[rows], payoff.fee[rows], payoff.label[rows],
            groups.cell[rows], groups.campaign[rows], groups.block[rows], groups.wallet[rows],
            self._left, episode, budget,
            self._by_cell.totals, self._by_campaign.totals, self._by_block.totals, self._counters,
        )  # fmt: skip

    def result(self, policy: str, unit: PriceUnit) -> ReplayResult:
        """Return the totals so far.

        Raises
        ------
        DataError
            If a budget names a campaign that no batch had.
        """
        self.limits.check_names(self._campaigns.names)
        sums = self._by_cell.totals.sum(axis=0)
        return ReplayResult(
            policy=policy,
            unit=unit,
            auctions=self.rows,
            bids=int(self._counters[BIDS]),
            impressions=int(sums[IMPRESSIONS]),
            clicks=int(sums[CLICKS]),
            conversions=int(sums[CONVERSIONS]),
            cost=float(sums[SPEND]),
            value=float(sums[VALUE]),
            fees=float(sums[FEES]),
            undetermined=int(self._counters[UNDETERMINED]),
            paid_below_floor=self._paid_below_floor,
            by_exchange_hour=self._exchange_hours(),
            by_campaign=self._campaign_frame(),
            blocks=self._block_frame(),
        )

    def _exchange_hours(self) -> pd.DataFrame:
        exchanges = [name for name in self._exchanges.names for _ in range(HOURS)]
        hours = np.tile(np.arange(HOURS), len(self._exchanges.names))
        return self._by_cell.frame(exchange=exchanges, hour=hours)

    def _campaign_frame(self) -> pd.DataFrame:
        frame = self._by_campaign.frame(campaign_id=self._campaigns.names)
        budget = self.limits.budget
        own = budget if isinstance(budget, Mapping) else {}
        return frame.assign(budget=[own.get(name, math.inf) for name in frame["campaign_id"]])

    def _block_frame(self) -> pd.DataFrame:
        frame = self._by_block.frame(block=self._blocks.names).set_index("block")
        frame["surplus"] = frame["value"] - frame["spend"] - frame["fees"]
        return frame


@dataclass(frozen=True)
class Groups:
    """The group codes of a batch's rows, and the wallet each row is paid from.

    Shape (n,) each, or `UNDIVIDED`.
    """

    cell: NDArray[np.int32]
    campaign: NDArray[np.int32]
    block: NDArray[np.int32]
    wallet: NDArray[np.int32]


def _block_codes(blocks: ArrayLike, rows: int) -> pd.Series:
    codes = np.asarray(blocks)
    if codes.shape != (rows,) or codes.dtype.kind not in "iu":
        raise DataError(
            f"blocks: has shape {codes.shape} and type {codes.dtype}; must be ({rows},) whole "
            "numbers, one a row. Pass codes such as log.day."
        )
    return pd.Series(codes.astype(np.int64))
