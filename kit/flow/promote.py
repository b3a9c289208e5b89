"""Freeze what was chosen on the tune split, so that a vault can be asked about it."""

from __future__ import annotations

from kit.base.errors import PolicyError
from kit.bid.parameters import Bidder
from kit.bid.policy import BidPolicy
from kit.bid.scaled import ScaledPolicy
from kit.models.response import Response
from kit.variant.frozen import FrozenVariant, freeze
from kit.variant.spec import LOGGED, ModelSpec, PolicySpec, VariantSpec


def freeze_policy(
    name: str,
    policy: BidPolicy | None,
    click: Response | None = None,
    *,
    elsewhere: float = 1.0,
    parent: str = "",
    hypothesis: str = "",
    proposer: str = "human",
    seed: int = 0,
) -> FrozenVariant:
    """Write a policy and the model it bids by as a frozen variant of the workspace.

    Parameters
    ----------
    name : str
        What a board and a report call it.
    policy : BidPolicy or None
        A shipped policy, or one scaled by exchange; None: the bids in the log.
    click : Response or None
        What predicts ``pctr``; left out where the policy does not read it.
    elsewhere : float
        Factor of a scaled policy on exchanges that it does not name.
    parent, hypothesis, proposer, seed
        As in `kit.variant.spec.VariantSpec`.

    Raises
    ------
    PolicyError
        If the policy is not one that ships: a variant is data, never code.

    Examples
    --------
    >>> from kit.bid.value import ValuePolicy
    >>> policy_spec(ScaledPolicy(ValuePolicy(), {"x": 0.5}, {"x": 0.4})).first_price
    {'x': 0.4}
    """
    chosen = policy_spec(policy).model_copy(update={"elsewhere": elsewhere})
    base = policy.base if isinstance(policy, ScaledPolicy) else policy
    reads = isinstance(base, Bidder) and "pctr" in base.columns
    model = click if reads else None
    spec = VariantSpec(
        name=name, policy=chosen, model=None if model is None else model_spec(model),
        seed=seed, parent=parent, hypothesis=hypothesis, proposer=proposer,
    )  # fmt: skip
    return freeze(spec, model)


def policy_spec(policy: BidPolicy | None) -> PolicySpec:
    """Return a policy as data.

    Raises
    ------
    PolicyError
        If it is not one that ships.
    """
    if policy is None:
        return PolicySpec(name=LOGGED)
    if isinstance(policy, ScaledPolicy):
        plain = policy_spec(policy.base)
        scales = {"multipliers": dict(policy.multipliers), "first_price": dict(policy.first_price)}
        return plain.model_copy(update=scales)
    if not isinstance(policy, Bidder):
        raise PolicyError(
            f"policy: got {type(policy).__name__}; must be one that ships, or one of those scaled "
            "by exchange. Make it with make_policy."
        )
    return PolicySpec(name=policy.name, params=policy.params)


def model_spec(click: Response) -> ModelSpec:
    """Return how a model was specified, as far as its card tells: its features."""
    told = click.card.features
    made = dict(told.get("expressions", {}))
    names = tuple(name for name in told.get("names", ()) if name not in made)
    return ModelSpec(features=names or None, expressions=made)
