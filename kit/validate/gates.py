"""Turn what one split says of a claim into gates, by the reviewed rules."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np

from kit.base.units import PriceUnit
from kit.data.log import AuctionLog
from kit.models.boosted import ResponseModel
from kit.models.labels import labelled
from kit.validate.claim import Claim
from kit.validate.drift import DriftReport, drift_report
from kit.validate.leakage import check_leakage
from kit.validate.outages import FeatureOutage
from kit.validate.readings import (
    Floats,
    apart,
    bids_of,
    play,
    predicted_once,
    with_click_value,
)
from kit.validate.rules import Rules
from kit.validate.scoring import Score
from kit.validate.segments import segments
from kit.validate.stress import StressReport, standard_scenarios, stress_test
from kit.validate.verdict import GateResult

FEW = 3
"""Reasons that a gate names at most."""

STRESSED_ROWS = 50_000
"""The latest rows, on which every scenario is played."""


def leakage_gate(train: AuctionLog, tune: AuctionLog, claim: Claim) -> GateResult:
    """Look for leaks in what the candidate's model was trained and chosen on."""
    features = claim.candidate.features
    if not features:
        return GateResult("leakage", "pass", "train and tune", ("No model of its own to leak.",))
    return check_leakage(train, tune, features, seed=claim.seed).gate


def split_gates(
    moved: DriftReport | None, scored: Score, claim: Claim, rules: Rules, split: str
) -> tuple[GateResult, ...]:
    """Return worst segment, calibration, drift and stress, measured on one split.

    Parameters
    ----------
    moved : DriftReport or None
        From `feature_drift` of the split.
    scored : Score
        The split, scored.
    claim : Claim
        What is asked.
    rules : Rules
        What passes.
    split : {"tune", "holdout"}
        Which split it is.
    """
    nobody = GateResult("worst_segment", "pass", split, ("No gain is claimed that one could pay.",))
    return (
        nobody if claim.question == "worse" else segment_gate(scored, rules, split),
        calibration_gate(scored.log, claim, rules, split),
        drift_gate(moved, rules, split),
        stress_gate(scored.log, claim, rules, split),
    )


def segment_gate(scored: Score, rules: Rules, split: str) -> GateResult:
    """Say whether a segment surely loses more than the rule allows."""
    rule = rules.worst_segment
    found = segments(scored, rule.columns, rule.level)
    if len(found) < 2:
        return GateResult("worst_segment", "pass", split, ("The log has no segments to tell.",))
    unit = scored.log.meta.unit
    worse = [segment for segment in found if segment.sure_loss > rule.loss_share]
    if not worse:
        least = min(found, key=lambda segment: segment.difference)
        which = f"{least.column} {least.label}"
        said = f"Worst of {len(found)}: {which}, {_signed(least.difference, unit)}."
        return GateResult("worst_segment", "pass", split, (said,))
    reasons = [
        f"{segment.column} {segment.label}: {_signed(segment.difference, unit)}, surely more than "
        f"{100 * rule.loss_share:g} % of the {_plain(segment.spend, unit)} that the baseline "
        "spends there is lost."
        for segment in worse[:FEW]
    ]
    return GateResult("worst_segment", rule.then, split, tuple(reasons))


def calibration_gate(log: AuctionLog, claim: Claim, rules: Rules, split: str) -> GateResult:
    """Say whether the candidate's click model predicts as many clicks as follow."""
    click = claim.candidate.click
    if click is None:
        return GateResult("calibration", "pass", split, ("No model of its own to calibrate.",))
    rows = labelled(log, "click")
    return clicks_gate(click.predict(rows.frame), rows.positives, rules, split)


def clicks_gate(predicted: Floats, seen: int, rules: Rules, split: str) -> GateResult:
    """Say whether predictions of labelled rows add up to the clicks that followed."""
    rule, expected = rules.calibration, float(predicted.sum())
    told = f"{expected:,.1f} clicks predicted, {seen:,} seen"
    if seen < rule.min_clicks:
        few = f"{told}; fewer than {rule.min_clicks} do not tell."
        return GateResult("calibration", "needs a person", split, (few,))
    ratio = expected / seen
    error = math.sqrt(float((predicted * (1 - predicted)).sum()))
    is_off = not rule.low <= ratio <= rule.high
    if is_off and abs(expected - seen) > rule.standard_errors * error:
        off = f"{told}: {ratio:.2f} times as many; must be in [{rule.low:g}, {rule.high:g}]."
        return GateResult("calibration", rule.then, split, (off,))
    return GateResult("calibration", "pass", split, (f"{told}: {ratio:.2f} times as many.",))


