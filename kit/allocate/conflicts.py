"""Limits that contradict each other: an irreducible set by name, and how much each must give.

An elastic copy of the problem lets every limit give way at a price. Its duals point to a set of
limits that already contradict each other; a deletion filter makes the set irreducible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.elastic import Elastic, HardLimits
from kit.base.errors import InfeasibleError

if TYPE_CHECKING:
    from kit.allocate.compiled import CompiledProblem

Floats = NDArray[np.float64]

_SINGLY = 20
"""Limits of one block beyond which they are taken as one group."""


class ConflictError(InfeasibleError):
    """Limits contradict each other.

    Parameters
    ----------
    message : str
        Names, numbers and mends.
    conflicts : pandas.DataFrame
        ``limit, bound, must_give, share_of_least``: an irreducible set, each limit's number, by
        how much it alone must give (inf: it alone cannot mend the problem), and its part in the
        least total relaxation.
    """

    def __init__(self, message: str, conflicts: pd.DataFrame) -> None:
        super().__init__(message)
        self.conflicts = conflicts


def infeasible(compiled: CompiledProblem) -> ConflictError:
    """Return the error that names the limits in conflict at the present numbers."""
    hard = HardLimits(compiled)
    groups = _irreducible(hard)
    members = np.sort(np.concatenate(groups))
    whole = Elastic(hard, members, keep=True)
    alone = [whole.alone(group) for group in groups]
    least = Elastic(hard, members, keep=False).least(groups)
    rows = [
        (hard.title(group), float(hard.number[group].sum()), needed, part)
        for group, needed, part in zip(groups, alone, least, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["limit", "bound", "must_give", "share_of_least"])
    return ConflictError(_message(frame), frame)


def refuse_broken(compiled: CompiledProblem) -> None:
    """Raise if a problem without pairs breaks a limit: then it does so by itself.

    Raises
    ------
    ConflictError
        Naming every such limit.
    """
    rows = []
    for limit, number in zip(compiled.model.limits, compiled.numbers(), strict=True):
        excess = limit.excess(np.zeros(0), number)
        broken = np.flatnonzero(excess > 0).tolist()
        rows += [(limit.names[at], float(number[at]), excess[at], excess[at]) for at in broken]
    if rows:
        frame = pd.DataFrame(rows, columns=["limit", "bound", "must_give", "share_of_least"])
        names = "; ".join(f"{row.limit} (now {row.bound:g})" for row in frame.itertuples())
        raise ConflictError(
            f"pairs: there are none, so these limits cannot be kept: {names}. Add pairs, or relax "
            "each limit to what an empty plan keeps.", frame,
        )  # fmt: skip


def _irreducible(hard: HardLimits) -> list[NDArray[np.int64]]:
    """Return groups of limits that contradict each other and of which none can be spared."""
    everything = np.arange(len(hard), dtype=np.int64)
    suspects = Elastic(hard, everything, keep=False).suspects()
    elastic = Elastic(hard, suspects, keep=False)  # far smaller: all else is left out
    kept: list[NDArray[np.int64]] = []
    waiting = [suspects[hard.block[suspects] == b] for b in np.unique(hard.block[suspects])]
    waiting = [part for group in waiting for part in _split(group)]
    while waiting:
        group = waiting.pop()
        if not elastic.contradict([*kept, *waiting]):
            kept.append(group)
    return kept[::-1]


def _split(group: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [group[[at]] for at in range(len(group))] if len(group) <= _SINGLY else [group]


def _message(frame: pd.DataFrame) -> str:
    names = "; ".join(f"{row.limit} (now {row.bound:g})" for row in frame.itertuples())
    alone = frame[np.isfinite(frame["must_give"])]
    mends = [f"{row.limit} by {row.must_give:.6g}" for row in alone.itertuples()]
    if mends:
        mend = f"Relax one of them alone: {' or '.join(mends)}."
    else:
        parts = frame[frame["share_of_least"] > 0]
        both = " and ".join(
            f"{row.limit} by {row.share_of_least:.6g}" for row in parts.itertuples()
        )
        mend = f"No one of them is enough alone; relax {both}, then solve again."
    return f"limits: these contradict each other: {names}; no plan can keep them all. {mend}"
