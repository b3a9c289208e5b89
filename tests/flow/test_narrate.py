"""What is written about findings without a model: short, readable, and all of it true."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.ai.narrative.check import CheckedNarrative, check_narrative
from kit.flow.facts import facts_of, verdict_of
from kit.flow.findings import RESULT, Findings
from kit.flow.narrate import write_narrative
from kit.flow.runs import Outcome
from kit.report.verdict_words import UNSCORED
from kit.validate.verdict import QUESTIONS, STATUSES, GateResult, Question, Status, Verdict
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
