"""Sell the impressions of a log over further paths, with known truth: sellers who resell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import number
from kit.base.errors import DataError
from kit.data.log import AuctionLog

DIRECT = "direct"
_PRICES = ("bid_floor_cpm", "market_price_cpm")
_OURS = (
    "bid_price_cpm", "bid_propensity", "is_exploration", "clearing_price_cpm",
    "min_bid_to_win_cpm", "floor_bound",
)  # fmt: skip


@dataclass(frozen=True)
class Reseller:
    """One seller that offers impressions a second time.

    Parameters
    ----------
    name : str
        Its label in ``supply_path``.
    take : float
        Share of a bid that it keeps, in [0, 0.9]: through it, everything costs
        ``1 / (1 - take)`` times as much.
    coverage : float
        Mean share of direct impressions that come over it too, in [0, 1]; it differs by ad unit.
    exclusive : float
        Share of impressions that come over it alone, in [0, 1].
    """

    name: str
    take: float
    coverage: float
    exclusive: float = 0.0

    def __post_init__(self) -> None:
        number("take", self.take, 0, 0.9)
        number("coverage", self.coverage, 0, 1)
        number("exclusive", self.exclusive, 0, 1)


RESELLERS = (
    Reseller("northwind", 0.10, 0.45, 0.06),
    Reseller("hopper", 0.22, 0.35, 0.03),
    Reseller("tailgate", 0.35, 0.25, 0.02),
)


@dataclass(frozen=True, eq=False)
class Resold:
    """A log in which impressions come over several paths, and what lies behind it.

    Parameters
    ----------
    log : AuctionLog
        One row a request; ``auction_id`` names the impression (OpenRTB's ``source.tid``) and
        ``supply_path`` the seller. Outcomes are those of the impression, whichever path wins it;
        what the original log bid and paid is left out.
    source : ndarray of int64, shape (requests,)
        Row of the original log behind each request.
    coverage : pandas.DataFrame
        True share of each ad unit's direct impressions that each reseller offers too.
    take : pandas.Series
        True share of a bid that each path keeps, 0 for the direct one.
    """

    log: AuctionLog
    source: NDArray[np.int64]
    coverage: pd.DataFrame
    take: pd.Series


def resell(
    log: AuctionLog, rng: np.random.Generator, resellers: Sequence[Reseller] = RESELLERS
) -> Resold:
    """Offer each impression of a log directly, over resellers, or both.

    Parameters
    ----------
    log : AuctionLog
        One row an impression.
    rng : numpy.random.Generator
        Source of randomness.
    resellers : sequence of Reseller
        Of different names.

    Raises
    ------
    DataError
        If two resellers share a name, or more than all impressions would be exclusive.

    Examples
    --------
    >>> frame = pd.DataFrame({"market_price_cpm": [1.0, 2.0], "market_price_kind": "known"})
    >>> sold = resell(AuctionLog(frame), np.random.default_rng(0), [Reseller("r", 0.5, 1.0)])
    >>> sold.log.frame["supply_path"].tolist(), sold.log.frame["market_price_cpm"].tolist()
    (['direct', 'r', 'direct', 'r'], [1.0, 2.0, 2.0, 4.0])
    """
    names = [reseller.name for reseller in resellers]
    if len({*names, DIRECT}) != len(names) + 1:
        raise DataError(
            f"resellers: got names {names}; must be different, none {DIRECT!r}. Rename one."
        )
    alone = np.array([1.0, *(reseller.exclusive for reseller in resellers)])
    alone[0] -= alone[1:].sum()
    if alone[0] < -1e-12:
        raise DataError(
            f"resellers: exclusive shares add up to {alone[1:].sum():g}; must be <= 1. Lower one."
        )
    codes, units = log.labels("unit_id", "all")
    coverage = _coverage(resellers, units, rng)
    offered = _offered(coverage.to_numpy()[codes], np.maximum(alone, 0.0), rng)
    source, path = np.nonzero(offered)
    take = pd.Series([0.0, *(reseller.take for reseller in resellers)], [DIRECT, *names])
    return Resold(_expanded(log, source, path, take), source.astype(np.int64), coverage, take)


def _coverage(
    resellers: Sequence[Reseller], units: Sequence[str], rng: np.random.Generator
) -> pd.DataFrame:
    """Draw the share of each unit that each reseller offers, from a beta of its mean."""
    shares = {}
    for reseller in resellers:
        mean = min(max(reseller.coverage, 1e-9), 1.0 - 1e-9)
        drawn = rng.beta(3.0 * mean, 3.0 * (1.0 - mean), len(units))
        shares[reseller.name] = reseller.coverage if reseller.coverage in (0.0, 1.0) else drawn
    return pd.DataFrame(shares, index=pd.Index(units, name="unit_id"), dtype=np.float64)


def _offered(
    coverage: NDArray[np.float64], alone: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return which paths offer each impression, shape (n, 1 + resellers), the direct one first."""
    rows, resellers = coverage.shape
    seller = rng.choice(resellers + 1, rows, p=alone / alone.sum())
    offered = np.ones((rows, resellers + 1), dtype=np.bool_)
    offered[:, 1:] = rng.random((rows, resellers)) < coverage
    exclusive = seller > 0
    offered[exclusive] = np.arange(resellers + 1) == seller[exclusive, None]
    return offered


def _expanded(
    log: AuctionLog, source: NDArray[np.intp], path: NDArray[np.intp], take: pd.Series
) -> AuctionLog:
    frame = log.frame.drop(columns=[name for name in _OURS if name in log.frame.columns])
    frame = frame.iloc[source].reset_index(drop=True)
    dearer = 1.0 / (1.0 - take.to_numpy()[path])
    prices = {name: frame[name] * dearer for name in _PRICES if name in frame.columns}
    labels = pd.Categorical(take.index.to_numpy()[path], categories=list(take.index))
    ids = pd.Series(source).map("i{:07d}".format)
    return AuctionLog(frame.assign(auction_id=ids, supply_path=labels, **prices), log.meta)
