"""Truthful bidding: the expected value of the impression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.bid.parameters import PRICE_UNIT, Bidder, Parameter
from kit.bid.policy import request_column

CLICK_VALUE = Parameter(
    "click_value_cpm", "value of a click, as a sum of per-mille prices", PRICE_UNIT,
    high=1e12, optional=True, fallback="the request column click_value_cpm",
)  # fmt: skip
MULTIPLIER = Parameter("multiplier", "factor on every value", high=1e6, default=1.0)


@dataclass(frozen=True)
class ValuePolicy(Bidder):
    """Bid ``pctr * click_value * multiplier``: optimal in a second-price auction at multiplier 1.

    Parameters
    ----------
    multiplier : float
        Factor on the value; below 1 holds back for a budget.
    click_value_cpm : float, optional
        Value of a click in the log's price unit; None reads the request column of that name.

    Raises
    ------
    PolicyError
        If a parameter is out of range.

    Examples
    --------
    >>> request = pd.DataFrame({"pctr": [0.001, 0.004], "click_value_cpm": [20_000.0, 30_000.0]})
    >>> ValuePolicy().bid(request, np.random.default_rng(0))
    array([ 20., 120.])
    """

    multiplier: float = 1.0
    click_value_cpm: float | None = None

    name: ClassVar[str] = "value"
    summary: ClassVar[str] = "truthful: pCTR times the value of a click"
    columns: ClassVar[tuple[str, ...]] = ("pctr", "click_value_cpm")
    monotone_in: ClassVar[tuple[str, ...]] = ("pctr", "click_value_cpm")
    parameters: ClassVar[tuple[Parameter, ...]] = (MULTIPLIER, CLICK_VALUE)

    def bid(self, request: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the scaled values, shape (n,); NaN where pCTR or the click's value is."""
        return expected_value(self.name, request, self.click_value_cpm) * self.multiplier


def expected_value(
    policy: str, request: pd.DataFrame, click_value_cpm: float | None
) -> NDArray[np.float64]:
    """Return ``pctr * click_value_cpm``, shape (n,); None reads the click's value by row.

    Raises
    ------
    DataError
        If `request` lacks ``pctr``, or ``click_value_cpm`` where none is given.
    """
    pctr = request_column(policy, request, "pctr")
    if click_value_cpm is None:
        return pctr * request_column(policy, request, CLICK_VALUE.name)
    return pctr * click_value_cpm
