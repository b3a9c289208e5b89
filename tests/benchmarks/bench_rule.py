"""Looks at one holdout: false acceptance and power of the schedule, beside what tools do today."""

from __future__ import annotations

import numpy as np
from scipy.stats import binomtest

from kit.validate.rule import Schedule
from tests.benchmarks.looks import (
    any_after_a_release,
    any_by_greedy,
    any_by_paired_t,
    any_by_schedule,
    any_by_summing,
    finds,
    left_skewed,
    level_t,
    null_statistics,
)
from tests.benchmarks.table import Row, Table

SEED = 20261125
BLOCKS = (14, 28, 40)
TAIL_LOOKS = (1, 5, 50)
GAINS = ((3.0, 0.65), (4.0, 0.92))


def tables(quick: bool) -> list[Table]:
    """Return error rates beside greedy and paired t, power beside Bonferroni, and the tails."""
    seeds = 100 if quick else 1_000
    return [
        Table(f"Any false acceptance, 50 null proposals x {seeds:,} seeds", _errors(seeds)),
        Table("Power for one true gain among 50, ranked on an equal tune split", _power(quick)),
        Table("A plain t test at the schedule's levels, blocks skewed to the left", _tails(quick)),
    ]


def _errors(seeds: int) -> list[Row]:
    rows = []
    for blocks in BLOCKS:
        statistics = null_statistics(seeds, blocks, SEED + blocks)
        greedy = 100 * any_by_greedy(statistics) / seeds
        paired = 100 * any_by_paired_t(statistics, blocks) / seeds
        rival = f"greedy {greedy:.1f} %; paired t {paired:.1f} %"
        rows.append(
            _rate(
                f"independent, {blocks} blocks", any_by_schedule(statistics, blocks), seeds, rival
            )
        )
    told = any_by_summing(seeds, SEED)
    rival = f"a rule that tells every rounded effect: {100 * told / seeds:.1f} %"
    caught = any_after_a_release(seeds, SEED + 1)
    rows.append(_rate("attacker who was told one true effect", caught, seeds, rival))
    return rows


def _rate(name: str, count: int, seeds: int, rival: str) -> Row:
    """Return a row whose ratio is the lower end of the rate's exact interval over 5 %."""
    low, high = binomtest(count, seeds).proportion_ci(0.95, method="exact")
    said = f"{100 * count / seeds:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
    return Row(name, said, rival, low / 0.05, "<= 1")


def _power(quick: bool) -> list[Row]:
    seeds = 500 if quick else 10_000
    rows = []
    for effect, bar in GAINS:
        for blocks in BLOCKS:
            found = finds(effect, seeds, blocks, SEED + blocks)
            share = {name: 100 * count / seeds for name, count in found.items()}
            rival = (
                f"two finalists {share['two finalists']:.1f} %, "
                f"Bonferroni {share['bonferroni']:.1f} %"
            )
            high = binomtest(found["schedule"], seeds).proportion_ci(0.95, method="exact").high
            name = f"{effect:g} standard errors, {blocks} blocks"
            rows.append(Row(name, f"{share['schedule']:.1f} %", rival, high / bar, ">= 1"))
    schedule = Schedule()
    for look in (1, 5, 50, 200):
        powers = [100 * schedule.power(effect, look) for effect, _ in GAINS]
        said = " / ".join(f"{power:.0f} %" for power in powers)
        rows.append(Row(f"look {look}, 3 / 4 standard errors", said, "", powers[0] / 100))
    return rows


def _tails(quick: bool) -> list[Row]:
    seeds = 20_000 if quick else 1_000_000
    rng = np.random.default_rng(SEED)
    schedule = Schedule()
    rows = []
    for blocks in BLOCKS:
        statistics = left_skewed(rng, seeds, blocks)
        for look in TAIL_LOOKS:
            share = schedule.share(look)
            rate = float((statistics > level_t(share, blocks)).mean())
            name = f"mirrored lognormal, {blocks} blocks, look {look}"
            rows.append(Row(name, f"{rate:.2g}", f"nominal {share:.2g}", rate / share))
    return rows
