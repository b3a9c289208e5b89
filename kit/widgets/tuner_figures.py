"""What the bid tuner draws: the numbers, the map, and two figures."""

# ruff: noqa: RUF001 - the multiplication sign is what is shown
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from kit.base.units import PriceUnit
from kit.flow.tuning import BidTuning, TuningView
from kit.replay.tuning import Setting
from kit.report.figures import bid_curves
from kit.report.numbers import count, money, percent
from kit.widgets.glue import Glue
from kit.widgets.heat import heat_table
from kit.widgets.panel import (
    BLUE,
    ORANGE,
    SERIES,
    figure,
    figure_layout,
    html_table,
    markdown_table,
)

ROWS = {
    "surplus": "Surplus", "value": "Value", "spend": "Spend", "fees": "Fees",
    "impressions": "Wins", "clicks": "Clicks", "win_rate": "Win rate",
}  # fmt: skip
MONEY = ("surplus", "value", "spend", "fees")


@dataclass(frozen=True)
class Pin:
    """A setting that was kept to compare with."""

    name: str
    view: TuningView


class TunerFigures:
    """The figures and tables of one tuner.

    Parameters
    ----------
    tuning : BidTuning
        What they are drawn from.
    css_class : str
        The panel's.
    curves : FigureWidget
        From `curves_figure`.
    """

    def __init__(self, tuning: BidTuning, css_class: str, curves: go.FigureWidget) -> None:
        self.tuning = tuning
        self.unit = tuning.log.meta.unit
        self._drawn_policy = ""
        self._drawn_frontier: Any = None
        self.curves = curves
        self.numbers, self.heat = widgets.HTML(), widgets.HTML()
        self.glue = Glue(panel=css_class)

    def draw(self, view: TuningView, pins: Sequence[Pin], measure: str) -> None:
        """Show a view; only what changed is sent to the browser."""
        self._draw_policy(view.policy)
        with self.glue.hold_sync():
            self._draw_frontier(view)
            self.glue.points = self._points(view, pins)
        self.numbers.value = html_table(*self.rows(view, pins), now=1)
        show = self._money if measure in MONEY else count
        caption = f"{ROWS[measure]} by exchange and hour of day"
        self.heat.value = heat_table(view.heat(measure), caption, show)

    def _draw_policy(self, policy: str) -> None:
        """Redraw what only the policy changes: its plain frontier, and its win rates."""
        if policy == self._drawn_policy:
            return
        self._drawn_policy = policy
        table = self.tuning.table(policy)
        spend, value, multiplier = self._frontier(policy, Setting())
        currency = self.unit.currency
        with self.curves.batch_update():
            self.curves.data = ()
            self.curves.add_trace(
                go.Scatter(
                    x=spend, y=value, customdata=multiplier, mode="lines", showlegend=False,
                    line={"color": "#9aa1ab", "width": 1.5, "dash": "dot"},
                    hovertemplate=f"×%{{customdata:.4g}}, nothing else set: spend %{{x:,.2f}} "
                    f"{currency}, value %{{y:,.2f}} {currency}<extra></extra>",
                )
            )  # fmt: skip
            for place, (name, rate) in enumerate(table.win_rates().items()):
                self.curves.add_trace(
                    go.Scatter(
                        x=table.multipliers, y=100 * rate, mode="lines", name=name,
                        xaxis="x2", yaxis="y2",
                        line={"color": SERIES[place % len(SERIES)], "width": 1.8},
                        hovertemplate=f"{name} ×%{{x:.4g}}: %{{y:.2f}} %<extra></extra>",
                    )
                )  # fmt: skip
            self._set_range(spend, value)

    def _set_range(self, spend: NDArray[np.float64], value: NDArray[np.float64]) -> None:
        """Fix the axes so that they hold still while sliders move."""
        x, y = (self.unit.money(self.tuning.baseline[name]) for name in ("spend", "value"))
        sums = np.append(spend[spend > 0], x)
        low, high = max(float(sums.min()), float(sums.max()) / 1e4, 1e-9), float(sums.max())
        self.curves.update_layout(
            xaxis_range=[math.log10(low / 1.5), math.log10(max(high, 1e-6) * 1.5)],
            yaxis_range=[0, 1.08 * max(float(value.max()), y, 1e-9)],
        )

    def _draw_frontier(self, view: TuningView) -> None:
        """Send the line only where it changed: the multiplier alone moves along it."""
        setting = view.setting
        key = (view.policy, tuple(setting.exchange.items()), setting.first_price,
               setting.budget)  # fmt: skip
        if key == self._drawn_frontier:
            return
        self._drawn_frontier = key
        spend, value, _ = self._frontier(view.policy, setting)
        self.glue.lines = [
            {"figure": "curves", "axes": "", "color": BLUE, "x": short(spend), "y": short(value)}
        ]

    def _frontier(
        self, policy: str, setting: Setting
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return spend and value in currency, and the multipliers they belong to."""
        frame = self.tuning.table(policy).frontier(setting)
        scale = self.unit.money(1.0)
        spend, value = (scale * frame[name].to_numpy(np.float64) for name in ("spend", "value"))
        return spend, value, frame["multiplier"].to_numpy(np.float64)

    def _points(self, view: TuningView, pins: Sequence[Pin]) -> list[dict[str, Any]]:
        """Return what moves: the chosen point, the baseline, the pins, each exchange's rate."""
        points = [
            self._front("square", "#6b7280", self.tuning.baseline_name, self.tuning.baseline),
            *(self._front("pin", ORANGE, pin.name, pin.view.summary) for pin in pins),
            self._front("dot", ORANGE, "now", view.summary),
        ]
        table = self.tuning.table(view.policy)
        plain, shaded = table.bid_multipliers(view.setting)
        multipliers = plain | {name: shaded[name] for name in table.only_first_price}
        rates = table.rates_at(view.setting)
        for place, name in enumerate(table.exchanges):
            points.append({
                "figure": "curves", "axes": "2", "x": multipliers[name], "y": 100 * rates[name],
                "kind": "small", "color": SERIES[place % len(SERIES)], "label": name,
            })  # fmt: skip
        return points

    def _front(
        self, kind: str, color: str, label: str, summary: Mapping[str, float]
    ) -> dict[str, Any]:
        x, y = self.unit.money(summary["spend"]), self.unit.money(summary["value"])
        return {"figure": "curves", "axes": "", "x": x, "y": y, "kind": kind, "color": color,
                "label": label}  # fmt: skip

    def rows(self, view: TuningView, pins: Sequence[Pin]) -> tuple[list[str], list[list[str]]]:
        """Return header and rows: now, the baseline, their difference, the pins."""
        now, base = view.summary, self.tuning.baseline
        header = ["Tune split", "Now", self.tuning.baseline_name.capitalize(), "Difference"]
        header += [pin.name for pin in pins]
        rows = []
        for name, label in ROWS.items():
            columns = [now[name], base[name]]
            cells = [self._shown(name, value) for value in columns]
            cells.append(self._shown(name, now[name] - base[name], sign=True))
            cells += [self._shown(name, pin.view.summary[name]) for pin in pins]
            rows.append([label, *cells])
        return header, rows

    def _shown(self, name: str, value: float, sign: bool = False) -> str:
        if name in MONEY:
            return money(self.unit.money(value), self.unit.currency, sign)
        if name == "win_rate":
            return percent(value, 2, sign)
        return count(value, sign)

    def _money(self, price_sum: float) -> str:
        return money(self.unit.money(price_sum), self.unit.currency)

    def twin(self, view: TuningView, pins: Sequence[Pin]) -> tuple[str, str]:
        """Return the curves as SVG, and settings and totals as Markdown."""
        setting, baseline = view.setting, self.tuning.baseline
        svg = bid_curves(
            self.tuning.table(view.policy).frontier(setting), chosen=setting.multiplier,
            unit=self.unit, auctions=len(self.tuning.log),
            baseline=(self.tuning.baseline_name, baseline["spend"], baseline["value"]),
        )  # fmt: skip
        budget = setting.budget
        limit = "no budget" if budget is None else f"a budget of {self._money(budget)}"
        by_exchange = ", ".join(f"{name} ×{value:g}" for name, value in setting.exchange.items())
        said = (
            f"As it was when the cell ran: policy {view.policy} ×{setting.multiplier:g}, "
            f"{by_exchange}, first price ×{setting.first_price:g}, {limit}."
        )
        return svg, f"{said}\n\n{markdown_table(*self.rows(view, pins))}\n"


def short(values: NDArray[np.float64]) -> list[float]:
    """Return numbers with six digits: what a screen can show."""
    return [float(f"{value:.6g}") for value in values]


def curves_figure(unit: PriceUnit) -> go.FigureWidget:
    """Return axes for the frontier on the left and the win rates on the right."""
    currency = unit.currency
    layout = figure_layout("", f"spend ({currency})", f"value ({currency})", showlegend=True)
    rates = figure_layout("", "multiplier on the policy's bid", "win rate (%)")
    shares = ["1/16", "1/8", "1/4", "1/2", "1", "2", "4", "8", "16"]
    title: dict[str, Any] = {
        "showarrow": False, "xref": "paper", "yref": "paper", "y": 1.0, "yanchor": "bottom",
        "xanchor": "left", "font": {"size": 13}, "yshift": 8,
    }  # fmt: skip
    layout.update(
        width=1040,
        title=None,
        xaxis={"domain": [0.0, 0.46], "type": "log", "dtick": "D2", "tickformat": ","},
        xaxis2={
            **rates.xaxis.to_plotly_json(), "domain": [0.54, 1.0], "type": "log", "anchor": "y2",
            "tickvals": [2.0**power for power in range(-4, 5)], "ticktext": shares,
            "range": [-1.25, 1.25],
        },
        yaxis2={**rates.yaxis.to_plotly_json(), "anchor": "x2", "range": [-2, 103]},
        legend={"x": 0.54},
        annotations=[
            {**title, "x": 0.0, "text": "Value against spend: blue as set, dotted nothing set"},
            {**title, "x": 0.54, "text": "Win rate by exchange"},
        ],
    )  # fmt: skip
    return figure("curves", layout)
