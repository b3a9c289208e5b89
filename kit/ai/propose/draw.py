"""Random proposals over the same registry: what every other proposer has to beat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from kit.ai.propose.brief import Brief
from kit.ai.propose.protocol import fresh, parents
from kit.models.objectives import OBJECTIVES
from kit.variant.change import Change, Proposal
from kit.variant.space import numbers_of
from kit.variant.trial import Trial

STRUCTURAL_SHARE = 0.5
"""How often a draw changes what the variant is made of, not its numbers."""
FACTORS = (0.5, 0.7, 0.85, 1.2, 1.5)
"""On an exchange's bids."""
_TRIES = 50


class RandomDraws:
    """Changes the default, or a trial drawn among those scored, at random."""

    name = "random"

    def propose(
        self, brief: Brief, trials: Sequence[Trial], count: int, seed: int
    ) -> list[Proposal]:
        """Return random changes; the draw depends on the seed and on how many trials there are."""
        rng = np.random.default_rng([seed, len(trials)])
        return fresh(self._draws(brief, trials, rng), trials, count)

    def _draws(
        self, brief: Brief, trials: Sequence[Trial], rng: np.random.Generator
    ) -> Iterator[Proposal]:
        known = parents(trials)
        structures = list(structures_of(brief))
        for _ in range(_TRIES):
            if structures and rng.random() < STRUCTURAL_SHARE:
                parent = known[int(rng.integers(len(known)))]
                change = structures[int(rng.integers(len(structures)))]
                yield Proposal(parent.number, (change,), "Drawn at random.", self.name)
                continue
            numbers = numbers_of(trials[0].spec, brief.has_trees)
            drawn = tuple(one.change(one.draw(rng)) for one in numbers)
            yield Proposal(0, drawn, "Drawn at random.", self.name)


def structures_of(brief: Brief) -> Iterator[Change]:
    """Yield every structural change that the brief allows, without looking at its evidence."""
    for fact in brief.exchanges:
        yield from (Change(kind=fact.kind, name=fact.name, value=factor) for factor in FACTORS)
    if not brief.has_trees:
        return
    yield from (Change(kind="add_feature", name=idea.name) for idea in brief.addable)
    for idea in brief.ideas:
        yield Change(kind="add_expression", name=idea.name, value=idea.sql)
    yield from (Change(kind="drop_feature", name=name) for name in brief.features)
    for objective in OBJECTIVES:
        if brief.values_differ or objective != "value_log_loss":
            yield Change(kind="objective", value=objective)
    yield from (Change(kind="calibration", value=how) for how in ("shift", "platt", "isotonic"))
    yield from (Change(kind="recent_share", value=share) for share in (0.25, 0.5, 0.75))
