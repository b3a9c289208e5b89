"""What a replay hands on: totals of one policy, or of a grid of multipliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from kit.base.units import PriceUnit


@dataclass(frozen=True)
class ReplayResult:
    """Totals of one policy over one log.

    Parameters
    ----------
    policy : str
        The policy's name.
    unit : PriceUnit
        Unit of every sum below; ``unit.money(cost)`` converts one to currency.
    auctions, bids, impressions, clicks, conversions : int
        Auctions seen, bids made, auctions won, and what followed.
    cost : float
        Sum of the prices paid, one an impression, exact on the money grid.
    value : float
        Sum of the realised values of the impressions won.
    fees : float
        Sum of ``fee_cpm`` over the impressions won.
    undetermined : int
        Bids whose outcome the log does not determine; they were decided by `censored`.
    paid_below_floor : int
        Rows of the log whose own win was cheaper than the declared floor.
    by_exchange_hour : pandas.DataFrame
        Columns exchange, hour, auctions, impressions, clicks, conversions, spend, value, fees.
    by_campaign : pandas.DataFrame
        The same by campaign_id, with the budget (inf: none).
    blocks : pandas.DataFrame, indexed by block code
        The same by block, with surplus; one block 0 if none were given.
    """

    policy: str
    unit: PriceUnit
    auctions: int
    bids: int
    impressions: int
    clicks: int
    conversions: int
    cost: float
    value: float
    fees: float
    undetermined: int
    paid_below_floor: int
    by_exchange_hour: pd.DataFrame
    by_campaign: pd.DataFrame
    blocks: pd.DataFrame

    @property
    def surplus(self) -> float:
        """Value less cost and fees."""
        return self.value - self.cost - self.fees

    @property
    def win_rate(self) -> float:
        """Impressions per auction; NaN without auctions."""
        return self.impressions / self.auctions if self.auctions else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Return the totals as plain numbers and strings, ready for JSON."""
        return {
            "policy": self.policy,
            "unit": self.unit.label,
            "auctions": self.auctions,
            "bids": self.bids,
            "impressions": self.impressions,
            "clicks": self.clicks,
            "conversions": self.conversions,
            "cost": self.cost,
            "value": self.value,
            "fees": self.fees,
            "surplus": self.surplus,
            "undetermined": self.undetermined,
            "paid_below_floor": self.paid_below_floor,
        }


@dataclass(frozen=True)
class GridResult:
    """Totals of one base bid times each of several multipliers.

    Parameters
    ----------
    unit : PriceUnit
        Unit of every sum below.
    auctions : int
        Auctions seen.
    totals : pandas.DataFrame, one row a multiplier, in the order given
        Columns multiplier, impressions, clicks, spend, value, fees, surplus.
    by_exchange_hour : pandas.DataFrame
        Columns multiplier, exchange, hour, impressions, clicks, spend, value, fees; cells with
        impressions only.
    """

    unit: PriceUnit
    auctions: int
    totals: pd.DataFrame
    by_exchange_hour: pd.DataFrame
