"""What the allocation explorer draws: the flows as ribbons and as a table, and the frontier."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from kit.report.numbers import count, percent
from kit.widgets.glue import Glue
from kit.widgets.panel import BLUE, ORANGE, SERIES, figure, figure_layout

_WIDTH, _HEIGHT, _BAR, _GAP, _TOP = 500.0, 300.0, 10.0, 6.0, 34.0
_LEFT, _RIGHT = 92.0, 398.0
_INK = "var(--jp-ui-font-color1, #22272e)"


def amount(value: float, unit: str, currency: str) -> str:
    """Return a number as a person reads it.

    Examples
    --------
    >>> amount(1250.0, "money", "$"), amount(0.4, "share", "$"), amount(3.0, "price", "USD")
    ('$1,250.00', '40 %', '3.00 USD')
    """
    if unit in ("money", "price"):
        digits = 2 if abs(value) < 1e5 else 0
        if unit == "price" and 0 < abs(value) < 0.1:
            digits = 4
        text = f"{abs(value):,.{digits}f}"
        sign = "\N{MINUS SIGN}" if value < 0 and text.strip("0.,") else ""
        is_code = len(currency) == 3 and currency.isalpha()
        return f"{sign}{text} {currency}" if is_code else f"{sign}{currency}{text}"
    if unit == "share":
        return percent(value, 0 if round(100 * value, 6).is_integer() else 1)
    return count(float(f"{value:.5g}"))


def step_label(value: float, unit: str, currency: str) -> str:
    """Return a slider's number, as short as it can be told from its neighbours.

    Examples
    --------
    >>> step_label(1200.0, "money", "$"), step_label(0.0106, "price", "$")
    ('$1,200', '$0.0106')
    >>> step_label(0.0218, "share", "$")
    '2.18 %'
    """
    if unit == "share":
        return f"{100 * value:.4g} %"
    text = f"{value:,.6g}"
    if unit not in ("money", "price"):
        return text
    return f"{text} {currency}" if len(currency) == 3 and currency.isalpha() else currency + text


def signed(text: str, value: float) -> str:
    """Return the text of a difference with a plus where it is above zero.

    Examples
    --------
    >>> signed("$3.00", 3.0), signed("$0.00", 0.0)
    ('+$3.00', '$0.00')
    """
    return f"+{text}" if value > 0 and text.strip("$0., ") else text


def flow_svg(flows: pd.DataFrame, title: str, show: Callable[[float], str]) -> str:
    """Return ribbons from each group on the left to each demand on the right, in either theme.

    Parameters
    ----------
    flows : pandas.DataFrame
        Groups as index, demands as columns; not negative.
    title : str
        What flows, with its unit.
    show : callable
        Writes one number.
    """
    table = np.maximum(flows.to_numpy(dtype=np.float64), 0.0)
    total = float(table.sum())
    heading = (
        f'<text x="4" y="16" font-size="13" font-weight="600" fill="{_INK}">'
        f"{html.escape(title)}</text>"
    )
    if total <= 0:
        nothing = f'<text x="4" y="60" font-size="12" fill="{_INK}">Nothing flows.</text>'
        return _framed(heading + nothing, title)
    scale = (_HEIGHT - _TOP - 8 - _GAP * max(*table.shape, 2)) / total
    left, right = (_places(table.sum(axis=axis) * scale) for axis in (1, 0))
    ribbons = _ribbons(table, flows, left.copy(), right.copy(), scale, show)
    names = _nodes(flows.index, table.sum(axis=1), left, scale, show, is_left=True)
    names += _nodes(flows.columns, table.sum(axis=0), right, scale, show, is_left=False)
    return _framed(heading + ribbons + names, title)


def _framed(inner: str, title: str) -> str:
    return (
        f'<svg class="kit-flows" xmlns="http://www.w3.org/2000/svg" width="{_WIDTH:g}" '
        f'height="{_HEIGHT:g}" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" '
        f'aria-label="{html.escape(title)}; the numbers are in the table below">{inner}</svg>'
    )


def _places(heights: np.ndarray) -> np.ndarray:
    """Return where each bar begins, from the top."""
    return _TOP + np.append(0.0, np.cumsum(heights + _GAP)[:-1])


def _ribbons(
    table: np.ndarray, flows: pd.DataFrame, left: np.ndarray, right: np.ndarray, scale: float,
    show: Callable[[float], str],
) -> str:  # fmt: skip
    parts = []
    start, end = _LEFT + _BAR, _RIGHT
    middle = (start + end) / 2
    for row, column in np.argwhere(table > 0):
        size = table[row, column] * scale
        a, b = left[row], right[column]
        left[row], right[column] = a + size, b + size
        tip = f"{flows.index[row]} to {flows.columns[column]}: {show(float(table[row, column]))}"
        parts.append(
            f'<path d="M{start:g},{a:.1f}C{middle:g},{a:.1f} {middle:g},{b:.1f} {end:g},{b:.1f}'
            f"V{b + size:.1f}C{middle:g},{b + size:.1f} {middle:g},{a + size:.1f} "
            f'{start:g},{a + size:.1f}Z" fill="{SERIES[row % len(SERIES)]}" fill-opacity="0.45">'
            f"<title>{html.escape(tip)}</title></path>"
        )
    return "".join(parts)


def _nodes(
    names: pd.Index[Any], sums: np.ndarray, places: np.ndarray, scale: float,
    show: Callable[[float], str], *, is_left: bool,
) -> str:  # fmt: skip
    parts = []
    low = -1e9
    for at, (name, size, top) in enumerate(zip(names, sums, places, strict=True)):
        height = max(size * scale, 1.0)
        x = _LEFT if is_left else _RIGHT
        fill = SERIES[at % len(SERIES)] if is_left else "#8a919c"
        parts.append(
            f'<rect x="{x:g}" y="{top:.1f}" width="{_BAR:g}" height="{height:.1f}" fill="{fill}">'
            f"<title>{html.escape(f'{name}: {show(float(size))}')}</title></rect>"
        )
        middle = top + height / 2 + 4
        if middle - low < 11:  # no room for a name; the tooltip and the table have it
            continue
        low = middle
        anchor, x = ("end", x - 6) if is_left else ("start", x + _BAR + 6)
        text = html.escape(_short(str(name)))
        parts.append(
            f'<text x="{x:g}" y="{middle:.1f}" font-size="11" text-anchor="{anchor}" '
            f'fill="{_INK}">{text}</text>'
        )
    return "".join(parts)


def _short(name: str, most: int = 15) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def flow_rows(
    flows: pd.DataFrame, name: str, show: Callable[[float], str]
) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the flows, with their sums."""
    header = [name, *map(str, flows.columns), "all"]
    table = pd.concat([flows, flows.sum().to_frame("all").T])
    rows = [
        [str(group), *(show(float(value)) for value in line), show(float(line.sum()))]
        for group, line in zip(table.index, table.to_numpy(dtype=np.float64), strict=True)
    ]
    return header, rows


