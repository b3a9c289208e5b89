"""Judge floors on held-out auctions, before buyers answer them and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.floors.auctions import SellerAuctions
from kit.allocate.floors.fit import FloorPlan
from kit.allocate.floors.revenue import Settled, settle, soft_floor
from kit.base.checks import one_of
from kit.base.errors import DataError
from kit.data.simulate_buyers import top_two
from kit.experiment.bidding import BuyerMarket
from kit.experiment.floor_market import Market
from kit.experiment.market_response import Response, respond
from kit.validate.blocks import Blocks
from kit.validate.compare import compare
from kit.validate.comparison import Comparison

Array = NDArray[np.float64]

METRICS = ("value", "impressions")
BEFORE, AFTER = "before", "after"


@dataclass(frozen=True, eq=False)
class FloorTrial:
    """What floors earn on held-out auctions, before and after buyers answer.

    Parameters
    ----------
    states : pandas.DataFrame
        One row a plan and state (``before``, then rounds 1, 2, ... as text, the last one
        ``after``): ``plan``, ``state``, ``revenue_cpm`` (per thousand auctions), ``fill``,
        ``lift_cpm`` over the baseline plan in the same state, its ``low`` and ``high`` (own
        interval of each; NaN for rounds between, and for the baseline), ``lift`` as a share.
    comparisons : mapping of (str, str) to Comparison
        By plan and ``before`` or ``after``: ``revenue`` decides, ``impressions`` are auctions sold.
        The simultaneous intervals count every plan in both states.
    settled : mapping of (str, str) to Settled
        What became of each held-out auction, by plan and state.
    responses : mapping of str to Response
        What buyers did under each plan, on the rows that they learnt from.
    baseline : str
        The plan that others are compared with.
    """

    states: pd.DataFrame
    comparisons: Mapping[tuple[str, str], Comparison]
    settled: Mapping[tuple[str, str], Settled]
    responses: Mapping[str, Response]
    baseline: str

    def part(
        self, plan: str, rows: NDArray[np.bool_], blocks: Blocks, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Return a plan against the baseline on some of the held-out auctions.

        Parameters
        ----------
        plan : str
            The plan.
        rows : ndarray of bool, shape (n,)
            The auctions that count.
        blocks : Blocks
            Time blocks of all held-out auctions.
        rng : numpy.random.Generator
            Source of the bootstrap.

        Returns
        -------
        pandas.DataFrame
            Rows ``before`` and ``after`` with the columns of `states`.
        """
        kept = {
            key: seller_blocks(item, blocks, rows)
            for key, item in self.settled.items()
            if key[1] in (BEFORE, AFTER) and key[0] in (plan, self.baseline)
        }
        states = sorted({state for _, state in kept}, reverse=True)
        comparisons = {
            (plan, state): judge_revenue(
                kept[plan, state], kept[self.baseline, state], blocks, rng, len(states)
            )
            for state in states
        }
        table = _states(kept, comparisons, self.baseline)
        return table[table["plan"] == plan].reset_index(drop=True)


def try_floors(
    plans: Mapping[str, FloorPlan],
    held_out: SellerAuctions,
    market: Market | None,
    blocks: Blocks,
    *,
    baseline: str,
    rng: np.random.Generator,
    rule: str | None = None,
    rounds: int = 12,
    damping: float = 0.5,
    listen_cost_cpm: float = 0.0,
    level: float = 0.95,
) -> FloorTrial:
    """Compare plans on auctions that none of them was fitted on.

    Before: the bids of the held-out auctions as they are. After: buyers learn the plan's floors on
    the rows of the fit, bid anew on the held-out ones by what they learnt, and are settled.

    Parameters
    ----------
    plans : mapping of str to FloorPlan
        At least two.
    held_out : SellerAuctions
        Rows to judge on.
    market : Market or None
        Buyers of the same rows; None: before only.
    blocks : Blocks
        Time blocks of the held-out rows.
    baseline : str
        Name of the plan that the others are compared with.
    rng : numpy.random.Generator
        Source of the bootstrap.
    rule : str, optional
        How auctions are sold, for all plans; None: as each plan says.
    rounds, damping, listen_cost_cpm
        See `kit.experiment.market_response.respond`.
    level : float
        Level of the intervals.

    Raises
    ------
    LeakageError
        If a held-out auction was used to fit a plan.
    DataError
        If the baseline is unknown, or it is the only plan.
    """
    one_of("baseline", baseline, plans)
    if len(plans) < 2:
        raise DataError("plans: got 1; must be at least 2, to compare. Pass another plan.")
    done = {(name, BEFORE): plan.judge(held_out, rule) for name, plan in plans.items()}
    responses: dict[str, Response] = {}
    if market is not None:
        for name, plan in plans.items():
            hard = plan.segment_floors(held_out)
            soft = soft_floor(rule or plan.rule, hard, market.first_price, plan.soft_factor)
            responses[name] = respond(
                market.learn, hard, soft, market.start, rounds=rounds, damping=damping,
                listen_cost_cpm=listen_cost_cpm, all_rounds=True,
            )  # fmt: skip
            answered = _after(market.live, responses[name], hard, soft)
            done |= {(name, state): settled for state, settled in answered.items()}
    frames = {key: seller_blocks(settled, blocks) for key, settled in done.items()}
    shown = [BEFORE] if market is None else [BEFORE, AFTER]
    others = [name for name in plans if name != baseline]
    comparisons = {
        (name, state): judge_revenue(
            frames[name, state], frames[baseline, state], blocks, rng,
            len(others) * len(shown), level,
        )
        for name in others
        for state in shown
    }  # fmt: skip
    states = _states(frames, comparisons, baseline)
    return FloorTrial(states, comparisons, done, responses, baseline)


