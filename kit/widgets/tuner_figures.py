"""What the bid tuner draws: the numbers, the map, and two figures."""

# ruff: noqa: RUF001 - the multiplication sign is what is shown
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
import plotly.graph_objects as go

from kit.flow.tuning import BidTuning, TuningView
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
    """

    def __init__(self, tuning: BidTuning, css_class: str) -> None:
        self.tuning = tuning
        self.unit = tuning.log.meta.unit
        self._drawn_policy = ""
        self._drawn_frontier: Any = None
        currency = self.unit.currency
        self.frontier = figure(
            "frontier",
            figure_layout(
                "Value against spend, every multiplier", f"spend ({currency})",
                f"value ({currency})", showlegend=False,
            ),
        )  # fmt: skip
        self.frontier.update_xaxes(type="log", dtick="D2", tickformat=",")
        self.frontier.update_yaxes(rangemode="tozero")
        self.frontier.add_trace(
            go.Scatter(
                mode="lines", line={"color": BLUE, "width": 2},
                hovertemplate=f"×%{{customdata:.4g}}: spend %{{x:,.2f}} {currency}, "
                f"value %{{y:,.2f}} {currency}<extra></extra>",
            )
        )  # fmt: skip
        # Unseen: it keeps the points that the glue draws inside the axes.
        self.frontier.add_trace(go.Scatter(mode="markers", opacity=0, hoverinfo="skip"))
        self.rates = figure(
            "rates",
            figure_layout(
                "Win rate by exchange", "multiplier on the policy's bid", "win rate (%)",
                showlegend=True,
            ),
        )  # fmt: skip
        self.rates.update_xaxes(
            type="log", tickvals=[0.0625, 0.125, 0.25, 0.5, 1, 2, 4, 8, 16],
            ticktext=["1/16", "1/8", "1/4", "1/2", "1", "2", "4", "8", "16"], range=[-1.25, 1.25],
        )  # fmt: skip
        self.numbers, self.heat = widgets.HTML(), widgets.HTML()
        self.glue = Glue(panel=css_class)

    def draw(self, view: TuningView, pins: Sequence[Pin], measure: str) -> None:
        """Show a view; only what changed is sent to the browser."""
        self._draw_rates(view.policy)
        self._draw_frontier(view)
        self._keep_in_sight(pins)
        self.glue.move(self._points(view, pins))
        self.numbers.value = html_table(*self.rows(view, pins), now=1)
        show = self._money if measure in MONEY else count
        caption = f"{ROWS[measure]} by exchange and hour of day"
        self.heat.value = heat_table(view.heat(measure), caption, show)

    def _draw_rates(self, policy: str) -> None:
        if policy == self._drawn_policy:
            return
        self._drawn_policy = policy
        table = self.tuning.table(policy)
        with self.rates.batch_update():
            self.rates.data = ()
            for place, (name, rate) in enumerate(table.win_rates().items()):
                self.rates.add_trace(
                    go.Scatter(
                        x=table.multipliers, y=100 * rate, mode="lines", name=name,
                        line={"color": SERIES[place % len(SERIES)], "width": 1.8},
                        hovertemplate=f"{name} ×%{{x:.4g}}: %{{y:.2f}} %<extra></extra>",
                    )
                )  # fmt: skip

    def _draw_frontier(self, view: TuningView) -> None:
        """Send the line only where it changed: the multiplier alone moves along it."""
        setting = view.setting
        key = (view.policy, tuple(setting.exchange.items()), setting.first_price,
               setting.budget)  # fmt: skip
        if key == self._drawn_frontier:
            return
        self._drawn_frontier = key
        frame = self.tuning.table(view.policy).frontier(setting)
        self.frontier.data[0].update(
            x=self.unit.money(1.0) * frame["spend"].to_numpy(),
            y=self.unit.money(1.0) * frame["value"].to_numpy(),
            customdata=frame["multiplier"].to_numpy(),
        )

    def _keep_in_sight(self, pins: Sequence[Pin]) -> None:
        shown = [self.tuning.baseline, *(pin.view.summary for pin in pins)]
        x, y = ([self.unit.money(one[name]) for one in shown] for name in ("spend", "value"))
        if list(self.frontier.data[1].x or ()) != x or list(self.frontier.data[1].y or ()) != y:
            self.frontier.data[1].update(x=x, y=y)

    def _points(self, view: TuningView, pins: Sequence[Pin]) -> list[dict[str, Any]]:
        """Return what moves: the chosen point, the baseline, the pins, each exchange's rate."""
        points = [
            self._front("square", "#6b7280", self.tuning.baseline_name, self.tuning.baseline),
            *(self._front("pin", ORANGE, pin.name, pin.view.summary) for pin in pins),
            self._front("dot", ORANGE, "now", view.summary),
        ]
        table = self.tuning.table(view.policy)
        plain, _ = table.bid_multipliers(view.setting)
        rates = table.rates_at(view.setting)
        for place, name in enumerate(table.exchanges):
            points.append({
                "figure": "rates", "x": plain[name], "y": 100 * rates[name], "kind": "small",
                "color": SERIES[place % len(SERIES)], "label": name,
            })  # fmt: skip
        return points

    def _front(
        self, kind: str, color: str, label: str, summary: Mapping[str, float]
    ) -> dict[str, Any]:
        x, y = self.unit.money(summary["spend"]), self.unit.money(summary["value"])
        return {"figure": "frontier", "x": x, "y": y, "kind": kind, "color": color, "label": label}

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
