"""A budget across exchanges: envelopes, the programme's optimum and price, and what is judged."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.base.assets import asset_dir
from kit.base.errors import DataError
from kit.bid.constant import ConstantPolicy
from kit.bid.value import ValuePolicy
from kit.data.log import AuctionLog
from kit.data.samples import THETA
from kit.flow.choose import Tuner
from kit.flow.demo import run_demo
from kit.flow.describe_split import ONE_EXCHANGE, price_words, split_facts
from kit.flow.findings import Findings
from kit.flow.response_curves import ResponseCurve, envelope, increments
from kit.flow.specs import DemoSpec, Source
from kit.flow.split_budget import BudgetSplit, curve_at, judge_split, solve, split_budget


class Scored(Tuner):
    """A tuner whose every price is known."""

    def __init__(self, log: AuctionLog) -> None:
        frame = log.frame
        self.log, self.rng = log, np.random.default_rng(0)
        self.prices = frame["market_price_cpm"].to_numpy()
        self.value = (frame["pctr"] * frame["click_value_cpm"]).to_numpy()


def market(rows: int, seed: int, exchanges: dict[str, tuple[float, float]]) -> AuctionLog:
    """Draw auctions whose prices and values have their own means by exchange."""
    rng = np.random.default_rng(seed)
    names = rng.choice(list(exchanges), rows)
    price, worth = (np.array([exchanges[name][place] for name in names]) for place in (0, 1))
    pctr = np.clip(rng.lognormal(np.log(worth), 0.7), 0, 1)
    return AuctionLog(pd.DataFrame({
        "exchange": names, "market_price_cpm": rng.lognormal(np.log(price), 0.6),
        "market_price_kind": "known", "pctr": pctr, "click_value_cpm": 100.0,
        "click": rng.random(rows) < pctr, "time_index": np.arange(rows) // 500,
    }))  # fmt: skip


UNEVEN = {"cheap": (1.0, 0.10), "dear": (8.0, 0.10)}


@pytest.fixture(scope="module")
def split() -> BudgetSplit:
    found = split_budget(Scored(market(20_000, 1, UNEVEN)), ConstantPolicy(10.0), 0.4)
    assert found is not None
    return found


@given(
    st.lists(st.tuples(st.floats(0, 10), st.floats(-5, 5)), min_size=1, max_size=30),
)
def test_the_envelope_is_concave_and_above(steps: list[tuple[float, float]]) -> None:
    spend = np.append(0.0, np.cumsum([step for step, _ in steps]))
    surplus = np.append(0.0, np.cumsum([gain for _, gain in steps]))
    curve = ResponseCurve("x", 1, np.arange(len(spend)) / 4, spend, surplus + spend, surplus)
    at = envelope(curve)
    assert at[0] == 0
    assert surplus[at[-1]] == surplus.max()
    slopes = np.diff(surplus[at]) * np.append(np.diff(spend[at])[1:], 0)
    later = np.append(np.diff(surplus[at])[1:], 0) * np.diff(spend[at])
    assert (slopes[:-1] >= later[:-1] - 1e-9).all()
    inside = spend <= spend[at[-1]]
    hull = np.interp(spend[inside], spend[at], surplus[at])
    assert (hull >= surplus[inside] - 1e-9).all()


def test_the_plan_is_the_best_of_every_pair_of_multipliers(split: BudgetSplit) -> None:
    """Brute force over both exchanges' grids; the envelope bounds it and the plan is near it."""
    left, right = split.curves
    best = max(
        left.surplus[one] + right.surplus[other]
        for one, other in product(range(len(left.spend)), range(len(right.spend)))
        if left.spend[one] + right.spend[other] <= split.budget
    )
    pieces = increments(split.curves)
    filled, _, _ = solve(pieces, split.budget)
    bound = float((pieces["value"] * filled).sum())
    assert bound >= best - 1e-6
    assert split.plan.expected["surplus"].sum() >= 0.995 * best
    assert split.plan.expected["spend"].sum() == pytest.approx(split.budget, rel=0.01)


@pytest.mark.parametrize("share", [0.1, 0.35, 0.8])
def test_the_programme_is_the_greedy_one(split: BudgetSplit, share: float) -> None:
    """One budget over concave pieces has a closed form: the best return first."""
    pieces = increments(split.curves)
    budget = share * pieces["cost"].sum()
    filled, low, high = solve(pieces, budget)
    left, value, price = budget, 0.0, 0.0
    ordered = pieces.assign(ratio=pieces["value"] / pieces["cost"]).sort_values("ratio")[::-1]
    for row in ordered.to_dict("records"):
        part = min(1.0, left / row["cost"])
        value, left = value + part * row["value"], left - part * row["cost"]
        if part > 0:
            price = row["ratio"]
    assert float((pieces["value"] * filled).sum()) == pytest.approx(value, rel=1e-9)
    assert low <= price * (1 + 1e-9)
    assert high >= price * (1 - 1e-9)


