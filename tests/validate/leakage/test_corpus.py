"""The battery on planted leaks and clean logs: a few of each kind, the frozen half when slow."""

from __future__ import annotations

import pytest

from tests.validate.leakage.corpus import PLANTS, STRENGTHS, Planted, clean, planted
from tests.validate.leakage.frozen import (
    CLEAN_SEEDS,
    DEVELOPMENT_CLEAN_SEEDS,
    development,
    frozen,
)
from tests.validate.leakage.score import ALARM_BAR, FOUND_BAR, alarms, bounds, found, is_found


@pytest.mark.parametrize("kind", PLANTS)
def test_a_leak_of_each_kind_is_found_and_named(kind: str) -> None:
    cases = {case.strength: case for case in development() if case.kind == kind}
    assert is_found(cases["middle"])


def test_clean_logs_raise_no_alarm() -> None:
    assert alarms(DEVELOPMENT_CLEAN_SEEDS[:4]) == []


def test_a_case_is_the_same_every_time_and_halves_share_no_seed() -> None:
    case = Planted("future_join", "next_price", "middle", 7)
    assert case.make().train.content_hash() == case.make().train.content_hash()
    seeds = [{planted.seed for planted in half} for half in (frozen(), development())]
    assert not seeds[0] & seeds[1]
    assert not set(CLEAN_SEEDS) & set(DEVELOPMENT_CLEAN_SEEDS)


def test_a_clean_log_is_hard_it_holds_a_forecast_and_ids_that_are_any_good() -> None:
    """What the false alarms are counted on is not trivially clean."""
    case = clean(200_000)
    assert {"ad_server_pctr", "user_id", "past_unit_ctr"} <= set(case.train.frame.columns)
    clicks = case.train.frame["click"]
    score = case.train.frame["ad_server_pctr"]
    assert score[clicks].mean() > 1.1 * score[~clicks].mean()


@pytest.mark.slow
@pytest.mark.parametrize("kind", PLANTS)
def test_nine_in_ten_of_the_frozen_leaks_of_each_kind_are_found(kind: str) -> None:
    """The bench scores all of them, and 300 clean logs."""
    cases = [case for case in frozen() if (case.kind, case.strength) == (kind, "middle")][:12]
    assert bounds(found(cases), len(cases))[1] >= FOUND_BAR


@pytest.mark.slow
def test_at_most_one_in_fifty_of_the_frozen_clean_logs_raises_an_alarm() -> None:
    assert bounds(len(alarms(CLEAN_SEEDS[:100])), 100)[0] <= ALARM_BAR


def test_every_plant_is_in_both_halves_at_every_strength() -> None:
    names = {(kind, plant.__name__) for kind, plants in PLANTS.items() for plant in plants}
    for half in (frozen(), development()):
        for strength in STRENGTHS:
            there = {(case.kind, case.plant) for case in half if case.strength == strength}
            assert there == names
    assert len(planted("time_overlap", "weak", 5, 0)) == 5
