"""Score a claim on one log: the same code for the tune split and for a sealed holdout."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kit.data.log import AuctionLog
from kit.replay.market import Censored
from kit.validate.blocks import Blocks, time_blocks
from kit.validate.claim import Claim
from kit.validate.compare import compare
from kit.validate.comparison import Comparison
from kit.validate.evidence import CappedUnits, block_units, winsor_cap, z_score
from kit.validate.readings import Played, play

METRICS = ("surplus", "value", "spend")
TARGET_BLOCKS = 40


@dataclass(frozen=True, eq=False)
class Score:
    """What one log says about a claim.

    Parameters
    ----------
    log : AuctionLog
        The log.
    blocks : Blocks
        How it was cut.
    played : tuple of Played
        The pessimistic reading, and the optimistic one where it is another.
    units : tuple of CappedUnits
        What each reading adds to the evidence, block by block; for "worse" the sign is turned.
    plain : tuple of CappedUnits
        The same without the cap.
    z : float
        Evidence for the claim as a standard score, under the reading that says least, with the
        cap or without; minus infinity where the log cannot support a test.

    Notes
    -----
    The cap alone would show a candidate that saves a little on most auctions and misses clicks
    worth more than the cap; the plain total alone would show one whose rare losses have not come
    yet. A claim needs both.
    """

    log: AuctionLog
    blocks: Blocks
    played: tuple[Played, ...]
    units: tuple[CappedUnits, ...]
    plain: tuple[CappedUnits, ...]
    z: float

    def weighed(self, reading: Censored) -> tuple[CappedUnits, CappedUnits]:
        """Return the units of a reading (the pessimistic one if this is no other) and the plain."""
        place = self._place(reading)
        return self.units[place], self.plain[place]

    def cap(self, reading: Censored, auctions: int) -> float:
        """Return what one auction may weigh at most in the evidence of so many later auctions.

        0 where the variants differ in so few auctions that no look could show anything.
        """
        difference = self.played[self._place(reading)].difference
        return winsor_cap(difference, auctions / len(self.log))

    def _place(self, reading: Censored) -> int:
        return next((at for at, each in enumerate(self.played) if each.reading == reading), 0)

    def comparisons(
        self, looks: int, seed: int, metrics: tuple[str, ...] = METRICS
    ) -> tuple[Comparison, ...]:
        """Return the effect under each reading, its intervals counted over so many looks."""
        return tuple(
            compare(
                played.candidate.by(self.blocks.codes, len(self.blocks)),
                played.baseline.by(self.blocks.codes, len(self.blocks)),
                rng=np.random.default_rng(seed), blocks=self.blocks, metrics=metrics,
                policies=looks, resamples=max(4000, 100 * looks),
            )
            for played in self.played
        )  # fmt: skip


def score(log: AuctionLog, claim: Claim, tune: Score | None = None) -> Score:
    """Play a claim on a log and weigh the evidence for it.

    Parameters
    ----------
    log : AuctionLog
        Rows in time order; clicks of invalid traffic count as none.
    claim : Claim
        What is asked.
    tune : Score, optional
        Of the tune split, where `log` is the holdout: it fixes what one auction may weigh, and
        says how neighbouring blocks move together.

    Raises
    ------
    DataError
        If nobody says what a click is worth.
    ModelError, PolicyError
        If a variant cannot bid on this log.
    """
    played = play(log, claim)
    blocks = time_blocks(log, TARGET_BLOCKS)
    sign = -1.0 if claim.question == "worse" else 1.0
    codes, count = blocks.time[blocks.codes], blocks.time_count

    def weigh(each: Played, cap: float | None) -> CappedUnits:
        return block_units(sign * each.difference, codes, count, cap)

    caps = [None if tune is None else tune.cap(each.reading, len(log)) for each in played]
    units = tuple(weigh(each, cap) for each, cap in zip(played, caps, strict=True))
    plain = tuple(weigh(each, float(np.abs(each.difference).max(initial=0))) for each in played)
    margin = claim.margin(len(log))
    z = math.inf
    for each, here in zip(played, zip(units, plain, strict=True), strict=True):
        before = (None, None) if tune is None else tune.weighed(each.reading)
        z = min(z, *(z_score(now, margin, then) for now, then in zip(here, before, strict=True)))
    return Score(log, blocks, played, units, plain, z)
