"""The compiled replay against one in plain Python, written from the rules."""

from __future__ import annotations

import math
from collections import defaultdict
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.data.log import AuctionLog, LogMeta
from kit.replay.run import replay

STEP = Fraction(1, 2**14)


def grid(price: float) -> Fraction:
    return Fraction(round(Fraction(price) / STEP)) * STEP


def outcome(row: dict[str, Any], bid: Fraction, ties_win: bool, reading: str) -> Fraction | None:
    """Price paid by `bid`, or None for a loss."""
    floor, market = grid(row["floor"]), grid(row["market"])
    if bid < floor:
        return None
    if row["type"] == 3:
        return floor
    kind = row["kind"]
    if kind == "at_least" and reading == "pessimistic":
        return None
    if kind == "at_most" and reading == "optimistic":
        market = floor
    wins = bid > market or (bid == market and (ties_win if kind == "known" else kind == "at_most"))
    if not wins:
        return None
    return bid if row["type"] == 1 else max(market, floor)


def undetermined(row: dict[str, Any], bid: Fraction) -> bool:
    floor, market = grid(row["floor"]), grid(row["market"])
    if row["type"] == 3 or bid < floor:
        return False
    if row["kind"] == "at_most":
        return bid < market
    return row["kind"] == "at_least" and bid > market


def expected(
    rows: list[dict[str, Any]],
    bids: list[float],
    *,
    ties_win: bool = False,
    reading: str = "pessimistic",
    budget: float | dict[str, float] = math.inf,
    episode: int = 0,
) -> dict[str, Any]:
    """Totals, exact: cost as a Fraction."""
    own = isinstance(budget, dict)
    left: dict[str, Any] = dict(budget) if own else {"": budget}
    totals: dict[str, Any] = defaultdict(int)
    wins = []
    for place, (row, raw) in enumerate(zip(rows, bids, strict=True)):
        if episode and place % episode == 0:
            left = {"": budget}
        wins.append(False)
        if math.isnan(raw):
            continue
        bid = grid(raw)
        totals["bids"] += 1
        totals["undetermined"] += undetermined(row, bid)
        price = outcome(row, bid, ties_win, reading)
        purse = row["campaign"] if own else ""
        if price is None or price > left[purse]:
            continue
        left[purse] = left[purse] if left[purse] == math.inf else Fraction(left[purse]) - price
        wins[-1] = True
        for key, amount in (
            ("impressions", 1),
            ("clicks", int(row["click"])),
            ("cost", price),
            ("value", Fraction(row["value"])),
            (("cost of", row["campaign"]), price),
            (("wins in", row["exchange"], row["hour"]), 1),
        ):
            totals[key] += amount
    totals["wins"] = wins
    return totals


AMOUNTS = st.one_of(
    st.integers(0, 6).map(float),
    st.floats(0, 8, allow_nan=False),
    st.sampled_from([0.0, 2.0**-15, 1 / 3, 0.1]),
)
BIDS = st.one_of(AMOUNTS, st.just(math.nan))
ROW = st.fixed_dictionaries(
    {
        "market": AMOUNTS,
        "kind": st.sampled_from(["known", "known", "at_most", "at_least"]),
        "floor": st.one_of(st.just(0.0), AMOUNTS),
        "type": st.sampled_from([1, 2, 2, 3]),
        "click": st.booleans(),
        "value": st.floats(0, 100),
        "campaign": st.sampled_from(["a", "b"]),
        "exchange": st.sampled_from(["x", "y"]),
        "hour": st.integers(0, 23),
    }
)
ROWS = st.lists(ROW, min_size=1, max_size=40)


def make_log(rows: list[dict[str, Any]], ties_win: bool) -> AuctionLog:
    frame = pd.DataFrame(
        {
            "exchange": [row["exchange"] for row in rows],
            "auction_type": np.array([row["type"] for row in rows], dtype=np.int8),
            "bid_floor_cpm": [row["floor"] for row in rows],
            "campaign_id": [row["campaign"] for row in rows],
            "market_price_cpm": [row["market"] for row in rows],
            "market_price_kind": [row["kind"] for row in rows],
            "click": [row["click"] for row in rows],
        }
    )
    return AuctionLog(frame, LogMeta("test", ties_win=ties_win))


