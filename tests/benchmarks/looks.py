"""Simulated looks at one holdout: proposals that change nothing, and rules that judge them.

A world draws the paired block differences of independent proposals without effect, on a tune split
and on a holdout of the same length. Blocks have a unit variance unless a world says otherwise, so
that a true effect can be stated in paired standard errors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.stats import norm
from scipy.stats import t as student

from kit.validate.evidence import scores
from kit.validate.rule import Schedule, critical_z

Array = NDArray[np.float64]
PROPOSALS = 50


@dataclass(frozen=True, eq=False)
class Nulls:
    """Proposals whose expected difference is zero, one a row.

    Parameters
    ----------
    before : ndarray, shape (rows, earlier blocks)
        Block differences outside the holdout: the tune split, or more.
    after : ndarray, shape (rows, blocks)
        On the holdout.
    sizes : ndarray, shape (blocks,)
        Auctions of the holdout's blocks.
    third : ndarray, shape (rows,)
        Third cumulant of each total, measured over auctions.
    gains : ndarray of bool, shape (rows,)
        Whether the plain total is one.
    """

    before: Array
    after: Array
    sizes: Array
    third: Array
    gains: NDArray[np.bool_]

    def z(self) -> Array:
        """Return the score of each row, as `kit.validate.evidence.z_score` does."""
        repeats = self.before.shape[1] // self.after.shape[1]
        earlier = (self.before, np.tile(self.sizes, repeats))
        z = scores(self.after, self.sizes, self.third, before=earlier)
        return np.where(self.gains, z, -np.inf)


World = Callable[[np.random.Generator, int, int], Nulls]


def plain_blocks(before: Array, after: Array, sizes: Array) -> Nulls:
    """Return nulls whose auctions say nothing of skewness."""
    rows = len(after)
    return Nulls(before, after, sizes, np.zeros(rows), after.sum(axis=1) > 0)


def normal(rng: np.random.Generator, rows: int, blocks: int) -> Nulls:
    """Draw independent normal blocks."""
    before, after = rng.standard_normal((2, rows, blocks))
    return plain_blocks(before, after, np.ones(blocks))


def student_three(rng: np.random.Generator, rows: int, blocks: int) -> Nulls:
    """Draw blocks with Student's tails, 3 degrees of freedom."""
    before, after = rng.standard_t(3, (2, rows, blocks))
    return plain_blocks(before, after, np.ones(blocks))


def unequal(rng: np.random.Generator, rows: int, blocks: int) -> Nulls:
    """Draw blocks of 1 to 11 sizes, a daily curve, whose noise is in proportion to their size."""
    sizes = np.exp(1.2 * np.sin(np.arange(blocks) * 2 * np.pi / 7))
    before, after = rng.standard_normal((2, rows, blocks)) * sizes
    return plain_blocks(before, after, sizes)


def autoregressive(rho: float, times: int = 1) -> World:
    """Return a world whose neighbours move together, with `times` as many blocks before."""

    def draw(rng: np.random.Generator, rows: int, blocks: int) -> Nulls:
        before = _autoregression(rng, rows, blocks * times, rho)
        return plain_blocks(before, _autoregression(rng, rows, blocks, rho), np.ones(blocks))

    return draw


def _autoregression(rng: np.random.Generator, rows: int, blocks: int, rho: float) -> Array:
    steps = rng.standard_normal((rows, blocks))
    steps[:, 1:] *= np.sqrt(1 - rho**2)
    return np.asarray(lfilter([1.0], [1.0, -rho], steps, axis=1))


def least_dependent(rng: np.random.Generator, rows: int, blocks: int) -> Nulls:
    """Draw AR(0.3) blocks of proposals that were picked: of 10, the least dependent before."""
    after = _autoregression(rng, rows, blocks, 0.3)
    before = np.zeros_like(after)
    lowest = np.full(rows, np.inf)
    for _ in range(10):
        drawn = _autoregression(rng, rows, blocks, 0.3)
        centred = drawn - drawn.mean(axis=1, keepdims=True)
        lag = (centred[:, 1:] * centred[:, :-1]).sum(axis=1) / (centred**2).sum(axis=1)
        lower = lag < lowest
        before[lower], lowest[lower] = drawn[lower], lag[lower]
    return plain_blocks(before, after, np.ones(blocks))


