"""How often a 95 % interval holds the true difference, beside a percentile bootstrap."""

from __future__ import annotations

from tests.benchmarks.intervals import (
    RUNS,
    Draw,
    covers,
    covers_by_percentile,
    heavy_tails,
    rare_clicks,
    skewed,
)
from tests.benchmarks.table import Row, Table

SEED = 11
CASES: tuple[tuple[str, Draw, int], ...] = (
    ("rare clicks, 24 blocks", rare_clicks, 24),
    ("heavy tails on both sides, 40 blocks", heavy_tails, 40),
    ("one-sided lognormal, 40 blocks", skewed, 40),
    ("one-sided lognormal, 7 blocks", skewed, 7),
)


def tables(quick: bool) -> list[Table]:
    """Return one row a case; the ratio is the studentised interval's coverage."""
    rows = []
    for name, draw, blocks in CASES[:1] if quick else CASES:
        inside, width, ideal = covers(draw, blocks, SEED)
        percentile = covers_by_percentile(draw, blocks, SEED)
        rows.append(
            Row(
                f"coverage, {name}",
                f"{100 * inside / RUNS:.1f} %, {width / ideal:.2f} of the ideal width",
                f"percentile bootstrap {100 * percentile / RUNS:.1f} %",
                inside / RUNS,
            )
        )
    return [Table(f"95 % interval, {RUNS:,} runs a row", rows)]
