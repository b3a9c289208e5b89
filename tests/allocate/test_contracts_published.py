"""Publishers of Balseiro et al. 2014: the README's figures, and the bar on held-out draws.

Held out: the 100,000 draws of publisher 1 are shuffled once; half tune (prices, metric, the plain
descent's step), the other half is served in 10 permutations. The bound is that of the very draws
that are served, in hindsight.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kit.allocate.contracts.offline import offline_bound
from kit.allocate.contracts.online import serve_contracts
from kit.allocate.contracts.prices import ContractPrices
from kit.allocate.contracts.problem import ContractProblem
from kit.allocate.contracts.publishers import read_draws, read_publisher

SEED = 20_261_125


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "adx"


@pytest.fixture(scope="module")
def halves(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    draws = read_draws(folder / "pub1-sample.txt")
    draws = draws[np.random.default_rng(SEED).permutation(len(draws))]
    return draws[:50_000], draws[50_000:]


def ratios(
    problem: ContractProblem, tune: np.ndarray, test: np.ndarray, warm: bool
) -> tuple[np.ndarray, float]:
    """Return the yield over the bound by permutation, and the worst share not delivered."""
    bound = offline_bound(problem, test)
    known = ContractPrices.fit(problem, tune) if warm else None
    runs = []
    for seed in range(10 if warm else 4):
        rng = np.random.default_rng([SEED, seed])
        runs.append(serve_contracts(problem, rng.permutation(test), rng, known))
    owed = np.maximum(runs[0].owed, 100.0)
    short = max(float((run.short / owed).max()) for run in runs)
    return np.array([run.value for run in runs]) / bound.value, short


@pytest.mark.parametrize("exchange", [False, True])
@pytest.mark.parametrize("warm", [False, True])
def test_online_reaches_the_bar_on_held_out_draws(
    folder: Path, halves: tuple[np.ndarray, np.ndarray], exchange: bool, warm: bool
) -> None:
    problem = read_publisher(folder, "pub1").problem(exchange=exchange, make_good=2.0)
    ratio, short = ratios(problem, *halves, warm)
    assert ratio.mean() >= 0.99  # asked for: 0.98
    assert ratio.max() <= 1.0 + 0.003 * exchange  # sales are drawn: the bound is on the mean
    assert short <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("exchange", [False, True])
def test_it_holds_on_a_crowded_publisher_too(folder: Path, exchange: bool) -> None:
    publisher = read_publisher(folder, "pub2")
    draws = publisher.types.draw(60_000, np.random.default_rng([SEED, 2]))
    problem = publisher.problem(exchange=exchange, make_good=2.0)
    ratio, short = ratios(problem, draws[:30_000], draws[30_000:], True)
    assert ratio.mean() >= 0.98
    assert short <= 0.05


@pytest.mark.slow
def test_a_cold_start_learns_within_a_thousand_impressions(folder: Path) -> None:
    publisher = read_publisher(folder, "pub2")
    problem, got = publisher.problem(exchange=False, make_good=2.0), []
    for seed in range(5):
        rng = np.random.default_rng([SEED, 3, seed])
        draws = publisher.types.draw(1_000, rng)
        got.append(
            serve_contracts(problem, draws, rng).value
            / offline_bound(problem, draws, gap=1e-4).value
        )
    assert np.mean(got) >= 0.9


@pytest.mark.parametrize(
    ("name", "owed", "mean", "best", "share"),
    [("pub1", 0.21, 582, 622, 0.68), ("pub2", 0.89, 47, 448, 1.0)],
)
def test_the_figures_of_the_readme(
    folder: Path, name: str, owed: float, mean: float, best: float, share: float
) -> None:
    publisher = read_publisher(folder, name)
    assert publisher.rho.sum() == pytest.approx(owed, abs=0.005)
    # the README's "Mean EQ": quality if each contract got random impressions of its own
    assert publisher.rho @ publisher.types.mean_quality() == pytest.approx(mean, abs=0.6)
    assert publisher.curve.corner_revenue[0] == pytest.approx(best, abs=0.5)
    assert publisher.curve.corner_prob[0] == pytest.approx(share, abs=0.005)


def test_the_draws_come_from_the_types(folder: Path) -> None:
    types = read_publisher(folder, "pub1").types
    draws = read_draws(folder / "pub1-sample.txt")
    again = types.draw(100_000, np.random.default_rng(1))
    for sample in (draws, again):
        np.testing.assert_allclose(np.nanmean(sample, axis=0), types.mean_quality(), rtol=0.02)
    seen = [(~np.isnan(sample)).mean(axis=0) for sample in (draws, again)]
    np.testing.assert_allclose(*seen, atol=0.004)


@pytest.mark.slow
def test_no_weight_gives_both_opt_figures(folder: Path) -> None:
    """The `opt` files are no yield on a scale common to both publishers: shown, not assumed."""
    opt = [float((folder / f"{name}-opt.txt").read_text()) for name in ("pub1", "pub2")]
    assert opt[1] / opt[0] == pytest.approx(3.0304, abs=1e-4)
    both = [read_publisher(folder, name) for name in ("pub1", "pub2")]
    draws = [one.types.draw(20_000, np.random.default_rng(SEED)) for one in both]
    for weight in (0.0, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0):
        for exchange in (False, True):
            first, second = (
                offline_bound(one.problem(weight, exchange), some, gap=1e-5).value
                for one, some in zip(both, draws, strict=True)
            )
            # per impression, and over the impressions of the week (README): far below 3.03
            assert second <= first
            assert second * 2_100_000 <= 1.1 * first * 1_500_000
