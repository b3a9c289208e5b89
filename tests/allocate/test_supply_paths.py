"""Copies of an impression are found, compared and bid on once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.allocate.inventory.reselling import RESELLERS, Reseller, Resold, resell
from kit.allocate.inventory.supply_paths import (
    SupplyPaths,
    best_copies,
    compare_paths,
    self_competition,
)
from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.data.simulate import SimulationConfig, simulate


@pytest.fixture(scope="module")
def sold() -> Resold:
    log = simulate(SimulationConfig(auctions=40_000, days=4), seed=3).full_log()
    return resell(log, np.random.default_rng(5))


def test_the_simulated_truth_is_recovered(sold: Resold) -> None:
    """Shares of copies by ad unit, and what each seller keeps, come back from the log alone."""
    log = sold.log
    paths = SupplyPaths.of(log, ["supply_path"], "auction_id")
    table = compare_paths(log, paths).set_index("supply_path")
    dearer = 1 / (1 - sold.take) - 1
    for reseller in RESELLERS:
        # all these impressions also come directly, where there is any copy
        assert table.loc[reseller.name, "extra_price"] == pytest.approx(
            dearer[reseller.name], rel=1e-6
        )
        assert table.loc[reseller.name, "extra_floor"] == pytest.approx(
            dearer[reseller.name], rel=1e-6
        )
    assert table.loc["direct", "extra_price"] == 0.0
    units = log.frame["unit_id"].astype(str).to_numpy()
    direct = paths.path == paths.table["supply_path"].tolist().index("direct")
    for name in sold.take.index[1:]:
        copies = paths.path == paths.table["supply_path"].tolist().index(name)
        direct_too = np.isin(paths.impression, paths.impression[direct])
        for unit, share in sold.coverage[name].items():
            offered = (copies & direct_too & (units == unit)).sum()
            impressions = (direct & (units == unit)).sum()
            error = np.sqrt(share * (1 - share) / impressions)
            assert offered / impressions == pytest.approx(share, abs=4.5 * error + 1e-9)


def test_groups_are_the_sets_of_paths(sold: Resold) -> None:
    paths = SupplyPaths.of(sold.log, impression="auction_id")
    frame = pd.DataFrame({"impression": paths.impression, "path": paths.path})
    sets = frame.groupby("impression")["path"].agg(frozenset)
    by_group = pd.DataFrame({"set": sets.to_numpy(), "group": paths.group})
    assert by_group.groupby("group")["set"].nunique().max() == 1
    assert by_group.groupby("set")["group"].nunique().max() == 1
    assert paths.groups == sets.nunique()


def test_without_an_impression_column_nothing_is_a_copy(sold: Resold) -> None:
    paths = SupplyPaths.of(sold.log)
    assert paths.table.columns.tolist() == ["path_id", "exchange", "supply_path"]
    assert len(paths.group) == len(sold.log)
    assert (compare_paths(sold.log, paths)["duplicated"] == 0).all()


def test_paths_of_a_later_log_are_found_by_name() -> None:
    frame = pd.DataFrame({"market_price_cpm": 1.0, "market_price_kind": "known"}, index=range(3))
    first = SupplyPaths.of(AuctionLog(frame.assign(supply_path=["a", "b", "a"])))
    later = SupplyPaths.of(AuctionLog(frame.assign(supply_path=["c", "b", None])))
    assert later.known_path(first.table).tolist() == [-1, 1, -1]
    assert later.table["path_id"].tolist() == ["(none)", "b", "c"]


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0, 9), st.booleans()), max_size=30))
def test_one_bid_an_impression_and_the_best(rows: list[tuple[int, float, bool]]) -> None:
    codes = np.array([row[0] for row in rows], dtype=np.int64)
    worth = np.array([row[1] for row in rows], dtype=np.float64)
    heard = np.array([row[2] for row in rows], dtype=bool)
    chosen = best_copies(codes, worth, heard)
    for code in range(5):
        mine = heard & (codes == code) & (worth > 0)
        assert chosen[codes == code].sum() == min(1, mine.sum())
        if mine.any():
            assert worth[chosen & (codes == code)] == worth[mine].max()


@given(st.integers(0, 10**6))
def test_bids_against_ourselves_against_a_plain_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 6, 15)
    bid = np.where(rng.random(15) < 0.3, np.nan, rng.integers(0, 6, 15) * 1.0)
    market = rng.integers(0, 6, 6)[codes] * 1.0
    raised, doubled, wasted, impressions = 0.0, 0, 0, 0
    for code in range(6):
        mine = np.sort(bid[(codes == code) & ~np.isnan(bid)])[::-1]
        impressions += len(mine) > 0
        doubled += len(mine) > 1
        wasted += max(0, len(mine) - 1)
        price = market[codes == code][:1]
        if len(mine) > 1 and mine[0] > price[0]:
            raised += max(0.0, mine[1] - price[0])
    found = self_competition(codes, bid, market)
    assert (found.impressions, found.doubled, found.wasted_bids) == (impressions, doubled, wasted)
    assert found.raised_cpm == pytest.approx(raised)


def test_refusals(sold: Resold) -> None:
    log = sold.log.rows(slice(0, 50))
    with pytest.raises(DataError, match="log: has no requests"):
        SupplyPaths.of(log.rows(slice(0, 0)))
    with pytest.raises(DataError, match=r"by: got 'exchang'.*Did you mean 'exchange'"):
        SupplyPaths.of(log, ["exchang"])
    with pytest.raises(DataError, match="by: got 'click'; must be request columns"):
        SupplyPaths.of(log, ["click"])
    with pytest.raises(DataError, match="impression: got 'tid'"):
        SupplyPaths.of(log, impression="tid")
    twice = AuctionLog(log.frame.assign(auction_id="i"), log.meta)
    with pytest.raises(DataError, match=r"auction_id: .* repeated"):
        SupplyPaths.of(twice, impression="auction_id")
    missing = AuctionLog(log.frame.assign(auction_id=None), log.meta)
    with pytest.raises(DataError, match="auction_id: 50 missing values"):
        SupplyPaths.of(missing, impression="auction_id")
    plain = AuctionLog(log.frame[["market_price_cpm", "market_price_kind"]])
    with pytest.raises(DataError, match="neither exchange nor supply_path"):
        SupplyPaths.of(plain)
    with pytest.raises(DataError, match="bid_cpm: has shape"):
        self_competition([1, 2], [1.0], [1.0, 2.0])
    with pytest.raises(DataError, match="market_price_cpm: 1 missing"):
        self_competition([1], [1.0], [np.nan])


def test_refused_resellers() -> None:
    log = AuctionLog(pd.DataFrame({"market_price_cpm": [1.0], "market_price_kind": "known"}))
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="must be different"):
        resell(log, rng, [Reseller("direct", 0.1, 0.5)])
    with pytest.raises(DataError, match=r"add up to 1.2; must be <= 1"):
        resell(log, rng, [Reseller("r", 0.1, 0.5, 0.6), Reseller("s", 0.1, 0.5, 0.6)])
    with pytest.raises(DataError, match=r"take: got 0.95"):
        Reseller("r", 0.95, 0.5)
