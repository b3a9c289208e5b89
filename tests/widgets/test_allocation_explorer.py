"""The allocation explorer from Python: state in, state out; the screen is tests/browser's."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

import kit
from kit.base.errors import DataError, KitError
from kit.widgets.allocation_explorer import AllocationExplorer
from kit.widgets.allocation_figures import amount, flow_svg


@pytest.fixture
def explorer() -> AllocationExplorer:
    rng = np.random.default_rng(5)
    supply = pd.DataFrame({
        "supply_id": [f"s{place}" for place in range(40)], "capacity": rng.uniform(20, 80, 40),
        "exchange": rng.choice(["x", "<b>y"], 40),
    })  # fmt: skip
    demand = pd.DataFrame({"demand_id": ["A", "B"], "budget": [300.0, 500.0]})
    pairs = supply[["supply_id"]].merge(demand[["demand_id"]], how="cross")
    pairs["value"], pairs["cost"] = rng.lognormal(0, 0.5, (2, len(pairs)))
    made = kit.AllocationTables.of(supply, demand, pairs)
    terms = [kit.Capacity(), kit.Budget(), kit.Guarantee({"A": 100.0})]
    return AllocationExplorer(kit.AllocationProblem(made, terms, period="day"))


def test_sliders_and_state_agree(explorer: AllocationExplorer) -> None:
    knob = explorer.exploration.knobs["budget[A]"]
    explorer.sliders["budget[A]"].value = knob.options[20]
    assert explorer.view.settings["budget[A]"] == knob.options[20]
    anew = explorer.exploration.problem.compile().solve(
        {"budget[A]": knob.options[20]}
    )  # fmt: skip
    assert explorer.view.summary["value"] == pytest.approx(anew.value)
    view = explorer.set({"floor[x]": explorer.exploration.knobs["floor[x]"].options[4]})
    assert explorer.sliders["floor[x]"].value == view.settings["floor[x]"] > 0
    assert f"${view.summary['value']:,.2f}" in explorer.totals.value


def test_a_conflict_keeps_the_last_result_and_another_slider_mends_it(
    explorer: AllocationExplorer,
) -> None:
    before, shown = explorer.view, explorer.totals.value
    goal = explorer.sliders["guarantee[A]"]
    goal.value = explorer.exploration.knobs["guarantee[A]"].options[-1]
    explorer.sliders["budget[A]"].value = explorer.exploration.knobs["budget[A]"].options[0]
    assert "guarantee[A]" in explorer.message.value
    assert "The last good result is shown" in explorer.message.value
    assert explorer.view.settings["budget[A]"] == before.settings["budget[A]"]
    goal.value = 100.0  # the budget that was refused before is now possible, and taken
    assert "alert" not in explorer.message.value
    assert explorer.view.settings["guarantee[A]"] == 100.0
    assert explorer.view.settings["budget[A]"] == explorer.sliders["budget[A]"].value
    assert explorer.totals.value != shown


@pytest.mark.parametrize(
    "change", [{"changes": {"budget[C]": 1.0}}, {"frontier": "x"}, {"measure": "clicks"},
               {"changes": {"budget[A]": -1.0}}],
)  # fmt: skip
def test_python_is_refused_too(explorer: AllocationExplorer, change: dict[str, object]) -> None:
    before = explorer.view.settings
    with pytest.raises(KitError):
        explorer.set(**change)
    assert explorer.view.settings == before


def test_the_frontier_follows(explorer: AllocationExplorer) -> None:
    first = explorer.frontier
    explorer.set({"budget[A]": 250.0})  # moves along its own frontier
    pd.testing.assert_frame_equal(explorer.frontier, first)
    explorer.set({"budget[B]": 300.0})
    assert (explorer.frontier["value"] < first["value"]).all()
    now = explorer.picture.points[0]
    assert now["x"] == explorer.view.settings["budget[A]"]
    assert now["y"] == explorer.view.summary["value"]
    explorer.of.value = "budget[B]"
    assert explorer.frontier["number"].max() == pytest.approx(2000.0)
    assert explorer.picture.figure.layout.xaxis.title.text == "budget, B ($)"


def test_hostile_names_are_shown_and_not_obeyed(explorer: AllocationExplorer) -> None:
    for text in (explorer.flows.value, explorer.table.value, explorer.limits.value):
        assert "<b>" not in text
    assert "&lt;b&gt;y" in explorer.table.value
    ET.fromstring(explorer.flows.value)


def test_the_twin_says_the_same(explorer: AllocationExplorer) -> None:
    explorer.set({"floor[x]": explorer.exploration.knobs["floor[x]"].options[3]},
                 measure="impressions", frontier="floor[x]")  # fmt: skip
    svg, markdown = explorer.twin()
    assert svg.lstrip().startswith("<svg")
    assert f"| Value of the plan | ${explorer.view.summary['value']:,.2f} |" in markdown
    flows = explorer.exploration.flows(explorer.view, "impressions")
    assert f"| {round(flows.to_numpy().sum()):,} |" in markdown
    assert "closes" in markdown
    assert "supply rows are used up" in markdown


def test_ribbons_are_as_wide_as_the_flows() -> None:
    flows = pd.DataFrame([[30.0, 10.0], [0.0, 60.0]], ["x", "y"], ["A", "B"])
    drawn = ET.fromstring(flow_svg(flows, "Spend", lambda value: f"{value:g}"))
    space = "{http://www.w3.org/2000/svg}"
    heights = {bar.find(f"{space}title").text: float(bar.get("height"))
               for bar in drawn.iter(f"{space}rect")}  # fmt: skip
    scale = heights["A: 30"] / 30
    assert heights["x: 40"] == pytest.approx(40 * scale, abs=0.1)
    assert heights["B: 70"] == pytest.approx(70 * scale, abs=0.1)
    tips = [path.find(f"{space}title").text for path in drawn.iter(f"{space}path")]
    assert tips == ["x to A: 30", "x to B: 10", "y to B: 60"]
    empty = flow_svg(0 * flows, "Spend", str)
    assert "Nothing flows" in empty


def test_tables_alone_are_enough() -> None:
    made = kit.AllocationTables.of(
        pd.DataFrame({"supply_id": ["a", "b"], "capacity": [10.0, 5.0]}),
        pd.DataFrame({"demand_id": ["d"], "budget": [8.0]}),
        pd.DataFrame({"supply_id": ["a", "b"], "demand_id": "d", "value": [2.0, 3.0],
                      "cost": 1.0}),
    )  # fmt: skip
    explorer = kit.AllocationExplorer(made, floors=False)
    assert list(explorer.sliders) == ["budget[d]"]
    assert explorer.exploration.by == "supply_id"
    with pytest.raises(DataError, match="knobs"):
        kit.AllocationExplorer(made, knobs=["capacity[a]"])


@pytest.mark.parametrize(
    ("value", "unit", "currency", "said"),
    [(0.0, "money", "$", "$0.00"), (-3.5, "money", "USD", "\N{MINUS SIGN}3.50 USD"),
     (0.0106, "price", "$", "$0.0106"), (0.345, "share", "$", "34.5 %"),
     (12345.6, "impressions", "$", "12,346")],
)  # fmt: skip
def test_amounts(value: float, unit: str, currency: str, said: str) -> None:
    assert amount(value, unit, currency) == said


def test_no_colour_is_lost_in_either_theme(explorer: AllocationExplorer) -> None:
    """Text takes the theme's colour; nothing is drawn in plain black or white."""
    colours = set(re.findall(r'fill="([^"]+)"', explorer.flows.value))
    assert "var(--jp-ui-font-color1, #22272e)" in colours
    assert not colours & {"black", "white", "#000", "#fff", "#000000", "#ffffff"}
