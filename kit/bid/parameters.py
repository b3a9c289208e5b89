"""Parameters of a policy: declared once, checked once, printed in ``--help``."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.errors import PolicyError
from kit.bid.training import TrainingStats

PRICE_UNIT = "log's price unit"
MAX_PRICE = 1e9
"""Far above any price; keeps every product finite."""


@dataclass(frozen=True)
class Parameter:
    """One number a policy takes.

    Parameters
    ----------
    name : str
        As written in ``--set name=value``.
    about : str
        One line.
    unit : str
        Its unit; empty for a plain number.
    low, high : float
        Inclusive bounds.
    above_low : bool
        Whether `low` itself is refused.
    default : float, optional
        Taken when the parameter is not given.
    training : str
        `TrainingStats` property taken when the parameter is not given; empty means none.
    optional : bool
        Whether the policy does without it when it is not given.
    fallback : str
        What an optional parameter is replaced by, for ``--help``.
    field : str
        Constructor argument, where it cannot be called `name`.
    """

    name: str
    about: str
    unit: str = ""
    low: float = 0.0
    high: float = MAX_PRICE
    above_low: bool = False
    default: float | None = None
    training: str = ""
    optional: bool = False
    fallback: str = ""
    field: str = ""

    @property
    def attribute(self) -> str:
        """Name of the constructor argument."""
        return self.field or self.name

    @property
    def allowed(self) -> str:
        """The range in words.

        Examples
        --------
        >>> Parameter("bid", "the bid").allowed
        'a number in [0, 1e+09]'
        """
        return f"a number in {'(' if self.above_low else '['}{self.low:g}, {self.high:g}]"

    def check(self, policy: str, value: Any) -> float:
        """Return `value` as a float inside the range; text may be a fraction such as ``1/32``.

        Raises
        ------
        PolicyError
            If it is no number or lies outside.

        Examples
        --------
        >>> Parameter("budget_share", "share", high=1).check("ortb1", "1/32")
        0.03125
        """
        result = _as_float(value)
        low_enough = result > self.low if self.above_low else result >= self.low
        if not (low_enough and result <= self.high):
            raise PolicyError(
                f"policy {policy}: {self.name}: got {value!r}; must be {self.allowed} "
                f"({self.about}). Pass a value inside the range."
            )
        return result

    def describe(self) -> str:
        """Return one line of help: meaning, unit, range, default."""
        unit = f" [{self.unit}]" if self.unit else ""
        return f"{self.about}{unit}; {self.allowed}; {self._default_text()}"

    def _default_text(self) -> str:
        if self.default is not None:
            return f"default {self.default:g}"
        if self.training:
            return f"default: training {self.training}"
        return f"default: {self.fallback}" if self.optional else "required"


def _as_float(value: Any) -> float:
    """Return a number or a number's text as float; NaN if it is neither."""
    try:
        return float(Fraction(value.strip())) if isinstance(value, str) else float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return math.nan


@dataclass(frozen=True)
class Parametrised:
    """Base of the shipped policies: declared parameters, checked on construction.

    Attributes
    ----------
    name, summary : str
        Registry name, and one line for ``--help``.
    columns : tuple of str
        Request columns the policy reads.
    monotone_in : tuple of str
        Request columns in which the bid never decreases.
    parameters : tuple of Parameter
        What may be set.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    columns: ClassVar[tuple[str, ...]] = ()
    monotone_in: ClassVar[tuple[str, ...]] = ()
    parameters: ClassVar[tuple[Parameter, ...]] = ()

    def __post_init__(self) -> None:
        for parameter in self.parameters:
            value = getattr(self, parameter.attribute, None)
            if value is not None:
                parameter.check(self.name, value)

    @property
    def params(self) -> dict[str, float]:
        """What it was made with, by parameter name; what it does without is left out."""
        values = {item.name: getattr(self, item.attribute) for item in self.parameters}
        return {name: float(value) for name, value in values.items() if value is not None}

    @classmethod
    def complete(cls, given: Mapping[str, float], stats: TrainingStats | None) -> dict[str, Any]:
        """Return constructor arguments: what was given, then defaults, then training statistics.

        Raises
        ------
        PolicyError
            If a parameter is missing and cannot be derived.
        """
        values: dict[str, Any] = {}
        for parameter in cls.parameters:
            if parameter.name in given:
                values[parameter.attribute] = given[parameter.name]
            elif not parameter.optional:
                values[parameter.attribute] = cls._derived(parameter, stats)
        return values

    @classmethod
    def build(cls, given: Mapping[str, float], stats: TrainingStats | None) -> Self:
        """Make the policy from checked parameters and training statistics."""
        return cls(**cls.complete(given, stats))

    @classmethod
    def _derived(cls, parameter: Parameter, stats: TrainingStats | None) -> float:
        if parameter.default is not None:
            return parameter.default
        if not parameter.training:
            raise PolicyError(
                f"policy {cls.name}: lacks parameter {parameter.name} ({parameter.about}); must "
                f"be {parameter.allowed}. Pass --set {parameter.name}=..."
            )
        value = getattr(need_stats(cls.name, stats, parameter.name), parameter.training)
        return float(value)


@dataclass(frozen=True)
class Bidder(Parametrised, ABC):
    """Base of the shipped policies that bid on each request by itself."""

    @abstractmethod
    def bid(self, request: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return one bid a request; see `kit.bid.policy.BidPolicy.bid`."""


def need_stats(policy: str, stats: TrainingStats | None, what: str) -> TrainingStats:
    """Return the statistics, or say what lacks them.

    Raises
    ------
    PolicyError
        If there are none.
    """
    if stats is None:
        raise PolicyError(
            f"policy {policy}: {what} comes from training statistics, and none were given. "
            f"Pass --info INFO.json or a training log, or set {what} by hand where allowed."
        )
    return stats
