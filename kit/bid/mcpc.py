"""MCPC: bid the training cost of a click times the click probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.bid.parameters import PRICE_UNIT, Bidder, Parameter
from kit.bid.policy import request_column


@dataclass(frozen=True)
class McpcPolicy(Bidder):
    """Bid so that a click costs at most what it cost in training ("max eCPC").

    Parameters
    ----------
    cost_per_click_cpm : float
        Sum of per-mille prices paid for one training click, in the log's price unit.

    Raises
    ------
    PolicyError
        If the parameter is out of range.

    References
    ----------
    Lee et al., "Estimating conversion rate in display advertising from past performance data",
    KDD 2012; the baseline MCPC of Zhang, Yuan and Wang, KDD 2014.

    Examples
    --------
    >>> request = pd.DataFrame({"pctr": [0.001, 0.004]})
    >>> McpcPolicy(15_000).bid(request, np.random.default_rng(0))
    array([15., 60.])
    """

    cost_per_click_cpm: float

    name: ClassVar[str] = "mcpc"
    summary: ClassVar[str] = "pCTR times the training cost of a click"
    columns: ClassVar[tuple[str, ...]] = ("pctr",)
    monotone_in: ClassVar[tuple[str, ...]] = ("pctr",)
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "cost_per_click_cpm", "sum of prices paid for a click", PRICE_UNIT,
            high=1e12, training="cost_per_click_cpm",
        ),
    )  # fmt: skip

    def bid(self, request: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return ``pctr * cost_per_click_cpm``, shape (n,); NaN where pCTR is."""
        return request_column(self.name, request, "pctr") * self.cost_per_click_cpm
