"""The written schedule and its critical values: they add up, and they hold against an attacker."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from kit.base.errors import DataError, HoldoutSpentError
from kit.validate.rule import DOUBTS, Schedule, critical_z


@pytest.mark.parametrize(("total", "looks"), [(0.05, 200), (0.01, 6), (0.2, 60)])
def test_all_looks_over_all_ways_to_have_released_are_within_the_budget(
    total: float, looks: int
) -> None:
    """The union bound of docs/rule.md: every number of earlier yeses, every set, every gate."""
    schedule = Schedule(total, looks)
    spent = sum(
        math.comb(look - 1, releases)
        * math.comb(releases, doubted)
        * DOUBTS**doubted
        * schedule.share(look, releases, doubted)
        for look in range(1, looks + 1)
        for releases in range(min(look, 30))  # 30 releases have 0.1 / 2^30 of a share
        for doubted in range(releases + 1)
    )
    assert 0.98 * total < spent <= total * (1 + 1e-12)


def test_a_spent_budget_says_what_restores_it() -> None:
    with pytest.raises(HoldoutSpentError, match=r"got 201; .* pays for 200 looks.*fresh holdout"):
        Schedule().share(201)


def test_bad_numbers_are_refused_by_name() -> None:
    with pytest.raises(DataError, match="looks: got 5"):
        Schedule(looks=5)
    with pytest.raises(DataError, match="total: got 0"):
        Schedule(total=0.0)
    with pytest.raises(DataError, match="look: got 0"):
        Schedule().share(0)
    with pytest.raises(DataError, match="releases: got 3"):
        Schedule().share(3, releases=3)
    with pytest.raises(DataError, match="doubted: got 2"):
        Schedule().share(3, releases=1, doubted=2)
    with pytest.raises(DataError, match=r"share: got 0\.7"):
        critical_z(0.7)


@pytest.mark.parametrize("share", [0.5, 0.02, 1e-4, 1e-9])
def test_without_releases_it_is_the_normal_tail(share: float) -> None:
    assert critical_z(share) == pytest.approx(norm.isf(share))


@pytest.mark.parametrize("releases", [1, 2, 5])
def test_no_angle_to_the_released_noise_beats_the_critical_value(
    releases: int, rng: np.random.Generator
) -> None:
    """An attacker who knows the released noise and takes the best angle has just the share."""
    share, draws = 0.02, 200_000
    critical = critical_z(share, releases)
    known = np.sqrt((rng.standard_normal((draws, releases)) ** 2).sum(axis=1))
    cosine = np.minimum(known / critical, 1.0)
    score = cosine * known + np.sqrt(1 - cosine**2) * rng.standard_normal(draws)
    won = int((score >= critical).sum())
    low, high = binomtest(won, draws).proportion_ci(0.95, method="exact")
    assert low <= share <= high


def test_power_is_that_of_the_level(rng: np.random.Generator) -> None:
    schedule = Schedule()
    for look in (1, 5, 50, 200):
        critical = critical_z(schedule.share(look))
        seen = (rng.standard_normal(50_000) + 3.0 > critical).mean()
        assert schedule.power(3.0, look) == pytest.approx(seen, abs=0.01)
