"""What a bid policy is: two small protocols, request columns in, bids out."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import has_columns
from kit.bid.training import TrainingStats as TrainingStats


@runtime_checkable
class BidPolicy(Protocol):
    """Bids on each request by itself.

    A policy sees request columns only: what is known before the auction. It never changes.
    """

    @property
    def name(self) -> str:
        """Name in the registry."""
        ...

    def bid(self, request: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return one bid a request.

        Parameters
        ----------
        request : pandas.DataFrame, shape (n, columns)
            Request columns and declared features of an auction log.
        rng : numpy.random.Generator
            Source of randomness; most policies ignore it.

        Returns
        -------
        ndarray of float64, shape (n,)
            Bids >= 0 in the log's price unit; NaN means no bid.

        Raises
        ------
        DataError
            If `request` lacks a column the policy needs.
        """
        ...


@runtime_checkable
class SequentialPolicy(Protocol):
    """Bids by dynamic programming on the auctions and the budget that are left.

    With `left` auctions left (this one included) and a whole-number `budget` left, the bid is the
    largest whole number ``a <= min(budget, cap)`` with
    ``score + V[left - 1, budget - a] - V[left - 1, budget] >= 0``, where ``V`` is the value table.
    A short last episode counts `left` from a whole episode, and gets a whole episode's budget.
    """

    @property
    def name(self) -> str:
        """Name in the registry."""
        ...

    def score(self, request: pd.DataFrame) -> NDArray[np.float64]:
        """Return the worth of winning each request, in the value table's unit; NaN: no bid.

        Parameters
        ----------
        request : pandas.DataFrame, shape (n, columns)
            Request columns and declared features of an auction log.

        Returns
        -------
        ndarray of float64, shape (n,)
            Scores >= 0, or NaN.

        Raises
        ------
        DataError
            If `request` lacks a column the policy needs.
        """
        ...

    def value_table(self, auctions: int, budget: int) -> NDArray[np.float64]:
        """Return the expected score still to be won, by auctions and budget left.

        Parameters
        ----------
        auctions : int
            Auctions in an episode, >= 1.
        budget : int
            Budget of an episode, >= 0, in the log's price unit (a sum of prices).

        Returns
        -------
        ndarray of float64, shape (auctions + 1, budget + 1)
            Zero in row 0, not decreasing along either axis.

        Raises
        ------
        PolicyError
            If either argument is out of range, or the table too large for memory.
        """
        ...


def request_column(policy: str, request: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return a number column of a request frame as float64; missing values are NaN.

    Raises
    ------
    DataError
        If the column is absent, naming the policy and the nearest column.

    Examples
    --------
    >>> request_column("lin", pd.DataFrame({"pctr": [0.5, None]}), "pctr")
    array([0.5, nan])
    """
    has_columns(f"policy {policy}", map(str, request.columns), [name])
    return request[name].to_numpy(dtype=np.float64, na_value=np.nan)
