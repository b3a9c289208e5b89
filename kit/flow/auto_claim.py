"""Check a claim in numbers: what somebody says of each auction of the tune split."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kit.data.log import AuctionLog
from kit.data.sealed import SealedSplit
from kit.flow.auto_result import AutoCheck
from kit.flow.auto_variant import Floats, Maker, checked_numbers
from kit.models.labels import labelled
from kit.models.reliability import ProbabilityScore, check_probabilities, score_probabilities
from kit.replay.each import EachAuction, replay_each
from kit.replay.market import Censored
from kit.validate.blocks import time_blocks
from kit.validate.comparison import Comparison
from kit.validate.detectable import detectable_effect
from kit.validate.gates import STRESSED_ROWS, clicks_gate, segment_gate, survival_gate
from kit.validate.leakage.battery import check_leakage
from kit.validate.ledger import told_of
from kit.validate.readings import Played, bids_of, impression_value, lost_rows
from kit.validate.rule import critical_z
from kit.validate.rules import Rules, read_rules
from kit.validate.scoring import METRICS, TARGET_BLOCKS, Score
from kit.validate.stress import StressReport, standard_scenarios, stress_test
from kit.validate.vault import Vault
from kit.validate.verdict import GateResult, Verdict, worst
from kit.variant.frozen import FrozenVariant

NUMBERS_ALONE = (
    "Numbers about the tune split cannot be put to the holdout: a look needs a variant that bids "
    "there by itself."
)
_OWN, _OTHER, _PREDICTED = "claimed_bid", "baseline_bid", "claimed_pctr"
"""Columns that carry bids through a scenario that drops or repeats rows."""
_UNKNOWN = "What the numbers were computed from is not known; check the model or the variant."
_NO_BIDS = "Money alone does not tell what would be won elsewhere; pass the bids."


@dataclass(frozen=True, eq=False)
class Claimed:
    """What somebody claims.

    Parameters
    ----------
    kind : {"surplus", "bids", "predictions"}
        What the numbers are.
    values : ndarray, shape (n,)
        One a row of the tune split.
    name : str
        What the claim is called.
    beside : FrozenVariant or ndarray, shape (n,)
        The baseline; numbers are of the same kind.
    """

    kind: str
    values: Floats
    name: str
    beside: FrozenVariant | Floats

    @property
    def beside_name(self) -> str:
        """What the baseline is called."""
        if isinstance(self.beside, FrozenVariant):
            return self.beside.spec.name
        return "the baseline's numbers"


@dataclass(frozen=True, eq=False)
class Sides:
    """A claim as bids of both sides on the tune split.

    Parameters
    ----------
    log : AuctionLog
        Tune split, with predictions where there are some.
    own, other : ndarray, shape (n,)
        Bids; NaN is none.
    budget : float or None
        Price sum that either may spend.
    """

    log: AuctionLog
    own: Floats
    other: Floats
    budget: float | None

    def play(self, reading: Censored) -> Played:
        """Return what both would have won."""
        return _play(self.log, self.own, self.other, self.budget, reading)

    def readings(self) -> tuple[Played, ...]:
        """Return the pessimistic reading, and the optimistic one where it is another."""
        known = self.play("pessimistic")
        is_open = known.candidate.undetermined or known.baseline.undetermined
        if is_open or lost_rows(self.log).any():
            return known, self.play("optimistic")
        return (known,)

    def stressed(self, seed: int) -> StressReport:
        """Return what each scenario leaves of the gain on the latest rows; no feature fails."""
        log = _carrying(self.log, **{_OWN: self.own, _OTHER: self.other})
        log = log.rows(slice(-STRESSED_ROWS, None))
        budget = None if self.budget is None else self.budget * len(log) / len(self.log)

        def gain(changed: AuctionLog) -> float:
            own, other = (changed.frame[name].to_numpy(np.float64) for name in (_OWN, _OTHER))
            return float(_play(changed, own, other, budget, "pessimistic").difference.sum())

        scenarios = standard_scenarios(log, (), log.frame[_OWN].to_numpy(np.float64))
        return stress_test(log, gain, (), np.random.default_rng(seed), scenarios=scenarios)


def _carrying(log: AuctionLog, **columns: Floats) -> AuctionLog:
    """Return the log with more columns, declared as features: a scenario keeps them."""
    meta = replace(log.meta, features=(*log.meta.features, *columns))
    return AuctionLog(log.frame.assign(**columns), meta)


def _play(
    log: AuctionLog, own: Floats, other: Floats, budget: float | None, reading: Censored
) -> Played:
    value = impression_value(log, reading)
    each = [
        replay_each(log, bids, value=value, censored=reading, budget=budget)
        for bids in (own, other)
    ]
    return Played(reading, *each)


def check_numbers(
    claimed: Claimed, sealed: SealedSplit, vault: Vault, claim: dict[str, Any], maker: Maker,
    why: str = NUMBERS_ALONE,
) -> AutoCheck:  # fmt: skip
    """Put a claim in numbers through what of the battery applies to it.

    Parameters
    ----------
    claimed : Claimed
        The claim.
    sealed : SealedSplit
        The log.
    vault : Vault
        Whose ledger says what the next look could find; it is not asked.
    claim : dict
        Settings of the comparison.
    maker : Maker
        Of the same log.
    why : str
        Why there is no verdict.

    Raises
    ------
    DataError
        If there is not one finite number a row, or a probability lies outside [0, 1].
    """
    rules = read_rules(vault.rules)
    rows = len(maker.tune)
    may_lack = claimed.kind == "bids"
    checked_numbers(claimed.name, claimed.values, rows, may_lack=may_lack)
    if not isinstance(claimed.beside, FrozenVariant):
        checked_numbers("baseline", claimed.beside, rows, may_lack=may_lack)
    sides = None if claimed.kind == "surplus" else _sides(claimed, maker, claim)
    played = (_earned(claimed, maker, claim),) if sides is None else sides.readings()
    # Gates and intervals need what was played; the evidence for a look is the vault's.
    scored = Score(maker.tune, time_blocks(maker.tune, TARGET_BLOCKS), played, (), (), math.nan)
    metrics = METRICS if sides is not None else METRICS[:1]
    comparisons = scored.comparisons(1, claim["seed"], metrics)
    gates, unchecked = _gates(claimed, sides, scored, rules, claim["seed"])
    return AutoCheck(
        seen=_seen(claimed, comparisons, gates, sealed, vault, rules),
        verdict=None, no_verdict=why, kind=claimed.kind, holdout=sealed.rows["holdout"],
        power=rules.effect.power, scores=_scores(claimed, maker), not_checked=unchecked,
    )  # fmt: skip


def _sides(claimed: Claimed, maker: Maker, claim: dict[str, Any]) -> Sides:
    log, own = maker.tune, claimed.values
    if claimed.kind == "predictions":
        check_probabilities(claimed.name, own)
        log = log.with_columns(pctr=own)
        own = maker.by_predictions(own, claimed.beside)
    other = _other(claimed, maker, claim["seed"])
    per_1000 = claim["budget_per_1000"]
    return Sides(log, own, other, None if per_1000 is None else per_1000 * len(log) / 1000)


def _other(claimed: Claimed, maker: Maker, seed: int) -> Floats:
    """Return the baseline's bids."""
    beside = claimed.beside
    if isinstance(beside, FrozenVariant):
        return bids_of(beside.with_predictions(maker.tune), beside, seed)
    if claimed.kind == "bids":
        return beside
    return maker.by_predictions(check_probabilities("baseline", beside), beside)


