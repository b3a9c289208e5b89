"""Copies of a problem in which limits can give way, for the search of conflicts."""

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
    from kit.allocate.terms.base import Limit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ENDLESS = np.inf
_KEPT = 1e-8
"""What limits may give in all, relative to their size, and still count as kept."""


class HardLimits:
    """The limits that cannot be missed at a price, counted through all blocks.

    Parameters
    ----------
    compiled : CompiledProblem
        An infeasible problem at its present numbers.

    Attributes
    ----------
    block, row : ndarray of int, shape (L,)
        The block of each limit, and its place there.
    number, size : ndarray, shape (L,)
        The number of each limit, and how large it is (at least 1).
    """

    def __init__(self, compiled: CompiledProblem) -> None:
        self.compiled, self.model = compiled, compiled.model
        limits = self.model.limits
        hard = [place for place, limit in enumerate(limits) if limit.soft is None]
        sizes = [len(limits[place]) for place in hard]
        numbers = compiled.numbers()
        self.block = np.repeat(np.array(hard, dtype=np.int64), sizes)
        empty = np.zeros(0)
        self.row = np.concatenate([empty, *(np.arange(size) for size in sizes)]).astype(np.int64)
        self.number = np.concatenate([empty, *(numbers[place] for place in hard)])
        finite = np.where(np.isfinite(self.number), np.abs(self.number), 1.0)
        self.size = np.maximum(finite, 1.0)

    def __len__(self) -> int:
        return len(self.block)

    def limit(self, group: Ints) -> Limit:
        """Return the block that a group of limits belongs to."""
        return self.model.limits[int(self.block[group[0]])]

    def title(self, group: Ints) -> str:
        """Return a limit's name, or a group's."""
        names = self.limit(group).names
        if len(group) == 1:
            return str(names[int(self.row[group[0]])])
        return f"{names[0].split('[')[0]} ({len(group):,} limits together)"


