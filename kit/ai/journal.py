"""The journal of calls to language models: append-only, and written before a call is made."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from kit.ai.budget import Charge, Spent
from kit.ai.entry import UNDER_WAY, UNKNOWN, Call, Entry
from kit.base.alive import alive, started
from kit.base.errors import JournalError, KitError
from kit.base.store import open_store, transaction
from kit.base.workspace import journal_path

_GRACE_S = 60.0
_MIGRATIONS = (
    """
    CREATE TABLE calls (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL,
        root TEXT NOT NULL,
        parent INTEGER REFERENCES calls,
        prompt_id TEXT NOT NULL,
        prompt_version TEXT NOT NULL,
        messages TEXT NOT NULL,
        reply_schema TEXT NOT NULL,
        parameters TEXT NOT NULL,
        model TEXT NOT NULL,
        endpoint TEXT NOT NULL,
        rung TEXT NOT NULL,
        most_in INTEGER NOT NULL,
        most_out INTEGER NOT NULL,
        most_money TEXT,
        most_seconds REAL NOT NULL,
        started_at REAL NOT NULL,
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        pid_started REAL NOT NULL
    );
    CREATE INDEX calls_by_root ON calls (root);
    CREATE TABLE settlements (
        number INTEGER PRIMARY KEY REFERENCES calls,
        verdict TEXT NOT NULL,
        reply TEXT,
        tokens_in INTEGER NOT NULL,
        tokens_out INTEGER NOT NULL,
        money TEXT,
        seconds REAL NOT NULL,
        reported INTEGER NOT NULL,
        ended_at REAL NOT NULL
    );
    CREATE TRIGGER calls_keep BEFORE UPDATE ON calls
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER calls_hold BEFORE DELETE ON calls
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER settlements_keep BEFORE UPDATE ON settlements
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER settlements_hold BEFORE DELETE ON settlements
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    """,
)
_JOINED = (
    "SELECT calls.*, verdict, reply, tokens_in, tokens_out, money, seconds, reported"
    " FROM calls LEFT JOIN settlements USING (number)"
)
_TEXTS = ("key", "root", "prompt_id", "prompt_version", "messages", "reply_schema", "parameters",
          "model", "endpoint", "rung")  # fmt: skip


class Journal:
    """The workspace's journal of calls.

    A call is a row, its end another; neither is ever changed. A row without an end counts at its
    maximum: its call is under way, or its process was killed, and nobody knows whether the
    endpoint bills it. Each method opens the file and closes it, so that notebooks can share it.

    Parameters
    ----------
    path : Path, optional
        The file; default the workspace's ``.kit/ai.sqlite``.
    wall : callable
        Seconds since the epoch.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> journal = Journal(Path(folder.name) / "ai.sqlite")
    >>> most = Charge(100, 50, Decimal("0.01"), 30.0)
    >>> call = Call("k", "k", None, "sql", "1", "[]", "{}", "{}", "qwen", "http://x/v1", "text", most)
    >>> number = journal.begin(call)
    >>> journal.spent().tokens, journal.entries()[0].verdict
    (150, 'under way')
    >>> journal.settle(number, "ok", "{}", Charge(80, 5, Decimal("0.002"), 1.2, reported=True))
    >>> journal.spent().tokens, journal.find_ok("k").reply
    (85, '{}')
    >>> folder.cleanup()
    """  # noqa: E501

    def __init__(
        self, path: Path | None = None, *, wall: Callable[[], float] = time.time
    ) -> None:  # fmt: skip
        self.path = path or journal_path()
        self._wall = wall

    def begin(self, call: Call) -> int:
        """Record a call that is about to be made, and return its number.

        Raises
        ------
        JournalError
            If it cannot be recorded: the call must not be made.
        """
        most = call.most
        row = {name: getattr(call, name) for name in ("parent", *_TEXTS)} | {
            "most_in": most.tokens_in,
            "most_out": most.tokens_out,
            "most_money": _text(most.money),
            "most_seconds": most.seconds,
            "started_at": self._wall(),
            "host": platform.node(),
            "pid": os.getpid(),
            "pid_started": started(os.getpid()),
        }
        with self._open("no call was made") as connection, transaction(connection):
            return _insert(connection, "calls", row)

    def settle(self, number: int, verdict: str, reply: str | None, charge: Charge) -> None:
        """Record how a call ended.

        Raises
        ------
        JournalError
            If it cannot be recorded: the call stays charged at its maximum.
        """
        row = {
            "number": number,
            "verdict": verdict,
            "reply": reply,
            "tokens_in": charge.tokens_in,
            "tokens_out": charge.tokens_out,
            "money": _text(charge.money),
            "seconds": charge.seconds,
            "reported": charge.reported,
            "ended_at": self._wall(),
        }
        lost = f"the reply to call {number} is lost, and charged at its maximum"
        with self._open(lost) as connection, transaction(connection):
            _insert(connection, "settlements", row)

    def find_ok(self, root: str) -> Entry | None:
        """Return the newest usable reply to a question; None if there is none.

        Parameters
        ----------
        root : str
            Key of the question's first call.
        """
        return self._one("root = ? AND verdict = 'ok' ORDER BY number DESC LIMIT 1", root)

    def newest(self, root: str) -> Entry | None:
        """Return the newest call of a question, whatever came of it; None if there is none."""
        return self._one("root = ? ORDER BY number DESC LIMIT 1", root)

    def entries(self) -> list[Entry]:
        """Return all calls, oldest first."""
        return self._select("1 ORDER BY number")

    def spent(self, since: float = 0.0) -> Spent:
        """Return what calls cost, those without a known end at their maximum.

        Parameters
        ----------
        since : float
            Only calls that started then or later; seconds since the epoch.
        """
        total = Spent()
        for entry in self._select("started_at >= ?", since):
            total = total.plus(entry.charge)
        return total

    def _one(self, condition: str, *values: object) -> Entry | None:
        found = self._select(condition, *values)
        return found[0] if found else None

    def _select(self, condition: str, *values: object) -> list[Entry]:
        if not self.path.exists():
            return []
        with self._open("nothing was read") as connection:
            rows = connection.execute(f"{_JOINED} WHERE {condition}", values).fetchall()
        return [self._entry(row) for row in rows]

    def _entry(self, row: sqlite3.Row) -> Entry:
        most = Charge(row["most_in"], row["most_out"], _money(row["most_money"]),
                      row["most_seconds"])  # fmt: skip
        charge, verdict = most, row["verdict"]
        if verdict is None:
            verdict = UNKNOWN if self._gone(row) else UNDER_WAY
        else:
            charge = Charge(row["tokens_in"], row["tokens_out"], _money(row["money"]),
                            row["seconds"], bool(row["reported"]))  # fmt: skip
        call = Call(**{name: row[name] for name in ("parent", *_TEXTS)}, most=most)
        return Entry(
            row["number"], call, verdict, row["reply"], charge, row["started_at"], row["host"],
            row["pid"],
        )  # fmt: skip

    def _gone(self, row: sqlite3.Row) -> bool:
        """Whether the process that made a call is gone; of another machine: by its time limit."""
        if row["host"] == platform.node():
            return not alive(row["pid"], row["pid_started"])
        return self._wall() > float(row["started_at"] + row["most_seconds"] + _GRACE_S)

    @contextmanager
    def _open(self, otherwise: str) -> Iterator[sqlite3.Connection]:
        try:
            with closing(open_store(self.path, _MIGRATIONS)) as connection:
                yield connection
        except KitError:
            raise
        except (OSError, sqlite3.Error) as error:
            raise JournalError(
                f"{self.path}: the journal of calls cannot be opened or written ({error}); "
                f"{otherwise}. Free some space, make its folder writable, or set KIT_WORKSPACE to "
                "one that is."
            ) from None


def _insert(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> int:
    names = ", ".join(row)
    marks = ", ".join("?" * len(row))
    done = connection.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values())
    )  # fmt: skip
    return int(done.lastrowid or 0)


def _text(money: Decimal | None) -> str | None:
    return None if money is None else str(money)


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
