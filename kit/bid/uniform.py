"""A uniformly random bid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.errors import PolicyError
from kit.bid.parameters import PRICE_UNIT, Bidder, Parameter


@dataclass(frozen=True)
class RandomPolicy(Bidder):
    """Bid uniformly between two prices: the policy that any other should beat.

    Parameters
    ----------
    low, high : float
        Bounds of the bid, in the log's price unit, ``0 <= low <= high``.

    Raises
    ------
    PolicyError
        If a bound is out of range, or `low` is above `high`.

    Examples
    --------
    >>> bids = RandomPolicy(10, 20).bid(pd.DataFrame(index=range(3)), np.random.default_rng(0))
    >>> bids.round(2)
    array([16.37, 12.7 , 10.41])
    """

    low: float
    high: float

    name: ClassVar[str] = "random"
    summary: ClassVar[str] = "a uniformly random bid from the seeded generator"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("low", "lowest bid", PRICE_UNIT, default=0.0),
        Parameter("high", "highest bid", PRICE_UNIT),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low > self.high:
            raise PolicyError(
                f"policy random: low: got {self.low:g} above high {self.high:g}; must be "
                "<= high. Swap them."
            )

    def bid(self, request: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return independent uniform bids, shape (n,)."""
        return rng.uniform(self.low, self.high, size=len(request))
