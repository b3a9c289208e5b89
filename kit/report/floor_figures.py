"""Static figures of floors, on the canvas of `kit.report.figures`."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kit.base.checks import has_columns
from kit.base.errors import DataError
from kit.report.figures import BLUE, GREEN, INK, ORANGE, SOFT, canvas, short, ticks

_COLORS = (BLUE, INK, GREEN, ORANGE, SOFT)


def floor_picture(
    frontier: pd.DataFrame,
    single: pd.DataFrame,
    rounds: pd.DataFrame,
    *,
    chosen: Mapping[str, tuple[float, float]],
    label: str,
) -> str:
    """Draw revenue over fill lost as floors move, and revenue as buyers answer.

    Parameters
    ----------
    frontier, single : pandas.DataFrame
        Columns lost_fill (share) and revenue_cpm: floors by segment, and one floor for all, on the
        rows of the fit.
    rounds : pandas.DataFrame
        Columns plan, round (0: before) and revenue_cpm, on held-out rows; may be empty.
    chosen : mapping of str to (float, float)
        Lost fill and revenue of the plans to mark on the left.
    label : str
        Unit of the prices.

    Raises
    ------
    DataError
        If a column is missing, or there are more than five plans.

    Examples
    --------
    >>> line = pd.DataFrame({"lost_fill": [0.0, 0.1], "revenue_cpm": [1.0, 1.1]})
    >>> rounds = pd.DataFrame({"plan": "one floor", "round": [0, 1], "revenue_cpm": [1.0, 1.2]})
    >>> floor_picture(line, line, rounds, chosen={"one floor": (0.1, 1.1)}, label="USD CPM")[:4]
    '<svg'
    """
    for name, frame in (("frontier", frontier), ("single", single)):
        has_columns(name, frame.columns, ["lost_fill", "revenue_cpm"])
    has_columns("rounds", rounds.columns, ["plan", "round", "revenue_cpm"])
    plans = list(dict.fromkeys([*chosen, *rounds["plan"]]))
    colors = dict(zip(plans, _COLORS, strict=False))
    if len(plans) > len(_COLORS):
        raise DataError(
            f"rounds: {len(plans)} plans; must be at most {len(_COLORS)}. Show fewer of them."
        )
    with canvas(9.4, 4.0, columns=2) as drawn:
        left, right = drawn.axes
        left.plot(100 * frontier["lost_fill"], frontier["revenue_cpm"], color=BLUE,
                  label="a floor for each segment")  # fmt: skip
        left.plot(100 * single["lost_fill"], single["revenue_cpm"], color=SOFT, linestyle="--",
                  label="one for all")  # fmt: skip
        for name, (lost, revenue) in chosen.items():
            left.plot(100 * lost, revenue, "o", color=colors[name], markersize=8,
                      label=f"chosen: {short(name, 30)}")  # fmt: skip
        left.set(title="What lost fill earns, in the fit", xlabel="fill lost (points of auctions)",
                 ylabel=f"revenue per auction ({label})")  # fmt: skip
        left.legend(loc="lower right")
        for plan in plans:
            rows = rounds[rounds["plan"] == plan]
            right.plot(rows["round"], rows["revenue_cpm"], "o-", color=colors[plan], markersize=4,
                       label=short(plan, 30))  # fmt: skip
        right.set(title="As buyers answer, on held-out auctions", xlabel="round of answers",
                  ylabel=f"revenue per auction ({label})")  # fmt: skip
        if plans:
            right.legend(loc="best")
        for axes in (left, right):
            ticks(axes, x=6, y=6)
    return drawn.svg
