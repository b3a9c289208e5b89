"""The write-up: self-contained, escaped, whole, and saying what the comparison says."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from kit.base.errors import DataError
from kit.base.units import FEN_CPM
from kit.report.facts import Fact
from kit.report.narrative import Narrative, Struck
from kit.report.numbers import ABSENT, count, money, percent
from kit.report.parts import DataFacts, ReportFigure, Reproduce, Table
from kit.report.tables import difference_table
from kit.report.wording import UNSEALED, headline
from kit.report.writeup import Writeup, escape_markdown
from kit.validate.comparison import Decision, MetricDifference
from kit.validate.verdict import Effect, GateResult, Verdict, worst

HOSTILE = '<script>alert(\'x\')</script> [a](javascript:b) |$x$ "q" onload="y" `z`'
VOID = {"meta", "br", "img", "link"}


class Page(HTMLParser):
    """Collects tags, ids and attributes, and checks that tags close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.ids.update(value for name, value in attrs if name == "id" and value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile_narrative() -> Narrative:
    fact = Fact("F1", HOSTILE, 5.0, "USD", "candidate")
    return Narrative(
        HOSTILE, (f"{HOSTILE} 5 USD [F1].",), (fact,), (Struck(HOSTILE, HOSTILE),), HOSTILE
    )


def hostile(writeup: Writeup) -> Writeup:
    """The same write-up with hostile text wherever text goes."""
    table = Table(HOSTILE, pd.DataFrame({HOSTILE: [HOSTILE], "n": [1]}), HOSTILE)
    figure = replace(writeup.figures[1], title=HOSTILE, caption=HOSTILE, alt=HOSTILE)
    comparison = replace(writeup.comparison, reasons=(HOSTILE,), block_kind=HOSTILE)
    data = DataFacts(HOSTILE, HOSTILE, 5, HOSTILE, FEN_CPM, {HOSTILE: 3}, 0, (HOSTILE,))
    return Writeup(
        title=HOSTILE, question=HOSTILE, policy=HOSTILE, baseline=HOSTILE, comparison=comparison,
        data=data, method=(HOSTILE,), results=table, figures=(figure,), diagnostics=(table,),
        limits=(HOSTILE,), narrative=hostile_narrative(),
        reproduce=Reproduce(f"kit {HOSTILE} ```", {HOSTILE: HOSTILE}, 1),
        generated_at=HOSTILE,
    )  # fmt: skip


def test_one_file_below_a_megabyte_without_any_address(writeup: Writeup) -> None:
    text = writeup.to_html()
    assert len(text.encode()) < 1_000_000
    assert not re.search(r"https?:|//\w|@import|xmlns|<!ENTITY|javascript:", text)
    page = Page(text)
    assert not page.open
    assert not {"script", "link", "img", "image", "iframe", "object", "form"} & set(page.tags)
    loads = [value for _, name, value in page.attributes if name in ("src", "href", "xlink:href")]
    assert all(value and value.startswith("#") for value in loads)
    assert "default-src 'none'" in text


def test_inlined_figures_do_not_clash_and_have_text_alternatives(writeup: Writeup) -> None:
    page = Page(writeup.to_html())
    assert page.tags["svg"] == len(writeup.figures) == page.tags["figcaption"]
    assert max(page.ids.values()) == 1
    referred = {value for _, name, value in page.attributes if name == "href"}
    assert {value[1:] for value in referred if value} <= set(page.ids)
    labels = [value for _, name, value in page.attributes if name == "aria-label"]
    assert [figure.alt for figure in writeup.figures] == labels[1:]


def test_headings_go_down_one_level_at_a_time(writeup: Writeup) -> None:
    levels = [int(level) for level in re.findall(r"<h(\d)", writeup.to_html())]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize(
    ("decision", "css"), [("better", "better"), ("worse", "worse"), ("cannot conclude", "open")]
)
def test_the_verdict_comes_first_in_its_colour(
    decision: Decision, css: str, writeup: Writeup
) -> None:
    changed = replace(writeup, comparison=replace(writeup.comparison, decision=decision))
    text = changed.to_html()
    body = text[text.index("<body>") :]
    assert f'class="answer {css}"' in body
    assert body.index('class="answer') < body.index("<table")
    assert f"## Comparison: {decision.capitalize()}" in changed.to_markdown()


def test_a_comparison_is_not_called_a_verdict(writeup: Writeup) -> None:
    for text in (writeup.to_html(), writeup.to_markdown()):
        assert text.lower().count("verdict") == 1
        assert UNSEALED in text


def test_the_headline_is_the_verdicts_own_numbers(writeup: Writeup) -> None:
    row = writeup.comparison.first
    low, high = (money(FEN_CPM.money(end), "", True)
                 for end in (row.simultaneous_low, row.simultaneous_high))  # fmt: skip
    gain = money(FEN_CPM.money(row.difference), "CNY")
    assert writeup.comparison.decision == "better"
    for text in (Page(writeup.to_html()).text, writeup.to_markdown()):
        assert f"Lin earns {gain} more surplus than mcpc" in text
        assert f"(95 % interval: {low} to {high} CNY)" in text
        assert "180,000" in text  # holdout rows, thousands apart
        assert "kit demo --seed 7 --out out/" in text
        assert f"{writeup.comparison.blocks} independent units" in text
        assert "all 3 comparisons together" in text


def test_hostile_text_is_shown_and_never_obeyed(writeup: Writeup) -> None:
    calm, bad = replace(writeup, narrative=NARRATIVE), hostile(writeup)
    page = Page(bad.to_html())
    assert "script" not in page.tags
    assert set(page.tags) <= set(Page(calm.to_html()).tags)
    assert not any(name.startswith("on") for _, name, _ in page.attributes)
    assert HOSTILE in page.text
    labels = [value for _, name, value in page.attributes if name == "aria-label"]
    assert HOSTILE in labels
    text = bad.to_markdown()
    outside = text.replace(bad.reproduce.command, "")
    assert "<script" not in outside
    assert "[a](" not in outside
    assert f"````\n{bad.reproduce.command}\n````" in text
    rows = [line for line in outside.splitlines() if line.startswith("| ")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) in (3, 5, 9) for row in rows)


