"""Trials as a tree: which changes which, in lines that a table can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kit.variant.trial import Trial

_SPACE = "\N{NO-BREAK SPACE}"
_LAST, _NEXT = f"└─{_SPACE}", f"├─{_SPACE}"
_BELOW_LAST, _BELOW_NEXT = 3 * _SPACE, f"│{2 * _SPACE}"


@dataclass(frozen=True)
class Branch:
    """One trial and its place in the tree.

    Parameters
    ----------
    trial : Trial
        It.
    guide : str
        Lines that lead to it from the one that it changes, for a font of any width.
    depth : int
        Trials above it.
    """

    trial: Trial
    guide: str
    depth: int


def branches(trials: Sequence[Trial]) -> list[Branch]:
    """Return trials so that each follows the one it changes, siblings in order of number.

    Examples
    --------
    >>> from kit.variant.spec import PolicySpec, VariantSpec
    >>> spec = VariantSpec(name="a", policy=PolicySpec(name="value"))
    >>> of = {0: None, 1: 0, 2: 0, 3: 1}
    >>> for each in branches([Trial(number, spec, parent) for number, parent in of.items()]):
    ...     print(each.guide.replace(_SPACE, " ") + str(each.trial.number))
    0
    ├─ 1
    │  └─ 3
    └─ 2
    """
    below: dict[int | None, list[Trial]] = {}
    known = {trial.number for trial in trials}
    for trial in sorted(trials, key=lambda one: one.number):
        parent = trial.parent if trial.parent in known and trial.parent != trial.number else None
        below.setdefault(parent, []).append(trial)
    found: list[Branch] = []
    waiting = [(root, "", "", 0) for root in reversed(below.get(None, []))]
    while waiting:  # not by recursion: a long search may be a thousand changes deep
        trial, guide, lead, depth = waiting.pop()
        found.append(Branch(trial, guide, depth))
        children = below.get(trial.number, [])
        for place, child in reversed(list(enumerate(children))):
            is_last = place == len(children) - 1
            own, under = (_LAST, _BELOW_LAST) if is_last else (_NEXT, _BELOW_NEXT)
            waiting.append((child, lead + own, lead + under, depth + 1))
    return found
