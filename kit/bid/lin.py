"""LIN: bid in proportion to the click probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.bid.parameters import PRICE_UNIT, Bidder, Parameter
from kit.bid.policy import request_column


@dataclass(frozen=True)
class LinearPolicy(Bidder):
    """Bid `b0` at the average CTR, and in proportion to pCTR elsewhere.

    Parameters
    ----------
    b0 : float
        Bid at the average CTR, in the log's price unit.
    average_ctr : float
        Clicks an impression in training, in (0, 1].

    Raises
    ------
    PolicyError
        If a parameter is out of range.

    References
    ----------
    Perlich et al., "Bid optimizing and inventory scoring in targeted online advertising",
    KDD 2012.

    Examples
    --------
    >>> request = pd.DataFrame({"pctr": [0.001, 0.004]})
    >>> LinearPolicy(b0=10, average_ctr=0.002).bid(request, np.random.default_rng(0))
    array([ 5., 20.])
    """

    b0: float
    average_ctr: float

    name: ClassVar[str] = "lin"
    summary: ClassVar[str] = "b0 times pCTR over the average CTR"
    columns: ClassVar[tuple[str, ...]] = ("pctr",)
    monotone_in: ClassVar[tuple[str, ...]] = ("pctr",)
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("b0", "bid at the average CTR", PRICE_UNIT),
        Parameter("average_ctr", "clicks an impression", low=1e-12, high=1, training="ctr"),
    )

    def bid(self, request: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return ``b0 * pctr / average_ctr``, shape (n,); NaN where pCTR is."""
        return self.b0 * request_column(self.name, request, "pctr") / self.average_ctr
