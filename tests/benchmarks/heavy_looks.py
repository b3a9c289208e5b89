"""Worlds made of auctions: each block is a sum of heavy-tailed differences, capped as a look is.

Blocks are drawn with replacement from a pool, so that the mean of what is drawn is known exactly:
the null holds, of the capped differences (what a look claims) or of the plain ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.validate.evidence import winsor_cap
from tests.benchmarks.looks import PROPOSALS, Array, Nulls

Auctions = Callable[[np.random.Generator, tuple[int, int]], Array]
POOLED = 8_000_000
CAPS = 4  # tune splits drawn: each seed is judged under the cap of one


def rare_losses(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Draw mirrored lognormal differences: skewed to the left."""
    return -rng.lognormal(0.0, 1.0, shape)


def rare_gains(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Draw lognormal differences: skewed to the right."""
    return rng.lognormal(0.0, 1.0, shape)


def pareto_money(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Draw what two policies earn apart from each other, Pareto with tail index 1.5."""
    return rng.pareto(1.5, shape) - rng.pareto(1.5, shape)


def pareto_losses(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Draw mirrored Pareto differences, tail index 2.5."""
    return -rng.pareto(2.5, shape)


def lost_clicks(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Draw a small gain everywhere and, in 2 % of auctions, the loss of a click."""
    lost = rng.random(shape, dtype=np.float32) < 0.02
    difference = np.zeros(shape)
    difference[lost] = -rng.lognormal(0.0, 0.5, int(lost.sum()))
    return difference


@dataclass(frozen=True, eq=False)
class Pool:
    """Blocks of so many auctions, to draw from.

    Parameters
    ----------
    values : ndarray, shape (blocks, auctions)
        Differences with mean zero.
    plain : bool
        Whether the plain mean is zero, or that of the capped differences.
    """

    values: Array
    plain: bool

    @classmethod
    def of(cls, kind: Auctions, auctions: int, seed: int, *, plain: bool = False) -> Pool:
        """Draw a pool of `POOLED` auctions."""
        values = kind(np.random.default_rng(seed), (POOLED // auctions, auctions))
        return cls(values - values.mean(), plain)

    def __call__(self, rng: np.random.Generator, rows: int, blocks: int) -> Nulls:
        """Draw nulls; `rows` is a multiple of `CAPS` times `PROPOSALS`."""
        parts = [self._under_a_cap(rng, rows // CAPS, blocks) for _ in range(CAPS)]
        return Nulls(
            _dealt([part.before for part in parts]),
            _dealt([part.after for part in parts]),
            np.full(blocks, float(self.values.shape[1])),
            _dealt([part.third for part in parts]),
            _dealt([part.gains for part in parts]),
        )

    def _under_a_cap(self, rng: np.random.Generator, rows: int, blocks: int) -> Nulls:
        pool, auctions = self.values.shape
        tune = self.values[rng.integers(0, pool, blocks)]
        capped = np.clip(self.values, *(np.array([-1, 1]) * winsor_cap(tune.ravel())))
        squared = capped * capped
        sums, squares = capped.sum(axis=1), squared.sum(axis=1)
        cubes = np.einsum("ij,ij->i", squared, capped)
        drawn = rng.integers(0, pool, (rows, blocks))
        first, second, third = (part[drawn].sum(axis=1) for part in (sums, squares, cubes))
        count = blocks * auctions
        centred = third - 3 * first * second / count + 2 * first**3 / count**2
        shift = 0.0 if self.plain else float(sums.mean())
        gains = np.ones(rows, dtype=bool)  # the claim about the cap holds without the plain total
        if self.plain:
            gains = self.values.sum(axis=1)[drawn].sum(axis=1) > 0
        before = sums[rng.integers(0, pool, (rows, blocks))]
        return Nulls(before - shift, sums[drawn] - shift, np.ones(blocks), centred, gains)


def _dealt(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """Deal the parts out by seeds, so that the first seeds hold every cap."""
    stacked = np.stack(parts)
    seeds = stacked.reshape(CAPS, -1, PROPOSALS, *stacked.shape[2:])
    return seeds.swapaxes(0, 1).reshape(-1, *stacked.shape[2:])
