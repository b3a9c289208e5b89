"""The limit on lost fill: exact beside brute force and a mixed-integer solver."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from kit.allocate.floors.fill_limit import choose_points
from kit.base.envelope import rising_envelope
from kit.base.errors import DataError


def instance(rng: np.random.Generator, segments: int, points: int, step: float):
    lost = np.sort(rng.random((segments, points)), axis=1)
    lost[:, 0] = 0.0
    revenue = rng.random((segments, points))
    if step:  # ties and equal slopes
        lost, revenue = np.round(lost / step) * step, np.round(revenue / step) * step
    return revenue, lost


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), segments=st.integers(1, 5), points=st.integers(1, 5),
    share=st.floats(0, 1), step=st.sampled_from([0.0, 0.25]),
)  # fmt: skip
def test_it_is_the_best_of_all_choices(seed, segments, points, share, step) -> None:
    revenue, lost = instance(np.random.default_rng(seed), segments, points, step)
    limit = share * segments * 0.6
    choice = choose_points(revenue, lost, limit)
    rows = np.arange(segments)
    every = np.array(list(itertools.product(range(points), repeat=segments)))
    earns, loses = revenue[rows, every].sum(axis=1), lost[rows, every].sum(axis=1)
    best = earns[loses <= limit + 1e-12].max()
    assert choice.revenue == pytest.approx(best, abs=1e-9)
    assert choice.bound == pytest.approx(best, abs=1e-9)
    assert choice.lost <= limit + 1e-9
    assert choice.revenue == pytest.approx(revenue[rows, choice.point].sum())


@pytest.mark.parametrize("seed", range(4))
def test_it_is_what_a_solver_finds(seed: int) -> None:
    rng = np.random.default_rng([8, seed])
    revenue, lost = instance(rng, 25, 20, 0.0)
    limit = 1.5
    pick = np.kron(np.eye(25), np.ones(20))
    solved = milp(
        -revenue.ravel(), integrality=np.ones(500), bounds=Bounds(0, 1),
        constraints=[LinearConstraint(pick, 1, 1), LinearConstraint(lost.ravel()[None], 0, limit)],
        options={"mip_rel_gap": 0.0},
    )  # fmt: skip
    choice = choose_points(revenue, lost, limit)
    assert choice.revenue == pytest.approx(-solved.fun, rel=1e-7)
    assert choice.fill_price > 0


def test_without_a_limit_each_segment_takes_its_best() -> None:
    revenue, lost = instance(np.random.default_rng(1), 30, 10, 0.0)
    choice = choose_points(revenue, lost)
    assert choice.revenue == pytest.approx(revenue.max(axis=1).sum())
    assert choice.fill_price == 0.0


def test_the_price_of_fill_is_what_more_of_it_earns() -> None:
    revenue, lost = instance(np.random.default_rng(2), 400, 30, 0.0)
    low, high = (choose_points(revenue, lost, limit) for limit in (3.0, 3.2))
    slope = (high.revenue - low.revenue) / 0.2
    assert high.fill_price <= slope + 1e-6 or slope == pytest.approx(high.fill_price, rel=0.05)
    assert slope == pytest.approx((low.fill_price + high.fill_price) / 2, rel=0.1)


def test_an_envelope_rises_and_bends_down() -> None:
    rng = np.random.default_rng(3)
    lost, revenue = np.sort(rng.random(200)), rng.random(200)
    hull = rising_envelope(lost, revenue)
    slopes = np.diff(revenue[hull]) / np.diff(lost[hull])
    assert (slopes > 0).all()
    assert (np.diff(slopes) < 0).all()
    assert revenue[hull[-1]] == revenue.max()


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(DataError, match=r"max_lost_fill: got -0\.1"):
        choose_points(np.array([[0.0, 1.0]]), np.array([[0.0, 0.5]]), -0.1)
