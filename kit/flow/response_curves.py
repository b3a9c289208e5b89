"""What each exchange gives for each amount of money, on the tune split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.envelope import rising_envelope
from kit.bid.scaled import ALL
from kit.data.log import AuctionLog
from kit.flow.choose import Tuner

STEPS_PER_DOUBLING = 16
_STEPS = np.arange(-4 * STEPS_PER_DOUBLING, 2 * STEPS_PER_DOUBLING + 1)
MULTIPLIERS = 2.0 ** (_STEPS / STEPS_PER_DOUBLING)
"""Multipliers tried on the policy's bids: 1/16 to 4."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ResponseCurve:
    """Expected price sums of one exchange at rising multipliers; the first is 0, no bid at all.

    Parameters
    ----------
    exchange : str
        Its name.
    auctions : int
        Auctions of it in the tune split.
    multiplier, spend, value, surplus : ndarray, shape (k,)
        Spend never falls; surplus is value less spend and fees.
    """

    exchange: str
    auctions: int
    multiplier: Floats
    spend: Floats
    value: Floats
    surplus: Floats

    def multiplier_at(self, spend: float) -> float:
        """Return the lowest multiplier that spends an amount, between two tried ones if need be."""
        firsts = np.flatnonzero(np.diff(self.spend, prepend=-1.0) > 0)
        return float(np.interp(spend, self.spend[firsts], self.multiplier[firsts]))

    @property
    def best(self) -> int:
        """Place of the highest surplus."""
        return int(np.argmax(self.surplus))


def response_curves(tuner: Tuner, bids: Floats) -> list[ResponseCurve]:
    """Return the curve of each exchange, by name.

    Parameters
    ----------
    tuner : Tuner
        On the tune split.
    bids : ndarray, shape (n,)
        The policy's bids there, at multiplier 1.
    """
    cells = tuner.by_exchange(bids, MULTIPLIERS)
    names = exchange_names(tuner.log)
    rows = names.value_counts()
    return [
        _curve(str(name), int(rows[name]), cells[cells["exchange"].astype(str) == name])
        for name in sorted(rows.index)
    ]


def exchange_names(log: AuctionLog) -> pd.Series[str]:
    """Return the exchange of each row as text; ``all`` in a log without exchanges."""
    if "exchange" not in log.frame.columns:
        return pd.Series(ALL, index=log.frame.index)
    return log.frame["exchange"].astype(str)


def _curve(name: str, auctions: int, cells: pd.DataFrame) -> ResponseCurve:
    columns = ["spend", "value", "fees"]
    sums = cells.groupby("multiplier")[columns].sum().reindex(MULTIPLIERS, fill_value=0.0)
    spend, value, fees = (np.append(0.0, sums[column].to_numpy(np.float64)) for column in columns)
    surplus = value - spend - fees
    return ResponseCurve(name, auctions, np.append(0.0, MULTIPLIERS), spend, value, surplus)


def envelope(curve: ResponseCurve) -> NDArray[np.int64]:
    """Return the places of a curve that lie on its concave envelope, up to the best surplus.

    The envelope is what mixing two multipliers in time would reach; along it the surplus of a
    further unit of money only falls, so that a linear programme fills it in the right order.
    It starts at no bid, even where some bids win and cost nothing.
    """
    kept = rising_envelope(curve.spend, curve.surplus)
    return kept if kept[0] == 0 else np.append(0, kept)


def increments(curves: list[ResponseCurve]) -> pd.DataFrame:
    """Return the pieces of the envelopes, one row each.

    Returns
    -------
    pandas.DataFrame
        exchange, multiplier (at the piece's end), cost (money it takes), value (surplus it adds);
        within an exchange value per cost falls.
    """
    parts = []
    for curve in curves:
        at = envelope(curve)
        parts.append(
            pd.DataFrame({
                "exchange": curve.exchange,
                "multiplier": curve.multiplier[at[1:]],
                "cost": np.diff(curve.spend[at]),
                "value": np.diff(curve.surplus[at]),
            })
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)