def under_rule(
    plan: FloorPlan,
    held_out: SellerAuctions,
    market: Market | None,
    rule: str,
    *,
    rounds: int = 12,
    damping: float = 0.5,
    listen_cost_cpm: float = 0.0,
) -> tuple[Settled, Settled | None]:
    """Settle held-out auctions under another pricing rule, as buyers bid and once they know it.

    Raises
    ------
    LeakageError
        If a held-out auction was used to fit the plan.
    """
    before = plan.judge(held_out, rule)
    if market is None:
        return before, None
    hard = plan.segment_floors(held_out)
    soft = soft_floor(rule, hard, market.first_price, plan.soft_factor)
    answer = respond(
        market.learn, hard, soft, market.start, rounds=rounds, damping=damping,
        listen_cost_cpm=listen_cost_cpm, all_rounds=True,
    )  # fmt: skip
    return before, _after(market.live, answer, hard, soft)[AFTER]


def seller_blocks(
    settled: Settled, blocks: Blocks, rows: NDArray[np.bool_] | None = None
) -> pd.DataFrame:
    """Return block totals in the columns that `kit.validate.compare.compare` reads.

    ``value`` is revenue as a price sum; ``impressions`` are auctions sold, which also stand in
    the column of the events that money hangs on (``clicks``, for a buyer).
    """
    size = len(blocks)
    counts = np.ones(len(settled.sold)) if rows is None else rows.astype(np.float64)
    auctions = np.bincount(blocks.codes, counts, size).astype(np.int64)
    revenue = np.bincount(blocks.codes, settled.paid_cpm * counts, size)
    sold = np.bincount(blocks.codes, settled.sold * counts, size).astype(np.int64)
    return pd.DataFrame({
        "auctions": auctions, "impressions": sold, "clicks": sold, "value": revenue,
        "spend": 0.0, "surplus": revenue,
    })  # fmt: skip


def judge_revenue(
    policy: pd.DataFrame,
    baseline: pd.DataFrame,
    blocks: Blocks,
    rng: np.random.Generator,
    comparisons: int = 1,
    level: float = 0.95,
) -> Comparison:
    """Compare two frames of `seller_blocks`; see `kit.validate.compare.compare`."""
    comparison = compare(
        policy, baseline, rng=rng, blocks=blocks, metrics=METRICS, level=level,
        policies=comparisons,
    )  # fmt: skip
    first, *rest = comparison.rows
    said = tuple(
        text.replace(f" in {first.metric} ", " in revenue ") for text in comparison.reasons
    )
    return replace(comparison, rows=(replace(first, metric="revenue"), *rest), reasons=said)


def _after(live: BuyerMarket, answer: Response, hard: Array, soft: Array) -> dict[str, Settled]:
    """Settle the held-out auctions with the bids of every round, the last one named so."""
    states = {}
    for at, bidding in enumerate(answer.biddings[1:] or answer.biddings, 1):
        top, second = top_two(bidding.bids(live, hard))
        states[str(at)] = settle(top, second, hard[live.segment], soft[live.segment])
    states[AFTER] = states.pop(str(len(states)))
    return states


def _states(
    frames: Mapping[tuple[str, str], pd.DataFrame],
    comparisons: Mapping[tuple[str, str], Comparison],
    baseline: str,
) -> pd.DataFrame:
    rows = []
    for (name, state), frame in frames.items():
        auctions = float(frame["auctions"].sum())
        revenue = float(frame["value"].sum()) / auctions
        # a baseline that settled sooner stays where it settled
        other = frames.get((baseline, state), frames.get((baseline, AFTER)))
        base = float("nan") if other is None else float(other["value"].sum()) / auctions
        comparison = comparisons.get((name, state))
        low, high = (
            (float("nan"), float("nan"))
            if comparison is None
            else (
                comparison.first.simultaneous_low / auctions,
                comparison.first.simultaneous_high / auctions,
            )
        )
        rows.append({
            "plan": name, "state": state, "revenue_cpm": revenue,
            "fill": float(frame["impressions"].sum()) / auctions,
            "lift_cpm": revenue - base, "low": low, "high": high,
            "lift": (revenue - base) / base if base > 0 else float("nan"),
        })  # fmt: skip
    return pd.DataFrame(rows)
