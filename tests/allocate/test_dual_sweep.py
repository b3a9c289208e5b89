"""One pass over the pairs: slope and curvature against finite differences, the limit of room."""

from __future__ import annotations

import numpy as np
import pytest

from kit.allocate.linear.smoothing import Bend, Pairs


def drawn(seed: int, rows: int = 400, demands: int = 6, room: int = 4_000_000) -> Pairs:
    rng = np.random.default_rng([8, seed])
    eligible = np.argwhere(rng.random((rows, demands)) < 0.6)
    start = np.searchsorted(eligible[:, 0], np.arange(rows + 1)).astype(np.int64)
    size = len(eligible)
    return Pairs(
        start, eligible[:, 1].astype(np.int32), rng.lognormal(0, 1, size) - 0.3,
        rng.lognormal(0, 0.5, size), rng.lognormal(0, 1, rows), np.full(demands, 50.0), room=room,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("is_centred", [False, True])
def test_slope_and_curvature(seed: int, is_centred: bool) -> None:
    pairs = drawn(seed)
    rng = np.random.default_rng(seed)
    if is_centred:
        pairs.centre = rng.random(len(pairs.value)) / 6
    prices, step = rng.random(6), 1e-6
    here = pairs.sweep(prices, 0.5)
    for d in range(6):
        ahead, behind = prices.copy(), prices.copy()
        ahead[d] += step
        behind[d] -= step
        far, near = pairs.sweep(ahead, 0.5), pairs.sweep(behind, 0.5)
        assert (far.smooth - near.smooth) / (2 * step) == pytest.approx(-here.spend[d], rel=1e-5)
        column = here.bend.product(np.eye(6)[d])
        assert -(far.spend - near.spend) / (2 * step) == pytest.approx(column, rel=2e-2, abs=0.5)
        assert here.bend.diagonal(6)[d] == pytest.approx(column[d])


def test_the_smoothed_dual_nears_the_dual_from_below() -> None:
    pairs, prices = drawn(5), np.full(6, 0.4)
    sums = [pairs.sweep(prices, gamma) for gamma in (1.0, 0.1, 0.01, 1e-6)]
    smooth = [one.smooth for one in sums]
    assert smooth == sorted(smooth)
    assert len({one.dual for one in sums}) == 1
    assert smooth[-1] == pytest.approx(sums[0].dual, rel=1e-5)
    assert smooth[-1] <= sums[0].dual


def test_too_little_room_thins_the_curvature_and_nothing_else() -> None:
    whole, thin = drawn(6, rows=3000), drawn(6, rows=3000, room=2000)
    prices = np.full(6, 0.4)
    a, b = whole.sweep(prices, 0.5), thin.sweep(prices, 0.5)
    assert (a.dual, a.smooth, a.value) == (b.dual, b.smooth, b.value)
    assert np.array_equal(a.spend, b.spend)
    assert len(b.bend.demand) <= 2000 < len(a.bend.demand)
    assert b.bend.diagonal(6) == pytest.approx(a.bend.diagonal(6), rel=0.3)


def test_parts_of_the_curvature_join() -> None:
    one, two = drawn(1).sweep(np.full(6, 0.3), 0.5).bend, drawn(2).sweep(np.full(6, 0.3), 0.5).bend
    vector = np.arange(6.0)
    joined = Bend.joined([one, two])
    assert joined.product(vector) == pytest.approx(one.product(vector) + two.product(vector))