def drawn_bids(data: st.DataObject, count: int) -> list[float]:
    return data.draw(st.lists(BIDS, min_size=count, max_size=count))


LIMITS = st.one_of(
    st.just({}),
    st.builds(lambda budget: {"budget": budget}, AMOUNTS),
    st.builds(lambda a, b: {"budget": {"a": a, "b": b}}, AMOUNTS, st.just(math.inf)),
    st.builds(lambda n, b: {"episode": n, "episode_budget": b}, st.integers(1, 7), AMOUNTS),
)


@settings(deadline=None, max_examples=50)
@given(ROWS, st.data(), st.booleans(), st.sampled_from(["pessimistic", "optimistic"]), LIMITS)
def test_replay_equals_the_plain_one(
    rows: list[dict[str, Any]], data: st.DataObject, ties_win: bool, reading: Any, limits: Any
) -> None:
    bids = drawn_bids(data, len(rows))
    log = make_log(rows, ties_win)
    budget = limits.get("budget", limits.get("episode_budget", math.inf))
    episode = limits.get("episode", 0)
    budget = _spellable(budget, log)
    if not episode and limits:
        limits = {"budget": budget}
    want = expected(rows, bids, ties_win=ties_win, reading=reading, budget=budget, episode=episode)
    value = [row["value"] for row in rows]
    chunk = data.draw(st.integers(1, 50))
    got = replay(log, bids, value=value, censored=reading, chunk_rows=chunk, **limits)
    for name in ("impressions", "clicks", "bids", "undetermined"):
        assert getattr(got, name) == want[name], name
    assert Fraction(got.cost) == want["cost"]
    assert got.value == pytest.approx(float(want["value"]), rel=1e-12, abs=1e-12)
    for row in got.by_campaign.itertuples():
        assert Fraction(row.spend) == want[("cost of", row.campaign_id)]


def _spellable(budget: Any, log: AuctionLog) -> Any:
    if isinstance(budget, dict):
        return {name: budget[name] for name in log.frame["campaign_id"].unique()}
    return budget


@settings(deadline=None, max_examples=30)
@given(ROWS, st.data(), LIMITS)
def test_cuts_change_nothing(rows: list[dict[str, Any]], data: st.DataObject, limits: Any) -> None:
    log = make_log(rows, False)
    bids = drawn_bids(data, len(rows))
    if "budget" in limits:
        limits = {"budget": _spellable(limits["budget"], log)}
    blocks = np.arange(len(rows)) // 5 - 3
    whole = replay(log, bids, blocks=blocks, click_value_cpm=3.0, **limits)
    cut = data.draw(st.integers(0, len(rows)))
    batches = [log.rows(slice(0, cut)), log.rows(slice(cut, None))]
    parts = replay(iter(batches), bids, blocks=blocks, click_value_cpm=3.0, **limits)
    assert parts.to_dict() == whole.to_dict()
    pd.testing.assert_frame_equal(parts.by_exchange_hour, whole.by_exchange_hour)
    pd.testing.assert_frame_equal(parts.by_campaign, whole.by_campaign)
    pd.testing.assert_frame_equal(parts.blocks, whole.blocks)
    assert whole.blocks["spend"].sum() == whole.cost == whole.by_exchange_hour["spend"].sum()
    assert whole.blocks["auctions"].sum() == len(rows)


@settings(deadline=None, max_examples=30)
@given(ROWS, st.data(), AMOUNTS)
def test_invariants(rows: list[dict[str, Any]], data: st.DataObject, budget: float) -> None:
    log = make_log(rows, False)
    bids = np.array(drawn_bids(data, len(rows)))
    assert replay(log, bids, budget=budget).cost <= budget
    for place in range(len(rows)):
        one = replay(log.rows(slice(place, place + 1)), bids[place : place + 1])
        if one.impressions:
            assert one.cost <= grid(bids[place])
            assert one.cost >= grid(rows[place]["floor"])
    lower = replay(log, bids)
    assert replay(log, bids * 1.5).impressions >= lower.impressions
