"""What the leakage battery says: findings, what was not checked, and the gate they make."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kit.base.checks import one_of
from kit.base.errors import LeakageError
from kit.validate.verdict import GateResult, Status

KINDS = (
    "after_auction", "target_proxy", "time_overlap", "future_join", "duplicate_rows",
    "memorising_id", "later_aggregate", "label_maturity", "shuffled_target", "shuffled_time",
)  # fmt: skip
"""Every kind of leak that is looked for, in the order of the report."""

DOUBTS = ("memorising_id", "shuffled_time")
"""Kinds that a person judges: they spoil a model, not by themselves its score on later rows."""


@dataclass(frozen=True)
class Finding:
    """One leak.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    columns : tuple of str
        What leaks; empty where it is rows or labels.
    strength : str
        How strongly, in plain numbers.
    why : str
        What it means, in one sentence.
    mend : str
        What to do.
    """

    kind: str
    columns: tuple[str, ...]
    strength: str
    why: str
    mend: str

    def __post_init__(self) -> None:
        one_of("kind", self.kind, KINDS)

    def __str__(self) -> str:
        """Return the finding as one line."""
        where = f" ({', '.join(self.columns)})" if self.columns else ""
        return f"{self.kind}{where}: {self.strength}. {self.why} {self.mend}"


@dataclass(frozen=True)
class Outcome:
    """What one check said.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    findings : tuple of Finding
        What it found.
    not_checked : str
        Why it could not look, in words; empty if it did.
    """

    kind: str
    findings: tuple[Finding, ...] = ()
    not_checked: str = ""


@dataclass(frozen=True)
class LeakageReport:
    """The battery's answer.

    Parameters
    ----------
    outcomes : tuple of Outcome
        One for each kind, in the order of `KINDS`.
    rows : tuple of int
        Rows of train and tune.
    target : str
        What the features were checked against.

    Examples
    --------
    >>> found = Finding("time_overlap", (), "3 of 10 rows", "Rows overlap.", "Cut in time.")
    >>> report = LeakageReport((Outcome("time_overlap", (found,)),), (20, 10), "click")
    >>> report.clean, report.gate.status
    (False, 'fail')
    >>> report.raise_if_leaking()
    Traceback (most recent call last):
    kit.base.errors.LeakageError: time_overlap: 3 of 10 rows. Rows overlap. Cut in time.
    """

    outcomes: tuple[Outcome, ...]
    rows: tuple[int, int]
    target: str

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding."""
        return tuple(finding for outcome in self.outcomes for finding in outcome.findings)

    @property
    def clean(self) -> bool:
        """Whether nothing was found; `not_checked` says what was not looked for."""
        return not self.findings

    @property
    def not_checked(self) -> dict[str, str]:
        """Kinds that could not be looked for, and why."""
        return {
            outcome.kind: outcome.not_checked for outcome in self.outcomes if outcome.not_checked
        }

    @property
    def table(self) -> pd.DataFrame:
        """One row a finding (or a kind without one): kind, result, columns, strength, why, mend."""
        rows: list[dict[str, str]] = []
        for outcome in self.outcomes:
            empty = {"kind": outcome.kind, "columns": "", "strength": "", "why": "", "mend": ""}
            if not outcome.findings:
                result = "not checked" if outcome.not_checked else "none found"
                rows.append({**empty, "result": result, "why": outcome.not_checked})
            for found in outcome.findings:
                told = {name: getattr(found, name) for name in ("strength", "why", "mend")}
                named = ", ".join(found.columns)
                rows.append({**empty, **told, "result": "found", "columns": named})
        columns = ["kind", "result", "columns", "strength", "why", "mend"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def gate(self) -> GateResult:
        """The gate: any leak fails; what only a person can judge needs one."""
        kinds = {finding.kind for finding in self.findings}
        status: Status = "needs a person" if kinds else "pass"
        if kinds - set(DOUBTS):
            status = "fail"
        return GateResult("leakage", status, "train and tune", tuple(map(str, self.findings)))

    def raise_if_leaking(self) -> None:
        """Refuse to go on with a leak.

        Raises
        ------
        LeakageError
            Naming every leak; not for what only needs a person (`DOUBTS`).
        """
        leaks = [str(found) for found in self.findings if found.kind not in DOUBTS]
        if leaks:
            raise LeakageError("\n".join(leaks))
