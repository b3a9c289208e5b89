"""Replay on simulated logs: the logged bids give the logged outcome."""

from __future__ import annotations

import numpy as np
import pytest

from kit.data.simulate import SimulationConfig, simulate
from kit.replay.market import read_market
from kit.replay.run import replay


def test_logged_bids_give_the_logged_outcome() -> None:
    log = simulate(SimulationConfig(auctions=20_000, days=3), seed=5).log
    bids = log.column("bid_price_cpm", np.nan)
    won = log.frame["won"].to_numpy()
    result = replay(log, bids, blocks=log.day)
    assert (result.impressions, result.undetermined, result.paid_below_floor) == (won.sum(), 0, 0)
    assert result.clicks == log.frame["click"][won].sum()
    paid = log.column("clearing_price_cpm", np.nan)[won]
    assert result.cost == pytest.approx(paid.sum(), abs=2.0**-15 * won.sum())
    assert result.blocks["auctions"].sum() == len(log)
    assert (result.by_campaign["spend"] > 0).all()


def test_price_is_at_least_the_floor_and_at_most_the_bid() -> None:
    """Row by row, from the terms: what a win pays never depends on the other rows."""
    log = simulate(SimulationConfig(auctions=20_000, days=3), seed=6).full_log()
    terms = read_market(log).terms()
    floor = np.rint(log.column("bid_floor_cpm", 0.0) * 2**14) / 2**14
    own = np.isnan(terms.pay)
    assert (terms.need >= floor).all()
    assert (terms.pay[~own] >= floor[~own]).all()
    assert (terms.pay[~own] <= terms.need[~own]).all()
    assert own.any()
    assert (~own).any()
