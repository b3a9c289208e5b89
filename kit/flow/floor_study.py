"""Floors from one log: fitted on its earlier rows, judged on its later ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.floors.auctions import SellerAuctions
from kit.allocate.floors.bid_curves import bid_curves_of, single_curve
from kit.allocate.floors.curves import FloorCurves
from kit.allocate.floors.fit import FloorPlan, fit_floors, fit_single_floor, floors_in_force
from kit.allocate.floors.revenue import RULES
from kit.allocate.floors.values import fit_answered_floors, with_values
from kit.base.errors import DataError
from kit.base.units import PriceUnit
from kit.data.log import AuctionLog
from kit.data.simulate_buyers import SellerSimulation
from kit.data.split import Split, time_split
from kit.experiment.floor_market import Market
from kit.experiment.floor_trial import AFTER, BEFORE, FloorTrial, try_floors, under_rule
from kit.report.floor_figures import floor_picture
from kit.validate.blocks import Blocks, time_blocks

Array = NDArray[np.float64]

IN_FORCE, ONE, SEGMENTS = "floors in force", "one floor", "floors by segment"
BIDS, ANSWERS = "bids as made", "buyers who answer"
_UNEQUAL = (
    "the highest first-price bids lie too far above the second ones to be best bids of equal "
    "buyers, so no answer of theirs is worked out"
)
LEVELS = ("exchange", "unit_id", "country")
"""Columns that make a segment where nothing else is asked for, as far as the log has them."""


@dataclass(frozen=True, eq=False)
class FloorAnswer:
    """What floors come to.

    Parameters
    ----------
    plans : dict of str to FloorPlan
        Floors in force, one floor, and floors by segment, the last two fitted to the bids as they
        were made.
    trial : FloorTrial
        All of them on held-out auctions, before and after buyers answer.
    answered_plans : dict of str to FloorPlan
        One floor and floors by segment, fitted for buyers who will answer; empty where that makes
        no difference (no first-price auction) or cannot be done.
    answered : FloorTrial or None
        These on the same auctions.
    """

    plans: dict[str, FloorPlan]
    trial: FloorTrial
    answered_plans: dict[str, FloorPlan]
    answered: FloorTrial | None

    @property
    def advised(self) -> FloorPlan:
        """The floors by segment to set: those fitted for the answer, where there are any."""
        return (self.answered_plans or self.plans)[SEGMENTS]

    @property
    def table(self) -> pd.DataFrame:
        """One row a plan and state: revenue, fill, and lift over one floor with its interval."""
        parts = [self.trial.states.assign(fitted_for=BIDS)]
        if self.answered is not None:
            parts.append(self.answered.states.assign(fitted_for=ANSWERS))
        states = pd.concat(parts, ignore_index=True)
        return states[states["state"].isin([BEFORE, AFTER])].reset_index(drop=True)

    @property
    def floors(self) -> pd.DataFrame:
        """The floors to set, the largest segment first."""
        return self.advised.segments.reset_index(drop=True)


class FloorStudy:
    """Fits floors on the earlier rows of a log and judges them on the later ones.

    Parameters
    ----------
    log : AuctionLog or SellerSimulation
        A log whose rows hold two bids of each auction (see
        `kit.allocate.floors.auctions.SellerAuctions.of_log`), or a simulated one, whose buyers'
        values are known and answer the floors themselves.
    by : sequence of str, optional
        Columns that make a segment, the coarsest first; None takes exchange, unit_id and country
        as far as the log has them.
    view : {"bids", "competition"}
        Whether both bids are read, or the highest other one alone, as posted prices.
    market : ndarray, shape (n,), optional
        Highest other bid of every row, where the log only bounds it.
    tune, holdout : float
        Shares of the split. Floors are fitted on all but the holdout; with `market` on tune
        alone, since a landscape was then fitted on what comes before.
    seed : int
        Of every draw.

    Raises
    ------
    DataError
        If the log does not tell the highest bids, or no column makes segments.
    """

    def __init__(
        self,
        log: AuctionLog | SellerSimulation,
        by: Sequence[str] | None = None,
        *,
        view: str = "bids",
        market: Array | None = None,
        tune: float = 0.2,
        holdout: float = 0.3,
        seed: int = 0,
    ) -> None:
        self._simulation = log if isinstance(log, SellerSimulation) else None
        rows = log.log if isinstance(log, SellerSimulation) else log
        self.by = tuple(by) if by else _levels(rows)
        self.split: Split = time_split(rows, tune=tune, holdout=holdout)
        train, fitted = len(self.split.train), len(self.split.train) + len(self.split.tune)
        whole = SellerAuctions.of_log(rows, self.by, view=view, market=market)
        if len(whole) != len(rows):
            raise DataError(
                f"log: holds {len(rows) - len(whole):,} fixed-price deals; must hold none, since "
                "no floor acts on them. Drop those rows."
            )
        self._fit_rows = slice(0 if market is None else train, fitted)
        self._held_rows = slice(fitted, len(rows))
        self._seed = seed
        self.notes = whole.notes
        self.fit, self.held_out = whole.rows(self._fit_rows), whole.rows(self._held_rows)
        self.blocks: Blocks = time_blocks(rows.rows(self._held_rows), by_campaign=False)
        self.market = self._market(view)

    @property
    def unit(self) -> PriceUnit:
        """Unit of the prices."""
        return self.fit.unit

    def _market(self, view: str) -> Market | None:
        """Return the buyers: known, read off their bids, or none where one bid is all there is."""
        rng = np.random.default_rng([self._seed, 1])
        known = self._simulation
        if known is None and view == "competition":
            return None
        if known is None:
            markdown = with_values(self.fit)[1]
            if markdown is not None and not markdown.fits:
                self.notes = (*self.notes, _UNEQUAL)
                return None
            return Market.of_bids(self.fit, self.held_out, rng)
        values = known.values_cpm[self._fit_rows], known.values_cpm[self._held_rows]
        factors = np.array([buyer.shading_factor for buyer in known.buyers])
        market = Market.of_values(self.fit, self.held_out, values, rng, factors)
        if not market.first_price.any():
            return market
        # at first price a market is looked at once its buyers are used to the floors in force
        market = market.settled()
        self.fit = self.fit.with_bids(*market.bids(market.learn))
        self.held_out = self.held_out.with_bids(*market.bids(market.live))
        return market

    @cached_property
    def valued(self) -> SellerAuctions:
        """The auctions of the fit, with the values behind first-price bids in their place."""
        return self.fit if self.market is None else with_values(self.fit)[0]

    @cached_property
    def curves(self) -> FloorCurves:
        """Revenue and fill of every segment over its floor, in the fit.

        At first price it is what a floor earns once buyers have answered it.
        """
        return bid_curves_of(self.valued, self._rule)[-1]

    @cached_property
    def single(self) -> FloorCurves:
        """Revenue and fill of one floor for all, in the fit."""
        return single_curve(self.valued, self._rule)

    @property
    def _rule(self) -> str:
        """Values are what second-price buyers bid; without them bids stay what they are."""
        return "as sold" if self.market is None else "second price"

    def plans(self, max_lost_fill: float | None = None) -> dict[str, FloorPlan]:
        """Fit floors to the bids as made; all but those in force obey the limit on lost fill."""
        return {
            IN_FORCE: floors_in_force(self.fit),
            ONE: fit_single_floor(self.fit, max_lost_fill=max_lost_fill),
            SEGMENTS: fit_floors(self.fit, max_lost_fill=max_lost_fill),
        }

    def answered_plans(self, max_lost_fill: float | None = None) -> dict[str, FloorPlan]:
        """Fit floors for first-price buyers who will answer; none if there are no such buyers."""
        if self.market is None or not self.fit.first_price.any():
            return {}
        return {
            ONE: fit_answered_floors(self.fit, max_lost_fill=max_lost_fill, single=True),
            SEGMENTS: fit_answered_floors(self.fit, max_lost_fill=max_lost_fill),
        }

    def judge(
        self,
        max_lost_fill: float | None = None,
        *,
        rounds: int = 12,
        damping: float = 0.5,
        listen_cost_cpm: float = 0.0,
    ) -> FloorAnswer:
        """Fit the floors and judge them on held-out auctions, before and after buyers answer.

        Parameters
        ----------
        max_lost_fill : float, optional
            Most that fill may fall, as a share of all auctions; 0.02 is two points.
        rounds, damping, listen_cost_cpm
            See `kit.experiment.market_response.respond`.
        """
        market = self.market if rounds else None  # no round: nobody answers
        plans = self.plans(max_lost_fill)
        answered = self.answered_plans(max_lost_fill) if rounds else {}
        trials = [
            try_floors(
                some, self.held_out, market, self.blocks, baseline=ONE,
                rng=np.random.default_rng([self._seed, 2]), rounds=rounds, damping=damping,
                listen_cost_cpm=listen_cost_cpm,
            )
            for some in (plans, answered)
            if some
        ]  # fmt: skip
        return FloorAnswer(plans, trials[0], answered, trials[1] if answered else None)

    def by_type(self, answer: FloorAnswer) -> pd.DataFrame:
        """Return the lift of floors by segment over one floor, by auction type and state."""
        first, parts = self.held_out.first_price, []
        for fitted_for, trial in ((BIDS, answer.trial), (ANSWERS, answer.answered)):
            for name, rows in (("first price", first), ("second price", ~first)):
                if rows.any() and trial is not None:
                    rng = np.random.default_rng([self._seed, 3])
                    part = trial.part(SEGMENTS, rows, self.blocks, rng)
                    parts.append(part.assign(auction_type=name, fitted_for=fitted_for))
        return pd.concat(parts, ignore_index=True)

    def rules(
        self,
        plan: FloorPlan,
        soft_factor: float = 2.0,
        *,
        rounds: int = 12,
        listen_cost_cpm: float = 0.0,
    ) -> pd.DataFrame:
        """Return what the same floors would earn under each pricing rule, on held-out auctions.

        Before, each rule meets the bids that were made for another; after, buyers know the rule.

        Returns
        -------
        pandas.DataFrame
            ``rule``, ``before_cpm`` and ``after_cpm`` (revenue per thousand auctions; NaN where
            buyers are not known), ``fill_after``.
        """
        rows = []
        for rule in RULES[1:]:
            same = replace(plan, rule=rule, soft_factor=soft_factor)
            before, after = under_rule(
                same, self.held_out, self.market if rounds else None, rule, rounds=rounds,
                listen_cost_cpm=listen_cost_cpm,
            )  # fmt: skip
            rows.append({
                "rule": rule, "before_cpm": float(before.paid_cpm.mean()),
                "after_cpm": math.nan if after is None else float(after.paid_cpm.mean()),
                "fill_after": math.nan if after is None else float(after.sold.mean()),
            })  # fmt: skip
        return pd.DataFrame(rows)

    def picture(self, answer: FloorAnswer) -> str:
        """Return the frontier of fill and revenue, and the rounds of answers, as SVG."""
        lost = self.single.lost_fill[0]
        single = pd.DataFrame({"lost_fill": lost, "revenue_cpm": self.single.revenue_cpm[0]})
        chosen = {
            name: (plan.choice.lost, plan.choice.revenue)
            for name, plan in (answer.answered_plans or answer.plans).items()
            if plan.choice is not None
        }
        frontier = self.curves.frontier()
        shown = 1.5 * max([lost[self.single.revenue_cpm[0].argmax()], 0.02,
                           *(point[0] for point in chosen.values())])  # fmt: skip
        kept = lost <= shown
        return floor_picture(
            frontier,
            single[kept],
            _rounds(answer.answered or answer.trial),
            chosen=chosen,
            label=self.unit.label,
        )


def _rounds(trial: FloorTrial) -> pd.DataFrame:
    """Return the states of each plan with their number."""
    states = trial.states
    order = states["state"].map(
        lambda state: 0 if state == BEFORE else 10**6 if state == AFTER else int(state)
    )
    ordered = states.assign(order=order).sort_values(["plan", "order"], kind="stable")
    ordered["round"] = ordered.groupby("plan").cumcount()
    return ordered[["plan", "round", "revenue_cpm"]]


def _levels(log: AuctionLog) -> tuple[str, ...]:
    levels = tuple(name for name in LEVELS if name in log.request.columns)
    if not levels:
        raise DataError(
            f"by: the log has none of {', '.join(LEVELS)}; must have a column that makes segments. "
            "Name one (by=...; --by A,B)."
        )
    return levels
