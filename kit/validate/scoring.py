"""Score a claim on one log: the same code for the tune split and for a sealed holdout."""

from __future__ import annotations

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
    z : float
        Evidence for the claim as a standard score, under the reading that says least; minus
        infinity where the log cannot support a test.
    """

    log: AuctionLog
    blocks: Blocks
    played: tuple[Played, ...]
    units: tuple[CappedUnits, ...]
    z: float

    def units_of(self, reading: Censored) -> CappedUnits:
        """Return the units of a reading; of the pessimistic one where this is not another."""
        return self.units[self._place(reading)]

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
    codes = blocks.time[blocks.codes]
    units = tuple(
        block_units(
            sign * each.difference, codes, blocks.time_count,
            None if tune is None else tune.cap(each.reading, len(log)),
        )
        for each in played
    )  # fmt: skip
    margin = claim.margin(len(log))
    earlier = [None if tune is None else tune.units_of(each.reading) for each in played]
    z = min(z_score(here, margin, before) for here, before in zip(units, earlier, strict=True))
    return Score(log, blocks, played, units, z)
