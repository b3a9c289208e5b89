"""What an automatic check reads as, and what to try next by what failed."""

from __future__ import annotations

import math
from collections.abc import Mapping

from kit.report.numbers import count, money
from kit.report.verdict_words import detectable, needed_auctions, next_step
from kit.validate.comparison import Decision
from kit.validate.verdict import GateResult, Verdict

_MENDS: Mapping[str, str] = {
    "leakage": "take what leaks out of the model's features, and fit it again; "
    "kit.check_leakage names every finding and its mend.",
    "worst_segment": "bid less, or not at all, in the segment that pays: a factor for an exchange "
    "is PolicySpec.multipliers, or kit.Change(kind='exchange_factor', name=..., value=0.8).",
    "calibration": "map the predictions again: ModelSpec(calibration='isotonic'), or train on the "
    "latest rows, ModelSpec(recent_share=0.5).",
    "drift": "leave out the feature that moved, or train on the latest rows, "
    "ModelSpec(recent_share=0.5).",
    "stress": "see what breaks it with kit.stress_test, and hedge there: a smaller multiplier, or "
    "a share that does not hang on one exchange.",
}
_FEW = "seal a log with more clicks: so few tell neither good from bad predictions."
_SAME = (
    "change more than this: the two bid alike in nearly every auction, and no log is long enough "
    "to tell them apart."
)
_READ: Mapping[Decision, str] = {
    "better": "more surplus",
    "worse": "less surplus",
    "cannot conclude": "no difference in surplus that the split can tell",
}


def reading(seen: Verdict) -> str:
    """Return what the tune split says of the effect and of the gates, in two sentences.

    Examples
    --------
    >>> gates = (GateResult("drift", "fail", "tune", ("hour has moved.",)),)
    >>> reading(Verdict("better", False, "fail", gates, "mine", "logged", "", "", "", 0, 200, 0.02))
    'The tune split was not compared. Fails drift.'
    """
    return f"{_effect(seen)} {_gates(seen)}"


def _effect(seen: Verdict) -> str:
    if seen.tune is None:
        return "The tune split was not compared."
    row, unit = seen.tune.first, seen.unit
    said = f"{seen.candidate} against {seen.baseline} on the tune split: "
    said += _READ[seen.tune.decision]
    size = money(unit.money(row.difference), unit.currency, sign=True)
    if not math.isfinite(row.simultaneous_low):
        return f"{said}, {size}, too little data for an interval."
    low, high = (
        money(unit.money(end), "", sign=True)
        for end in (row.simultaneous_low, row.simultaneous_high)
    )
    return f"{said}, {size}, {100 * seen.tune.level:g} % interval {low} to {high}."


def _gates(seen: Verdict) -> str:
    told = [gate for gate in seen.gates if gate.gate != "effect" or gate.status == "fail"]
    failed = [gate.gate.replace("_", " ") for gate in told if gate.status == "fail"]
    doubted = [gate.gate.replace("_", " ") for gate in told if gate.status == "needs a person"]
    parts = [f"fails {_list(failed)}"] if failed else []
    parts += [f"a person must look at {_list(doubted)}"] if doubted else []
    said = "; ".join(parts) or "no gate that was checked fails"
    return f"{said[:1].upper()}{said[1:]}."


def _list(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def next_steps(verdict: Verdict, *, power: float, holdout: int, frozen: bool) -> list[str]:
    """Return what to try, the gravest first.

    Parameters
    ----------
    verdict : Verdict
        Of a look, or what is known before one.
    power : float
        What its ``mde_cpm`` refers to.
    holdout : int
        Auctions of the holdout.
    frozen : bool
        Whether it is a variant that a look could be asked about.

    Examples
    --------
    >>> gates = (GateResult("calibration", "fail", "tune", ("2 times as many.",)),)
    >>> seen = Verdict("better", False, "fail", gates, "mine", "logged", "", "", "", 0, 200, 0.02)
    >>> for step in next_steps(seen, power=0.8, holdout=1000, frozen=True):
    ...     print(step)
    Calibration failed: map the predictions again: ModelSpec(calibration='isotonic'), or train on \
the latest rows, ModelSpec(recent_share=0.5).
    Mend what fails (calibration on the tune split); the reason stands above. A candidate that \
fails on the tune split costs no look.
    """
    order = ("fail", "needs a person")
    opened = [gate for status in order for gate in verdict.gates if gate.status == status]
    steps = [step for gate in opened if (step := _mend(gate))]
    last = next_step(verdict, power=power, auctions=holdout)
    if frozen:
        is_name = last.startswith((verdict.candidate, verdict.baseline))
        steps.append(last if is_name else f"{last[:1].upper()}{last[1:]}")
    else:
        steps.append(
            "To have it judged on the holdout, make it a variant: kit.VariantSpec with a policy "
            "that ships and a model of its own, then kit.auto_check(spec, ..., look=True)."
        )
    if not verdict.shown and (reach := _reach(verdict, power, holdout, frozen)):
        steps.append(reach)
    return list(dict.fromkeys(steps))


def _mend(gate: GateResult) -> str:
    said = "failed" if gate.status == "fail" else "is in doubt"
    mend = _MENDS.get(gate.gate, "")
    if gate.gate == "effect":
        mend = _SAME if gate.status == "fail" and gate.split == "tune" else ""
    if gate.gate == "calibration" and gate.status == "needs a person":
        mend = _FEW
    name = gate.gate.replace("_", " ").capitalize()
    return f"{name} {said}: {mend}" if mend else ""


def _reach(verdict: Verdict, power: float, holdout: int, frozen: bool) -> str:
    """Say what the holdout can show; for numbers, how much more data the effect seen needs too."""
    found = detectable(verdict, power)
    if not found:
        return ""
    said = f"A look at this holdout of {count(holdout)} auctions can show {found}"
    needed = needed_auctions(verdict, holdout)
    if frozen or needed is None:
        return f"{said}."
    if not math.isfinite(needed):
        return f"{said}; on the tune split there is no gain of any size to be shown."
    if needed <= holdout:
        return f"{said}; an effect as on the tune split is in its reach."
    return (
        f"{said}; an effect as on the tune split needs about {count(needed)}, "
        f"{count(float(f'{needed - holdout:.1e}'))} more."
    )
