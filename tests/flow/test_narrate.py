"""What is written about findings without a model: short, readable, and all of it true."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.ai.narrative.check import CheckedNarrative, check_narrative
from kit.flow.facts import facts_of, verdict_of
from kit.flow.findings import RESULT, Findings, NarrativeData
from kit.flow.narrate import (
    narrate,
    narrative_line,
    narrative_of,
    rewritten,
    with_narrative,
    write_narrative,
)
from kit.flow.runs import Outcome
from kit.report.narrative import BUILT_IN
from kit.report.verdict_words import UNSCORED
from kit.validate.verdict import QUESTIONS, STATUSES, GateResult, Question, Status, Verdict
from tests.ai.loopback import Loopback, Step
from tests.flow.made_findings import BASELINE, NAN, Side, made_findings, made_verdict

EFFECTS = {"better": 41_000.0, "not_worse": -2_000.0, "worse": -41_000.0}
ASKED = tuple(
    (question, shown, status)
    for question, shown, status in itertools.product(QUESTIONS, (True, False), STATUSES)
    if shown or status != "pass"  # what is not shown does not pass
)


def checked(findings: Findings) -> CheckedNarrative:
    found = check_narrative(write_narrative(findings), facts_of(findings), verdict_of(findings))
    assert not found.struck, found.struck
    assert 5 <= len(found.kept) <= 9
    return found


@pytest.mark.parametrize(("question", "shown", "status"), ASKED)
def test_every_sentence_of_every_verdict_holds(
    question: Question, shown: bool, status: Status
) -> None:
    verdict = made_verdict(question, shown, status, EFFECTS[question])
    text = checked(made_findings(verdict)).text
    assert f'"{verdict.answer}"' in text
    assert f'"{status}"' in text
    assert ("On the holdout the difference" in text) is shown


def test_an_ecpm_is_told_in_its_unit() -> None:
    """The checker knows the figure by the name that it has among a result's facts."""
    findings = made_findings(made_verdict())
    fact = next(one for one in facts_of(findings) if "eCPM" in one.name and one.of == "candidate")
    for unit, stands in (("USD CPM", True), ("USD", False)):
        text = f"On the tune split the eCPM was {fact.value:.2f} {unit} [{fact.id}]."
        assert bool(check_narrative(text, [fact], verdict_of(findings)).kept) == stands


NOT_LOOKED = (
    made_verdict(shown=False, status="fail", look=0, mde_cpm=None),
    made_verdict(shown=False, status="needs a person", look=0),
    made_verdict(shown=False, status="fail", looks_left=0),
    made_verdict(
        shown=False,
        status="fail",
        gates=(GateResult("effect", "fail", "holdout", (f"{UNSCORED} on the holdout.",)),),
    ),
    made_verdict(shown=True, effect=None),
    None,
)


@pytest.mark.parametrize("verdict", NOT_LOOKED)
def test_where_no_look_was_taken_or_nothing_is_released(verdict: Verdict | None) -> None:
    text = checked(made_findings(verdict)).text
    assert "On the holdout the difference" not in text


def test_gates_that_are_open_are_named_beside_an_effect_that_was_not_shown() -> None:
    gates = (
        GateResult("effect", "fail", "holdout"),
        GateResult("worst_segment", "fail", "tune"),
        GateResult("drift", "pass", "tune"),
        GateResult("drift", "needs a person", "holdout"),
    )
    text = checked(made_findings(made_verdict(shown=False, status="fail", gates=gates))).text
    assert "The gate for worst segment failed; a person needs to look at drift" in text


AMOUNTS = st.floats(-3e9, 3e9, allow_subnormal=False)
SPENT = st.floats(0, 3e9, allow_subnormal=False)
SIDES = st.builds(Side, AMOUNTS, SPENT, SPENT, st.integers(0, 27_500), st.integers(0, 9_000))


@settings(max_examples=120, deadline=None, derandomize=True)
@given(SIDES, SIDES, st.sampled_from([0.4, 30_000.0, 5e8, NAN]), st.sampled_from([None, 12]))
def test_every_sentence_holds_for_any_numbers(
    mine: Side, theirs: Side, interval: float, tried: int | None
) -> None:
    verdict = made_verdict(shown=False, status="fail")
    checked(made_findings(verdict, mine, theirs, interval, tried))


