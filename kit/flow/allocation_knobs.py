"""The numbers of an allocation problem that a person can turn, and the steps they turn in."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kit.allocate.compiled import CompiledProblem
from kit.allocate.terms.base import Limit
from kit.base.checks import number

_SMALL = 0.1
"""Shares below it, such as fraud, are turned by factors, not by points."""
_SIDE = 16
"""Steps of a knob to each side of where it starts; eight double it."""


@dataclass(frozen=True)
class Knob:
    """One number that can be turned.

    Parameters
    ----------
    name : str
        The limit's name (``budget[line A]``), or ``floor[x]`` for the price floor of group x.
    label : str
        For a person.
    unit : str
        ``money``, ``share``, ``price`` (money of one impression) or the limit's own unit.
    options : tuple of float
        Rising; the numbers it can take.
    start : float
        One of them.
    """

    name: str
    label: str
    unit: str
    options: tuple[float, ...]
    start: float

    @property
    def group(self) -> str:
        """What stands in the brackets of the name."""
        return self.name.partition("[")[2].removesuffix("]")

    def nearest(self, value: float) -> float:
        """Return the option nearest to a number.

        Raises
        ------
        DataError
            If it is no number, or outside the options by more than half a step.
        """
        options = np.array(self.options)
        steps = np.diff(options)
        slack = (steps[0] / 2, steps[-1] / 2) if len(steps) else (0.0, 0.0)
        number(self.name, value, options[0] - slack[0], options[-1] + slack[1])
        return float(options[int(np.argmin(np.abs(options - value)))])


def limit_knobs(compiled: CompiledProblem) -> list[Knob]:
    """Return a knob for each limit with a finite number, but capacities and floors' steps."""
    return [
        _limit_knob(limit, name, float(value))
        for limit, numbers in zip(compiled.model.limits, compiled.numbers(), strict=True)
        if not limit.names[0].startswith(("capacity[", "floor["))
        for name, value in zip(limit.names, numbers, strict=True)
        if math.isfinite(value)
    ]


def floor_knob(name: str, edges: NDArray[np.float64]) -> Knob:
    """Return the knob of a group's price floor, at none."""
    return Knob(name, label_of(name), "price", tuple(map(float, edges)), 0.0)


def label_of(name: str) -> str:
    """Return a limit's name for a person.

    Examples
    --------
    >>> label_of("share_max[exchange=x]"), label_of("budget[line A]"), label_of("fraud_max")
    ('share max, exchange x', 'budget, line A', 'fraud max')
    """
    kind, bracket, rest = name.partition("[")
    words = kind.replace("_", " ")
    return f"{words}, {rest.removesuffix(']').replace('=', ' ')}" if bracket else words


def _limit_knob(limit: Limit, name: str, value: float) -> Knob:
    bounded = limit.unit == "share" or (limit.low >= 0 and limit.high <= 1)
    is_share = bounded and 0 <= value <= 1
    options = np.array([value])
    if is_share and (value == 0 or value >= _SMALL):
        options = np.append(np.linspace(0, 1, 51).round(2), value)
    elif value > 0:
        steps = [_round(value * 2 ** (step / 8)) for step in range(-_SIDE, _SIDE + 1)]
        options = np.append(steps, value)
    inside = np.unique(options[(options >= limit.low) & (options <= limit.high)])
    unit = "share" if is_share else limit.unit
    return Knob(name, label_of(name), unit, tuple(inside.tolist()), value)


def _round(value: float) -> float:
    """Return three significant digits."""
    return float(f"{value:.3g}")
