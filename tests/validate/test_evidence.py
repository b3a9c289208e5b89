"""The block test of a look: what it caps, what it refuses, and its level far in the tail."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm
from scipy.stats import t as student

from kit.base.errors import DataError
from kit.validate.evidence import (
    EVENTS,
    MIN_BLOCKS,
    CappedUnits,
    block_units,
    scores,
    unfit,
    winsor_cap,
    z_score,
)
from kit.validate.paired import PairedUnits

Floats = NDArray[np.float64]


def units_of(difference: Floats, sizes: Floats | None = None) -> PairedUnits:
    column = np.asarray(difference, dtype=np.float64)[:, None]
    auctions = np.full(len(column), 100.0) if sizes is None else sizes
    return PairedUnits(column, np.zeros_like(column), auctions)


def capped_weight(difference: Floats, cap: float) -> float:
    return float((np.minimum(np.abs(difference), cap) ** 2).sum() / cap**2)


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("tail", [1.2, 3.0])
def test_the_cap_is_the_largest_that_leaves_thirty_auctions_of_its_size(
    scale: float, tail: float, rng: np.random.Generator
) -> None:
    difference = rng.standard_t(tail, 4_000) * (rng.random(4_000) < 0.2)
    cap = winsor_cap(difference, scale)
    exact = brentq(
        lambda c: scale * capped_weight(difference, c) - EVENTS, 1e-9, 1e9, xtol=1e-12, maxiter=500
    )
    assert cap == pytest.approx(exact, rel=1e-6)


def test_where_too_few_auctions_differ_the_cap_is_zero_and_nothing_can_be_shown() -> None:
    difference = np.zeros(1_000)
    difference[: EVENTS - 1] = np.linspace(1.0, 50.0, EVENTS - 1)
    assert winsor_cap(difference) == 0.0
    assert winsor_cap(difference, scale=2.0) > 0.0  # a holdout of twice the size has enough
    assert winsor_cap(np.zeros(0)) == 0.0
    units = block_units(difference, np.repeat(np.arange(10), 100), 10)
    assert "differ in 0 time blocks" in unfit(units)[0]
    assert z_score(units) == -math.inf


def test_ties_at_the_least_count_are_not_cut() -> None:
    assert winsor_cap(np.repeat([0.0, 2.0], [500, EVENTS])) == pytest.approx(2.0)


def test_block_units_add_up_capped_differences_and_keep_the_plain_total(
    rng: np.random.Generator,
) -> None:
    difference, codes = rng.standard_t(2, 5_000), np.sort(rng.integers(0, 12, 5_000))
    codes[codes == 5] = 6  # a block without auctions is left out
    units = block_units(difference, codes, 12, cap=2.0)
    held = np.clip(difference, -2.0, 2.0)
    expected = [held[codes == code].sum() for code in np.unique(codes)]
    np.testing.assert_allclose(units.difference[:, 0], expected)
    np.testing.assert_array_equal(units.auctions, np.unique(codes, return_counts=True)[1])
    assert units.plain == pytest.approx(difference.sum())
    assert units.third == pytest.approx(((held - held.mean()) ** 3).sum())


def test_what_does_not_fit_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="codes: got 2 for 3 differences"):
        block_units(np.ones(3), np.array([0, 1]), 2, 1.0)
    with pytest.raises(DataError, match=r"codes: 1 not allowed value.*in \[0, 1\]"):
        block_units(np.ones(3), np.array([0, 1, 2]), 2, 1.0)
    with pytest.raises(DataError, match="difference: 1 missing or infinite value"):
        winsor_cap([1.0, np.nan])
    with pytest.raises(DataError, match="cap: got -1"):
        block_units(np.ones(3), np.array([0, 1, 1]), 2, -1.0)


@pytest.mark.parametrize(
    ("difference", "reason"),
    [
        (np.arange(MIN_BLOCKS - 1.0), "There are 7 time blocks"),
        (np.r_[np.zeros(10), np.ones(7)], "differ in 7 time blocks"),
        (np.full(12, 0.1), "same difference"),
        (np.r_[np.ones(11), np.nan], "no finite number"),
    ],
)
def test_units_that_support_no_score_say_why_and_show_nothing(
    difference: Floats, reason: str
) -> None:
    assert reason in unfit(units_of(difference))[0]
    assert z_score(units_of(difference)) == -math.inf


def test_it_is_never_more_than_students_score_and_near_it_where_neighbours_say_nothing(
    rng: np.random.Generator,
) -> None:
    lost = []
    for _ in range(200):
        difference = rng.normal(0.5, 1.0, 40)
        plain = difference.mean() * math.sqrt(40) / difference.std(ddof=1)
        z = z_score(units_of(difference), before=units_of(rng.normal(0.5, 1.0, 40)))
        if z > -math.inf:
            lost.append(norm.isf(student.sf(plain, 39)) - z)
    assert min(lost) >= -1e-9
    assert np.median(lost) < 0.15


def test_neighbours_that_move_together_weaken_the_evidence() -> None:
    steady = np.tile([3.0, -1.0], 20)
    drifting = np.repeat(np.tile([3.0, -1.0], 4), 5)
    assert steady.sum() == drifting.sum()
    assert z_score(units_of(drifting)) < 0.75 * z_score(units_of(steady))
    alone = z_score(units_of(steady[::-1]))
    assert z_score(units_of(steady), before=units_of(drifting)) < alone


def test_skewness_to_the_left_weakens_the_evidence_and_to_the_right_adds_none(
    rng: np.random.Generator,
) -> None:
    units = units_of(rng.normal(0.5, 1.0, 30))
    plain = z_score(units)
    error = units.difference.std(ddof=1) * math.sqrt(30)
    for sign, ordered in ((-0.15, np.less), (0.15, np.equal)):
        skewed = CappedUnits(
            units.policy, units.baseline, units.auctions, sign * float(error) ** 3, 1.0
        )
        assert ordered(z_score(skewed), plain)


def test_a_gain_that_only_the_cap_makes_is_not_shown() -> None:
    codes = np.repeat(np.arange(20), 50)
    difference = np.tile([0.9, 1.1], 500)
    difference[::100] = -500.0
    units = block_units(difference, codes, 20, cap=2.0)
    assert units.difference.sum() > 0 > units.plain
    assert z_score(units) == -math.inf


def test_a_margin_is_what_may_be_lost_in_proportion_to_the_auctions(
    rng: np.random.Generator,
) -> None:
    sizes = rng.integers(50, 500, 40).astype(float)
    difference = rng.normal(0.0, 20.0, 40) - 0.1 * sizes
    lost = 0.1 * sizes.sum()
    assert z_score(units_of(difference, sizes)) == -math.inf
    shifted = z_score(units_of(difference + 0.2 * sizes, sizes))
    assert z_score(units_of(difference, sizes), margin=2 * lost) == pytest.approx(shifted)


def test_far_in_the_tail_it_stays_finite_and_keeps_its_order() -> None:
    noise = np.tile([1.0, -1.0], 20)
    z = [z_score(units_of(noise + gain)) for gain in (1.0, 10.0, 1e3, 1e6)]
    assert all(math.isfinite(value) for value in z)
    assert z == sorted(z)


def test_many_rows_at_once_are_the_same_as_one_by_one(rng: np.random.Generator) -> None:
    sizes = rng.integers(50, 500, 16).astype(float)
    rows, earlier = rng.normal(1.0, 1.0, (2, 5, 16))
    together = scores(rows, sizes, np.full(5, -2.0), 0.3, (earlier, sizes))
    for row, before, z in zip(rows, earlier, together, strict=True):
        column = row[:, None]
        units = CappedUnits(column, np.zeros_like(column), sizes, -2.0, float(row.sum()))
        assert z_score(units, 0.3, units_of(before, sizes)) == pytest.approx(z)
