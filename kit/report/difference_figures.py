"""Static figures of differences, segment by segment."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kit.base.units import PriceUnit
from kit.report.figures import BLUE, INK, ORANGE, SOFT, canvas, need, short, ticks


def segment_differences(segments: pd.DataFrame, *, label: str, unit: PriceUnit) -> str:
    """Draw a difference in money with its interval, one line a segment.

    Parameters
    ----------
    segments : pandas.DataFrame
        Columns segment, difference, low, high (price sums; the interval NaN where there is none).
    label : str
        What the difference is.
    unit : PriceUnit
        Unit of the sums.

    Raises
    ------
    DataError
        If a column is missing or the frame is empty.
    """
    need("segments", segments, ["segment", "difference", "low", "high"])
    scale = unit.money(1.0)
    places = np.arange(len(segments))[::-1]
    center, low, high = (
        scale * segments[name].to_numpy(dtype=np.float64) for name in ("difference", "low", "high")
    )
    colors = np.where(low > 0, BLUE, np.where(high < 0, ORANGE, SOFT))
    with canvas(9.4, 1.3 + 0.27 * len(segments)) as drawn:
        axes = drawn.axes
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.hlines(places, low, high, color=colors, linewidth=1.8)
        axes.scatter(center, places, color=colors, s=36, zorder=3)
        axes.set_yticks(places, [short(name) for name in segments["segment"]])
        axes.set(title=label, xlabel=f"difference ({unit.currency}), with its interval")
        ticks(axes, x=7)
    return drawn.svg
