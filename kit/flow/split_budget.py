"""Split one budget across exchanges: response curves, a linear programme, multipliers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kit.allocate.problem import AllocationProblem
from kit.allocate.tables import AllocationTables
from kit.base.checks import number
from kit.base.units import PriceUnit
from kit.bid.policy import BidPolicy
from kit.bid.scaled import ScaledPolicy
from kit.data.log import AuctionLog
from kit.flow.ask import Answer
from kit.flow.choose import Candidate, Tuner
from kit.flow.judge import Judged, judge_each
from kit.flow.response_curves import (
    Floats,
    ResponseCurve,
    exchange_names,
    increments,
    response_curves,
)
from kit.replay.result import ReplayResult

BY_RETURN, ONE, BY_TRAFFIC = "split by return", "one multiplier", "split by traffic"


@dataclass(frozen=True, eq=False)
class SplitPlan:
    """One way to divide the budget.

    Parameters
    ----------
    name, about : str
        What the report calls it, and how it divides.
    multipliers : mapping of str to float
        On the policy's bids, by exchange.
    expected : pandas.DataFrame, indexed by exchange
        spend, value, fees, surplus: expected price sums on the tune split.
    """

    name: str
    about: str
    multipliers: Mapping[str, float]
    expected: pd.DataFrame


@dataclass(frozen=True, eq=False)
class BudgetSplit:
    """A budget divided on the tune split, and two plainer ways to spend the same money.

    Parameters
    ----------
    policy : BidPolicy
        Whose bids are scaled.
    share : float
        The budget as a share of what the policy would spend without one.
    budget : float
        Price sum for the tune split.
    auctions : int
        Auctions of the tune split.
    curves : list of ResponseCurve
        By exchange.
    plan, one, traffic : SplitPlan
        By marginal return; one multiplier for all; in proportion to auctions.
    return_low, return_high : float
        Surplus that one more, and that the last, unit of money brings.
    """

    policy: BidPolicy
    share: float
    budget: float
    auctions: int
    curves: list[ResponseCurve]
    plan: SplitPlan
    one: SplitPlan
    traffic: SplitPlan
    return_low: float
    return_high: float

    @property
    def budget_per_1000(self) -> float:
        """The budget for every 1,000 auctions, a price sum, as a vault is asked for it."""
        return 1000 * self.budget / self.auctions

    def candidate(self, plan: SplitPlan, exchanges: Iterable[str]) -> Candidate:
        """Return a plan ready for a replay; an exchange it never saw gets the one multiplier.

        Parameters
        ----------
        plan : SplitPlan
            One of the three.
        exchanges : iterable of str
            The names that will be met.
        """
        common = next(iter(self.one.multipliers.values()))
        factors = dict.fromkeys(exchanges, common) | dict(plan.multipliers)
        return Candidate(plan.name, plan.about, ScaledPolicy(self.policy, factors, factors))

    def budget_for(self, auctions: int) -> float:
        """Return the same money per auction, for another number of auctions."""
        return self.budget * auctions / self.auctions


@dataclass(frozen=True, eq=False)
class JudgedSplit:
    """A divided budget, judged by replay.

    Parameters
    ----------
    split : BudgetSplit
        Made on the tune split.
    budget : float
        Price sum that each plan may spend on the rows it is judged on.
    against : list of (Judged, Judged or None)
        The split by return against one multiplier, then against the split by traffic: the
        pessimistic and the optimistic reading.
    answer : Answer or None
        What a vault said of the split by return against one multiplier; None where nobody asked.
    """

    split: BudgetSplit
    budget: float
    against: list[tuple[Judged, Judged | None]]
    answer: Answer | None = None

    @property
    def unit(self) -> PriceUnit:
        """Unit of the price sums."""
        return self.against[0][0].policy.unit


COMPARISONS = 2
"""What `judge_split` compares, beside the main comparison on the same rows."""


def judge_split(
    split: BudgetSplit, log: AuctionLog, seed: int, policies: int = COMPARISONS
) -> JudgedSplit:
    """Replay the three plans under one budget, and compare.

    Parameters
    ----------
    split : BudgetSplit
        Frozen before.
    log : AuctionLog
        With ``pctr`` and ``click_value_cpm``: the tune split, or rows of an unsealed log.
    seed : int
        Seed of the bootstrap.
    policies : int
        Comparisons made on these rows in all; see `kit.flow.judge.judge`.
    """
    names = exchange_names(log).unique()
    plan, *others = (
        split.candidate(each, names) for each in (split.plan, split.one, split.traffic)
    )
    budget = split.budget_for(len(log))
    against = judge_each(log, plan, others, seed, budget=budget, policies=policies)
    return JudgedSplit(split, budget, against)


def split_budget(tuner: Tuner, policy: BidPolicy, share: float) -> BudgetSplit | None:
    """Divide a share of what a policy would spend among the exchanges of the tune split.

    Each exchange has a curve of expected surplus over spend as its bids are scaled. The pieces of
    the curves' concave envelopes are the supply of a linear programme with one demand, the
    budget; its dual price is the surplus that one more unit of money would bring. What an
    exchange is given becomes the multiplier that spends it.

    Parameters
    ----------
    tuner : Tuner
        On the tune split.
    policy : BidPolicy
        Tuned without a budget.
    share : float
        In (0, 1].

    Returns
    -------
    BudgetSplit or None
        None where the log has one exchange only: nothing to split.

    Raises
    ------
    DataError
        If the share is out of range.

    References
    ----------
    Everett (1963), Generalized Lagrange Multiplier Method, Operations Research 11 (one price of
    money equates marginal returns).
    """
    number("budget_share", share, 0, 1, above=0)
    bids = np.asarray(policy.bid(tuner.log.request, tuner.rng), dtype=np.float64)
    curves = response_curves(tuner, bids)
    if len(curves) == 1:
        return None
    budget = share * sum(curve_at(curve, 1.0) for curve in curves)
    by_return, low, high = _by_return(curves, budget)
    plan, one, traffic = (
        _plan(tuner, bids, *made)
        for made in (
            (BY_RETURN, "divides the money so that its last unit returns the same everywhere",
             by_return),
            (ONE, "scales every bid by the same factor", _one(curves, budget)),
            (BY_TRAFFIC, "divides the money in proportion to auctions",
             _by_traffic(curves, budget)),
        )
    )  # fmt: skip
    return BudgetSplit(policy, share, budget, len(tuner.log), curves, plan, one, traffic, low, high)


def curve_at(curve: ResponseCurve, multiplier: float) -> float:
    """Return what a curve spends at a multiplier."""
    return float(np.interp(multiplier, curve.multiplier, curve.spend))


def _by_return(curves: list[ResponseCurve], budget: float) -> tuple[dict[str, float], float, float]:
    """Return multipliers by exchange, and the one-sided prices of money."""
    pieces = increments(curves)
    filled, low, high = solve(pieces, budget)
    spend = (pieces["cost"] * filled).groupby(pieces["exchange"]).sum()
    multipliers = {
        curve.exchange: curve.multiplier_at(float(spend.get(curve.exchange, 0.0)))
        for curve in curves
    }
    return multipliers, low, high


def solve(pieces: pd.DataFrame, budget: float) -> tuple[pd.Series[float], float, float]:
    """Return the share of each piece that is bought, and the one-sided prices of the budget.

    Parameters
    ----------
    pieces : pandas.DataFrame
        From `kit.flow.response_curves.increments`.
    budget : float
        Price sum.

    Returns
    -------
    tuple of pandas.Series, float, float
        In [0, 1] each; the gain of one more unit of money, and the loss with one less.
    """
    names = pieces["exchange"] + pieces["multiplier"].map(" to {:.5g} times".format)
    tables = AllocationTables.of(
        pd.DataFrame({"supply_id": names, "capacity": 1.0}),
        pd.DataFrame({"demand_id": ["money"], "budget": [budget]}),
        pd.DataFrame({"supply_id": names, "demand_id": "money", "value": pieces["value"],
                      "cost": pieces["cost"]}),
    )  # fmt: skip
    allocation = AllocationProblem(tables).solve(method="exact")
    filled = allocation.plan["x"].to_numpy(dtype=np.float64)
    low, high = allocation.price_range("budget[money]")
    return pd.Series(filled, pieces.index), max(low, 0.0), max(high, 0.0)


def _one(curves: list[ResponseCurve], budget: float) -> dict[str, float]:
    """Return the one multiplier at which all exchanges together spend the budget."""
    total = np.sum([curve.spend for curve in curves], axis=0)
    multiplier = float(np.interp(budget, total, curves[0].multiplier))
    return {curve.exchange: multiplier for curve in curves}


def _by_traffic(curves: list[ResponseCurve], budget: float) -> dict[str, float]:
    """Return the multipliers that spend shares like auctions, none beyond its best surplus."""
    auctions = sum(curve.auctions for curve in curves)
    return {
        curve.exchange: min(
            curve.multiplier_at(budget * curve.auctions / auctions), curve.multiplier[curve.best]
        )
        for curve in curves
    }


def _plan(
    tuner: Tuner, bids: Floats, name: str, about: str, multipliers: dict[str, float]
) -> SplitPlan:
    factor = exchange_names(tuner.log).map(multipliers).to_numpy(dtype=np.float64)
    return SplitPlan(name, about, multipliers, by_exchange(tuner.replay(bids * factor)))


def by_exchange(result: ReplayResult) -> pd.DataFrame:
    """Return the totals of a replay by exchange, the names as text."""
    cells = result.by_exchange_hour
    sums = cells.groupby(cells["exchange"].astype(str))[["spend", "value", "fees"]].sum()
    return sums.assign(surplus=sums["value"] - sums["spend"] - sums["fees"])