def test_markdown_links_its_figures(writeup: Writeup, tmp_path: Path) -> None:
    paths = writeup.write(tmp_path / "out")
    assert paths[0] == tmp_path / "out" / "report.html"
    assert all(path.is_file() for path in paths)
    text = (tmp_path / "out" / "report.md").read_text()
    links = re.findall(r"!\[.*?\]\((.*?)\)", text)
    assert len(links) == len(writeup.figures) == len(list((tmp_path / "out" / "figures").iterdir()))
    assert all((tmp_path / "out" / link).read_text().startswith("<svg") for link in links)
    assert not re.search(r"https?:", text)
    assert not any(path.name.startswith(".") for path in (tmp_path / "out").rglob("*"))


def test_writing_twice_gives_the_same_bytes(writeup: Writeup, tmp_path: Path) -> None:
    first = {path.name: path.read_bytes() for path in writeup.write(tmp_path)}
    assert first == {path.name: path.read_bytes() for path in writeup.write(tmp_path)}


def test_a_page_of_a_megabyte_is_refused_before_anything_is_written(
    writeup: Writeup, tmp_path: Path
) -> None:
    huge = ReportFigure("big", "", "", f"<svg>{'x' * 1_000_000}</svg>")
    with pytest.raises(DataError, match="must be below 1,000,000"):
        replace(writeup, figures=(huge,)).write(tmp_path)
    assert not list(tmp_path.iterdir())


def test_amounts_without_an_interval_are_a_dash(writeup: Writeup) -> None:
    nan = math.nan
    row = MetricDifference("surplus", 9e5, 5e5, 4e5, nan, nan, nan, nan, 1e5, nan)
    clicks = MetricDifference("clicks", 90, 50, 40, 1, 79, -3, 83, 12, 50)
    comparison = replace(writeup.comparison, rows=(row, clicks), decision="cannot conclude")
    table = difference_table(comparison, FEN_CPM, "same", "same")
    assert table.body[0] == (
        "surplus (CNY)",
        "9.00",
        "5.00",
        "+4.00",
        "+80.0 %",
        ABSENT,
        ABSENT,
        ABSENT,
    )
    assert table.body[1][3:] == ("+40", "+80.0 %", "+1 to +79", "\N{MINUS SIGN}3 to +83", "50")
    assert table.header[1:3] == ("same", "same")
    words = headline(comparison, "a", "b", FEN_CPM)
    assert words.startswith("These data do not tell a from b. As seen, a earns 4.00 CNY more")
    assert "interval" not in words


def test_spend_is_worded_as_spending(writeup: Writeup) -> None:
    row = MetricDifference("spend", 5e5, 9e5, -4e5, -7e5, -1e5, -7.5e5, -5e4, 1e5, 3e5)
    words = headline(replace(writeup.comparison, rows=(row,)), "a", "b", FEN_CPM)
    assert words.startswith("A spends 4.00 CNY less than b over the ")