def studentised(blocks: Array) -> Array:
    """Return Student's statistic over the last axis."""
    count = blocks.shape[-1]
    return np.asarray(blocks.mean(axis=-1) * np.sqrt(count) / blocks.std(axis=-1, ddof=1))


def level_t(share: float, blocks: int) -> float:
    """Return what a Student statistic of so many blocks must exceed."""
    return float(student.isf(share, blocks - 1))


def criticals() -> Array:
    """Return what each of the looks must exceed while nothing was released."""
    schedule = Schedule()
    return np.array([critical_z(schedule.share(look)) for look in range(1, PROPOSALS + 1)])


def by_seed(nulls: Nulls, values: Array) -> Array:
    """Return values of rows as (seeds, proposals), each seed in the order of its tune split."""
    rank = np.argsort(-studentised(nulls.before).reshape(-1, PROPOSALS), axis=1)
    return np.take_along_axis(values.reshape(-1, PROPOSALS), rank, axis=1)


def any_by_schedule(nulls: Nulls, *, ranked: bool = True) -> int:
    """Return in how many seeds the schedule accepts any, ranked on the tune split or as drawn."""
    z = nulls.z()
    z = by_seed(nulls, z) if ranked else z.reshape(-1, PROPOSALS)
    return int((z > criticals()).any(axis=1).sum())


def any_by_paired_t(nulls: Nulls) -> int:
    """Return in how many seeds a paired t test at 5 %, one-sided, accepts any."""
    statistics = by_seed(nulls, studentised(nulls.after))
    return int((statistics > level_t(0.05, nulls.after.shape[1])).any(axis=1).sum())


def any_by_greedy(nulls: Nulls) -> int:
    """Return in how many seeds "keep it if it scored better" keeps any."""
    return int((by_seed(nulls, nulls.after.sum(axis=1)) > 0).any(axis=1).sum())


def any_by_ladder(nulls: Nulls) -> int:
    """Return in how many seeds the Ladder without parameters accepts any.

    A proposal replaces the best so far if its mean is better by more than the standard deviation
    of their paired difference over the root of the number of units, here blocks (Blum and Hardt
    2015, figure 2). The Ladder promises that the best score is told about right, not this.
    """
    blocks = nulls.after.shape[1]
    proposals = nulls.after.reshape(-1, PROPOSALS, blocks)
    best = np.zeros((len(proposals), blocks))
    accepted = np.zeros(len(proposals), dtype=bool)
    for look in range(PROPOSALS):
        gain = proposals[:, look] - best
        better = gain.mean(axis=1) > gain.std(axis=1, ddof=1) / np.sqrt(blocks)
        best[better] = proposals[better, look]
        accepted |= better
    return int(accepted.sum())


def additive(rng: np.random.Generator, seeds: int, blocks: int, *, kept_on_tune: bool) -> Nulls:
    """Draw 50 proposals a seed, each a new edit on top of earlier ones; no edit changes anything.

    The earlier ones are those that were better on the tune split, or a random half.
    """
    edits = rng.standard_normal((2, seeds, PROPOSALS, blocks))
    kept = edits[0].sum(axis=2) > 0
    if not kept_on_tune:
        kept = rng.random((seeds, PROPOSALS)) < 0.5
    sums = np.cumsum(edits * kept[:, :, None], axis=2)
    proposals = edits.copy()
    proposals[:, :, 1:] += sums[:, :, :-1]
    before, after = proposals.reshape(2, -1, blocks)
    return plain_blocks(before, after, np.ones(blocks))


