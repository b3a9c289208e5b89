"""One suite over every registered policy."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kit.base.errors import DataError, PolicyError
from kit.bid.parameters import Parametrised
from kit.bid.policy import BidPolicy, SequentialPolicy
from kit.bid.registry import POLICIES, make_policy
from kit.bid.training import TrainingStats
from kit.data.schema import role_columns

STATS = TrainingStats(
    impressions=1000,
    clicks=5,
    cost=60_000.0,
    price_histogram=tuple(float(price % 7) for price in range(200)),
)
SETTINGS: dict[str, dict[str, float | str]] = {
    "constant": {"bid": 60},
    "random": {"low": 10, "high": "90"},
    "mcpc": {},
    "lin": {"b0": "10"},
    "ortb1": {"budget_share": "1/8"},
    "ortb2": {"budget_share": 0.125},
    "value": {"multiplier": 0.8},
    "shade": {"shading_factor": 0.6},
    "rlb": {},
}
NAMES = sorted(POLICIES)


def request_frame(pctr: list[float]) -> pd.DataFrame:
    rows = np.arange(len(pctr))
    return pd.DataFrame(
        {
            "pctr": np.asarray(pctr, dtype=np.float64),
            "click_value_cpm": 20_000.0 + rows,
            "auction_type": 1 + rows % 2,
        }
    )


def offers(policy: BidPolicy | SequentialPolicy, frame: pd.DataFrame) -> NDArray[np.float64]:
    if isinstance(policy, SequentialPolicy):
        return policy.score(frame)
    return policy.bid(frame, np.random.default_rng(7))


def make(name: str) -> BidPolicy | SequentialPolicy:
    return make_policy(name, SETTINGS[name], STATS)


def test_every_policy_is_covered() -> None:
    assert set(SETTINGS) == set(POLICIES)


@pytest.mark.parametrize("name", NAMES)
def test_is_frozen_named_and_of_exactly_one_protocol(name: str) -> None:
    policy = make(name)
    assert isinstance(policy, BidPolicy) != isinstance(policy, SequentialPolicy)
    assert policy.name == name
    assert isinstance(policy, Parametrised)
    assert policy == make(name)
    field = dataclasses.fields(policy)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(policy, field, 1.0)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=20)
@given(pctr=st.lists(st.floats(0, 1) | st.just(float("nan")), max_size=20))
def test_offers_one_float_a_row_at_least_zero_or_nan(name: str, pctr: list[float]) -> None:
    result = offers(make(name), request_frame(pctr))
    assert result.shape == (len(pctr),)
    assert result.dtype == np.float64
    assert not np.isinf(result).any()
    assert not (result < 0).any()
    reads_pctr = "pctr" in POLICIES[name].columns
    assert np.array_equal(np.isnan(result), np.isnan(pctr) & reads_pctr)


@pytest.mark.parametrize("name", NAMES)
def test_ignores_bid_and_outcome_columns_and_does_not_write(name: str) -> None:
    frame = request_frame([0.001, 0.004, np.nan, 0.2])
    extra = dict.fromkeys((*role_columns("bid"), *role_columns("outcome")), 1.0)
    wide = frame.assign(**extra)
    before = wide.copy(deep=True)
    assert np.array_equal(offers(make(name), wide), offers(make(name), frame), equal_nan=True)
    pd.testing.assert_frame_equal(wide, before)


@pytest.mark.parametrize("name", NAMES)
def test_reads_only_the_columns_it_declares_and_only_request_ones(name: str) -> None:
    declared = [*POLICIES[name].columns]
    assert set(declared) <= set(role_columns("request"))
    frame = request_frame([0.001, 0.004])[declared]
    assert offers(make(name), frame).shape == (2,)


@pytest.mark.parametrize("name", [n for n in NAMES if POLICIES[n].columns])
def test_a_missing_column_is_named(name: str) -> None:
    frame = request_frame([0.1])
    for column in POLICIES[name].columns:
        with pytest.raises(DataError, match=rf"policy {name}: lacks column {column}"):
            offers(make(name), frame.drop(columns=column))


@pytest.mark.parametrize("name", NAMES)
def test_same_generator_same_bids_however_indexed(name: str) -> None:
    frame = request_frame([0.001, 0.004, 0.02])
    shifted = frame.set_axis([5, 9, 1], axis=0)
    assert np.array_equal(offers(make(name), frame), offers(make(name), shifted))


@pytest.mark.parametrize("name", NAMES)
def test_never_falls_in_the_columns_it_is_monotone_in(name: str) -> None:
    policy_class = POLICIES[name]
    assert set(policy_class.monotone_in) <= set(policy_class.columns)
    for column in policy_class.monotone_in:
        grid = np.linspace(0, 1, 101)
        frame = pd.DataFrame({"pctr": 0.01, "click_value_cpm": 2e4, "auction_type": 1}, range(101))
        result = offers(make(name), frame.assign(**{column: grid}))
        assert (np.diff(result) >= 0).all()
        assert result[-1] > result[0]


@pytest.mark.parametrize("name", NAMES)
def test_each_parameter_refuses_what_is_out_of_range(name: str) -> None:
    for parameter in POLICIES[name].parameters:
        bad: list[float | str] = [parameter.high * 2 + 1, "-1", "ten", "nan", "inf", "1/0"]
        bad += ["0"] if parameter.above_low else []
        for value in bad:
            with pytest.raises(PolicyError, match=rf"policy {name}: {parameter.name}: got"):
                make_policy(name, SETTINGS[name] | {parameter.name: value}, STATS)


@pytest.mark.parametrize("name", NAMES)
def test_direct_construction_is_checked_too(name: str) -> None:
    policy = make(name)
    fields = {field.name for field in dataclasses.fields(policy)}  # type: ignore[arg-type]
    for parameter in POLICIES[name].parameters:
        if parameter.attribute in fields:
            with pytest.raises(PolicyError, match=parameter.name):
                dataclasses.replace(policy, **{parameter.attribute: -1.0})  # type: ignore[type-var]


@pytest.mark.parametrize("name", NAMES)
def test_unknown_parameter_is_refused_by_name(name: str) -> None:
    with pytest.raises(PolicyError, match="has no parameter 'nonsense'; takes: "):
        make_policy(name, SETTINGS[name] | {"nonsense": 1}, STATS)
