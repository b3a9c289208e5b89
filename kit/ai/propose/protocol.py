"""`Proposer`: looks at what is known and what was tried, and says what to try next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from kit.ai.propose.brief import Brief
from kit.base.errors import KitError
from kit.variant.change import Proposal
from kit.variant.trial import Trial


class Proposer(Protocol):
    """A strategy of proposing.

    The same brief, trials and seed give the same proposals: a search that was killed goes on as
    if it had not been. A proposer sees tune scores only, never a word of a holdout.
    """

    name: str

    def propose(
        self, brief: Brief, trials: Sequence[Trial], count: int, seed: int
    ) -> list[Proposal]:
        """Return up to `count` proposals; none ends the search.

        Parameters
        ----------
        brief : Brief
            What is known of the log.
        trials : sequence of Trial
            What was tried, in order; trial 0 is the default.
        count : int
            Proposals wanted, to be evaluated side by side.
        seed : int
            Seed of the search.
        """
        ...


def parents(trials: Iterable[Trial]) -> list[Trial]:
    """Return what a proposal may change: trials that were scored on every row, the best first.

    Where none keeps to the constraints it is the default, trial 0.
    """
    known = list(trials)
    ranked = [trial for trial in known if trial.ranks] or known[:1]
    return sorted(ranked, key=lambda trial: (-(trial.score or 0.0), trial.number))


def fresh(proposals: Iterable[Proposal], trials: Sequence[Trial], count: int) -> list[Proposal]:
    """Return the first `count` proposals that can be applied and bid as no trial does."""
    seen = {trial.spec.key for trial in trials}
    specs = {trial.number: trial.spec for trial in trials}
    kept: list[Proposal] = []
    for proposal in proposals:
        try:
            key = proposal.apply(specs[proposal.parent]).key
        except KitError:
            continue
        if key not in seen:
            seen.add(key)
            kept.append(proposal)
        if len(kept) == count:
            break
    return kept