def any_by_combining(seeds: int, blocks: int, seed: int, released: int = 0) -> int:
    """Return how often an attacker who combines every answer is given a false one.

    First `released` proposals that are truly better by 8 standard errors are looked at: they are
    shown, and their effects with them; the attacker knows the true ones, so the noise as well. Each
    later proposal changes nothing. With releases it lies at the angle to the known noise that is
    likeliest to pass; without, it is half new and half all earlier proposals, each weighted by the
    noise to be expected from its answer.
    """
    rng = np.random.default_rng(seed)
    schedule = Schedule()
    known = rng.standard_normal((2, released, seeds, blocks))
    told = known[1].sum(axis=2) / np.sqrt(blocks)  # (released, seeds)
    length = np.sqrt((told**2).sum(axis=0))
    combined = np.einsum("rs,trsb->tsb", told / np.maximum(length, 1e-12), known)
    weights = np.full(seeds, 1e-12)
    passed = np.zeros(seeds, dtype=bool)
    for look in range(released + 1, PROPOSALS + 1):
        share = schedule.share(look, released)
        critical = critical_z(share, released)
        cosine = np.clip(length / critical, 0.0, 1.0) if released else np.sqrt(0.5)
        scale = 1.0 if released else np.sqrt(weights)[:, None]
        cosine = np.broadcast_to(cosine, seeds)[:, None]
        fresh = rng.standard_normal((2, seeds, blocks))
        proposal = cosine * combined / scale + np.sqrt(1 - cosine**2) * fresh
        shown = plain_blocks(proposal[0], proposal[1], np.ones(blocks)).z() > critical
        passed |= shown
        if not released:
            density = norm.pdf(critical)
            expected = np.where(shown, density / share, -density / (1 - share))
            combined = combined + expected[:, None] * proposal
            weights = weights + expected**2
    return int(passed.sum())


def any_by_summing(seeds: int, seed: int) -> int:
    """Return how often a rule that tells every effect, rounded to 0.1 standard errors, is broken.

    49 nulls are looked at; the 50th is their sum, each weighted by the effect that was told.
    """
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((seeds, PROPOSALS - 1))
    told = noise.round(1)
    combined = (noise * told).sum(axis=1) / np.sqrt((told**2).sum(axis=1))
    return int((combined > criticals()[-1]).sum())


def finds(effect: float, seeds: int, blocks: int, seed: int, times: int = 1) -> dict[str, int]:
    """Return how often one true gain among nulls is shown, by rule; blocks are normal.

    Parameters
    ----------
    effect : float
        In paired standard errors, on the tune split and on the holdout, which are of equal size.
    seeds, blocks, seed : int
        Runs, blocks of each split, seed.
    times : int
        Blocks that the score is shown from before the holdout, as multiples of the holdout's.

    Returns
    -------
    dict of str to int
        ``schedule``: looked at in the order of the tune split; ``student``: the same by a plain t
        test; ``bonferroni``: each of 50 at a 50th of the budget; ``two finalists``: the best two on
        tune at half the budget each.
    """
    rng = np.random.default_rng(seed)
    gain = effect / np.sqrt(blocks)
    before = rng.standard_normal((seeds, blocks * times)) + gain
    tune = studentised(rng.standard_normal((seeds, PROPOSALS - 1, blocks)))
    rank = (tune > studentised(before[:, -blocks:])[:, None]).sum(axis=1)
    held = rng.standard_normal((seeds, blocks)) + gain
    seen = studentised(held)
    z = plain_blocks(before, held, np.ones(blocks)).z()
    schedule = Schedule()
    plain = np.array([level_t(schedule.share(look), blocks) for look in range(1, PROPOSALS + 1)])
    return {
        "schedule": int((z > criticals()[rank]).sum()),
        "student": int((seen > plain[rank]).sum()),
        "bonferroni": int((seen > level_t(schedule.total / PROPOSALS, blocks)).sum()),
        "two finalists": int(((seen > level_t(schedule.total / 2, blocks)) & (rank < 2)).sum()),
    }