class FrontierFigure:
    """The frontier of one limit: axes by plotly, line and point drawn over them.

    Attributes
    ----------
    figure : FigureWidget
        Its axes.
    points : list of dict
        What moves; see `Glue`.
    """

    def __init__(self) -> None:
        layout = figure_layout("What a limit is worth", "limit", "value", showlegend=False)
        layout.update(width=530, yaxis_tickformat=",", xaxis_tickformat=",", margin_l=70)
        self.figure = figure("frontier", layout)
        self.figure.add_trace(
            go.Scatter(mode="lines", line={"color": BLUE, "width": 2.2}, connectgaps=False)
        )
        self.points: list[dict[str, Any]] = []
        self._glue: Glue | None = None

    def glue_to(self, css_class: str) -> Glue:
        """Return the widget that draws over the axes of a panel's figures."""
        self._glue = Glue(panel=css_class)
        return self._glue

    def line(self, frontier: pd.DataFrame, x: str, y: str) -> None:
        """Draw another frontier."""
        numbers, values = (frontier[name].to_numpy(np.float64) for name in ("number", "value"))
        with self.figure.batch_update():
            self.figure.data[0].update(x=numbers, y=values, hovertemplate="%{x:,.4g}: %{y:,.2f}"
                                       "<extra></extra>")  # fmt: skip
            self.figure.update_layout(xaxis_title_text=x, yaxis_title_text=y)

    def point(self, number: float, value: float) -> None:
        """Move the point to where the limit stands."""
        self.points = [
            {"figure": "frontier", "axes": "", "x": number, "y": value, "kind": "dot",
             "color": ORANGE, "label": "now"}
        ]  # fmt: skip
        if self._glue is not None:
            self._glue.points = self.points
