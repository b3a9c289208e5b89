"""Execution match of drafted SQL with gold SQL over data_samples, and the score of a drafter.

``python -m tests.ai.scoring open`` scores the drafter that needs no model on the questions of
``questions_open.json``, and so any set by its name. It was developed with all of them but
`UNREAD`. Counts only are printed.

Two queries match when their rows do: as many columns, by position; as many rows, in order only
where the question asks for one; numbers within a relative 1e-6 (a share is not a percentage); a
day is its midnight; true is 1; what cannot be computed (NULL, NaN, infinite: n over 0) is one.
"""

from __future__ import annotations

import datetime
import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from kit.ai.words.compile import Understood, compile_question
from kit.ai.words.labels import label_queries
from kit.base.assets import asset_dir
from kit.data.sql.meaning.metrics import load_metrics

HERE = Path(__file__).parent
TABLES = ("auctions", "supply", "demand", "pairs")
UNREAD = "third_frozen"
"""The set that nobody read while the drafter was written."""

TOLERANCE = 1e-6

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Score:
    """How a drafter did on some questions."""

    answerable: int
    answered: int
    right: int
    unanswerable: int
    declined: int
    wrong: tuple[str, ...]

    @property
    def coverage(self) -> float:
        return self.answered / self.answerable

    @property
    def precision(self) -> float:
        """Right among the answered; an unanswerable question that was answered is wrong."""
        given = self.answered + self.unanswerable - self.declined
        return self.right / given if given else 1.0

    def __str__(self) -> str:
        return (
            f"answered {self.answered} of {self.answerable} ({self.coverage:.0%}), right "
            f"{self.right} ({self.precision:.1%} where it answers), declined {self.declined} of "
            f"{self.unanswerable} unanswerable"
        )


def question_sets() -> list[str]:
    """Names of the sets of questions."""
    return sorted(path.stem.removeprefix("questions_") for path in HERE.glob("questions_*.json"))


def read_questions(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        (HERE / f"questions_{name}.json").read_text(encoding="utf-8")
    )
    return found


@lru_cache(maxsize=1)
def connection() -> duckdb.DuckDBPyConnection:
    """A database in memory that holds the sample files, its clock UTC."""
    base = duckdb.connect()
    base.execute("SET TimeZone = 'UTC'")
    for name in TABLES:
        path = asset_dir("data_samples") / f"{name}.parquet"
        base.execute(f"CREATE TABLE {name} AS SELECT * FROM '{path}'")
    return base


@lru_cache(maxsize=1024)
def rows_of(sql: str) -> list[Row]:
    return connection().execute(sql).fetchall()


@lru_cache(maxsize=1)
def sample_tables() -> Mapping[str, Mapping[str, str]]:
    return {name: {row[0]: row[1] for row in rows_of(f"DESCRIBE {name}")} for name in TABLES}


@lru_cache(maxsize=1)
def sample_values() -> Mapping[tuple[str, str], Sequence[str]]:
    queries = label_queries(load_metrics(HERE), sample_tables())
    return {key: [str(row[0]) for row in rows_of(sql)] for key, sql in queries.items()}


def understand(question: str) -> Understood:
    """What the drafter that needs no model makes of a question about the samples."""
    return compile_question(question, load_metrics(HERE), sample_tables(), sample_values())


def matches(answer: str, gold: str, ordered: bool) -> bool:
    """Whether two queries give the same rows; SQL that fails matches nothing."""
    try:
        given = rows_of(answer)
    except duckdb.Error:
        return False
    return same_rows(given, rows_of(gold), ordered)


def same_rows(given: Iterable[Row], gold: Iterable[Row], ordered: bool) -> bool:
    ours, theirs = ([tuple(map(_plain, row)) for row in rows] for rows in (given, gold))
    if len(ours) != len(theirs):
        return False
    if not ordered:
        ours, theirs = sorted(ours, key=_sort_key), sorted(theirs, key=_sort_key)
    return all(map(_same_row, ours, theirs))


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime.datetime):
        utc = value.astimezone(datetime.UTC) if value.tzinfo else value
        return utc.strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, datetime.date):
        return f"{value} 00:00:00.000000"
    if value is None or isinstance(value, str | int):
        return value
    number = float(value)
    return number if math.isfinite(number) else None


def _sort_key(row: Row) -> list[tuple[str, Any]]:
    """Text first, then numbers to five digits: near ties stay together."""
    return [
        ("number", float(f"{value:.5g}"))
        if isinstance(value, int | float)
        else ("text", str(value))
        for value in row
    ]


def _same_row(ours: Row, theirs: Row) -> bool:
    return len(ours) == len(theirs) and all(map(_same_value, ours, theirs))


def _same_value(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return math.isclose(ours, theirs, rel_tol=TOLERANCE, abs_tol=1e-12)
    return bool(ours == theirs)


def score(questions: Iterable[Mapping[str, Any]], answer: Callable[[str], str | None]) -> Score:
    """Score a drafter: a function from a question to SQL, or None where it declines."""
    counts = {"answerable": 0, "answered": 0, "right": 0, "unanswerable": 0, "declined": 0}
    wrong = []
    for question in questions:
        sql = answer(question["question"])
        if question["sql"] is None:
            counts["unanswerable"] += 1
            counts["declined"] += sql is None
            wrong += [question["id"]] * (sql is not None)
            continue
        counts["answerable"] += 1
        if sql is None:
            continue
        counts["answered"] += 1
        right = matches(sql, question["sql"], question["ordered"])
        counts["right"] += right
        wrong += [question["id"]] * (not right)
    return Score(**counts, wrong=tuple(wrong))


def main(arguments: Sequence[str]) -> int:
    known = question_sets()
    if len(arguments) != 1 or arguments[0] not in known:
        print(f"usage: python -m tests.ai.scoring {'|'.join(known)}")
        return 2
    print(arguments[0], score(read_questions(arguments[0]), lambda text: understand(text).sql))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
