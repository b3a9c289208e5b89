"""A verdict in plain words: its answer, what it rests on, and what to do next."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from kit.report.numbers import count, money
from kit.report.wording import sentence
from kit.validate.comparison import Comparison
from kit.validate.rule import Schedule
from kit.validate.verdict import GateResult, Verdict

POWER = 0.8
"""What ``mde_cpm`` refers to under the packaged rules."""

UNSCORED = "It could not be scored"
"""How the reason begins where scoring failed after the look was charged."""

_SPLITS = {"tune": "the tune split", "holdout": "the holdout"}


def verdict_headline(verdict: Verdict, *, power: float = POWER) -> str:
    """Return the answer in one or two sentences.

    Parameters
    ----------
    verdict : Verdict
        Of a look, or of a preview.
    power : float
        What its ``mde_cpm`` refers to: ``effect.power`` of the rules it was judged by.

    Examples
    --------
    >>> verdict = Verdict("better", False, "fail", (), "shaded bidding", "logged bids", "a", "b",
    ...                   "c", 3, 197, 0.004, mde_cpm=12_300.0)
    >>> verdict_headline(verdict)
    'Not shown better: shaded bidding against logged bids. Look 3 of 200; the holdout could have \
shown +12.30 USD (80 % power).'
    """
    pair = f"{verdict.candidate} against {verdict.baseline}"
    if not verdict.look:
        return _before_a_look(verdict, pair, power)
    looked = f"Look {verdict.look} of {Schedule().looks}"
    if not verdict.shown:
        could = "" if is_unscored(verdict) else detectable(verdict, power)
        tail = f"; the holdout could have shown {could}" if could else ""
        return f"{sentence(verdict.answer)}: {pair}. {looked}{tail}."
    found = f"{pair}, {effect_words(verdict)}" if verdict.effect else pair
    if verdict.status == "pass":
        return f"{sentence(verdict.answer)}: {found}. {looked}."
    turn = "but it fails" if verdict.status == "fail" else "but a person must look at"
    return f"Shown {verdict.answer}, {turn} {_named(_open_gates(verdict))}: {found}. {looked}."


def _before_a_look(verdict: Verdict, pair: str, power: float) -> str:
    looks = f"{verdict.looks_left} of {Schedule().looks} looks are left"
    if verdict.status == "fail":
        failed = _named(_open_gates(verdict))
        return f"Not looked at: {pair} fails {failed}. No look was charged; {looks}."
    could = detectable(verdict, power)
    tail = f"; the next could show {could}" if could else ""
    return f"Not looked at yet: {pair}. {sentence(looks)}{tail}."


def effect_words(verdict: Verdict) -> str:
    """Return the released effect and its interval, in currency; empty where none is released."""
    effect, unit = verdict.effect, verdict.unit
    if effect is None:
        return ""
    size, low, high = (
        money(unit.money(end), "", sign=True)
        for end in (effect.difference, effect.low, effect.high)
    )
    step = money(unit.money(effect.step), unit.currency)
    spread = f"{100 * effect.level:g} % interval {low} to {high}, rounded to {step}"
    return f"{size} {unit.currency} surplus ({spread})"


def detectable(verdict: Verdict, power: float = POWER) -> str:
    """Return the smallest effect that a look can find, in words; empty where it is not known."""
    if verdict.mde_cpm is None or not math.isfinite(verdict.mde_cpm):
        return ""
    least, currency = verdict.unit.money(verdict.mde_cpm), verdict.unit.currency
    chance = f"({100 * power:g} % power)"
    if verdict.question == "not_worse":
        return f"an effect {money(least, currency)} above the loss that is allowed {chance}"
    sign = -1.0 if verdict.question == "worse" else 1.0
    return f"{money(sign * least, currency, sign=True)} {chance}"


def is_unscored(verdict: Verdict) -> bool:
    """Return whether scoring failed after the charge: the answer is then not about the candidate.

    Examples
    --------
    >>> why = GateResult("effect", "fail", "holdout", (f"{UNSCORED} on the holdout (DataError).",))
    >>> is_unscored(Verdict("better", False, "fail", (why,), "a", "b", "a", "b", "c", 3, 197, 0.1))
    True
    """
    reasons = (reason for gate in verdict.gates for reason in gate.reasons)
    return any(reason.startswith(UNSCORED) for reason in reasons)


def verdict_lines(
    verdict: Verdict, *, power: float = POWER, auctions: int | None = None
) -> list[str]:
    """Return the answer, the effect, every gate and what to do next, one line each.

    Parameters
    ----------
    verdict : Verdict
        Of a look, or of a preview.
    power : float
        As in `verdict_headline`.
    auctions : int, optional
        Rows of the holdout; known, the last line says how many would show the effect of the tune
        split.

    Examples
    --------
    >>> gates = (GateResult("effect", "fail", "holdout", ("Not shown better.",)),)
    >>> verdict = Verdict("better", False, "fail", gates, "shaded", "logged", "a", "b", "c", 3, 197,
    ...                   0.004)
    >>> for line in verdict_lines(verdict):
    ...     print(line)
    Answer: not shown better; status fail.
    On the holdout: no figure; a look that shows nothing tells no more than that.
    Effect on the holdout: fail. Not shown better.
    Look 3 of 200, 197 left. It could say yes wrongly with a probability of 0.4 %; all looks \