def _earned(claimed: Claimed, maker: Maker, claim: dict[str, Any]) -> Played:
    """Return a claim in money as what was won: nothing else of it is known."""
    beside = claimed.beside
    if isinstance(beside, FrozenVariant):
        bids = _other(claimed, maker, claim["seed"])
        value = impression_value(maker.tune, "pessimistic")
        other = replay_each(maker.tune, bids, value=value, censored="pessimistic")
    else:
        other = _money(beside)
    return Played("pessimistic", _money(claimed.values), other)


def _money(values: Floats) -> EachAuction:
    won, none = (values != 0).astype(np.float64), np.zeros(len(values))
    return EachAuction(won, won, none, values, none, 0)


def _gates(
    claimed: Claimed, sides: Sides | None, scored: Score, rules: Rules, seed: int
) -> tuple[tuple[GateResult, ...], dict[str, str]]:
    """Return the gates that apply, and why the others do not."""
    unchecked = {"leakage": _UNKNOWN, "drift": _UNKNOWN}
    waits = GateResult("effect", "needs a person", "tune", ("No holdout was asked.",))
    if sides is None:
        unchecked |= {
            "worst_segment": "What is spent in each segment is not known; pass the bids.",
            "calibration": "No predictions were passed.", "stress": _NO_BIDS,
        }  # fmt: skip
        return (waits,), unchecked
    gates = [waits, segment_gate(scored, rules, "tune")]
    if claimed.kind == "predictions":
        gates += _of_predictions(sides.log, claimed.values, rules, seed)
        del unchecked["leakage"]
    else:
        unchecked["calibration"] = "No predictions were passed."
    return (*gates, survival_gate(sides.stressed(seed), rules, "tune")), unchecked


