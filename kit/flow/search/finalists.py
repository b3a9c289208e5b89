"""Take the best of a search to the vault: few looks, each charged, none without a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.flow.ask import Answer, ask
from kit.flow.runs import Say
from kit.validate.vault import Vault
from kit.variant.frozen import FrozenVariant, load_frozen
from kit.variant.trial import Trial

NO_GAIN = (
    "No proposal beat the default on the tune split, within its constraints: nothing was put to "
    "the vault, and no look was charged."
)


@dataclass(frozen=True)
class Judged:
    """A finalist and what the vault answered.

    Parameters
    ----------
    trial : Trial
        The finalist.
    variant : FrozenVariant
        As it was frozen when it was scored.
    answer : Answer
        The vault's.
    """

    trial: Trial
    variant: FrozenVariant
    answer: Answer

    @property
    def is_better(self) -> bool:
        """Whether the holdout showed it."""
        return self.answer.verdict is not None and self.answer.verdict.shown


def finalists(trials: Sequence[Trial], most: int) -> list[Trial]:
    """Return the best trials that beat the default on the tune split, the best first."""
    better = [trial for trial in trials if trial.ranks and (trial.score or 0) > 0]
    return sorted(better, key=lambda trial: (-(trial.score or 0.0), trial.number))[:most]


def judge_finalists(
    vault: Vault,
    chosen: Sequence[Trial],
    default: FrozenVariant,
    folders: dict[int, str],
    say: Say,
    **claim: Any,
) -> list[Judged]:
    """Ask about each finalist against the default, until one is better.

    Parameters
    ----------
    vault : Vault
        Of the sealed log.
    chosen : sequence of Trial
        From `finalists`.
    default : FrozenVariant
        What they are compared with.
    folders : dict of int to str
        Where each was frozen.
    say : callable of str
        Told before each look.
    **claim
        As `kit.validate.vault.Vault.look` takes them.
    """
    judged: list[Judged] = []
    for trial in chosen:
        variant = load_frozen(Path(folders[trial.number]))
        say(f"asking the vault about trial {trial.number}: one look, charged in the ledger")
        answer = ask(vault, variant, default, proposer=trial.spec.proposer, **claim)
        judged.append(Judged(trial, variant, answer))
        if judged[-1].is_better or answer.verdict is None:
            break
    return judged
