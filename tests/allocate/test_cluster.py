"""Partitions on a local Dask cluster: the same answer whoever computes it, a death included."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kit.allocate.linear.cluster import ClusterSolution, solve_partitions
from kit.allocate.linear.lp import solve_lp
from kit.allocate.linear.partitions import part_paths, read_part, write_partitions
from kit.allocate.tables import AllocationTables
from kit.base.errors import DataError

distributed = pytest.importorskip("distributed")
Frames = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def frames(rows: int = 20_000, demands: int = 100) -> Frames:
    rng = np.random.default_rng(11)
    key = np.unique(np.repeat(np.arange(rows), 10) * demands + rng.integers(0, demands, rows * 10))
    supply, demand = key // demands, key % demands
    cost, capacity = rng.lognormal(0, 0.3, len(key)), rng.pareto(2.0, rows) + 0.1
    budget = 0.05 * np.bincount(demand, cost * capacity[supply], demands)
    return (
        pd.DataFrame({"supply_id": np.arange(rows), "capacity": capacity}),
        pd.DataFrame({"demand_id": np.arange(demands), "budget": budget}),
        pd.DataFrame({"supply_id": supply, "demand_id": demand,
                      "value": rng.lognormal(0, 0.5, len(key)), "cost": cost}),
    )  # fmt: skip


def test_parts_hold_the_whole(tmp_path: Path) -> None:
    supply, demand, pairs = frames(50, 7)
    shuffled = pairs.sample(frac=1.0, random_state=3)
    paths = write_partitions(supply, shuffled, tmp_path, rows=20)
    assert part_paths(tmp_path) == paths
    assert len(paths) == 3
    parts = [read_part(path, demand) for path in paths]
    assert [part.first for part in parts] == [0, 20, 40]
    assert sum(len(part.pairs.value) for part in parts) == len(pairs)
    assert np.concatenate([part.pairs.capacity for part in parts]) == pytest.approx(
        supply["capacity"].to_numpy()
    )


def test_bad_parts_are_refused(tmp_path: Path) -> None:
    supply, demand, pairs = frames(10, 3)
    with pytest.raises(DataError, match=r"has no \*.parquet file"):
        part_paths(tmp_path)
    with pytest.raises(DataError, match=r"pairs.supply_id: got .*must be in the supply table"):
        write_partitions(supply.iloc[1:], pairs, tmp_path)
    (path,) = write_partitions(supply, pairs, tmp_path)
    frame = pd.read_parquet(path)
    frame.assign(capacity=np.arange(len(frame))).to_parquet(path)
    with pytest.raises(DataError, match="has several capacities"):
        read_part(path, demand)
    frame.drop(columns="cost").to_parquet(path)
    with pytest.raises(DataError, match="lacks column cost"):
        read_part(path, demand)


def test_a_client_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"client: got int; must be a distributed.Client"):
        solve_partitions(tmp_path, frames(5, 2)[1], client=4)


@pytest.fixture
def parts(tmp_path: Path) -> tuple[Path, Frames]:
    drawn = frames()
    write_partitions(drawn[0], drawn[2], tmp_path / "parts", rows=4_000)
    return tmp_path / "parts", drawn


@pytest.fixture
def local() -> Iterator[Any]:
    made: list[Any] = []

    def _local(workers: int, processes: bool = True) -> Any:
        cluster = distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=processes, dashboard_address=None
        )
        made.extend([distributed.Client(cluster), cluster])
        return made[-2]

    yield _local
    for thing in made:
        thing.close()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_partitions_match_one_machine(parts: tuple[Path, Frames], local: Any) -> None:
    folder, (supply, demand, pairs) = parts
    out = folder.parent / "plan"
    found = solve_partitions(folder, demand, local(1), gap=1e-4, out=out)
    assert found.reached
    exact = solve_lp(AllocationTables.of(supply, demand, pairs), "dual", gap=1e-6)
    assert found.bound >= exact.objective
    assert found.objective <= exact.bound
    plan = pd.concat([pd.read_parquet(path) for path in sorted(out.glob("*.parquet"))])
    full = plan.merge(pairs, on=["supply_id", "demand_id"])
    assert len(full) == len(plan)
    assert float(full["x"] @ full["value"]) == pytest.approx(found.objective, rel=1e-9)
    spent = (full["x"] * full["cost"]).groupby(full["demand_id"]).sum()
    assert (spent <= demand["budget"].to_numpy()[spent.index] * (1 + 1e-9)).all()
    sold = full.groupby("supply_id")["x"].sum()
    assert (sold <= supply["capacity"].to_numpy()[sold.index] * (1 + 1e-9)).all()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_worker_killed_mid_run_changes_nothing(parts: tuple[Path, Frames], local: Any) -> None:
    folder, (_, demand, _) = parts
    alone = solve_partitions(folder, demand, local(1), gap=1e-4)
    client = local(2)
    pids = list(client.run(os.getpid).values())
    killed = threading.Event()

    def kill() -> None:
        time.sleep(1.0)
        os.kill(pids[0], signal.SIGKILL)
        killed.set()

    killer = threading.Thread(target=kill)
    found: list[ClusterSolution] = []
    killer.start()
    while not killed.is_set() or len(found) < 2:  # runs until the kill fell into one of them
        found.append(solve_partitions(folder, demand, client, gap=1e-4))
    killer.join()
    assert pids[0] not in client.run(os.getpid).values()
    for one in found:
        assert one.iterations == alone.iterations
        assert one.objective == pytest.approx(alone.objective, rel=1e-9)
        assert one.bound == pytest.approx(alone.bound, rel=1e-9)
        assert one.prices == pytest.approx(alone.prices, rel=1e-9)
