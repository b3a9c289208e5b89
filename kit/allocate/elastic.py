"""A copy of a problem in which each limit can give way, for the search of conflicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kit.allocate.canonical import Canonical
from kit.allocate.conic import ConicModel
from kit.allocate.hot import HotModel
from kit.allocate.solution import Backend, Raw
from kit.base.errors import SolverError

if TYPE_CHECKING:
    from kit.allocate.compiled import CompiledProblem

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ENDLESS = np.inf
_ZERO = 1e-7


class Elastic:
    """Minimise the weighted sum of what limits give; limits are counted through all blocks.

    Parameters
    ----------
    compiled : CompiledProblem
        An infeasible problem at its present numbers.

    Attributes
    ----------
    block : ndarray of int, shape (L,)
        The block of each limit.
    number : ndarray, shape (L,)
        The number of each limit.
    """

    def __init__(self, compiled: CompiledProblem) -> None:
        import cvxpy as cp

        model = compiled.model
        self.compiled, self.model = compiled, model
        hard = [place for place, limit in enumerate(model.limits) if limit.soft is None]
        sizes = [len(model.limits[place]) for place in hard]
        self.hard, count = hard, sum(sizes)
        self.first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.block = np.repeat(hard, sizes).astype(np.int64)
        numbers = compiled.numbers()
        self.number = np.concatenate([np.zeros(0), *(numbers[place] for place in hard)])
        self.size = np.clip(np.where(np.isfinite(self.number), np.abs(self.number), 1.0), 1.0, None)
        self.give = cp.Variable(count)
        self._weight, self._most = cp.Parameter(count), cp.Parameter(count)
        self._least = cp.Parameter(count)
        self._limits = [cp.Parameter(size) for size in sizes]
        self._fixed = [cp.Parameter(len(limit)) for limit in model.limits]
        problem = self._problem(cp)
        canonical = Canonical(problem, model.x)
        self.canonical = canonical
        self.theta = np.ones(canonical.size + 1)
        self._fill(numbers)
        linear = canonical.dims.zero + canonical.dims.nonneg == canonical.shape[0]
        self.linear = linear
        self.backend: Backend = (HotModel if linear else ConicModel)(canonical, self.theta)
        self._give_at = canonical.column_of[self.give.id]

    def _problem(self, cp: Any) -> Any:
        model, constraints = self.model, list(self.model.definitions)
        for place, limit in enumerate(model.limits):
            give: Any = 0.0
            number = self._fixed[place]
            if limit.soft is None:
                at = self.hard.index(place)
                give, number = self.give[self.first[at] : self.first[at + 1]], self._limits[at]
            constraints.append(limit.constraint(model.x, number, give, model.per[place]))
        constraints += [self.give <= self._most, self.give >= self._least]
        return cp.Problem(cp.Maximize(-(self._weight @ self.give)), constraints)

    def _fill(self, numbers: list[Floats]) -> None:
        for place, parameter in enumerate(self._fixed):
            self._put(parameter, numbers[place])
        for at, parameter in enumerate(self._limits):
            self._put(parameter, numbers[self.hard[at]])
        for parameter, value in (
            (self._weight, 1.0 / self.size), (self._most, np.full(len(self.size), _ENDLESS)),
            (self._least, np.zeros(len(self.size))),
        ):  # fmt: skip
            self._put(parameter, value)

    def _put(self, parameter: Any, value: Floats) -> list[int]:
        first = self.canonical.start.get(parameter.id)
        if first is None:
            return []
        self.theta[first : first + len(value)] = value
        return list(range(first, first + len(value)))

    def _set(self, parameter: Any, value: Floats) -> None:
        before = self.theta.copy()
        self._put(parameter, value)
        self.backend.move(np.flatnonzero(self.theta != before).tolist(), self.theta)

    def _run(self) -> Raw:
        raw = self.backend.solve()
        if raw.status not in ("optimal", "infeasible"):
            raise SolverError(
                "limits: contradict each other, but the search for the conflict ended with "
                f"{raw.word!r}. Relax the lower limits one by one."
            )
        return raw

    def suspects(self) -> Ints:
        """Return limits that contradict each other, perhaps more than needed."""
        raw = self._run()
        # what a limit gives is held from below by 0: its price there, taken from its weight, is
        # the limit's own multiplier (the rate in its number is no use: 0 where a ratio is 0/0)
        first = self.canonical.start[self._least.id]
        held = self.canonical.rates(raw.z, raw.y)[first : first + len(self.size)]
        multiplier = np.abs(1.0 - held * self.size)
        suspects = np.flatnonzero(multiplier > (1e-7 if self.linear else 1e-4))
        if raw.minimum <= _ZERO or not len(suspects):
            suspects = np.arange(len(self.size))
        return suspects.astype(np.int64)

    def contradict(self, groups: list[Ints]) -> bool:
        """Return whether some limits alone contradict each other."""
        weight = np.zeros(len(self.size))
        for group in groups:
            weight[group] = 1.0 / self.size[group]
        self._set(self._weight, weight)
        return self._run().minimum > _ZERO

    def least(self, groups: list[Ints]) -> list[float]:
        """Return each group's part in the least total relaxation of these limits."""
        self.contradict(groups)
        raw = self._run()
        give = raw.z[self._give_at]
        return [float(np.maximum(give[group], 0.0).sum()) for group in groups]

    def alone(self, group: Ints) -> float:
        """Return by how much one group's numbers must give, all other limits kept; inf: cannot."""
        most = np.zeros(len(self.size))
        most[group] = _ENDLESS
        self._set(self._most, most)
        weight = np.zeros(len(self.size))
        weight[group] = 1.0 / self.size[group]
        self._set(self._weight, weight)
        raw = self._run()
        found = np.inf if raw.status == "infeasible" else self._needed(raw, group)
        self._set(self._most, np.full(len(self.size), _ENDLESS))
        return found

    def _needed(self, raw: Raw, group: Ints) -> float:
        limit = self.model.limits[self.block[group[0]]]
        if limit.per is None:
            return float(raw.z[self._give_at][group].sum())
        return self._ratio(raw, group)

    def _ratio(self, raw: Raw, group: Ints) -> float:
        """Dinkelbach (1967): the least ratio, by moving the number to what the plan uses."""
        at = self.hard.index(int(self.block[group[0]]))
        rows = group - self.first[at]
        limit, original = self.model.limits[self.hard[at]], self.number.copy()
        present = original[self.first[at] : self.first[at + 1]].copy()
        if len(group) == 1:
            least = np.zeros(len(self.size))
            least[group] = -_ENDLESS
            self._set(self._least, least)
        for _ in range(20):
            plan = np.maximum(raw.z[self.canonical.columns], 0.0)
            self.model.hold(plan)
            used = limit.evaluate(plan)[rows]
            moved = float(np.abs(used - present[rows]).max())
            present[rows] = used
            if moved <= 1e-9 * max(1.0, float(np.abs(used).max())) or len(group) > 1:
                break
            self._set(self._limits[at], present)
            raw = self._run()
        self._set(self._least, np.zeros(len(self.size)))
        block = original[self.first[at] : self.first[at + 1]]
        self._set(self._limits[at], block)
        return float(np.abs(present[rows] - block[rows]).sum())

    def title(self, group: Ints) -> str:
        """Return a limit's name, or a group's."""
        limit = self.model.limits[self.block[group[0]]]
        at = self.hard.index(int(self.block[group[0]]))
        if len(group) == 1:
            return str(limit.names[int(group[0] - self.first[at])])
        return f"{limit.names[0].split('[')[0]} ({len(group):,} limits together)"