def test_the_price_is_the_slope_of_the_value(split: BudgetSplit) -> None:
    pieces = increments(split.curves)

    def worth(budget: float) -> float:
        return float((pieces["value"] * solve(pieces, budget)[0]).sum())

    step = 1e-4 * split.budget
    up = (worth(split.budget + step) - worth(split.budget)) / step
    down = (worth(split.budget) - worth(split.budget - step)) / step
    assert split.return_low == pytest.approx(up, rel=1e-6)
    assert split.return_high == pytest.approx(down, rel=1e-6)


def test_every_plan_spends_the_same(split: BudgetSplit) -> None:
    for plan in (split.one, split.traffic):
        assert plan.expected["spend"].sum() <= 1.01 * split.budget
    assert split.one.expected["spend"].sum() == pytest.approx(split.budget, rel=0.01)
    assert len(set(split.one.multipliers.values())) == 1
    shares = split.traffic.expected["spend"] / split.budget
    assert shares["cheap"] <= 0.51
    assert shares["dear"] == pytest.approx(0.5, abs=0.02)


def test_a_budget_that_does_not_bind_costs_nothing() -> None:
    """Constant bids far too high: the best surplus needs less money than the policy spends."""
    found = split_budget(Scored(market(5_000, 2, UNEVEN)), ConstantPolicy(200.0), 1.0)
    assert found is not None
    assert found.return_low == 0.0
    assert found.plan.expected["spend"].sum() < 0.7 * found.budget
    for curve in found.curves:
        assert found.plan.multipliers[curve.exchange] == pytest.approx(curve.multiplier[curve.best])


def test_one_exchange_has_nothing_to_split() -> None:
    log = market(2_000, 3, {"only": (2.0, 0.1)})
    assert split_budget(Scored(log), ValuePolicy(), 0.5) is None
    bare = AuctionLog(log.frame.drop(columns="exchange"))
    assert split_budget(Scored(bare), ValuePolicy(), 0.5) is None


def test_a_share_out_of_range_is_named() -> None:
    with pytest.raises(DataError, match=r"budget_share: got 1\.5"):
        split_budget(Scored(market(1_000, 4, UNEVEN)), ValuePolicy(), 1.5)


def test_the_judge_finds_a_real_difference() -> None:
    """Where flat bids waste money on a cheap exchange without clicks, unseen auctions show it."""
    junk = {"junk": (1.0, 0.005), "good": (3.0, 0.3)}
    split = split_budget(Scored(market(10_000, 6, junk)), ConstantPolicy(10.0), 0.4)
    assert split is not None
    holdout = market(20_000, 5, junk)
    found = judge_split(split, holdout, seed=0, policies=3)
    assert found.budget == pytest.approx(2 * split.budget)
    for judged, optimistic in found.against:
        assert optimistic is None
        assert judged.policy.cost <= found.budget
        assert judged.baseline.cost <= found.budget
        assert judged.comparison.comparisons == 9
    versus_one = found.against[0][0].comparison
    assert versus_one.decision == "better"
    assert versus_one.first.simultaneous_low > 0
    assert split_facts(found)["against"]["one multiplier"]["decision"] == "better"
    assert "more surplus" in price_words(found)


def test_an_exchange_of_the_holdout_alone_gets_the_one_multiplier(split: BudgetSplit) -> None:
    common = next(iter(split.one.multipliers.values()))
    policy = split.candidate(split.plan, ["cheap", "new"]).policy
    request = pd.DataFrame({"exchange": ["new", "cheap"], "auction_type": [2, 2]})
    bids = policy.bid(request, np.random.default_rng(0))
    assert bids == pytest.approx([10 * common, 10 * split.plan.multipliers["cheap"]])


def test_a_curve_is_read_between_its_points(split: BudgetSplit) -> None:
    curve = split.curves[0]
    middle = float(curve.spend[40:42].mean())
    assert curve_at(curve, curve.multiplier_at(middle)) == pytest.approx(middle)


def test_one_exchange_is_one_line_in_the_report() -> None:
    assert split_facts(None) == {"verdict": None, "headline": ONE_EXCHANGE}


def test_a_log_of_one_exchange_says_so(tmp_path: Path) -> None:
    source = Source(path=asset_dir("data_samples") / THETA, format="ipinyou-theta")
    outcome = run_demo(DemoSpec(source=source, out=tmp_path), lambda line: None)
    assert outcome.summary["budget_split"]["headline"] == ONE_EXCHANGE
    assert "Budget across exchanges: One exchange: nothing to split." in outcome.lines
    text = (tmp_path / "report.md").read_text()
    assert f"## Budget across exchanges\n\n{ONE_EXCHANGE}\n" in text
    assert Findings.load(tmp_path / "result.json").comparison["comparisons"] <= 3
