"""What ``kit check`` writes down, and what ``kit ledger`` says of the looks so far."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kit.data.sealed import split_facts
from kit.report.wording import sentence
from kit.report.writeup import escape_markdown
from kit.validate.ledger import Entry, Ledger
from kit.validate.rule import Schedule
from kit.validate.vault import looks_table
from kit.validate.verdict import Verdict

_HASH = 12
_NO_LEDGER = "no ledger in this workspace yet; the first look at a sealed holdout makes one"


def verdict_markdown(verdict: Verdict, headline: str, lines: Sequence[str]) -> str:
    """Return a verdict as a page of Markdown.

    Parameters
    ----------
    verdict : Verdict
        What the vault said.
    headline : str
        From `kit.report.verdict_words.verdict_headline`.
    lines : sequence of str
        From `kit.report.verdict_words.verdict_lines`.

    Examples
    --------
    >>> verdict = Verdict("better", False, "fail", (), "a", "b", "a0", "b0", "c0", 3, 197, 0.004)
    >>> print(verdict_markdown(verdict, "Not shown better: a against b.", ["Next: a longer log."]))
    # Not shown better
    <BLANKLINE>
    **Not shown better: a against b.**
    <BLANKLINE>
    - Next: a longer log.
    - Candidate a: SHA-256 a0
    - Baseline b: SHA-256 b0
    - Log: SHA-256 c0
    <BLANKLINE>
    """
    hashes = (
        f"Candidate {verdict.candidate}: SHA-256 {verdict.candidate_hash}",
        f"Baseline {verdict.baseline}: SHA-256 {verdict.baseline_hash}",
        f"Log: SHA-256 {verdict.source_hash}",
    )
    title = sentence(verdict.answer) if verdict.look else "Not looked at"
    items = "\n".join(f"- {escape_markdown(line)}" for line in (*lines, *hashes))
    return f"# {title}\n\n**{escape_markdown(headline)}**\n\n{items}\n"


@dataclass(frozen=True, eq=False)
class Looks:
    """What the workspace's ledger holds, of one log or of all.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a look; see `kit.validate.vault.looks_table`.
    logs : pandas.DataFrame
        One row a log: source_hash, looks, looks_left, spent and total (probabilities of a false
        acceptance).
    about : str
        Where nothing was looked at: why the tables are empty.
    """

    table: pd.DataFrame
    logs: pd.DataFrame
    about: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        return {
            "looks": self.table.to_dict("records"),
            "logs": self.logs.to_dict("records"),
            "message": self.about,
        }

    @property
    def lines(self) -> list[str]:
        """One line a log, and one a look below it."""
        if self.about:
            return [self.about]
        said = []
        for log in self.logs.to_dict("records"):
            source, number = log["source_hash"], log["looks"]
            said.append(
                f"log {source[:_HASH]}: {number} look{'s' * (number != 1)}, {log['looks_left']} "
                f"left; {100 * log['spent']:.3g} % of {100 * log['total']:g} % false acceptance "
                "spent"
            )
            its = self.table[self.table["source_hash"] == source]
            said += map(_line, its.to_dict("records"))
        return said


def _line(look: Mapping[Hashable, Any]) -> str:
    return (
        f"{look['look']:>5}  {look['at']}  {look['answer']:<21}{look['status']:<16}"
        f"{look['candidate']} against {look['baseline']}, asked by {look['proposer']}"
    )


def read_looks(ledger: Ledger, folder: Path | None = None) -> Looks:
    """Read and verify the ledger.

    Parameters
    ----------
    ledger : Ledger
        The workspace's.
    folder : Path, optional
        A sealed folder: only looks at its log.

    Raises
    ------
    LedgerError
        If the ledger cannot be read, or was edited.
    DataError
        If the folder is no whole sealed log.
    """
    facts = None if folder is None else split_facts(folder)
    entries = ledger.entries(None if facts is None else facts["source_hash"])
    about = ""
    if not ledger.path.exists():
        about = _NO_LEDGER
    elif not entries:
        name = "any log" if facts is None else facts["source"]
        about = f"no look at {name} yet; {ledger.schedule.looks} are left"
    return Looks(looks_table(entries), _logs(entries, ledger.schedule), about)


def _logs(entries: Sequence[Entry], schedule: Schedule) -> pd.DataFrame:
    charges: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.kind == "charge":
            charges.setdefault(entry.source_hash, []).append(entry)
    rows = [
        {
            "source_hash": source,
            "looks": len(of),
            "looks_left": max(schedule.looks - len(of), 0),
            "spent": sum(charge.body["share"] for charge in of),
            "total": schedule.total,
        }
        for source, of in charges.items()
    ]
    return pd.DataFrame(rows, columns=["source_hash", "looks", "looks_left", "spent", "total"])
