"""Ask a vault, and keep why it could not answer: a report is written either way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kit.base.errors import HoldoutSmallError, HoldoutSpentError
from kit.validate.vault import Vault
from kit.validate.verdict import Verdict
from kit.variant.frozen import FrozenVariant


@dataclass(frozen=True)
class Answer:
    """What a vault said.

    Parameters
    ----------
    verdict : Verdict or None
        Its verdict.
    no_verdict : str
        Why there is none: the holdout is too small, or its budget is used up.
    """

    verdict: Verdict | None
    no_verdict: str = ""

    @property
    def words(self) -> str:
        """The answer in a few words."""
        return "no verdict" if self.verdict is None else self.verdict.answer

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON: the verdict's fields, or why there is none."""
        if self.verdict is None:
            return {"answer": self.words, "no_verdict": self.no_verdict}
        return {"answer": self.words, **self.verdict.to_dict()}


def ask(vault: Vault, candidate: FrozenVariant, baseline: FrozenVariant, **settings: Any) -> Answer:
    """Look once, charged; a holdout that cannot answer is an outcome, not an error.

    Parameters
    ----------
    vault : Vault
        Of the sealed log.
    candidate, baseline : FrozenVariant
        What is compared.
    **settings
        As `kit.validate.vault.Vault.look` takes them.

    Raises
    ------
    KitError
        Whatever else the vault refuses.
    """
    try:
        return Answer(vault.look(candidate, baseline, **settings))
    except (HoldoutSmallError, HoldoutSpentError) as error:
        return Answer(None, str(error))
