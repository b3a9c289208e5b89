"""Structure from one proposer, numbers from another: each does what it is good at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kit.ai.propose.brief import Brief
from kit.ai.propose.protocol import Proposer, fresh
from kit.ai.propose.tpe import NumberSearch
from kit.variant.change import Proposal
from kit.variant.trial import Trial

TURNS = ("structure", "structure", "numbers")
"""Whose turn it is, by how many trials there are; a proposer with nothing to say passes."""


class Hybrid:
    """Asks one proposer for structure, and searches numbers around the best structure found.

    Parameters
    ----------
    structure : Proposer
        Such as ``RuleBook(numbers=False)`` or a model.
    """

    name = "hybrid"

    def __init__(self, structure: Proposer) -> None:
        self._structure = structure
        self._numbers = NumberSearch(of_best=True)

    def propose(
        self, brief: Brief, trials: Sequence[Trial], count: int, seed: int
    ) -> list[Proposal]:
        """Return proposals of both, each in its turn."""
        found: list[Proposal] = []
        for place in range(len(trials) - 1, len(trials) - 1 + count):
            kinds = ("structure", "numbers")
            for kind in kinds if TURNS[place % len(TURNS)] == "structure" else kinds[::-1]:
                more = self._next(kind, brief, trials, found, seed)
                if more:
                    found += more
                    break
        return found

    def _next(
        self, kind: str, brief: Brief, trials: Sequence[Trial], found: list[Proposal], seed: int
    ) -> list[Proposal]:
        wanted = len(found) + 1
        if kind == "numbers":
            made = self._numbers.propose(brief, trials, wanted, seed)
        else:
            made = self._structure.propose(brief, trials, wanted, seed)
        new = [one for one in fresh([*found, *made], trials, wanted) if one not in found]
        return [replace(one, proposer=f"{self.name}: {one.proposer}") for one in new[:1]]
