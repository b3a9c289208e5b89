"""Judge candidates on rows that may be seen: replayed on the same auctions, compared in money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kit.data.log import AuctionLog
from kit.flow.choose import Candidate
from kit.replay.market import Censored
from kit.replay.result import ReplayResult
from kit.replay.run import replay
from kit.validate.blocks import Blocks, time_blocks
from kit.validate.compare import compare
from kit.validate.comparison import Comparison
from kit.validate.readings import impression_value, lost_rows
from kit.validate.scoring import METRICS


@dataclass(frozen=True, eq=False)
class Judged:
    """One comparison under one reading of what the log leaves open.

    Parameters
    ----------
    reading : {"pessimistic", "optimistic"}
        Pessimistic: an outcome the log does not determine is a loss, and an impression that the
        log did not win is worth nothing. Optimistic: it is a win at the bound, and worth its
        predicted value.
    policy, baseline : ReplayResult
        Totals.
    blocks : Blocks
        How the log was cut.
    comparison : Comparison
        What the paired blocks say.
    """

    reading: Censored
    policy: ReplayResult
    baseline: ReplayResult
    blocks: Blocks
    comparison: Comparison

    @property
    def undetermined(self) -> int:
        """Bids of either candidate whose outcome the log does not determine."""
        return self.policy.undetermined + self.baseline.undetermined


def judge(
    log: AuctionLog,
    policy: Candidate,
    baseline: Candidate,
    seed: int,
    *,
    budget: float | None = None,
    policies: int = 1,
) -> tuple[Judged, Judged | None]:
    """Compare under the pessimistic reading, which decides, and under the optimistic one.

    Against logged bids, whose outcome is known, the pessimistic reading bounds what the policy
    earns, and so the difference, from below.

    Parameters
    ----------
    log : AuctionLog
        With ``pctr`` and ``click_value_cpm``: the tune split, or rows of an unsealed log. A sealed
        holdout is asked through `kit.validate.vault.Vault`.
    policy, baseline : Candidate
        Chosen before.
    seed : int
        Seed of the bootstrap.
    budget : float or None
        Price sum that each of the two may spend.
    policies : int
        Comparisons made on these rows, this one included; every interval counts them all.

    Returns
    -------
    tuple of Judged and Judged or None
        None where the log determines every outcome: both readings are then the same.
    """
    return judge_each(log, policy, [baseline], seed, budget=budget, policies=policies)[0]


def judge_each(
    log: AuctionLog,
    policy: Candidate,
    baselines: Sequence[Candidate],
    seed: int,
    *,
    budget: float | None = None,
    policies: int = 1,
) -> list[tuple[Judged, Judged | None]]:
    """Compare one policy with each of several baselines; see `judge`."""
    blocks = time_blocks(log)
    made = [policy, *baselines]
    by_reading: dict[Censored, list[ReplayResult]] = {}

    def compared(reading: Censored, place: int) -> Judged:
        if reading not in by_reading:
            by_reading[reading] = _replays(log, made, blocks, reading, seed, budget)
        results = by_reading[reading][0], by_reading[reading][place]
        comparison = compare(
            results[0].blocks, results[1].blocks, rng=np.random.default_rng(seed),
            blocks=blocks, metrics=METRICS, policies=policies,
        )  # fmt: skip
        return Judged(reading, *results, blocks, comparison)

    is_known = lost_rows(log).sum() == 0
    judged: list[tuple[Judged, Judged | None]] = []
    for place in range(1, len(made)):
        known = compared("pessimistic", place)
        is_open = known.undetermined or not is_known
        judged.append((known, compared("optimistic", place) if is_open else None))
    return judged


def _replays(
    log: AuctionLog, candidates: Sequence[Candidate], blocks: Blocks, reading: Censored, seed: int,
    budget: float | None,
) -> list[ReplayResult]:  # fmt: skip
    value = impression_value(log, reading)
    return [
        replay(
            log, candidate.bids(log), name=candidate.name, value=value, censored=reading,
            blocks=blocks.codes, budget=budget, rng=np.random.default_rng(seed),
        )
        for candidate in candidates
    ]  # fmt: skip
