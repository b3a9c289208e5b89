"""`Vault`: the way to ask a sealed holdout, one charged look at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from kit.base.workspace import ledger_path
from kit.data.sealed import SealedSplit, split_facts
from kit.validate.claim import Claim
from kit.validate.ledger import Entry, Ledger
from kit.validate.process import PROCESS
from kit.validate.rules import workspace_rules
from kit.validate.verdict import Question, Verdict
from kit.variant.frozen import FrozenVariant


class Vault:
    """A sealed log's holdout, asked through a process that holds it.

    Parameters
    ----------
    sealed : SealedSplit, str or Path
        The sealed log, or its folder.
    ledger : Path, optional
        The ledger of looks; default the workspace's.
    rules : Path, optional
        The rules of the gates; default the workspace's ``gates.toml``, else the packaged one.

    Raises
    ------
    DataError
        If the folder is no whole sealed log.

    Notes
    -----
    No sealed row enters this process: a frozen candidate goes to the scoring process, which
    charges the look in the ledger before it scores, and a coarse answer comes back
    (``docs/rule.md``).

    Examples
    --------
    >>> import tempfile, kit
    >>> folder = tempfile.TemporaryDirectory()
    >>> root = Path(folder.name)
    >>> log = kit.simulate(kit.SimulationConfig(auctions=12_000, days=10, ctr=0.05), 1).log
    >>> sealed = kit.seal_log(log.save(root / "log.parquet"), out=root / "sealed")
    >>> bids = {"low": 0.5, "high": 1.0}
    >>> low, high = (
    ...     kit.build_variant(
    ...         kit.VariantSpec(name=name, model=None,
    ...                         policy=kit.PolicySpec(name="constant", params={"bid": bid})),
    ...         sealed.train, sealed.tune, root / name)
    ...     for name, bid in bids.items())
    >>> vault = Vault(sealed, ledger=root / "ledger.sqlite")
    >>> verdict = vault.look(high, low)
    >>> verdict.answer, verdict.look, verdict.looks_left
    ('not shown better', 1, 199)
    >>> vault.look(high, low).repeated, vault.looks_left
    (True, 199)
    >>> folder.cleanup()
    """

    def __init__(
        self,
        sealed: SealedSplit | str | Path,
        *,
        ledger: Path | None = None,
        rules: Path | None = None,
    ) -> None:
        self.folder = Path(sealed.folder if isinstance(sealed, SealedSplit) else sealed).resolve()
        self.source_hash: str = split_facts(self.folder)["source_hash"]
        self.ledger = Ledger((ledger or ledger_path()).resolve())
        self.rules = (rules or workspace_rules()).resolve()

    def look(
        self,
        candidate: FrozenVariant,
        baseline: FrozenVariant,
        *,
        question: Question = "better",
        click_value_cpm: float | None = None,
        budget_per_1000: float | None = None,
        margin_per_1000: float = 0.0,
        seed: int = 0,
        proposer: str = "human",
        trust_code: bool = False,
    ) -> Verdict:
        """Ask once, charged in the ledger; the same question again is not charged again.

        Parameters
        ----------
        candidate, baseline : FrozenVariant
            From `kit.build_variant` or `kit.load_frozen`.
        question, click_value_cpm, budget_per_1000, margin_per_1000, seed
            As in `kit.validate.claim.Claim`.
        proposer : str
            Who or what asks, for the ledger.
        trust_code : bool
            Whether the scoring process may run a variant's own policy in Python.

        Returns
        -------
        Verdict
            ``look`` is 0 where the candidate failed a gate on the tune split: that costs no look.

        Raises
        ------
        HoldoutSpentError
            If the budget of this log is used up.
        DataError
            If a setting is not allowed, the holdout has changed, or is too small for any verdict.
        LedgerError
            If the ledger cannot be written, or does not verify.
        ScoringError
            If the scoring process failed.
        """
        claim = Claim(
            candidate, baseline, question, click_value_cpm, budget_per_1000, margin_per_1000, seed
        )
        return self._ask("look", claim, proposer, trust_code)

    def preview(
        self,
        candidate: FrozenVariant,
        baseline: FrozenVariant,
        *,
        question: Question = "better",
        click_value_cpm: float | None = None,
        budget_per_1000: float | None = None,
        margin_per_1000: float = 0.0,
        seed: int = 0,
        trust_code: bool = False,
    ) -> Verdict:
        """Return what the tune split says and what a look could find; nothing is charged.

        The parameters are those of `look`; so are the errors. ``look`` is 0 and ``share`` what
        the next look would be charged.
        """
        claim = Claim(
            candidate, baseline, question, click_value_cpm, budget_per_1000, margin_per_1000, seed
        )
        return self._ask("preview", claim, "", trust_code)

    def _ask(self, what: str, claim: Claim, proposer: str, trust_code: bool) -> Verdict:
        reply = PROCESS.ask({
            "do": what,
            "folder": str(self.folder),
            "ledger": str(self.ledger.path),
            "rules": str(self.rules),
            "claim": claim.to_dict(),
            "proposer": proposer,
            "trust_code": trust_code,
        })  # fmt: skip
        return Verdict.from_dict(reply["verdict"])

    @property
    def looks_left(self) -> int:
        """Looks that the budget of this log still pays for."""
        return self.ledger.looks_left(self.source_hash)

    @property
    def history(self) -> pd.DataFrame:
        """One row a look at this log; see `looks_table`."""
        return looks_table(self.ledger.entries(self.source_hash))


def looks_table(entries: list[Entry]) -> pd.DataFrame:
    """Return one row a look: look, at, proposer, candidate, baseline, question, answer, and so on.

    Returns
    -------
    pandas.DataFrame
        look, at (UTC), source_hash, proposer, candidate, baseline, question, answer ("not
        answered" where scoring was cut off), status, share.
    """
    answers: dict[tuple[str, str], Verdict] = {
        (entry.source_hash, entry.claim): Verdict.from_dict(entry.body["verdict"])
        for entry in entries
        if entry.kind == "answer"
    }
    rows: list[dict[str, Any]] = []
    for entry in entries:
        if entry.kind != "charge":
            continue
        verdict = answers.get((entry.source_hash, entry.claim))
        rows.append({
            "look": entry.look,
            "at": entry.at,
            "source_hash": entry.source_hash,
            "proposer": entry.body["proposer"],
            "candidate": entry.body["candidate"]["name"],
            "baseline": entry.body["baseline"]["name"],
            "question": entry.body["question"],
            "answer": "not answered" if verdict is None else verdict.answer,
            "status": "" if verdict is None else verdict.status,
            "share": entry.body["share"],
        })  # fmt: skip
    columns = ("look", "at", "source_hash", "proposer", "candidate", "baseline", "question",
               "answer", "status", "share")  # fmt: skip
    return pd.DataFrame(rows, columns=list(columns))
