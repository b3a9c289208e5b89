"""Each rule of the checker by itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.ai.narrative.check import check_narrative
from kit.base.errors import DataError
from kit.report.facts import Fact
from kit.validate.verdict import GateResult, Verdict

FACTS = (
    Fact("F1", "surplus", 1_234.5, "CNY", "baseline"),
    Fact("F2", "surplus", 1_434.5, "CNY", "candidate"),
    Fact("F3", "difference in win rate", -0.021, "share", "difference"),
    Fact("F4", "label maturity wait", 72.0, "hours", "data"),
    Fact("F5", "auctions", 1_234_567.0, "count", "data"),
    Fact("F6", "eCPM", 3.4, "CNY CPM", "candidate"),
    Fact("F7", "difference in surplus, low end", 90.0, "CNY", "difference"),
    Fact("F8", "difference in surplus, high end", 310.0, "CNY", "difference"),
)
GATES = (GateResult("drift", "pass", "tune"),)


def verdict(shown: bool = True) -> Verdict:
    status = "pass" if shown else "fail"
    return Verdict(
        "better", shown, status, GATES, "policy 2", "logged bids", "a", "b", "c", 1, 9, 0.1
    )


def reason(text: str, *, shown: bool = True) -> str:
    struck = check_narrative(text, FACTS, verdict(shown)).struck
    return struck[0].reason if struck else ""


@pytest.mark.parametrize(
    "text",
    [
        "Surplus was 1,435 CNY [F2].",
        "Surplus was 1.43k CNY [F2].",
        "Surplus was 143,450 fen [F2].",
        "Labels had three days [F4] to mature.",
        "The log has 1.2 million auctions [F5].",
        "The log has about 1,230,000 auctions [F5].",
        "Win rate fell by 2.1 percentage points [F3].",
        "Policy 2 earned 1,434.50 CNY [F2].",
        "- Surplus: 1,434.50 CNY [F2].",
        "Surplus rose [F1, F2].",
    ],
)
def test_rounding_scale_and_unit(text: str) -> None:
    assert reason(text) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Surplus was 1,436 CNY [F2].", "does not match"),
        ("Surplus was 1,435 USD [F2].", "not in USD"),
        ("Surplus was 1,435 CNY CPM [F2].", "thousand"),
        ("Surplus was 1,435 CNY.", "cites no fact"),
        ("Surplus was -1,435 CNY [F2].", "other sign"),
        ("Surplus was 1,435 CNY [F9].", "no such fact"),
        ("Surplus was 0 CNY [F2].", "does not match"),
        ("Labels had 72 days [F4] to mature.", "does not match"),
        ("The log has 1,230,000 auctions [F5].", "does not match"),
        ("Win rate fell by 2.1 % [F3].", "percentage points"),
        ("Surplus doubled [F1][F2].", "ratio"),
        ("The log has 1,234,567 clicks [F5].", "not of clicks"),
        ("The log has 1,234,567 [F5] clicks.", "not of clicks"),
        ("It is 3.40 CNY [F6] per click.", "a price for a thousand"),
    ],
)
def test_numbers_that_do_not_match(text: str, why: str) -> None:
    assert why in reason(text)


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        ("Surplus rose [F1][F2].", False),
        ("Surplus fell [F1][F2].", True),
        ("Surplus did not rise [F1][F2].", True),
        ("The baseline had the lower surplus [F1][F2].", False),
        ("The baseline had the higher surplus [F1][F2].", True),
        ("Surplus went from 1,234.5 CNY [F1] up to 1,434.5 CNY [F2].", False),
        ("The win rate was cut by 2.1 points [F3].", False),
        ("The win rate gained 2.1 points [F3].", True),
        ("Surplus rose [F1][F2]. So did the win rate [F3].", True),
        ("Surplus went from 1,234.5 CNY [F1] to 1,434.5 CNY [F2].", False),
        ("Surplus went from 1,434.5 CNY [F2] to 1,234.5 CNY [F1].", True),
        ("Part of the interval is negative [F7][F8].", True),
        ("Both ends are gains [F7][F8].", False),
        ("The gain is at least 90 CNY [F7].", False),
        ("The gain is at most 90 CNY [F7].", True),
        ("At worst it is 90 CNY [F7].", False),
        ("At worst it is 310 CNY [F8].", True),
    ],
)
def test_comparisons(text: str, struck: bool) -> None:
    assert bool(reason(text)) is struck


def test_a_side_is_not_given_the_other_sides_number() -> None:
    assert "baseline's" in reason("The candidate's surplus was 1,234.50 CNY [F1].")


def test_a_figure_of_the_tune_split_needs_to_be_called_so() -> None:
    facts = [Fact("F1", "surplus, tune split", 5.0, "USD", "candidate")]
    kept = check_narrative("On the tune split it earned 5 USD [F1].", facts, None).kept
    struck = check_narrative("It earned 5 USD [F1].", facts, None).struck
    assert kept
    assert "tune split" in struck[0].reason


def test_what_is_shown_may_be_said_and_no_more() -> None:
    assert reason("The holdout shows that policy 2 is better.") == ""
    assert reason("Policy 2 is better.", shown=False)
    assert reason("A gain was not shown.", shown=False) == ""
    assert reason("A gain was not shown.")
    assert reason("Policy 2 will always be better.")
    assert reason("Drift failed.")


def test_the_text_comes_back_without_citations() -> None:
    checked = check_narrative("Surplus was 1,435 CNY [F2]. It will rise.", FACTS, verdict())
    assert checked.text == "Surplus was 1,435 CNY."
    assert [one.text for one in checked.struck] == ["It will rise."]


WORDS = """surplus rose 12 [F1] [F9] % USD k not better the candidate . , ; margin at most from to
- + 1,000 gate failed status verdict: twenty-two holdout tune interval"""
MIXED = st.lists(st.sampled_from(WORDS.split()), max_size=25).map(" ".join)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.one_of(st.text(max_size=80), MIXED))
def test_any_text_is_kept_or_struck_whole(text: str) -> None:
    checked = check_narrative(text, FACTS, verdict())
    pieces = [*checked.kept, *(one.text for one in checked.struck)]
    assert sorted("".join(text.split())) == sorted("".join("".join(pieces).split()))
    assert all(one.reason for one in checked.struck)


def test_no_verdict_no_claim() -> None:
    assert check_narrative("The candidate is better.", FACTS, None).struck
    assert check_narrative("", FACTS, None).kept == ()


@pytest.mark.parametrize("bad", ["1", "F0", "[F1]", "f1"])
def test_an_id_is_f_and_a_number(bad: str) -> None:
    with pytest.raises(DataError, match="Pass 'F1'"):
        Fact(bad, "surplus", 1.0, "USD", "candidate")


@pytest.mark.parametrize(
    "name",
    [
        "CPC, candidate, tune split",
        "candidate CPC (tune split)",
        "tune split CPC of the candidate",
        "cost per click, tuning",
    ],
)
def test_the_name_of_a_fact_is_read_in_any_order(name: str) -> None:
    facts = [Fact("F1", name, 0.5, "USD", "candidate")]
    assert check_narrative("On the tune split CPC was 0.50 USD [F1].", facts, verdict()).kept
    assert check_narrative("CPC was 0.50 USD [F1].", facts, verdict()).struck
    assert check_narrative("On the tune split CTR was 0.50 USD [F1].", facts, verdict()).struck


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        ("The incumbent's surplus was 1,234.50 CNY [F1].", False),
        ("The challenger's surplus was 1,234.50 CNY [F1].", True),
        ("It isn't shown that it will last.", False),
        ("The candidate isn’t worse.", False),  # noqa: RUF001
        ("Is it better?", False),
        ("Thanks for the question!", False),
    ],
)
def test_roles_contractions_and_courtesies(text: str, struck: bool) -> None:
    assert bool(reason(text)) is struck
