"""From a policy, or an array, to the bids of one batch of auctions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from kit.base.errors import PolicyError
from kit.replay import kernels
from kit.replay.kernels import Floats
from kit.replay.market import Terms, writable


@dataclass(frozen=True)
class Purse:
    """What a bid that depends on money must know when a chunk begins.

    Parameters
    ----------
    step, cap : float
        The exchange's bid step (0: none) and highest bid (inf: none).
    left : ndarray, shape (wallets,)
        Money left.
    episode, position : int
        Auctions per episode (0: none), and how many of the current one are over.
    episode_budget : float
        Money of each episode.
    """

    step: float
    cap: float
    left: Floats
    episode: int
    episode_budget: float
    position: int


class Bids(Protocol):
    """The bids of one batch."""

    def chunk(self, rows: slice, terms: Terms, purse: Purse) -> Floats:
        """Return the bids of some rows, shape (rows,); NaN is no bid."""


@dataclass(frozen=True)
class FixedBids:
    """Bids that do not depend on what was won before, shape (n,)."""

    bids: Floats

    def chunk(self, rows: slice, terms: Terms, purse: Purse) -> Floats:
        """Return the bids of some rows."""
        return self.bids[rows]


@dataclass(frozen=True)
class TableBids:
    """Bids read off a value table with the money and the auctions left."""

    score: Floats
    table: Floats

    def chunk(self, rows: slice, terms: Terms, purse: Purse) -> Floats:
        """Return the bids of some rows: whole numbers."""
        score = self.score[rows]
        bids = np.empty_like(score)
        kernels.sequential_bids(
            score, self.table, purse.step, purse.cap, terms.need, terms.pay, purse.left,
            purse.episode, purse.episode_budget, purse.position, bids,
        )  # fmt: skip
        return bids


def checked_bids(policy: str, bids: ArrayLike, rows: int, first_row: int = 0) -> FixedBids:
    """Return a policy's bids after checking their shape and range.

    Parameters
    ----------
    policy : str
        Name, for the message.
    bids : array_like, shape (rows,)
        Bids in the log's unit; NaN is no bid.
    rows : int
        Rows of the batch.
    first_row : int
        Row of the whole log where the batch begins, for the message.

    Raises
    ------
    PolicyError
        If the shape is wrong or a bid is negative or infinite.

    Examples
    --------
    >>> checked_bids("mine", [1.0, -2.0], 2)
    Traceback (most recent call last):
    kit.base.errors.PolicyError: policy mine: 1 negative bid (first at row 1: -2.0); must be >= 0, or NaN for no bid. Clip the bids.
    """  # noqa: E501
    array = _numbers(policy, "bids", bids, rows)
    for bad, what in ((array < 0.0, "negative"), (np.isinf(array), "infinite")):
        if bad.any():
            count, first = int(np.count_nonzero(bad)), int(np.argmax(bad))
            raise PolicyError(
                f"policy {policy}: {count} {what} bid{'s' * (count > 1)} (first at row "
                f"{first_row + first}: {array[first]}); must be >= 0, or NaN for no bid. "
                "Clip the bids."
            )
    return FixedBids(array)


def checked_scores(policy: str, score: ArrayLike, rows: int, first_row: int = 0) -> Floats:
    """Return a sequential policy's scores after checking their shape; NaN is no bid.

    Raises
    ------
    PolicyError
        If the shape is wrong or a score is infinite.
    """
    array = _numbers(policy, "scores", score, rows)
    bad = np.isinf(array)
    if bad.any():
        first = int(np.argmax(bad))
        raise PolicyError(
            f"policy {policy}: score at row {first_row + first} is {array[first]}; must "
            "be finite or NaN. Repair its inputs."
        )
    return array


def checked_table(policy: str, table: Any, episode: int, budget: int) -> Floats:
    """Return a value table after checking its shape and that all values are finite.

    Raises
    ------
    PolicyError
        If it has another shape or a value that is not finite.
    """
    array = writable(np.asarray(table, dtype=np.float64))
    if array.shape != (episode + 1, budget + 1) or not np.isfinite(array).all():
        raise PolicyError(
            f"policy {policy}: value table has shape {array.shape}; must be "
            f"({episode + 1}, {budget + 1}), all finite. Repair value_table."
        )
    return array


def _numbers(policy: str, what: str, values: ArrayLike, rows: int) -> Floats:
    array = writable(np.asarray(values, dtype=np.float64))
    if array.shape != (rows,):
        raise PolicyError(
            f"policy {policy}: returned {what} of shape {array.shape}; must be ({rows},), one a "
            "row. Return one number for every auction."
        )
    return array
