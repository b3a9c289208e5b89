"""The tasks that searches are compared on: alike for a seed, and worth solving."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.search_tasks import TASKS, built, make
from tests.benchmarks.search_worlds import PLANS

SMALLEST = sorted(TASKS, key=lambda name: PLANS[name].train)[:2]


@pytest.mark.parametrize("name", SMALLEST)
def test_the_solution_is_worth_more_than_the_default(name: str, tmp_path: Path) -> None:
    task = make(name, 1)
    default, solution = (built(task, spec, tmp_path) for spec in (task.default, task.solution))
    assert task.truth(solution) > task.truth(default)


@pytest.mark.parametrize("name", SMALLEST)
def test_a_seed_decides_what_is_drawn(name: str) -> None:
    one, same, other = (make(name, seed).train.content_hash() for seed in (1, 1, 2))
    assert one == same != other


@pytest.mark.parametrize("name", SMALLEST)
def test_tune_is_later_and_nothing_tells_more_than_an_oracle_keeps(name: str) -> None:
    task = make(name, 1)
    assert task.train.frame["timestamp"].max() <= task.tune.frame["timestamp"].min()
    assert (len(task.train), len(task.tune)) == (PLANS[name].train, PLANS[name].tune)
    assert not {"conversion", "is_invalid_traffic", "pctr"} & set(task.train.frame)


def test_every_solution_differs_from_its_default_by_few_edits() -> None:
    for name in TASKS:
        structural = [edit for edit in PLANS[name].edits if edit.kind != "param"]
        assert 1 <= len(structural) <= 2
