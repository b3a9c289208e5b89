"""The allocation explorer: budgets, shares and floors that move, and what the plan then does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import ipywidgets as widgets
import pandas as pd

from kit.allocate.problem import AllocationProblem
from kit.allocate.tables import AllocationTables
from kit.base.errors import KitError
from kit.flow.allocation import MEASURES, AllocationExploration, AllocationView
from kit.flow.allocation_knobs import Knob, label_of
from kit.report.allocation_figures import allocation_picture
from kit.report.numbers import count
from kit.widgets.allocation_figures import (
    FrontierFigure,
    amount,
    flow_rows,
    flow_svg,
    signed,
    step_label,
)
from kit.widgets.panel import Panel, html_table, markdown_table, one_at_a_time

_WIDE = {"description_width": "222px"}
_REST_S = 0.2
"""Seconds of rest after which the frontier and the exact prices follow."""
_MEASURE_WORDS = {"spend": "Spend", "impressions": "Impressions", "value": "Value"}
_ROWS = {"value": "Value of the plan", "spend": "Spend", "impressions": "Impressions"}


class AllocationExplorer(Panel):
    """A panel that turns the numbers of an allocation problem and shows the plan at once.

    Parameters
    ----------
    problem : AllocationProblem or AllocationTables
        What is solved; tables get capacities and budgets as their limits.
    by, knobs, floors
        See `kit.flow.allocation.AllocationExploration`.

    Raises
    ------
    KitError
        If a name is unknown, or the problem has no solution as it is given.

    Notes
    -----
    `view` is the state; `set` changes it from Python as the sliders do. The flows, the limits
    that bind and their prices follow every key; the frontier, one-sided prices and what a whole
    limit costs take re-solves and follow when the keys rest.

    Examples
    --------
    >>> import kit
    >>> tables = AllocationTables.of(
    ...     pd.DataFrame({"supply_id": ["a", "b"], "capacity": 100.0, "exchange": ["x", "y"]}),
    ...     pd.DataFrame({"demand_id": ["line"], "budget": [120.0]}),
    ...     pd.DataFrame({"supply_id": ["a", "b"], "demand_id": "line", "value": [2.0, 3.0],
    ...                   "cost": 1.0}),
    ... )
    >>> explorer = AllocationExplorer(tables)
    >>> explorer.set({"budget[line]": 60.0}).summary["value"]
    180.0
    """

    title: ClassVar[str] = "Allocation explorer"

    def __init__(
        self,
        problem: AllocationProblem | AllocationTables,
        *,
        by: str | None = None,
        knobs: Sequence[str] | None = None,
        floors: bool = True,
    ) -> None:
        self.picture = FrontierFigure()
        self.exploration = AllocationExploration(problem, by=by, knobs=knobs, floors=floors)
        exploration = self.exploration
        tables = exploration.tables
        self.currency = exploration.problem.currency
        super().__init__(
            f"{len(tables):,} eligible pairs of {len(tables.supply):,} supply rows and "
            f"{len(tables.demand):,} demands; supply by {exploration.by}. Every move of a slider "
            "solves the whole problem again."
        )
        self.view: AllocationView = exploration.start
        self.frontier_name = next(iter(exploration.knobs), "")
        self.frontier = pd.DataFrame(columns=["number", "value", "spend"])
        self._frontier_waits = False
        self._turn = 0
        self._make_controls()
        self._assemble()
        self._draw()
        self._rested()

    @one_at_a_time
    def set(
        self,
        changes: Mapping[str, float] | None = None,
        *,
        frontier: str | None = None,
        measure: str | None = None,
    ) -> AllocationView:
        """Change limits, what the frontier is of, and what flows are counted in.

        Parameters
        ----------
        changes : mapping of str to float, optional
            Numbers by name (``{"budget[line A]": 900.0, "floor[x]": 0.5}``); each moves to its
            nearest step.
        frontier : str, optional
            Limit whose frontier is shown.
        measure : {"spend", "impressions", "value"}, optional
            What the flows are counted in.

        Raises
        ------
        KitError
            If a name is unknown, a number out of range, or limits contradict each other; what
            was shown stays.
        """
        if frontier is not None:
            self.exploration.knob(frontier)
        if measure is not None:
            self.exploration.flows(self.view, measure)
        self._apply(changes or {})
        with self._unobserved():
            for name, slider in self.sliders.items():
                slider.value = self.view.settings[name]
            self.measure.value = measure or self.measure.value
            self.of.value = self.frontier_name = frontier or self.frontier_name
        self._draw()
        self._rested()
        return self.view

    def _make_controls(self) -> None:
        knobs = self.exploration.knobs
        self.sliders = {name: self._slider(knob) for name, knob in knobs.items()}
        self.measure = widgets.Dropdown(
            options=[(words, name) for name, words in _MEASURE_WORDS.items()], value=MEASURES[0],
            description="Flows show", style=_WIDE, layout={"width": "340px"},
        )  # fmt: skip
        self.of = widgets.Dropdown(
            options=[(knob.label, name) for name, knob in knobs.items()],
            value=self.frontier_name or None, description="Frontier of",
            style={"description_width": "90px"}, layout={"width": "400px"},
        )  # fmt: skip
        for slider in self.sliders.values():
            slider.observe(self._changed, "value")
        self.measure.observe(self._redrawn, "value")
        self.of.observe(self._other_frontier, "value")

    def _slider(self, knob: Knob) -> widgets.SelectionSlider:
        options = [(step_label(value, knob.unit, self.currency), value) for value in knob.options]
        return widgets.SelectionSlider(
            options=options, value=knob.start, description=knob.label, style=_WIDE,
            layout={"width": "532px"},
        )  # fmt: skip

    def _assemble(self) -> None:
        self.totals, self.limits = widgets.HTML(), widgets.HTML()
        self.flows, self.table = widgets.HTML(), widgets.HTML()
        wrap = {"flex_flow": "row wrap"}
        self.lay_out(
            widgets.HBox(list(self.sliders.values()), layout=wrap),
            widgets.HBox([self.measure, self.of], layout=wrap),
            widgets.HBox([self.totals, self.limits], layout={**wrap, "align_items": "flex-start"}),
            widgets.HBox([self.flows, self.picture.figure], layout=wrap),
            self.table,
            self.picture.glue_to(self.css_class),
        )

    @one_at_a_time
    def _changed(self, change: Any) -> None:
        if self._quiet:
            return
        before = self.view.settings
        try:
            self._apply({name: slider.value for name, slider in self.sliders.items()})
        except KitError as error:
            self.complain(error)
            return
        self._draw()
        now = self.view.settings
        others = any(now[name] != before[name] for name in now if name != self.frontier_name)
        self._rest(frontier=others or self._frontier_waits)

    def _apply(self, changes: Mapping[str, float]) -> None:
        self.view = self.exploration.view(changes)
        self.say()

    @one_at_a_time
    def _redrawn(self, change: Any) -> None:
        if not self._quiet:
            self._draw()

    @one_at_a_time
    def _other_frontier(self, change: Any) -> None:
        if not self._quiet:
            self.frontier_name = self.of.value
            self._rested()

    def _draw(self) -> None:
        """Show what is known at once."""
        flows = self.exploration.flows(self.view, self.measure.value)
        self.totals.value = html_table(*self.total_rows())
        self.limits.value = self._limits_html()
        self.flows.value = flow_svg(flows, self._flow_title(), self._shown_flow)
        self.table.value = html_table(*flow_rows(flows, self.exploration.by, self._shown_flow))
        self._draw_now()

    def _draw_now(self) -> None:
        if self.frontier_name:
            number = self.view.settings[self.frontier_name]
            self.picture.point(number, self.view.summary["value"])

    def _rest(self, *, frontier: bool = True) -> None:
        """Do what takes re-solves once the keys rest; without an event loop, now."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._rested(frontier=frontier)
            return
        self._turn, self._frontier_waits = self._turn + 1, frontier
        loop.call_later(_REST_S, self._rest_ends, self._turn)

    @one_at_a_time
    def _rest_ends(self, turn: int) -> None:
        # the next key may come in another thread, whose loop cannot cancel this one's timer
        if turn == self._turn:
            self._rested(frontier=self._frontier_waits)

    def _rested(self, *, frontier: bool = True) -> None:
        self._turn, self._frontier_waits = self._turn + 1, False
        if self.frontier_name and frontier:
            knob = self.exploration.knob(self.frontier_name)
            self.frontier = self.exploration.frontier(self.frontier_name)
            self.picture.line(self.frontier, self._axis(knob), self._value_axis())
        self.view = self.exploration.exact(self.view)
        self.limits.value = self._limits_html()
        self._draw_now()

    def _axis(self, knob: Knob) -> str:
        unit = {"money": self.currency, "price": f"{self.currency} an impression",
                "share": "share"}.get(knob.unit, knob.unit)  # fmt: skip
        return f"{knob.label} ({unit})" if unit else knob.label

    def _value_axis(self) -> str:
        return f"value of the plan ({self.currency})"

    def _flow_title(self) -> str:
        words = _MEASURE_WORDS[self.measure.value]
        unit = "" if self.measure.value == "impressions" else f" ({self.currency})"
        return f"{words}{unit}, from {self.exploration.by} to demand"

    def _shown_flow(self, value: float) -> str:
        if self.measure.value == "impressions":
            return count(round(value))
        return amount(value, "money", self.currency)

    def total_rows(self) -> tuple[list[str], list[list[str]]]:
        """Return header and rows of the totals: now, as it started, and the difference."""
        now, start = self.view.summary, self.exploration.start.summary
        rows = [
            [label, self._total(name, now[name]), self._total(name, start[name]),
             signed(self._total(name, now[name] - start[name]), now[name] - start[name])]
            for name, label in _ROWS.items()
        ]  # fmt: skip
        return ["Plan", "Now", "At the start", "Difference"], rows

    def _total(self, name: str, value: float) -> str:
        if name == "impressions":
            return count(round(value))
        return amount(value, "money", self.currency)

    def limit_rows(self) -> tuple[list[str], list[list[str]]]:
        """Return header and rows of the limits that bind."""
        knobs = self.exploration.knobs
        rows = []
        for row in self.view.binding.to_dict("records"):
            knob = knobs.get(row["limit"])
            unit = knob.unit if knob else row["unit"]
            name = label_of(row["limit"])
            rows.append([name, amount(row["bound"], unit, self.currency), row["words"]])
        return ["Limit that binds", "At", "What it is worth"], rows

    def _limit_notes(self) -> str:
        view, tables = self.view, self.exploration.tables
        more = view.binding_count - int((view.binding["unit"] != "price").sum())
        said = f"{view.capacity_binds:,} of {len(tables.supply):,} supply rows are used up."
        return said + (f" {more:,} more limits bind." if more > 0 else "")

    def _limits_html(self) -> str:
        header, rows = self.limit_rows()
        rows = rows or [["none", "", "No limit binds but what supply there is."]]
        note = f'<div class="kit-caption">{self._limit_notes()}</div>'
        return f'<div class="kit-limits">{html_table(header, rows)}{note}</div>'

    @one_at_a_time
    def twin(self) -> tuple[str, str]:
        """Return flows and frontier as SVG, and the tables as Markdown."""
        flows = self.exploration.flows(self.view, self.measure.value)
        knob = self.exploration.knob(self.frontier_name)
        svg = allocation_picture(
            flows, self.frontier, flow=self._flow_title(), limit=self._axis(knob),
            now=(self.view.settings[self.frontier_name], self.view.summary["value"]),
            value=self._value_axis(),
        )  # fmt: skip
        settings = ", ".join(
            f"{self.exploration.knobs[name].label} "
            f"{amount(value, self.exploration.knobs[name].unit, self.currency)}"
            for name, value in self.view.settings.items()
        )
        tables = [
            markdown_table(*self.total_rows()),
            markdown_table(*self.limit_rows()),
            markdown_table(*flow_rows(flows, self.exploration.by, self._shown_flow)),
        ]
        parts = [f"As it was when the cell ran: {settings}.", *tables, self._limit_notes()]
        return svg, "\n\n".join(parts) + "\n"
