"""ORTB1: the optimal bid when the win rate is ``b / (c + b)``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from kit.bid.ortb import OrtbPolicy


@dataclass(frozen=True)
class Ortb1Policy(OrtbPolicy):
    """Bid ``sqrt(c * pctr / lambda + c**2) - c``: concave, so it spreads over cheap auctions.

    Parameters
    ----------
    c : float
        Price at which half the auctions are won, in the log's price unit.
    lambda_ : float
        Clicks that a unit of price must buy: the multiplier of the budget constraint.

    Raises
    ------
    PolicyError
        If a parameter is out of range.

    References
    ----------
    Zhang, Yuan and Wang, "Optimal real-time bidding for display advertising", KDD 2014.

    Examples
    --------
    >>> Ortb1Policy.curve(np.array([0.0, 0.003]), c=50.0, lambda_=2e-5)
    array([ 0., 50.])
    """

    name: ClassVar[str] = "ortb1"
    summary: ClassVar[str] = "optimal under a budget if the win rate is b / (c + b)"
    power: ClassVar[int] = 1

    @staticmethod
    def curve(pctr: NDArray[np.float64], c: float, lambda_: float) -> NDArray[np.float64]:
        """Return the optimal bids, shape (n,), in a form that loses no digits at small pCTR."""
        worth = c * pctr / lambda_
        return worth / (np.sqrt(worth + c * c) + c)
