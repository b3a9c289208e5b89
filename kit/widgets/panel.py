"""What every panel shares: its look in both themes, its message line, and its static twin."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import RLock
from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar

import ipywidgets as widgets
import plotly.graph_objects as go
from IPython.display import display

from kit.base.errors import KitError
from kit.report.svg import inline_svg

BLUE, ORANGE, INK = "#0072B2", "#D55E00", "var(--jp-ui-font-color1, #22272e)"
SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C6D31", "#6b7280")
"""Okabe and Ito's colours, told apart by colour-blind readers; both themes carry them."""

_STYLE = """<style>
.kit-twin { display: none; }
.kit-panel { color: var(--jp-ui-font-color1); max-width: 1180px; }
.kit-panel h3 { margin: 0; font-size: 15px; font-weight: 600; }
.kit-panel .kit-about { color: var(--jp-ui-font-color2); font-size: 12px; line-height: 1.4; }
.kit-panel .kit-message { min-height: 20px; font-size: 13px; line-height: 20px; }
.kit-panel .kit-message [role=alert] { color: var(--jp-error-color1, #b00020); font-weight: 600; }
.kit-panel table.kit-table { border-collapse: collapse; font-size: 12.5px; margin: 0; }
.kit-panel table.kit-table th, .kit-panel table.kit-table td {
  padding: 3px 9px; text-align: right; border-bottom: 1px solid var(--jp-border-color2);
  font-variant-numeric: tabular-nums; background: transparent; white-space: nowrap; }
.kit-panel table.kit-table th:first-child { text-align: left; font-weight: 500; }
.kit-panel table.kit-table thead th { color: var(--jp-ui-font-color2); font-weight: 600; }
.kit-panel table.kit-table td.kit-now { font-weight: 700; }
.kit-panel .kit-limits { max-width: 630px; margin-left: 18px; }
.kit-panel .kit-limits table.kit-table td:last-child, .kit-panel .kit-limits thead th:last-child {
  text-align: left; white-space: normal; line-height: 1.35; }
.kit-panel table.kit-heat { border-collapse: separate; border-spacing: 1px; font-size: 11px; }
.kit-panel table.kit-heat td { width: 19px; height: 17px; padding: 0; }
.kit-panel table.kit-heat th { font-weight: 400; padding: 0 3px; text-align: right;
  color: var(--jp-ui-font-color2); background: transparent; }
.kit-panel table.kit-heat thead th { text-align: center; padding: 0; }
.kit-panel .kit-rows { overflow-x: auto; max-width: 100%; line-height: 1.5; }
.kit-panel table.kit-facts { line-height: 1.5; max-width: 1100px; }
.kit-panel table.kit-facts th { white-space: nowrap; }
.kit-panel table.kit-facts td code { font-size: 11.5px; background: transparent; color: inherit;
  font-family: var(--jp-code-font-family); }
.kit-panel .kit-check { color: var(--jp-error-color1, #b00020); }
.kit-panel .kit-caption { font-size: 12px; color: var(--jp-ui-font-color2); margin: 2px 0; }
.kit-panel .main-svg { background: transparent !important; }
.kit-panel .main-svg text { fill: var(--jp-ui-font-color1) !important; }
.kit-panel .main-svg .hovertext text { fill: #fff !important; }
.kit-panel .main-svg .gridlayer path, .kit-panel .main-svg .zerolinelayer path {
  stroke: var(--jp-border-color2) !important; }
.kit-panel .main-svg .xlines-above, .kit-panel .main-svg .ylines-above {
  stroke: var(--jp-border-color1) !important; }
.kit-panel .widget-label { color: var(--jp-ui-font-color1); }
.kit-panel textarea { font-family: var(--jp-code-font-family); font-size: 12px; }
.kit-panel :focus-visible { outline: 2px solid var(--jp-brand-color1, #1976d2); }
</style>"""


def figure_layout(title: str, x: str, y: str, **more: Any) -> go.Layout:
    """Return a layout whose colours come from the theme (see the style above)."""
    axis: dict[str, Any] = {"showline": True, "ticks": "outside", "zeroline": False, "nticks": 6}
    return go.Layout(
        title={"text": title, "font": {"size": 13}, "x": 0.01, "y": 0.97},
        xaxis={**axis, "title": {"text": x, "standoff": 8}},
        yaxis={**axis, "title": {"text": y, "standoff": 8}},
        font={"size": 11},
        margin={"l": 62, "r": 12, "t": 36, "b": 46},
        width=560, height=300,
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
        hovermode="closest", dragmode="zoom",
        legend={"orientation": "h", "y": -0.22, "x": 0, "yanchor": "top", "font": {"size": 10}},
        **more,
    )  # fmt: skip


def figure(name: str, layout: go.Layout) -> go.FigureWidget:
    """Return an empty figure that the panel's glue finds by its name."""
    made = go.FigureWidget(layout=layout)
    made._config = {"displayModeBar": False, "responsive": False}
    made.add_class(f"kit-figure-{name}")
    return made


