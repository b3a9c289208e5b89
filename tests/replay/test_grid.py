from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.base.errors import KitError
from kit.data.log import AuctionLog, LogMeta
from kit.replay.grid import replay_grid
from kit.replay.run import replay

COLUMNS = ("impressions", "clicks", "cost", "value", "fees", "surplus")


def random_log(seed: int, rows: int, **meta: Any) -> AuctionLog:
    """Prices on a coarse grid, so that ties and zero prices are common."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "exchange": rng.choice(["x", "y"], rows),
            "auction_type": rng.choice([1, 2, 2, 3], rows).astype(np.int8),
            "bid_floor_cpm": rng.choice([0.0, 0.5, 2.0], rows),
            "campaign_id": rng.choice(["a", "b", "c"], rows),
            "fee_cpm": rng.choice([0.0, 0.125], rows),
            "market_price_cpm": rng.integers(0, 20, rows) / 2,
            "market_price_kind": rng.choice(["known", "at_most", "at_least"], rows),
            "click": rng.random(rows) < 0.3,
        }
    )
    return AuctionLog(frame, LogMeta("test", **meta))


def check_equal(log: AuctionLog, base: Any, multipliers: Any, chunk: int, **options: Any) -> None:
    grid = replay_grid(log, base, multipliers, chunk_rows=chunk, click_value_cpm=1 / 3, **options)
    assert grid.totals["multiplier"].tolist() == list(multipliers)
    for place, multiplier in enumerate(multipliers):
        one = replay(log, np.asarray(base) * multiplier, click_value_cpm=1 / 3, **options)
        row = grid.totals.iloc[place]
        assert row["impressions"] == one.impressions
        assert row["clicks"] == one.clicks
        assert row["spend"] == one.cost
        assert row["fees"] == one.fees
        assert row["value"] == pytest.approx(one.value, rel=1e-12)
        assert row["surplus"] == pytest.approx(one.surplus, rel=1e-9, abs=1e-9)
        cells = grid.by_exchange_hour
        if len(set(multipliers)) == len(multipliers):
            mine = cells[cells["multiplier"] == multiplier].set_index(["exchange", "hour"])
            theirs = one.by_exchange_hour.set_index(["exchange", "hour"])
            theirs = theirs[theirs["impressions"] > 0]
            assert mine["impressions"].to_dict() == theirs["impressions"].to_dict()
            assert mine["spend"].to_dict() == theirs["spend"].to_dict()


LIMITS = st.sampled_from(
    [
        {},
        {"budget": 37.3},
        {"budget": 0.0},
        {"budget": {"a": 10.0, "b": math.inf, "c": 0.4}},
        {"episode": 17, "episode_budget": 9.1},
    ]
)


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 10_000),
    st.lists(
        st.one_of(st.sampled_from([0.0, 0.5, 1.0, 2.0]), st.floats(0, 50)), min_size=1, max_size=8
    ),
    LIMITS,
    st.sampled_from([{}, {"ties_win": True}, {"bid_step_cpm": 0.5, "bid_cap_cpm": 6.0}]),
    st.integers(1, 150),
)
def test_grid_equals_singles(
    seed: int, multipliers: list[float], limits: dict[str, Any], meta: dict[str, Any], chunk: int
) -> None:
    log = random_log(seed, 120, **meta)
    rng = np.random.default_rng(seed + 1)
    base = rng.choice([0.0, 0.1, 1.0, 1 / 3, 2.5, math.nan], len(log)) * rng.choice(
        [1.0, 1.7], len(log)
    )
    censored = "optimistic" if seed % 2 else "pessimistic"
    check_equal(log, base, multipliers, chunk, censored=censored, **limits)


def test_many_close_multipliers() -> None:
    """Several in one bucket of the first guess, and ones equal to a break-even."""
    log = random_log(1, 3000)
    base = np.random.default_rng(2).lognormal(0.5, 1, len(log))
    market = log.column("market_price_cpm", 0.0)
    exact = (market / base)[:50]
    multipliers = np.unique(
        np.concatenate([1 + np.arange(40) * 1e-6, exact, np.nextafter(exact, 9)])
    )
    check_equal(log, base, multipliers, 512, budget=2000.0)


def test_impressions_rise_with_the_multiplier() -> None:
    log = random_log(3, 2000)
    base = np.random.default_rng(4).random(len(log))
    totals = replay_grid(log, base, np.geomspace(0.01, 100, 50)).totals
    assert totals["impressions"].is_monotonic_increasing
    assert totals["impressions"].iloc[-1] > totals["impressions"].iloc[0]


@pytest.mark.parametrize(
    ("base", "multipliers", "message"),
    [
        ([1.0], [], "multipliers: has shape"),
        ([1.0], [1.0, -1.0], "multipliers: 1 negative value"),
        ([1.0], [math.nan], "multipliers: 1 non-finite value"),
        ([-1.0], [1.0], "policy grid: 1 negative bid"),
        ([1e300], [1e300], "must be finite"),
        ([1.0, 2.0], [1.0], "shape"),
    ],
)
def test_errors(base: list[float], multipliers: list[float], message: str) -> None:
    with pytest.raises(KitError, match=message):
        replay_grid(random_log(0, 1), base, multipliers)
