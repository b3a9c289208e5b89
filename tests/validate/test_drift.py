"""The drift report: what moved is measured and named, what the logs do not say is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kit.base.errors import DataError
from kit.data.load import load_log
from kit.data.log import AuctionLog, LogMeta
from kit.data.simulate import SimulationConfig, simulate
from kit.models.features import default_features
from kit.validate.drift import DriftReport, drift_report

FEATURES = ("device", "country", "user_segment", "recency_hours", "page_quality", "exchange")


@pytest.fixture(scope="module")
def halves() -> tuple[AuctionLog, AuctionLog]:
    """Whole days of a world that does not drift."""
    log = simulate(SimulationConfig(auctions=40_000, days=8, drift=0.0, ctr=0.05), seed=4).log
    day = log.day
    return log.rows(day < day[0] + 4), log.rows(day >= day[0] + 4)


def report(before: AuctionLog, after: AuctionLog) -> DriftReport:
    return drift_report(before, after, FEATURES, np.random.default_rng(1))


def test_nothing_moves_where_nothing_did(halves: tuple[AuctionLog, AuctionLog]) -> None:
    found = report(*halves)
    assert found.not_measured == {}
    assert {item.reading for item in found.features} == {"stable"}
    assert found.told is not None
    assert abs(found.told.auc - 0.5) < 3 * found.told.se
    assert found.prices is not None
    assert abs(found.prices.change) < 0.05
    assert found.clicks is not None
    assert abs(found.clicks.change) < 3 * found.clicks.se


def test_a_feature_that_moved_is_named(halves: tuple[AuctionLog, AuctionLog]) -> None:
    before, after = halves
    quality = after.frame["page_quality"] ** 2
    found = report(before, AuctionLog(after.frame.assign(page_quality=quality), after.meta))
    assert found.worst is not None
    assert found.worst.feature == "page_quality"
    assert found.worst.reading == "moved"
    assert found.told is not None
    assert found.told.features[0][0] == "page_quality"
    assert found.told.auc > 0.5 + 4 * found.told.se
    assert {item.reading for item in found.features[1:]} == {"stable"}


@pytest.mark.parametrize("factor", [0.7, 1.0, 1.3])
def test_prices_that_rose_are_measured_through_their_bounds(
    halves: tuple[AuctionLog, AuctionLog], factor: float
) -> None:
    before, after = halves
    dearer = after.with_columns(market_price_cpm=after.frame["market_price_cpm"] * factor)
    rng = np.random.default_rng(1)
    plain, found = (drift_report(before, each, [], rng).prices for each in (after, dearer))
    assert plain is not None
    assert found is not None
    assert 0.3 < found.known_after < 0.9
    assert found.after / plain.after == pytest.approx(factor, rel=0.03)
    middle = next(old_new for at, *old_new in found.quantiles if at == 0.5)
    assert middle[1] / middle[0] == pytest.approx(factor, rel=0.06)


def test_the_typical_price_is_the_market_s_not_that_of_what_was_won() -> None:
    """The median of known prices is far below: what was lost without a price was dearer."""
    config = SimulationConfig(auctions=30_000, drift=0.0, bid_level=0.6)
    simulation = simulate(config, seed=8)
    floorless = simulation.log.frame["bid_floor_cpm"] == 0
    second = floorless & (simulation.log.frame["auction_type"] == 2)
    rival = simulation.latent["market_price_cpm"]
    there = (second & (rival > 0)).to_numpy()
    frame, price = simulation.log.frame[there], rival[there].to_numpy()
    bid = frame["bid_price_cpm"].to_numpy()
    seen = np.where(bid > price, "known", "at_least")
    shown = np.where(bid > price, price, bid)
    log = AuctionLog(
        frame.assign(market_price_cpm=shown, market_price_kind=seen), simulation.log.meta
    )
    found = drift_report(log, log, [], np.random.default_rng(1)).prices
    assert found is not None
    known = float(np.median(price[bid > price]))
    truth = float(np.median(price))
    assert abs(found.before / truth - 1) < 0.1 < 1 - known / truth


def test_many_labels_on_few_rows_are_no_drift() -> None:
    """A thousand labels: the index alone says that they moved."""
    rng = np.random.default_rng(3)
    sides = []
    for _ in range(2):
        label = pd.Series(rng.zipf(1.3, 3000) % 1000).astype(str)
        frame = pd.DataFrame({"market_price_cpm": 1.0, "market_price_kind": "known", "page": label})
        sides.append(AuctionLog(frame, LogMeta("example", features=("page",))))
    worst = drift_report(sides[0], sides[1], ["page"], rng).worst
    assert worst is not None
    assert worst.psi > 0.25
    assert worst.reading == "stable"
    moved = sides[1].frame["page"].where(np.arange(3000) % 3 > 0, "elsewhere")
    other = AuctionLog(sides[1].frame.assign(page=moved), sides[1].meta)
    worst = drift_report(sides[0], other, ["page"], rng).worst
    assert worst is not None
    assert worst.reading == "moved"


def test_a_real_log_s_placements_move_within_days(shared_data: Path) -> None:
    before, after = (
        load_log(shared_data / "ipinyou" / f"2259.{part}.log.txt", format="ipinyou-log")
        for part in ("train", "test")
    )
    found = drift_report(before, after, default_features(before), np.random.default_rng(1))
    assert found.not_measured == {}
    assert found.told is not None
    assert found.told.auc > 0.5 + 4 * found.told.se
    assert {name for name, _ in found.told.features[:2]} == {"unit_id", "domain"}
    assert {item.reading for item in found.features[2:]} == {"stable"}
    assert found.clicks is not None
    assert found.clicks.se > 0  # though the later rows have no click


def test_a_click_rate_that_halved_is_measured(halves: tuple[AuctionLog, AuctionLog]) -> None:
    before, after = halves
    every_other = np.arange(len(after)) % 2 == 0
    fewer = after.with_columns(click=after.frame["click"] & every_other)
    found = drift_report(before, fewer, [], np.random.default_rng(1)).clicks
    assert found is not None
    assert found.change == pytest.approx(-0.5, abs=3 * found.se)
    assert found.change < -4 * found.se


def test_what_the_logs_do_not_say_is_listed() -> None:
    frame = pd.DataFrame({"market_price_cpm": [1.0] * 20, "market_price_kind": "at_least"})
    log = AuctionLog(frame)
    found = drift_report(log, log, [], np.random.default_rng(0))
    assert found.worst is None
    assert found.features == ()
    assert found.table.empty
    assert found.not_measured == {
        "told apart": "the candidate reads no request column besides hour and weekday",
        "market price": "a side has 0 known prices; needs at least 30",
        "click rate": "a log has no clicks",
    }
    short = AuctionLog(frame.assign(exchange="a"))
    found = drift_report(short, short, ["exchange"], np.random.default_rng(0))
    assert found.not_measured["told apart"] == "a side has 20 rows; needs at least 500"
    with pytest.raises(DataError, match="after: has no rows"):
        drift_report(short, short.rows(slice(0, 0)), ["exchange"], np.random.default_rng(0))


def test_it_reads_as_a_table_and_as_json(halves: tuple[AuctionLog, AuctionLog]) -> None:
    found = report(*halves)
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert [item["feature"] for item in plain["features"]] == [i.feature for i in found.features]
    assert len(found.table) == 1 + 1 + 5 + 1 + len(FEATURES)
    assert found.table["value"].notna().all()
