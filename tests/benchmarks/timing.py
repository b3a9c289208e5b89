"""Paired timing: rivals take turns, so that a noisy machine is noisy for all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any


def medians(jobs: Mapping[str, Callable[[], Any]], runs: int = 7) -> dict[str, float]:
    """Return the median seconds of each job over alternated runs, after one warm-up.

    Parameters
    ----------
    jobs : mapping of name to callable
        What is timed, without arguments.
    runs : int
        Runs of each.
    """
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for job in jobs.values():
        job()
    for _ in range(runs):
        for name, job in jobs.items():
            gc.collect()
            start = time.perf_counter()
            job()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}
