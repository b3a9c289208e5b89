"""The drafter that needs no model, on the open half of the questions over the samples.

The frozen half is scored once, at the end: ``python -m tests.ai.scoring frozen``.
"""

from __future__ import annotations

import pytest

from tests.ai.scoring import Score, matches, read_questions, same_rows, score, understand

PRECISION = 0.95
COVERAGE = 0.95
"""What was reached on the open half; the drafter was developed with it, so it flatters."""


@pytest.fixture(scope="module")
def reached() -> Score:
    return score(read_questions("open"), lambda text: understand(text).sql)


def test_it_is_right_where_it_answers(reached: Score) -> None:
    assert reached.precision >= PRECISION, reached.wrong


def test_it_answers_most_of_what_can_be_answered(reached: Score) -> None:
    assert reached.coverage >= COVERAGE


def test_it_declines_what_the_tables_do_not_hold(reached: Score) -> None:
    assert reached.unanswerable > 0
    assert reached.declined == reached.unanswerable


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
