"""The block test of a look: its level far in the tail, world by world, and its speed."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from kit.validate.evidence import block_units, winsor_cap, z_score
from kit.validate.rule import Schedule, critical_z
from tests.benchmarks.bench_rule import BLOCKS, worlds
from tests.benchmarks.looks import World, level_t, studentised
from tests.benchmarks.table import Row, Table, milliseconds

SEED = 20261130
LOOKS = (1, 5, 50)
AUCTIONS = 1_000_000


def tables(quick: bool) -> list[Table]:
    """Return how often a null passes a look over what it was charged, and times."""
    rows = 10_000 if quick else 200_000
    due = rows * Schedule().share(LOOKS[-1])
    title = f"P(z > critical) / share at looks 1, 5, 50; {rows:,} nulls ({due:.2g} due at the last)"
    drawn = [
        _tail(name, world, blocks, rows)
        for name, world in worlds().items()
        for blocks in (BLOCKS[:1] if quick else BLOCKS)
    ]
    return [Table(title, drawn), Table("Evidence of one look at 1e6 auctions", _times())]


def _tail(name: str, world: World, blocks: int, rows: int) -> Row:
    """Return a row whose ratio is that of the first look, which has 44 % of the budget."""
    nulls = world(np.random.default_rng(SEED + blocks), rows, blocks)
    z, plain, schedule = nulls.z(), studentised(nulls.after), Schedule()
    shares = [schedule.share(look) for look in LOOKS]
    ours = [float((z > critical_z(share)).mean()) / share for share in shares]
    theirs = [float((plain > level_t(share, blocks)).mean()) / share for share in shares]
    said = [" / ".join(f"{ratio:.2g}" for ratio in ratios) for ratios in (ours, theirs)]
    return Row(f"{name}, {blocks} blocks", said[0], f"plain t {said[1]}", ours[0])


def _times() -> list[Row]:
    rng = np.random.default_rng(SEED)
    difference = rng.standard_t(3, AUCTIONS) + 0.01
    codes = np.repeat(np.arange(40), AUCTIONS // 40)
    cap = winsor_cap(difference)
    units = block_units(difference, codes, 40, cap)
    jobs = (
        ("cap from the tune split", lambda: winsor_cap(difference)),
        ("capped block totals", lambda: block_units(difference, codes, 40, cap)),
        ("score of 40 blocks", lambda: z_score(units, before=units)),
    )
    rows = []
    for name, job in jobs:
        best = np.inf
        for _ in range(5):
            start = perf_counter()
            job()
            best = min(best, perf_counter() - start)
        rows.append(Row(name, milliseconds(best), "limit 50 ms", best / 0.05, "<= 1"))
    return rows
