"""Who pays for a gain: the difference in surplus by segment, surely lost or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from kit.validate.bootstrap import block_se
from kit.validate.readings import Played
from kit.validate.scoring import Score

MIN_BLOCKS = 8
"""Fewest time blocks in which a segment must be seen, and in which the variants must differ."""


@dataclass(frozen=True)
class Segment:
    """One label of one column.

    Parameters
    ----------
    column, label : str
        Which.
    auctions : int
        Its rows.
    difference, high : float
        Surplus of the candidate less that of the baseline, and the upper end of an interval
        that holds for every segment together; price sums. Infinite where there is too little data.
    spend : float
        What the baseline spends there.
    """

    column: str
    label: str
    auctions: int
    difference: float
    high: float
    spend: float

    @property
    def sure_loss(self) -> float:
        """What is surely lost, as a share of what the baseline spends there; 0 if nothing is."""
        if self.high >= 0:
            return 0.0
        return -self.high / self.spend if self.spend > 0 else np.inf


def segments(scored: Score, columns: Sequence[str], level: float) -> list[Segment]:
    """Return every segment of some columns under the pessimistic reading, the worst first.

    Parameters
    ----------
    scored : Score
        From `kit.validate.scoring.score`.
    columns : sequence of str
        Label columns; one that the log lacks is left out.
    level : float
        Of the one-sided intervals, all together (Bonferroni over segments, Student's t over time
        blocks).
    """
    log, played = scored.log, scored.played[0]
    named = [name for name in columns if name in log.frame.columns]
    parts = [(name, *log.labels(name, "")) for name in named]
    count = sum(len(labels) for _, _, labels in parts)
    found = [
        segment
        for name, codes, labels in parts
        for segment in _of_column(scored, played, name, codes, labels, 1 - (1 - level) / count)
    ]
    return sorted(found, key=lambda segment: (-segment.sure_loss, segment.difference))


def _of_column(
    scored: Score, played: Played, column: str, codes: np.ndarray, labels: tuple[str, ...],
    level: float,
) -> list[Segment]:  # fmt: skip
    blocks, width = scored.blocks.time_count, len(labels)
    cell = scored.blocks.time[scored.blocks.codes].astype(np.int64) * width + codes

    def sums(values: np.ndarray | None) -> np.ndarray:
        return np.bincount(cell, values, blocks * width).reshape(blocks, width)

    difference, auctions = sums(played.difference), sums(None)
    spend = sums(played.baseline.spend).sum(axis=0)
    return [
        Segment(
            column, label, int(auctions[:, at].sum()), float(difference[:, at].sum()),
            _high(difference[:, at], auctions[:, at], level), float(spend[at]),
        )
        for at, label in enumerate(labels)
    ]  # fmt: skip


def _high(difference: np.ndarray, auctions: np.ndarray, level: float) -> float:
    """Return the upper end of a segment's interval."""
    seen = auctions > 0
    difference, auctions = difference[seen], auctions[seen].astype(np.float64)
    if np.count_nonzero(difference) < MIN_BLOCKS:
        return np.inf
    error = float(block_se(difference[:, None], auctions)[0])
    return float(difference.sum() + student.ppf(level, len(auctions) - 1) * error)
