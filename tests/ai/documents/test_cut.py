"""Where documents are cut, and that every line is found again where it is said to stand."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kit
from kit.ai.documents.cut import HARD_LINES, HARD_SIGNS, cut_text
from kit.ai.documents.package import package_passages
from kit.ai.documents.passage import plain_text

LINES = st.sampled_from(["", "# A", "## B", "```", "- item", "| a | b |", "words " * 30, "x" * 900])


@settings(max_examples=80, deadline=None)
@given(st.lists(LINES, max_size=80), st.sampled_from(["a.md", "a.txt", "a.rst", "a.sql", "a.py"]))
def test_parts_are_small_in_order_and_hold_the_lines_they_name(lines: list[str], name: str) -> None:
    parts = cut_text(name, "\n".join(lines))
    last = 0
    for part in parts:
        assert last < part.first <= part.last
        assert part.text == "\n".join(lines[part.first - 1 : part.last])
        assert part.last - part.first < HARD_LINES
        assert len(part.text) <= max(HARD_SIGNS, 900)
        last = part.last
    kept = {line for part in parts for line in part.text.split("\n")}
    headings = {line for line in lines if line.startswith("#")}
    assert {line for line in lines if line.strip()} - headings <= kept


def test_headings_are_a_path_and_a_fence_holds_none() -> None:
    text = "# Top\n\n## One\na\n```sh\n# no heading\n```\n## Two\nb\n# Next\nc"
    found = [(part.title, part.first, part.last) for part in cut_text("a.md", text)]
    assert found == [("Top > One", 3, 7), ("Top > Two", 8, 9), ("Next", 10, 11)]


def test_restructured_text_and_python_have_heads_too() -> None:
    rst = "Title\n=====\n\na\n\nPart\n----\nb"
    assert [part.title for part in cut_text("a.rst", rst)] == ["Title", "Title > Part"]
    code = "import os\n\n\n@cached\ndef bid():\n    return 1\n\n\nclass Floor:\n    x = 1\n"
    found = [(part.title, part.first, part.last) for part in cut_text("a.py", code)]
    assert found == [("", 1, 1), ("bid", 4, 6), ("Floor", 9, 10)]
    assert cut_text("a.py", "def broken(:\n")[0].title == ""


def test_a_notebook_gives_its_cells_and_nothing_that_they_printed() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Floors\n", "why"]},
        {"cell_type": "code", "source": "bid\x1b = 1", "outputs": [{"text": "uplift 37.00"}]},
        {"cell_type": "raw"},
        "no cell",
    ]
    parts = cut_text("a.ipynb", json.dumps({"cells": cells}))
    found = [(part.first, part.last, part.title, part.text) for part in parts]
    assert found == [(1, 1, "Floors", "# Floors\nwhy"), (2, 2, "Floors", "bid = 1")]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 3}', "no JSON"])
def test_what_is_no_notebook_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        cut_text("a.ipynb", text)


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    text = plain_text("a\x0cb\u2028c\r\nd\re\x1b[31m\u202e\x00")
    assert text.split("\n") == ["ab\u2028c", "d", "e[31m"]


def test_the_package_is_cited_line_by_line() -> None:
    """Each passage of its own documents stands where it says, docstrings too."""
    passages = package_passages()
    assert {"README.md", "docs/rule.md", "prompts/README.md", "kit/bid/registry.py"} <= {
        each.name for each in passages
    }
    texts = {each.path: each.path.read_text(encoding="utf-8") for each in passages}
    lines_of = {path: plain_text(text).split("\n") for path, text in texts.items()}
    for each in passages:
        if each.path.suffix != ".ipynb":
            lines = lines_of[each.path]
            assert each.part.text == "\n".join(lines[each.part.first - 1 : each.part.last])
    documented = {each.part.title.split(".")[1] for each in passages if each.name[-3:] == ".py"}
    assert documented <= set(kit.__all__)
    assert len(documented) > 0.8 * len(kit.__all__)
    assert any(each.place == "notebooks/09_ask_the_data.ipynb:cell 1" for each in passages)
