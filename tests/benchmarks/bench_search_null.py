"""End to end with 50 proposals and no true gain: how often anything is called better."""

from __future__ import annotations

import tempfile
from pathlib import Path

from scipy.stats import binomtest

from tests.benchmarks.search_null import MOST_LOOKS, PROPOSALS, agrees, ended
from tests.benchmarks.table import Row, Table

RUNS = 200
MEMORY = Path("/dev/shm")
"""Where there is one, records of searches lie in memory: they are written trial by trial."""
SEED = 20261129


def tables(quick: bool) -> list[Table]:
    """Return the rate beside what would be called better without the rule.

    Shortened: logs of 6,000 auctions; a trial's tune score is worked out in numpy, as the bench
    does (checked first); the rule's own functions score and judge, in this process, without the
    ledger's file, and without the gates, which only ever refuse.
    """
    runs = 5 if quick else RUNS
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        if not agrees(Path(folder) / "check", SEED):
            raise AssertionError("the shortened search scores otherwise than the search")
        ends = [ended(Path(folder) / str(run), SEED + run) for run in range(runs)]
    looks = sum(end.looks for end in ends) / runs
    said = f"{PROPOSALS} random proposals, up to {MOST_LOOKS} looks, {looks:.1f} on average"
    by_rule = sum(end.better for end in ends)
    low, high = binomtest(by_rule, runs).proportion_ci(0.95, method="exact")
    rivals = (
        f"each look at 5 %: {100 * sum(end.at_five for end in ends) / runs:.1f} %; "
        f"keep what earned more: {100 * sum(end.greedy for end in ends) / runs:.1f} %"
    )
    row = Row(
        f"any \"better\" of a search without a true gain; {said}",
        f"{100 * by_rule / runs:.1f} % of {runs} runs ({100 * low:.1f} to {100 * high:.1f})",
        rivals, float(low) / 0.05, "<= 1",
    )  # fmt: skip
    return [Table("A search in which nothing is better", [row])]
