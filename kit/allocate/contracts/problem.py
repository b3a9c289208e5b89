"""Guaranteed contracts beside an exchange: the problem and the policy that its duals give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kit.allocate.contracts.acceptance import AcceptanceCurve
from kit.base.checks import bad_values, finite_at_least, number
from kit.base.errors import DataError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ContractProblem:
    """A contracts of guaranteed impressions, and an exchange that is asked first.

    Each impression is offered to the exchange at a reserve price; unsold, it goes to a contract
    (or to nobody). The yield is the exchange's revenue plus `weight` times the quality of the
    impressions that contracts got, less a penalty for each impression that is owed and missing.

    Parameters
    ----------
    contracts : tuple of str, length A
        Names.
    rho : ndarray, shape (A,)
        Impressions owed to each contract, as a share of all impressions.
    curve : AcceptanceCurve
        The exchange.
    weight : float
        Money per unit of quality (the paper's gamma).
    make_good : ndarray, shape (A,)
        Money lost per impression not delivered; inf: it must be delivered.
    """

    contracts: tuple[str, ...]
    rho: Array
    curve: AcceptanceCurve
    weight: float
    make_good: Array

    @classmethod
    def of(
        cls,
        rho: ArrayLike,
        curve: AcceptanceCurve | None = None,
        weight: float = 1.0,
        make_good: ArrayLike = np.inf,
        contracts: Sequence[str] | None = None,
    ) -> ContractProblem:
        """Check the numbers.

        Parameters
        ----------
        rho : array_like, shape (A,)
            Share of all impressions owed to each contract, >= 0. Whether they can be delivered
            together is checked by `offline_bound`, which knows the impressions.
        curve : AcceptanceCurve, optional
            The exchange; without it there is none.
        weight : float
            Money per unit of quality, >= 0.
        make_good : float or array_like, shape (A,)
            Money lost per impression not delivered, >= 0; inf: it must be delivered.
        contracts : sequence of str, optional
            Names; ``"1"``, ``"2"``, … without them.

        Raises
        ------
        DataError
            If a share or penalty is negative, or the names are not one a contract.

        Examples
        --------
        >>> problem = ContractProblem.of([0.2, 0.1], make_good=3.0)
        >>> problem.owed(1000)
        array([200., 100.])
        """
        share = finite_at_least("rho", rho)
        penalty = np.broadcast_to(np.asarray(make_good, dtype=np.float64), share.shape).copy()
        bad_values("make_good", penalty, ~(penalty >= 0), ">= 0 or inf", what="negative or missing")
        names = tuple(map(str, contracts or range(1, len(share) + 1)))
        if share.ndim != 1 or not len(share) or len(set(names)) != len(share):
            raise DataError(
                f"contracts: got {share.size} shares and {len(set(names))} distinct names; must be "
                "one name a share, at least one. Name each contract once."
            )
        money = number("weight", weight, 0)
        return cls(names, share, curve or AcceptanceCurve.none(), money, penalty)

    def __len__(self) -> int:
        return len(self.rho)

    def owed(self, impressions: int) -> Array:
        """Return the impressions owed to each contract out of some number, shape (A,)."""
        return self.rho * impressions

    def checked(self, quality: ArrayLike) -> Array:
        """Return the qualities as a contiguous array after checking them.

        Parameters
        ----------
        quality : array_like, shape (T, A)
            Quality of each impression for each contract, >= 0; NaN where it is not eligible.

        Raises
        ------
        DataError
            If the shape is wrong, or a quality negative or infinite.
        """
        array = np.ascontiguousarray(quality, dtype=np.float64)
        if array.ndim != 2 or array.shape[1] != len(self) or not len(array):
            raise DataError(
                f"quality: got shape {array.shape}; must be (impressions, {len(self)}), one column "
                "a contract. Pass one row an impression."
            )
        bad = (array < 0) | np.isinf(array)
        if bad.any():
            bad_values("quality", array.ravel(), bad.ravel(), "finite and >= 0, or NaN")
        return array

    def decide(self, quality: Array, price: Array) -> Decision:
        """Return the optimal action for impressions, given the contracts' dual prices.

        Parameters
        ----------
        quality : ndarray, shape (T, A)
            NaN where a contract is not eligible.
        price : ndarray, shape (A,)
            Dual price of each contract, money per impression: what giving it one more costs.

        References
        ----------
        Balseiro et al. 2014, section 3.2: the impression's opportunity cost is
        ``max(0, max_a gamma q_a - v_a)``, and the reserve is the best one beside it.

        Examples
        --------
        >>> chance = np.linspace(0, 1, 101)
        >>> problem = ContractProblem.of([0.5], AcceptanceCurve.of(chance, 1 - chance))
        >>> decision = problem.decide(np.array([[0.2], [np.nan]]), np.array([0.0]))
        >>> decision.reserve.round(2), decision.contract
        (array([0.6, 0.5]), array([ 0, -1]))
        """
        score = np.where(np.isnan(quality), -np.inf, self.weight * quality - price)
        contract = score.argmax(axis=1)
        worth = score[np.arange(len(score)), contract]
        contract[worth <= 0] = -1
        worth = np.maximum(worth, 0.0)
        return Decision(contract, worth, self.curve.best_price(worth), self.curve.best_prob(worth))


@dataclass(frozen=True, eq=False)
class Decision:
    """What to do with T impressions.

    Parameters
    ----------
    contract : ndarray of int, shape (T,)
        Position of the contract that gets the unsold impression; -1 for none.
    worth : ndarray, shape (T,)
        What the unsold impression is worth, money.
    reserve : ndarray, shape (T,)
        Reserve price for the exchange, money; inf: do not offer it.
    prob : ndarray, shape (T,)
        Chance that the exchange buys it.
    """

    contract: NDArray[np.intp]
    worth: Array
    reserve: Array
    prob: Array
