"""kill -9 at random points of a search, then the same again: the board of one never killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kit.data.sealed import SealedSplit

KILLS = 50
SEED = 20261129


@pytest.mark.slow
def test_kills_change_no_board_and_pay_nothing_twice(
    sealed: SealedSplit, default: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "tests.flow.search.kills", str(sealed.folder), str(default),
               str(tmp_path), str(KILLS), str(SEED)]  # fmt: skip
    env = os.environ | {"OMP_NUM_THREADS": "1", "KIT_WORKSPACE": str(tmp_path / "workspace")}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    print(found)
    assert found["kills"] >= KILLS
    assert found["searches"] >= 5
    assert (found["other_boards"], found["paid_twice"]) == (0, 0)
    assert found["begun"] <= found["evaluations"] + 2 * found["kills"]  # two workers at most
    assert len(set(found["records"])) > 4  # they fell all over the searches
