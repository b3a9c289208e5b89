"""Simulated looks at one holdout: proposers that change nothing, and one who combines answers.

The paired differences of a proposal are independent normal blocks with a shared standard error of
one in total, so that a true effect is stated in paired standard errors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from kit.validate.rule import Schedule, critical_z

Array = NDArray[np.float64]
PROPOSALS = 50


def studentised(blocks: Array, effect: float = 0.0) -> Array:
    """Return Student's statistic over the last axis; `effect` in standard errors of the total."""
    count = blocks.shape[-1]
    shifted = blocks + effect / np.sqrt(count)
    return shifted.mean(axis=-1) * np.sqrt(count) / shifted.std(axis=-1, ddof=1)


def level_t(share: float, blocks: int) -> float:
    """Return what a Student statistic of so many blocks must exceed."""
    return float(student.isf(share, blocks - 1))


def null_statistics(seeds: int, blocks: int, seed: int) -> Array:
    """Return statistics of proposals without effect, shape (seeds, proposals)."""
    rng = np.random.default_rng(seed)
    return studentised(rng.standard_normal((seeds, PROPOSALS, blocks)))


def any_by_schedule(statistics: Array, blocks: int) -> int:
    """Return in how many seeds the schedule accepts any."""
    schedule = Schedule()
    critical = [level_t(schedule.share(look), blocks) for look in range(1, PROPOSALS + 1)]
    return int((statistics > np.array(critical)).any(axis=1).sum())


def any_by_paired_t(statistics: Array, blocks: int) -> int:
    """Return in how many seeds a paired t test at 5 %, one-sided, accepts any."""
    return int((statistics > level_t(0.05, blocks)).any(axis=1).sum())


def any_by_greedy(statistics: Array) -> int:
    """Return in how many seeds "keep it if it scored better" keeps any."""
    return int((statistics > 0).any(axis=1).sum())


def any_by_summing(seeds: int, seed: int) -> int:
    """Return how often a rule that tells every effect, rounded to 0.1 standard errors, is broken.

    49 nulls are looked at; the 50th is their sum, each weighted by the effect that was told.
    """
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((seeds, PROPOSALS - 1))
    told = noise.round(1)
    combined = (noise * told).sum(axis=1) / np.sqrt((told**2).sum(axis=1))
    schedule = Schedule()
    return int((combined > critical_z(schedule.share(PROPOSALS))).sum())


def any_after_a_release(seeds: int, seed: int) -> int:
    """Return how often an attacker who was told one true effect is given another that is none.

    A proposal truly better by 8 standard errors is shown at the first look, so its noise is known.
    Every later one lies at the angle to it that is likeliest to pass, by that look's own rule.
    """
    rng = np.random.default_rng(seed)
    schedule = Schedule()
    known = rng.standard_normal(seeds)
    passed = np.zeros(seeds, dtype=bool)
    for look in range(2, PROPOSALS + 1):
        critical = critical_z(schedule.share(look, 1), 1)
        cosine = np.clip(known / critical, -1.0, 1.0)
        fresh = np.sqrt(1 - cosine**2) * rng.standard_normal(seeds)
        passed |= cosine * known + fresh >= critical
    return int(passed.sum())


def finds(effect: float, seeds: int, blocks: int, seed: int) -> dict[str, int]:
    """Return how often one true gain among nulls is shown, by rule.

    Parameters
    ----------
    effect : float
        In paired standard errors, on the tune split and on the holdout, which are of equal size.
    seeds, blocks, seed : int
        Runs, blocks of each split, seed.

    Returns
    -------
    dict of str to int
        ``schedule``: looked at in the order of the tune split; ``bonferroni``: each of 50 at a 50th
        of the budget; ``two finalists``: the best two on tune at half the budget each.
    """
    rng = np.random.default_rng(seed)
    tune = studentised(rng.standard_normal((seeds, PROPOSALS, blocks)))
    tune[:, 0] = studentised(rng.standard_normal((seeds, blocks)), effect)
    rank = (tune > tune[:, :1]).sum(axis=1)
    seen = studentised(rng.standard_normal((seeds, blocks)), effect)
    schedule = Schedule()
    critical = np.array([level_t(schedule.share(look), blocks) for look in range(1, PROPOSALS + 1)])
    return {
        "schedule": int((seen > critical[rank]).sum()),
        "bonferroni": int((seen > level_t(schedule.total / PROPOSALS, blocks)).sum()),
        "two finalists": int(((seen > level_t(schedule.total / 2, blocks)) & (rank < 2)).sum()),
    }


def left_skewed(rng: np.random.Generator, seeds: int, blocks: int) -> Array:
    """Return Student statistics of nulls whose blocks hold rare large losses."""
    losses = np.exp(0.5) - rng.lognormal(0.0, 1.0, (seeds, blocks))
    return studentised(losses)
