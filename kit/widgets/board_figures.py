"""What the variant board draws: its tables, and the chart of tune effects."""

from __future__ import annotations

import html
import math
from collections.abc import Collection, Sequence

import pandas as pd
import plotly.graph_objects as go

from kit.base.units import PriceUnit
from kit.flow.board import Board
from kit.flow.standing import Standing
from kit.report.difference_figures import segment_differences
from kit.report.figures import short
from kit.report.numbers import ABSENT, count, money
from kit.report.verdict_words import detectable, gates_table, next_step, verdict_headline
from kit.validate.verdict import Verdict
from kit.widgets.board_trials import HEADER, trial_rows
from kit.widgets.panel import BLUE, ORANGE, figure, figure_layout, markdown_table

GREY = "#6b7280"
_LONGEST_NAME = 40
_ROW_PX = 26
_WRAPS, _KEEPS = "white-space:normal;line-height:1.4;min-width:76px", "white-space:nowrap"
_SILENT = "Only the status is told."
_PLAIN = str.maketrans("|<>\n", "/() ")


def board_rows(rows: Sequence[Standing], indented: bool) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the candidates; `indented` shows who changes whom.

    What a search paid for them is a column where one built them.
    """
    header = ["Candidate", "Tune: surplus", "Tune: interval", "Tune: gates", "Verdict",
              "Changes", "Proposed by"]  # fmt: skip
    shown = [_board_row(row, indented) for row in rows]
    if any(row.cost is not None for row in rows):
        header.append("Cost")
        shown = [[*cells, str(row.cost or ABSENT)] for row, cells in zip(rows, shown, strict=True)]
    return header, shown


def _board_row(row: Standing, indented: bool) -> list[str]:
    currency = row.preview.unit.currency
    name = _guide(row.depth) + row.name if indented else row.name
    spec = row.variant.spec
    return [
        name, money(row.money[0], currency, sign=True), _interval(row), row.tune_status, row.answer,
        row.parent or ABSENT, spec.proposer,
    ]  # fmt: skip


def _guide(depth: int) -> str:
    """Return the line that leads to a candidate from the one that it changes."""
    return "\N{NO-BREAK SPACE}" * 4 * (depth - 1) + "└─\N{NO-BREAK SPACE}" if depth else ""


def _interval(row: Standing) -> str:
    """Return the interval on tune; a dash where the split cannot support one."""
    low, high = (money(end, "", sign=True) for end in row.money[1:])
    return ABSENT if ABSENT in (low, high) else f"{low} to {high} {row.preview.unit.currency}"


def wide_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    words: Collection[int] = (),
    wrapped: Collection[int] = (),
    marked: int | None = None,
) -> str:
    """Return an HTML table whose columns of words read from the left.

    Parameters
    ----------
    header, rows : sequences of str
        The first column names its row.
    words, wrapped : collection of int
        Columns of words, and those of them that may wrap.
    marked : int, optional
        The row that is selected: it says so, and is bold.
    """
    shown = [""] * len(header)
    for place in words:
        shown[place] = f'style="text-align:left;{_WRAPS if place in wrapped else _KEEPS}"'
    head = "".join(
        f'<th scope="col" {shown[place]}>{html.escape(name)}</th>'
        for place, name in enumerate(header)
    )
    body = []
    for number, row in enumerate(rows):
        now = number == marked
        cells = "".join(
            f"<td {shown[place]} {'class=kit-now' if now else ''}>{html.escape(cell)}</td>"
            for place, cell in enumerate(row[1:], start=1)
        )
        name = f"<b>{html.escape(row[0])}</b> (selected)" if now else html.escape(row[0])
        wide = shown[0].replace("min-width:76px", "min-width:190px")
        body.append(f'<tr><th scope="row" {wide}>{name}</th>{cells}</tr>')
    return (
        f'<table class="kit-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def gate_rows(verdict: Verdict) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the gates; of those on a holdout only the status is told."""
    table = gates_table(verdict)
    told = table["Split"].map(lambda split: _SILENT if split == "holdout" else ABSENT)
    rows = table.assign(Reasons=table["Reasons"].where(table["Reasons"] != "", told))
    return list(rows.columns), rows.to_numpy().tolist()


def look_rows(row: Standing, board: Board) -> list[list[str]]:
    """Return what is known of the selected candidate: an item and what it says."""
    unit, tune, latest = board.unit, row.tune, row.latest
    holdout = board.sealed.rows["holdout"]
    scaled = unit.money(tune.first.difference) * holdout / tune.auctions
    rows = [
        ["Tune: surplus", f"{_signed(row.money[0], unit)} over {count(tune.auctions)} auctions"],
        ["Tune: interval", f"{_interval(row)} ({100 * tune.level:g} %)"],
        ["Tune: at the holdout's size", f"{_signed(scaled, unit)} over {count(holdout)} auctions"],
    ]
    optimistic = row.preview.tune_optimistic
    if optimistic is not None:
        amount = _signed(unit.money(optimistic.first.difference), unit)
        rows.append(["Tune: optimistic reading", f"{amount}: what the log leaves open, won"])
    found = detectable(latest, board.power)
    rows += [["Minimum detectable effect", f"{found} on the holdout"]] if found else []
    if row.may_ask and latest.share:
        rows.append(["A look is charged", cost(row, board)])
    if row.variant.spec.hypothesis:
        rows.append(["Why it should be better", row.variant.spec.hypothesis])
    rows.append(["Next", next_step(latest, power=board.power, auctions=holdout)])
    return rows


