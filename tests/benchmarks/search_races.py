"""Race proposers over tasks whose truth is known: what the best of the first N is really worth."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from kit.ai.propose.protocol import Proposer
from kit.flow.search.diagnose import diagnose
from kit.flow.search.evaluate import Bench
from kit.flow.search.run import Pace, Search
from kit.flow.search.store import SearchStore
from kit.flow.search.workers import Threads
from kit.variant.build import build_variant
from kit.variant.frozen import load_frozen
from kit.variant.trial import Trial, best_of
from tests.benchmarks.search_tasks import Task, make

AT = (2, 5, 12, 40)
"""Evaluations after which the best is looked at; the default is the first."""
FOUND = 0.5
"""Share of the solution's gain from which a structure counts as found."""


@dataclass(frozen=True)
class Race:
    """One search on one task.

    Parameters
    ----------
    gains : dict of int to float
        By evaluations, what the best on tune gains on fresh traffic over the default, as a share
        of what the solution gains.
    money : dict of int to float
        The same in currency for every 1,000 auctions.
    tried : int
        Trials made.
    refused : int
        Those that could not be built.
    """

    gains: dict[int, float]
    money: dict[int, float]
    tried: int
    refused: int


def race(task: Task, proposer: Proposer, seed: int, most: int = AT[-1]) -> Race:
    """Search a task with one proposer, and ask the truth."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "variants").mkdir()
        bench = Bench(task.train, task.tune, root / "variants")
        store = SearchStore(root, {})
        try:
            search = Search(
                Threads(bench), store, proposer,
                lambda: diagnose(task.train, task.tune, load_frozen(store.folder_of(0))),
                Pace(most), seed,
            )  # fmt: skip
            trials = search.run(task.default)
            known: dict[int, float] = {}

            def worth(trial: Trial) -> float:
                if trial.number not in known:
                    known[trial.number] = task.truth(load_frozen(store.folder_of(trial.number)))
                return known[trial.number]

            best = {at: best_of(trials[:at]) for at in AT if at <= most}
            money = {at: worth(trial) - worth(trials[0]) for at, trial in best.items()}
            solved = build_variant(task.solution, task.train, task.tune, root / "solution")
            whole = task.truth(solved) - worth(trials[0])
        finally:
            store.close()
    gains = {at: value / whole for at, value in money.items()}
    return Race(gains, money, len(trials), sum(trial.status == "refused" for trial in trials))


def races(
    tasks: Sequence[str],
    seeds: Sequence[int],
    proposers: Callable[[], dict[str, Proposer]],
    most: int = AT[-1],
    say: Callable[[str], None] = lambda text: None,
    processes: int = 1,
) -> dict[tuple[str, str, int], Race]:
    """Return every race by proposer, task and seed; each task and seed is one job."""
    jobs = [(name, seed) for seed in seeds for name in tasks]
    done: dict[tuple[str, str, int], Race] = {}

    def keep(name: str, seed: int, found: dict[str, Race]) -> None:
        done.update({(who, name, seed): race for who, race in found.items()})
        said = [f"{who} {race.gains[most]:.2f}" for who, race in found.items()]
        say(f"{name}, seed {seed}: {', '.join(said)}")

    if processes == 1:
        for name, seed in jobs:
            keep(name, seed, run_job(name, seed, proposers, most))
        return done
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(run_job, *job, proposers, most): job for job in jobs}
        for future in as_completed(futures):
            keep(*futures[future], future.result())
    return done


def run_job(
    name: str, seed: int, proposers: Callable[[], dict[str, Proposer]], most: int
) -> dict[str, Race]:
    """Race all proposers on one draw of one task."""
    task = make(name, seed)
    return {who: race(task, proposer, seed, most) for who, proposer in proposers().items()}


def mean_gain(done: dict[tuple[str, str, int], Race], who: str, at: int) -> tuple[float, float]:
    """Return the mean share of the solution's gain, and its standard error over races."""
    values = np.array([race.gains[at] for key, race in done.items() if key[0] == who])
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def paired(
    done: dict[tuple[str, str, int], Race], left: str, right: str, at: int
) -> tuple[float, float]:
    """Return the mean paired difference of two proposers, and its standard error."""
    pairs = [(race.gains[at], done[right, key[1], key[2]].gains[at])
             for key, race in done.items() if key[0] == left]  # fmt: skip
    gaps = np.array([one - other for one, other in pairs])
    return float(gaps.mean()), float(gaps.std(ddof=1) / np.sqrt(len(gaps)))


def found(done: dict[tuple[str, str, int], Race], who: str, at: int) -> list[str]:
    """Return the tasks whose structure was found in most seeds."""
    tasks = dict.fromkeys(key[1] for key in done)
    kept = []
    for task in tasks:
        gains = [race.gains[at] for key, race in done.items() if key[:2] == (who, task)]
        if np.median(gains) >= FOUND:
            kept.append(task)
    return kept
