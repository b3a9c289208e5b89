"""Looks at one holdout: false acceptance and power of the schedule, beside what tools do today."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.stats import binomtest

from kit.validate.rule import Schedule
from tests.benchmarks.heavy_looks import (
    Pool,
    lost_clicks,
    pareto_losses,
    pareto_money,
    rare_gains,
    rare_losses,
)
from tests.benchmarks.looks import (
    PROPOSALS,
    Nulls,
    World,
    additive,
    any_by_combining,
    any_by_greedy,
    any_by_ladder,
    any_by_paired_t,
    any_by_schedule,
    any_by_summing,
    autoregressive,
    finds,
    least_dependent,
    normal,
    student_three,
    unequal,
)
from tests.benchmarks.table import Row, Table

SEED = 20261129
BLOCKS = (14, 28, 40)
GAINS = ((3.0, 0.65), (4.0, 0.92))
RELEASES = (1, 3, 5)


def worlds() -> dict[str, World]:
    """Return the worlds by name; pools are drawn when asked for."""
    return {
        "normal": normal,
        "Student's tails, 3": student_three,
        "sizes 1 to 11": unequal,
        "AR(0.3)": autoregressive(0.3),
        "AR(0.5)": autoregressive(0.5),
        "AR(0.3), 4 x the blocks before": autoregressive(0.3, 4),
        "AR(0.5), 4 x the blocks before": autoregressive(0.5, 4),
        "20 lognormal losses a block": Pool.of(rare_losses, 20, SEED),
        "500 lognormal losses a block": Pool.of(rare_losses, 500, SEED),
        "2,000 lognormal losses a block, plain null": Pool.of(rare_losses, 2_000, SEED, plain=True),
        "20 lognormal gains a block": Pool.of(rare_gains, 20, SEED),
        "100 Pareto(1.5) money a block": Pool.of(pareto_money, 100, SEED),
        "100 Pareto(2.5) losses a block": Pool.of(pareto_losses, 100, SEED),
        "10 lost clicks a block of 500": Pool.of(lost_clicks, 500, SEED),
    }


def tables(quick: bool) -> list[Table]:
    """Return error rates by world and by attack beside today's rules, and power."""
    seeds = 100 if quick else 1_000
    size = f"50 null proposals x {seeds:,} seeds"
    return [
        Table(f"Any false acceptance, {size}, looked at in the order of the tune split",
              _errors(seeds, BLOCKS[:1] if quick else BLOCKS)),
        Table(f"The same, proposals that build on each other or on the answers, {size}",
              _attacks(seeds)),
        Table("Power for one true gain among 50, ranked on an equal tune split", _power(quick)),
    ]  # fmt: skip


def _errors(seeds: int, counts: tuple[int, ...]) -> list[Row]:
    rows = []
    for name, world in worlds().items():
        for blocks in counts:
            nulls = world(np.random.default_rng(SEED + blocks), seeds * PROPOSALS, blocks)
            label = f"{name}, {blocks} blocks"
            rows.append(_rate(label, any_by_schedule(nulls), seeds, _rivals(nulls, seeds)))
    return rows


def _rivals(nulls: Nulls, seeds: int) -> str:
    found = {
        "paired t": any_by_paired_t(nulls),
        "Ladder": any_by_ladder(nulls),
        "greedy": any_by_greedy(nulls),
    }
    return ", ".join(f"{name} {100 * count / seeds:.1f} %" for name, count in found.items())


def _attacks(seeds: int) -> list[Row]:
    rows = []
    for kept, words in ((True, "those better on tune"), (False, "a random half")):
        for blocks in BLOCKS:
            rng = np.random.default_rng(SEED + blocks)
            nulls = additive(rng, seeds, blocks, kept_on_tune=kept)
            name = f"each edit on top of {words} of the earlier, {blocks} blocks"
            count = any_by_schedule(nulls, ranked=False)
            rows.append(_rate(name, count, seeds, _rivals(nulls, seeds)))
    for blocks in BLOCKS:  # a limit that is known: no target
        nulls = least_dependent(np.random.default_rng(SEED + blocks), seeds * PROPOSALS, blocks)
        name = f"AR(0.3), of 10 each the least dependent on tune, {blocks} blocks"
        row = _rate(name, any_by_schedule(nulls), seeds, _rivals(nulls, seeds))
        rows.append(replace(row, target=""))
    told = 100 * any_by_summing(seeds, SEED) / seeds
    rival = f"a rule that tells every rounded effect: {told:.1f} %"
    for released in (0, *RELEASES):
        for blocks in BLOCKS:
            noun = "effect" if released == 1 else "effects"
            words = f"combines the answers, and {released} true {noun}" if released else "bits only"
            count = any_by_combining(seeds, blocks, SEED + blocks, released)
            rows.append(_rate(f"attacker, {words}, {blocks} blocks", count, seeds, rival))
    return rows


def _rate(name: str, count: int, seeds: int, rival: str) -> Row:
    """Return a row whose ratio is the lower end of the rate's exact interval over 5 %."""
    low, high = binomtest(count, seeds).proportion_ci(0.95, method="exact")
    said = f"{100 * count / seeds:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
    return Row(name, said, rival, low / 0.05, "<= 1")


def _power(quick: bool) -> list[Row]:
    rows = []
    for effect, bar in GAINS:
        rows += [_found(effect, bar, blocks, quick) for blocks in BLOCKS]
        rows.append(_found(effect, bar, BLOCKS[0], quick, times=4))
    schedule = Schedule()
    for look in (1, 5, 50, 200):
        powers = [100 * schedule.power(effect, look) for effect, _ in GAINS]
        said = " / ".join(f"{power:.0f} %" for power in powers)
        rows.append(Row(f"look {look}, 3 / 4 standard errors", said, "", powers[0] / 100))
    return rows


def _found(effect: float, bar: float, blocks: int, quick: bool, times: int = 1) -> Row:
    seeds = 500 if quick else 10_000
    found = finds(effect, seeds, blocks, SEED + blocks, times)
    share = {name: f"{100 * count / seeds:.1f} %" for name, count in found.items()}
    rival = (
        f"plain t {share['student']}, two finalists {share['two finalists']}, "
        f"Bonferroni {share['bonferroni']}"
    )
    high = binomtest(found["schedule"], seeds).proportion_ci(0.95, method="exact").high
    name = f"{effect:g} standard errors, {blocks} blocks"
    name += f", {times} x the blocks before" if times > 1 else ""
    return Row(name, share["schedule"], rival, high / bar, ">= 1")
