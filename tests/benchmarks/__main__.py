"""Print the speed table: every ``bench_*.py`` here is one topic."""

from __future__ import annotations

import os

# Before any rival is imported: one thread each.
THREADS = ("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
for name in THREADS:
    os.environ[name] = "1"

import argparse  # noqa: E402
import importlib  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from tests.benchmarks.table import Table, machine  # noqa: E402


def topics() -> list[str]:
    """Return the names of the benchmarks found beside this file."""
    return sorted(
        path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py")
    )


def main() -> int:
    """Run the benchmarks asked for and name the targets that were missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", choices=topics(), action="append", help="one topic (repeatable)")
    parser.add_argument("--quick", action="store_true", help="small data: checks that it runs")
    arguments = parser.parse_args()
    print(f"{machine()}\n", flush=True)
    missed: list[str] = []
    for topic in arguments.only or topics():
        module = importlib.import_module(f"tests.benchmarks.bench_{topic}")
        tables: list[Table] = module.tables(arguments.quick)
        for table in tables:
            print(f"{table.markdown()}\n", flush=True)
            missed += [f"{table.title}: {row.name}" for row in table.rows if row.ok is False]
    if not arguments.quick:
        print("Missed: " + ("; ".join(missed) or "nothing"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
