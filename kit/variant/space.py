"""The numbers of a variant that a search may move, and the ranges it may move them in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kit.models.boosting import DEFAULTS
from kit.variant.change import Change
from kit.variant.spec import VariantSpec


@dataclass(frozen=True)
class Number:
    """One number.

    Parameters
    ----------
    kind : {"param", "policy_param"}
        Of the model or of the policy.
    name : str
        Its name there.
    low, high : float
        Inclusive; on a log scale where `is_log`.
    is_log, is_whole : bool
        How it is drawn.
    default : float
        Where it is not set.
    """

    kind: Literal["param", "policy_param"]
    name: str
    low: float
    high: float
    default: float
    is_log: bool = False
    is_whole: bool = False

    @property
    def key(self) -> str:
        """Its name among all numbers."""
        return f"{self.kind}.{self.name}"

    def fit(self, value: float) -> float:
        """Return the value inside the range, whole where it must be, to four digits."""
        inside = min(max(value, self.low), self.high)
        return float(round(inside)) if self.is_whole else float(f"{inside:.4g}")

    def draw(self, rng: np.random.Generator) -> float:
        """Return a random value of the range."""
        if not self.is_log:
            return self.fit(rng.uniform(self.low, self.high))
        return self.fit(math.exp(rng.uniform(math.log(self.low), math.log(self.high))))

    def value_in(self, spec: VariantSpec) -> float:
        """Return what a spec has it at."""
        params: Mapping[str, object] = spec.policy.params
        if self.kind == "param":
            params = {} if spec.model is None else spec.model.params
        found = params.get(self.name, self.default)
        return self.fit(float(found) if isinstance(found, int | float) else self.default)

    def change(self, value: float) -> Change:
        """Return the edit that sets it."""
        return Change(kind=self.kind, name=self.name, value=self.fit(value))


def _model(name: str, low: float, high: float, default: float, **how: bool) -> Number:
    return Number("param", name, low, high, default, **how)


MODEL_NUMBERS = (
    _model("learning_rate", 0.01, 0.3, DEFAULTS["learning_rate"], is_log=True),
    _model("num_leaves", 4, 127, DEFAULTS["num_leaves"], is_log=True, is_whole=True),
    _model("min_data_in_leaf", 10, 2000, DEFAULTS["min_data_in_leaf"], is_log=True, is_whole=True),
    _model("lambda_l2", 0.1, 100, DEFAULTS["lambda_l2"], is_log=True),
    _model("cat_smooth", 1, 200, DEFAULTS["cat_smooth"], is_log=True),
    _model("feature_fraction", 0.4, 1, 1),
)
POLICY_NUMBERS = (
    Number("policy_param", "multiplier", 0.25, 4, 1, is_log=True),
    Number("policy_param", "shading_factor", 0.1, 1, 1),
)


def numbers_of(spec: VariantSpec, has_trees: bool = True) -> tuple[Number, ...]:
    """Return the numbers of a spec that may be moved.

    Parameters
    ----------
    spec : VariantSpec
        With its policy's parameters spelled out.
    has_trees : bool
        Whether its model grows trees: a log with few clicks grows none.

    Examples
    --------
    >>> from kit.variant.spec import PolicySpec
    >>> policy = PolicySpec(name="value", params={"multiplier": 1})
    >>> [one.name for one in numbers_of(VariantSpec(name="a", policy=policy, model=None))]
    ['multiplier']
    """
    model = MODEL_NUMBERS if spec.model is not None and has_trees else ()
    return (*model, *(one for one in POLICY_NUMBERS if one.name in spec.policy.params))
