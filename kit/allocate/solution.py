"""What a solver hands back, the same for HiGHS and Clarabel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Status = Literal["optimal", "infeasible", "unbounded", "time", "failed"]


@dataclass(frozen=True, eq=False)
class Raw:
    """One answer to ``minimise c z + d`` over canonical variables.

    Parameters
    ----------
    status : str
        How it ended; only ``optimal`` vouches for the numbers.
    minimum : float
        The objective reached, constant included.
    read_z, read_y : callable
        Return the variables, shape (n,), and the multipliers of the rows, shape (m,); read late,
        since a slider that asks for the value alone need not wait for them.
    method, word : str
        The solver, and its own word for how it ended.
    dual : float
        A lower bound of the minimum that the solver stands for; -inf: none.
    """

    status: Status
    minimum: float
    read_z: Callable[[], Floats]
    read_y: Callable[[], Floats]
    method: str
    word: str = ""
    dual: float = -np.inf

    @cached_property
    def z(self) -> Floats:
        """The canonical variables, shape (n,)."""
        return self.read_z()

    @cached_property
    def y(self) -> Floats:
        """The multipliers of the canonical rows, shape (m,)."""
        return self.read_y()


class Backend(Protocol):
    """A solver that holds a compiled problem and follows changes of its numbers."""

    def move(self, places: list[int], theta: Floats) -> None:
        """Take over the numbers at some places of the vector of numbers."""
        ...

    def solve(self, time_limit: float | None = None) -> Raw:
        """Solve with the present numbers; seconds."""
        ...

    def solve_without(self, place: int) -> Raw:
        """Solve once as if the limit that holds this number did not exist."""
        ...

    def unique(self, raw: Raw) -> bool:
        """Return whether the plan and the prices of an answer are the only optimal ones."""
        ...
