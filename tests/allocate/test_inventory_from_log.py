"""What a request is worth: against sums over known prices, and the truth of a simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kit.allocate.inventory.from_log import _shrunken, inventory_from_log, request_worth
from kit.allocate.inventory.reselling import Reseller, resell
from kit.allocate.inventory.supply_paths import SupplyPaths
from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.models.landscape import LandscapeModel

RNG = np.random.default_rng(11)
PRICES = np.round(RNG.lognormal(0.5, 0.8, 4000), 2)


def priced(**columns: object) -> AuctionLog:
    frame = pd.DataFrame({"market_price_cpm": PRICES, "market_price_kind": "known"})
    return AuctionLog(frame.assign(**columns))


@pytest.fixture(scope="module")
def market() -> LandscapeModel:
    log = priced()
    return LandscapeModel.fit(log, log)


@pytest.mark.parametrize(
    ("value", "floor", "fee"), [(3.0, 0.0, 0.0), (6.0, 1.5, 0.5), (1.0, 2.0, 0.0)]
)
def test_second_price_surplus_is_the_mean_over_prices(
    market: LandscapeModel, value: float, floor: float, fee: float
) -> None:
    log = priced(auction_type=2, bid_floor_cpm=floor, fee_cpm=fee).rows(slice(0, 3))
    found = request_worth(log, market, value)
    bid = value - fee
    exact = np.mean(np.where(bid >= floor, np.maximum(bid - np.maximum(PRICES, floor), 0), 0))
    assert found.surplus_cpm == pytest.approx(np.full(3, exact), abs=0.01)
    assert np.isnan(found.bid_cpm).all() if exact == 0 else (found.bid_cpm == bid).all()


def test_first_price_surplus_is_the_best_on_a_grid(market: LandscapeModel) -> None:
    log = priced(auction_type=1).rows(slice(0, 2))
    found = request_worth(log, market, 5.0)
    grid = np.linspace(0, 5, 2001)
    surplus = (5.0 - grid) * np.array([(bid > PRICES).mean() for bid in grid])
    assert found.surplus_cpm == pytest.approx(np.full(2, surplus.max()), rel=0.02)


def test_dearer_paths_are_worth_less(market: LandscapeModel) -> None:
    log = priced(bid_floor_cpm=1.0)
    sold = resell(log, np.random.default_rng(0), [Reseller("r", 0.3, 0.6)])
    paths = SupplyPaths.of(sold.log, impression="auction_id")
    worth = request_worth(sold.log, market, 4.0)
    lot = inventory_from_log(sold.log, worth.surplus_cpm, paths, seconds=100.0, traffic_scale=10.0)
    table = lot.paths.loc[["direct", "r"]]
    assert table["qps"].tolist() == pytest.approx((table["requests"] / 10.0).tolist())
    # the landscape does not know the seller here, but the floor is dearer
    assert table["surplus"].iloc[0] > table["surplus"].iloc[1]
    assert lot.groups["qps"].sum() == pytest.approx(400.0)
    assert table.loc["direct", "surplus"] == pytest.approx(worth.surplus_cpm[0] / 1000)


def test_thin_groups_are_shrunken_towards_their_path() -> None:
    """Means of cells drawn around a path's mean: shrinking lowers the squared error."""
    rng = np.random.default_rng(2)
    truth = rng.normal(1.0, 0.3, 300)
    rows = rng.integers(1, 12, 300)
    cell = np.repeat(np.arange(300), rows)
    draws = truth[cell] + rng.normal(0, 1.0, len(cell))
    own = np.bincount(cell, draws) / rows
    by_path = pd.DataFrame(
        {"requests": [len(draws)], "mean": [draws.mean()],
         "squares": [((draws - draws.mean()) ** 2).sum()]}
    )  # fmt: skip
    shrunken = _shrunken(own, rows, by_path, np.zeros(300, dtype=np.int64))
    assert np.mean((shrunken - truth) ** 2) < 0.5 * np.mean((own - truth) ** 2)
    alike = _shrunken(own, rows, by_path.assign(squares=1e9), np.zeros(300, dtype=np.int64))
    assert alike == pytest.approx(np.full(300, draws.mean()))


def test_refusals(market: LandscapeModel) -> None:
    log = priced(exchange="x").rows(slice(0, 4))
    paths = SupplyPaths.of(log)
    with pytest.raises(DataError, match="value_cpm: got none"):
        request_worth(log, market)
    with pytest.raises(DataError, match="value_cpm: 1 negative"):
        request_worth(log, market, [1.0, -1.0, 1.0, 1.0])
    with pytest.raises(DataError, match="seconds: got none, and the log has no timestamp"):
        inventory_from_log(log, np.ones(4), paths)
    with pytest.raises(DataError, match="seconds: got 0"):
        inventory_from_log(log, np.ones(4), paths, seconds=0.0)
    with pytest.raises(DataError, match="surplus_cpm: 1 missing"):
        inventory_from_log(log, [1.0, np.nan, 1.0, 1.0], paths, seconds=1.0)
    with pytest.raises(DataError, match="surplus_cpm: has shape"):
        inventory_from_log(log, [1.0], paths, seconds=1.0)
