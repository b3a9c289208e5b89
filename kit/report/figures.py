"""Static figures as SVG text: plain frames in, one string out, no global state.

Colours are those of Okabe and Ito, told apart by colour-blind readers; blue is the policy or the
model, black what was observed, orange what was chosen. Every axis carries its unit.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from kit.base.checks import has_columns, number
from kit.base.errors import DataError
from kit.base.units import PriceUnit
from kit.report.numbers import count, money
from kit.report.svg import clean_svg
from kit.validate.comparison import MetricDifference

BLUE, ORANGE, GREEN, INK, SOFT = "#0072B2", "#D55E00", "#009E73", "#22272e", "#6b7280"
MOST_POINTS, MOST_PANELS, MOST_ROWS = 200, 6, 16
_DASHED = (0, (4, 3))
_DIVERGING = LinearSegmentedColormap.from_list("diverging", [ORANGE, "#ffffff", BLUE])
_RISING = LinearSegmentedColormap.from_list("rising", ["#ffffff", BLUE])
_STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "kit", "font.family": ["DejaVu Sans"],
    "text.parse_math": False, "font.size": 10, "text.color": INK, "axes.titlesize": 10.5,
    "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.titlepad": 9,
    "axes.labelcolor": INK, "axes.labelpad": 6, "axes.edgecolor": "#9aa1ab", "axes.linewidth": 0.8,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "axes.axisbelow": True, "grid.color": "#e3e6ea", "xtick.color": "#4b5563",
    "ytick.color": "#4b5563", "xtick.labelsize": 9, "ytick.labelsize": 9,
    "legend.frameon": False, "legend.fontsize": 9, "lines.linewidth": 2.0,
    "figure.facecolor": "white",
}  # fmt: skip


@dataclass
class Canvas:
    """Axes in the style of the reports; `svg` is there once the `canvas` block ends."""

    axes: Any
    svg: str = ""


@contextmanager
def canvas(width: float, height: float, *, columns: int = 1) -> Iterator[Canvas]:
    """Yield axes for a figure that another file of this package draws.

    Parameters
    ----------
    width, height : float
        In inches.
    columns : int
        Panels side by side; with more than one, `axes` is an array of them.

    Examples
    --------
    >>> with canvas(2, 1) as drawn:
    ...     _ = drawn.axes.plot([0, 1], [0, 1])
    >>> drawn.svg[:4]
    '<svg'
    """
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        drawn = Canvas(figure.subplots(ncols=columns))
        yield drawn
        drawn.svg = _svg(figure)


def bid_curves(
    grid: pd.DataFrame,
    *,
    chosen: float,
    unit: PriceUnit,
    auctions: int,
    baseline: tuple[str, float, float] | None = None,
) -> str:
    """Draw spend and win rate against the bid multiplier, and value against spend.

    Parameters
    ----------
    grid : pandas.DataFrame
        Columns multiplier (> 0), impressions, spend and value (price sums).
    chosen : float
        The multiplier that was taken; the nearest row is marked.
    unit : PriceUnit
        Converts price sums to currency.
    auctions : int
        Auctions replayed.
    baseline : (name, spend, value) or None
        A policy to mark beside the frontier, in price sums.

    Raises
    ------
    DataError
        If a column is missing, the grid is empty, or a number is out of range.
    """
    need("grid", grid, ["multiplier", "impressions", "spend", "value"])
    rows = _thin(grid.sort_values("multiplier"))
    multiplier = rows["multiplier"].to_numpy(dtype=np.float64)
    spend, value = (rows[name].map(unit.money).to_numpy() for name in ("spend", "value"))
    rate = 100 * rows["impressions"].to_numpy() / number("auctions", auctions, 1)
    at = int(np.argmin(np.abs(multiplier - number("chosen", chosen, above=0))))
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(9.4, 4.3), layout="constrained")
        figure.set_layout_engine("constrained", wspace=0.06)
        panels = figure.subplot_mosaic(
            [["spend", "front"], ["rate", "front"]], width_ratios=[1, 1.2]
        )
        panels["spend"].sharex(panels["rate"])
        panels["spend"].tick_params(labelbottom=False)
        for axes, line, title in (
            (panels["spend"], spend, f"Spend ({unit.currency})"),
            (panels["rate"], rate, "Win rate (% of auctions)"),
        ):
            axes.plot(multiplier, line, color=BLUE)
            axes.axvline(multiplier[at], color=ORANGE, linewidth=1, linestyle=_DASHED)
            axes.plot(multiplier[at], line[at], "o", color=ORANGE, markersize=7)
            axes.set(title=title, ylim=(0, None))
            ticks(axes, y=4)
        panels["rate"].set_xlabel("bid multiplier")
        _log_x(panels["rate"], multiplier)
        front = panels["front"]
        front.set(title="What each amount of spend buys", xlabel=f"spend ({unit.currency})",
                  ylabel=f"value of clicks won ({unit.currency})")  # fmt: skip
        even = [0.0, float(min(spend.max(), value.max()))]
        front.plot(even, even, color=SOFT, linewidth=1, linestyle=_DASHED, label="value = spend")
        front.plot(spend, value, color=BLUE, label="this policy, every multiplier")
        front.plot(spend[at], value[at], "o", color=ORANGE, markersize=8,
                   label=f"chosen: {multiplier[at]:.3g}")  # fmt: skip
        if baseline is not None:
            x, y = map(unit.money, baseline[1:])
            front.plot(x, y, "s", color=INK, markersize=7, label=short(baseline[0], 30))
        front.legend(loc="best")
        ticks(front, x=5, y=6)
        return _svg(figure)


def win_rate_curves(points: pd.DataFrame, *, unit: PriceUnit) -> str:
    """Draw the modelled win rate against the bid beside the observed one, by exchange.

    Parameters
    ----------
    points : pandas.DataFrame
        Columns exchange, bid_cpm, model, observed (rates; observed NaN where the log cannot tell).
        The first six exchanges are drawn.
    unit : PriceUnit
        Names the bid's unit.

    Raises
    ------
    DataError
        If a column is missing or the frame is empty.
    """
    need("points", points, ["exchange", "bid_cpm", "model", "observed"])
    groups = list(points.groupby("exchange", sort=True, observed=True))[:MOST_PANELS]
    highest = 100 * float(np.nanmax(points[["model", "observed"]].to_numpy(dtype=np.float64)))
    top = min(103.0, 1.08 * highest) if highest > 0 else 1.0
    columns = min(3, len(groups))
    lines = -(-len(groups) // columns)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(9.4, 1.1 + 2.4 * lines), layout="constrained")
        panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
        for axes, (exchange, rows) in zip(panels.flat, groups, strict=False):
            rows = _thin(rows.sort_values("bid_cpm"))
            axes.plot(rows["bid_cpm"], 100 * rows["model"], color=BLUE, label="model")
            axes.plot(rows["bid_cpm"], 100 * rows["observed"], "o", color=INK, markersize=4,
                      label="observed in the log")  # fmt: skip
            axes.set(title=f"Exchange {short(exchange)}", ylim=(0, top), xlim=(0, None))
            ticks(axes, x=5, y=5)
        for axes in panels.flat[len(groups) :]:
            axes.set_visible(False)
        figure.legend(
            *panels.flat[0].get_legend_handles_labels(), loc="outside upper right", ncols=2
        )
        figure.supxlabel(f"bid ({unit.label})", fontsize=10)
        figure.supylabel("win rate (% of auctions)", fontsize=10)
        return _svg(figure)


def reliability_curves(tables: Mapping[str, pd.DataFrame], *, event: str = "click") -> str:
    """Draw the observed rate against the predicted one, with the intervals of the tables.

    Axes are logarithmic where every rate is below 10 %; a bin without an event is then drawn
    hollow at the foot of the panel, under its interval.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Reliability tables by name (columns predicted, observed, low, high); at most three.
    event : str
        What is predicted.

    Raises
    ------
    DataError
        If there is no table or more than three, or one lacks a column or is empty.
    """
    if not 1 <= len(tables) <= 3:
        raise DataError(f"tables: got {len(tables)}; must be 1 to 3. Pass that many tables.")
    for name, table in tables.items():
        need(f"tables[{name!r}]", table, ["predicted", "observed", "low", "high"])
    every = pd.concat(list(tables.values()))
    rates = 100 * every[["predicted", "observed"]].to_numpy(dtype=np.float64)
    top = 100 * float(every["high"].max())
    rare = bool(rates.max() < 10 and (rates > 0).any())
    foot = float(rates[rates > 0].min()) / 2 if rare else 0.0
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(6.6, 4.8), layout="constrained")
        axes = figure.subplots()
        line = [foot, max(top, float(rates.max()))]
        axes.plot(
            line, line, color=SOFT, linewidth=1, linestyle=_DASHED, label="predicted = observed"
        )
        for (name, table), color, mark in zip(
            tables.items(), (BLUE, ORANGE, GREEN), "os^", strict=False
        ):
            _draw_reliability(axes, 100 * table, foot, color, mark, name)
        if rare:
            axes.set(xscale="log", yscale="log", ylim=(foot / 1.15, None))
            for axis in (axes.xaxis, axes.yaxis):
                _log_ticks(axis)
        else:
            ticks(axes, x=6, y=6)
        axes.set(xlabel=f"predicted {event} rate (%)", ylabel=f"observed {event} rate (%)")
        axes.legend(loc="upper left")
        return _svg(figure)


def exchange_hour_map(table: pd.DataFrame, *, label: str, signed: bool = True) -> str:
    """Draw one number for each exchange and hour of day, as a map with the numbers in it.

    Parameters
    ----------
    table : pandas.DataFrame
        Exchanges as index, hours 0-23 as columns; NaN where there was no auction.
    label : str
        What the numbers are, with their unit.
    signed : bool
        Whether zero divides the colours (a difference) or starts them (spend).

    Raises
    ------
    DataError
        If the table is empty or has more than 16 exchanges.
    """
    if not table.size or len(table) > MOST_ROWS:
        raise DataError(
            f"table: has shape {table.shape}; must have 1 to {MOST_ROWS} exchanges and an hour. "
            "Sum the small exchanges into one row."
        )
    values = table.to_numpy(dtype=np.float64)
    extreme = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
    scale, word = (1000.0, ", in thousands") if extreme >= 10_000 else (1.0, "")
    shown, largest = values / scale, max(extreme / scale, 1e-12)
    digits = 0 if largest >= 100 else 1 if largest >= 1 else 2
    norm = TwoSlopeNorm(0.0, -largest, largest) if signed else Normalize(0.0, largest)
    with matplotlib.rc_context(_STYLE | {"axes.grid": False}):
        figure = Figure(figsize=(9.8, 1.5 + 0.42 * len(table)), layout="constrained")
        axes = figure.subplots()
        cells = np.ma.masked_invalid(shown)
        axes.pcolormesh(cells, cmap=_DIVERGING if signed else _RISING, norm=norm,
                        edgecolors="white", linewidth=1.5)  # fmt: skip
        for (row, column), cell in np.ndenumerate(shown):
            dark = abs(cell) > 0.62 * largest
            text = "·" if np.isnan(cell) else _signed_zero(f"{cell:,.{digits}f}")
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=7.5,
                      color="white" if dark else INK)  # fmt: skip
        axes.set_xticks(np.arange(values.shape[1]) + 0.5, [str(hour) for hour in table.columns])
        axes.set_yticks(np.arange(len(table)) + 0.5, [short(name) for name in table.index])
        axes.invert_yaxis()
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set(xlabel="hour of day", ylabel="exchange", title=label + word)
        return _svg(figure)


def cumulative_difference(
    series: pd.DataFrame, row: MetricDifference, *, unit: PriceUnit, level: float = 0.95
) -> str:
    """Draw the paired difference added up over time blocks, with its interval at the end.

    Parameters
    ----------
    series : pandas.DataFrame
        Columns block (its label) and difference (price sum), in time order.
    row : MetricDifference
        The metric's total and simultaneous interval, in price sums.
    unit : PriceUnit
        Converts price sums to currency.
    level : float
        Level of the interval.

    Raises
    ------
    DataError
        If a column is missing or there are no blocks.
    """
    need("series", series, ["block", "difference"])
    total = np.concatenate([[0.0], series["difference"].map(unit.money).cumsum()])
    order = np.arange(len(total))
    low, high = unit.money(row.simultaneous_low), unit.money(row.simultaneous_high)
    text = money(total[-1], unit.currency, sign=True)
    with canvas(9.4, 3.7) as drawn:
        axes = drawn.axes
        axes.axhline(0, color=SOFT, linewidth=1)
        keep = np.unique(np.linspace(0, order[-1], MOST_POINTS).astype(int))
        axes.plot(order[keep], total[keep], color=BLUE)
        axes.plot(order[-1], total[-1], "o", color=BLUE, markersize=7, clip_on=False)
        if math.isfinite(low) and math.isfinite(high):
            axes.vlines(order[-1], low, high, color=BLUE, linewidth=6, alpha=0.3, clip_on=False)
            text += (
                f"\n{100 * level:g} % interval:\n{money(low, '', True)} to\n{money(high, '', True)}"
            )
        else:
            text += "\nno interval:\ntoo little data"
        axes.annotate(text, (order[-1], total[-1]), xytext=(12, 0), textcoords="offset points",
                      va="center", fontsize=9, annotation_clip=False)  # fmt: skip
        axes.set(xlabel="start of time block", xlim=(0, order[-1]),
                 ylabel=f"{row.metric} difference so far ({unit.currency})")  # fmt: skip
        labels = series["block"].tolist()
        places = np.unique(np.linspace(0, len(labels) - 1, min(5, len(labels))).astype(int))
        axes.set_xticks(places, [short(labels[place], 22) for place in places])
        ticks(axes, y=5)
    return drawn.svg


def _draw_reliability(
    axes: Axes, table: pd.DataFrame, foot: float, color: str, mark: str, name: str
) -> None:
    predicted = table["predicted"].to_numpy()
    observed = np.maximum(table["observed"].to_numpy(), foot)
    axes.vlines(predicted, np.maximum(table["low"], foot), table["high"], color=color, alpha=0.45)
    none = table["observed"].to_numpy() == 0
    axes.plot(
        predicted[~none], observed[~none], mark, color=color, markersize=6, label=short(name, 30)
    )
    axes.plot(
        predicted[none], observed[none], mark, color=color, markersize=6, markerfacecolor="white"
    )


def ticks(axes: Axes, x: int = 0, y: int = 0) -> None:
    """Give the axes at most so many ticks, with thousands apart; 0 leaves an axis alone."""
    for axis, most in ((axes.xaxis, x), (axes.yaxis, y)):
        if most:
            axis.set_major_locator(MaxNLocator(most))
            axis.set_major_formatter(FuncFormatter(lambda value, _: count(value)))


def _log_x(axes: Axes, values: NDArray[np.float64]) -> None:
    if values.max() / max(values.min(), 1e-300) > 5:
        axes.set_xscale("log")
        _log_ticks(axes.xaxis)


def _log_ticks(axis: Any) -> None:
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))
    axis.set_minor_formatter(NullFormatter())


def _signed_zero(text: str) -> str:
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "\N{MINUS SIGN}")


def short(name: Any, most: int = 18) -> str:
    """Return a name on one line, cut where it is long."""
    text = " ".join(str(name).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _thin(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.iloc[np.unique(np.linspace(0, len(rows) - 1, MOST_POINTS).astype(int))]


def need(name: str, frame: pd.DataFrame, columns: Iterable[str]) -> None:
    """Refuse a frame that lacks a column or has no rows."""
    has_columns(name, frame.columns, columns)
    if not len(frame):
        raise DataError(f"{name}: has no rows; must have at least one. Pass a frame with rows.")


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return clean_svg(text.getvalue())
