"""What an arm's answers are worth: execution match with the gold queries."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tests.ai.scoring import Row, rows_of, same_rows
from tests.benchmarks.llm.arms import Arm


@dataclass(frozen=True)
class Marks:
    """How an arm did.

    Parameters
    ----------
    questions : int
        All of them.
    answered, right : int
        Questions that got rows; that got the rows of the gold query, or none where there is no
        gold query.
    wrong : tuple of str
        Questions that got other rows, or rows though nothing answers them.
    silent : tuple of str
        Questions that have an answer and got none.
    """

    questions: int
    answered: int
    right: int
    wrong: tuple[str, ...]
    silent: tuple[str, ...]

    @property
    def percent(self) -> float:
        return 100 * self.right / self.questions

    def __str__(self) -> str:
        return (
            f"{self.right} of {self.questions} right ({self.percent:.0f} %), "
            f"{len(self.wrong)} wrong, {len(self.silent)} without an answer"
        )


def mark(
    questions: Sequence[Mapping[str, Any]], arm: Arm, say: Callable[[str], None]
) -> Marks:  # fmt: skip
    """Ask an arm all questions."""
    wrong, silent, answered = [], [], 0
    for at, question in enumerate(questions, start=1):
        say(f"question {at} of {len(questions)}")
        frame = arm(question["question"])
        answered += frame is not None
        if frame is None:
            silent += [question["id"]] * (question["sql"] is not None)
        elif question["sql"] is None or not same_rows(
            rows_in(frame), rows_of(question["sql"]), question["ordered"]
        ):
            wrong.append(question["id"])
    right = len(questions) - len(wrong) - len(silent)
    return Marks(len(questions), answered, right, tuple(wrong), tuple(silent))


def rows_in(frame: pd.DataFrame) -> list[Row]:
    """Return a frame's rows as plain values."""
    columns = [[_plain(value) for value in frame.iloc[:, at]] for at in range(frame.shape[1])]
    return list(zip(*columns, strict=True))


def _plain(value: Any) -> Any:
    if isinstance(value, list | dict) or type(value).__name__ == "ndarray":
        return str(value)
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    value = value.item() if hasattr(value, "item") else value
    known = isinstance(value, str | int | float | datetime.date)
    return value if known else str(value)
