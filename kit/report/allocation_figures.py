"""Static figures of allocations, on the canvas of `kit.report.figures`."""

from __future__ import annotations

import pandas as pd

from kit.base.errors import DataError
from kit.base.units import PriceUnit
from kit.report.figures import canvas, need, short, ticks

SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C6D31", "#6b7280")
"""Okabe and Ito's colours, told apart by colour-blind readers."""
_MARKS = ("o", "s", "^", "D")
MOST_EXCHANGES = len(SERIES)


def response_curves(points: pd.DataFrame, *, unit: PriceUnit) -> str:
    """Draw expected surplus over spend, a line an exchange, and where each plan stops on it.

    Parameters
    ----------
    points : pandas.DataFrame
        Columns exchange, plan (empty on a curve, else the plan's name), spend, surplus (price
        sums). The eight exchanges with the most spend are drawn.
    unit : PriceUnit
        Converts price sums to currency.

    Raises
    ------
    DataError
        If a column is missing or there is no row.

    Examples
    --------
    >>> points = pd.DataFrame({"exchange": "x", "plan": ["", "", "even"], "spend": [0, 10, 5],
    ...                        "surplus": [0, 20, 12]})
    >>> response_curves(points, unit=PriceUnit("USD"))[:4]
    '<svg'
    """
    need("points", points, ["exchange", "plan", "spend", "surplus"])
    most = points.groupby("exchange")["spend"].max().nlargest(MOST_EXCHANGES).index
    plans = [name for name in points["plan"].unique() if name]
    with canvas(9.4, 4.2) as drawn:
        axes = drawn.axes
        for color, name in zip(SERIES, sorted(most), strict=False):
            rows = points[points["exchange"] == name]
            line = rows[rows["plan"] == ""].sort_values("spend")
            axes.plot(line["spend"].map(unit.money), line["surplus"].map(unit.money),
                      color=color, label=short(name))  # fmt: skip
            for mark, plan in zip(_MARKS, plans, strict=False):
                at = rows[rows["plan"] == plan]
                axes.plot(at["spend"].map(unit.money), at["surplus"].map(unit.money), mark,
                          color=color, markersize=8, markeredgecolor="white")  # fmt: skip
        for mark, plan in zip(_MARKS, plans, strict=False):
            axes.plot([], [], mark, color="#4b5563", markersize=7, label=plan)
        axes.set(xlabel=f"spend ({unit.currency})", ylabel=f"expected surplus ({unit.currency})",
                 xlim=(0, None))  # fmt: skip
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        ticks(axes, x=7, y=6)
    return drawn.svg


def allocation_picture(
    flows: pd.DataFrame, frontier: pd.DataFrame, *, now: tuple[float, float], flow: str, limit: str,
    value: str,
) -> str:  # fmt: skip
    """Draw what flows from each group to each demand, and what one limit is worth.

    Parameters
    ----------
    flows : pandas.DataFrame
        Groups as index, at most 8 demands as columns.
    frontier : pandas.DataFrame
        Columns number and value; NaN where there is no plan.
    now : (number, value)
        Where the limit stands.
    flow, limit, value : str
        Labels of the three axes, with their units.

    Raises
    ------
    DataError
        If a table is empty, or there are more demands than colours.
    """
    need("frontier", frontier, ["number", "value"])
    if not flows.size or flows.shape[1] > len(SERIES):
        raise DataError(
            f"flows: has shape {flows.shape}; must have 1 to {len(SERIES)} demands and a group. "
            "Sum the small demands into one column."
        )
    with canvas(9.4, 1.6 + 0.34 * max(len(flows), 6), columns=2) as drawn:
        left, right = drawn.axes
        start = pd.Series(0.0, index=flows.index)
        for color, demand in zip(SERIES, flows.columns, strict=False):
            left.barh(range(len(flows)), flows[demand], left=start, color=color,
                      label=short(demand))  # fmt: skip
            start = start + flows[demand]
        left.set_yticks(range(len(flows)), [short(name) for name in flows.index])
        left.invert_yaxis()
        left.set(title="What each group gives to whom", xlabel=flow)
        left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
        right.plot(frontier["number"], frontier["value"], color=SERIES[0])
        right.plot(*now, "o", color="#D55E00", markersize=8)
        right.set(title="What the limit is worth", xlabel=limit, ylabel=value)
        ticks(left, x=5)
        ticks(right, x=5, y=6)
    return drawn.svg
