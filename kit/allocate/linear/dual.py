"""Dual ascent for capacities and budgets at any size, with a certificate in every answer.

The supply side is eliminated row by row; a semismooth Newton method finds the budgets' prices at
ever smaller smoothing. Then the smoothing is centred at the plan just found and solved again (the
proximal point method), so that the gap closes at a smoothing that Newton still likes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kit.allocate.linear import kernels_plan as kernels
from kit.allocate.linear.feasible import feasible_plan
from kit.allocate.linear.newton import State, minimise
from kit.allocate.linear.smoothing import Pairs, Source

Floats = NDArray[np.float64]

WIDTHS = (1.0, 0.3, 0.1, 0.03)
"""Smoothing of each stage, relative to a row's largest value."""
ROUNDS = 60
"""Most re-centred stages."""
SAMPLE_ROWS = 50_000
"""Rows of the sample on which the first prices are found."""


@dataclass(frozen=True, eq=False)
class Found:
    """A feasible plan and the prices that certify it.

    Parameters
    ----------
    x : ndarray, shape (P,)
        Amount of each pair.
    objective, bound : float
        Value of the plan, and a value that no plan can exceed.
    prices : ndarray, shape (D,)
        What one more unit of each budget is worth.
    sweeps : int
        Passes over the pairs.
    """

    x: Floats
    objective: float
    bound: float
    prices: Floats
    sweeps: int

    def at(self, state: State) -> Found:
        """Return the same plan under the lowest bound that `state` has seen."""
        return replace(
            self, bound=max(state.bound, self.objective), prices=state.best, sweeps=state.sweeps
        )

    @property
    def gap(self) -> float:
        """The plan's distance from the bound, relative to the bound."""
        return relative_gap(self.objective, self.bound)


def relative_gap(objective: float, bound: float) -> float:
    """Return ``(bound - objective) / |bound|``, at least 0.

    Examples
    --------
    >>> relative_gap(99.0, 100.0)
    0.01
    """
    return float(max(bound - objective, 0.0) / max(abs(bound), 1e-300))


def ascend(pairs: Pairs, gap: float, deadline: float) -> Found:
    """Solve to a relative gap, or as far as the deadline (``time.perf_counter``) allows.

    References
    ----------
    Basu, Ghoting, Mazumder, Pan (2020). ECLIPSE: an extreme-scale linear program solver for
    web applications. ICML, section 2 (ridge-smoothed dual). Ramanath et al. (2022). Efficient
    algorithms for global inference in internet marketplaces. Rockafellar (1976). Augmented
    Lagrangians and applications of the proximal point algorithm, section 5.
    """
    ascent = _Ascent(pairs, gap, deadline)
    ascent.narrow()
    for _ in range(ROUNDS):
        if ascent.found.gap <= gap or time.perf_counter() > deadline:
            break
        ascent.recentre()
    pairs.centre = np.empty(0)
    return ascent.found


def first_prices(source: Source, deadline: float) -> tuple[Floats, tuple[float, ...]]:
    """Return prices to start from, found on a sample if that pays, and the stages left to do."""
    prices = np.zeros(len(source.budget))
    if source.rows < 4 * SAMPLE_ROWS:
        return prices, WIDTHS
    state = State(source.sample(SAMPLE_ROWS / source.rows), prices)
    for width in WIDTHS[:-1]:
        minimise(state, width, 1e-3, deadline)
        state.widen()
    return state.prices, WIDTHS[-2:]


class _Ascent:
    """Prices, smoothing and the best plan so far."""

    def __init__(self, pairs: Pairs, gap: float, deadline: float) -> None:
        self.pairs, self.gap, self.deadline = pairs, gap, deadline
        prices, self.stages = first_prices(pairs, deadline)
        self.state = State(pairs, prices)
        self.width = self.stages[0]
        self.tolerance = 0.2 * gap
        self.failures = 0

    def narrow(self) -> None:
        """Solve at each smoothing in turn, the early ones roughly."""
        rough = 1e-2
        for width in self.stages:
            self.width = width
            minimise(self.state, self.width, max(self.tolerance, rough), self.deadline)
            rough = 0.05 * abs(self.state.smooth_gap)
            if time.perf_counter() > self.deadline:
                break
            self.state.widen()
        self.left = abs(self.state.smooth_gap)
        self.found = self.repaired()

    def recentre(self) -> None:
        """Pull the smoothing towards the present plan and solve again."""
        pairs, state = self.pairs, self.state
        if not len(pairs.centre):
            pairs.centre = np.zeros(len(pairs.demand))
            kernels.shares(*pairs.arrays, state.prices, self.width, np.empty(0), pairs.centre)
        else:
            kernels.shares(*pairs.arrays, state.prices, self.width, pairs.centre, pairs.centre)
        solved = minimise(state, self.width, self.tolerance, self.deadline)
        state.widen()
        left = abs(state.smooth_gap)
        self.failures = 0 if solved else self.failures + 1
        if self.failures > 1:
            self.width = min(3.0 * self.width, 1.0)
        elif solved and left > 0.5 * self.left:
            self.width = max(0.5 * self.width, 1e-6)
        if solved and left < self.gap:
            self.tolerance = max(0.3 * self.tolerance, 1e-13)
        self.left = left
        again = self.repaired()
        self.found = again if again.objective > self.found.objective else self.found.at(state)

    def repaired(self) -> Found:
        """Return the present plan, made feasible, under the lowest bound so far."""
        x = np.empty(len(self.pairs.demand))
        kernels.shares(*self.pairs.arrays, self.state.prices, self.width, self.pairs.centre, x)
        x, objective = feasible_plan(self.pairs, x, self.state.prices)
        bound = max(self.state.bound, objective)
        return Found(x, objective, bound, self.state.best, self.state.sweeps)
