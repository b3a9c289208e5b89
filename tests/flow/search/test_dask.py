"""A search on a Dask client: the board of threads, a worker that dies included."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.data.sealed import SealedSplit
from kit.flow.search.outcome import Found, summary_of
from kit.flow.search.propose import search_variants
from tests.flow.search.world import settings

distributed = pytest.importorskip("distributed")


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as made,
    ):
        yield made


def run(sealed: SealedSplit, default: Path, out: Path, client: Any = None) -> Found:
    spec = settings(
        sealed.folder, out, default=default, proposer="random", budget=21, side_by_side=4,
        halving=True, finalists=0,
    )  # fmt: skip
    return search_variants(spec, lambda line: None, client)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_worker_killed_mid_run_changes_nothing(
    sealed: SealedSplit, default: Path, tmp_path: Path, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = run(sealed, default, tmp_path / "alone")
    monkeypatch.setenv("KIT_WORKSPACE", str(tmp_path / "other"))  # else all is frozen already
    pids = list(client.run(os.getpid).values())
    assert len(pids) == 2

    def kill() -> None:
        while not list((tmp_path / "other").rglob("variant.json"))[3:]:
            time.sleep(0.01)
        os.kill(pids[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    found = run(sealed, default, tmp_path / "shared", client)
    killer.join()
    assert pids[0] not in client.run(os.getpid).values()

    def told(each: Found) -> dict[str, Any]:
        plain = summary_of(each)
        plain.pop("cost")
        plain["best"].pop("folder")
        return plain

    assert told(found) == told(alone)
    hashes = [{Path(folder).name for folder in each.folders.values()} for each in (alone, found)]
    assert hashes[0] == hashes[1]
