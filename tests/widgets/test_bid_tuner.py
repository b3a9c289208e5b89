"""The tuner from Python: state in, state out; the screen itself is tests/browser's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import kit
from kit.base.assets import asset_dir
from kit.base.errors import DataError, KitError, PolicyError
from kit.bid.policy import BidPolicy
from kit.data.samples import AUCTIONS
from kit.data.split import Split
from kit.replay.run import replay
from kit.replay.tuning import Setting
from kit.widgets.bid_tuner import BidTuner


@pytest.fixture(scope="module")
def split() -> Split:
    log = kit.load_log(asset_dir("data_samples") / AUCTIONS)
    return kit.time_split(log.rows(slice(0, None, 5)))


@pytest.fixture
def tuner(split: Split) -> BidTuner:
    policies = {name: kit.make_policy("constant", {"bid": bid}) for name, bid in
                (("flat", 4), ("low", 2))}  # fmt: skip
    return BidTuner(split, policies, click_value_cpm=3000.0)


def test_the_numbers_are_those_of_a_replay(tuner: BidTuner, split: Split) -> None:
    view = tuner.set(multiplier=0.7071, exchange={"aurora": 2.0}, first_price=0.5, budget=900.0)
    result = replay(split.tune, tuner.policy(), click_value_cpm=3000.0, budget=900.0)
    assert view.summary["spend"] == result.cost
    assert view.summary["impressions"] == result.impressions
    assert view.summary["surplus"] == pytest.approx(result.surplus)
    assert tuner.multiplier.value == -8  # the sliders follow
    assert tuner.budget.value == "0.9"


def test_it_holds_no_row_but_the_tune_split(tuner: BidTuner, split: Split) -> None:
    assert tuner.tuning.log is split.tune
    held = [value for value in vars(tuner.tuning).values() if value is split.holdout]
    assert held == []
    assert "Tune split only" in tuner.about


def test_sliders_and_state_agree(tuner: BidTuner) -> None:
    tuner.multiplier.value = 16
    tuner.exchange["dione"].value = -16
    assert tuner.setting.multiplier == 2.0
    assert tuner.setting.exchange["dione"] == 0.5
    tuner.policy_choice.value = "low"
    assert tuner.policy_name == "low"
    assert "1,2" not in tuner.message.value


def test_a_bad_input_keeps_the_last_result(tuner: BidTuner) -> None:
    before, numbers = tuner.setting, tuner.figures.numbers.value
    tuner.budget.value = "much"
    assert "budget: got &#x27;much&#x27;; must be a number of USD" in tuner.message.value
    assert "last good result" in tuner.message.value
    assert (tuner.setting, tuner.figures.numbers.value) == (before, numbers)
    tuner.budget.value = "1,000"
    assert tuner.setting.budget == 1_000_000.0
    assert "alert" not in tuner.message.value


@pytest.mark.parametrize(
    "change", [{"multiplier": 99.0}, {"exchange": {"nowhere": 1.0}}, {"policy": "none"},
               {"budget": -1.0}],
)  # fmt: skip
def test_python_is_refused_too(tuner: BidTuner, change: dict[str, object]) -> None:
    before = tuner.setting
    with pytest.raises(KitError):
        tuner.set(**change)
    assert tuner.setting == before


def test_pins_code_and_json(tuner: BidTuner, tmp_path: Path) -> None:
    for multiplier in (0.5, 0.7071, 1.0, 1.414, 2.0):
        tuner.set(multiplier=multiplier)
        tuner.pin()
    tuner.pin()
    names = [pin.name for pin in tuner.pins]
    assert names == ["Pin 3", "Pin 4", "Pin 5", "Pin 6"]  # the oldest made room
    assert tuner.figures.numbers.value.count('<th scope="col">Pin') == 4
    tuner.clear_pins()
    assert "Pin" not in tuner.figures.numbers.value
    scope = {"base": kit.make_policy("constant", {"bid": 4}), "log": tuner.tuning.log}
    exec(compile(tuner.to_code(), "code", "exec"), scope)
    assert scope["result"].cost == tuner.view.summary["spend"]  # type: ignore[attr-defined]
    saved = json.loads(tuner.to_json(tmp_path / "tuner.json"))
    assert saved == json.loads((tmp_path / "tuner.json").read_text())
    assert saved["split"] == "tune"
    assert saved["setting"]["multiplier"] == 2.0


def test_the_twin_says_the_same(tuner: BidTuner) -> None:
    tuner.set(multiplier=0.5)
    svg, markdown = tuner.twin()
    assert svg.lstrip().startswith("<svg")
    spend = kit.USD_CPM.money(tuner.view.summary["spend"])
    assert f"| Spend | {spend:,.2f} USD |" in markdown
    assert "\N{MULTIPLICATION SIGN}0.5" in markdown


def test_the_line_is_sent_only_when_it_changed(tuner: BidTuner) -> None:
    line = tuner.figures.glue.lines
    tuner.set(multiplier=2.0)
    assert tuner.figures.glue.lines is line
    tuner.set(exchange={"aurora": 2.0})
    assert tuner.figures.glue.lines is not line


def test_a_log_without_predictions_gets_a_flat_bid(split: Split) -> None:
    rows = split.tune.frame[["exchange", "market_price_cpm", "market_price_kind", "click"]]
    tuner = BidTuner(kit.AuctionLog(rows), click_value_cpm=2000.0)
    assert list(tuner.tuning.policies) == ["constant"]
    assert tuner.tuning.baseline_name == "constant"
    assert np.isfinite(tuner.set(multiplier=2.0).summary["surplus"])


def test_no_rows_are_refused(split: Split) -> None:
    with pytest.raises(DataError, match="tune: has no rows"):
        BidTuner(split.tune.rows(slice(0, 0)))


def test_a_setting_to_begin_with(split: Split) -> None:
    flat = {"flat": kit.make_policy("constant", {"bid": 4})}
    tuner = BidTuner(split, flat, setting=Setting(0.5, budget=100.0), click_value_cpm=1.0)
    assert tuner.multiplier.value == -16
    assert tuner.budget.value == "0.1"


def test_each_win_rate_point_lies_on_its_curve(tuner: BidTuner) -> None:
    """Also where shading moves the bids of an exchange in which winners pay their bid."""
    tuner.set(multiplier=0.7071, first_price=0.5)
    table = tuner.tuning.table("flat")
    curves = table.win_rates()
    for point in tuner.figures.glue.points:
        if point["axes"] == "2" and point["label"] in curves:
            place = int(np.flatnonzero(table.multipliers == point["x"])[0])
            assert point["y"] == pytest.approx(100 * curves[point["label"]][place])


def test_what_is_shown_is_frozen_for_the_vault(tuner: BidTuner, split: Split) -> None:
    tuner.set(multiplier=0.7, first_price=0.5, exchange={"aurora": 1.5}, budget=2000.0)
    variant = tuner.variant("tuned")
    request = split.tune.request
    policy = variant.bids(split.tune)
    assert isinstance(policy, BidPolicy)
    bids = policy.bid(request, np.random.default_rng(0))
    assert np.array_equal(bids, tuner.policy().bid(request, np.random.default_rng(0)))
    assert variant.spec.proposer == "human, bid tuner"
    assert variant.spec.policy.elsewhere == tuner.setting.multiplier
    assert tuner.setting.budget is not None
    assert tuner.budget_per_1000 == 1000 * tuner.setting.budget / len(split.tune)


def test_a_policy_of_ones_own_is_no_variant(split: Split) -> None:
    class Own:
        name = "own"

        def bid(self, request: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.float64]:
            return np.full(len(request), 2.0)

    tuner = BidTuner(split, {"own": Own()}, click_value_cpm=3000.0)
    with pytest.raises(PolicyError, match="policy: got Own; must be one that ships"):
        tuner.variant("mine")
