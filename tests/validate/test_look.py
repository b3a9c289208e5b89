"""One look: what it charges, what it says, and what it never says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kit.data.log import AuctionLog
from kit.data.sealed import seal_log
from kit.validate import look as look_module
from kit.validate.claim import Claim
from kit.validate.holdout import Holdings
from kit.validate.ledger import Ledger
from kit.validate.look import look, preview
from kit.validate.rule import Schedule
from kit.validate.rules import Rules
from kit.validate.verdict import GateResult
from kit.variant.frozen import FrozenVariant
from tests.validate.vault_cases import (
    RULES,
    Case,
    another_draw,
    ask,
    count,
    frame,
    frozen,
    with_other_holdout,
)

STRICT = RULES.model_copy(
    update={"worst_segment": RULES.worst_segment.model_copy(update={"then": "fail"})}
)


pytestmark = pytest.mark.usefixtures("prices_alone")


def test_a_better_candidate_is_shown_with_its_effect_rounded(case: Case, ledger: Ledger) -> None:
    verdict = ask(case, ledger, case.claim("good", "low"))
    assert (verdict.answer, verdict.status, verdict.look) == ("better", "pass", 1)
    effect, truth = verdict.effect, case.truth("good", "low")
    assert effect is not None
    assert abs(effect.difference - truth) <= effect.step / 2
    assert effect.difference != truth
    assert effect.low < truth < effect.high
    for end in (effect.difference, effect.low, effect.high):
        assert end == round(end / effect.step) * effect.step
    assert effect.step >= (effect.high - effect.low) / 160  # no finer than a 20th of an error
    assert effect.auctions == case.sealed.rows["holdout"]


@pytest.mark.parametrize(
    ("candidate", "baseline", "question"),
    [("more", "good", "better"), ("less", "more", "better"), ("good", "low", "worse")],
)
def test_what_is_not_shown_says_no_more_of_one_holdout_than_of_another(
    case: Case, tmp_path: Path, candidate: str, baseline: str, question: Any
) -> None:
    """Verdicts and ledgers are equal to the letter where only the sealed rows differ."""
    said, kept = [], []
    for seed in (21, 22, 23):
        other = with_other_holdout(case, tmp_path / str(seed), another_draw(seed))
        ledger = Ledger(tmp_path / f"{seed}.sqlite")
        verdict = ask(other, ledger, case.claim(candidate, baseline, question=question))
        assert verdict.look == 1
        assert not verdict.shown
        assert verdict.effect is None
        said.append(json.dumps(verdict.to_dict()))
        kept.append([(entry.kind, entry.body) for entry in ledger.entries()])
    assert said[0] == said[1] == said[2]
    assert kept[0] == kept[1] == kept[2]


def test_what_is_shown_differs_from_one_holdout_to_another(case: Case, tmp_path: Path) -> None:
    """So that equal verdicts, above, are no accident."""
    said = []
    for seed in (21, 22):
        other = with_other_holdout(case, tmp_path / str(seed), another_draw(seed))
        ledger = Ledger(tmp_path / f"{seed}.sqlite")
        said.append(ask(other, ledger, case.claim("good", "low")).to_dict())
    assert said[0] != said[1]


def test_gates_are_told_from_the_holdout_only_with_shown_and_without_reasons(
    case: Case, ledger: Ledger
) -> None:
    hidden = ask(case, ledger, case.claim("more", "good"))
    assert [gate.gate for gate in hidden.gates if gate.split == "holdout"] == ["effect"]
    shown = ask(case, ledger, case.claim("good", "low"))
    told = [gate for gate in shown.gates if gate.split == "holdout"]
    assert [gate.gate for gate in told] == [
        "effect", "worst_segment", "calibration", "drift", "stress",
    ]  # fmt: skip
    assert [gate.reasons for gate in told] == [("Shown better.",), (), (), (), ()]


def test_a_gate_that_fails_on_the_holdout_alone_is_told_with_the_effect_and_without_its_numbers(
    case: Case, tmp_path: Path, ledger: Ledger
) -> None:
    def lose_in_the_south(rows: pd.DataFrame) -> None:
        rows["click"] |= rows["exchange"].eq("north") & (np.arange(len(rows)) % 3 == 0)
        rows["click"] &= ~rows["exchange"].eq("south")

    other = with_other_holdout(case, tmp_path, lose_in_the_south)
    verdict = look(other.held, case.claim("good", "low"), ledger, STRICT, "human")
    assert (verdict.answer, verdict.status) == ("better", "fail")
    failed = [gate for gate in verdict.gates if gate.status == "fail"]
    assert [(gate.gate, gate.split, gate.reasons) for gate in failed] == [
        ("worst_segment", "holdout", ())
    ]
    assert ledger.entries()[-1].body["told"] == "doubt"


def test_each_question_and_setting_is_a_charge_of_its_own(case: Case, ledger: Ledger) -> None:
    claims = [
        case.claim("good", "rash"),
        case.claim("good", "rash", question="not_worse", margin_per_1000=50.0),
        case.claim("good", "rash", question="not_worse", margin_per_1000=60.0),
        case.claim("rash", "good", question="worse"),
        case.claim("good", "rash", click_value_cpm=21.0),
        case.claim("good", "rash", seed=1),
        case.claim("good", "rash", budget_per_1000=2000.0),
    ]
    verdicts = [ask(case, ledger, claim) for claim in claims]
    assert [verdict.look for verdict in verdicts] == [1, 2, 3, 4, 5, 6, 7]
    assert not any(verdict.repeated for verdict in verdicts)


@pytest.mark.parametrize(
    ("candidate", "baseline", "question", "margin", "answer"),
    [
        ("good", "rash", "not_worse", 50.0, "not worse"),
        ("rash", "good", "worse", 0.0, "worse"),
        ("rash", "good", "not_worse", 50.0, "not shown not worse"),
        ("rash", "good", "better", 0.0, "not shown better"),
    ],
)
def test_each_question_has_its_answer(
    case: Case, ledger: Ledger, candidate: str, baseline: str, question: Any, margin: float,
    answer: str,
) -> None:  # fmt: skip
    claim = case.claim(candidate, baseline, question=question, margin_per_1000=margin)
    assert ask(case, ledger, claim).answer == answer


def test_a_margin_decides_what_is_not_worse(case: Case, ledger: Ledger) -> None:
    def asked(margin: float) -> bool:
        claim = case.claim("more", "good", question="not_worse", margin_per_1000=margin)
        return ask(case, ledger, claim).shown

    assert (asked(1.0), asked(500.0)) == (False, True)


def test_the_same_claim_is_charged_once_whoever_asks_and_under_whatever_name(
    case: Case, ledger: Ledger, tmp_path: Path
) -> None:
    first = ask(case, ledger, case.claim("good", "low"))
    renamed = frozen("renamed", case.variants["good"].spec.policy, tmp_path)
    again = ask(case, ledger, Claim(renamed, case.variants["low"]), "another")
    assert (first.repeated, again.repeated) == (False, True)
    assert again.to_dict() == first.to_dict() | {"repeated": True}
    assert count(ledger) == (1, 1)


def test_a_repeated_answer_says_how_many_looks_are_left_now(case: Case, ledger: Ledger) -> None:
    ask(case, ledger, case.claim("good", "low"))
    ask(case, ledger, case.claim("more", "good"))
    again = ask(case, ledger, case.claim("good", "low"))
    assert (again.look, again.looks_left) == (1, 198)


def test_a_candidate_that_fails_a_gate_on_the_tune_split_costs_no_look(
    case: Case, ledger: Ledger
) -> None:
    verdict = look(case.held, case.claim("low", "good"), ledger, STRICT, "human")
    assert (verdict.look, verdict.looks_left, verdict.shown) == (0, 200, False)
    failed = [gate for gate in verdict.gates if gate.status == "fail"]
    assert [(gate.gate, gate.split) for gate in failed] == [("worst_segment", "tune")]
    assert not ledger.path.exists()


def test_a_preview_reads_no_sealed_row_and_charges_nothing(
    case: Case, ledger: Ledger, tmp_path: Path
) -> None:
    before = preview(case.held, case.claim("good", "low"), ledger, RULES)
    other = with_other_holdout(case, tmp_path, another_draw(21))
    other.sealed.holdout_path.write_bytes(b"nothing that could be read")
    after = preview(other.held, case.claim("good", "low"), ledger, RULES)
    assert json.dumps(after.to_dict()) == json.dumps(before.to_dict())
    assert (before.look, before.effect, before.share) == (0, None, Schedule().share(1))
    assert before.tune is not None
    assert before.mde_cpm is not None
    assert not ledger.path.exists()


def test_leaks_and_drift_are_measured_once_for_all_that_read_the_same(
    case: Case, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = {"good": ("device",), "more": ("device",), "less": ("device", "hour")}
    monkeypatch.setattr(FrozenVariant, "features", property(lambda own: reads[own.spec.name]))
    measured: list[tuple[str, tuple[str, ...], int]] = []

    def leaks(train: AuctionLog, tune: AuctionLog, claim: Claim) -> GateResult:
        measured.append(("leaks", claim.candidate.features, claim.seed))
        return GateResult("leakage", "pass", "train and tune", ("None.",))

    def moved(before: AuctionLog, after: AuctionLog, claim: Claim) -> None:
        measured.append(("drift", claim.candidate.features, claim.seed))

    monkeypatch.setattr(look_module, "leakage_gate", leaks)
    monkeypatch.setattr(look_module, "feature_drift", moved)
    held = case.held
    for candidate, seed in (("good", 0), ("more", 0), ("less", 0), ("good", 1)):
        preview(held, case.claim(candidate, "low", seed=seed), ledger, RULES)
    kinds = [(("device",), 0), (("device", "hour"), 0), (("device",), 1)]
    assert measured == [(what, *kind) for kind in kinds for what in ("leaks", "drift")]


@pytest.mark.parametrize("steps", [1, 2])
def test_a_tune_split_of_few_blocks_still_gets_its_look(
    case: Case, tmp_path: Path, ledger: Ledger, steps: int
) -> None:
    """Numbers that such a split cannot give are absent, not broken JSON."""
    rows = frame()
    rows["time_index"] = np.arange(len(rows)) * 100 // len(rows)
    log = AuctionLog(rows.drop(columns="timestamp")).save(tmp_path / "log.parquet")
    sealed = seal_log(log, out=tmp_path / "sealed", tune=steps / 100, holdout=0.4)
    verdict = ask(Case(tmp_path, sealed, case.variants), ledger, case.claim("good", "low"))
    assert (verdict.look, verdict.shown, verdict.mde_cpm is None) == (1, True, steps == 1)
    assert count(ledger) == (1, 1)
    assert json.loads(json.dumps(verdict.to_dict(), allow_nan=False))


def test_a_look_takes_over_what_its_preview_found_on_the_tune_split(
    case: Case, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, examined = Holdings(case.held.sealed), look_module._examined
    counted: list[str] = []

    def counting(held: Holdings, claim: Claim, rules: Rules) -> look_module.Examined:
        counted.append(claim.key)
        return examined(held, claim, rules)

    monkeypatch.setattr(look_module, "_examined", counting)
    claim, other = case.claim("good", "low"), case.claim("more", "good")
    before = preview(held, claim, ledger, RULES)
    found = look(held, claim, ledger, RULES, "human")
    assert counted == [claim.key]
    assert found.tune == before.tune
    preview(held, claim, ledger, STRICT)  # other rules are measured anew
    preview(held, other, ledger, RULES)
    assert counted == [claim.key, claim.key, other.key]
