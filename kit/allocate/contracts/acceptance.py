"""An exchange's acceptance curve: reserve price → chance of a sale → expected revenue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kit.base.checks import bad_values, finite_at_least, has_columns
from kit.base.envelope import rising_envelope
from kit.base.errors import DataError

Array = NDArray[np.float64]
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class AcceptanceCurve:
    """What an exchange answers to each reserve price.

    Only the corners of the concave envelope are ever worth using (ironing): they are kept apart
    as the `corner_` arrays, the lowest reserve first. Withholding the impression (never sold,
    earns nothing) is always among them.

    Parameters
    ----------
    prob, price, revenue : ndarray, shape (n,)
        Chance of a sale in [0, 1], reserve price (money) and expected revenue (money per
        impression offered), the highest reserve first.
    corner_prob, corner_price, corner_revenue : ndarray, shape (k,)
        The corners of the envelope between the best reserve without a fallback and withholding.
    switch : ndarray, shape (k - 1,)
        Worth of the fallback (money) from which corner ``i + 1`` beats corner ``i``; ascending.

    References
    ----------
    Balseiro, Feldman, Mirrokni, Muthukrishnan, Yield Optimization of Display Advertising with
    Ad Exchange, Management Science 60(12), 2014, section 3.1: the revenue as a function of the
    survival probability, and ``R(c) = max_s r(s) + (1 - s) c``.
    """

    prob: Array
    price: Array
    revenue: Array
    corner_prob: Array
    corner_price: Array
    corner_revenue: Array
    switch: Array

    @classmethod
    def of(
        cls, prob: ArrayLike, price: ArrayLike, revenue: ArrayLike | None = None
    ) -> AcceptanceCurve:
        """Check a curve and iron it.

        Parameters
        ----------
        prob : array_like, shape (n,)
            Chance that the exchange pays at least the reserve, in [0, 1].
        price : array_like, shape (n,)
            The reserve prices, money, >= 0; must not rise where `prob` rises.
        revenue : array_like, shape (n,), optional
            Expected revenue at each reserve; without it ``prob * price`` (a posted price).

        Raises
        ------
        DataError
            If the lengths differ, a number is missing, negative or above 1 (a probability), or
            a higher reserve is accepted more often.

        Examples
        --------
        Bids uniform on [0, 1]: the best posted price is one half, and with a fallback worth 0.2
        it is 0.6.

        >>> prob = np.linspace(0, 1, 101)
        >>> curve = AcceptanceCurve.of(prob, 1 - prob)
        >>> curve.best_price(np.array([0.0, 0.2])).round(3)
        array([0.5, 0.6])
        """
        chance = finite_at_least("prob", prob)
        bad_values("prob", chance, chance > 1, "in [0, 1]", what="too large")
        reserve = finite_at_least("price", price)
        earned = chance * reserve if revenue is None else finite_at_least("revenue", revenue)
        if not len(chance) == len(reserve) == len(earned) or not len(chance):
            raise DataError(
                f"curve: got {len(chance)} probabilities, {len(reserve)} prices and {len(earned)} "
                "revenues; must be equally many, at least one. Pass one of each a reserve price."
            )
        order = np.lexsort((-reserve, chance))
        chance, reserve, earned = chance[order], reserve[order], earned[order]
        rises = np.append(False, np.diff(reserve) > _ROUNDING * (1 + reserve.max()))
        mend = "Sort the curve, or pool the reserve prices that it mixes up."
        bad_values(
            "price", reserve, rises, "lower where the sale is likelier", mend, "out of order"
        )
        # the likeliest sale first
        corner = rising_envelope(np.append(0.0, chance), np.append(0.0, earned))[::-1]
        at = (np.append(0.0, chance)[corner], np.append(np.inf, reserve)[corner])
        worth = np.append(0.0, earned)[corner]
        switch = np.diff(worth) / np.diff(at[0])
        return cls(chance, reserve, earned, *at, worth, switch)

    @classmethod
    def none(cls) -> AcceptanceCurve:
        """Return the curve of no exchange at all: every impression is withheld.

        Examples
        --------
        >>> AcceptanceCurve.none().value(np.array([3.0]))
        array([3.])
        """
        return cls.of([0.0], [0.0], [0.0])

    @classmethod
    def of_bids(cls, highest: ArrayLike, second: ArrayLike | None = None) -> AcceptanceCurve:
        """Return the empirical curve of logged bids, with every highest bid as a reserve.

        Parameters
        ----------
        highest, second : array_like, shape (n,)
            Highest and second-highest bid of each auction, money. Without `second` the winner
            pays the highest bid (first price), whatever the reserve; with it, the larger of the
            second bid and the reserve.

        Raises
        ------
        DataError
            If a bid is missing or negative, or a second bid above the highest.

        Examples
        --------
        >>> AcceptanceCurve.of_bids([3.0, 1.0], [2.0, 0.5]).revenue
        array([1.5, 1.5])
        """
        top = finite_at_least("highest", highest)
        below = top if second is None else finite_at_least("second", second)
        bad_values("second", below, below > top, "at most the highest bid", what="too large")
        order = np.argsort(-top, kind="stable")
        top, below = top[order], below[order]
        reserve, first = np.unique(-top, return_index=True)
        sold = np.append(first[1:], len(top))
        over = np.sort(below)[::-1]
        # payments max(second, reserve) of the auctions whose highest bid reaches the reserve
        paid = np.cumsum(below)[sold - 1]
        if second is not None:
            above = np.searchsorted(-over, reserve, side="left")
            paid = np.append(0.0, np.cumsum(over))[above] + (sold - above) * -reserve
        return cls.of(sold / len(top), -reserve, paid / len(top))

    @classmethod
    def of_frame(cls, frame: pd.DataFrame) -> AcceptanceCurve:
        """Return the curve of a table with columns ``prob``, ``price`` and ``revenue``."""
        has_columns("curve", frame.columns, ("prob", "price", "revenue"))
        return cls.of(*(frame[name].to_numpy() for name in ("prob", "price", "revenue")))

    def _corner(self, worth: Array) -> NDArray[np.int64]:
        return np.searchsorted(self.switch, worth, side="right").astype(np.int64)

    def best_price(self, worth: Array) -> Array:
        """Return the best reserve beside a fallback of some worth (money), same shape."""
        return np.asarray(self.corner_price[self._corner(worth)])

    def best_prob(self, worth: Array) -> Array:
        """Return the chance of a sale at the best reserve, same shape."""
        return np.asarray(self.corner_prob[self._corner(worth)])

    def value(self, worth: Array) -> Array:
        """Return ``R(c)``, what the impression earns beside a fallback of worth c, same shape."""
        corner = self._corner(worth)
        prob = self.corner_prob[corner]
        return np.asarray(self.corner_revenue[corner] + (1.0 - prob) * worth)

    def envelope(self, prob: ArrayLike) -> Array:
        """Return the ironed revenue at a chance of a sale; level beyond the best one."""
        chance = np.asarray(prob, dtype=np.float64)
        return np.interp(chance, self.corner_prob[::-1], self.corner_revenue[::-1])
