"""What is struck of the sets that were seen, and of sentences written beside the checker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kit.ai.narrative.check import check_narrative
from kit.report.facts import Fact
from tests.ai.narratives import TRUE, score, verdict_of

MOST_FAULTS_MISSED = 0.015
MOST_TRUE_STRUCK = 0.015
SEEN = {
    "open": 161, "frozen": 168, "second_open": 175, "third_frozen": 189, "fourth_a": 155,
    "fourth_b": 154, "fourth_frozen": 179, "fifth_open": 196, "fifth_frozen": 170,
    "prompted_open": 171, "prompted_frozen": 182, "prompted_second": 96, "prompted_third": 177,
    "prompted_fourth": 177, "prompted_fifth": 155, "prompted_sixth": 163,
}  # fmt: skip
"""Sets that the checker was developed with, each with how many faults were planted in it; what is
frozen now is no part of the tests."""
CASES: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("sentences.json").read_text("utf-8")
)


@pytest.mark.parametrize(("name", "planted"), SEEN.items())
def test_sets_that_were_seen(name: str, planted: int) -> None:
    scores = score(name)
    true_struck, true_known = scores.pop(TRUE)
    hit, known = (sum(column) for column in zip(*scores.values(), strict=True))
    assert known == planted
    assert hit >= (1 - MOST_FAULTS_MISSED) * known
    assert true_struck <= MOST_TRUE_STRUCK * true_known


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["verdict"]["answer"])
def test_true_sentences_stand(case: dict[str, Any]) -> None:
    facts = [Fact(**fact) for fact in case["facts"]]
    for sentence in case["true"]:
        struck = check_narrative(sentence, facts, verdict_of(case)).struck
        assert not struck, struck


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["verdict"]["answer"])
def test_faults_are_struck(case: dict[str, Any]) -> None:
    facts = [Fact(**fact) for fact in case["facts"]]
    for sentence in case["faults"]:
        kept = check_narrative(sentence, facts, verdict_of(case)).kept
        assert not kept, kept
