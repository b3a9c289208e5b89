"""The answer of a look: in words, as an exit code, through JSON, and as its worst gate."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from kit.base.errors import DataError
from kit.validate.comparison import Comparison, MetricDifference
from kit.validate.verdict import Effect, GateResult, Verdict, worst

GATES = (
    GateResult("effect", "pass", "holdout"),
    GateResult("drift", "needs a person", "tune", ("device moved",)),
)
EFFECT = Effect(4e5, 1e5, 7e5, 1e4, 0.95, 24, 10_000)
ROW = MetricDifference("surplus", 9e5, 5e5, 4e5, 1e5, 7e5, 5e4, 7.5e5, 1e5, 3e5)
TUNE = Comparison("better", ("above zero",), 24, "24 blocks", 0.95, 1, (ROW,), 10_000, 50)


@pytest.fixture
def shown() -> Verdict:
    return Verdict(
        question="better", shown=True, status=worst(GATES), gates=GATES, candidate="shaded",
        baseline="logged", candidate_hash="a", baseline_hash="b", source_hash="c", look=1,
        looks_left=199, share=0.022, effect=EFFECT, tune=TUNE, mde_cpm=1.5,
    )  # fmt: skip


def test_it_survives_json(shown: Verdict) -> None:
    assert Verdict.from_dict(json.loads(json.dumps(shown.to_dict()))) == shown
    silent = replace(shown, shown=False, effect=None, tune=None, mde_cpm=None)
    assert Verdict.from_dict(json.loads(json.dumps(silent.to_dict()))) == silent


@pytest.mark.parametrize(
    ("question", "yes", "no"),
    [
        ("better", "better", "not shown better"),
        ("not_worse", "not worse", "not shown not worse"),
        ("worse", "worse", "not shown worse"),
    ],
)
def test_its_answer_in_words(shown: Verdict, question: str, yes: str, no: str) -> None:
    asked = replace(shown, question=question)  # type: ignore[arg-type]
    assert asked.answer == yes
    assert replace(asked, shown=False).answer == no


@pytest.mark.parametrize(("status", "code"), [("pass", 0), ("fail", 1), ("needs a person", 3)])
def test_its_exit_code(shown: Verdict, status: str, code: int) -> None:
    assert replace(shown, status=status).exit_code == code  # type: ignore[arg-type]


def test_the_worst_gate_decides(shown: Verdict) -> None:
    assert shown.status == "needs a person"
    assert worst(GATES[:1]) == "pass"
    assert worst((*GATES, GateResult("stress", "fail", "tune"))) == "fail"


def test_what_is_no_verdict_is_refused_by_name(shown: Verdict) -> None:
    with pytest.raises(DataError, match="verdict: lacks"):
        Verdict.from_dict({"question": "better"})
    with pytest.raises(DataError, match="status: got 'maybe'"):
        replace(shown, status="maybe")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="question: got 'best'"):
        replace(shown, question="best")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="status: got 'ok'"):
        GateResult("drift", "ok", "tune")  # type: ignore[arg-type]


def test_a_released_effect_has_ends_where_the_comparison_has_no_interval() -> None:
    """Else the answer of a charged look could not be written: JSON has no such number."""
    row = replace(ROW, simultaneous_low=math.nan, simultaneous_high=math.nan)
    effect = Effect.of(replace(TUNE, rows=(row,)), critical_z=2.0)
    assert (effect.difference, effect.low, effect.high) == (4e5, 2e5, 6e5)
