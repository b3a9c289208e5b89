"""The drafter that needs no model, on the questions over the samples that it was developed with.

``third_frozen`` is for scoring only: ``python -m tests.ai.scoring third_frozen``.
"""

from __future__ import annotations

import pytest

from tests.ai.scoring import Score, matches, read_questions, same_rows, score, understand

PRECISION = 0.95
COVERAGE = {
    "open": 0.95, "frozen": 0.9, "second_open": 0.9, "second_frozen": 0.7, "third_a": 0.65,
    "third_b": 0.6,
}  # fmt: skip
"""What was reached on sets that the drafter was developed with, so it flatters."""


@pytest.fixture(scope="module", params=COVERAGE)
def reached(request: pytest.FixtureRequest) -> tuple[str, Score]:
    name: str = request.param
    return name, score(read_questions(name), lambda text: understand(text).sql)


def test_it_is_right_where_it_answers(reached: tuple[str, Score]) -> None:
    assert reached[1].precision >= PRECISION, reached[1].wrong


def test_it_answers_most_of_what_can_be_answered(reached: tuple[str, Score]) -> None:
    name, found = reached
    assert found.coverage >= COVERAGE[name]


def test_it_declines_what_the_tables_do_not_hold(reached: tuple[str, Score]) -> None:
    found = reached[1]
    assert found.unanswerable > 0
    assert found.declined == found.unanswerable


def test_the_score_counts_wrong_declined_and_unanswerable_questions() -> None:
    gold = {"ordered": False, "sql": "SELECT count(*) FROM demand"}
    questions = [
        {"id": "right", "question": "right", **gold},
        {"id": "wrong", "question": "wrong", **gold},
        {"id": "none", "question": "none", **gold},
        {"id": "free", "question": "wrong", "sql": None, "ordered": False},
    ]
    drafts = {"right": "SELECT 12", "wrong": "SELECT 13", "none": None}
    found = score(questions, drafts.__getitem__)
    assert (found.answerable, found.answered, found.right) == (3, 2, 1)
    assert (found.unanswerable, found.declined, found.wrong) == (1, 0, ("wrong", "free"))
    assert found.precision == pytest.approx(1 / 3)


def test_rows_match_by_value_and_position() -> None:
    import datetime

    day, midnight = datetime.date(2026, 3, 2), datetime.datetime(2026, 3, 2)
    assert same_rows([(day, True)], [(midnight, 1)], ordered=True)
    assert same_rows([("a", 1.0), ("b", 2.0)], [("b", 2.0000001), ("a", 1.0)], ordered=False)
    assert same_rows([(None,)], [(float("inf"),)], ordered=False)
    assert not same_rows([("a", 1.0), ("b", 2.0)], [("b", 2.0), ("a", 1.0)], ordered=True)
    assert not same_rows([(0.02,)], [(2.0,)], ordered=False)
    assert not same_rows([(1.0,)], [(1.00001,)], ordered=False)
    assert not same_rows([(1, 2)], [(1,)], ordered=False)
    assert not same_rows([(1,)], [(1,), (1,)], ordered=False)


def test_sql_that_fails_matches_nothing() -> None:
    assert not matches("SELECT nothing FROM nowhere", "SELECT 1", ordered=False)
    assert matches("SELECT 1", "SELECT 1.0", ordered=False)
