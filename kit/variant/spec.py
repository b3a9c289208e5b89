"""`VariantSpec`: a model and a policy as plain data, which code builds and judges."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated

from pydantic import Field

from kit.base.specs import Spec
from kit.models.calibration import Calibration
from kit.models.objectives import Objective
from kit.variant.constraint import Constraint

Factor = Annotated[float, Field(ge=0, le=1e6)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
LOGGED = "logged"
"""The policy that is not in the registry: the bids in the log."""


class ModelSpec(Spec):
    """How ``pctr`` is predicted.

    Parameters
    ----------
    features : tuple of str or None
        Request columns by name; None takes the log's defaults.
    params : dict
        LightGBM parameters over the package's defaults.
    expressions : dict of str to str
        Computed features: a new name, and a SQL expression over request columns that the guard
        passes (`kit.data.sql.features.check_feature`).
    objective : {"log_loss", "value_log_loss", "squared_error"}
        What the trees minimise; see `kit.models.objectives`.
    calibration : {"auto", "shift", "platt", "isotonic", "none"}
        How predictions are mapped on the tune split; see `kit.models.calibration`.
    recent_share : float
        Share of the training rows that is learnt from, the latest ones.
    """

    features: tuple[str, ...] | None = None
    params: dict[str, bool | int | float | str] = Field(default_factory=dict)
    expressions: dict[Name, str] = Field(default_factory=dict)
    objective: Objective = "log_loss"
    calibration: Calibration = "auto"
    recent_share: Annotated[float, Field(ge=0.05, le=1)] = 1.0


class PolicySpec(Spec):
    """How to bid.

    Parameters
    ----------
    name : str
        A key of `kit.bid.registry.POLICIES`; ``logged``, the bids in the log; or
        ``python:Name``, a class in the variant's own ``policy.py``, run only where it is trusted.
    params : dict of str to float
        Parameters of the policy.
    multipliers, first_price : dict of str to float
        Factors on its bids by exchange, where the winner pays the market price and where it pays
        its bid; an exchange that only `multipliers` names has that factor in both.
    elsewhere : float
        Factor on exchanges that neither names.
    """

    name: str
    params: dict[str, float] = Field(default_factory=dict)
    multipliers: dict[str, Factor] = Field(default_factory=dict)
    first_price: dict[str, Factor] = Field(default_factory=dict)
    elsewhere: Factor = 1.0


class VariantSpec(Spec):
    """One way to predict and bid.

    Parameters
    ----------
    name : str
        What a board and a report call it.
    policy : PolicySpec
        How it bids.
    model : ModelSpec or None
        What predicts ``pctr``; None where the policy needs none.
    seed : int
        Seed of the fit and of policies that draw.
    constraints : tuple of Constraint
        What it must keep to on the tune split, to be put to a vault.
    parent : str
        `key` of the variant it changes; empty for a first one.
    hypothesis : str
        Why it should be better.
    proposer : str
        Who or what proposed it.

    Examples
    --------
    >>> spec = VariantSpec(name="twice", policy=PolicySpec(name="value", params={"multiplier": 2}))
    >>> spec.key == spec.model_copy(update={"name": "another name"}).key
    True
    """

    name: Annotated[str, Field(min_length=1, max_length=80)]
    policy: PolicySpec
    model: ModelSpec | None = ModelSpec()
    seed: Annotated[int, Field(ge=0)] = 0
    constraints: tuple[Constraint, ...] = ()
    parent: str = ""
    hypothesis: Annotated[str, Field(max_length=500)] = ""
    proposer: Annotated[str, Field(max_length=80)] = "human"

    @property
    def key(self) -> str:
        """Hash of what decides its bids: model, policy and seed, not its name or its lineage."""
        deciding = self.model_dump(mode="json", include={"policy", "model", "seed"})
        for name in _LATER if self.model is not None else ():
            if getattr(self.model, name) == getattr(_PLAIN, name):  # keys of older specs hold
                del deciding["model"][name]
        text = json.dumps(deciding, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


_PLAIN = ModelSpec()
_LATER = ("expressions", "objective", "calibration", "recent_share")
"""Fields that came after the first specs were charged in ledgers."""