def test_tables_align_numbers_and_refuse_to_be_long() -> None:
    frame = pd.DataFrame({"name": ["a", "b"], "n": [1234.0, math.nan], "ok": [True, False]})
    table = Table("t", frame)
    assert table.numeric == (False, True, False)
    assert table.body[0] == ("a", "1,234", "True")
    assert Table("empty", frame[:0]).body == ()
    with pytest.raises(DataError, match="101 rows"):
        Table("t", pd.DataFrame({"n": range(101)}))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1. first", r"1\. first"),
        ("1.5 % of", "1.5 % of"),
        ("# head", r"\# head"),
        ("- item", r"\- item"),
        ("+2.5", "+2.5"),
        ("--- ", r"\---"),
        ("_a_b_", r"\_a_b\_"),
        ("two\nlines", "two lines"),
        ("a & <b>", "a &amp; &lt;b&gt;"),
    ],
)
def test_markdown_is_escaped_only_where_it_must_be(text: str, shown: str) -> None:
    assert escape_markdown(text) == shown


def test_numbers_read_well() -> None:
    assert money(0.0, "CNY") == "0.00 CNY"
    assert money(-0.004, "CNY") == "\N{MINUS SIGN}0.0040 CNY"
    assert money(123_456.7, "CNY") == "123,457 CNY"
    assert count(0.000012) == "1.2e-05"
    assert count(1e9, sign=True) == "+1,000,000,000"
    assert percent(math.nan) == ABSENT
    assert count(-5) == "\N{MINUS SIGN}5"


GATES = (
    GateResult("effect", "pass", "holdout", ("Shown better.",)),
    GateResult("drift", "needs a person", "tune", ("device has moved.",)),
)
VERDICT = Verdict(
    "better", True, worst(GATES), GATES, "shaded", "logged", "a", "b", "c", look=2, looks_left=198,
    share=0.009, effect=Effect(4e5, 1e5, 7e5, 1e4, 0.95, 24, 10_000),
)  # fmt: skip


def test_a_verdict_comes_before_the_figures_of_the_tune_split(writeup: Writeup) -> None:
    asked = replace(writeup, split="tune", verdict=VERDICT)
    for text in (asked.to_html(), asked.to_markdown()):
        verdict, figures = text.index("Verdict: better"), text.index("Tune split: Better")
        assert verdict < text.index("400.00 USD") < figures
        assert verdict < text.index("What was checked") < text.index("device has moved.")
        assert UNSEALED not in text
    assert '<section class="answer open" aria-label="Verdict">' in asked.to_html()


def test_why_there_is_no_verdict_is_said(writeup: Writeup) -> None:
    asked = replace(writeup, split="tune", no_verdict="holdout: has 2 clicks; needs 30.")
    for text in (asked.to_html(), asked.to_markdown()):
        assert text.index("No verdict") < text.index("holdout: has 2 clicks") < text.index("Tune s")
        assert "What was checked" not in text


NARRATIVE = Narrative(
    "scripted",
    (
        "It made 5.00 USD [F1], the other 4.00 USD [F2].",
        "That was chosen on the tune split [F1, F3].",
    ),
    (
        Fact("F1", "surplus, tune split", 5.0, "USD", "candidate"),
        Fact("F2", "difference in surplus", 4.0, "USD", "difference"),
        Fact("F3", "auctions", 7.0, "count", "data"),
        Fact("F4", "not cited", 9.0, "count", "data"),
    ),
    (Struck("It doubled.", "doubled: a ratio or rough number, which no fact gives"),),
)


def test_a_narrative_is_shown_with_its_facts_and_what_was_struck(writeup: Writeup) -> None:
    html = replace(writeup, narrative=NARRATIVE).to_html()
    page = Page(html)
    assert "It made 5.00 USDF1, the other 4.00 USDF2." in page.text
    linked = {value for tag, name, value in page.attributes if (tag, name) == ("a", "href")}
    assert linked == {"#fact-F1", "#fact-F2", "#fact-F3"}
    assert all(page.ids[name.removeprefix("#")] == 1 for name in linked if name)
    assert "difference in surplus, holdout" in page.text
    assert "not cited" not in page.text
    assert "<s>It doubled.</s>" in html
    assert page.tags["details"] == 1


def test_a_narrative_in_markdown(writeup: Writeup) -> None:
    text = replace(writeup, narrative=NARRATIVE).to_markdown()
    assert "It made 5.00 USD \\[F1\\], the other 4.00 USD \\[F2\\]." in text
    assert "| F1 | surplus, tune split | candidate | 5.00 USD |" in text
    assert '- "It doubled." doubled: a ratio' in text
    assert text.index("## In words") < text.index("## Results") < text.index("## Facts behind")


def test_no_narrative_no_section(writeup: Writeup) -> None:
    assert "In words" not in writeup.to_html() + writeup.to_markdown()
