"""Days and hours in words, against dates written by hand."""

from __future__ import annotations

from datetime import date

import pytest

from kit.ai.words.clock import Hours, match_hours
from kit.ai.words.times import Days, Reader
from kit.ai.words.tokens import tokenize

SPAN = (date(2026, 3, 2), date(2026, 3, 11))


def _day(number: int) -> date:
    return date(2026, 3, number)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-03-05", 5, 5),
        ("March 5", 5, 5),
        ("on Mar 5th", 5, 5),
        ("5 March 2026", 5, 5),
        ("5th of March", 5, 5),
        ("March 5, 2026", 5, 5),
        ("the 5th", 5, 5),
        ("March 2 to 8", 2, 8),
        ("2-8 March", 2, 8),
        ("2nd to 8th of March", 2, 8),
        ("between March 3 and March 6", 3, 6),
        ("between March 3 and 6", 3, 6),
        ("from 2026-03-04 until 2026-03-06", 4, 6),
        ("the first three days", 2, 4),
        ("the last 3 days of the log", 9, 11),
        ("the last day", 11, 11),
        ("day 8", 9, 9),
        ("the eighth day", 9, 9),
        ("first week", 2, 8),
        ("second week of the log", 9, 15),
    ],
)
def test_days(text: str, first: int, last: int) -> None:
    tokens = tokenize(text)
    found = Reader(tokens, SPAN).match(0)
    assert found == (Days(_day(first), _day(last)), len(tokens))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("since March 8", 8, None),
        ("from the 8th on", 8, None),
        ("March 8 onwards", 8, None),
        ("after March 8", 9, None),
        ("before March 6", None, 5),
        ("until March 6", None, 6),
        ("up to and including March 6", None, 6),
    ],
)
def test_open_ended_days(text: str, first: int | None, last: int | None) -> None:
    tokens = tokenize(text)
    ends = [None if end is None else _day(end) for end in (first, last)]
    assert Reader(tokens, SPAN).match(0) == (Days(*ends), len(tokens))


@pytest.mark.parametrize("text", ["March", "March 32", "the 20th", "5", "day", "may be", "x"])
def test_no_day(text: str) -> None:
    assert Reader(tokenize(text), SPAN).match(0) is None


def test_without_a_known_log_only_full_dates_are_read() -> None:
    assert Reader(tokenize("March 5"), None).match(0) is None
    assert Reader(tokenize("the last day"), None).match(0) is None
    assert Reader(tokenize("March 5 2025"), None).match(0) == (
        Days(date(2025, 3, 5), date(2025, 3, 5)),
        3,
    )


def test_a_log_over_new_year_has_two_years_to_choose_from() -> None:
    span = (date(2025, 12, 20), date(2026, 1, 10))
    assert Reader(tokenize("January 5"), span).match(0) is None


@pytest.mark.parametrize(
    ("text", "first", "end"),
    [
        ("before 6 am", 0, 6),
        ("after 8 pm", 20, 24),
        ("from 9am to 5pm", 9, 17),
        ("between 6 and 9 pm", 18, 21),
        ("between 18:00 and 22:00", 18, 22),
        ("between midnight and 6 am", 0, 6),
        ("from 10 pm to midnight", 22, 24),
        ("from 10 pm to 6 am", 22, 6),
        ("before noon", 0, 12),
        ("at 3 pm", 15, 16),
        ("at 12 am", 0, 1),
        ("between 8 and 12 o'clock", 8, 12),
        ("hours 9 to 17", 9, 18),
        ("hour 14", 14, 15),
    ],
)
def test_hours(text: str, first: int, end: int) -> None:
    tokens = tokenize(text)
    assert match_hours(tokens, 0) == (Hours(first, end), len(tokens))


@pytest.mark.parametrize("text", ["before 6", "at 25:00", "from 9 to 5 pm", "at 6:30 am", "hour"])
def test_no_hours(text: str) -> None:
    assert match_hours(tokenize(text), 0) is None
