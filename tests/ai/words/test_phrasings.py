"""Ways to ask: each is answered as the SQL written by hand answers, or declined with its reason."""

from __future__ import annotations

import pytest

from tests.ai.scoring import matches, rows_of, understand
from tests.ai.words import attached, concepts, phrasings

ANSWERED = phrasings.ANSWERED | concepts.ANSWERED | attached.ANSWERED
DECLINED = phrasings.DECLINED | concepts.DECLINED | attached.DECLINED


@pytest.mark.parametrize("question", ANSWERED)
def test_a_question_is_answered_as_by_hand(question: str) -> None:
    found = understand(question)
    assert found.sql is not None, found.said
    assert matches(found.sql, ANSWERED[question], ordered=True), found.sql
    assert found.said
    assert len(found.columns) == len(rows_of(found.sql)[0])


@pytest.mark.parametrize("question", DECLINED)
def test_a_doubtful_question_is_declined_and_told_why(question: str) -> None:
    found = understand(question)
    assert found.sql is None
    assert DECLINED[question] in " ".join((*found.said, *found.unknown))
