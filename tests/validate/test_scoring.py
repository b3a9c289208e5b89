"""What one log says about a claim: its evidence with the cap on an auction, and without."""

from __future__ import annotations

from pathlib import Path

from kit.data.log import AuctionLog
from kit.validate.claim import Claim
from kit.validate.rule import Schedule, critical_z
from kit.validate.scoring import score
from tests.validate.vault_cases import constant, frame


def test_saving_a_little_and_missing_clicks_worth_more_than_the_cap_is_not_better(
    tmp_path: Path,
) -> None:
    """A bid just too low against one just high enough: the cap alone shows every second one."""
    claim = Claim(constant("lower", 1.9, tmp_path), constant("higher", 2.05, tmp_path))
    first = critical_z(Schedule().share(1))
    shown = 0
    for seed in range(40):
        tune, later = (AuctionLog(frame(100 * seed + part, 2400, 2)) for part in (1, 2))
        shown += score(later, claim, score(tune, claim)).z > first
    assert shown <= 4  # 0.022 * 40 are expected at most; five or more come once in 500 runs