def _signed(amount: float, unit: PriceUnit) -> str:
    return money(amount, unit.currency, sign=True)


def cost(row: Standing, board: Board) -> str:
    """Return what a look is charged, in words."""
    if row.charged:
        return f"nothing more: it was charged as look {row.charged}, and not answered"
    total = board.vault.ledger.schedule.total
    return (
        f"{100 * row.preview.share:.2g} % chance of a false acceptance, of {100 * total:g} % for "
        "all looks"
    )


def ask_words(row: Standing, board: Board) -> str:
    """Return what is asked before a look is charged."""
    found = detectable(row.preview, board.power)
    could = f" It can show {found}." if found else ""
    return f"Ask the holdout about {row.name}? Charged: {cost(row, board)}.{could}"


def diff_rows(board: Board, name: str, against: str) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of what differs between two specs."""
    rows = board.diff(name, against).to_numpy().tolist()
    names = (short(each, _LONGEST_NAME) for each in (name, against))
    return ["Spec", *names], rows or [["Nothing that decides bids differs.", "", ""]]


def effects_figure(board: Board) -> go.FigureWidget:
    """Return the axes of the chart of tune effects."""
    baseline = html.escape(short(board.baseline.spec.name, _LONGEST_NAME), quote=False)
    title = f"Surplus beyond {baseline} on tune"
    return figure(
        "effects",
        figure_layout(f"{title}, with its interval", f"surplus ({board.unit.currency})", ""),
    )


def draw_effects(chart: go.FigureWidget, rows: Sequence[Standing], selected: str) -> None:
    """Draw each candidate's effect, in the order of the table; the selected one is filled."""
    places = list(range(len(rows)))[::-1]
    center, low, high = (list(side) for side in zip(*(row.money for row in rows), strict=True))
    colors = [BLUE if a > 0 else ORANGE if b < 0 else GREY for a, b in zip(low, high, strict=True)]
    currency = rows[0].preview.unit.currency
    # Plotly reads &lt; and &amp;, but shows &quot; as it stands.
    names = [html.escape(short(row.name, _LONGEST_NAME), quote=False) for row in rows]
    ends = [end for end in (*center, *low, *high, 0.0) if math.isfinite(end)]
    room = 0.04 * (max(ends) - min(ends)) or 1.0
    with chart.batch_update():
        chart.data = ()
        for place, name, middle, left, right, color, row in zip(
            places, names, center, low, high, colors, rows, strict=True
        ):
            chart.add_trace(
                go.Scatter(
                    x=[left, right], y=[place, place], mode="lines", hoverinfo="skip",
                    line={"color": color, "width": 2}, showlegend=False,
                )
            )  # fmt: skip
            symbol = "circle" if row.name == selected else "circle-open"
            chart.add_trace(
                go.Scatter(
                    x=[middle], y=[place], mode="markers", showlegend=False,
                    marker={"color": color, "size": 11, "symbol": symbol,
                            "line": {"width": 2, "color": color}},
                    hovertemplate=f"{name}: %{{x:+,.2f}} {currency}, interval {_interval(row)}"
                    "<extra></extra>",
                )
            )  # fmt: skip
        chart.update_layout(
            width=1000, height=110 + _ROW_PX * max(len(rows), 3),
            margin_l=30 + 7 * max(map(len, names)), margin_r=30,  # for the last tick
            yaxis={"tickmode": "array", "tickvals": places, "ticktext": names,
                   "range": [-0.7, len(rows) - 0.3], "showgrid": False},
            xaxis={"zeroline": True, "zerolinewidth": 2, "nticks": 9,
                   "range": [min(ends) - room, max(ends) + room]},
        )  # fmt: skip


def board_twin(
    board: Board, rows: Sequence[Standing], row: Standing, against: str
) -> tuple[str, str]:
    """Return the effects as SVG, and the tables as Markdown."""
    first = [each.tune.first for each in rows]
    frame = pd.DataFrame({
        "segment": [each.name for each in rows],
        "difference": [row.difference for row in first],
        "low": [row.simultaneous_low for row in first],
        "high": [row.simultaneous_high for row in first],
    })  # fmt: skip
    label = f"surplus beyond {board.baseline.spec.name} on tune"
    blocks = [
        f"As it was when the cell ran. {verdict_headline(row.latest, power=board.power)}",
        _markdown(*board_rows(rows, indented=False)),
        _markdown(["Selected", row.name], look_rows(row, board)),
        _markdown(*diff_rows(board, row.name, against)),
        _markdown(*gate_rows(row.latest)),
    ]
    trials = trial_rows(board, "lineage")
    blocks += [_markdown(HEADER, trials)] if trials else []
    svg = segment_differences(frame, label=label, unit=board.unit)
    return svg, "\n\n".join(blocks) + "\n"


def _markdown(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table; what would end a cell or begin a tag is taken out of it."""
    safe = [[cell.translate(_PLAIN) for cell in line] for line in (header, *rows)]
    return markdown_table(safe[0], safe[1:])
