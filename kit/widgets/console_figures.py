"""What the SQL console draws: tables of what was asked, checked and answered."""

from __future__ import annotations

import html
from collections.abc import Sequence

import pandas as pd

from kit.ai.sql_draft import Answered
from kit.flow.console import Ruling
from kit.flow.console_words import read_as, scan_words, size_words
from kit.report.answer_figure import answer_picture
from kit.report.answer_table import readable_cells
from kit.report.figures import short
from kit.widgets.panel import markdown_code, markdown_table

MOST_ROWS = 20
"""Rows that are shown; `frame` has all of them."""

_TITLES = {"row_count": "Rows", "nulls": "Nulls", "grain": "Grain", "totals": "Totals"}
_PLAIN = str.maketrans({
    "|": "/", "\n": " ", "`": "'",
    "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
    ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
})  # fmt: skip
_LONGEST_DRAFT = 400


def guard_html(ruling: Ruling | None) -> str:
    """Return what the guard said of the SQL in the box when it was last drafted or run."""
    if ruling is None:
        return ""
    word, rest = ruling.words.split(maxsplit=1)
    mark = "" if ruling.ok else ' class="kit-check"'
    return f"Guard: <b{mark}>{html.escape(word)}</b> {html.escape(rest)}"


def facts_html(done: Answered | None) -> str:
    """Return who drafted, how the question was read, what was to be scanned, and what failed."""
    if done is None:
        return ""
    unanswered = done.question if done.answer is None else ""  # the rows shown are of another one
    rows = [
        ("Question", html.escape(unanswered)),
        ("Drafted by", html.escape(done.by)),
        ("Read as", "<br>".join(map(html.escape, read_as(done)))),
        ("Nearest", html.escape(", ".join(done.nearest))),
        ("Scan estimate", html.escape(scan_words(done))),
    ]
    rows += [
        (f"Failed draft {number}", _draft(attempt.sql, attempt.failure))
        for number, attempt in enumerate(done.attempts, start=1)
    ]
    return _pairs([row for row in rows if row[1]])


def _draft(sql: str, failure: str) -> str:
    shown = html.escape(short(sql, _LONGEST_DRAFT))
    return f"<code>{shown}</code><br><b>Why:</b> {html.escape(failure)}"


def _pairs(rows: Sequence[tuple[str, str]]) -> str:
    if not rows:
        return ""
    body = "".join(
        f'<tr><th scope="row" style="vertical-align:top">{html.escape(name)}</th>'
        f'<td style="text-align:left;white-space:normal">{text}</td></tr>'
        for name, text in rows
    )
    return f'<table class="kit-table kit-facts"><tbody>{body}</tbody></table>'


def checks_html(done: Answered) -> str:
    """Return the sanity checks; what a person must look at stands out by more than its colour."""
    found: dict[str, list[str]] = {}
    for finding in done.findings:
        mark = "ok" if finding.ok else '<b class="kit-check">CHECK</b>'
        lines = found.setdefault(_TITLES.get(finding.check, finding.check), [])
        lines.append(f"{mark}: {html.escape(finding.words)}")
    return _pairs([(title, "<br>".join(lines)) for title, lines in found.items()])


def caption(done: Answered) -> str:
    """Return what the rows below answer, how many they are, and how fast they came."""
    asked = f"“{short(done.question, 120)}”" if done.question else "Your SQL"
    shown = 0 if done.answer is None else len(done.answer.frame)
    first = f"; the first {MOST_ROWS} are shown" if shown > MOST_ROWS else ""
    return f"{asked}: {size_words(done)}{first}."


def rows_html(frame: pd.DataFrame) -> str:
    """Return the first rows as a table: numbers to the right, words to the left."""
    cells = readable_cells(frame, MOST_ROWS)
    side = [f"text-align:{'left' if at in cells.words else 'right'}"
            for at in range(len(cells.header))]  # fmt: skip
    head = "".join(
        f'<th scope="col" style="{style};font-weight:600">{html.escape(name)}</th>'
        for name, style in zip(cells.header, side, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="{style}">{html.escape(cell)}</td>'
            for cell, style in zip(row, side, strict=True)
        )
        + "</tr>"
        for row in cells.rows
    )
    return (
        f'<div class="kit-rows"><table class="kit-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def console_twin(done: Answered | None, sql: str, ruling: Ruling | None) -> tuple[str, str]:
    """Return the answer as a picture, and all of the panel as Markdown."""
    if done is None or done.answer is None:
        guard = ruling.words if ruling is not None else "nothing was asked yet"
        table = markdown_table(["Console", "Now"], [["Guard", _plain(guard)]])
        return answer_picture(pd.DataFrame()), f"As it was when the cell ran.\n\n{table}\n"
    cells = readable_cells(done.answer.frame, MOST_ROWS)
    blocks = [
        f"As it was when the cell ran. {_plain(caption(done))}",
        markdown_code(sql),
        _markdown(list(cells.header), [list(row) for row in cells.rows]),
        *(f"**{name}**: {_plain(text)}" for name, text in _facts(done)),
    ]
    return answer_picture(done.answer.frame), "\n\n".join(blocks) + "\n"


def _facts(done: Answered) -> list[tuple[str, str]]:
    """Return the checks, who drafted, how the question was read, and what failed before."""
    found = [(_TITLES.get(one.check, one.check), f"{'ok' if one.ok else 'CHECK'}: {one.words}")
             for one in done.findings]  # fmt: skip
    found += [("Drafted by", done.by)] + [("Read as", text) for text in read_as(done)]
    found += [("Scan estimate", scan_words(done))] if done.estimate is not None else []
    return found + [
        (f"Failed draft {number}", f"{short(one.sql, 100)}: {one.failure}")
        for number, one in enumerate(done.attempts, start=1)
    ]


def _plain(text: str) -> str:
    """Take out of a text what would end a cell, or begin a tag or code."""
    return text.translate(_PLAIN)


def _markdown(header: list[str], rows: list[list[str]]) -> str:
    safe = [[_plain(cell) for cell in line] for line in (header, *rows)]
    return markdown_table(safe[0], safe[1:])