Shown = TypeVar("Shown", bound="Panel")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Panel:
    """A widget with a message line, and a twin that is read where no widget runs.

    Parameters
    ----------
    about : str
        One sentence under the title: what rows it works on.
    """

    title: ClassVar[str]

    def __init__(self, about: str) -> None:
        self.css_class = f"kit-panel-{uuid.uuid4().hex[:8]}"
        self.about = about
        self._alone = RLock()
        self._quiet = False
        self.message = widgets.HTML(_message(""))
        self.message.add_class("kit-message")
        heading = widgets.HTML(
            f"{_STYLE}<h3>{html.escape(self.title)}</h3>"
            f'<div class="kit-about">{html.escape(about)}</div>'
        )
        self._head = (heading, self.message)
        self.root = widgets.VBox()

    def lay_out(self, *rows: widgets.Widget) -> None:
        """Put the rows under the title and the message line."""
        self.root.children = (*self._head, *rows)
        self.root.add_class("kit-panel")
        self.root.add_class(self.css_class)

    @contextmanager
    def _unobserved(self) -> Iterator[None]:
        """Move the controls to a state without hearing them; they are heard again after."""
        self._quiet = True
        try:
            yield
        finally:
            self._quiet = False

    def say(self, text: str = "") -> None:
        """Show what is going on, or nothing."""
        if self.message.value != _message(text):
            self.message.value = _message(text)

    def complain(self, error: KitError | ValueError) -> None:
        """Show what is wrong with an input; what was drawn before stays."""
        self.message.value = (
            f'<span role="alert">{html.escape(str(error))} The last good result is shown.</span>'
        )

    def twin(self) -> tuple[str, str]:
        """Return the panel as it stands: SVG figures, and Markdown tables.

        Returns
        -------
        tuple of str
            One SVG, and Markdown.
        """
        raise NotImplementedError

    def _ipython_display_(self) -> None:
        """Show the panel, and its twin, which the live panel hides."""
        display(self.root)
        svg, markdown = self.twin()
        heading = f"<h3>{html.escape(self.title)}</h3><p>{html.escape(self.about)}</p>"
        drawn = inline_svg(svg, self.css_class)
        display(
            {
                "text/html": f'<div class="kit-twin">{heading}{drawn}{_as_html(markdown)}</div>',
                "image/svg+xml": svg,
                "text/markdown": markdown,
                "text/plain": f"{self.title}. {self.about}",
            },
            raw=True,
        )


def one_at_a_time(
    method: Callable[Concatenate[Shown, Arguments], Result],
) -> Callable[Concatenate[Shown, Arguments], Result]:
    """Let threads take turns in a panel's method; for all that reads or changes its state.

    JupyterLab sends what controls say to a subshell, a thread of the kernel beside the one that
    runs cells, and ipykernel 7.4 answers some of it in the one and some in the other: two keys
    on a slider, or a key and a cell, can be worked on at the same time.
    """

    @wraps(method)
    def alone(self: Shown, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with self._alone:
            return method(self, *args, **kwargs)

    return alone


def _message(text: str) -> str:
    return f'<span role="status">{html.escape(text)}</span>'


def markdown_table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table, numbers to the right."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def markdown_code(text: str, language: str = "sql") -> str:
    """Return text as fenced Markdown; no run of backticks in it ends the fence.

    Examples
    --------
    >>> print(markdown_code("SELECT 1"))
    ```sql
    SELECT 1
    ```
    """
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    lines = "\n".join(line for line in text.splitlines() if line.strip())
    return f"{fence}{language}\n{lines}\n{fence}"


def _as_html(markdown: str) -> str:
    """Return our own simple Markdown (tables, fenced code and plain lines) as HTML."""
    parts: list[str] = []
    for block in markdown.split("\n\n"):
        lines = block.strip().splitlines()
        if len(lines) > 1 and lines[1].startswith("| ---"):
            parts.append(html_table(_cells(lines[0]), [_cells(line) for line in lines[2:]]))
        elif lines and lines[0].startswith("```"):
            code = html.escape("\n".join(lines[1:-1]))
            parts.append(f'<pre style="font: 12px monospace">{code}</pre>')
        elif lines:
            parts.append(f"<p>{html.escape(' '.join(lines)).replace('**', '')}</p>")
    return "".join(parts)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def html_table(header: list[str], rows: list[list[str]], now: int | None = None) -> str:
    """Return a table; the first column names its row, `now` is the column in bold."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in header)
    body = "".join(
        f'<tr><th scope="row">{html.escape(row[0])}</th>'
        + "".join(
            f"<td{' class=kit-now' if place == now else ''}>{html.escape(cell)}</td>"
            for place, cell in enumerate(row[1:], start=1)
        )
        + "</tr>"
        for row in rows
    )
    return f'<table class="kit-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
