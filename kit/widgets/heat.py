"""A small map of one number by exchange and hour, as a table that a screen reader can read."""

from __future__ import annotations

import html
from collections.abc import Callable

import numpy as np
import pandas as pd

_RISING, _FALLING = "0,114,178", "213,94,0"


def heat_table(values: pd.DataFrame, caption: str, show: Callable[[float], str]) -> str:
    """Return an HTML table whose cells are coloured: blue above zero, orange below.

    Parameters
    ----------
    values : pandas.DataFrame
        Exchanges as index, hours of day as columns.
    caption : str
        What the numbers are, with their unit.
    show : callable
        Writes one number; it is each cell's tooltip and its text for a screen reader.
    """
    table = values.to_numpy(dtype=np.float64)
    largest = float(np.nanmax(np.abs(table), initial=0.0)) or 1.0
    hours = "".join(f'<th scope="col">{hour}</th>' for hour in values.columns)
    rows = []
    for name, row in zip(values.index, table, strict=True):
        cells = "".join(_cell(value, largest, show) for value in row)
        rows.append(f'<tr><th scope="row">{html.escape(str(name))}</th>{cells}</tr>')
    span = f"{show(float(np.nanmin(table)))} to {show(float(np.nanmax(table)))}"
    return (
        f'<div class="kit-caption">{html.escape(caption)}: {html.escape(span)}</div>'
        f'<table class="kit-heat"><thead><tr><th scope="col">hour</th>{hours}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _cell(value: float, largest: float, show: Callable[[float], str]) -> str:
    if np.isnan(value):
        return "<td></td>"
    color = _RISING if value >= 0 else _FALLING
    text = show(value)
    shade = f"rgba({color},{abs(value) / largest:.2f})"
    return f'<td title="{text}" aria-label="{text}" style="background:{shade}"></td>'
