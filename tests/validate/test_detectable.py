"""What a look can find, said before it: right on a fresh holdout, and the inverse agrees."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from kit.base.errors import DataError
from kit.validate.compare import compare
from kit.validate.detectable import auctions_needed, detectable_effect
from kit.validate.paired import PairedUnits
from kit.validate.rule import Schedule, critical_z


def units(rng: np.random.Generator, blocks: int, gain: float = 0.0) -> PairedUnits:
    """Unequal days whose difference per auction has mean `gain` and noise by the day's size."""
    sizes = rng.integers(2000, 6000, blocks).astype(float)
    noise = rng.normal(0.0, 30.0, blocks) * np.sqrt(sizes)
    policy = gain * sizes + noise
    return PairedUnits(policy[:, None], np.zeros((blocks, 1)), sizes)


@pytest.mark.parametrize("look", [1, 5])
def test_a_gain_of_that_size_is_shown_four_times_in_five(look: int) -> None:
    """The error is known here: 30 per root auction. A tune split of 40 days estimates it."""
    rng = np.random.default_rng(41)
    critical = critical_z(Schedule().share(look))
    auctions = 200_000
    said = [detectable_effect(units(rng, 40), auctions, critical) for _ in range(2000)]
    shown = rng.normal(np.array(said) / (30 * math.sqrt(auctions)), 1.0) > critical
    # The widening for dependence is up by 6 % in the median of independent days, so a little more.
    assert 0.78 < shown.mean() < 0.90


def test_power_and_level_ask_for_more(rng: np.random.Generator) -> None:
    tune = units(rng, 40)
    plain = detectable_effect(tune, 10_000, 2.0)
    assert detectable_effect(tune, 10_000, 2.0, power=0.95) > plain
    assert detectable_effect(tune, 10_000, 3.0) > plain
    assert detectable_effect(tune, 40_000, 2.0) == pytest.approx(2 * plain)
    assert detectable_effect(tune, 10_000, 2.0, power=0.5) == pytest.approx(
        2.0 * plain / (2.0 + 0.8416), rel=1e-3
    )


def test_comparison_and_its_units_say_the_same(rng: np.random.Generator) -> None:
    found = units(rng, 14)
    base = pd.DataFrame({
        "auctions": found.auctions, "impressions": 900, "clicks": 9,
        "value": 9.0, "spend": 3.0, "surplus": 6.0,
    })  # fmt: skip
    comparison = compare(base.assign(surplus=6.0 + found.policy[:, 0]), base, rng=rng)
    assert detectable_effect(comparison, 9_000, 2.5) == pytest.approx(
        detectable_effect(found, 9_000, 2.5)
    )


def test_needed_auctions_undo_the_detectable_effect(rng: np.random.Generator) -> None:
    tune = units(rng, 40)
    effect = detectable_effect(tune, 123_456, 2.0)
    assert auctions_needed(tune, 1000 * effect / 123_456, 2.0) == pytest.approx(123_456, abs=1)
    assert auctions_needed(tune, 500 * effect / 123_456, 2.0) == pytest.approx(4 * 123_456, abs=2)


def test_one_block_has_no_error_to_scale(rng: np.random.Generator) -> None:
    assert math.isnan(detectable_effect(units(rng, 1), 1000, 2.0))
    with pytest.raises(DataError, match="fewer than 2 blocks"):
        auctions_needed(units(rng, 1), 1.0, 2.0)


@pytest.mark.parametrize("broken", [{"holdout_auctions": 0}, {"power": 0.2}, {"critical_z": -1.0}])
def test_numbers_out_of_range_are_refused(broken: dict, rng: np.random.Generator) -> None:
    with pytest.raises(DataError, match=next(iter(broken))):
        detectable_effect(
            units(rng, 9), **{"holdout_auctions": 10, "critical_z": 2.0, **broken}
        )  # fmt: skip
    with pytest.raises(DataError, match="effect_per_1000"):
        auctions_needed(units(rng, 9), 0.0, 2.0)