together, 5 %.
    Next: another candidate, or a longer holdout.
    """
    return [
        _answer(verdict),
        *_on_holdout(verdict),
        *_on_tune(verdict),
        *map(gate_line, verdict.gates),
        _spent(verdict),
        f"Next: {next_step(verdict, power=power, auctions=auctions)}",
    ]


def gates_table(verdict: Verdict) -> pd.DataFrame:
    """Return one row a gate and split: Gate, Split, Status, Reasons."""
    rows = [
        (_words(gate.gate), gate.split, gate.status, " ".join(gate.reasons))
        for gate in verdict.gates
    ]
    return pd.DataFrame(rows, columns=["Gate", "Split", "Status", "Reasons"])


def next_step(verdict: Verdict, *, power: float = POWER, auctions: int | None = None) -> str:
    """Return what to do now; the parameters are those of `verdict_lines`."""
    opened = _open_gates(verdict)
    if not verdict.look:
        if verdict.status == "fail":
            return (
                f"mend what fails ({_named(opened)}); the reason stands above. A candidate that "
                "fails on the tune split costs no look."
            )
        if not verdict.looks_left:
            return "seal auctions that came after this holdout; its looks are used up."
        return _worth_a_look(verdict, auctions)
    if is_unscored(verdict):
        return (
            "find out why it could not be scored: does it bid on every exchange and label of newer "
            "rows? The answer says nothing about what it earns. Mended, it is another candidate."
        )
    if not verdict.shown:
        return _after_no(verdict, auctions)
    if verdict.status == "pass":
        kept = verdict.baseline if verdict.question == "worse" else verdict.candidate
        return f"{kept} may go on; nothing that was checked speaks against it."
    told = "a person decides" if verdict.status == "needs a person" else "do not let it go live"
    where = "; of the holdout only the status is told, so look at the same on newer rows"
    sealed = any(gate.split == "holdout" for gate in opened)
    return f"{told}. Look at {_named(opened)}{where if sealed else ''}."


def _worth_a_look(verdict: Verdict, auctions: int | None) -> str:
    doubts = [gate for gate in _open_gates(verdict) if gate.gate != "effect"]
    first = f"look at {_named(doubts)} first; then " if doubts else ""
    needed = needed_auctions(verdict, auctions)
    if needed is None or auctions is None:
        return f"{first}a look, which is charged, if the effect on the tune split is worth one."
    if needed <= auctions:
        return f"{first}a look, which is charged; an effect as on the tune split is in its reach."
    return _more_auctions(needed, auctions)


def _after_no(verdict: Verdict, auctions: int | None) -> str:
    needed = needed_auctions(verdict, auctions)
    if needed is None or auctions is None:
        return "another candidate, or a longer holdout."
    if needed <= auctions:
        return (
            "another candidate. The holdout is large enough for an effect as on the tune split, so "
            "the true one is likely smaller: it was chosen there."
        )
    return _more_auctions(needed, auctions)


def _more_auctions(needed: float, auctions: int) -> str:
    if not math.isfinite(needed):
        return "another candidate; the tune split does not show the effect either."
    return (
        f"another candidate, or a longer holdout: an effect as on the tune split needs about "
        f"{count(needed)} auctions, {count(_rounded(needed - auctions))} more than this one has."
    )


def needed_auctions(verdict: Verdict, auctions: int | None) -> float | None:
    """Return the holdout that would show an effect as large as on the tune split.

    The effect grows with the auctions, what can be found with their root.

    Parameters
    ----------
    verdict : Verdict
        With ``tune`` and ``mde_cpm``.
    auctions : int or None
        Rows of the holdout.

    Returns
    -------
    float or None
        To two significant digits; infinite where the tune split shows no such effect, None where
        it is not known.

    Examples
    --------
    >>> from kit.validate.comparison import MetricDifference
    >>> row = MetricDifference("surplus", 9e5, 5e5, 4e5, 1e5, 7e5, 5e4, 7.5e5, 1e5, 3e5)
    >>> tune = Comparison("better", (), 24, "24 blocks", 0.95, 1, (row,), 10_000, 50)
    >>> verdict = Verdict("better", False, "fail", (), "a", "b", "a", "b", "c", 3, 197, 0.004,
    ...                   tune=tune, mde_cpm=8e5)
    >>> needed_auctions(verdict, 10_000)
    40000.0
    """
    tune, least = verdict.tune, verdict.mde_cpm
    if tune is None or least is None or not auctions or verdict.question == "not_worse":
        return None  # of "not worse" the loss that is allowed is a part, and is not told here
    sign = -1.0 if verdict.question == "worse" else 1.0
    effect = sign * tune.first.difference * auctions / tune.auctions
    if not effect > 0:
        return math.inf
    return _rounded(auctions * (least / effect) ** 2)


def _rounded(number: float) -> float:
    return float(f"{number:.1e}")


def _answer(verdict: Verdict) -> str:
    if not verdict.look:
        return f"Answer: none, the holdout was not looked at; status {verdict.status}."
    again = " It was recorded earlier; no new look was charged." if verdict.repeated else ""
    return f"Answer: {verdict.answer}; status {verdict.status}.{again}"


def _on_holdout(verdict: Verdict) -> list[str]:
    effect = verdict.effect
    if effect is not None:
        return [
            f"On the holdout: {effect_words(verdict)}, over {count(effect.auctions)} auctions in "
            f"{count(effect.blocks)} time blocks. The interval counts every look so far."
        ]
    if not verdict.look:
        return []
    return ["On the holdout: no figure; a look that shows nothing tells no more than that."]


def _on_tune(verdict: Verdict) -> list[str]:
    if verdict.tune is None:
        return []
    said = [f"On the tune split, where it was chosen: {_seen(verdict, verdict.tune)}."]
    if verdict.tune_optimistic is not None:
        said.append(
            "On the tune split, where it was chosen, with outcomes that the log leaves open taken "
            f"as wins instead of losses: {_seen(verdict, verdict.tune_optimistic)}."
        )
    return said


def _seen(verdict: Verdict, comparison: Comparison) -> str:
    row, unit = comparison.first, verdict.unit
    size = money(unit.money(row.difference), unit.currency, sign=True)
    over = f"over {count(comparison.auctions)} auctions"
    if not (math.isfinite(row.simultaneous_low) and math.isfinite(row.simultaneous_high)):
        return f"{size} {row.metric} {over}, too little data for an interval"
    low, high = (
        money(unit.money(end), "", sign=True)
        for end in (row.simultaneous_low, row.simultaneous_high)
    )
    return f"{size} {row.metric} {over} ({100 * comparison.level:g} % interval {low} to {high})"


def gate_line(gate: GateResult) -> str:
    """Return one gate in words: its name and split, its status and why."""
    return " ".join((f"{sentence(_name(gate))}: {gate.status}.", *gate.reasons))


def _spent(verdict: Verdict) -> str:
    schedule = Schedule()
    charged = f"could say yes wrongly with a probability of {100 * verdict.share:.2g} %; all looks "
    charged += f"together, {100 * schedule.total:g} %."
    if verdict.look:
        return f"Look {verdict.look} of {schedule.looks}, {verdict.looks_left} left. It {charged}"
    left = f"No look was charged; {verdict.looks_left} of {schedule.looks} left."
    return f"{left} The next {charged}" if verdict.looks_left else left


def _open_gates(verdict: Verdict) -> list[GateResult]:
    """Return the gates that make the status what it is."""
    return [
        gate for gate in verdict.gates if gate.status == verdict.status and gate.status != "pass"
    ]


def _named(gates: Sequence[GateResult]) -> str:
    *others, last = map(_name, gates) if gates else ["a gate"]
    return f"{', '.join(others)} and {last}" if others else last


def _name(gate: GateResult) -> str:
    return f"{_words(gate.gate)} on {_SPLITS.get(gate.split, gate.split)}"


def _words(gate: str) -> str:
    return gate.replace("_", " ")
