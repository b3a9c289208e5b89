"""JupyterLab's keys reach a panel in two threads of the kernel: the panel stays right."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pandas as pd
import pytest

import kit
from kit.widgets import allocation_explorer
from kit.widgets.allocation_explorer import AllocationExplorer

ROOT = Path(__file__).parents[2]
PRESSES = 40


def small_explorer() -> AllocationExplorer:
    rng = np.random.default_rng(5)
    supply = pd.DataFrame({
        "supply_id": [f"s{place}" for place in range(80)], "capacity": rng.uniform(20, 80, 80),
        "exchange": rng.choice(["x", "y", "z"], 80),
    })  # fmt: skip
    demand = pd.DataFrame({"demand_id": ["A", "B"], "budget": [300.0, 500.0]})
    pairs = supply[["supply_id"]].merge(demand[["demand_id"]], how="cross")
    pairs["value"], pairs["cost"] = rng.lognormal(0, 0.5, (2, len(pairs)))
    return AllocationExplorer(kit.AllocationTables.of(supply, demand, pairs))


class Shell(Thread):
    """A thread with an event loop, as the kernel's main shell and its subshell are."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.loop = asyncio.new_event_loop()
        self.faults: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _, fault: self.faults.append(fault))
        self.start()

    def run(self) -> None:
        self.loop.run_forever()

    def press(self, slider: Any, value: float) -> None:
        """Move a slider in this thread."""
        self.loop.call_soon_threadsafe(setattr, slider, "value", value)

    def rest(self, seconds: float) -> None:
        """Wait until all that was pressed is done, then so long."""
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self.loop).result(60)
        asyncio.run_coroutine_threadsafe(asyncio.sleep(seconds), self.loop).result(60)


def press_keys_in_two_threads() -> None:
    allocation_explorer._REST_S = 0.01  # the exact prices follow between the keys
    explorer, shells, rng = small_explorer(), [Shell(), Shell()], np.random.default_rng(7)
    names = ["budget[A]", "budget[B]", "floor[x]"]
    for press in range(PRESSES):
        name = names[press % 3]
        value = rng.choice(explorer.exploration.knobs[name].options)
        shells[press % 2].press(explorer.sliders[name], float(value))
        time.sleep(rng.uniform(0.0, 0.03))
    for shell in shells * 2:
        shell.rest(0.1)
    assert [shell.faults for shell in shells] == [[], []]
    shown = {name: slider.value for name, slider in explorer.sliders.items()}
    assert shown == explorer.view.settings
    anew = small_explorer()
    expected = anew.set(shown)
    assert explorer.view.summary == pytest.approx(dict(expected.summary))
    assert explorer.view.binding["words"].tolist() == expected.binding["words"].tolist()
    assert explorer.frontier.to_numpy() == pytest.approx(anew.frontier.to_numpy(), nan_ok=True)


@pytest.mark.slow
def test_keys_in_two_threads_leave_what_one_thread_would() -> None:
    # a process of its own: without turns the solver ends it, and would end the test run with it
    script = f"from {__name__} import press_keys_in_two_threads as scene; scene()"
    command = [sys.executable, "-X", "faulthandler", "-c", script]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert ended.returncode == 0, ended.stderr[-3000:]
