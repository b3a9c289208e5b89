"""A 2 GB log on a 1 GB memory limit: converted, sorted, replayed, with the right totals."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

GIGABYTE = 1 << 30
ROWS = 100_000
HEADER = "timestamp,exchange,campaign_id,bid_price_cpm,won,clearing_price_cpm,click,padding\n"

LIMITED = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))
from kit.bid.registry import make_policy
from kit.data.load import load_to_parquet
from kit.data.warehouse import ScannedLog
from kit.replay.run import replay
source, out = sys.argv[1:]
report = load_to_parquet(source, "csv", out)
result = replay(ScannedLog(out).batches(), make_policy("constant", {"bid": 2.5}), budget=1e9)
status = open("/proc/self/status").read()  # ru_maxrss begins with what the parent had
peak = int(status.split("VmHWM:")[1].split()[0]) * 1024
print(json.dumps(report.to_dict() | result.to_dict() | {"peak": peak}))
"""


def chunk(number: int) -> str:
    """Rows of one minute after the other; every other chunk is swapped with its neighbour."""
    minute = number + 1 - 2 * (number % 2)
    day, rest = divmod(minute, 1440)
    start = f"2026-01-{day + 1:02d}T{rest // 60:02d}:{rest % 60:02d}:"
    padding = "x" * 80
    return "".join(
        f"{start}{row * 60 // ROWS:02d}Z,ssp{row % 4},c{row % 3},3.0,1,{1 + row % 4 / 2},"
        f"{int(row % 1000 == 0)},{padding}\n"
        for row in range(ROWS)
    )


@pytest.fixture
def two_gigabytes(tmp_path: Path) -> tuple[Path, int]:
    path, chunks = tmp_path / "log.csv", 0
    with path.open("w") as file:
        file.write(HEADER)
        while file.tell() < 2 * GIGABYTE:
            file.write(chunk(chunks))
            chunks += 1
        if chunks % 2:  # so that every chunk has its neighbour
            file.write(chunk(chunks))
            chunks += 1
    return path, chunks


def test_two_gigabytes_in_one(two_gigabytes: tuple[Path, int], tmp_path: Path) -> None:
    path, chunks = two_gigabytes
    out = tmp_path / "log.parquet"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path), str(out)], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    rows = chunks * ROWS
    assert path.stat().st_size > 2 * GIGABYTE
    assert found["peak"] < GIGABYTE
    assert (found["rows"], found["bad_rows"]) == (rows, 0)
    assert found["out_of_order"] == chunks // 2  # one step back in each swapped pair
    assert found["auctions"] == rows
    # prices are 1, 1.5, 2 and 2.5; a bid of 2.5 loses the tie
    assert found["impressions"] == rows * 3 // 4
    assert found["cost"] == rows / 4 * 4.5
    assert found["clicks"] == rows // 1000
    path.unlink()
