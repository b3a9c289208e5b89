"""Where evaluations run: threads of this process, or a Dask client's workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, Protocol

from kit.flow.search.evaluate import Bench, Scored, cores, evaluate_remote
from kit.variant.spec import VariantSpec

Job = tuple[int, VariantSpec, float]
"""Number of a trial, its spec, and the share of the training rows."""


class Workers(Protocol):
    """Something that evaluates."""

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Scored]]:
        """Yield each job with its score, in the order in which they end."""
        ...


class Threads:
    """Evaluate in threads of this process.

    Parameters
    ----------
    bench : Bench
        What is built and scored on.
    count : int
        Evaluations at a time; each fit gets an equal share of the cores.
    """

    def __init__(self, bench: Bench, count: int = 1) -> None:
        self._bench, self._count = bench, count

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Scored]]:
        """Yield each job with its score."""
        threads = 0 if self._count == 1 else max(1, cores() // self._count)
        if self._count == 1:
            for job in jobs:
                yield job, self._bench.evaluate(job[1], job[2], threads)
            return
        pool = ThreadPoolExecutor(self._count)
        try:
            futures = {
                pool.submit(self._bench.evaluate, spec, share, threads): (number, spec, share)
                for number, spec, share in jobs
            }
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:  # who interrupts waits for what runs, not for what would have followed
            pool.shutdown(cancel_futures=True)


class DaskWorkers:
    """Evaluate on a Dask client that the user has; a worker that dies costs a repeat, no more.

    Parameters
    ----------
    client : distributed.Client
        Its workers must see the same folders.
    where : tuple
        Folder of the sealed log, folder for frozen variants, value of a click or None, budget or
        None; see `kit.flow.search.evaluate.Bench.of`.
    """

    def __init__(self, client: Any, where: tuple[str, str, float | None, float | None]) -> None:
        self._client, self._where = client, where

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Scored]]:
        """Yield each job with its score."""
        from dask.distributed import as_completed

        completed: Any = as_completed  # untyped where dask is installed, missing where it is not
        futures = {
            self._client.submit(
                evaluate_remote, self._where, spec.model_dump(mode="json"), share, pure=False
            ): (number, spec, share)
            for number, spec, share in jobs
        }
        for future in completed(list(futures)):
            yield futures[future], future.result()
