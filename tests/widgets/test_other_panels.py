"""The replay explorer and the model card from Python, and what they stand on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import kit
from kit.base.assets import asset_dir
from kit.base.errors import DataError, KitError
from kit.data.samples import AUCTIONS
from kit.data.split import Split
from kit.flow.explore import Explorer
from kit.models.drift import drift
from kit.replay.run import replay
from kit.widgets.model_card import ModelCardPanel
from kit.widgets.replay_explorer import ReplayExplorer


@pytest.fixture(scope="module")
def split() -> Split:
    log = kit.load_log(asset_dir("data_samples") / AUCTIONS)
    return kit.time_split(log.rows(slice(0, None, 3)))


@pytest.fixture(scope="module")
def explorer(split: Split) -> ReplayExplorer:
    flat, low = (kit.make_policy("constant", {"bid": bid}) for bid in (4, 2))
    return ReplayExplorer(split, {"flat": flat, "low": low}, click_value_cpm=3000.0)


def test_segments_add_up_to_a_replay(explorer: ReplayExplorer, split: Split) -> None:
    found = explorer.set(policy="flat", baseline="low", segment="device", metric="spend")
    rows = found.segments.set_index("segment")
    for name, bid in (("policy", 4.0), ("baseline", 2.0)):
        whole = replay(split.tune, np.full(len(split.tune), bid), click_value_cpm=3000.0)
        assert rows.loc["all", name] == pytest.approx(whole.cost)
        assert rows[name].drop("all").sum() == pytest.approx(whole.cost)
    told = rows.dropna(subset="low")  # hours of two days move together: some have no interval
    assert len(told) >= 2
    assert (told["low"] <= told["difference"]).all()
    assert (told["difference"] <= told["high"]).all()
    assert rows.loc["all", "auctions"] == len(split.tune)


def test_one_interval_beside_many_is_wider(split: Split) -> None:
    """Every row is a comparison: more of them, wider intervals."""
    flat, low = (kit.make_policy("constant", {"bid": bid}) for bid in (4, 2))
    explorer = Explorer(split, {"flat": flat, "low": low}, click_value_cpm=3000.0)
    widths = {}
    for segment in ("auction_type", "hour of day"):
        rows = explorer.explore("flat", "low", segment, "surplus").segments
        widths[segment] = rows["high"][0] - rows["low"][0]
    assert widths["hour of day"] > widths["auction_type"]


def test_explorer_names_what_is_wrong(explorer: ReplayExplorer, split: Split) -> None:
    before = explorer.result
    for change in ({"policy": "x"}, {"segment": "x"}, {"metric": "x"}, {"baseline": "flat"}):
        with pytest.raises(KitError):
            explorer.set(policy="flat", **change) if "policy" not in change else explorer.set(
                **change
            )
        assert explorer.result is before
    with pytest.raises(DataError, match="at least 2"):
        Explorer(
            kit.AuctionLog(split.tune.frame[["market_price_cpm", "market_price_kind"]]),
            {"one": kit.make_policy("constant", {"bid": 1})},
        )


def test_explorer_menu_keeps_the_last_result(explorer: ReplayExplorer) -> None:
    explorer.set(policy="flat", baseline="low")
    table = explorer.table.value
    explorer.baseline.value = "flat"
    assert "the policy itself" in explorer.message.value
    assert explorer.table.value == table
    explorer.baseline.value = "low"
    assert "alert" not in explorer.message.value


def test_twins_are_complete(explorer: ReplayExplorer) -> None:
    svg, markdown = explorer.twin()
    assert svg.lstrip().startswith("<svg")
    for name in explorer.result.segments["segment"]:
        assert f"| {name} |" in markdown


def test_card(split: Split) -> None:
    models = kit.fit_models(split.train, split.tune, lambda text: None,
                            targets=("click", "market"))  # fmt: skip
    card = ModelCardPanel({"click": models.click, "market": models.market}, split)
    expected = models.click.reliability(split.tune, 10)
    pd.testing.assert_frame_equal(card.checked, expected)
    assert "predicted" in card.set(model="market", bins=4).columns
    assert "percentage points" in card.scores.value
    svg, markdown = card.twin()
    assert svg.lstrip().startswith("<svg")
    assert "| weekday |" in markdown
    before = card.checked
    card.bin_count.value = 99
    assert "bins: got 99; must be a whole number in [2, 50]" in card.message.value
    assert card.checked is before
    with pytest.raises(DataError, match="model: got 'x'"):
        card.set(model="x")
    with pytest.raises(DataError, match="models: got none"):
        ModelCardPanel({}, split)


def test_drift_finds_what_moved(split: Split, rng: np.random.Generator) -> None:
    frame = split.train.frame
    moved = frame.assign(
        recency_hours=frame["recency_hours"] * 3.0,
        device=frame["device"].where(rng.random(len(frame)) < 0.97),
    )
    after = kit.AuctionLog(moved, split.train.meta)
    found = drift(split.train, after).set_index("feature")
    assert found.loc["recency_hours", "reading"] == "moved"
    assert found.loc["country", "psi"] == pytest.approx(0.0, abs=1e-12)
    assert 0.0 < found.loc["device", "psi"] < 0.25
    assert found.loc["device", "missing_after"] == pytest.approx(0.03, abs=0.01)
    with pytest.raises(DataError, match="after: has no rows"):
        drift(split.train, split.train.rows(slice(0, 0)))
