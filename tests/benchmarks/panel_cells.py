"""What the notebooks of the panel benchmark hold: our tuner, and two rivals with the same view."""

from __future__ import annotations

SETUP = """\
import sys
sys.path.insert(0, {root!r})
import json
import numpy as np, ipywidgets as w
import kit
from tests.benchmarks.data import panel_log
log = panel_log({rows})
policies = {{"value": kit.make_policy("value")}}
warm = kit.BidTuner(panel_log(10_000), policies)
"""
TUNER = "tuner = kit.BidTuner(log, policies)\ntuner"
STATE = """\
summary = tuner.tuning.view("value", tuner.setting).summary
print("API" + json.dumps([tuner.setting.multiplier, tuner.unit.money(summary["spend"])]))
"""
_SHARED = """\
tuner = kit.BidTuner(log, policies)
table, unit = tuner.tuning.table("value"), tuner.unit
front, rates = table.frontier(kit.Setting()), table.win_rates()
spend, value = unit.money(1) * front["spend"], unit.money(1) * front["value"]
slider = w.IntSlider(0, -48, 48, description="Multiplier")
numbers = w.HTML()
root = w.VBox()
root.add_class("kit-panel")
"""
MATPLOTLIB = (
    _SHARED
    + """\
import io
from matplotlib.figure import Figure
image = w.Image(format="png")
def draw(change=None):
    view = tuner.tuning.view("value", kit.Setting(multiplier=2 ** (slider.value / 16)))
    figure = Figure(figsize=(12, 3.2), dpi=80)
    left, middle, right = figure.subplots(1, 3)
    left.plot(spend, value)
    left.plot([unit.money(view.summary["spend"])], [unit.money(view.summary["value"])], "o")
    for rate in rates.values():
        middle.semilogx(table.multipliers, rate)
    right.pcolormesh(view.heat("surplus").to_numpy())
    png = io.BytesIO()
    figure.savefig(png, format="png")
    image.value = png.getvalue()
    numbers.value = str(dict(view.summary))
slider.observe(draw, "value")
draw()
root.children = (slider, numbers, image)
root
"""
)
ALTAIR = (
    _SHARED
    + """\
import altair as alt, pandas as pd
lines = pd.DataFrame({"spend": spend, "value": value})
curves = pd.DataFrame([(name, m, r) for name, rate in rates.items()
                       for m, r in zip(table.multipliers, rate)], columns=["name", "m", "rate"])
def chart():
    view = tuner.tuning.view("value", kit.Setting(multiplier=2 ** (slider.value / 16)))
    numbers.value = str(dict(view.summary))
    point = pd.DataFrame({"spend": [unit.money(view.summary["spend"])],
                          "value": [unit.money(view.summary["value"])]})
    size = {"width": 300, "height": 220}
    left = alt.Chart(lines).mark_line().encode(x="spend", y="value")
    left = left + alt.Chart(point).mark_point(filled=True).encode(x="spend", y="value")
    middle = alt.Chart(curves).mark_line().encode(
        x=alt.X("m", scale=alt.Scale(type="log")), y="rate", color="name")
    right = alt.Chart(view.cells[["exchange", "hour", "surplus"]]).mark_rect().encode(
        x="hour:O", y="exchange:N", color="surplus:Q")
    return left.properties(**size) | middle.properties(**size) | right.properties(**size)
alt.JupyterChart.enable_offline()
shown = alt.JupyterChart(chart(), embed_options={"renderer": "svg"})
slider.observe(lambda change: setattr(shown, "chart", chart()), "value")
root.children = (slider, numbers, shown)
root
"""
)
