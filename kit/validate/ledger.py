"""The ledger of looks at sealed holdouts: append-only, hash-chained, verified on opening."""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from kit.base.errors import KitError, LedgerError
from kit.base.files import atomic_path
from kit.base.store import open_store, transaction
from kit.base.workspace import ledger_path
from kit.validate.rule import Schedule, critical_z

Kind = Literal["charge", "answer"]
Told = Literal["nothing", "effect", "doubt"]
_FIRST = "0" * 64
_SIGNED = ("number", "kind", "at", "source_hash", "holdout_hash", "look", "claim", "body")
_MIGRATIONS = (
    """
    CREATE TABLE ledger (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL CHECK (kind IN ('charge', 'answer')),
        at TEXT NOT NULL,
        source_hash TEXT NOT NULL,
        holdout_hash TEXT NOT NULL,
        look INTEGER NOT NULL,
        claim TEXT NOT NULL,
        body TEXT NOT NULL,
        previous TEXT NOT NULL,
        hash TEXT NOT NULL UNIQUE,
        UNIQUE (kind, source_hash, claim),
        UNIQUE (kind, source_hash, look)
    );
    CREATE TRIGGER ledger_keeps BEFORE UPDATE ON ledger
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
    CREATE TRIGGER ledger_holds BEFORE DELETE ON ledger
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
    """,
)


@dataclass(frozen=True)
class Entry:
    """One row.

    Parameters
    ----------
    number : int
        Its place in the chain, from 1.
    kind : {"charge", "answer"}
        A look is charged before it is scored, and answered after.
    at : str
        When, UTC.
    source_hash, holdout_hash : str
        Of the log, by which the budget is counted, and of its sealed rows.
    look : int
        Number of the look at this log.
    claim : str
        Key of what was asked: candidate, baseline, question, value of a click, budget.
    body : dict
        Of a charge: who asked, specs, hashes, seed, code version, and what the look may spend
        (``share``, ``critical_z``, ``releases``). Of an answer: ``told`` and the verdict.
    previous, hash : str
        SHA-256 of the row before, and of this one with it.
    """

    number: int
    kind: Kind
    at: str
    source_hash: str
    holdout_hash: str
    look: int
    claim: str
    body: dict[str, Any]
    previous: str
    hash: str


