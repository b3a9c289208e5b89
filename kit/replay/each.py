"""Replay a policy and keep what happened in every auction, not only the totals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kit.bid.policy import BidPolicy
from kit.data.log import AuctionLog
from kit.replay.bids import checked_bids
from kit.replay.engine import Engine, Groups
from kit.replay.kernels import CLICKS, FEES, IMPRESSIONS, SPEND, UNDETERMINED, VALUE, Floats
from kit.replay.limits import Limits
from kit.replay.market import Censored


@dataclass(frozen=True, eq=False)
class EachAuction:
    """What a policy won, auction by auction.

    Parameters
    ----------
    impressions, clicks : ndarray, shape (n,)
        0 or 1.
    spend, value, fees : ndarray, shape (n,)
        In the log's price unit; 0 where the auction was lost.
    undetermined : int
        Bids whose outcome the log does not determine; they were decided by the reading.
    """

    impressions: Floats
    clicks: Floats
    spend: Floats
    value: Floats
    fees: Floats
    undetermined: int

    @property
    def surplus(self) -> Floats:
        """Value less cost and fees, shape (n,)."""
        return np.asarray(self.value - self.spend - self.fees)

    def by(self, codes: NDArray[np.int32], groups: int) -> pd.DataFrame:
        """Return totals by group, as `kit.replay.result.ReplayResult.blocks` has them.

        Parameters
        ----------
        codes : ndarray of int32, shape (n,)
            Group of each auction, in [0, groups).
        groups : int
            Number of groups.
        """
        names = ("impressions", "clicks", "spend", "value", "fees", "surplus")
        sums = {name: np.bincount(codes, getattr(self, name), groups) for name in names}
        frame = pd.DataFrame({"auctions": np.bincount(codes, minlength=groups), **sums})
        return frame.rename_axis("block")


def replay_each(
    log: AuctionLog,
    policy: BidPolicy | NDArray[np.float64],
    *,
    value: ArrayLike | None = None,
    censored: Censored = "pessimistic",
    budget: float | None = None,
    rng: np.random.Generator | None = None,
) -> EachAuction:
    """Replay as `kit.replay.run.replay` does, one log at a time.

    Parameters
    ----------
    log : AuctionLog
        Auctions in time order.
    policy : BidPolicy or ndarray, shape (n,)
        Shown request columns only; an array is taken as the bids, NaN = no bid.
    value, censored, budget, rng
        As in `kit.replay.run.replay`.

    Raises
    ------
    DataError
        If an argument is out of range or of another length than the log.
    PolicyError
        If the policy returns negative or infinite bids.

    Examples
    --------
    >>> frame = pd.DataFrame({"market_price_cpm": [1.0, 2.0, 4.0], "market_price_kind": "known"})
    >>> each = replay_each(AuctionLog(frame), np.full(3, 3.0), value=[5.0, 5.0, 5.0])
    >>> each.surplus.tolist(), each.by(np.array([0, 0, 1], dtype=np.int32), 2)["spend"].tolist()
    ([4.0, 3.0, 0.0], [3.0, 0.0])
    """
    engine = _EachEngine(Limits(budget), censored)
    name = str(getattr(policy, "name", "array"))
    if isinstance(policy, BidPolicy):
        policy = policy.bid(log.request, rng or np.random.default_rng(0))
    engine.feed(log, checked_bids(name, policy, len(log), 0), value=value)
    return engine.each()


class _EachEngine(Engine):
    """An engine whose blocks are the auctions themselves; it is fed once."""

    def _groups(self, log: AuctionLog, blocks: ArrayLike | None) -> Groups:
        each = np.arange(len(log), dtype=np.int32)
        self._by_block.see(each, len(log))
        return replace(super()._groups(log, None), block=each)

    def each(self) -> EachAuction:
        """Return the columns of the table by auction."""
        totals = np.ascontiguousarray(self._by_block.totals.T)
        return EachAuction(
            impressions=totals[IMPRESSIONS],
            clicks=totals[CLICKS],
            spend=totals[SPEND],
            value=totals[VALUE],
            fees=totals[FEES],
            undetermined=int(self._counters[UNDETERMINED]),
        )
