"""Hostile text in names, values, metrics, questions and past pairs: nothing leaks, nothing runs."""

from __future__ import annotations

import pytest

from tests.ai.injection import PLANTED_ID, breaches, fences, sent_text
from tests.data.sql import corpora

CASES = corpora.read("injection_open")
ATTACKS = [case["sql"] for case in corpora.read("hostile_open")]
WHERE = ("column_name", "table_name", "value", "metric_text", "question", "past_pair")
FEW = [next(case for case in CASES if case["where"] == where) for where in WHERE]
FENCES = 6
"""One a value of the draft prompt, and one that its instructions name."""


@pytest.mark.parametrize("case", FEW, ids=lambda case: case["id"])
def test_no_planted_id_leaves_and_no_fence_is_closed(case, tmp_path):
    sent = sent_text(case, tmp_path)
    assert PLANTED_ID not in sent
    assert fences(sent) == FENCES


@pytest.mark.parametrize("case", FEW[::2], ids=lambda case: case["id"])
def test_a_model_that_obeys_the_attacker_sees_nothing(case, tmp_path):
    assert breaches(case, ATTACKS, tmp_path, seed=1) == []


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_every_case(case, tmp_path_factory):
    sent = sent_text(case, tmp_path_factory.mktemp("sent"))
    assert (PLANTED_ID in sent, fences(sent)) == (False, FENCES)
    assert breaches(case, ATTACKS, tmp_path_factory.mktemp("run"), seed=2) == []
