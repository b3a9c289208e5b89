"""Policies by name: what ``--policy`` and ``--set`` may say."""

from __future__ import annotations

from collections.abc import Mapping

from kit.base.checks import did_you_mean
from kit.base.errors import PolicyError
from kit.bid.constant import ConstantPolicy
from kit.bid.lin import LinearPolicy
from kit.bid.mcpc import McpcPolicy
from kit.bid.ortb1 import Ortb1Policy
from kit.bid.ortb2 import Ortb2Policy
from kit.bid.parameters import Bidder
from kit.bid.policy import BidPolicy, SequentialPolicy
from kit.bid.rlb import RlbPolicy
from kit.bid.shade import ShadePolicy
from kit.bid.training import TrainingStats
from kit.bid.uniform import RandomPolicy
from kit.bid.value import ValuePolicy

PolicyClass = type[Bidder] | type[RlbPolicy]

_CLASSES: tuple[PolicyClass, ...] = (
    ConstantPolicy,
    RandomPolicy,
    McpcPolicy,
    LinearPolicy,
    Ortb1Policy,
    Ortb2Policy,
    ValuePolicy,
    ShadePolicy,
    RlbPolicy,
)
POLICIES: dict[str, PolicyClass] = {policy.name: policy for policy in _CLASSES}
"""Every shipped policy by name, in the order of ``--help``."""


def make_policy(
    name: str,
    params: Mapping[str, float | str] | None = None,
    stats: TrainingStats | None = None,
) -> BidPolicy | SequentialPolicy:
    """Make a policy from its name, its parameters and training statistics.

    Parameters
    ----------
    name : str
        A key of `POLICIES`.
    params : mapping, optional
        Parameter name to number, or to a number's text (``"10"``, ``"1/32"``).
    stats : TrainingStats, optional
        Where parameters that are not given come from.

    Returns
    -------
    BidPolicy or SequentialPolicy
        Frozen.

    Raises
    ------
    PolicyError
        If the name or a parameter is unknown (naming the nearest), missing or out of range.
    DataError
        If the statistics lack the clicks or prices the policy needs.

    Examples
    --------
    >>> make_policy("lin", {"b0": "10"}, TrainingStats(impressions=1000, clicks=4, cost=60e3))
    LinearPolicy(b0=10.0, average_ctr=0.004)
    """
    policy = POLICIES.get(name)
    if policy is None:
        raise PolicyError(
            f"policy: got {name!r}; must be one of: {', '.join(sorted(POLICIES))}. "
            f"{did_you_mean(name, POLICIES)}".rstrip()
        )
    return policy.build(_checked(policy, params or {}), stats)


def _checked(policy: PolicyClass, params: Mapping[str, float | str]) -> dict[str, float]:
    known = {parameter.name: parameter for parameter in policy.parameters}
    for name in params:
        if name not in known:
            raise PolicyError(
                f"policy {policy.name}: has no parameter {name!r}; takes: "
                f"{', '.join(known)}. {did_you_mean(name, known)}".rstrip()
            )
    return {name: known[name].check(policy.name, value) for name, value in params.items()}


def describe_policies() -> str:
    """Return help text: each policy, its parameters, their units, ranges and defaults.

    Examples
    --------
    >>> print(describe_policies())
    constant: the same bid on every request
      bid: the bid [log's price unit]; a number in [0, 1e+09]; required
    ...
    """
    lines: list[str] = []
    for policy in POLICIES.values():
        lines.append(f"{policy.name}: {policy.summary}")
        lines += [f"  {item.name}: {item.describe()}" for item in policy.parameters]
    return "\n".join(lines)
