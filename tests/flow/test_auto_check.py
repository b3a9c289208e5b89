"""The whole battery on models, policies, variants and numbers: what passes, fails, is unknown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.base.errors import DataError, KitError
from kit.bid.registry import make_policy
from kit.bid.scaled import ScaledPolicy
from kit.data.sealed import SealedSplit
from kit.flow.auto_check import PROPOSER, auto_check
from kit.flow.auto_result import NOT_ASKED, AutoCheck
from kit.flow.auto_words import next_steps
from kit.models.response import fit_response
from kit.validate.detectable import detectable_effect
from kit.validate.ledger import Ledger
from kit.validate.readings import impression_value
from kit.validate.rule import Schedule, critical_z
from kit.validate.vault import Vault
from kit.validate.verdict import GateResult, Verdict
from kit.variant.build import build_variant
from kit.variant.spec import LOGGED, ModelSpec, PolicySpec, VariantSpec
from tests.flow.search.world import QUICK, sealed_log

GATES = {"effect", "leakage", "worst_segment", "calibration", "drift", "stress"}
FLAT = PolicySpec(name="constant", params={"bid": 1.0})


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> SealedSplit:
    return sealed_log(tmp_path_factory.mktemp("auto"))


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture(autouse=True)
def workspace(sealed: SealedSplit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_WORKSPACE", str(sealed.folder.parent))


def rates(sealed: SealedSplit) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the true click rates of the tune split, which the world was drawn by."""
    frame = sealed.tune.frame
    is_high = (frame["device"] == "tv") ^ (frame["region"] == "inland")
    return np.where(is_high, 0.18, 0.04)


def model(sealed: SealedSplit) -> Any:
    return fit_response(sealed.train, sealed.tune, "click", ("device", "region"), QUICK, 0)


def test_every_form_of_one_policy_says_the_same(
    sealed: SealedSplit, ledger: Path, tmp_path: Path
) -> None:
    spec = VariantSpec(name="flat", model=None, policy=FLAT)
    frozen = build_variant(spec, sealed.train, sealed.tune, tmp_path / "flat")
    path = tmp_path / "flat.json"
    path.write_text(spec.model_dump_json())
    bids = np.full(len(sealed.tune), 1.0)
    forms = (frozen, frozen.folder, str(frozen.folder), spec, path, FLAT,
             make_policy("constant", {"bid": 1.0}))  # fmt: skip
    logged = VariantSpec(name=LOGGED, model=None, policy=PolicySpec(name=LOGGED))
    seen = Vault(sealed, ledger=ledger).preview(
        frozen, build_variant(logged, sealed.train, sealed.tune, tmp_path / LOGGED)
    )
    assert seen.tune is not None
    for form in forms:
        found = auto_check(form, sealed, name="flat", ledger=ledger)
        assert found.seen.tune == seen.tune
        assert found.gates == seen.gates
        assert (found.verdict, found.no_verdict) == (None, NOT_ASKED)
    claimed = auto_check(bids, sealed, kind="bids", ledger=ledger)
    assert claimed.comparison is not None
    assert claimed.comparison.first.difference == pytest.approx(seen.tune.first.difference)
    assert claimed.comparison.first.se == pytest.approx(seen.tune.first.se)
    assert claimed.seen.mde_cpm == pytest.approx(seen.mde_cpm)
    stress = [gate for gate in claimed.gates if gate.gate in ("stress", "worst_segment")]
    assert set(stress) <= set(seen.gates)  # the very same words: nothing of it reads features
    assert Ledger(ledger).entries() == []


def test_a_model_bids_by_the_baselines_policy_and_is_scored(
    sealed: SealedSplit, ledger: Path, tmp_path: Path
) -> None:
    click = model(sealed)
    found = auto_check(click, sealed, name="mine", ledger=ledger)
    assert found.variant is not None
    assert found.variant.spec.policy.name == "shade"
    assert found.seen.baseline == "default"
    assert {gate.gate for gate in found.gates} == GATES
    assert found.scores["mine"] == click.score(sealed.tune)
    assert set(found.scores) == {"mine", "default"}
    assert "Click predictions of mine on tune: log loss " in str(found)
    again = auto_check(click.save(tmp_path / "model"), sealed, name="mine", ledger=ledger)
    assert again.seen.tune == found.seen.tune
    flat = auto_check(click, sealed, FLAT, name="mine", ledger=ledger)
    assert flat.variant is not None
    assert flat.variant.spec.policy.name == "value"  # a constant bid reads no model