class Elastic:
    """Minimise the weighted sum of what some limits give.

    Parameters
    ----------
    hard : HardLimits
        The limits.
    members : ndarray of int, shape (M,)
        Those that can give way.
    keep : bool
        Whether the other limits hold as they are; if not they are left out.
    """

    def __init__(self, hard: HardLimits, members: Ints, keep: bool) -> None:
        import cvxpy as cp

        self.hard, self.members, self.keep = hard, members, keep
        self.local = np.full(len(hard), -1, dtype=np.int64)
        self.local[members] = np.arange(len(members))
        count = len(members)
        self.give = cp.Variable(count)
        self._weight, self._most = cp.Parameter(count), cp.Parameter(count)
        self._least = cp.Parameter(count)
        self._numbers: dict[int, tuple[Any, Ints]] = {}
        self._values: list[tuple[Any, Floats]] = []
        with np.errstate(invalid="ignore"):
            self.canonical = Canonical(self._problem(cp), hard.model.x)
        self.theta = np.ones(self.canonical.size + 1)
        for parameter, number in self._values:
            self._put(parameter, number)
        self._put(self._weight, np.ones(count))
        self._put(self._most, np.full(count, _ENDLESS))
        self._put(self._least, np.zeros(count))
        dims = self.canonical.dims
        self.linear = dims.zero + dims.nonneg == self.canonical.shape[0]
        solver = HotModel if self.linear else ConicModel
        self.backend: Backend = solver(self.canonical, self.theta)
        self._give_at = self.canonical.column_of[self.give.id]

    def _problem(self, cp: Any) -> Any:
        model, constraints = self.hard.model, list(self.hard.model.definitions)
        for place, limit in enumerate(model.limits):
            of_block = self.members[self.hard.block[self.members] == place]
            giving = self.hard.row[of_block]
            if len(giving):
                give = self.give[self.local[of_block]]
                constraints.append(self._held(cp, place, giving, give))
            rest = np.setdiff1d(np.arange(len(limit)), giving)
            if len(rest) and (self.keep or limit.soft is not None):
                constraints.append(self._held(cp, place, rest, 0.0))
        constraints += [self.give <= self._most, self.give >= self._least]
        return cp.Problem(cp.Maximize(-(self._weight @ self.give)), constraints)

    def _held(self, cp: Any, place: int, rows: Ints, give: Any) -> Any:
        """Return some rows of a block as a constraint."""
        model = self.hard.model
        limit, per = model.limits[place].part(rows), model.per[place]
        if per is not None and per.size > 1:
            per = per[rows]
        parameter = cp.Parameter(len(rows))
        self._values.append((parameter, self.hard.compiled.numbers()[place][rows]))
        if not isinstance(give, float):
            self._numbers[place] = parameter, rows
        return limit.constraint(model.x, parameter, give, per)

    def _put(self, parameter: Any, value: Floats) -> None:
        first = self.canonical.start[parameter.id]
        self.theta[first : first + len(value)] = value

    def _set(self, parameter: Any, value: Floats) -> None:
        before = self.theta.copy()
        self._put(parameter, value)
        self.backend.move(np.flatnonzero(self.theta != before).tolist(), self.theta)

    def _run(self) -> Raw:
        raw = self.backend.solve()
        if raw.status not in ("optimal", "infeasible", "unbounded"):
            raise SolverError(
                "limits: contradict each other, but the search for the conflict ended with "
                f"{raw.word!r}. Relax the lower limits one by one."
            )
        return raw

    def suspects(self) -> Ints:
        """Return members that contradict each other, perhaps more than needed."""
        raw = self._run()
        # what a limit gives is held from below by 0: its price there, taken from its weight, is
        # the limit's own multiplier (the rate in its number is no use: 0 where a ratio is 0/0)
        first = self.canonical.start[self._least.id]
        held = self.canonical.rates(raw.z, raw.y)[first : first + len(self.members)]
        found = np.flatnonzero(np.abs(1.0 - held) > (1e-7 if self.linear else 1e-4))
        return self.members[found] if len(found) else self.members

    def contradict(self, groups: list[Ints]) -> bool:
        """Return whether some limits alone contradict each other.

        What they give is weighed as it is: relative to numbers such as 1e7 impressions, what one
        impression mends would be less than the solver's tolerance.
        """
        weight, size = np.zeros(len(self.members)), 1.0
        for group in groups:
            weight[self.local[group]] = 1.0
            size = max(size, float(self.hard.size[group].max()))
        self._set(self._weight, weight)
        return self._run().minimum > (_KEPT if self.linear else 10 * _KEPT) * size

    def least(self, groups: list[Ints]) -> list[float]:
        """Return each group's part in the least total relaxation, relative to their numbers."""
        some = np.concatenate(groups)
        weight = np.zeros(len(self.members))
        size = self.hard.size[some]
        weight[self.local[some]] = np.clip(np.median(size) / size, 1e-3, 1e3)
        self._set(self._weight, weight)
        give = np.maximum(self._run().z[self._give_at], 0.0)
        return [float(give[self.local[group]].sum()) for group in groups]

    def alone(self, group: Ints) -> float:
        """Return by how much one group's numbers must give, all other limits kept; inf: cannot."""
        most, weight = np.zeros(len(self.members)), np.zeros(len(self.members))
        most[self.local[group]], weight[self.local[group]] = _ENDLESS, 1.0
        self._set(self._most, most)
        self._set(self._weight, weight)
        raw = self._run()
        if raw.status == "infeasible":
            return np.inf
        if self.hard.limit(group).per is None:
            return float(raw.z[self._give_at][self.local[group]].sum())
        return self._ratio(raw, group)

    def _ratio(self, raw: Raw, group: Ints) -> float:
        """Dinkelbach (1967): the least ratio, by moving the number to what the plan uses."""
        limit, rows = self.hard.limit(group), self.hard.row[group]
        parameter, of_parameter = self._numbers[int(self.hard.block[group[0]])]
        at = np.searchsorted(of_parameter, rows)
        original = self.hard.compiled.numbers()[int(self.hard.block[group[0]])][of_parameter]
        present = original.copy()
        if len(group) == 1:
            least = np.zeros(len(self.members))
            least[self.local[group]] = -_ENDLESS
            self._set(self._least, least)
        for _ in range(20):
            plan = np.maximum(raw.z[self.canonical.columns], 0.0)
            self.hard.model.hold(plan)
            used = limit.evaluate(plan)[rows]
            moved = float(np.abs(used - present[at]).max())
            present[at] = used
            if moved <= 1e-9 * max(1.0, float(np.abs(used).max())) or len(group) > 1:
                break
            self._set(parameter, present)
            raw = self._run()
            if raw.status != "optimal":
                break
        self._set(self._least, np.zeros(len(self.members)))
        self._set(parameter, original)
        return float(np.abs(present[at] - original[at]).sum())
