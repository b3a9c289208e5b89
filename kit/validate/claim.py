"""`Claim`: what is asked of a sealed holdout, whole and fixed before anything is scored."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.base.checks import number, one_of
from kit.base.errors import ModelError
from kit.validate.verdict import QUESTIONS, Question
from kit.variant.frozen import FrozenVariant, load_frozen


@dataclass(frozen=True, eq=False)
class Claim:
    """One question about two frozen variants.

    Parameters
    ----------
    candidate, baseline : FrozenVariant
        What is compared.
    question : {"better", "not_worse", "worse"}
        What is claimed of the candidate; each is a look of its own.
    click_value_cpm : float or None
        Value of a click as a sum of per-mille prices; None where each row has its own.
    budget_per_1000 : float or None
        Price sum that either may spend for every 1,000 auctions; None: no limit.
    margin_per_1000 : float
        Surplus for every 1,000 auctions that "not worse" gives away; 0 for other questions.
    seed : int
        Of policies that draw, of stress and of resamples.

    Raises
    ------
    DataError
        If a number or the question is not allowed.
    """

    candidate: FrozenVariant
    baseline: FrozenVariant
    question: Question = "better"
    click_value_cpm: float | None = None
    budget_per_1000: float | None = None
    margin_per_1000: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        one_of("question", self.question, QUESTIONS)
        number("seed", self.seed, 0)
        if self.click_value_cpm is not None:
            number("click_value_cpm", self.click_value_cpm, 0)
        if self.budget_per_1000 is not None:
            number("budget_per_1000", self.budget_per_1000, 0)
        if self.question == "not_worse":
            number("margin_per_1000", self.margin_per_1000, above=0)
        else:
            number("margin_per_1000", self.margin_per_1000, 0, 0)

    @property
    def settings(self) -> dict[str, Any]:
        """Everything but the two variants, as plain types for JSON."""
        return {
            "question": self.question,
            "click_value_cpm": self.click_value_cpm,
            "budget_per_1000": self.budget_per_1000,
            "margin_per_1000": self.margin_per_1000,
            "seed": self.seed,
        }

    @property
    def key(self) -> str:
        """SHA-256 of what decides the answer: asked again, it is not charged again."""
        asked = [self.candidate.hash, self.baseline.hash, self.settings]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON; the variants as their folders and hashes."""
        arms = {"candidate": self.candidate, "baseline": self.baseline}
        folders = {name: [str(arm.folder.resolve()), arm.hash] for name, arm in arms.items()}
        return {**folders, **self.settings}

    @classmethod
    def from_dict(cls, plain: dict[str, Any], trust_code: bool = False) -> Claim:
        """Read what `to_dict` wrote; the variants are loaded and their hashes checked.

        Parameters
        ----------
        plain : dict
            From `to_dict`.
        trust_code : bool
            Whether a policy in Python may run.

        Raises
        ------
        ModelError
            If a frozen variant is not whole, or no more the one that was asked about.
        """
        loaded = {name: _frozen(plain[name], trust_code) for name in ("candidate", "baseline")}
        return cls(**{**plain, **loaded})

    def budget(self, auctions: int) -> float | None:
        """Return the price sum that either may spend on a log of so many auctions."""
        return None if self.budget_per_1000 is None else self.budget_per_1000 * auctions / 1000

    def margin(self, auctions: int) -> float:
        """Return the surplus that "not worse" gives away on a log of so many auctions."""
        return self.margin_per_1000 * auctions / 1000


def _frozen(arm: list[str], trust_code: bool) -> FrozenVariant:
    folder, asked = arm
    variant = load_frozen(Path(folder), trust_code=trust_code)
    if variant.hash != asked:
        raise ModelError(
            f"{folder}: has changed since it was loaded; must be the variant that is asked about. "
            "Load it again, or build it again in another folder."
        )
    return variant