def test_a_model_that_leaks_fails_and_is_not_looked_at(sealed: SealedSplit, ledger: Path) -> None:
    def known(part: Any, noise: int) -> Any:
        rng = np.random.default_rng(noise)
        told = part.frame["click"].to_numpy(np.float64) + rng.normal(0, 0.05, len(part))
        return part.with_columns(page_quality=told)

    leaky = replace(sealed, train=known(sealed.train, 1), tune=known(sealed.tune, 2))
    click = fit_response(leaky.train, leaky.tune, "click", ("page_quality",), QUICK, 0)
    found = auto_check(click.predict(leaky.tune), sealed, kind="predictions",
                       name="too good", ledger=ledger)  # fmt: skip
    (leakage,) = (gate for gate in found.gates if gate.gate == "leakage")
    assert leakage.status == found.status == "fail"
    assert "AUC" in leakage.reasons[0]
    assert found.next_steps[0].startswith("Leakage failed: take what leaks out")
    assert "Fails leakage" in found.headline


def test_predictions_are_held_against_clicks_and_bid_with(
    sealed: SealedSplit, ledger: Path
) -> None:
    right = auto_check(rates(sealed), sealed, kind="predictions", name="truth", ledger=ledger)
    gates = {gate.gate: gate for gate in right.gates}
    assert gates["leakage"].status == "pass"
    assert gates["calibration"].status == "pass"
    assert right.scores["truth"].auc == pytest.approx(0.68, abs=0.06)
    assert right.comparison is not None
    assert right.comparison.first.difference > 0
    thrice = auto_check(
        rates(sealed) * 3, sealed, rates(sealed), kind="predictions", name="thrice", ledger=ledger
    )
    (calibration,) = (gate for gate in thrice.gates if gate.gate == "calibration")
    assert calibration.status == "fail"
    assert any(step.startswith("Calibration failed: map the predictions again") for step in
               thrice.next_steps)  # fmt: skip
    assert thrice.seen.baseline == "the baseline's numbers"
    assert thrice.comparison is not None
    assert thrice.comparison.decision == "worse"


def test_money_by_hand_is_compared_by_blocks(sealed: SealedSplit, ledger: Path) -> None:
    frame = sealed.tune.frame
    value = impression_value(sealed.tune, "pessimistic")
    price = frame["market_price_cpm"].to_numpy()
    pays = np.where(frame["auction_type"] == 1, 1.0, price)
    earned = np.where(price < 1.0, value - pays, 0.0)
    found = auto_check(earned, sealed, FLAT, kind="surplus", name="by hand", ledger=ledger)
    assert found.comparison is not None
    assert found.comparison.first.difference == pytest.approx(
        0.0, abs=1e-3
    )  # prices are kept as float32
    noise = np.random.default_rng(3).normal(0.0, 1.0, len(frame))
    more = auto_check(earned + noise + 1, sealed, earned, kind="surplus", ledger=ledger)
    assert more.comparison is not None
    assert more.comparison.decision == "better"
    share = Schedule().share(1)
    assert more.seen.mde_cpm == pytest.approx(
        detectable_effect(more.comparison, sealed.rows["holdout"], critical_z(share), 0.8)
    )
    assert set(more.not_checked) == GATES - {"effect"}
    assert "pass the bids" in more.not_checked["stress"]


def test_a_look_only_where_it_is_said_and_can_be(sealed: SealedSplit, ledger: Path) -> None:
    half = PolicySpec(name="shade", params={"shading_factor": 0.5, "multiplier": 1.0})
    found = auto_check(half, sealed, name="half", look=True, ledger=ledger)
    assert found.verdict is not None
    assert found.latest.look == 1
    (charge, answer) = Ledger(ledger).entries(sealed.source_hash)
    assert charge.body["proposer"] == PROPOSER
    assert answer.body["verdict"]["shown"] == found.verdict.shown
    assert "Look 1 of 200" in found.headline
    bids = np.full(len(sealed.tune), 1.0)
    numbers = auto_check(bids, sealed, kind="bids", look=True, ledger=ledger)
    assert numbers.verdict is None
    assert "cannot be put to the holdout" in numbers.no_verdict
    alike = PolicySpec(name="constant", params={"bid": 1.0 + 1e-9})
    same = auto_check(alike, sealed, FLAT, name="a hair more", look=True, ledger=ledger)
    assert same.verdict is None
    assert "costs no look" in same.no_verdict
    assert any("bid alike in nearly every auction" in step for step in same.next_steps)
    assert len(Ledger(ledger).entries(sealed.source_hash)) == 2


class Own:
    """A policy of somebody's own, which cannot be frozen."""

    name = "own"

    def bid(self, request: Any, rng: Any) -> Any:
        return np.full(len(request), 1.0)


