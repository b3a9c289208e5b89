"""The workspace's calls to language models, for a person and as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kit.ai.budget import Spent
from kit.ai.entry import UNKNOWN, Entry
from kit.ai.journal import Journal
from kit.base.workspace import journal_path


@dataclass(frozen=True)
class Calls:
    """What the journal holds.

    Parameters
    ----------
    entries : tuple of Entry
        The oldest first.
    spent : Spent
        By all of them; what is not known is charged at its maximum.
    """

    entries: tuple[Entry, ...]
    spent: Spent

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values; messages and replies stay in the journal."""
        spent = self.spent
        return {
            "calls": [_plain(entry) for entry in self.entries],
            "spent": {
                "money": str(spent.money), "tokens": spent.tokens, "calls": spent.calls,
                "seconds": spent.seconds, "unpriced": spent.unpriced,
            },
        }  # fmt: skip


def read_calls() -> Calls:
    """Read the journal of the workspace; without one, there were no calls.

    Raises
    ------
    JournalError
        If it cannot be read.
    """
    if not journal_path().is_file():
        return Calls((), Spent())
    journal = Journal()
    return Calls(tuple(journal.entries()), journal.spent())


def call_lines(calls: Calls) -> list[str]:
    """Return one line a call, and one of what they cost together."""
    if not calls.entries:
        return ["No call to a model in this workspace yet."]
    lines = [
        f"{entry.number:>4}  {_started(entry)}  {entry.call.prompt_id:<32} {entry.call.model:<20} "
        f"{entry.verdict:<9} {entry.charge.tokens:>7,} tokens"
        for entry in calls.entries
    ]
    spent = calls.spent
    priced = f"{spent.money:f}"
    if spent.unpriced:
        priced += f" and {spent.unpriced:,} calls of unknown price"
    lines.append(
        f"{spent.calls:,} calls, {spent.tokens:,} tokens, {spent.seconds:,.1f} s; cost {priced}"
    )
    if any(entry.verdict == UNKNOWN for entry in calls.entries):
        lines.append("A call whose process ended before its reply came is charged at its maximum.")
    return lines


def _started(entry: Entry) -> str:
    return datetime.fromtimestamp(entry.started_at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _plain(entry: Entry) -> dict[str, Any]:
    charge = entry.charge
    return {
        "number": entry.number, "started_at": _started(entry), "prompt": entry.call.prompt_id,
        "model": entry.call.model, "endpoint": entry.call.endpoint, "rung": entry.call.rung,
        "verdict": entry.verdict, "parent": entry.call.parent, "tokens_in": charge.tokens_in,
        "tokens_out": charge.tokens_out, "seconds": charge.seconds,
        "money": None if charge.money is None else str(charge.money),
    }  # fmt: skip
