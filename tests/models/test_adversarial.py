"""Telling later rows from earlier ones: level on rows alike, power on planted drift."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from kit.base.errors import DataError, ModelError
from kit.data.log import AuctionLog, LogMeta
from kit.data.simulate import SimulationConfig, simulate
from kit.models.adversarial import MOST_ROWS, tell_apart, tellable
from kit.models.features import default_features

NAMES = ("size", "age", "place", "app")
LEVEL_RUNS = 50


def stretch_of_log(rng: np.random.Generator, rows: int = 1000, shift: float = 0.0) -> AuctionLog:
    """Draw independent rows; `shift` moves ``age``."""
    frame = pd.DataFrame(
        {
            "market_price_cpm": 1.0,
            "market_price_kind": "known",
            "size": rng.normal(size=rows),
            "age": rng.exponential(size=rows) + shift,
            "place": rng.integers(0, 5, rows),
            "app": pd.Categorical.from_codes(rng.integers(0, 8, rows), categories=list("abcdefgh")),
        }
    )
    return AuctionLog(frame, LogMeta("example", features=NAMES))


def test_rows_alike_are_told_apart_no_more_often_than_the_error_says() -> None:
    scores = []
    for run in range(LEVEL_RUNS):
        rng = np.random.default_rng([41, run])
        found = tell_apart(stretch_of_log(rng, 600), stretch_of_log(rng, 600), NAMES, rng)
        scores.append((found.auc - 0.5) / found.se)
    far = int((np.abs(scores) > 1.96).sum())
    assert binomtest(far, LEVEL_RUNS).proportion_ci(0.95).low <= 0.05
    assert abs(np.mean(scores)) < 3 / np.sqrt(LEVEL_RUNS)
    # and the error is not so wide that nothing could ever be far
    assert np.std(scores) > 0.6


@pytest.mark.parametrize("seed", range(5))
def test_drift_in_one_feature_is_found_and_named(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = tell_apart(stretch_of_log(rng), stretch_of_log(rng, shift=0.3), NAMES, rng)
    assert found.features[0][0] == "age"
    assert found.auc > 0.5 + 4 * found.se
    assert sum(share for _, share in found.features) == pytest.approx(1)


def test_a_shift_of_a_uniform_feature_has_its_own_auc() -> None:
    """U(0, 1) before and U(s, 1 + s) after: the best score's AUC is 1 - (1 - s)^2 / 2."""
    rng = np.random.default_rng(3)
    meta = LogMeta("example", features=("x",))
    fixed = {"market_price_cpm": 1.0, "market_price_kind": "known"}
    sides = [
        AuctionLog(pd.DataFrame({**fixed, "x": rng.random(20_000) + shift}), meta)
        for shift in (0.0, 0.4)
    ]
    found = tell_apart(sides[0], sides[1], ["x"], rng)
    assert found.auc == pytest.approx(1 - 0.6**2 / 2, abs=3 * found.se + 0.002)


def test_a_label_that_only_later_rows_have_tells_them_apart() -> None:
    rng = np.random.default_rng(5)
    before, after = stretch_of_log(rng), stretch_of_log(rng)
    app = after.frame["app"].astype(str)
    new = AuctionLog(after.frame.assign(app=app.where(app != "a", "new")), after.meta)
    found = tell_apart(before, new, NAMES, rng)
    assert found.features[0][0] == "app"
    assert found.auc > 0.5 + 4 * found.se


def test_marks_of_neighbouring_rows_are_no_drift() -> None:
    """A session of twenty rows names their moment; no later row has it again."""
    rng = np.random.default_rng(6)
    sides = []
    for side in range(2):
        log = stretch_of_log(rng, 2000)
        session = pd.Series(np.arange(2000) // 20 + 100 * side).astype(str)
        meta = LogMeta("example", features=(*NAMES, "session"))
        sides.append(AuctionLog(log.frame.assign(session=session), meta))
    found = tell_apart(sides[0], sides[1], ["session"], rng)
    assert abs(found.auc - 0.5) < 0.06


def test_days_of_one_world_are_not_told_apart_by_their_hours() -> None:
    log = simulate(SimulationConfig(auctions=12_000, days=6, drift=0.0), seed=2).log
    day = log.frame["timestamp"].dt.day.to_numpy()
    parts = [log.rows(day < day[0] + 4), log.rows(day >= day[0] + 4)]
    found = tell_apart(parts[0], parts[1], default_features(log), np.random.default_rng(2))
    assert abs(found.auc - 0.5) < 3 * found.se
    assert not {"hour", "weekday"} & {name for name, _ in found.features}


def test_the_same_seed_gives_the_same_answer_ready_for_json() -> None:
    sides = [stretch_of_log(np.random.default_rng(seed)) for seed in (1, 2)]
    one, two = (tell_apart(sides[0], sides[1], NAMES, np.random.default_rng(9)) for _ in range(2))
    assert one == two
    assert json.loads(json.dumps(one.to_dict()))["rows"] == [1000, 1000]


def test_a_long_log_is_sampled() -> None:
    rng = np.random.default_rng(4)
    found = tell_apart(stretch_of_log(rng, MOST_ROWS + 1), stretch_of_log(rng, 1000), ["size"], rng)
    assert found.rows == (MOST_ROWS, 1000)


def test_what_cannot_be_told_is_refused() -> None:
    rng = np.random.default_rng(0)
    log = stretch_of_log(rng)
    with pytest.raises(DataError, match="at least one request column besides hour"):
        tell_apart(log, log, [], rng)
    with pytest.raises(DataError, match="before: has 10 rows; must have at least 48"):
        tell_apart(log.rows(slice(0, 10)), log, NAMES, rng)
    with pytest.raises(ModelError, match="'siz' is not in this log"):
        tellable(log, ["siz"])
    other = AuctionLog(
        log.frame.drop(columns="age"), LogMeta("other", features=("size", "place", "app"))
    )
    with pytest.raises(ModelError, match="lacks age"):
        tell_apart(log, other, NAMES, rng)
