"""Looks at one holdout, simulated: the smaller version of ``bench_rule.py``."""

from __future__ import annotations

from scipy.stats import binomtest

from tests.benchmarks.looks import (
    any_after_a_release,
    any_by_greedy,
    any_by_paired_t,
    any_by_schedule,
    any_by_summing,
    finds,
    null_statistics,
)

SEEDS = 400


def is_within(count: int, seeds: int, level: float) -> bool:
    """Whether the exact interval of a rate reaches down to a level."""
    return bool(binomtest(count, seeds).proportion_ci(0.95, method="exact").low <= level)


def test_fifty_that_change_nothing_are_rarely_accepted() -> None:
    statistics = null_statistics(SEEDS, 14, 7)
    held = any_by_schedule(statistics, 14)
    assert is_within(held, SEEDS, 0.05)
    assert held > 0  # a rule that never accepts would pass as well
    assert any_by_greedy(statistics) == SEEDS
    assert any_by_paired_t(statistics, 14) > 0.8 * SEEDS


def test_what_a_released_effect_teaches_is_paid_for() -> None:
    assert is_within(any_after_a_release(20_000, 8), 20_000, 0.05)


def test_a_rule_that_tells_every_effect_is_broken() -> None:
    assert any_by_summing(SEEDS, 9) > 0.95 * SEEDS


def test_a_true_gain_ranked_first_is_found() -> None:
    found = finds(4.0, 2_000, 28, 10)
    assert found["schedule"] > 0.92 * 2_000
    assert found["schedule"] > found["bonferroni"]
