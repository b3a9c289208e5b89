"""The interval covers; the percentile bootstrap over 7 days, beside it, does not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest, t

from kit.base.errors import DataError
from kit.validate.bootstrap import block_se, studentised
from tests.benchmarks.intervals import (
    CLICK_VALUE,
    RUNS,
    Draw,
    auctions,
    covers,
    fit,
    heavy_tails,
    percentile_interval,
    rare_clicks,
    skewed,
)


def rare_wins(rng: np.random.Generator, blocks: int) -> tuple[NDArray[np.float64], ...]:
    """The policy wins twice the clicks of the baseline: a true difference of 0.001 an auction."""
    sizes = auctions(rng, blocks)
    extra = rng.poisson(sizes * 0.002) - rng.poisson(sizes * 0.001)
    return extra * CLICK_VALUE, sizes


def not_excluded(hits: int, rate: float) -> bool:
    interval = binomtest(hits, RUNS).proportion_ci(0.95, method="exact")
    return bool(interval.low <= rate <= interval.high)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("draw", "blocks"), [(heavy_tails, 24), (heavy_tails, 40), (rare_clicks, 24)]
)
def test_95_percent_is_not_excluded_in_1500_runs(draw: Draw, blocks: int) -> None:
    inside, width, ideal = covers(draw, blocks, seed=11)
    # Too much coverage costs width, not honesty; the width stands beside that of a known error.
    assert not_excluded(inside, 0.95) or inside / RUNS > 0.95, inside / RUNS
    assert inside / RUNS < 0.98
    assert width < 1.3 * ideal


@pytest.mark.slow
def test_one_sided_skewness_costs_one_percent_at_most() -> None:
    """The hard case, stated: 94 % with 40 blocks whose differences have skewness 1.75."""
    inside, width, ideal = covers(skewed, 40, seed=11)
    assert not_excluded(inside, 0.94), inside / RUNS
    assert width < 1.3 * ideal


@pytest.mark.slow
def test_a_percentile_bootstrap_over_7_blocks_undercovers_far_more() -> None:
    rng = np.random.default_rng(12)
    percentile = ours = 0
    for _ in range(RUNS):
        differences, sizes = skewed(rng, 7)
        low, high = percentile_interval(differences, sizes, rng)
        percentile += low <= 0 <= high
        result = fit(differences[:, None], sizes, rng)
        ours += abs(result.total[0]) <= result.critical[0] * result.se[0]
    assert 0.80 < percentile / RUNS < 0.88  # about 84 %
    # Seven skewed blocks are few even for this one (93 %): `compare` asks for 8 at least.
    assert 0.92 < ours / RUNS < 0.96


@pytest.mark.slow
def test_power_stands_beside_coverage() -> None:
    rng = np.random.default_rng(13)
    found, truth_inside = 0, 0
    for _ in range(RUNS):
        differences, sizes = rare_wins(rng, 40)
        result = fit(differences[:, None], sizes, rng)
        half = result.critical[0] * result.se[0]
        found += result.total[0] > half
        truth_inside += abs(result.total[0] - 0.001 * CLICK_VALUE * sizes.sum()) <= half
    assert not_excluded(truth_inside, 0.95), truth_inside / RUNS
    # The normal approximation gives 94 %: mean 0.001 M against sd sqrt(0.003 M), M = 40,000.
    assert found / RUNS > 0.90


@pytest.mark.slow
def test_simultaneous_intervals_cover_three_metrics_together() -> None:
    rng = np.random.default_rng(14)
    together = alone = 0
    critical = []
    for _ in range(RUNS):
        sizes = auctions(rng, 30)
        differences = rng.standard_t(5, size=(30, 3)) * np.sqrt(sizes)[:, None]
        result = fit(differences, sizes, rng)
        distance = np.abs(result.total) / result.se
        critical.append(result.simultaneous)
        together += (distance <= result.simultaneous).all()
        alone += (distance <= result.critical).all()
    assert not_excluded(together, 0.95) or together / RUNS > 0.95, together / RUNS
    assert alone / RUNS < 0.90  # three separate intervals fail together far more often
    assert np.median(critical) < 1.08 * t.ppf(1 - 0.05 / 6, 29)  # Bonferroni with normal data


def test_normal_differences_give_nearly_the_t_quantile() -> None:
    rng = np.random.default_rng(15)
    differences = rng.normal(size=(200, 1))
    result = studentised(differences, np.ones(200), level=0.95, resamples=20_000, rng=rng)
    assert result.critical[0] == pytest.approx(1.97, abs=0.06)
    assert result.se[0] == pytest.approx(np.sqrt(200) * differences.std(ddof=1))


def test_more_policies_widen_only_the_simultaneous_interval() -> None:
    differences = np.random.default_rng(16).normal(size=(30, 2))
    one, ten = (
        studentised(
            differences, np.ones(30), level=0.95, resamples=4000,
            rng=np.random.default_rng(1), policies=policies,
        )
        for policies in (1, 10)
    )  # fmt: skip
    assert ten.simultaneous > one.simultaneous
    np.testing.assert_array_equal(ten.critical, one.critical)


def test_batches_give_the_same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    differences = np.random.default_rng(17).normal(size=(30, 2))
    whole = fit(differences, np.ones(30), np.random.default_rng(2))
    monkeypatch.setattr("kit.validate.bootstrap._CELLS", 3000)
    parts = fit(differences, np.ones(30), np.random.default_rng(2))
    assert parts.simultaneous == pytest.approx(whole.simultaneous)


def test_the_scale_of_the_money_does_not_matter() -> None:
    differences = np.random.default_rng(18).normal(1.0, 1.0, size=(30, 1))
    small, large = (
        fit(differences * scale, np.ones(30), np.random.default_rng(3)) for scale in (1e-9, 1e12)
    )
    assert small.critical[0] == pytest.approx(large.critical[0])


def test_differences_in_step_with_size_have_no_error() -> None:
    sizes = np.array([100.0, 250.0, 333.0, 700.0])
    assert block_se(sizes[:, None] * 0.1, sizes) == [0.0]


def test_a_difference_in_one_block_of_many_has_no_finite_interval() -> None:
    differences = np.zeros((30, 1))
    differences[3] = 5.0
    result = fit(differences, np.ones(30), np.random.default_rng(4))
    assert np.isinf(result.critical[0])


def test_one_block_and_too_few_resamples_are_refused() -> None:
    rng = np.random.default_rng(5)
    with pytest.raises(DataError, match="blocks: got 1; must be >= 2"):
        studentised(np.ones((1, 1)), np.ones(1), level=0.95, resamples=500, rng=rng)
    with pytest.raises(DataError, match=r"resamples: got 500; must be >= 2000"):
        studentised(
            np.ones((9, 1)), np.ones(9), level=0.95, resamples=500, rng=rng, policies=100
        )  # fmt: skip
