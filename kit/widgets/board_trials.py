"""The trials of a search as the variant board shows them: as a tree, or the best first."""

from __future__ import annotations

import html
import math

from kit.base.units import PriceUnit
from kit.flow.board import Board
from kit.flow.search.record import SearchRecord, ended
from kit.flow.search.tree import Branch
from kit.flow.standing import Order
from kit.report.figures import short
from kit.report.numbers import ABSENT, money
from kit.variant.trial import Trial

HEADER = ["Trial", "How it ended", "Tune, for 1,000 auctions", "Cost", "Proposed by",
          "Why it should be better"]  # fmt: skip
_LONGEST_NAME = 44
_TALLEST_PX = 640
_WIDTHS = {1: 140, 2: 70, 3: 90, 4: 70, 5: 190}
"""Least width of the columns that wrap, in pixels."""


def trial_rows(board: Board, order: Order) -> list[list[str]]:
    """Return a row a trial: the best first, or with ``lineage`` as a tree."""
    record = board.record
    if record is None:
        return []
    here = {board.baseline.spec.name, *board.names}
    return [_row(branch, record, board.unit, here) for branch in _ordered(record, order)]


def _ordered(record: SearchRecord, order: Order) -> list[Branch]:
    if order == "lineage":
        return record.branches
    ranked = sorted(record.trials, key=lambda trial: (not trial.ranks, -_score(trial)))
    return [Branch(trial, "", 0) for trial in ranked]


def _score(trial: Trial) -> float:
    return -math.inf if trial.score is None else trial.score


def _row(branch: Branch, record: SearchRecord, unit: PriceUnit, here: set[str]) -> list[str]:
    trial = branch.trial
    name = record.names[trial.number]
    room = max(_LONGEST_NAME - len(branch.guide), 24)
    score = ABSENT if trial.score is None else money(trial.score, unit.currency, sign=True)
    cost = record.costs.get(trial.number)
    return [
        f"{branch.guide}{trial.number}. {short(name, room)}",
        ended(trial, on_board=name in here),
        score,
        ABSENT if cost is None else str(cost),
        trial.spec.proposer,
        trial.spec.hypothesis or ABSENT,
    ]


def _style(place: int) -> str:
    """Return how a column is set: numbers to the right, words to the left and wrapped."""
    if place not in _WIDTHS:
        return ""
    side = "right" if place == 2 else "left"
    return (
        f'style="text-align:{side};white-space:normal;line-height:1.4;min-width:{_WIDTHS[place]}px"'
    )


def trials_html(board: Board, order: Order) -> str:
    """Return the trials as an HTML table; empty where the board shows no search."""
    rows = trial_rows(board, order)
    if not rows:
        return ""
    head = "".join(
        f'<th scope="col" {_style(place)}>{html.escape(name)}</th>'
        for place, name in enumerate(HEADER)
    )
    body = "".join(
        f'<tr><th scope="row">{html.escape(row[0])}</th>'
        + "".join(
            f"<td {_style(place)}>{html.escape(cell)}</td>"
            for place, cell in enumerate(row[1:], start=1)
        )
        + "</tr>"
        for row in rows
    )
    count = f"All {len(rows)} trials of the search"
    said = "as a tree: each below the one that it changes" if order == "lineage" else (
        "those that can be chosen first, the best on tune at the top"
    )  # fmt: skip
    return (
        f'<p class="kit-caption"><b>{count}</b>, {said}.</p>'
        f'<div style="max-height:{_TALLEST_PX}px;overflow:auto" tabindex="0" '
        f'aria-label="{count}"><table class="kit-table kit-trials"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
