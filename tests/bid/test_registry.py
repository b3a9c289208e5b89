from __future__ import annotations

import subprocess
import sys

import pytest

from kit.base.errors import PolicyError
from kit.bid.registry import POLICIES, describe_policies, make_policy
from kit.bid.training import TrainingStats

STATS = TrainingStats(impressions=1000, clicks=5, cost=60_000.0)


def test_unknown_policy_names_the_nearest() -> None:
    with pytest.raises(PolicyError, match=r"got 'ortb'; must be one of: .* Did you mean 'ortb"):
        make_policy("ortb")


def test_unknown_parameter_names_the_nearest() -> None:
    with pytest.raises(PolicyError, match="Did you mean 'shading_factor'"):
        make_policy("shade", {"shading": 0.5})


def test_missing_parameter_says_its_meaning_and_range() -> None:
    with pytest.raises(PolicyError, match=r"lacks parameter b0 \(bid at the average CTR\).*\[0, 1"):
        make_policy("lin", {}, STATS)


@pytest.mark.parametrize("name", ["mcpc", "rlb"])
def test_missing_statistics_are_asked_for(name: str) -> None:
    with pytest.raises(PolicyError, match="comes from training statistics, and none were given"):
        make_policy(name)


def test_a_given_parameter_overrides_training() -> None:
    assert make_policy("lin", {"b0": 1, "average_ctr": "0.5"}, STATS) == make_policy(
        "lin", {"b0": 1, "average_ctr": 0.5}
    )


@pytest.mark.parametrize("params", [{}, {"lambda_": 1e-5, "budget_share": 0.5}])
def test_ortb_takes_one_of_lambda_and_budget_share(params: dict[str, float]) -> None:
    with pytest.raises(PolicyError, match="of lambda_ and budget_share; must be one"):
        make_policy("ortb1", params, STATS)


def test_ortb_needs_no_statistics_when_both_constants_are_given() -> None:
    assert make_policy("ortb2", {"c": 50, "lambda_": 1e-5}).name == "ortb2"


def test_random_bounds_in_order() -> None:
    with pytest.raises(PolicyError, match="got 3 above high 2"):
        make_policy("random", {"low": 3, "high": 2})


def test_text_is_never_evaluated() -> None:
    with pytest.raises(PolicyError, match="got '2\\*3'"):
        make_policy("constant", {"bid": "2*3"})


def test_help_lists_every_policy_and_parameter() -> None:
    text = describe_policies()
    for name, policy in POLICIES.items():
        assert f"{name}: {policy.summary}" in text
        assert all(f"  {parameter.name}: " in text for parameter in policy.parameters)
    assert "default: training ctr" in text


def test_listing_the_policies_loads_no_compiler() -> None:
    code = (
        "import sys; from kit.bid.registry import describe_policies; describe_policies(); "
        "sys.exit('numba' in sys.modules or 'scipy.optimize' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
