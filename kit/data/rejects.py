"""Bad rows: refuse a file for them, or set them aside; never lose one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from kit.base.checks import one_of
from kit.base.errors import DataError
from kit.base.files import atomic_path

FIRST_SHOWN = 5
KEPT_IN_MEMORY = 10_000
NEARLY_ALL = 0.9
JUDGED_LINES = 10_000
_ENOUGH_TO_JUDGE = 20
HEADER = "line\treason\trow\n"


@dataclass(frozen=True)
class BadRow:
    """One line that is no row.

    Parameters
    ----------
    line : int
        Its number, counted from 1 (the row number in a Parquet file).
    reason : str
        What is wrong with it.
    text : str
        The line as it stands in the file.
    """

    line: int
    reason: str
    text: str


@dataclass
class Rejects:
    """Takes bad rows as they are met.

    Parameters
    ----------
    source : str
        File name, for messages.
    errors : {"raise", "skip"}
        Refuse the file at its first block with bad rows, or set them aside.
    file : text file or None
        Where skipped rows go; None keeps up to 10,000 of them in `rows`.
    """

    source: str
    errors: str
    file: IO[str] | None = None
    count: int = 0
    first: list[BadRow] = field(default_factory=list)
    rows: list[BadRow] = field(default_factory=list)
    _early: int = 0
    _judged: bool = False

    def take(self, bad: Sequence[BadRow], good: int) -> None:
        """Take the bad rows of one block; `good` is how many rows were good so far.

        Raises
        ------
        DataError
            If `errors` is "raise", nearly all of the first 10,000 lines are bad, or too many bad
            rows would stay in memory.
        """
        self.count += len(bad)
        self._early += sum(row.line <= JUDGED_LINES for row in bad)
        self.first += bad[: FIRST_SHOWN - len(self.first)]
        seen = self.count + good
        if bad and self.errors == "raise":
            self._refuse_format(self.count, seen)
            noun = "row" if self.count == 1 else "rows"
            raise DataError(
                f"{self.source}: {self.count:,} bad {noun} so far ({describe(self.first)}). "
                'Repair them, or set them aside with errors="skip" (--errors skip).'
            )
        if seen >= JUDGED_LINES and not self._judged:  # the same lines, whatever the blocks
            self._judged = True
            self._refuse_format(self._early, JUDGED_LINES)
        self._keep(bad)

    def finish(self, good: int) -> None:
        """Judge a file that is shorter than what is judged of a long one.

        Raises
        ------
        DataError
            If nearly every row was bad.
        """
        if not self._judged:
            self._refuse_format(self.count, self.count + good)

    def _refuse_format(self, bad: int, seen: int) -> None:
        if bad >= _ENOUGH_TO_JUDGE and bad > NEARLY_ALL * seen:
            raise DataError(
                f"{self.source}: {bad:,} of the first {seen:,} rows are bad "
                f"({describe(self.first)}). Is it another --format?"
            )

    def _keep(self, bad: Sequence[BadRow]) -> None:
        if self.file is not None:
            self.file.writelines(
                f"{row.line}\t{_one_field(row.reason)}\t{row.text}\n" for row in bad
            )
            return
        self.rows += bad
        if len(self.rows) > KEPT_IN_MEMORY:
            raise DataError(
                f"{self.source}: more than {KEPT_IN_MEMORY:,} bad rows, too many to keep in "
                "memory. Pass rejects=PATH to write them to a file."
            )


def describe(rows: Sequence[BadRow]) -> str:
    """Return the first bad lines and why, in one sentence.

    Examples
    --------
    >>> describe([BadRow(3, "click: 2; must be 0 or 1", "2 70 0.1")])
    'line 3: click: 2; must be 0 or 1'
    """
    return "; ".join(f"line {row.line}: {row.reason}" for row in rows[:FIRST_SHOWN])


def rejects_path(out: Path) -> Path:
    """Return where the bad rows of an output go: beside it."""
    return out.with_name(f"{out.name}.rejects.tsv")


@contextmanager
def open_rejects(source: str, errors: str, path: Path | None) -> Iterator[Rejects]:
    """Yield a `Rejects` that writes to `path` (whole or not at all), or to memory.

    Without bad rows no file is left, not even one of an earlier load.

    Raises
    ------
    DataError
        If `errors` is neither "raise" nor "skip".
    """
    one_of("errors", errors, ("raise", "skip"))
    if path is None or errors == "raise":
        yield Rejects(source, errors)
        return
    with atomic_path(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
        file.write(HEADER)
        rejects = Rejects(source, errors, file)
        yield rejects
    if not rejects.count:
        path.unlink()


def _one_field(reason: str) -> str:
    return " ".join(reason.split())
