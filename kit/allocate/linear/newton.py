"""Minimise the smoothed dual over prices: a projected semismooth Newton method.

A few demands with hardly a row between two plans have hardly any curvature, and would make each
Newton step explode. So every price has its own reach, a multiple of what the smoothing blurs, and
a demand's curvature is not taken for less than it was one smoothing wider.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kit.allocate.linear.smoothing import Bend, Source, Sweep

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_DAMPING = (1e-7, 1e6)
_TRUST = (1e-3, 8.0)
_REACH = 2.0
"""How far a price may move in one step, in units of smoothing times price."""
_CONJUGATE = 0.03
"""Accuracy of each Newton system, relative."""


@dataclass(eq=False)
class State:
    """Where the ascent stands.

    Parameters
    ----------
    source : Source
        The pairs.
    prices : ndarray, shape (D,)
        What one more unit of each budget is worth.
    wide : ndarray, shape (D,)
        Curvature of each demand at the last smoothing, which was wider.
    damping, trust : float
        How careful the steps are.
    bound : float
        Lowest value of the dual seen.
    best : ndarray, shape (D,)
        Prices at that value.
    sweeps : int
        Passes over the pairs so far.
    """

    source: Source
    prices: Floats
    wide: Floats = field(init=False)
    damping: float = 1e-2
    trust: float = 1.0
    bound: float = np.inf
    sweeps: int = 0
    sweep: Sweep = field(init=False)
    best: Floats = field(init=False)

    def __post_init__(self) -> None:
        budget = self.source.budget
        self.wide = np.zeros(len(budget))
        self.limited = (budget > 0) & np.isfinite(budget)
        self.prices = np.where(self.limited, self.prices, self.source.ceiling)
        self.prices[np.isinf(budget)] = 0.0
        self.best = self.prices

    def evaluate(self, prices: Floats, gamma: float) -> Sweep:
        """Pass over the pairs once, and remember the lowest dual."""
        sweep = self.source.sweep(prices, gamma)
        self.sweeps += 1
        bound = self.paid(prices) + sweep.dual
        if bound < self.bound:
            self.bound, self.best = bound, prices
        return sweep

    def begin(self, gamma: float) -> None:
        """Evaluate the present prices at another smoothing."""
        self.trust = 1.0
        self.sweep = self.evaluate(self.prices, gamma)

    def widen(self) -> None:
        """Remember the curvature at this smoothing, for a narrower one."""
        self.wide = self.sweep.bend.diagonal(len(self.prices))

    def paid(self, prices: Floats) -> float:
        """Return ``sum budget * price`` over the limited budgets."""
        return float(self.source.budget[self.limited] @ prices[self.limited])

    @property
    def typical(self) -> float:
        """Value per unit of spend."""
        spend = float(self.sweep.spend.sum())
        return self.sweep.value / spend if spend > 0 and self.sweep.value > 0 else 1.0

    @property
    def slope(self) -> Floats:
        """Slope of the smoothed dual: what is left of each budget."""
        return np.where(self.limited, self.source.budget - self.sweep.spend, 0.0)

    @property
    def misuse(self) -> float:
        """Value that over- and under-spent budgets can cost, relative to the bound."""
        slope = self.slope
        price = np.where(slope < 0, np.maximum(self.prices, 0.1 * self.typical), self.prices)
        lost = float(np.abs(slope)[self.limited] @ price[self.limited])
        return lost / max(abs(self.bound), 1e-300)

    @property
    def smooth_gap(self) -> float:
        """Gap between the dual and the smoothed plan, relative to the bound."""
        dual = self.paid(self.prices) + self.sweep.dual
        return (dual - self.sweep.value) / max(abs(self.bound), 1e-300)


def minimise(
    state: State, gamma: float, tolerance: float, deadline: float, steps: int = 60
) -> bool:
    """Improve the prices at one smoothing until `misuse` is below `tolerance`."""
    state.begin(gamma)
    for _ in range(steps):
        if state.misuse <= tolerance:
            return True
        if time.perf_counter() > deadline or not _step(state, gamma, deadline):
            return False
    return state.misuse <= tolerance


def _step(state: State, gamma: float, deadline: float) -> bool:
    """Take one step that lowers the smoothed dual; False if none is found."""
    prices, sweep, slope = state.prices, state.sweep, state.slope
    now = state.paid(prices) + sweep.smooth
    diagonal = sweep.bend.diagonal(len(prices))
    wide = np.maximum(diagonal, state.wide)
    spare = np.maximum(state.source.budget, sweep.spend)
    floor = np.where(state.limited, spare, 1.0) / np.maximum(prices, 1e-2 * state.typical)
    floor = np.maximum(floor, 1e-300)
    reach = _REACH * gamma * np.maximum(prices, state.typical)
    free = state.limited & ((prices > 0) | (slope < 0))
    for attempt in range(14):
        damped = state.damping * (wide + 0.1 * floor) + 0.5 * (wide - diagonal) + 1e-9 * floor
        move = _conjugate(sweep.bend, free, slope, damped, diagonal)
        move = _within(move, state.trust * reach, whole=attempt >= 4)
        new = np.where(state.limited, np.maximum(prices - move, 0.0), prices)
        found = state.evaluate(new, gamma)
        gained = now - state.paid(new) - found.smooth
        moved = new - prices
        promised = -float(slope @ moved) - 0.5 * float(moved @ sweep.bend.product(moved))
        if gained >= 1e-4 * max(promised, 0.0) - 1e-13 * abs(now):
            state.prices, state.sweep = new, found
            _loosen(state, gained / max(promised, 1e-300))
            return True
        if time.perf_counter() > deadline:
            return False
        state.damping = min(max(3.0 * state.damping, 1e-3), _DAMPING[1])
        state.trust = max(state.trust / 3.0, _TRUST[0])
    return False


def _within(move: Floats, reach: Floats, whole: bool) -> Floats:
    """Cut each price's move to its reach; or the `whole` move, which keeps it a descent."""
    if not whole:
        return np.clip(move, -reach, reach)
    return np.asarray(move / max(1.0, float((np.abs(move) / reach).max())))


def _loosen(state: State, kept: float) -> None:
    """Adapt the care to how much of what the model promised came true."""
    if kept > 0.75:
        state.damping = max(state.damping / 5.0, _DAMPING[0])
        state.trust = min(state.trust * 2.0, _TRUST[1])
    elif kept < 0.4:
        state.damping = min(state.damping * 3.0, _DAMPING[1])
        state.trust = max(state.trust / 2.0, _TRUST[0])


def _conjugate(bend: Bend, free: Flags, slope: Floats, damped: Floats, diagonal: Floats) -> Floats:
    """Solve the Newton system of the free prices by preconditioned conjugate gradients."""
    inverse = np.zeros(len(slope))
    np.divide(1.0, diagonal + damped, out=inverse, where=free)
    x, r = np.zeros(len(slope)), np.where(free, slope, 0.0)
    z = inverse * r
    p, now = z, float(r @ z)
    goal = _CONJUGATE**2 * now
    for _ in range(200):
        if now <= goal or now <= 0.0:
            break
        curved = np.where(free, bend.product(p) + damped * p, 0.0)
        bent = float(p @ curved)
        if bent <= 0.0:
            break
        x = x + now / bent * p
        r = r - now / bent * curved
        z = inverse * r
        then = float(r @ z)
        p, now = z + then / now * p, then
    return x
