"""Gates: predictions are shared only where both variants bid by the same ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kit.data.log import AuctionLog
from kit.data.simulate import SimulationConfig, simulate
from kit.data.split import Split, time_split
from kit.validate.claim import Claim
from kit.validate.gates import stress_gate, stressed
from kit.validate.readings import apart, play, predicted_once
from kit.validate.rules import Rules, packaged_rules, read_rules
from kit.variant.build import build_variant
from kit.variant.frozen import FrozenVariant
from kit.variant.spec import ModelSpec, PolicySpec, VariantSpec

MODEL = ModelSpec(features=("device", "user_segment"))
OTHER = ModelSpec(features=("hour",))


@pytest.fixture(scope="module")
def split() -> Split:
    return time_split(simulate(SimulationConfig(auctions=12_000, days=8, ctr=0.05), 3).log)


def variant(split: Split, folder: Path, factor: float, model: ModelSpec | None) -> FrozenVariant:
    policy = PolicySpec(name="shade", params={"shading_factor": factor})
    if model is None:
        policy = PolicySpec(name="constant", params={"bid": factor})
    spec = VariantSpec(name=folder.name, model=model, policy=policy)
    return build_variant(spec, split.train, split.tune, folder)


def plain_gain(log: AuctionLog, claim: Claim) -> float:
    (known,) = play(log, claim, readings=("pessimistic",))
    return float(known.difference.sum())


@pytest.mark.parametrize("baseline", [None, MODEL, OTHER], ids=["no model", "same", "another"])
def test_the_plain_gain_is_that_of_the_claim(
    split: Split, tmp_path: Path, baseline: ModelSpec | None
) -> None:
    claim = Claim(
        variant(split, tmp_path / "a", 0.4, MODEL), variant(split, tmp_path / "b", 1.0, baseline)
    )
    report = stressed(split.tune, claim)
    assert report.gain == pytest.approx(plain_gain(split.tune, claim))
    played = {row.scenario for row in report.played}
    assert {"price shock", "lost exchange", "feature outage", "adversarial rivals"} <= played


def test_a_baseline_that_bids_by_the_logs_own_predictions_keeps_them(
    split: Split, tmp_path: Path
) -> None:
    """The candidate's model must not find its way into the baseline's bids."""
    rng = np.random.default_rng(0)
    log = split.tune.with_columns(pctr=rng.uniform(0.01, 0.2, len(split.tune)))
    candidate = variant(split, tmp_path / "a", 0.4, MODEL)
    policy = PolicySpec(name="shade", params={"shading_factor": 0.4})
    own = VariantSpec(name="own", model=None, policy=policy)
    baseline = build_variant(own, split.train, split.tune, tmp_path / "b")
    claim = Claim(candidate, baseline)
    assert stressed(log, claim).gain == pytest.approx(plain_gain(log, claim))


def test_predictions_made_once_go_along_with_their_rows(split: Split, tmp_path: Path) -> None:
    """Each variant keeps its own model's through scenarios that leave rows out or repeat them."""
    claim = Claim(
        variant(split, tmp_path / "a", 0.4, MODEL), variant(split, tmp_path / "b", 1.0, OTHER)
    )
    once = predicted_once(split.tune, claim)
    kept = np.sort(np.random.default_rng(1).integers(len(once), size=len(once)))
    (along,) = play(once.rows(kept), claim, readings=("pessimistic",), predicted=True)
    (anew,) = play(split.tune.rows(kept), claim, readings=("pessimistic",))
    np.testing.assert_array_equal(along.difference, anew.difference)
    mine, other = apart(once)
    assert mine.meta == other.meta == split.tune.meta
    assert (mine.frame["pctr"] != other.frame["pctr"]).any()


def test_too_little_that_survives_needs_a_person(split: Split, tmp_path: Path) -> None:
    claim = Claim(
        variant(split, tmp_path / "a", 0.4, MODEL), variant(split, tmp_path / "b", 6.0, None)
    )
    rules = read_rules(packaged_rules())

    def at_least(share: float) -> Rules:
        stress = rules.stress.model_copy(update={"survives": share})
        return rules.model_copy(update={"stress": stress})

    assert stress_gate(split.tune, claim, at_least(-1e9), "tune").status == "pass"
    strict = at_least(0.99)
    gate = stress_gate(split.tune, claim, strict, "tune")
    assert gate.status == "needs a person"
    assert "must be at least 99 %" in gate.reasons[0]
