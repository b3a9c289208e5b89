"""Pauses between tries."""

from __future__ import annotations

import random

import pytest

from kit.ai.retry import pause_s, retry_after_s


def test_pauses_double_up_to_a_limit_and_at_least_half_is_waited() -> None:
    rng = random.Random(3)
    for tried, most in ((1, 0.5), (2, 1.0), (3, 2.0), (5, 8.0), (50, 8.0)):
        pauses = [pause_s(tried, None, rng) for _ in range(200)]
        assert most / 2 <= min(pauses) < 0.55 * most
        assert 0.95 * most < max(pauses) <= most


def test_the_same_chance_gives_the_same_pause() -> None:
    assert pause_s(2, None, random.Random(1)) == pause_s(2, None, random.Random(1))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("2.5", 2.5),
        ("1e3", 1000.0),
        ("-1", None),
        ("inf", None),
        ("nan", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 60.0),
        ("Wed, 21 Oct 2026 07:26:00 GMT", 0.0),
        ("21 Oct", None),
        ("9" * 400, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, 1792567620.0) == seconds
