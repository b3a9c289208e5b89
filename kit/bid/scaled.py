"""Any policy's bids, times a multiplier for each exchange and for who pays their own bid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import number
from kit.base.errors import PolicyError
from kit.bid.policy import BidPolicy
from kit.data.schema import FIRST_PRICE, auction_types

ALL = "all"
"""The exchange of a log without an ``exchange`` column."""


@dataclass(frozen=True)
class ScaledPolicy:
    """Bid what another policy bids, times the multiplier of the request's exchange.

    Parameters
    ----------
    base : BidPolicy
        Whose bids are scaled.
    multipliers : mapping of str to float
        By exchange, where the winner pays the market price or a fixed one; >= 0.
    first_price : mapping of str to float
        By exchange, where the winner pays its bid; >= 0. A log without exchanges has ``all``.

    Raises
    ------
    PolicyError
        If the two name different exchanges, or, while bidding, a request's exchange has no
        multiplier.

    Examples
    --------
    >>> from kit.bid.constant import ConstantPolicy
    >>> request = pd.DataFrame({"exchange": ["x", "y", "y"], "auction_type": [2, 2, 1]})
    >>> policy = ScaledPolicy(ConstantPolicy(4.0), {"x": 1.0, "y": 2.0}, {"x": 0.5, "y": 0.75})
    >>> policy.bid(request, np.random.default_rng(0))
    array([4., 8., 3.])
    """

    base: BidPolicy
    multipliers: Mapping[str, float]
    first_price: Mapping[str, float]

    name: ClassVar[str] = "scaled"

    def __post_init__(self) -> None:
        for what, factors in (("multipliers", self.multipliers), ("first_price", self.first_price)):
            for exchange, factor in factors.items():
                number(f"{what}[{exchange!r}]", factor, 0)
        odd = set(self.multipliers) ^ set(self.first_price)
        if odd:
            raise PolicyError(
                f"policy scaled: exchange {min(odd)!r} is in only one of multipliers and "
                "first_price; must be in both. Add it."
            )

    def bid(self, request: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the scaled bids, shape (n,); NaN where the base policy does not bid."""
        bids = np.asarray(self.base.bid(request, rng), dtype=np.float64)
        exchanges = pd.Series(ALL, index=request.index)
        if "exchange" in request.columns:
            exchanges = request["exchange"].astype(str)
        unknown = set(exchanges.unique()) - set(self.multipliers)
        if unknown:
            raise PolicyError(
                f"policy scaled: exchange {min(unknown)!r} has no multiplier; must be one of: "
                f"{', '.join(sorted(self.multipliers))}. Add it."
            )
        pays_bid = auction_types(request) == FIRST_PRICE
        plain, shaded = (
            exchanges.map(dict(factors)).to_numpy(dtype=np.float64)
            for factors in (self.multipliers, self.first_price)
        )
        return bids * np.where(pays_bid, shaded, plain)
