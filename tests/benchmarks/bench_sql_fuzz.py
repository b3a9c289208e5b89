"""A hundred thousand texts made from a grammar: what the guard lets through, run on the engine."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from kit.base.errors import UnsafeSQLError
from kit.data.sql.policy import check_sql
from tests.benchmarks.table import Row, Table
from tests.data.sql import filled
from tests.data.sql.fuzz import Judge, Maker

SEEDS, TEXTS = range(100, 110), 10_000


def tables(quick: bool) -> list[Table]:
    """Return the one table."""
    count, seeds = (500, SEEDS[:1]) if quick else (TEXTS, SEEDS)
    started = time.perf_counter()
    accepted = breaches = answered = written = 0
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            judge = Judge(Path(folder))
            for text in Maker(seed, judge.canary).texts(count):
                try:
                    checked = check_sql(text, filled.GRANTS)
                except UnsafeSQLError:
                    continue
                accepted += 1
                breaches += bool(judge.breach(checked))
            answered += judge.answered
            written += bool(judge.written())
            judge.close()
    total = count * len(seeds)
    took = f"{time.perf_counter() - started:,.0f} s"
    return [Table("The SQL guard, fuzzed", [
        Row(f"breaches in {total:,} texts", f"{breaches}; {took}",
            f"{accepted:,} accepted, {answered:,} answered", breaches, "<= 0"),
        Row("files written", str(written), "", written, "<= 0"),
        Row("share accepted: a fuzz that is refused tests nothing", f"{accepted / total:.1%}", "",
            accepted / total, ">= 0.1"),
    ])]  # fmt: skip
