"""The story of findings without a model: short sentences, each with the facts it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kit.flow.facts import facts_of, verdict_of
from kit.flow.findings import Findings
from kit.report.facts import TUNE, Fact
from kit.report.numbers import MINUS
from kit.report.verdict_words import is_unscored
from kit.report.wording import sentence
from kit.validate.verdict import GateResult, Status, Verdict

_MEANT = {
    "better": "shows a gain",
    "worse": "shows a loss",
    "not worse": "shows that it is not worse by more than the margin",
    "not shown better": "did not show a gain",
    "not shown worse": "did not show a loss",
    "not shown not worse": "did not show that it is not worse",
}
_CLAIMS = {"better": "better than", "not_worse": "not worse than", "worse": "worse than"}


class _Cited:
    """Facts by name, each written with its citation."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._facts: dict[tuple[str, str], Fact] = {(one.name, one.of): one for one in facts}

    def has(self, name: str, of: str) -> bool:
        return (name, of) in self._facts

    def value(self, name: str, of: str) -> float:
        return self._facts[name, of].value

    def write(self, name: str, of: str, *, sign: bool = False, noun: str = "") -> str:
        fact = self._facts[name, of]
        written = " ".join(filter(None, (fact.written(sign), noun)))
        return f"{written} [{fact.id}]"

    def size(self, name: str, of: str) -> str:
        """Write a difference without its sign, which a verb beside it says."""
        return self.write(name, of).removeprefix(MINUS)


def built_in_narrative(findings: Findings) -> str:
    """Tell what was asked, what came out, how sure it is and what to try next, without a model.

    Every sentence passes `kit.check_narrative` with the facts and the verdict of the findings.

    Parameters
    ----------
    findings : Findings
        Of ``kit demo`` or ``kit check``.

    Returns
    -------
    str
        Five to nine sentences; numbers carry the ids of `kit.facts_of` in brackets.

    Examples
    --------
    >>> from kit.flow.findings import Findings
    >>> built_in_narrative(Findings.load(Path("result.json")))  # doctest: +SKIP
    'We asked the sealed holdout whether shaded bidding is better than logged bids in surplus. ...'
    """
    verdict = verdict_of(findings)
    cited = _Cited(facts_of(findings))
    said = [
        _asked(findings, verdict),
        *_answer(verdict, cited),
        *_tune(findings, cited),
        *_gates(verdict),
        _not_shown(),
        _next(verdict, cited),
    ]
    return " ".join(filter(None, said))


def _asked(findings: Findings, verdict: Verdict | None) -> str:
    claim = _CLAIMS["better" if verdict is None else verdict.question]
    pair = (
        f"whether {findings.policy} (the candidate) is {claim} {findings.baseline} (the baseline) "
        "in surplus"
    )
    if verdict is None or not verdict.look:
        return f"The question is {pair}."
    return f"We asked the sealed holdout {pair}."


def _answer(verdict: Verdict | None, cited: _Cited) -> Iterator[str]:
    if verdict is None:
        yield "The holdout was not asked, so nothing is shown yet."
        return
    if not verdict.look:
        yield f'No look was taken, so the answer stays "{verdict.answer}".'
        return
    if is_unscored(verdict):
        yield f'The answer is "{verdict.answer}", since the candidate could not be scored there.'
        return
    meant = _MEANT[verdict.answer]
    yield f'The answer is "{verdict.answer}", status "{verdict.status}": the holdout {meant}.'
    yield _released(verdict, cited) if verdict.shown else _withheld(verdict, cited)


def _released(verdict: Verdict, cited: _Cited) -> str:
    if not cited.has("difference in surplus", "difference"):
        return ""
    size, low, high = (
        cited.write(f"difference in surplus{end}", "difference", sign=True)
        for end in ("", ", low end", ", high end")
    )
    level = cited.write("confidence level of the interval", "look")
    return (
        f"On the holdout the difference in surplus is {size}, with an interval from {low} to "
        f"{high} at a level of {level} over all looks so far."
    )


def _withheld(verdict: Verdict, cited: _Cited) -> str:
    """Say how large an effect would have been found: no figure of the holdout is told."""
    silent = "no figure of the holdout is released where nothing is shown"
    name = "minimum detectable effect in surplus"
    if verdict.question == "not_worse" or not cited.has(name, "look"):
        return f"{sentence(silent)}."
    least, power = cited.write(name, "look"), cited.write("power of the look", "look")
    return f"With a power of {power}, it could have found an effect as small as {least}; {silent}."


def _tune(findings: Findings, cited: _Cited) -> Iterator[str]:
    """Tell the tune split: what it says of surplus, and what moved with it."""
    yield _tune_surplus(cited)
    yield _flattered(cited)
    yield _moved(cited)