def test_a_policy_of_ones_own_is_checked_by_its_bids(sealed: SealedSplit, ledger: Path) -> None:
    said: list[str] = []
    found = auto_check(Own(), sealed, look=True, ledger=ledger, say=said.append)
    assert (found.kind, found.variant, found.verdict) == ("bids", None, None)
    assert found.no_verdict.startswith("It cannot be frozen: policy: got Own; must be one that")
    assert any("checked as numbers" in text for text in said)
    scaled = ScaledPolicy(
        make_policy("constant", {"bid": 1.0}),
        {"north": 0.5, "south": 1.0},
        {"north": 0.5, "south": 1.0},
    )
    assert auto_check(scaled, sealed, name="scaled", ledger=ledger).variant is not None


@pytest.mark.parametrize(
    ("thing", "how", "words"),
    [
        (object(), {}, "candidate: got object; must be a frozen variant"),
        ([1.0, 2.0], {"kind": "bids"}, "my bids: got 2 numbers; must be 800, one for each row"),
        ([1.0, 2.0], {}, "kind: got None with list; must be one of surplus, bids, predictions"),
        (FLAT, {"kind": "bids"}, "kind: got 'bids' with PolicySpec"),
        (np.full(800, 2.0), {"kind": "predictions"}, "a probability in"),
        (np.full(800, np.nan), {"kind": "surplus"}, "my surplus"),
        (np.full(800, -1.0), {"kind": "bids"}, "bid"),
        (np.full(800, 1.0), {"kind": "odd"}, "kind: got 'odd'"),
        (PolicySpec(name="nothing"), {}, "nothing"),
        ("nowhere.json", {}, "nowhere.json"),
        (FLAT, {"baseline": [1.0]}, "baseline: got numbers with PolicySpec"),
        (FLAT, {"baseline": FLAT}, "bids as the baseline does"),
    ],
)
def test_what_cannot_be_checked_is_named(
    sealed: SealedSplit, ledger: Path, thing: Any, how: dict[str, Any], words: str
) -> None:
    with pytest.raises(KitError, match=words):
        auto_check(thing, sealed, ledger=ledger, **how)


def test_the_page_escapes_names_and_holds_every_gate(sealed: SealedSplit, ledger: Path) -> None:
    found = auto_check(FLAT, sealed, name="<img src=x>", ledger=ledger)
    page = found._repr_html_()
    assert "<img" not in page
    assert "&lt;img src=x&gt; against logged" in page
    for gate in GATES:
        assert f">{gate.replace('_', ' ')}</th>" in page
    for step in found.next_steps:
        assert step.split("'")[0] in page
    assert "<li>Answer: none, the holdout was not looked at; status needs a person.</li>" in page
    assert "<li>Drift on" not in page  # which the table says
    plain = json.dumps(found.to_dict(), allow_nan=False)
    assert AutoCheck.__name__ not in plain


def seen(status: Any, *gates: GateResult, **how: Any) -> Verdict:
    return Verdict(
        "better", False, status, gates, "mine", "old", "a", "b", "c", 0, 200, 0.02, **how
    )


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (GateResult("leakage", "fail", "train and tune"), "Leakage failed: take what leaks out"),
        (GateResult("worst_segment", "fail", "tune"), "Worst segment failed: bid less"),
        (GateResult("calibration", "fail", "tune"), "Calibration failed: map the predictions"),
        (
            GateResult("calibration", "needs a person", "tune"),
            "Calibration is in doubt: seal",
        ),
        (GateResult("drift", "needs a person", "tune"), "Drift is in doubt: leave out"),
        (GateResult("stress", "fail", "tune"), "Stress failed: see what breaks it"),
        (GateResult("effect", "fail", "tune"), "Effect failed: change more than this"),
    ],
)
def test_what_to_try_follows_what_failed(gate: GateResult, words: str) -> None:
    steps = next_steps(seen(gate.status, gate), power=0.8, holdout=900, frozen=True)
    assert steps[0].startswith(words)


def test_a_spec_with_a_model_of_its_own_is_built(sealed: SealedSplit, ledger: Path) -> None:
    spec = VariantSpec(
        name="own model", model=ModelSpec(features=("device", "region"), params=QUICK),
        policy=PolicySpec(name="value", params={"multiplier": 0.8}),
    )  # fmt: skip
    found = auto_check(spec, sealed, ledger=ledger)
    assert found.seen.candidate == "own model"
    with pytest.raises(DataError, match="lacks train"):
        auto_check(spec, sealed.folder / "nowhere", ledger=ledger)