def test_a_policy_that_changes_nothing() -> None:
    checked(made_findings(made_verdict(shown=False, status="fail"), BASELINE, BASELINE))


def test_the_demo(demo: tuple[Path, Outcome]) -> None:
    findings = Findings.load(demo[0] / RESULT)
    found = checked(findings)
    assert len(found.kept) >= 8
    assert "[F" not in found.text
    assert "1,377 settings" in found.text


class Named:
    """A loopback server that the environment names, and what it is to say."""

    def __init__(self, server: Loopback) -> None:
        self.server = server

    def says(self, *tries: Sequence[str]) -> None:
        self.server.script = [Step(json.dumps({"sentences": list(said)})) for said in tries]


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Iterator[Named]:
    with Loopback() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("KIT_MODEL", "scripted")
        yield Named(server)


FINDINGS = made_findings(made_verdict(shown=False, status="fail"))
HELD = (
    "We asked the sealed holdout whether shaded bidding is better than logged bids.",
    'The answer is "not shown better".',
    "On the tune split shaded bidding made 84.72 USD [F1] of surplus.",
)
FALSE = "Surplus doubled on the holdout."


def told(findings: Findings) -> NarrativeData:
    found = with_narrative(findings, lambda line: None).narrative
    assert found is not None
    return found


def test_a_model_that_is_named_writes(named: Named) -> None:
    named.says([*HELD, FALSE])
    found = told(FINDINGS)
    assert (found.by, tuple(found.sentences), found.note) == ("scripted", HELD, "")
    assert [one.text for one in found.struck] == [FALSE]
    line = narrative_line(FINDINGS.model_copy(update={"narrative": found}))
    assert line == "In words: by scripted, 1 of its sentences struck."


def test_the_built_in_writer_stands_in_where_too_little_holds(named: Named) -> None:
    named.says([FALSE], [FALSE])
    found = told(FINDINGS)
    assert found.by == BUILT_IN
    assert tuple(found.sentences) == narrate(FINDINGS).sentences
    assert found.note == f"{BUILT_IN} stood in: too little of what scripted wrote holds."
    assert len(found.struck) == 2


@pytest.mark.parametrize("content", ["no JSON", "{}", '{"sentences": "x"}', ""])
def test_the_built_in_writer_stands_in_for_no_usable_reply(content: str, named: Named) -> None:
    named.server.script = [Step(content)] * 9
    found = told(FINDINGS)
    assert found.by == BUILT_IN
    assert found.note.startswith(f"{BUILT_IN} stood in: model: ")
    assert "\n" not in narrative_line(FINDINGS.model_copy(update={"narrative": found}))


def test_a_model_that_is_down_or_named_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert "KIT_MODEL is not set" in told(FINDINGS).note
    monkeypatch.setenv("KIT_MODEL", "scripted")
    monkeypatch.setattr("kit.flow.narrate.MOST_SECONDS", 1.0)
    found = told(FINDINGS)
    assert (found.by, found.struck) == (BUILT_IN, [])
    assert found.note


def test_without_a_model_nothing_is_said_of_one() -> None:
    found = told(FINDINGS)
    assert (found.by, found.note) == (BUILT_IN, "")
    assert narrative_line(FINDINGS.model_copy(update={"narrative": found})) == ""
    assert write_narrative(FINDINGS) == " ".join(found.sentences)


def test_a_stored_narrative_is_held_against_the_facts_again() -> None:
    edited = NarrativeData(by="scripted", sentences=[*HELD, FALSE], struck=[])
    found = narrative_of(FINDINGS.model_copy(update={"narrative": edited}))
    assert found.sentences == HELD
    assert [one.text for one in found.struck] == [FALSE]


def test_a_report_keeps_what_a_model_wrote_and_asks_for_what_none_did(
    named: Named, tmp_path: Path
) -> None:
    named.says(HELD)
    path = FINDINGS.save(tmp_path / RESULT)
    written = rewritten(Findings.load(path), lambda line: None)
    assert written.narrative is not None
    assert written.narrative.by == "scripted"
    again = rewritten(written, lambda line: None)
    assert again == written
    assert len(named.server.bodies) == 1