def _tune_surplus(cited: _Cited) -> str:
    mine, theirs = (cited.write(f"surplus, {TUNE}", of) for of in ("candidate", "baseline"))
    said = (
        f"On the tune split, where it was chosen, the candidate made {mine} of surplus and the "
        f"baseline {theirs}"
    )
    low, high = (f"difference in surplus, {end} end, {TUNE}" for end in ("low", "high"))
    if not (cited.has(low, "difference") and cited.has(high, "difference")):
        return f"{said}, too little data for an interval."
    size = cited.write(f"difference in surplus, {TUNE}", "difference", sign=True)
    return (
        f"{said}, a difference of {size} with an interval from "
        f"{cited.write(low, 'difference', sign=True)} to "
        f"{cited.write(high, 'difference', sign=True)}."
    )


def _flattered(cited: _Cited) -> str:
    if not cited.has("settings tried", "data"):
        return ""
    tried = cited.write("settings tried", "data", noun="settings")
    return f"That split flatters it, since it was picked there from {tried}."


def _moved(cited: _Cited) -> str:
    """Say how spend and value moved with the policy, and what was won at what price."""
    of_spend, of_value = _change("spend", cited), _change("value", cited)
    if of_spend is None or of_value is None:
        return ""
    (verb, spend), (other, value) = of_spend, of_value
    joint = f"and value by {value}" if verb == other else f"while value {other} by {value}"
    return f"Spend {verb} there by {spend} {joint}{_bought(cited)}."


def _change(metric: str, cited: _Cited) -> tuple[str, str] | None:
    name = f"difference in {metric}, {TUNE}"
    if not cited.has(name, "difference") or not (moved := cited.value(name, "difference")):
        return None
    return "rose" if moved > 0 else "fell", cited.size(name, "difference")


def _bought(cited: _Cited) -> str:
    rate, price = f"win rate, {TUNE}", f"eCPM, {TUNE}"
    names = [(name, of) for of in ("candidate", "baseline") for name in (rate, price)]
    if not all(cited.has(*name) for name in names):
        return ""
    won, paid, theirs, before = (cited.write(*name) for name in names)
    return f": it won {won} of the auctions at {paid}, where the baseline won {theirs} at {before}"


def _gates(verdict: Verdict | None) -> Iterator[str]:
    """Name the gates by how they came out; the effect is told with the answer."""
    if verdict is None:
        return
    others = [gate for gate in verdict.gates if gate.gate != "effect"]
    if others and all(gate.status == "pass" for gate in others):
        names = list(dict.fromkeys(gate.gate for gate in others))
        yield f"The {_gate_noun(names)} for {_listed(names)} passed."
        return
    said = []
    if failed := _with_status(others, "fail"):
        said.append(f"the {_gate_noun(failed)} for {_listed(failed)} failed")
    if doubted := _with_status(others, "needs a person"):
        said.append(f"a person needs to look at {_listed(doubted)} before anything is decided")
    if said:
        yield sentence(f"{'; '.join(said)}.")


def _with_status(gates: Sequence[GateResult], status: str) -> list[str]:
    return list(dict.fromkeys(gate.gate for gate in gates if gate.status == status))


def _gate_noun(names: Sequence[str]) -> str:
    return "gate" if len(names) == 1 else "gates"


def _listed(names: Sequence[str]) -> str:
    *others, last = (name.replace("_", " ") for name in names)
    return f"{', '.join(others)} and {last}" if others else last


def _not_shown() -> str:
    return (
        "A replay of logged auctions cannot show how rivals would respond, and nothing is said "
        "about causes or other periods."
    )


def _next(verdict: Verdict | None, cited: _Cited) -> str:
    if verdict is None:
        return "To try next: ask the holdout with a fixed question."
    left = ""
    if cited.has("looks left", "look") and cited.value("looks left", "look") > 0:
        left = f"; {cited.write('looks left', 'look', noun='looks')} at this holdout are left"
    return f"To try next: {_step(verdict)}{left}."


def _step(verdict: Verdict) -> str:
    if is_unscored(verdict):
        return "find out what kept it from being scored, then ask with another candidate"
    if not verdict.look and verdict.status == "fail":
        return "mend what failed, then ask the holdout"
    if not verdict.look:
        return "ask the holdout"
    if not verdict.shown:
        return "another candidate, or a longer holdout"
    return _AFTER_SHOWN[verdict.status] if verdict.question != "worse" else _AFTER_WORSE


_AFTER_SHOWN: dict[Status, str] = {
    "pass": "a live test on a small part of the traffic, with the baseline beside it",
    "fail": "mend what failed, then ask with another candidate",
    "needs a person": "a person's view of the open gates, then a live test on a small part of the "
    "traffic",
}
_AFTER_WORSE = "another candidate, and leave this one"
