"""ORTB2: the optimal bid when the win rate is ``b**2 / (c**2 + b**2)``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from kit.bid.ortb import OrtbPolicy


@dataclass(frozen=True)
class Ortb2Policy(OrtbPolicy):
    """Bid optimally where competition is strong: the win rate starts flat.

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

    Notes
    -----
    The published form, with ``x = (pctr + sqrt(c^2 lambda^2 + pctr^2)) / (c lambda)``, is
    ``c * (x^(1/3) - x^(-1/3))``. As ``log x = asinh(pctr / (c lambda))``, that is
    ``2 c sinh(asinh(pctr / (c lambda)) / 3)``, which loses no digits at small pCTR.

    References
    ----------
    Zhang, Yuan and Wang, "Optimal real-time bidding for display advertising", KDD 2014.

    Examples
    --------
    >>> Ortb2Policy.curve(np.array([0.0, 0.002]), c=50.0, lambda_=2e-5).round(2)
    array([ 0., 50.])
    """

    name: ClassVar[str] = "ortb2"
    summary: ClassVar[str] = "optimal under a budget if the win rate is b^2 / (c^2 + b^2)"
    power: ClassVar[int] = 2

    @staticmethod
    def curve(pctr: NDArray[np.float64], c: float, lambda_: float) -> NDArray[np.float64]:
        """Return the optimal bids, shape (n,)."""
        return 2 * c * np.sinh(np.arcsinh(pctr / (c * lambda_)) / 3)
