"""One large allocation in a process of its own, so that its memory and CPU can be told apart."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

from kit.allocate.linear.cluster import solve_partitions
from kit.allocate.linear.dual import ascend
from kit.allocate.linear.lp import solve_lp
from kit.allocate.linear.smoothing import Pairs
from kit.allocate.tables import AllocationTables
from tests.benchmarks.large_tables import arrays, frames_of, tables_of


def in_own_process(job: str, *arguments: object) -> dict[str, Any]:
    """Run one of the jobs below and return what it printed."""
    command = [sys.executable, "-m", "tests.benchmarks.large_run", job, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def warm() -> None:
    """Compile the kernels, or load them."""
    solve_lp(tables_of(arrays(2_000, 5, 0)), "dual", gap=1e-6)
    AllocationTables.of(*frames_of(arrays(2_000, 5, 0)))


def draw(folder: str, pairs: str, demands: str, seed: str) -> dict[str, Any]:
    """Draw a problem and keep its arrays, so that solving starts from clean memory."""
    for name, array in arrays(int(pairs), int(demands), int(seed)).items():
        np.save(Path(folder) / f"{name}.npy", array)
    return {}


def solve(folder: str, gap: str) -> dict[str, Any]:
    """Solve arrays that `draw` left; memory is told before and at its peak."""
    warm()
    drawn = {path.stem: np.load(path) for path in Path(folder).glob("*.npy")}
    tables = tables_of(drawn)
    before, start = _peak(), time.process_time()
    found = solve_lp(tables, "dual", gap=float(gap))
    cpu, peak = time.process_time() - start, _peak()
    frames = frames_of(drawn)
    start = time.process_time()
    AllocationTables.of(*frames)
    return {
        "cpu": cpu, "check": time.process_time() - start, "gap": found.gap,
        "objective": found.objective, "bound": found.bound, "iterations": found.iterations,
        "before": before, "peak": peak, "whole": _peak(), "pairs": len(found.x),
    }  # fmt: skip


def sweeps(demands: str) -> dict[str, Any]:
    """Time one pass at several sizes, at the prices of a solved problem."""
    warm()
    sizes, seconds = [100_000, 300_000, 1_000_000, 3_000_000, 10_000_000], []
    for size in sizes:
        pairs = Pairs.of(tables_of(arrays(size, int(demands), 100)))
        prices = ascend(pairs, 1e-2, math.inf).prices
        times = []
        for _ in range(7):
            start = time.process_time()
            pairs.sweep(prices, 0.03)
            times.append(time.process_time() - start)
        seconds.append(float(np.median(times)))
    power = float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
    return {"sizes": sizes, "seconds": seconds, "power": power}


def parts(folder: str, pairs: str, demands: str, seed: str, count: str) -> dict[str, Any]:
    """Draw a problem part by part into Parquet, and its demand table beside them."""
    asked = np.zeros(int(demands))
    Path(folder, "parts").mkdir()
    step = int(pairs) // int(count)
    for number in range(int(count)):
        drawn = arrays(step, int(demands), int(seed), part=number)
        supply = drawn["supply"].astype(np.int64)
        asked += drawn["budget"]
        pd.DataFrame(
            {"supply_id": supply + number * (step // 10 + 1), "demand_id": drawn["demand"],
             "capacity": drawn["capacity"][supply], "value": drawn["value"],
             "cost": drawn["cost"]}
        ).to_parquet(Path(folder, "parts", f"part-{number:05d}.parquet"), index=False)  # fmt: skip
    frame = pd.DataFrame({"demand_id": np.arange(int(demands), dtype=np.int32), "budget": asked})
    frame.to_parquet(Path(folder, "demand.parquet"))
    return {}


def cluster(folder: str, gap: str) -> dict[str, Any]:
    """Solve what `parts` left on a local cluster of two processes."""
    from distributed import Client, LocalCluster

    demand = pd.read_parquet(Path(folder, "demand.parquet"))
    with (
        tempfile.TemporaryDirectory() as scratch,
        LocalCluster(
            n_workers=2, threads_per_worker=1, memory_limit="3.4GB", dashboard_address=None,
            local_directory=scratch,
        ) as local,
        Client(local) as client,
    ):  # fmt: skip
        client.run(warm)
        watch = _Watch()
        found = solve_partitions(Path(folder, "parts"), demand, client, float(gap))
        watch.stop()
    return {
        "wall": found.seconds, "cpu": watch.cpu, "peak": watch.peak, "gap": found.gap,
        "iterations": found.iterations, "pairs": found.pairs, "objective": found.objective,
    }  # fmt: skip


class _Watch(threading.Thread):
    """Memory (MB) and CPU of this process and its children, while it runs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._all = [psutil.Process(), *psutil.Process().children(recursive=True)]
        self._begun, self.peak, self._over = self._cpu(), 0.0, threading.Event()
        self.start()

    def _cpu(self) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in self._all)

    def run(self) -> None:
        while not self._over.wait(0.1):
            used = sum(process.memory_info().rss for process in self._all) / 1e6
            self.peak = max(self.peak, used)

    def stop(self) -> None:
        self.cpu = self._cpu() - self._begun
        self._over.set()
        self.join()


def _peak() -> float:
    """Return this process's peak in MB; ``ru_maxrss`` would begin with what its parent had."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1000


if __name__ == "__main__":
    jobs = {"draw": draw, "solve": solve, "sweeps": sweeps, "parts": parts, "cluster": cluster}
    print(json.dumps(jobs[sys.argv[1]](*sys.argv[2:])))
