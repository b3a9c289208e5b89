"""Texts that are nearly right or nearly harmful: what gets through harms not.

`make bench` makes a hundred thousand of them.
"""

from __future__ import annotations

import collections

import pytest

from kit.base.errors import UnsafeSQLError
from kit.data.sql import policy
from kit.data.sql.guard import vocabulary
from kit.data.sql.guard.grants import Grants
from kit.data.sql.policy import check_sql
from tests.data.sql import filled
from tests.data.sql.fuzz import Judge, Maker


@pytest.fixture
def judge(tmp_path):
    judge = Judge(tmp_path)
    yield judge
    judge.close()


def fuzzed(judge: Judge, seed: int, count: int, grants: Grants = filled.GRANTS) -> dict[str, str]:
    """Return breaches by text; assert that enough was accepted, and answered, to mean something."""
    breaches: dict[str, str] = {}
    told: collections.Counter[bool] = collections.Counter()
    for text in Maker(seed, judge.canary).texts(count):
        try:
            checked = check_sql(text, grants)
        except UnsafeSQLError:
            told[False] += 1
            continue
        told[True] += 1
        if wrong := judge.breach(checked):
            breaches[text] = f"{wrong}: {checked.sql}"
    assert told[True] >= 0.1 * count
    assert judge.answered >= 0.5 * (told[True] - len(breaches))
    return breaches


def test_what_is_accepted_reads_and_writes_nothing_that_it_may_not(judge):
    assert fuzzed(judge, seed=6, count=800) == {}
    assert not judge.written()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_ten_thousand_more(judge, seed):
    assert fuzzed(judge, seed=100 + seed, count=10_000) == {}
    assert not judge.written()


@pytest.mark.slow
def test_it_finds_a_guard_that_does_not_project(judge, monkeypatch):
    monkeypatch.setattr(policy, "project", lambda *_: None)
    assert any("shows HIDDEN" in breach for breach in fuzzed(judge, 6, 300).values())


@pytest.mark.slow
def test_it_finds_a_guard_without_a_list_of_functions(judge, monkeypatch):
    monkeypatch.setattr(vocabulary, "_check_named", lambda *_: None)
    breaches = fuzzed(judge, 6, 300)
    assert any("calls" in breach for breach in breaches.values())


@pytest.mark.slow
def test_it_finds_a_guard_that_grants_all(judge):
    breaches = fuzzed(judge, 6, 300, Grants.from_schema(filled.DDL))
    assert any("reads" in breach for breach in breaches.values())


def test_the_judge_sees_a_file_that_was_written(judge):
    (judge.folder / "more.csv").write_text("a", "utf-8")
    assert judge.written()