def feature_drift(before: AuctionLog, after: AuctionLog, claim: Claim) -> DriftReport | None:
    """Measure how what the candidate's model reads has moved; None where it has no model."""
    names = claim.candidate.features
    if not names:
        return None
    return drift_report(before, after, names, np.random.default_rng(claim.seed), outcomes=False)


def drift_gate(report: DriftReport | None, rules: Rules, split: str) -> GateResult:
    """Say whether what the candidate's model reads has moved since it was trained."""
    if report is None:
        return GateResult("drift", "pass", split, ("No model of its own that reads features.",))
    rule = rules.drift
    moved = [feature for feature in report.features if feature.excess > rule.psi]
    reasons = [
        f"{feature.feature} has moved: stability index {feature.excess:.2f} beyond chance, more "
        f"than {rule.psi:g}."
        for feature in moved[:FEW]
    ]
    if report.told is not None and report.told.auc > rule.auc:
        reasons.append(
            f"A model tells later rows from earlier ones with AUC {report.told.auc:.2f}, more "
            f"than {rule.auc:g}."
        )
    if reasons:
        return GateResult("drift", rule.then, split, tuple(reasons))
    worst = report.worst
    said = (
        "Nothing to measure."
        if worst is None
        else (f"{worst.feature} moved most: stability index {worst.excess:.3f} beyond chance.")
    )
    return GateResult("drift", "pass", split, (said,))


def stress_gate(log: AuctionLog, claim: Claim, rules: Rules, split: str) -> GateResult:
    """Say how much of the gain survives, on the latest rows."""
    return survival_gate(stressed(log.rows(slice(-STRESSED_ROWS, None)), claim), rules, split)


def survival_gate(report: StressReport, rules: Rules, split: str) -> GateResult:
    """Say whether enough of a gain survives the worst scenario."""
    rule, worst = rules.stress, report.worst
    if report.gain <= 0 or worst is None or worst.share is None:
        return GateResult("stress", "pass", split, ("No gain to stress.",))
    left = f"{100 * worst.share:.0f} % of the gain is left"
    where = f"{worst.scenario}, {worst.strength}"
    if worst.share < rule.survives:
        why = f"{left} under {where}; must be at least {100 * rule.survives:g} %."
        return GateResult("stress", rule.then, split, (why,))
    told = f"Worst of {len(report.played)} scenarios: {left} under {where}."
    return GateResult("stress", "pass", split, (told,))


def stressed(log: AuctionLog, claim: Claim) -> StressReport:
    """Return what each scenario leaves of a claim's gain; the money stays when traffic does not.

    Only an outage of a feature changes what a model predicts: for all other scenarios each variant
    predicts once, and the rows take its predictions along.
    """
    log = with_click_value(log, claim)
    rng, budget, features = np.random.default_rng(claim.seed), claim.budget(len(log)), _read(claim)
    predicted = predicted_once(log, claim)

    def gain(changed: AuctionLog, predicted: bool = False) -> float:
        (known,) = play(
            changed, claim, budget=budget, readings=("pessimistic",), predicted=predicted
        )
        return float(known.difference.sum())

    bids = bids_of(apart(predicted)[0], claim.candidate, claim.seed)
    scenarios = standard_scenarios(log, features, bids)
    outages = [each for each in scenarios if isinstance(each, FeatureOutage)]
    others = [each for each in scenarios if each not in outages]
    once = partial(gain, predicted=True)
    played = stress_test(predicted, once, features, rng, scenarios=others)
    if not outages:
        return played
    failed = stress_test(log, gain, features, rng, scenarios=outages)
    return replace(played, rows=(*played.rows, *failed.rows))


def _read(claim: Claim) -> tuple[str, ...]:
    """Return the features that the candidate reads, the most important first where it knows."""
    click = claim.candidate.click
    if isinstance(click, ResponseModel):
        return tuple(click.importance()["feature"])
    return claim.candidate.features


def silent(gate: GateResult) -> GateResult:
    """Return a gate without its reasons: numbers of a holdout stay inside."""
    return replace(gate, reasons=())


def _signed(price_sum: float, unit: PriceUnit) -> str:
    return f"{unit.money(price_sum):+,.2f} {unit.currency} surplus"


def _plain(price_sum: float, unit: PriceUnit) -> str:
    return f"{unit.money(price_sum):,.2f} {unit.currency}"
