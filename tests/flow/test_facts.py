"""The facts of findings: what is in them, and that no holdout figure is that was not released."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.flow.facts import facts_of, verdict_of
from kit.flow.findings import RESULT, Findings
from kit.flow.runs import Outcome
from kit.report.facts import Fact
from tests.flow.made_findings import NAN, Side, made_findings, made_verdict


def by_name(facts: list[Fact]) -> dict[tuple[str, str], Fact]:
    return {(fact.name, fact.of): fact for fact in facts}


def test_money_is_in_currency_and_differences_are_candidate_less_baseline() -> None:
    facts = by_name(facts_of(made_findings(made_verdict())))
    assert facts["surplus, tune split", "candidate"].value == pytest.approx(84.717)
    moved = facts["difference in spend, tune split", "difference"]
    assert moved.value == pytest.approx(43.734 - 133.701)
    assert moved.unit == "USD"
    assert facts["eCPM, tune split", "baseline"].value == pytest.approx(133_701 / 23_921)
    assert facts["eCPM, tune split", "baseline"].unit == "USD CPM"
    assert facts["difference in surplus, low end", "difference"].value == pytest.approx(11.0)


def test_a_holdout_figure_is_a_fact_only_where_the_verdict_releases_it() -> None:
    shown = facts_of(made_findings(made_verdict()))
    assert any(fact.of == "difference" and not fact.is_tune for fact in shown)
    for verdict in (None, made_verdict(shown=False, status="fail"), made_verdict(effect=None)):
        told = facts_of(made_findings(verdict))
        assert all(fact.is_tune for fact in told if fact.of not in ("data", "look"))


def test_what_does_not_exist_is_left_out() -> None:
    nobody = Side(0.0, 0.0, 0.0, 0, 0)
    facts = by_name(facts_of(made_findings(None, candidate=nobody, interval=NAN, tried=None)))
    assert ("CPC, tune split", "candidate") not in facts
    assert ("CPC, tune split", "baseline") in facts
    assert ("difference in surplus, low end, tune split", "difference") not in facts
    assert ("settings tried", "data") not in facts


def test_ids_are_in_order_and_names_are_told_apart() -> None:
    facts = facts_of(made_findings(made_verdict()))
    assert [fact.id for fact in facts] == [f"F{number}" for number in range(1, len(facts) + 1)]
    assert len(by_name(facts)) == len(facts)


def test_the_demos_facts(demo: tuple[Path, Outcome]) -> None:
    findings = Findings.load(demo[0] / RESULT)
    facts = by_name(facts_of(findings))
    totals = findings.totals["policy"]
    assert facts["clicks, tune split", "candidate"].value == totals["clicks"]
    assert verdict_of(findings) is not None
