"""One look: the tune split first, then a charge, then the holdout, then a coarse answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from kit.base.errors import KitError
from kit.base.version import __version__
from kit.validate.claim import Claim
from kit.validate.comparison import Comparison
from kit.validate.detectable import detectable_effect
from kit.validate.gates import feature_drift, leakage_gate, silent, split_gates
from kit.validate.holdout import Holdings
from kit.validate.ledger import Entry, Ledger, Told, told_of
from kit.validate.rule import critical_z
from kit.validate.rules import Rules
from kit.validate.scoring import Score, score
from kit.validate.verdict import ANSWERS, Effect, GateResult, Verdict, worst

_KEPT = 4
"""Claims whose tune split is kept scored: a look follows its preview."""


@dataclass(frozen=True, eq=False)
class Examined:
    """A claim on the tune split, which may be seen as often as one likes.

    Parameters
    ----------
    score : Score
        The split, scored.
    comparisons : tuple of Comparison
        The effect, one a reading.
    gates : tuple of GateResult
        Leakage, worst segment, calibration, drift, stress.
    """

    score: Score
    comparisons: tuple[Comparison, ...]
    gates: tuple[GateResult, ...]


def examine(held: Holdings, claim: Claim, rules: Rules) -> Examined:
    """Score a claim on the tune split and measure every gate there; the latest are kept."""
    key = (claim.key, rules.hash)
    if key not in held.examined:
        while len(held.examined) >= _KEPT:
            del held.examined[next(iter(held.examined))]
        held.examined[key] = _examined(held, claim, rules)
    found: Examined = held.examined[key]
    return found


def _examined(held: Holdings, claim: Claim, rules: Rules) -> Examined:
    train, tune = held.sealed.train, held.sealed.tune
    plain = score(tune, claim)
    read = (claim.candidate.features, claim.seed)
    leakage = held.once(("leakage", *read), lambda: leakage_gate(train, tune, claim))
    moved = held.once(("tune drift", *read), lambda: feature_drift(train, tune, claim))
    gates = (leakage, *split_gates(moved, plain, claim, rules, "tune"))
    return Examined(plain, plain.comparisons(1, claim.seed), gates)


def preview(held: Holdings, claim: Claim, ledger: Ledger, rules: Rules) -> Verdict:
    """Return what is known before a look: the tune split, and what the look could find.

    Nothing is charged and no sealed row is read; ``look`` is 0.
    """
    return _before(held, claim, ledger, rules, examine(held, claim, rules))


def look(held: Holdings, claim: Claim, ledger: Ledger, rules: Rules, proposer: str) -> Verdict:
    """Look at the holdout once, charged before it is scored.

    A claim that was answered before gets that answer again. One that fails a gate on the tune
    split is refused before it costs a look.

    Parameters
    ----------
    held : Holdings
        The sealed log.
    claim : Claim
        What is asked.
    ledger : Ledger
        Where the look is charged.
    rules : Rules
        What passes.
    proposer : str
        Who or what asks.

    Raises
    ------
    DataError
        If the holdout has changed since it was sealed, or is too small for any verdict.
    HoldoutSpentError
        If the budget is used up.
    LedgerError
        If the ledger cannot be written, or does not verify.
    """
    source = held.sealed.source_hash
    held.check()
    charge, answer = ledger.find(source, claim.key)
    if answer is not None:
        return _recorded(answer, ledger)
    tune = examine(held, claim, rules)
    before = _before(held, claim, ledger, rules, tune)
    if charge is None and before.status == "fail":
        return before
    held.holdout()
    facts = _facts(claim, rules, proposer, before)
    charge = ledger.charge(source, held.sealed.holdout_hash, claim.key, facts)
    verdict, told = _scored(held, claim, rules, tune, before, charge)
    answer = ledger.answer(charge, told, verdict.to_dict())
    return replace(_recorded(answer, ledger), repeated=False)


def _before(held: Holdings, claim: Claim, ledger: Ledger, rules: Rules, tune: Examined) -> Verdict:
    entries = ledger.entries(held.sealed.source_hash)
    charged = sum(entry.kind == "charge" for entry in entries)
    releases, doubted = told_of(entries)
    left = max(ledger.schedule.looks - charged, 0)
    share = ledger.schedule.share(charged + 1, releases, doubted) if left else 0.0
    mde = None
    if left:
        auctions = held.sealed.rows["holdout"]
        found = detectable_effect(
            tune.comparisons[0], auctions, critical_z(share, releases), rules.effect.power
        )
        mde = found if math.isfinite(found) else None  # one tune block tells no error
    gates = (_effect_before(held, tune), *tune.gates)
    return Verdict(
        question=claim.question,
        shown=False,
        status=worst(gates),
        gates=gates,
        candidate=claim.candidate.spec.name,
        baseline=claim.baseline.spec.name,
        candidate_hash=claim.candidate.hash,
        baseline_hash=claim.baseline.hash,
        source_hash=held.sealed.source_hash,
        look=0,
        looks_left=left,
        share=share,
        tune=tune.comparisons[0],
        tune_optimistic=tune.comparisons[1] if len(tune.comparisons) > 1 else None,
        mde_cpm=mde,
        unit=held.sealed.tune.meta.unit,
    )


def _effect_before(held: Holdings, tune: Examined) -> GateResult:
    """Say that the holdout waits, or that no look at it could show anything."""
    if tune.score.cap("pessimistic", held.sealed.rows["holdout"]) > 0:
        waits = "The holdout was not looked at."
        return GateResult("effect", "needs a person", "tune", (waits,))
    same = "The variants bid alike in nearly every auction: no look could show a difference."
    return GateResult("effect", "fail", "tune", (same,))


def _facts(claim: Claim, rules: Rules, proposer: str, before: Verdict) -> Mapping[str, Any]:
    return {
        "proposer": proposer,
        "candidate": claim.candidate.spec.model_dump(mode="json"),
        "baseline": claim.baseline.spec.model_dump(mode="json"),
        "candidate_hash": before.candidate_hash,
        "baseline_hash": before.baseline_hash,
        **claim.settings,
        "rules_hash": rules.hash,
        "code_version": __version__,
        "mde_cpm": before.mde_cpm,
    }


def _scored(
    held: Holdings, claim: Claim, rules: Rules, tune: Examined, before: Verdict, charge: Entry
) -> tuple[Verdict, Told]:
    """Score a charged look; return its verdict, and what it tells beyond "not shown"."""
    asked = replace(before, look=charge.look, share=charge.body["share"])
    said = ANSWERS[claim.question]
    try:
        found = score(held.holdout(), claim, tune.score)
        shown = found.z > charge.body["critical_z"]
        if not shown:
            effect = GateResult("effect", "fail", "holdout", (f"Not shown {said}.",))
            return _with(asked, False, (effect, *tune.gates)), "nothing"
        read = (claim.candidate.features, claim.seed)
        moved = held.once(
            ("holdout drift", *read), lambda: feature_drift(held.sealed.train, found.log, claim)
        )
        gates = split_gates(moved, found, claim, rules, "holdout")
        seen = Effect.of(
            found.comparisons(charge.look, claim.seed, ("surplus",))[0], charge.body["critical_z"]
        )
    except KitError as error:  # its words could tell of sealed rows: only its kind goes out
        why = f"It could not be scored on the holdout ({type(error).__name__})."
        effect = GateResult("effect", "fail", "holdout", (why,))
        return _with(asked, False, (effect, *tune.gates)), "doubt"
    effect = GateResult("effect", "pass", "holdout", (f"Shown {said}.",))
    verdict = _with(asked, True, (effect, *tune.gates, *map(silent, gates)))
    told: Told = "effect" if worst(gates) == "pass" else "doubt"
    return replace(verdict, effect=seen), told


def _with(asked: Verdict, shown: bool, gates: tuple[GateResult, ...]) -> Verdict:
    return replace(asked, shown=shown, gates=gates, status=worst(gates))


def _recorded(answer: Entry, ledger: Ledger) -> Verdict:
    """Return the recorded verdict, with the looks that are left by now."""
    verdict = Verdict.from_dict(answer.body["verdict"])
    return replace(verdict, repeated=True, looks_left=ledger.looks_left(answer.source_hash))
