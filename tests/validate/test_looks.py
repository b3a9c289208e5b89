"""Looks at one holdout, simulated: the smaller version of ``bench_rule.py``."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from kit.validate.rule import Schedule, critical_z
from tests.benchmarks import heavy_looks
from tests.benchmarks.heavy_looks import Pool, lost_clicks, pareto_money, rare_gains, rare_losses
from tests.benchmarks.looks import (
    PROPOSALS,
    World,
    additive,
    any_by_combining,
    any_by_greedy,
    any_by_ladder,
    any_by_paired_t,
    any_by_schedule,
    any_by_summing,
    autoregressive,
    finds,
    level_t,
    normal,
    student_three,
    studentised,
    unequal,
)

SEEDS = 400
WORLDS = {
    "normal": normal,
    "student": student_three,
    "unequal": unequal,
    "dependent": autoregressive(0.3),
    "strongly dependent": autoregressive(0.5),
}
AUCTIONS = {
    "losses": (rare_losses, 20),
    "gains": (rare_gains, 20),
    "pareto": (pareto_money, 100),
    "clicks": (lost_clicks, 500),
}


def is_within(count: int, seeds: int, level: float) -> bool:
    """Whether the exact interval of a rate reaches down to a level."""
    return bool(binomtest(count, seeds).proportion_ci(0.95, method="exact").low <= level)


@pytest.mark.parametrize("name", WORLDS)
def test_fifty_that_change_nothing_are_rarely_accepted(name: str) -> None:
    nulls = WORLDS[name](np.random.default_rng(7), SEEDS * PROPOSALS, 28)
    held = any_by_schedule(nulls)
    assert is_within(held, SEEDS, 0.05)
    assert held > 0  # a rule that never accepts would pass as well
    assert any_by_greedy(nulls) == SEEDS
    assert any_by_ladder(nulls) > 0.9 * SEEDS
    assert any_by_paired_t(nulls) > 0.8 * SEEDS


@pytest.mark.parametrize("name", AUCTIONS)
def test_nor_are_they_where_blocks_are_sums_of_heavy_tailed_auctions(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heavy_looks, "POOLED", 500_000)
    nulls = Pool.of(*AUCTIONS[name], seed=8)(np.random.default_rng(8), SEEDS * PROPOSALS, 28)
    held = any_by_schedule(nulls)
    assert is_within(held, SEEDS, 0.05)
    assert held > 0
    assert any_by_paired_t(nulls) > 0.8 * SEEDS


def rates(world: World, blocks: int) -> tuple[list[float], list[float]]:
    """Return how often nulls pass looks 1 and 5 over what was charged: by z, and by Student's t."""
    nulls = world(np.random.default_rng(9), 40_000, blocks)
    shares = [Schedule().share(look) for look in (1, 5)]
    z, plain = nulls.z(), studentised(nulls.after)
    return (
        [float((z > critical_z(share)).mean()) / share for share in shares],
        [float((plain > level_t(share, blocks)).mean()) / share for share in shares],
    )


def test_far_in_the_tail_losses_that_are_rare_do_not_pass_more_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heavy_looks, "POOLED", 500_000)
    ours, student = rates(Pool.of(rare_losses, 20, 10), 28)
    assert 0.3 < ours[0] < 1.05
    assert ours[1] < 1.3
    assert student[0] > 1.2
    assert student[1] > 1.5


def test_far_in_the_tail_dependence_costs_a_plain_t_test_its_level() -> None:
    ours, student = rates(autoregressive(0.3), 28)
    assert 0.5 < ours[0] < 1.3
    assert ours[1] < 2.5
    assert student[0] > 2.5
    assert student[1] > 6


@pytest.mark.parametrize("kept_on_tune", [True, False])
def test_edits_on_top_of_each_other_are_rarely_accepted(kept_on_tune: bool) -> None:
    nulls = additive(np.random.default_rng(11), SEEDS, 28, kept_on_tune=kept_on_tune)
    held = any_by_schedule(nulls, ranked=False)
    assert is_within(held, SEEDS, 0.05)
    assert held > 0
    assert any_by_ladder(nulls) > 0.4 * SEEDS


@pytest.mark.parametrize("released", [0, 1, 4])
def test_what_the_answers_teach_is_paid_for(released: int) -> None:
    assert is_within(any_by_combining(SEEDS, 28, 12, released), SEEDS, 0.05)


def test_a_rule_that_tells_every_effect_is_broken() -> None:
    assert any_by_summing(SEEDS, 9) > 0.95 * SEEDS


def test_a_true_gain_ranked_first_is_found() -> None:
    found = finds(4.0, 2_000, 40, 10)
    assert found["schedule"] > 0.93 * 2_000
    assert found["schedule"] > found["bonferroni"]
