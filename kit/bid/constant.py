"""The same bid on every request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.bid.parameters import PRICE_UNIT, Bidder, Parameter


@dataclass(frozen=True)
class ConstantPolicy(Bidder):
    """Bid one price, whatever the request.

    Parameters
    ----------
    bid_cpm : float
        The bid, in the log's price unit, >= 0.

    Raises
    ------
    PolicyError
        If the bid is out of range.

    Examples
    --------
    >>> ConstantPolicy(60).bid(pd.DataFrame(index=range(2)), np.random.default_rng(0))
    array([60., 60.])
    """

    bid_cpm: float

    name: ClassVar[str] = "constant"
    summary: ClassVar[str] = "the same bid on every request"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("bid", "the bid", PRICE_UNIT, field="bid_cpm"),
    )

    def bid(self, request: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the constant, shape (n,)."""
        return np.full(len(request), float(self.bid_cpm))
