"""Static figures of inventory selection, on the canvas of `kit.report.figures`."""

from __future__ import annotations

from textwrap import fill

import pandas as pd

from kit.base.checks import has_columns
from kit.base.errors import DataError
from kit.report.figures import BLUE, GREEN, INK, ORANGE, SOFT, canvas, short, ticks

_DAY = 86_400
_LINES = (
    ("bound", "no selection earns more", SOFT, "--"),
    ("selected", "selected, copies counted once", BLUE, "-"),
    ("ranking", "best paths by surplus per request", GREEN, "-"),
    ("uniform", "every path alike", INK, "-"),
)
MOST_ROWS = 12


def inventory_picture(
    frontier: pd.DataFrame, differences: pd.DataFrame, *, now: float, currency: str = "USD"
) -> str:
    """Draw what queries earn, and what the selection gained on held-out requests.

    Parameters
    ----------
    frontier : pandas.DataFrame
        Columns qps, selected, bound, uniform, ranking (money per second).
    differences : pandas.DataFrame
        Columns over, difference, low, high (currency; the interval NaN where there is none).
    now : float
        The limit chosen, queries per second.
    currency : str
        Of the money.

    Raises
    ------
    DataError
        If a column is missing, or a table is empty or too long.

    Examples
    --------
    >>> frontier = pd.DataFrame({"qps": [1.0, 2.0], "selected": [3.0, 4.0], "bound": [3.0, 4.0],
    ...                          "uniform": [2.0, 4.0], "ranking": [2.5, 4.0]})
    >>> gained = pd.DataFrame({"over": ["every path alike"], "difference": [5.0], "low": [1.0],
    ...                        "high": [9.0]})
    >>> inventory_picture(frontier, gained, now=1.0)[:4]
    '<svg'
    """
    has_columns("frontier", frontier.columns, ["qps", *(name for name, *_ in _LINES)])
    has_columns("differences", differences.columns, ["over", "difference", "low", "high"])
    if not len(frontier) or not 1 <= len(differences) <= MOST_ROWS:
        raise DataError(
            f"frontier and differences: have {len(frontier)} and {len(differences)} rows; must "
            f"have at least one, and at most {MOST_ROWS} differences. Pass fewer or more plans."
        )
    with canvas(9.4, 4.2, columns=2) as drawn:
        left, right = drawn.axes
        for name, label, color, style in _LINES:
            left.plot([0.0, *frontier["qps"]], [0.0, *(frontier[name] * _DAY)], color=color,
                      linestyle=style, label=label)  # fmt: skip
        left.axvline(now, color=ORANGE, linewidth=1, linestyle=(0, (4, 3)), label="limit chosen")
        left.set(title="What queries are expected to earn", xlabel="queries per second",
                 ylabel=f"surplus ({currency} a day)", xlim=(0, None), ylim=(0, None))  # fmt: skip
        left.legend(loc="upper left", bbox_to_anchor=(-0.04, -0.2), ncols=2)
        places = range(len(differences))[::-1]
        right.axvline(0, color=INK, linewidth=0.8)
        right.hlines(places, differences["low"], differences["high"], color=BLUE, linewidth=1.8)
        right.scatter(differences["difference"], places, color=BLUE, s=36, zorder=3)
        right.set_yticks(
            places, [fill(f"over {short(name, 40)}", 20) for name in differences["over"]]
        )
        right.set(title="Gained on held-out rows", ylim=(-0.7, len(differences) - 0.3),
                  xlabel=f"surplus ({currency}), with its interval")  # fmt: skip
        ticks(left, x=5, y=6)
        ticks(right, x=5)
    return drawn.svg
