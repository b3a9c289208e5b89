"""Hostile text in documents and past write-ups: no id leaves with a passage, no fence is closed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kit.ai.disclosure import share_passages
from tests.ai.propose_injection import IDS, cases
from tests.data.sql import corpora

CASES = cases(corpora.read("injection_open"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_passage_is_data(case: Mapping[str, str]) -> None:
    shared = share_passages([(case["text"], f"Before. {case['text']} After.")])
    lines = shared.text.splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("<data passages>", "</data>", 3)
    assert shared.text.count("</data>") == 1
    assert not any(word in shared.text for word in IDS)
