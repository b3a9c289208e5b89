"""Play a claim's two variants on one log, under each reading of what the log leaves open."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.replay.each import EachAuction, replay_each
from kit.replay.market import Censored
from kit.validate.claim import Claim
from kit.variant.frozen import FrozenVariant

Floats = NDArray[np.float64]

_OF_BASELINE = "pctr of the baseline"
"""Column of `predicted_once`; no log has one of that name."""


@dataclass(frozen=True, eq=False)
class Played:
    """What both variants did in every auction, under one reading.

    Parameters
    ----------
    reading : {"pessimistic", "optimistic"}
        Pessimistic: an outcome the log does not determine is a loss, and an impression that the
        log did not win is worth nothing. Optimistic: it is a win at the bound, and worth its
        predicted value.
    candidate, baseline : EachAuction
        What they won.
    """

    reading: Censored
    candidate: EachAuction
    baseline: EachAuction

    @property
    def difference(self) -> Floats:
        """Surplus of the candidate less that of the baseline, shape (n,)."""
        return np.asarray(self.candidate.surplus - self.baseline.surplus)


def play(
    log: AuctionLog,
    claim: Claim,
    *,
    budget: float | None = None,
    readings: tuple[Censored, ...] = ("pessimistic", "optimistic"),
    predicted: bool = False,
) -> tuple[Played, ...]:
    """Return the pessimistic reading, and the optimistic one where it is another.

    Parameters
    ----------
    log : AuctionLog
        The auctions.
    claim : Claim
        What is asked.
    budget : float, optional
        Price sum that either may spend; default the claim's own for so many auctions.
    readings : tuple of str
        Which readings are wanted.
    predicted : bool
        Whether the log comes from `predicted_once`, so that the variants need not predict.

    Raises
    ------
    DataError
        If nobody says what a click is worth.
    ModelError, PolicyError
        If a variant cannot bid on this log.
    """
    valued = with_click_value(log, claim)
    arms = (claim.candidate, claim.baseline)
    logs = apart(valued) if predicted else _predictions(valued, claim)
    bids = [bids_of(log, variant, claim.seed) for log, variant in zip(logs, arms, strict=True)]
    predicting = next((log for log in logs if "pctr" in log.frame.columns), valued)
    money = claim.budget(len(log)) if budget is None else budget

    def under(reading: Censored) -> Played:
        value = impression_value(predicting, reading)
        each = [
            replay_each(valued, array, value=value, censored=reading, budget=money)
            for array in bids
        ]
        return Played(reading, *each)

    known = under(readings[0])
    is_open = known.candidate.undetermined or known.baseline.undetermined or lost_rows(log).any()
    return (known, *map(under, readings[1:])) if is_open else (known,)


def predicted_once(log: AuctionLog, claim: Claim) -> AuctionLog:
    """Return the log with what both variants predict, for changes that no prediction depends on.

    The candidate's is ``pctr``; where the baseline's is another, a column beside it carries that
    along when rows are left out or repeated.

    Raises
    ------
    ModelError
        Naming the columns that the log lacks.
    """
    mine, other = _predictions(log, claim)
    if other is mine or "pctr" not in other.frame.columns:
        return mine
    meta = replace(mine.meta, features=(*mine.meta.features, _OF_BASELINE))
    return AuctionLog(mine.frame.assign(**{_OF_BASELINE: other.frame["pctr"]}), meta)


def apart(log: AuctionLog) -> tuple[AuctionLog, AuctionLog]:
    """Return the candidate's log and the baseline's, from `predicted_once` and any change."""
    if _OF_BASELINE not in log.frame.columns:
        return log, log
    features = tuple(name for name in log.meta.features if name != _OF_BASELINE)
    mine = AuctionLog(log.frame.drop(columns=_OF_BASELINE), replace(log.meta, features=features))
    return mine, mine.with_columns(pctr=log.frame[_OF_BASELINE])


def _predictions(log: AuctionLog, claim: Claim) -> tuple[AuctionLog, AuctionLog]:
    """Return the log with each one's ``pctr``, the candidate's first; one model is asked once."""
    mine = claim.candidate.with_predictions(log)
    same = claim.candidate.files == claim.baseline.files
    return mine, mine if same else claim.baseline.with_predictions(log)


def with_click_value(log: AuctionLog, claim: Claim) -> AuctionLog:
    """Return the log with the claim's value of a click in every row.

    Raises
    ------
    DataError
        If neither the claim nor the log says it.
    """
    if claim.click_value_cpm is not None:
        return log.with_columns(click_value_cpm=claim.click_value_cpm)
    if "click_value_cpm" not in log.frame.columns:
        raise DataError(
            "click_value_cpm: is not stated, and the log has no such column; a claim in money "
            "needs it. Pass click_value_cpm."
        )
    return log


def lost_rows(log: AuctionLog) -> NDArray[np.bool_]:
    """Return which rows the log lost, so that no click could follow, shape (n,)."""
    if "won" not in log.frame.columns:
        return np.zeros(len(log), dtype=bool)
    return np.asarray(~log.frame["won"].to_numpy(dtype=bool))


def bids_of(log: AuctionLog, variant: FrozenVariant, seed: int) -> Floats:
    """Return a variant's bids on a log that has its predictions, shape (n,)."""
    bids = variant.bids(log)
    if isinstance(bids, np.ndarray):
        return bids
    return np.asarray(bids.bid(log.request, np.random.default_rng(seed)), dtype=np.float64)


def impression_value(log: AuctionLog, reading: Censored) -> Floats:
    """Return what each impression is worth if won, by the log's ``click_value_cpm``, shape (n,).

    Parameters
    ----------
    log : AuctionLog
        With ``click_value_cpm``.
    reading : {"pessimistic", "optimistic"}
        Pessimistic: the value of the click that followed; a row that the log lost is worth nothing.
        Optimistic: such a row is worth its predicted value, by ``pctr``, else by the click rate of
        the rows that were won.
    """
    worth = log.frame["click_value_cpm"].to_numpy(dtype=np.float64)
    clicks = log.column("click", 0.0)
    value = clicks * worth
    if reading == "pessimistic":
        return np.asarray(value)
    lost = lost_rows(log)
    rate = clicks[~lost].mean() if not lost.all() else 0.0
    return np.asarray(np.where(lost, log.column("pctr", rate) * worth, value))
