"""Dual ascent over partitions on a Dask cluster that the user passes.

Each part is read by a worker and stays there; a pass sends prices out and brings sums back. They
are added in the order of the parts' names, whoever computed them, and a part whose worker died is
read again by another: so the answer does not depend on the workers.
"""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.allocate.linear import partitions
from kit.allocate.linear.dual import relative_gap
from kit.allocate.linear.newton import State, minimise
from kit.allocate.linear.smoothing import Bend, Pairs, Sweep
from kit.base.checks import has_columns, number
from kit.base.errors import DataError

Floats = NDArray[np.float64]

WIDTHS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 3e-4, 1e-4)
"""Smoothing of each stage; as many as the gap needs."""
SAMPLED = 3
"""Stages that are solved on a sample."""
SAMPLE_ROWS = 100_000


@dataclass(frozen=True, eq=False)
class ClusterSolution:
    """A feasible plan over partitions, and a proof of how far from the best it can be.

    Parameters
    ----------
    objective, bound, gap : float
        Value of the plan, a value that no plan can exceed, and their relative distance.
    seconds : float
        Wall time, reading included.
    prices : ndarray, shape (D,)
        Value of one more unit of each budget, in the order of the demand table.
    spend : ndarray, shape (D,)
        What the plan costs each demand.
    reached : bool
        Whether the gap asked for was reached.
    iterations : int
        Passes over all pairs.
    rows, pairs : int
        Size of the problem.
    """

    objective: float
    bound: float
    gap: float
    seconds: float
    prices: Floats = field(repr=False)
    spend: Floats = field(repr=False)
    reached: bool
    iterations: int
    rows: int
    pairs: int


def solve_partitions(
    folder: Path | str,
    demand: pd.DataFrame,
    client: Any,
    gap: float = 1e-3,
    time_limit: float | None = None,
    out: Path | str | None = None,
) -> ClusterSolution:
    """Solve a problem that lies in Parquet parts, see `partitions.write_partitions`.

    Parameters
    ----------
    folder : Path
        Parts with ``supply_id, capacity, demand_id, value, cost``; all pairs of a supply row in
        one part, the parts by ranges of supply. Workers read it, so they must see it.
    demand : pandas.DataFrame
        ``demand_id``, ``budget``.
    client : distributed.Client
        Any cluster.
    gap : float
        Relative gap at which to stop, in [1e-6, 1].
    time_limit : float, optional
        Seconds; then the best feasible plan so far is returned with its gap.
    out : Path, optional
        Folder for the plan, a file a part: ``supply_id, demand_id, x`` of the pairs sold.

    Raises
    ------
    DataError
        If a part or the demand table breaks a rule, or `client` is no Dask client.
    """
    start = time.perf_counter()
    number("gap", gap, 1e-6, 1.0)
    limit = math.inf if time_limit is None else number("time_limit", time_limit, above=0.0)
    has_columns("demand", demand.columns, ("demand_id", "budget"))
    _check(client)
    source = Parts(partitions.part_paths(folder), demand, client)
    found = _solve(source, gap, start + limit)
    if out is not None:
        source.settle(found.state, found.width, Path(out))
    bound = max(found.state.bound, found.objective)
    left = relative_gap(found.objective, bound)
    return ClusterSolution(
        found.objective, bound, left, time.perf_counter() - start, found.state.best, found.spend,
        bool(left <= gap), found.state.sweeps, source.rows, source.pairs,
    )  # fmt: skip


def _check(client: Any) -> None:
    try:
        from distributed import Client
    except ImportError:
        raise DataError(
            "client: Dask is not installed; must be a distributed.Client. Run "
            "pip install programmatic-kit[scale]"
        ) from None
    if not isinstance(client, Client):
        raise DataError(
            f"client: got {type(client).__name__}; must be a distributed.Client. Pass "
            "distributed.Client(...) of your cluster."
        )


