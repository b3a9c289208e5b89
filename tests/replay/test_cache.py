"""The second process compiles nothing: it writes no file into the kernel cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import numpy as np, pandas as pd
from kit.data.log import AuctionLog
from kit.replay.grid import replay_grid
from kit.replay.linear import LinearLog
from kit.replay.run import replay
frame = pd.DataFrame({"market_price_cpm": [1.0, 2.0], "market_price_kind": "known"})
log = AuctionLog(frame)
replay(log, [3.0, 3.0], budget={"all": 3.0})
replay_grid(log, [3.0, 3.0], [1.0])
LinearLog([1.0], [2.0], [0], [0]).replay(1.0)
LinearLog([1.0], [2.0], [0], [0]).replay_grid([1.0])
"""


def run_and_list(cache: Path) -> dict[str, int]:
    environment = os.environ | {"KIT_CACHE_DIR": str(cache)}
    subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=True)
    return {str(path.relative_to(cache)): path.stat().st_mtime_ns for path in cache.rglob("*.nb?")}


@pytest.mark.slow
def test_second_process_compiles_nothing(tmp_path: Path) -> None:
    first = run_and_list(tmp_path)
    assert first
    assert run_and_list(tmp_path) == first
