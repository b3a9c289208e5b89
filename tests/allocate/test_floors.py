"""Floors: closed forms, honest splitting, thin segments, unseen segments."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.allocate.floors.auctions import SellerAuctions
from kit.allocate.floors.bid_curves import bid_curves_of
from kit.allocate.floors.curves import GRID_STEP, FloorCurves
from kit.allocate.floors.fit import (
    cross_fit,
    fit_floors,
    fit_single_floor,
    fixed_floor,
    floors_from_curves,
    floors_in_force,
)
from kit.allocate.floors.revenue import settle, soft_floor
from kit.base.errors import DataError, LeakageError

Array = np.ndarray


def second_price(values: Array, labels: pd.DataFrame | None = None) -> SellerAuctions:
    ordered = np.sort(values, axis=1)
    second = ordered[:, -2] if values.shape[1] > 1 else np.zeros(len(values))
    return SellerAuctions.of_arrays(ordered[:, -1], second, labels)


def lognormal_reserve(sigma: float) -> float:
    """Solve r = (1 - F(r)) / f(r) for log values N(0, sigma)."""
    from scipy.optimize import brentq
    from scipy.stats import lognorm

    law = lognorm(sigma)
    return float(brentq(lambda r: r * law.pdf(r) - law.sf(r), 1e-3, 50.0))


@pytest.mark.parametrize("buyers", [1, 2, 4])
@pytest.mark.parametrize(
    ("draw", "reserve"),
    [
        (lambda rng, shape: rng.random(shape) + 1e-12, 0.5),
        (lambda rng, shape: rng.exponential(2.0, shape), 2.0),
        (lambda rng, shape: rng.lognormal(0.0, 0.8, shape), lognormal_reserve(0.8)),
    ],
    ids=["uniform", "exponential", "lognormal"],
)
def test_the_monopoly_reserve_is_recovered(draw, reserve, buyers, rng) -> None:
    """Whatever the number of buyers (Myerson 1981): its revenue within 0.3 % of the optimum."""
    values = draw(rng, (200_000, buyers))
    plan = fit_single_floor(second_price(values))
    floor = float(plan.table["floor_cpm"].iloc[0])
    assert abs(np.log(floor / reserve)) < (0.12 if buyers < 4 else 0.25)
    fresh = second_price(draw(rng, (400_000, buyers)))
    got = plan.judge(fresh).paid_cpm.mean()
    assert got > 0.997 * fixed_floor(reserve).judge(fresh).paid_cpm.mean()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(2, 300),
    segments=st.integers(1, 5),
    limit=st.floats(0.0, 0.5),
    rule=st.sampled_from(["as sold", "first price", "second price", "soft floor"]),
)
def test_properties_of_any_fit(seed, rows, segments, limit, rule) -> None:
    rng = np.random.default_rng(seed)
    values = rng.lognormal(0, 1, (rows, 3)) * (rng.random((rows, 3)) < 0.6)
    labels = pd.DataFrame({"s": rng.integers(0, segments, rows)})
    auctions = second_price(values, labels)
    for curves in bid_curves_of(auctions, rule):
        assert (np.diff(curves.fill, axis=1) <= 1e-12).all()
        assert (curves.lost_fill >= -1e-12).all()
    free, limited = fit_floors(auctions, rule=rule), fit_floors(auctions, rule=rule,
                                                                max_lost_fill=limit)  # fmt: skip
    assert limited.choice.lost <= limit + 1e-9
    assert limited.choice.revenue <= free.choice.revenue + 1e-9
    if rule == "second price":
        alone = fit_floors(auctions, rule=rule, shrink=False)
        none = fixed_floor(0.0, rule).settle(auctions).paid_cpm.sum()
        assert alone.settle(auctions).paid_cpm.sum() >= none - 1e-9


def test_a_fitted_curve_is_what_settling_gives(rng) -> None:
    values = rng.lognormal(0, 0.7, (3000, 4)) * (rng.random((3000, 4)) < 0.5)
    auctions = second_price(values)
    for rule in ("first price", "second price", "soft floor"):
        factor = float(np.exp(20 * GRID_STEP))
        (curve,) = bid_curves_of(auctions, rule, soft_factor=factor)
        for at in (0, 40, 100, 130):
            floor = curve.floor_cpm[0, at]
            done = fixed_floor(floor, rule, factor).settle(auctions)
            assert curve.revenue_cpm[0, at] == pytest.approx(done.paid_cpm.mean(), rel=1e-9)
            assert curve.fill[0, at] == pytest.approx(done.sold.mean())


def test_the_three_rules_by_hand() -> None:
    top, second = np.array([5.0, 3.0, 1.0, 0.0]), np.array([4.0, 1.0, 0.5, 0.0])
    hard, first = np.full(4, 2.0), np.zeros(4, dtype=bool)
    paid = {
        rule: settle(top, second, hard, soft_floor(rule, hard, first, 1.75)).paid_cpm.tolist()
        for rule in ("first price", "second price", "soft floor")
    }
    assert paid == {
        "first price": [5, 3, 0, 0], "second price": [4, 2, 0, 0], "soft floor": [4, 3, 0, 0],
    }  # fmt: skip


def thin_world(rng: np.random.Generator, rows: int) -> SellerAuctions:
    """120 segments of two exchanges whose price levels differ, most with a dozen auctions."""
    segment = rng.choice(120, rows, p=np.r_[[0.2] * 3, np.full(117, 0.4 / 117)])
    level = np.exp(np.random.default_rng(7).normal(0.4 * (np.arange(120) % 2), 0.25))
    shape = rng.lognormal(0, 0.6, (rows, 3)) * np.where(rng.random((rows, 1)) < 0.3, 1.7, 1.0)
    labels = pd.DataFrame({"exchange": segment % 2, "unit": segment})
    return second_price(shape * level[segment][:, None], labels)


def test_shrinkage_pays_where_segments_are_thin() -> None:
    """Over 20 draws, pooled floors earn more on fresh rows than floors that stand alone."""
    gains = []
    for seed in range(20):
        rng = np.random.default_rng([4, seed])
        fit, fresh = thin_world(rng, 4000), thin_world(rng, 40_000)
        earned = [fit_floors(fit, shrink=shrink).judge(fresh).paid_cpm.mean()
                  for shrink in (True, False)]  # fmt: skip
        gains.append(earned[0] / earned[1] - 1)
    mean, error = np.mean(gains), np.std(gains) / np.sqrt(len(gains))
    assert mean - 3 * error > 0.01, (mean, error)


def test_thick_segments_speak_for_themselves(rng) -> None:
    plan = fit_floors(thin_world(rng, 60_000))
    rows = plan.segments
    thick, thin = rows.head(3), rows.tail(60)
    assert (thick["level_weight"] > 0.98).all()
    assert thin["level_weight"].mean() < thick["level_weight"].mean()


def test_fit_and_judgement_share_no_row(rng) -> None:
    auctions = second_price(rng.random((1000, 2)))
    fit, rest = auctions.rows(slice(0, 600)), auctions.rows(slice(600, 1000))
    plan = fit_floors(fit)
    assert plan.judge(rest).paid_cpm.size == 400
    for shared in (fit, auctions, auctions.rows(slice(599, 700))):
        with pytest.raises(LeakageError, match="were used to fit the floors; must be none"):
            plan.judge(shared)


def test_cross_fit_is_honest_where_the_fit_flatters(rng) -> None:
    """On noise alone the fit promises what held-out rows do not keep; cross-fitting does not."""
    labels = pd.DataFrame({"s": rng.integers(0, 300, 3000)})
    auctions = second_price(rng.lognormal(0, 0.8, (3000, 2)), labels)
    fit = lambda rows: fit_floors(rows, shrink=False)  # noqa: E731
    plan = fit(auctions)
    floors = cross_fit(auctions, np.arange(3000) % 5, fit)
    honest = settle(auctions.top_cpm, auctions.second_cpm, floors, floors).paid_cpm.mean()
    fresh = second_price(rng.lognormal(0, 0.8, (200_000, 2)),
                         pd.DataFrame({"s": rng.integers(0, 300, 200_000)}))  # fmt: skip
    truth = plan.judge(fresh).paid_cpm.mean()
    promised = plan.settle(auctions).paid_cpm.mean()
    assert promised > 1.1 * truth
    assert abs(honest / truth - 1) < 0.05


def test_cross_fit_refuses_one_fold_and_a_row_in_two(rng) -> None:
    auctions = second_price(rng.random((10, 2)))
    with pytest.raises(DataError, match="fold: has 1 value"):
        cross_fit(auctions, np.zeros(10), fit_floors)
    twice = auctions.rows(np.r_[np.arange(10), 3])
    with pytest.raises(LeakageError, match="another fold holds too"):
        cross_fit(twice, np.arange(11) % 3, fit_floors)


def test_an_unseen_segment_gets_its_parents_floor(rng) -> None:
    labels = pd.DataFrame({"exchange": ["a", "b"] * 500, "unit": rng.integers(0, 3, 1000)})
    scale = np.where(labels["exchange"] == "a", 1.0, 5.0)[:, None]
    plan = fit_floors(second_price(rng.lognormal(0, 0.5, (1000, 3)) * scale, labels))
    known = plan.table.set_index(["exchange", "unit"])["floor_cpm"]
    new = pd.DataFrame({"exchange": ["b", "c"], "unit": ["9", "0"]})
    floors = plan.floors(second_price(rng.random((2, 2)), new))
    assert floors.tolist() == [known["b", "*"], known["*", "*"]]
    assert known["b", "*"] > 3 * known["a", "*"]
    with pytest.raises(DataError, match="must be by \\('exchange', 'unit'\\)"):
        plan.floors(second_price(rng.random((2, 2)), new[["unit"]]))


def test_types_of_auctions_are_kept_apart(rng) -> None:
    """At first price a floor can only lose bids that are taken as given."""
    ordered = np.sort(rng.lognormal(0, 0.6, (4000, 3)), axis=1)
    first = rng.random(4000) < 0.5
    auctions = SellerAuctions.of_arrays(ordered[:, -1], ordered[:, -2], first_price=first)
    assert auctions.levels == ("auction_type",)
    floors = fit_floors(auctions).segments.set_index("auction_type")
    lost = floors.loc["first price", "floor_cpm"] / np.median(ordered[:, -1])
    assert lost < 0.5
    assert floors.loc["second price", "floor_cpm"] > 0.5


def test_floors_in_force_are_the_mean_of_each_segment() -> None:
    labels = pd.DataFrame({"s": ["a", "a", "b"]})
    auctions = SellerAuctions.of_arrays(
        np.array([3.0, 3.0, 4.0]), np.ones(3), labels, floor_cpm=np.array([1.0, 2.0, 4.0])
    )
    assert floors_in_force(auctions).floors(auctions).tolist() == [1.5, 1.5, 4.0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"price": [1.0, -3.0]}, r"curves.price: 1 not allowed value \(first at row 1: -3.0\)"),
        ({"accept_prob": [0.5, 1.5]}, r"curves.accept_prob: .* must be in \[0, 1\]"),
        ({"accept_prob": [0.2, 0.5]}, "must be not above that of a lower price"),
        ({"revenue": [np.nan, 1.0]}, "curves.revenue"),
    ],
)
def test_a_bad_curve_is_refused(change, said) -> None:
    frame = pd.DataFrame({"accept_prob": [1.0, 0.5], "price": [1.0, 3.0], "revenue": [1.0, 1.5]})
    with pytest.raises(DataError, match=said):
        FloorCurves.of_frame(frame.assign(**change))


def test_published_curves_give_their_published_optimum(shared_data) -> None:
    """Balseiro et al., README: s*(0) and R(0) are 68 % and 622, 100 % and 448."""
    for name, accepted, revenue in (("pub1", 0.68, 622), ("pub2", 1.0, 448)):
        frame = pd.read_csv(shared_data / "adx" / f"{name}-adx.txt", sep=r"\s+")
        plan = floors_from_curves(
            FloorCurves.of_frame(frame.rename(columns={"accept.prob": "accept_prob"}))
        )
        row = plan.table.iloc[0]
        assert row["fill"] == pytest.approx(accepted, abs=0.006)
        assert row["revenue_cpm"] == pytest.approx(revenue, abs=1.0)
