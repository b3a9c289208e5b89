"""A look-up in the tuning table is a replay: the same wins, the same money."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.base.errors import DataError, PolicyError
from kit.bid.scaled import ScaledPolicy
from kit.data.log import AuctionLog, LogMeta
from kit.replay import tuning
from kit.replay.run import replay
from kit.replay.tuning import COLUMNS, Setting, TuningTable, factor


def random_log(seed: int, rows: int, **meta: Any) -> AuctionLog:
    rng = np.random.default_rng(seed)
    hours = np.sort(rng.integers(0, 48 * 3600, rows))
    frame = pd.DataFrame(
        {
            "timestamp": pd.Timestamp("2026-03-01", tz="UTC") + pd.to_timedelta(hours, unit="s"),
            "exchange": rng.choice(["x", "y", "z"], rows),
            "auction_type": rng.choice([1, 2, 3], rows).astype(np.int8),
            "deal_at": rng.choice([np.nan, np.nan, 1, 3], rows),
            "bid_floor_cpm": rng.choice([0.0, 0.5, 2.0], rows),
            "fee_cpm": rng.choice([0.0, 0.125], rows),
            "market_price_cpm": rng.integers(0, 20, rows) / 2,
            "market_price_kind": rng.choice(["known", "at_most", "at_least"], rows),
            "click": rng.random(rows) < 0.3,
        }
    )
    return AuctionLog(frame, LogMeta("test", **meta))


class _Given:
    """Bids that are given, NaN where there is none."""

    name = "given"

    def __init__(self, bids: np.ndarray) -> None:
        self.bids = bids

    def bid(self, request: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
        return self.bids


FACTORS = st.sampled_from([0.25, 0.5, 0.7071, 1.0, 1.414, 4.0])


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 10_000),
    st.sampled_from([0.125, 0.5, 0.917, 1.0, 2.0, 8.0]),
    FACTORS,
    FACTORS,
    st.sampled_from([0.25, 0.5946, 1.0]),
    st.one_of(st.none(), st.floats(0, 4000)),
    st.sampled_from([{}, {"ties_win": True}, {"bid_step_cpm": 0.5, "bid_cap_cpm": 6.0}]),
    st.sampled_from(["pessimistic", "optimistic"]),
)
def test_a_look_up_is_a_replay(
    seed: int, overall: float, first: float, second: float, shade: float, budget: float | None,
    meta: Any, censored: Any,
) -> None:  # fmt: skip
    log = random_log(seed, 1500, **meta)
    rng = np.random.default_rng(seed)
    bids = np.where(rng.random(len(log)) < 0.05, np.nan, rng.integers(0, 16, len(log)) / 2)
    options: dict[str, Any] = {"click_value_cpm": 8.0, "censored": censored}
    table = TuningTable(log, bids, **options)
    setting = Setting(overall, {"x": first, "y": second}, shade, budget)
    mine = table.totals(setting)
    policy = ScaledPolicy(_Given(bids), *table.bid_multipliers(setting))
    theirs = replay(log, policy, budget=budget, **options)
    assert mine["impressions"].sum() == theirs.impressions
    assert mine["clicks"].sum() == theirs.clicks
    assert mine["spend"].sum() == theirs.cost
    assert mine["fees"].sum() == theirs.fees
    assert mine["surplus"].sum() == pytest.approx(theirs.surplus, rel=1e-9, abs=1e-6)
    cells = mine.set_index(["exchange", "hour"])["spend"]
    expected = theirs.by_exchange_hour.set_index(["exchange", "hour"])["spend"]
    assert cells[expected.index].tolist() == expected.tolist()
    assert cells.sum() == expected.sum()
    frontier = table.frontier(setting).set_index("multiplier")
    chosen = frontier.loc[table.snapped(setting).multiplier]
    for column in COLUMNS:
        assert chosen[column] == pytest.approx(mine[column].sum(), rel=1e-12)


def test_checkpoints_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    log = random_log(7, 3000)
    many = TuningTable(log, np.full(len(log), 3.0), click_value_cpm=5.0)
    monkeypatch.setattr(tuning, "_CHECKPOINTS", 1)
    one = TuningTable(log, np.full(len(log), 3.0), click_value_cpm=5.0)
    for budget in (0.0, 1.0, 400.0, 1e9, None):
        setting = Setting(1.414, {"y": 2.0}, 0.5, budget)
        pd.testing.assert_frame_equal(many.totals(setting), one.totals(setting))


def test_frontier_spends_more_at_a_higher_multiplier() -> None:
    table = TuningTable(random_log(3, 2000), np.full(2000, 3.0), click_value_cpm=5.0)
    assert (np.diff(table.frontier(Setting())["spend"]) >= 0).all()
    for rates in table.win_rates().values():
        assert (np.diff(rates) >= 0).all()
        assert 0 <= rates[0] <= rates[-1] <= 1


def test_the_nearest_step_is_taken_and_said() -> None:
    table = TuningTable(random_log(1, 100), np.full(100, 3.0))
    assert table.snapped(Setting(0.7)) == Setting(
        0.7071, {"x": 1.0, "y": 1.0, "z": 1.0} | dict.fromkeys(table.exchanges, 1.0), 1.0, None
    )
    assert len({factor(step) for step in range(-112, 81)}) == 193


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (Setting(9.0), "multiplier: got 9"),
        (Setting(float("nan")), "multiplier"),
        (Setting(exchange={"q": 1.0}), "exchange: got 'q'; must be one of"),
        (Setting(first_price=1.5), "first_price: got 1.5"),
        (Setting(budget=-1.0), "budget: got -1"),
    ],
)
def test_a_bad_setting_is_named(setting: Setting, said: str) -> None:
    table = TuningTable(random_log(1, 100), np.full(100, 3.0))
    with pytest.raises((DataError, PolicyError), match=said):
        table.snapped(setting)
    with pytest.raises((DataError, PolicyError), match=said):
        table.totals(setting)


def test_a_scaled_policy_refuses_an_unknown_exchange() -> None:
    log = random_log(1, 50)
    policy = ScaledPolicy(_Given(np.ones(50)), {"x": 1.0}, {"x": 1.0})
    with pytest.raises(PolicyError, match="has no multiplier"):
        replay(log, policy)
    with pytest.raises(PolicyError, match="only one of"):
        ScaledPolicy(_Given(np.ones(50)), {"x": 1.0}, {})


def test_exchanges_that_are_only_first_price_are_known() -> None:
    frame = pd.DataFrame(
        {"exchange": ["x", "x", "y", "y"], "auction_type": [1, 1, 1, 2], "market_price_cpm": 1.0,
         "market_price_kind": "known"}
    )  # fmt: skip
    assert TuningTable(AuctionLog(frame), np.ones(4)).only_first_price == ("x",)
