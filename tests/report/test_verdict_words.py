"""A verdict in words: every kind of answer, in the log's currency, and what to do next."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from kit.base.units import FEN_CPM
from kit.report.verdict_words import gates_table, verdict_headline, verdict_lines
from kit.validate.comparison import Comparison, MetricDifference
from kit.validate.verdict import Effect, GateResult, Verdict

SHOWN = GateResult("effect", "pass", "holdout", ("Shown better.",))
NOT_SHOWN = GateResult("effect", "fail", "holdout", ("Not shown better.",))
WAITS = GateResult("effect", "needs a person", "tune", ("The holdout was not looked at.",))
DRIFT = GateResult("drift", "pass", "tune", ("device moved most: stability index 0.010.",))
MOVED = GateResult("drift", "needs a person", "tune", ("device has moved.",))
SEGMENT = GateResult("worst_segment", "fail", "tune", ("campaign hotel: -2.00 USD surplus.",))
SEALED_SEGMENT = GateResult("worst_segment", "fail", "holdout")
EFFECT = Effect(12_300.0, 2_000.0, 22_600.0, 100.0, 0.95, 24, 10_000)


def compared(difference: float, **more: Any) -> Comparison:
    low, high = difference - 1e4, difference + 1e4
    row = MetricDifference("surplus", 9e4, 5e4, difference, low, high, low, high, 5e3, 1.5e4)
    return Comparison("better", (), 24, "24 blocks", 0.95, 1, (replace(row, **more),), 10_000, 50)


@pytest.fixture
def shown() -> Verdict:
    return Verdict(
        "better", True, "pass", (SHOWN, DRIFT, replace(DRIFT, split="holdout", reasons=())),
        "shaded bidding", "logged bids", "c0", "b0", "a0", 3, 197, 0.004, effect=EFFECT,
        tune=compared(2e4), tune_optimistic=compared(2.5e4), mde_cpm=12_345.0,
    )  # fmt: skip


@pytest.fixture
def silent(shown: Verdict) -> Verdict:
    return replace(shown, shown=False, status="fail", gates=(NOT_SHOWN, DRIFT), effect=None)


@pytest.fixture
def unlooked(silent: Verdict) -> Verdict:
    gates = (WAITS, DRIFT)
    return replace(silent, look=0, looks_left=198, status="needs a person", gates=gates)


def test_a_shown_effect_is_told_in_currency_and_as_rounded(shown: Verdict) -> None:
    said = "+12.30 USD surplus (95 % interval +2.00 to +22.60, rounded to 0.10 USD)"
    assert verdict_headline(shown) == (
        f"Better: shaded bidding against logged bids, {said}. Look 3 of 200."
    )
    lines = verdict_lines(shown)
    assert lines[0] == "Answer: better; status pass."
    assert lines[1].startswith(f"On the holdout: {said}, over 10,000 auctions in 24")
    assert (
        lines[-1] == "Next: shaded bidding may go on; nothing that was checked speaks against it."
    )
    fen = replace(shown, unit=FEN_CPM)
    said = "+0.12 CNY surplus (95 % interval +0.020 to +0.23, rounded to 0.0010 CNY)"
    assert said in verdict_headline(fen)


def test_figures_of_the_tune_split_are_marked(shown: Verdict) -> None:
    lost, won = (line for line in verdict_lines(shown) if line.startswith("On the tune split"))
    assert lost == (
        "On the tune split, where it was chosen: +20.00 USD surplus over 10,000 auctions "
        "(95 % interval +10.00 to +30.00)."
    )
    assert "where it was chosen, with outcomes that the log leaves open taken as wins" in won
    nothing = compared(2e4, simultaneous_low=math.nan, simultaneous_high=math.nan)
    few = verdict_lines(replace(shown, tune=nothing))
    assert any("+20.00 USD surplus over 10,000 auctions, too little data" in line for line in few)
    assert not any("tune split, where" in line for line in verdict_lines(replace(
        shown, tune=None, tune_optimistic=None)))  # fmt: skip


def test_gates_of_both_splits_can_be_read(shown: Verdict) -> None:
    lines = verdict_lines(shown)
    assert "Drift on the tune split: pass. device moved most: stability index 0.010." in lines
    assert "Drift on the holdout: pass." in lines
    table = gates_table(replace(shown, gates=(SHOWN, MOVED, SEALED_SEGMENT)))
    assert list(table.columns) == ["Gate", "Split", "Status", "Reasons"]
    assert table.to_numpy().tolist() == [
        ["effect", "holdout", "pass", "Shown better."],
        ["drift", "tune", "needs a person", "device has moved."],
        ["worst segment", "holdout", "fail", ""],
    ]
    assert gates_table(replace(shown, gates=())).empty


def test_a_shown_effect_that_fails_a_gate_is_not_called_better(shown: Verdict) -> None:
    failed = replace(shown, status="fail", gates=(SHOWN, MOVED, SEALED_SEGMENT))
    assert verdict_headline(failed).startswith(
        "Shown better, but it fails worst segment on the holdout: shaded bidding against"
    )
    assert verdict_lines(failed)[-1] == (
        "Next: do not let it go live. Look at worst segment on the holdout; of the holdout only "
        "the status is told, so look at the same on newer rows."
    )


def test_a_doubt_names_what_a_person_must_look_at(shown: Verdict) -> None:
    stress = GateResult("stress", "needs a person", "tune", ("-5 % of the gain is left.",))
    doubted = replace(shown, status="needs a person", gates=(SHOWN, MOVED, stress))
    named = "drift on the tune split and stress on the tune split"
    assert f"Shown better, but a person must look at {named}: " in verdict_headline(doubted)
    assert verdict_lines(doubted)[-1] == f"Next: a person decides. Look at {named}."


def test_what_is_not_shown_tells_no_figure_of_the_holdout(silent: Verdict) -> None:
    assert verdict_headline(silent) == (
        "Not shown better: shaded bidding against logged bids. Look 3 of 200; the holdout could "
        "have shown +12.35 USD (80 % power)."
    )
    assert "(90 % power)" in verdict_headline(silent, power=0.9)
    assert "could have" not in verdict_headline(replace(silent, mde_cpm=None))
    assert "could have" not in verdict_headline(replace(silent, mde_cpm=math.inf))
    assert verdict_lines(silent)[1].startswith("On the holdout: no figure")


@pytest.mark.parametrize(
    ("difference", "auctions", "said"),
    [
        (1e4, 10_000, "needs about 15,000 auctions, 5,000 more than this one has."),
        (9e3, 10_000, "needs about 19,000 auctions, 9,000 more than this one has."),
        (2e4, 10_000, "large enough for an effect as on the tune split"),
        (-1e4, 10_000, "the tune split does not show the effect either"),
        (1e4, None, "another candidate, or a longer holdout."),
    ],
)
def test_after_a_no_the_tune_effect_says_what_would_help(
    silent: Verdict, difference: float, auctions: int | None, said: str
) -> None:
    asked = replace(silent, tune=compared(difference))
    assert said in verdict_lines(asked, auctions=auctions)[-1]


def test_a_look_that_failed_is_not_taken_for_an_answer(silent: Verdict) -> None:
    broken = replace(NOT_SHOWN, reasons=("It could not be scored on the holdout (ModelError).",))
    failed = replace(silent, gates=(broken, DRIFT))
    assert verdict_headline(failed).endswith("Look 3 of 200.")
    last = verdict_lines(failed, auctions=10_000)[-1]
    assert last.startswith("Next: find out why it could not be scored")


def test_before_a_look_it_says_what_one_could_show(unlooked: Verdict) -> None:
    assert verdict_headline(unlooked) == (
        "Not looked at yet: shaded bidding against logged bids. 198 of 200 looks are left; the "
        "next could show +12.35 USD (80 % power)."
    )
    lines = verdict_lines(unlooked, auctions=10_000)
    assert lines[0] == "Answer: none, the holdout was not looked at; status needs a person."
    assert not any(line.startswith("On the holdout") for line in lines)
    assert "No look was charged; 198 of 200 left. The next could say yes wrongly" in lines[-2]
    assert lines[-1].startswith("Next: a look, which is charged; an effect as on the tune split")
    small = replace(unlooked, tune=compared(5e3))
    assert "needs about 61,000 auctions" in verdict_lines(small, auctions=10_000)[-1]
    doubted = replace(unlooked, gates=(WAITS, MOVED))
    assert "Next: look at drift on the tune split first; then" in verdict_lines(doubted)[-1]
    spent = replace(unlooked, looks_left=0, share=0.0, mde_cpm=None)
    assert "its looks are used up" in verdict_lines(spent)[-1]


def test_what_fails_before_a_look_is_named(unlooked: Verdict) -> None:
    failed = replace(unlooked, status="fail", gates=(WAITS, SEGMENT, DRIFT))
    assert verdict_headline(failed) == (
        "Not looked at: shaded bidding against logged bids fails worst segment on the tune split. "
        "No look was charged; 198 of 200 looks are left."
    )
    assert "mend what fails (worst segment on the tune split)" in verdict_lines(failed)[-1]


def test_a_recorded_answer_says_that_it_was_not_charged_again(shown: Verdict) -> None:
    assert "no new look was charged" in verdict_lines(replace(shown, repeated=True))[0]


def test_other_questions_have_their_own_words(shown: Verdict, silent: Verdict) -> None:
    kept = replace(shown, question="not_worse")
    assert verdict_headline(kept).startswith("Not worse: shaded bidding against logged bids, +12")
    lost = replace(silent, question="not_worse")
    assert verdict_headline(lost).startswith("Not shown not worse: ")
    assert "an effect 12.35 USD above the loss that is allowed (80 % power)" in (
        verdict_headline(lost)
    )
    worse = replace(silent, question="worse", tune=compared(-1e4))
    assert "could have shown \N{MINUS SIGN}12.35 USD" in verdict_headline(worse)
    assert "needs about 15,000 auctions" in verdict_lines(worse, auctions=10_000)[-1]
    dropped = verdict_lines(replace(shown, question="worse"))[-1]
    assert dropped.startswith("Next: logged bids may go on")
