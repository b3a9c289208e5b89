"""What `kit demo` proposes beyond its choice: in the report, in the record, never in its way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kit.base.errors import LeakageError
from kit.data.sealed import SealedSplit
from kit.flow import demo_search
from kit.flow.choose import Candidate
from kit.flow.demo_search import propose_more, search_files
from kit.flow.describe_search import TITLE, search_facts, search_lines, search_section
from kit.flow.runs import Outcome
from kit.flow.search.store import SEARCH_FILE
from kit.flow.specs import DemoSpec


def quiet(line: str) -> None:
    """Say nothing."""


def test_the_demo_proposes_ranks_and_asks_once(demo: tuple[Path, Outcome]) -> None:
    out, outcome = demo
    said = outcome.summary["proposals"]
    assert [trial["number"] for trial in said["trials"]] == list(range(6))
    assert said["trials"][0]["tune_score"] == 0
    assert len(said["looks"]) <= 1
    assert any(line.startswith(TITLE) for line in outcome.lines)
    text = (out / "report.md").read_text()
    assert f"## {TITLE}" in text
    for trial in said["trials"]:
        assert trial["name"] in text


def test_the_search_lies_beside_the_report(demo: tuple[Path, Outcome]) -> None:
    out, outcome = demo
    (folder,) = out.glob("search_*")
    assert (folder / SEARCH_FILE).is_file()
    best = json.loads((folder / "best.json").read_text())
    names = [trial["name"] for trial in outcome.summary["proposals"]["trials"]]
    assert best["name"] in names


def test_no_proposal_is_no_section() -> None:
    assert (search_section(None), search_lines(None), search_facts(None)) == ([], [], None)
    assert search_files(None) == []


def test_what_keeps_a_search_from_beginning_is_told_and_the_demo_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sealed: SealedSplit
) -> None:
    def leaks(settings: object, say: object) -> None:
        raise LeakageError("target_proxy (y): told")

    monkeypatch.setattr(demo_search, "search_variants", leaks)
    chosen = Candidate("logged bids", "is what was bid")
    found = propose_more(sealed, chosen, DemoSpec(out=tmp_path), quiet)
    assert found == "target_proxy (y): told"
    (section,) = search_section(found)
    assert (section.lead, section.words) == ("Nothing could be proposed.", [found])
    assert search_lines(found) == [f"{TITLE}: {found}"]
    assert search_files(found) == []
