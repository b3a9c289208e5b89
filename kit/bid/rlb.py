"""RLB: bid by dynamic programming on the auctions and the budget left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.errors import PolicyError
from kit.bid.parameters import Parameter, Parametrised, need_stats
from kit.bid.policy import request_column
from kit.bid.training import TrainingStats

MAX_CELLS = 100_000_000
"""Largest value table: 800 MB of float64."""


@dataclass(frozen=True)
class RlbPolicy(Parametrised):
    """Spend each unit of budget where it wins most clicks, auction by auction.

    Parameters
    ----------
    average_ctr : float
        Clicks an impression in training: what a later auction is expected to be worth.
    price_probability : tuple of float, shape (max_price + 1,)
        Share of each whole market price in training, summing to 1.

    Raises
    ------
    PolicyError
        If a parameter is out of range.

    Notes
    -----
    With theta the average CTR, m the market-price probabilities and V[0] = 0, the table is
    ``V[t, b] = V[t-1, b] + sum_d m[d] * max(0, theta + V[t-1, b-d] - V[t-1, b])`` over prices
    ``d <= b``. Budgets and prices are whole numbers of the log's unit: in a coarse unit (prices
    of 2 or 3) bids are coarse too. Bidding on is told in `kit.bid.policy.SequentialPolicy`.

    References
    ----------
    Cai et al., "Real-time bidding by reinforcement learning in display advertising", WSDM 2017,
    section 3.

    Examples
    --------
    >>> policy = RlbPolicy(average_ctr=0.5, price_probability=(0.0, 1.0))
    >>> policy.value_table(auctions=3, budget=2)
    array([[0. , 0. , 0. ],
           [0. , 0.5, 0.5],
           [0. , 0.5, 1. ],
           [0. , 0.5, 1. ]])
    """

    average_ctr: float
    price_probability: tuple[float, ...] = field(repr=False)

    name: ClassVar[str] = "rlb"
    summary: ClassVar[str] = "dynamic programming on auctions and budget left (by episode)"
    columns: ClassVar[tuple[str, ...]] = ("pctr",)
    monotone_in: ClassVar[tuple[str, ...]] = ("pctr",)
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("average_ctr", "clicks an impression", low=1e-12, high=1, training="ctr"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        shares = np.asarray(self.price_probability, dtype=np.float64)
        if not (shares.size and (shares >= 0).all() and abs(shares.sum() - 1) < 1e-6):
            raise PolicyError(
                f"policy rlb: price_probability: got {shares.size} shares summing to "
                f"{shares.sum():g}; must be >= 0 and sum to 1. Divide the counts by their sum."
            )

    @classmethod
    def complete(cls, given: Mapping[str, float], stats: TrainingStats | None) -> dict[str, Any]:
        """Add the training market prices, which no ``--set`` can give.

        Raises
        ------
        PolicyError
            If there are no training statistics.
        DataError
            If they have no price histogram or no clicks.
        """
        training = need_stats(cls.name, stats, "the market-price histogram")
        shares = tuple(training.price_probability.tolist())
        return super().complete(given, stats) | {"price_probability": shares}

    def score(self, request: pd.DataFrame) -> NDArray[np.float64]:
        """Return pCTR, shape (n,); NaN means no bid."""
        return request_column(self.name, request, "pctr")

    def value_table(self, auctions: int, budget: int) -> NDArray[np.float64]:
        """Return the expected clicks still to be won, by auctions and budget left.

        Parameters
        ----------
        auctions : int
            Auctions in an episode, >= 1.
        budget : int
            Budget of an episode, >= 0, a whole number of the log's price unit.

        Returns
        -------
        ndarray of float64, shape (auctions + 1, budget + 1)
            Zero in row 0, not decreasing along either axis.

        Raises
        ------
        PolicyError
            If either is out of range or the table too large for memory.
        """
        from kit.bid.kernels_rlb import value_table  # here, so that listing does not load numba

        rows = _whole_number("auctions", auctions, low=1)
        columns = _whole_number("budget", budget, low=0)
        if (rows + 1) * (columns + 1) > MAX_CELLS:
            raise PolicyError(
                f"policy rlb: a table of {rows:,} auctions by a budget of {columns:,}; must be at "
                f"most {MAX_CELLS:,} cells. Use shorter episodes, or a coarser price unit."
            )
        shares = np.asarray(self.price_probability, dtype=np.float64)
        return value_table(rows, columns, float(self.average_ctr), shares)


def _whole_number(name: str, value: Any, low: int) -> int:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < low:
        raise PolicyError(
            f"policy rlb: {name}: got {value!r}; must be a whole number >= {low}. "
            "Round the episode's budget down."
        )
    return int(value)