class Parts:
    """The parts as a source of sums.

    Parameters
    ----------
    paths : list of Path
        The parts; their order is the order of all sums.
    demand : pandas.DataFrame
        ``demand_id``, ``budget``.
    client : distributed.Client
        Where the parts are held.

    Raises
    ------
    DataError
        If a part breaks a rule, or a supply row lies in two parts.
    """

    def __init__(self, paths: list[Path], demand: pd.DataFrame, client: Any) -> None:
        self.paths, self._client = paths, client
        self.budget = demand["budget"].to_numpy(dtype=np.float64)
        read = partial(partitions.read_part, demand=demand[["demand_id", "budget"]])
        self._parts = [client.submit(read, path.absolute(), pure=False) for path in paths]
        about = self._each(partitions.ranges)
        self.rows, self.pairs = sum(a[2] for a in about), sum(a[3] for a in about)
        self.capacity = [a[4] for a in about]
        self.ceiling = np.max([a[5] for a in about], axis=0)
        _apart(paths, about)

    def _each(self, act: Any, *given: Any) -> list[Any]:
        """Run on every part where it lies; results in the order of the parts."""
        futures = [self._client.submit(act, part, *given, pure=False) for part in self._parts]
        return list(self._client.gather(futures))

    def sweep(self, prices: Floats, gamma: float) -> Sweep:
        """Return the sums at these prices and this smoothing."""
        sums: list[Sweep] = self._each(partitions.sweep_part, prices, gamma)
        return Sweep(
            math.fsum(s.dual for s in sums),
            math.fsum(s.smooth for s in sums),
            math.fsum(s.value for s in sums),
            np.sum([s.spend for s in sums], axis=0),
            Bend.joined([s.bend for s in sums]),
        )

    def sample(self, share: float) -> Pairs:
        """Return a share of the rows of every part, as one problem."""
        return partitions.joined(self._each(partitions.sample_part, share))

    def settle(self, state: State, width: float, out: Path | None) -> tuple[float, Floats]:
        """Return value and spend of the plan made feasible; with `out`, write it.

        What over-spent demands lose and others have left is split over the parts by capacity.
        """
        spend, keep = state.sweep.spend, np.ones(len(self.budget))
        np.divide(self.budget * (1 - 1e-12), spend, out=keep, where=spend > self.budget)
        left = np.maximum(self.budget - keep * spend, 0.0)
        total = max(sum(self.capacity), 1e-300)
        futures = [
            self._client.submit(
                partitions.settle_part, part, state.prices, width, keep, left * (size / total),
                path.absolute(), None if out is None else out.absolute(), pure=False,
            )
            for part, size, path in zip(self._parts, self.capacity, self.paths, strict=True)
        ]  # fmt: skip
        done = self._client.gather(futures)
        return math.fsum(d[0] for d in done), np.sum([d[1] for d in done], axis=0)


@dataclass(eq=False)
class _Found:
    state: State
    width: float
    objective: float
    spend: Floats


def _solve(source: Parts, gap: float, deadline: float) -> _Found:
    state = State(source, _first_prices(source, deadline))
    for width in WIDTHS[SAMPLED - 1 :]:
        minimise(state, width, 0.1 * gap, deadline)
        objective, spend = source.settle(state, width, None)
        found = _Found(state, width, objective, spend)
        if relative_gap(objective, state.bound) <= gap or time.perf_counter() > deadline:
            break
        state.widen()
    return found


def _first_prices(source: Parts, deadline: float) -> Floats:
    share = min(SAMPLE_ROWS / max(source.rows, 1), 1.0)
    state = State(source.sample(share), np.zeros(len(source.budget)))
    for width in WIDTHS[:SAMPLED]:
        minimise(state, width, 1e-3, deadline)
        state.widen()
    return state.prices


def _apart(paths: list[Path], about: list[Any]) -> None:
    """Refuse parts whose ranges of supply overlap: a capacity would count twice."""
    held = sorted(
        ((a[0], a[1], path.name) for a, path in zip(about, paths, strict=True) if a[2]),
        key=lambda item: item[0],
    )
    for (_, last, one), (first, _, other) in itertools.pairwise(held):
        if first <= last:
            raise DataError(
                f"partitions: {one} and {other} overlap at supply {first!r}; must hold separate "
                "ranges of supply. Write them with write_partitions."
            )
