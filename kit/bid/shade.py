"""First-price shading by a constant factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.bid.parameters import Bidder, Parameter
from kit.bid.policy import request_column
from kit.bid.value import CLICK_VALUE, MULTIPLIER, expected_value
from kit.data.schema import FIRST_PRICE


@dataclass(frozen=True)
class ShadePolicy(Bidder):
    """Bid the value, shaded where the winner pays its bid.

    In a first-price auction (``auction_type`` 1) a truthful bid earns nothing, so the value is
    multiplied by `shading_factor`; elsewhere, and where the column is absent, it is bid whole.

    Parameters
    ----------
    shading_factor : float
        Share of the value that is bid in a first-price auction, in [0, 1].
    multiplier : float
        Factor on the value in every auction.
    click_value_cpm : float, optional
        Value of a click in the log's price unit; None reads the request column of that name.

    Raises
    ------
    PolicyError
        If a parameter is out of range.

    Examples
    --------
    >>> request = pd.DataFrame({"pctr": [0.002, 0.002], "auction_type": [1, 2]})
    >>> policy = ShadePolicy(shading_factor=0.5, click_value_cpm=20_000)
    >>> policy.bid(request, np.random.default_rng(0))
    array([20., 40.])
    """

    shading_factor: float
    multiplier: float = 1.0
    click_value_cpm: float | None = None

    name: ClassVar[str] = "shade"
    summary: ClassVar[str] = "the value, times a constant factor in first-price auctions"
    columns: ClassVar[tuple[str, ...]] = ("pctr", "click_value_cpm")
    monotone_in: ClassVar[tuple[str, ...]] = ("pctr", "click_value_cpm")
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("shading_factor", "share of the value bid in a first-price auction", high=1),
        MULTIPLIER,
        CLICK_VALUE,
    )

    def bid(self, request: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the shaded values, shape (n,); NaN where pCTR or the click's value is."""
        value = expected_value(self.name, request, self.click_value_cpm) * self.multiplier
        if "auction_type" not in request.columns:
            return value
        is_first_price = request_column(self.name, request, "auction_type") == FIRST_PRICE
        return np.where(is_first_price, value * self.shading_factor, value)
