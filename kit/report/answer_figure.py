"""An answer to a question as a picture: bars, or the numbers themselves."""

from __future__ import annotations

import pandas as pd

from kit.report.answer_table import Cells, is_number, readable_cells
from kit.report.figures import BLUE, INK, MOST_ROWS, SOFT, canvas, short, ticks

_MOST_NUMBERS = 6


def answer_picture(frame: pd.DataFrame) -> str:
    """Draw the first number of each row as a bar; a single row as its numbers.

    Parameters
    ----------
    frame : DataFrame
        The answer: what names a row comes first. At most 16 rows are drawn.

    Examples
    --------
    >>> answer_picture(pd.DataFrame({"exchange": ["x", "y"], "ctr": [0.1, 0.2]}))[:4]
    '<svg'
    """
    cells = readable_cells(frame, MOST_ROWS)
    numbers = [at for at in range(frame.shape[1]) if is_number(frame.iloc[:, at])]
    measure = next((at for at in numbers if at > 0), None)
    if len(cells.rows) > 1 and measure is not None:
        return _bars(frame, cells, measure)
    return _numbers(cells)


def _bars(frame: pd.DataFrame, cells: Cells, measure: int) -> str:
    rows = len(cells.rows)
    values = frame.iloc[:rows, measure].to_numpy(dtype=float)
    names = [short(row[0], 30) for row in cells.rows]
    with canvas(7.4, 1.1 + 0.3 * rows) as drawn:
        axes = drawn.axes
        bars = axes.barh(range(rows), values, color=BLUE, height=0.7)
        axes.bar_label(bars, [row[measure] for row in cells.rows], padding=4, fontsize=9, color=INK)
        axes.set_yticks(range(rows), names)
        axes.invert_yaxis()
        axes.margins(x=0.14, y=0.02)
        axes.grid(visible=False)  # each bar says its number
        ticks(axes, x=5)
        measured, named = cells.header[measure], cells.header[0]
        more = f", the first {rows} of {len(frame):,}" if len(frame) > rows else ""
        axes.set_title(f"{short(measured, 30)} by {short(named, 30)}{more}")
        axes.set_xlabel(short(measured, 40))
    return drawn.svg


def _numbers(cells: Cells) -> str:
    """Draw the first row as names and values."""
    row = cells.rows[0] if cells.rows else ()
    shown = list(zip(cells.header, row, strict=False))[:_MOST_NUMBERS]
    if not cells.rows:
        shown = [("No answer yet" if not cells.header else "No row", "")]
    with canvas(7.4, 0.35 + 0.45 * len(shown)) as drawn:
        axes = drawn.axes
        axes.set_axis_off()
        axes.set(xlim=(0, 1), ylim=(len(shown), 0))
        for place, (name, value) in enumerate(shown):
            axes.text(0.0, place + 0.5, short(name, 40), va="center", fontsize=11, color=SOFT)
            axes.text(0.45, place + 0.5, short(value, 40), va="center", fontsize=15, color=INK)
    return drawn.svg
