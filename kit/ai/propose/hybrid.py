"""Structure from one proposer, numbers from another: each does what it is good at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kit.ai.propose.brief import Brief
from kit.ai.propose.numbered import numbered
from kit.ai.propose.protocol import Proposer
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
        told = list(trials)
        for place in range(len(trials) - 1, len(trials) - 1 + count):
            one = self._next(place, brief, told, seed)
            if one is None:
                break
            found.append(one)
            told += numbered([one], told, brief)
        return found

    def _next(
        self, place: int, brief: Brief, trials: Sequence[Trial], seed: int
    ) -> Proposal | None:
        """Return one proposal of whose turn it is, else of the other."""
        in_turn: tuple[Proposer, ...] = (self._structure, self._numbers)
        for who in in_turn if TURNS[place % len(TURNS)] == "structure" else in_turn[::-1]:
            made = who.propose(brief, trials, 1, seed)
            if made:
                return replace(made[0], proposer=f"{self.name}: {made[0].proposer}")
        return None
