"""What happened in every auction adds up to what a replay says of all."""

from __future__ import annotations

import numpy as np
import pytest

from kit.bid.registry import make_policy
from kit.data.simulate import SimulationConfig, simulate
from kit.replay.each import replay_each
from kit.replay.market import Censored
from kit.replay.run import replay
from kit.validate.blocks import time_blocks


@pytest.mark.parametrize("censored", ["pessimistic", "optimistic"])
@pytest.mark.parametrize("budget", [None, 2000.0])
def test_adds_up_to_a_replay_in_blocks(censored: Censored, budget: float | None) -> None:
    log = simulate(SimulationConfig(auctions=5000, days=3), seed=4).log
    policy = make_policy("constant", {"bid": 3.0})
    value = np.linspace(0, 8, len(log))
    blocks = time_blocks(log)
    whole = replay(log, policy, value=value, censored=censored, budget=budget, blocks=blocks.codes)
    each = replay_each(log, policy, value=value, censored=censored, budget=budget)
    assert 0 < whole.impressions < len(log)
    by_block = each.by(blocks.codes, len(blocks))
    shared = ["auctions", "impressions", "clicks", "spend", "value", "fees", "surplus"]
    assert np.allclose(by_block[shared], whole.blocks[shared], rtol=1e-12, atol=1e-9)
    assert each.undetermined == whole.undetermined
    assert each.surplus.sum() == pytest.approx(whole.surplus)
