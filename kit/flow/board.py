"""`Board`: candidates beside one baseline, what the tune split says of each, and what was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kit.base.checks import one_of
from kit.base.errors import DataError
from kit.data.sealed import SealedSplit, open_sealed
from kit.flow.lineage import Lineage
from kit.flow.search.metered import Cost
from kit.flow.search.record import SearchRecord
from kit.flow.standing import Order, Standing, ranked, spec_diff
from kit.validate.claim import Claim
from kit.validate.detectable import detectable_effect
from kit.validate.drift import DriftReport, drift_report
from kit.validate.gates import STRESSED_ROWS, stressed
from kit.validate.ledger import Entry, told_of
from kit.validate.rule import critical_z
from kit.validate.rules import read_rules
from kit.validate.stress import StressReport
from kit.validate.vault import Vault
from kit.validate.verdict import Question, Verdict
from kit.variant.frozen import FrozenVariant

PROPOSER = "human, variant board"
"""Who asks, in the ledger."""


class Board:
    """The state of a variant board.

    Parameters
    ----------
    sealed : SealedSplit, str or Path
        The sealed log, or its folder.
    baseline : FrozenVariant
        What every candidate is compared with.
    candidates : iterable of FrozenVariant
        At least one; names and bids differ.
    question, click_value_cpm, budget_per_1000, margin_per_1000, seed
        As in `kit.validate.claim.Claim`.
    ledger, rules : Path, optional
        As in `kit.validate.vault.Vault`.
    say : callable of str, optional
        Told what is going on.
    record : SearchRecord, optional
        The search that the candidates come from; see `kit.open_search`.

    Raises
    ------
    KitError
        If a candidate is on the board already, cannot be scored, or the ledger does not verify.

    Notes
    -----
    Each candidate is previewed once, on the tune split: nothing is charged for that. The holdout
    is asked by `look` alone.

    Examples
    --------
    >>> import tempfile, kit
    >>> folder = tempfile.TemporaryDirectory()
    >>> root = Path(folder.name)
    >>> log = kit.simulate(kit.SimulationConfig(auctions=6000, days=10), 1).log
    >>> sealed = kit.seal_log(log.save(root / "log.parquet"), out=root / "sealed")
    >>> low, high = (
    ...     kit.build_variant(
    ...         kit.VariantSpec(name=name, model=None,
    ...                         policy=kit.PolicySpec(name="constant", params={"bid": bid})),
    ...         sealed.train, sealed.tune, root / name)
    ...     for name, bid in {"low": 0.5, "high": 1.0}.items())
    >>> board = Board(sealed, low, [high], ledger=root / "ledger.sqlite")
    >>> board.table[["name", "verdict"]].values.tolist()
    [['high', 'not asked']]
    >>> board.diff("low", "high").values.tolist()
    [['policy.params.bid', '0.5', '1']]
    >>> round(board.share("high"), 4), board.looks_left
    (0.022, 200)
    >>> folder.cleanup()
    """

    def __init__(
        self,
        sealed: SealedSplit | str | Path,
        baseline: FrozenVariant,
        candidates: Iterable[FrozenVariant],
        *,
        question: Question = "better",
        click_value_cpm: float | None = None,
        budget_per_1000: float | None = None,
        margin_per_1000: float = 0.0,
        seed: int = 0,
        ledger: Path | None = None,
        rules: Path | None = None,
        say: Callable[[str], None] = lambda text: None,
        record: SearchRecord | None = None,
    ) -> None:
        self.sealed = sealed if isinstance(sealed, SealedSplit) else open_sealed(sealed)
        self.unit = self.sealed.tune.meta.unit
        self.vault = Vault(self.sealed, ledger=ledger, rules=rules)
        self.power = read_rules(self.vault.rules).effect.power
        self.baseline = baseline
        self.question: Question = question
        self._settings: dict[str, Any] = {
            "question": question,
            "click_value_cpm": click_value_cpm,
            "budget_per_1000": budget_per_1000,
            "margin_per_1000": margin_per_1000,
            "seed": seed,
        }
        self.say = say
        self._variants: dict[str, FrozenVariant] = {}
        self._previews: dict[str, Verdict] = {}
        self.record = record
        self._lineage = Lineage(baseline, self._variants, record)
        self._entries = self._read()
        for variant in candidates:
            self.add(variant)
        if not self._variants:
            raise DataError("candidates: got none; must be at least one. Pass [variant].")

    @property
    def names(self) -> list[str]:
        """Names of the candidates, in the order in which they came."""
        return list(self._variants)

    def add(self, variant: FrozenVariant) -> Standing:
        """Put a candidate on the board and preview it; one that is there already stays.

        Raises
        ------
        DataError
            If it bids as the baseline or another candidate does, or its name is taken.
        KitError
            If it cannot be scored.
        """
        name = variant.spec.name
        for other in (self.baseline, *self._variants.values()):
            same = other.hash == variant.hash
            if same and other is not self.baseline and other.spec.name == name:
                return self.standing(name)
            if same or other.spec.name == name:
                what = "bids as" if same else "has the name of"
                raise DataError(
                    f"candidate: {name!r} {what} {other.spec.name!r}, which is on the board; names "
                    "and bids must differ. Change its spec."
                )
        self.say(f"Scoring {name} on the tune split …")
        preview = self.vault.preview(variant, self.baseline, **self._settings)
        self._variants[name], self._previews[name] = variant, preview
        return self.standing(name)

    def variant(self, name: str) -> FrozenVariant:
        """Return a candidate or the baseline by name.

        Raises
        ------
        DataError
            If no such variant is on the board.
        """
        known = {self.baseline.spec.name: self.baseline, **self._variants}
        if name not in known:
            raise DataError(
                f"variant: got {name!r}; must be one of: {', '.join(known)}. Choose one, or add it."
            )
        return known[name]

    def standing(self, name: str) -> Standing:
        """Return what is known of one candidate.

        Raises
        ------
        DataError
            If no such candidate is on the board.
        """
        charge, answer = self._asked(name)
        told = None if answer is None else Verdict.from_dict(answer.body["verdict"])
        return Standing(
            self._variants[name],
            self._preview(name, charge),
            None if told is None else replace(told, looks_left=self.looks_left),
            0 if charge is None else charge.look,
            self._lineage.parent(name),
            tuple(self._lineage.above(name)),
            self._cost(name),
        )

    def rows(self, order: Order = "tune score") -> list[Standing]:
        """Return every candidate, best on the tune split first.

        Parameters
        ----------
        order : {"tune score", "lineage"}
            With ``lineage`` each follows the one that it changes.
        """
        return ranked(map(self.standing, self.names), order)

    @property
    def table(self) -> pd.DataFrame:
        """One row a candidate, best on the tune split first.

        Returns
        -------
        pandas.DataFrame
            name, parent, proposer, tune_surplus, tune_low, tune_high (against the baseline, in
            currency, from the tune split), gates (there), verdict, cost (seconds of fits, tokens
            and money of calls to a model, in words; empty where no search built it), hypothesis.
        """
        rows = [
            (row.name, row.parent, row.variant.spec.proposer, *row.money, row.tune_status,
             row.answer, "" if row.cost is None else str(row.cost), row.variant.spec.hypothesis)
            for row in self.rows()
        ]  # fmt: skip
        columns = ("name", "parent", "proposer", "tune_surplus", "tune_low", "tune_high", "gates",
                   "verdict", "cost", "hypothesis")  # fmt: skip
        return pd.DataFrame(rows, columns=list(columns))

    @property
    def trials(self) -> pd.DataFrame:
        """Every trial of the search, those that are no candidates too.

        Returns
        -------
        pandas.DataFrame
            As `kit.flow.search.record.SearchRecord.table`, and ``on_board``: whether it is the
            baseline or a candidate here. Empty where the candidates come from no search.
        """
        if self.record is None:
            return pd.DataFrame()
        table = self.record.table
        here = {self.baseline.spec.name, *self._variants}
        return table.assign(on_board=[name in here for name in table["change"]])

    @property
    def looks_left(self) -> int:
        """Looks that the budget of this log still paid for when the ledger was last read."""
        charged = sum(entry.kind == "charge" for entry in self._entries)
        return max(self.vault.ledger.schedule.looks - charged, 0)

    def refresh(self) -> None:
        """Read the ledger again: other sessions ask the same holdout.

        Raises
        ------
        LedgerError
            If it does not verify; what was read before stays.
        """
        self._entries = self._read()

    def share(self, name: str) -> float:
        """Return the chance of a false acceptance that a look at a candidate is charged.

        Raises
        ------
        HoldoutSpentError
            If the budget of this log is used up.
        """
        charge, _ = self._asked(name)
        return self._spends(charge)[0]

    def _spends(self, charge: Entry | None) -> tuple[float, int]:
        """Return share and earlier releases of the next look, or of one that was charged."""
        if charge is not None:
            return charge.body["share"], charge.body["releases"]
        releases, doubted = told_of(self._entries)
        looks = sum(entry.kind == "charge" for entry in self._entries)
        return self.vault.ledger.schedule.share(looks + 1, releases, doubted), releases

    def _preview(self, name: str, charge: Entry | None) -> Verdict:
        """Return what was previewed once, with what a look costs and could find by now."""
        seen, left = self._previews[name], self.looks_left
        if charge is None and not left:
            return replace(seen, looks_left=0, share=0.0, mde_cpm=None)
        share, releases = self._spends(charge)
        found = None
        if seen.tune is not None:
            auctions = self.sealed.rows["holdout"]
            found = detectable_effect(seen.tune, auctions, critical_z(share, releases), self.power)
        return replace(seen, looks_left=left, share=share, mde_cpm=found)

    def look(self, name: str) -> Verdict:
        """Ask the holdout about a candidate: charged, as in `kit.validate.vault.Vault.look`."""
        claim = self._claim(name)
        try:
            return self.vault.look(
                claim.candidate, claim.baseline, proposer=PROPOSER, **claim.settings
            )
        finally:
            self.refresh()

    def diff(self, left: str, right: str) -> pd.DataFrame:
        """Return how two variants differ, of the board or of its search; see `spec_diff`.

        Raises
        ------
        DataError
            If a name is unknown.
        """
        return spec_diff(self._lineage.spec(left), self._lineage.spec(right))

    def beside(self, name: str) -> str:
        """Return what a candidate's spec is best read beside: what it changes, if that is known.

        Raises
        ------
        DataError
            If no such candidate is on the board.
        """
        parent = self._lineage.parent(name)
        known = {self.baseline.spec.name, *self._variants}
        if self.record is not None:
            known |= set(self.record.names.values())
        return parent if parent in known else self.baseline.spec.name

    def drift(self, name: str) -> DriftReport:
        """Return what of the features that a candidate reads has moved from train to tune."""
        claim, sealed = self._claim(name), self.sealed
        rng = np.random.default_rng(claim.seed)
        return drift_report(sealed.train, sealed.tune, claim.candidate.features, rng)

    def stress(self, name: str) -> StressReport:
        """Return what each scenario leaves of a candidate's gain on the tune split."""
        return stressed(self.sealed.tune.rows(slice(-STRESSED_ROWS, None)), self._claim(name))

    def _read(self) -> list[Entry]:
        return self.vault.ledger.entries(self.vault.source_hash)

    def _claim(self, name: str) -> Claim:
        one_of("candidate", name, self.names)
        return Claim(self._variants[name], self.baseline, **self._settings)

    def _asked(self, name: str) -> tuple[Entry | None, Entry | None]:
        """Return charge and answer of a candidate's claim, where the ledger has them."""
        key = self._claim(name).key
        found = {entry.kind: entry for entry in self._entries if entry.claim == key}
        return found.get("charge"), found.get("answer")

    def _cost(self, name: str) -> Cost | None:
        """Return what a candidate cost, where a search built it."""
        trial = self._lineage.trial(name)
        known = None if self.record is None or trial is None else self.record.costs
        return None if known is None or trial is None else known.get(trial.number)
