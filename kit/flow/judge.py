"""Judge two candidates on the holdout: replayed on the same auctions, compared in money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kit.data.log import AuctionLog
from kit.flow.choose import Candidate
from kit.replay.market import Censored
from kit.replay.result import ReplayResult
from kit.replay.run import replay
from kit.validate.blocks import Blocks, time_blocks
from kit.validate.compare import compare
from kit.validate.verdict import Verdict

METRICS = ("surplus", "value", "spend")


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
        How the holdout was cut.
    verdict : Verdict
        What the paired blocks say.
    """

    reading: Censored
    policy: ReplayResult
    baseline: ReplayResult
    blocks: Blocks
    verdict: Verdict

    @property
    def undetermined(self) -> int:
        """Bids of either candidate whose outcome the log does not determine."""
        return self.policy.undetermined + self.baseline.undetermined


def judge(
    holdout: AuctionLog, policy: Candidate, baseline: Candidate, seed: int
) -> tuple[Judged, Judged | None]:
    """Compare under the pessimistic reading, which decides, and under the optimistic one.

    Against logged bids, whose outcome is known, the pessimistic reading bounds what the policy
    earns, and so the difference, from below.

    Parameters
    ----------
    holdout : AuctionLog
        With ``pctr`` and ``click_value_cpm``; never seen by a fit or a choice.
    policy, baseline : Candidate
        Frozen before.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    tuple of Judged and Judged or None
        None where the log determines every outcome: both readings are then the same.
    """
    blocks = time_blocks(holdout)
    known = _judge(holdout, policy, baseline, blocks, "pessimistic", seed)
    if not known.undetermined and lost_rows(holdout).sum() == 0:
        return known, None
    return known, _judge(holdout, policy, baseline, blocks, "optimistic", seed)


def lost_rows(log: AuctionLog) -> NDArray[np.bool_]:
    """Return which rows the log lost, so that no click could follow, shape (n,)."""
    if "won" not in log.frame.columns:
        return np.zeros(len(log), dtype=bool)
    return np.asarray(~log.frame["won"].to_numpy(dtype=bool))


def _judge(
    log: AuctionLog, policy: Candidate, baseline: Candidate, blocks: Blocks, reading: Censored,
    seed: int,
) -> Judged:  # fmt: skip
    worth = log.frame["click_value_cpm"].to_numpy(dtype=np.float64)
    value = np.where(log.frame["click"], worth, 0.0)
    if reading == "optimistic":
        value = np.where(lost_rows(log), log.frame["pctr"] * worth, value)
    results = [
        replay(
            log, candidate.bids(log), name=candidate.name, value=value, censored=reading,
            blocks=blocks.codes, rng=np.random.default_rng(seed),
        )
        for candidate in (policy, baseline)
    ]  # fmt: skip
    verdict = compare(
        results[0].blocks, results[1].blocks,
        rng=np.random.default_rng(seed), blocks=blocks, metrics=METRICS,
    )  # fmt: skip
    return Judged(reading, results[0], results[1], blocks, verdict)
