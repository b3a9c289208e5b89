"""Two threads share one compiled problem: each gets the answer to what it asked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from kit.allocate.compiled import CompiledProblem
from kit.allocate.hot import HotModel
from kit.allocate.problem import AllocationProblem
from tests.allocate.term_cases import world

ROOT = Path(__file__).parents[2]
NAME, OTHER = "budget[d0]", "budget[d1]"
BUDGETS = [(20.0, 40.0, 60.0, 80.0), (350.0, 300.0, 250.0)]
ROUNDS = 40


def compiled_world() -> CompiledProblem:
    return AllocationProblem(world(3, supplies=120)).compile()


def together(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run jobs in a thread each, all begun at once."""
    start = Barrier(len(jobs))

    def begin(job: Callable[[], Any]) -> Any:
        start.wait(30)
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [done.result() for done in [pool.submit(begin, job) for job in jobs]]


def solve_in_two_threads() -> None:
    alone = compiled_world()
    expected = {number: alone.solve({NAME: number}).value for side in BUDGETS for number in side}
    shared = compiled_world()

    def solves(numbers: Sequence[float]) -> None:
        for number in list(numbers) * ROUNDS:
            assert shared.solve({NAME: number}).value == pytest.approx(expected[number])

    together([partial(solves, side) for side in BUDGETS])


def draw_a_frontier_beside_solves() -> None:
    numbers = list(BUDGETS[1])
    expected = compiled_world().frontier(NAME, numbers)
    shared = compiled_world()
    before = shared.limits[NAME]

    def frontiers() -> None:
        for _ in range(ROUNDS):
            found = shared.frontier(NAME, numbers)
            assert found["number"].tolist() == numbers
            assert found["value"].tolist() == pytest.approx(expected["value"].tolist())

    def solves() -> None:
        value = compiled_world().solve().value
        for _ in range(ROUNDS * len(numbers)):
            assert shared.solve().value == pytest.approx(value)  # never at the frontier's numbers

    together([frontiers, solves])
    assert shared.limits[NAME] == before


def call_the_live_model_from_two_threads() -> None:
    shared = compiled_world()
    model = shared.backend
    assert isinstance(model, HotModel)
    places = [shared.place(NAME), shared.place(OTHER)]

    def calls() -> None:
        for _ in range(ROUNDS):
            model.move(places, shared.theta)
            raw = model.solve()
            model.unique(raw)
            assert model.solve_without(places[0]).status == "optimal"

    together([calls, calls])
    assert model.solve().minimum == pytest.approx(-compiled_world().solve().value)


@pytest.mark.slow
@pytest.mark.parametrize(
    "scene",
    [solve_in_two_threads, draw_a_frontier_beside_solves, call_the_live_model_from_two_threads],
)
def test_threads_take_turns(scene: Callable[[], None]) -> None:
    # a process of its own: without turns the solver ends it, and would end the test run with it
    script = f"from {__name__} import {scene.__name__} as scene; scene()"
    command = [sys.executable, "-X", "faulthandler", "-c", script]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert ended.returncode == 0, ended.stderr[-3000:]
