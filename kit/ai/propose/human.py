"""A person's proposals, from a list: they are built, ranked and judged like all others."""

from __future__ import annotations

from collections.abc import Sequence

from kit.ai.propose.brief import Brief
from kit.ai.propose.protocol import fresh, parents
from kit.variant.change import Change, Proposal
from kit.variant.trial import Trial


class Suggestions:
    """Proposes a person's changes in order, each on the best trial so far.

    Parameters
    ----------
    changes : sequence of (Change, str)
        What to try, and why.
    """

    name = "human"

    def __init__(self, changes: Sequence[tuple[Change, str]]) -> None:
        self._changes = tuple(changes)

    def propose(
        self, brief: Brief, trials: Sequence[Trial], count: int, seed: int
    ) -> list[Proposal]:
        """Return the next changes that were not tried."""
        best = parents(trials)[0].number
        tried = {trial.spec.name for trial in trials}
        made = [Proposal(best, (change,), why, self.name) for change, why in self._changes]
        return fresh([one for one in made if one.label not in tried], trials, count)
