"""Numbers by Optuna's tree-structured Parzen estimator, seeded with the default."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kit.ai.propose.brief import Brief
from kit.ai.propose.protocol import fresh, parents
from kit.variant.change import Proposal
from kit.variant.space import Number, numbers_of
from kit.variant.trial import Trial

if TYPE_CHECKING:
    import optuna

STARTUP = 5
"""Trials before the estimator is asked; until then draws are random."""
_TRIES = 8


class NumberSearch:
    """Moves the numbers of one structure: the default's, or that of the best trial.

    Parameters
    ----------
    of_best : bool
        Whether it moves the numbers of the best trial so far; its structure stays.

    References
    ----------
    Bergstra et al. (2011), Algorithms for hyper-parameter optimization. Akiba et al. (2019),
    Optuna.
    """

    name = "tpe"

    def __init__(self, of_best: bool = False) -> None:
        self._of_best = of_best

    def propose(
        self, brief: Brief, trials: Sequence[Trial], count: int, seed: int
    ) -> list[Proposal]:
        """Return the estimator's next points, each a change of all numbers at once."""
        base = parents(trials)[0] if self._of_best else trials[0]
        numbers = numbers_of(base.spec, brief.has_trees)
        if not numbers:
            return []
        study = self._study(trials, numbers, seed)
        found: list[Proposal] = []
        for _ in range(count * _TRIES):
            point = study.ask(_ranges(numbers)).params
            edits = [one.change(point[one.key]) for one in numbers
                     if one.fit(point[one.key]) != one.value_in(base.spec)]  # fmt: skip
            found.append(Proposal(base.number, tuple(edits), _WHY, self.name))
            if len(fresh(found, trials, count)) == count:
                break
        return fresh(found, trials, count)

    def _study(self, trials: Sequence[Trial], numbers: Sequence[Number], seed: int) -> optuna.Study:
        """Return a study that holds what was tried: nothing is kept between calls."""
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = optuna.samplers.TPESampler(
                seed=(seed * 100_003 + len(trials)) % 2**32, n_startup_trials=STARTUP,
                multivariate=True, constant_liar=True,
            )  # fmt: skip
        study = optuna.create_study(direction="maximize", sampler=sampler)
        ranges = _ranges(numbers)
        for trial in parents(trials):
            point = {one.key: _typed(one, one.value_in(trial.spec)) for one in numbers}
            study.add_trial(
                optuna.trial.create_trial(params=point, distributions=ranges, value=trial.score)
            )
        return study


_WHY = "Numbers that did well together in earlier trials lie near these."


def _typed(one: Number, value: float) -> float | int:
    return int(value) if one.is_whole else value


def _ranges(numbers: Sequence[Number]) -> dict[str, optuna.distributions.BaseDistribution]:
    import optuna

    return {
        one.key: optuna.distributions.IntDistribution(int(one.low), int(one.high), log=one.is_log)
        if one.is_whole
        else optuna.distributions.FloatDistribution(one.low, one.high, log=one.is_log)
        for one in numbers
    }