def _of_predictions(
    log: AuctionLog, predicted: Floats, rules: Rules, seed: int
) -> list[GateResult]:
    """Say whether predictions know the outcome, and whether they add up to the clicks."""
    marked = _carrying(log, **{_PREDICTED: predicted})
    half = len(log) // 2
    halves = (marked.rows(slice(0, half)), marked.rows(slice(half, None)))
    report = check_leakage(*halves, (_PREDICTED,), seed=seed)
    found = [each for each in report.findings if each.kind == "target_proxy"]
    why = tuple(f"{each.strength}. {each.why}" for each in found)
    leakage = GateResult("leakage", "fail" if found else "pass", "tune", why or (
        "They tell no more of the clicks than a forecast can; what they were computed from is not "
        "known.",
    ))  # fmt: skip
    rows = labelled(log, "click")
    own = rows.frame["pctr"].to_numpy(np.float64)
    return [leakage, clicks_gate(own, rows.positives, rules, "tune")]


def _scores(claimed: Claimed, maker: Maker) -> dict[str, ProbabilityScore]:
    if claimed.kind != "predictions":
        return {}
    beside = claimed.beside
    sides: dict[str, Floats | None] = {claimed.name: claimed.values}
    if not isinstance(beside, FrozenVariant):
        sides[claimed.beside_name] = beside
    elif beside.click is not None:
        sides[claimed.beside_name] = beside.click.predict(maker.tune)
    found = {}
    for name, values in sides.items():
        rows = labelled(maker.tune.with_columns(pctr=values), "click")
        found[name] = score_probabilities(rows.frame["pctr"].to_numpy(np.float64), rows.label)
    return found


def _seen(
    claimed: Claimed, comparisons: tuple[Comparison, ...], gates: tuple[GateResult, ...],
    sealed: SealedSplit, vault: Vault, rules: Rules,
) -> Verdict:  # fmt: skip
    """Return what is known, in the form of what a vault says before a look."""
    entries = vault.ledger.entries(vault.source_hash)
    releases, doubted = told_of(entries)
    charged = sum(entry.kind == "charge" for entry in entries)
    left = max(vault.ledger.schedule.looks - charged, 0)
    share = vault.ledger.schedule.share(charged + 1, releases, doubted) if left else 0.0
    found = math.nan
    if left:
        least = critical_z(share, releases)
        found = detectable_effect(comparisons[0], sealed.rows["holdout"], least, rules.effect.power)
    beside = claimed.beside
    return Verdict(
        question="better", shown=False, status=worst(gates), gates=gates,
        candidate=claimed.name, baseline=claimed.beside_name,
        candidate_hash=_hash(claimed.values),
        baseline_hash=beside.hash if isinstance(beside, FrozenVariant) else _hash(beside),
        source_hash=sealed.source_hash, look=0, looks_left=left, share=share,
        tune=comparisons[0], tune_optimistic=comparisons[1] if len(comparisons) > 1 else None,
        mde_cpm=found if math.isfinite(found) else None, unit=sealed.tune.meta.unit,
    )  # fmt: skip


def _hash(values: Floats) -> str:
    return hashlib.sha256(values.tobytes()).hexdigest()
