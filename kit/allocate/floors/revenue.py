"""What a floor earns in one auction: first price, second price, hard and soft floors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kit.base.checks import bad_values, one_of
from kit.base.errors import DataError

Array = NDArray[np.float64]

RULES = ("as sold", "first price", "second price", "soft floor")
"""As sold: each auction by its own type. The other three are what-ifs over the same auctions."""


@dataclass(frozen=True, eq=False)
class Settled:
    """Auctions after a floor.

    Parameters
    ----------
    sold : ndarray of bool, shape (n,)
        Whether the highest bid reached the hard floor.
    paid_cpm : ndarray, shape (n,)
        What the winner pays, 0 where nobody does.
    """

    sold: NDArray[np.bool_]
    paid_cpm: Array


def settle(top: Array, second: Array, hard: Array | float, soft: Array | float) -> Settled:
    """Run auctions under a hard and a soft floor.

    A highest bid under the hard floor is not sold. One under the soft floor pays itself; one at
    or above it pays the larger of the second bid and the soft floor. So a soft floor of infinity
    is a first-price auction, and one equal to the hard floor a second-price auction.

    Parameters
    ----------
    top, second : ndarray, shape (n,)
        Highest and second highest bid; 0 where there is none.
    hard, soft : ndarray, shape (n,), or float
        The two floors.

    References
    ----------
    Yuan, Wang, Chen, Mason, Seljan, "An Empirical Study of Reserve Price Optimisation in
    Real-Time Bidding" (KDD 2014), section 2 (soft floors).

    Examples
    --------
    >>> bids = np.array([5.0, 5.0, 5.0]), np.array([2.0, 2.0, 2.0])
    >>> settle(*bids, hard=np.array([1.0, 1.0, 6.0]), soft=np.array([4.0, 8.0, 8.0])).paid_cpm
    array([4., 5., 0.])
    """
    sold = (top > 0) & (top >= hard)
    paid = np.where(top < soft, top, np.maximum(second, soft))
    return Settled(sold, np.where(sold, paid, 0.0))


def soft_floor(
    rule: str, hard: Array, first_price: NDArray[np.bool_], factor: float = 2.0
) -> Array:
    """Return the soft floor that a pricing rule means, shape (n,); see `settle`.

    Parameters
    ----------
    rule : str
        One of `RULES`.
    hard : ndarray, shape (n,)
        Hard floors, >= 0.
    first_price : ndarray of bool, shape (n,)
        How each auction is sold, for ``"as sold"``.
    factor : float
        Soft floor over hard floor, >= 1, for ``"soft floor"``.

    Raises
    ------
    DataError
        If the rule is unknown, the factor below 1, or a floor negative or missing.

    Examples
    --------
    >>> soft_floor("as sold", np.array([1.0, 1.0]), np.array([True, False]))
    array([inf,  1.])
    """
    one_of("rule", rule, RULES)
    bad_values("floor_cpm", hard, ~(hard >= 0), ">= 0", what="negative or missing")
    if rule == "soft floor":
        if not factor >= 1:
            raise DataError(
                f"factor: got {factor!r}; must be >= 1, since a soft floor lies above the hard "
                "one. Pass a larger factor."
            )
        return np.asarray(factor * hard)
    first = {"first price": np.ones_like(first_price), "second price": ~np.ones_like(first_price)}
    return np.where(first.get(rule, first_price), np.inf, hard)