class Ledger:
    """The workspace's ledger.

    Rollback journalling, never WAL: workspaces lie on network homes, where WAL corrupts. Each call
    opens the file, verifies the chain, and closes it, so that nothing is held while a look runs.

    Parameters
    ----------
    path : Path, optional
        The file; default the workspace's ``.kit/ledger.sqlite``.
    schedule : Schedule, optional
        How the budget is spent.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> ledger = Ledger(Path(folder.name) / "ledger.sqlite")
    >>> charge = ledger.charge("log", "rows", "claim 1", {"proposer": "human"})
    >>> charge.look, round(charge.body["share"], 6), ledger.looks_left("log")
    (1, 0.022, 199)
    >>> ledger.charge("log", "rows", "claim 1", {"proposer": "human"}) == charge
    True
    >>> folder.cleanup()
    """

    def __init__(self, path: Path | None = None, schedule: Schedule | None = None) -> None:
        self.path = path or ledger_path()
        self.schedule = schedule or Schedule()

    def charge(
        self, source_hash: str, holdout_hash: str, claim: str, facts: Mapping[str, Any]
    ) -> Entry:
        """Charge a look, before it is scored; a claim that was charged before is not again.

        Parameters
        ----------
        source_hash, holdout_hash, claim : str
            As in `Entry`.
        facts : mapping
            Who asked and what; plain types for JSON.

        Raises
        ------
        HoldoutSpentError
            If the budget of this log is used up.
        LedgerError
            If the ledger cannot be written, or does not verify.
        """
        with self._open() as connection, transaction(connection):
            before = self._of(connection, source_hash)
            for entry in before:
                if entry.kind == "charge" and entry.claim == claim:
                    return entry
            look = 1 + sum(entry.kind == "charge" for entry in before)
            releases, doubted = told_of(before)
            share = self.schedule.share(look, releases, doubted)
            spends = {
                "share": share,
                "critical_z": critical_z(share, releases),
                "releases": releases,
                "doubted": doubted,
                "total": self.schedule.total,
            }
            body = {**facts, **spends}
            return _append(connection, "charge", source_hash, holdout_hash, look, claim, body)

    def answer(self, charge: Entry, told: Told, verdict: Mapping[str, Any]) -> Entry:
        """Record what a charged look said; an answer that is there already stands.

        Parameters
        ----------
        charge : Entry
            From `charge`.
        told : {"nothing", "effect", "doubt"}
            What goes out beyond "not shown": nothing; an effect whose gates all passed; or an
            effect with a gate that did not pass, or that scoring failed. Later looks are held to
            more for it.
        verdict : mapping
            What goes out, as plain types for JSON.

        Raises
        ------
        LedgerError
            If the look was not charged here, or the ledger cannot be written.
        """
        with self._open() as connection, transaction(connection):
            entries = self._of(connection, charge.source_hash)
            if charge not in entries:
                raise LedgerError(
                    f"look {charge.look}: is not charged in {self.path.name}; must be charged "
                    "before it is answered. Look through the vault."
                )
            for entry in entries:
                if entry.kind == "answer" and entry.claim == charge.claim:
                    return entry
            body = {"told": told, "verdict": dict(verdict)}
            return _append(
                connection, "answer", charge.source_hash, charge.holdout_hash, charge.look,
                charge.claim, body,
            )  # fmt: skip

    def find(self, source_hash: str, claim: str) -> tuple[Entry | None, Entry | None]:
        """Return the charge and the answer of a claim; None where there is none (yet)."""
        found: dict[str, Entry] = {
            entry.kind: entry for entry in self.entries(source_hash) if entry.claim == claim
        }
        return found.get("charge"), found.get("answer")

    def entries(self, source_hash: str | None = None) -> list[Entry]:
        """Return the verified rows, oldest first; of one log, or of all."""
        if not self.path.exists():
            return []
        with self._open() as connection:
            return self._of(connection, source_hash)

    def looks_left(self, source_hash: str) -> int:
        """Return how many looks the budget of a log still pays for."""
        used = sum(entry.kind == "charge" for entry in self.entries(source_hash))
        return max(self.schedule.looks - used, 0)

    def export_csv(self, path: Path) -> Path:
        """Write every row to a CSV file, whole or not at all.

        A cell that a spreadsheet would run as a formula gets a leading apostrophe.
        """
        names = list(Entry.__dataclass_fields__)
        with atomic_path(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            for entry in self.entries():
                cells = [getattr(entry, name) for name in names]
                writer.writerow([_cell(cell) for cell in cells])
        return path

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection to a ledger whose chain holds."""
        try:
            with closing(open_store(self.path, _MIGRATIONS)) as connection:
                _verify(self.path, connection)
                yield connection
        except KitError:
            raise
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(
                f"{self.path}: the ledger of looks cannot be opened or written ({error}); nothing "
                "was scored. Make its folder writable, or set KIT_WORKSPACE to one that is."
            ) from None

    @staticmethod
    def _of(connection: sqlite3.Connection, source_hash: str | None) -> list[Entry]:
        rows = connection.execute(
            "SELECT * FROM ledger WHERE ? IS NULL OR source_hash = ? ORDER BY number",
            (source_hash, source_hash),
        )
        return [Entry(**{**dict(row), "body": json.loads(row["body"])}) for row in rows]


def told_of(entries: Iterable[Entry]) -> tuple[int, int]:
    """Return how many answers told more than "not shown", and how many of those told a doubt."""
    told = [entry.body["told"] for entry in entries if entry.kind == "answer"]
    return len(told) - told.count("nothing"), told.count("doubt")


def _append(
    connection: sqlite3.Connection, kind: Kind, source_hash: str, holdout_hash: str, look: int,
    claim: str, body: Mapping[str, Any],
) -> Entry:  # fmt: skip
    last = connection.execute("SELECT number, hash FROM ledger ORDER BY number DESC").fetchone()
    number, previous = (last["number"] + 1, last["hash"]) if last else (1, _FIRST)
    row = {
        "number": number,
        "kind": kind,
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        "source_hash": source_hash,
        "holdout_hash": holdout_hash,
        "look": look,
        "claim": claim,
        "body": json.dumps(dict(body), sort_keys=True, allow_nan=False),
        "previous": previous,
    }
    row["hash"] = _hash(row)
    names = ", ".join(row)
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO ledger ({names}) VALUES ({marks})", tuple(row.values()))
    return Entry(**{**row, "body": json.loads(str(row["body"]))})


def _hash(row: Mapping[str, Any] | sqlite3.Row) -> str:
    signed = json.dumps([row["previous"], *(row[name] for name in _SIGNED)])
    return hashlib.sha256(signed.encode()).hexdigest()


def _verify(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse a ledger whose rows were changed, taken out of the middle, or cut off at the end."""
    connection.execute("BEGIN")  # one snapshot: another process may append meanwhile
    rows = connection.execute("SELECT * FROM ledger ORDER BY number").fetchall()
    made = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'ledger'").fetchone()
    connection.execute("COMMIT")
    previous = _FIRST
    for number, row in enumerate(rows, start=1):
        if row["number"] != number or row["previous"] != previous or _hash(row) != row["hash"]:
            raise LedgerError(_edited(path, number))
        previous = row["hash"]
    if (made["seq"] if made else 0) != len(rows):
        raise LedgerError(_edited(path, len(rows) + 1))


def _edited(path: Path, number: int) -> str:
    return (
        f"{path}: row {number} is not as it was written; the ledger is append-only, and without it "
        "no look is honest. Restore the file from a backup, or move it away and take a fresh "
        "holdout."
    )


def _cell(value: Any) -> Any:
    text = json.dumps(value, sort_keys=True) if isinstance(value, dict) else value
    return f"'{text}" if isinstance(text, str) and text[:1] in "=+-@\t\r" else text
