"""Figures: valid SVG, the right marks, small, the same every time, safe with any name."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace

import matplotlib
import numpy as np
import pandas as pd
import pytest

from kit.base.errors import DataError
from kit.base.units import FEN_CPM
from kit.report import allocation_figures, figures
from kit.report.svg import clean_svg, inline_svg
from kit.report.writeup import Writeup
from kit.validate.comparison import MetricDifference

ROW = MetricDifference("surplus", 9e5, 5e5, 4e5, 1e5, 7e5, 5e4, 7.5e5, 1e5, 3e5)
SERIES = pd.DataFrame({"block": [f"hour {n}" for n in range(1000)], "difference": 400.0})


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter() if "text" in node.tag]


def test_every_figure_is_valid_small_and_brings_no_address(writeup: Writeup) -> None:
    for figure in writeup.figures:
        ET.fromstring(figure.svg)
        assert len(figure.svg) < 150_000
        assert "<image" not in figure.svg
        assert "<style" not in figure.svg
        addresses = re.findall(r"https?:[^\"]*", figure.svg)
        assert addresses == ["http://www.w3.org/2000/svg"]
        assert "DejaVu" not in figure.svg
        assert "sans-serif" in figure.svg
        assert len(texts(figure.svg)) > 5  # text stays text


@pytest.mark.parametrize("word", ["CNY", "%", "bid multiplier"])
def test_axes_carry_units(word: str, writeup: Writeup) -> None:
    assert any(word in text for text in texts(writeup.figures[0].svg))


def test_the_same_input_gives_the_same_bytes_and_leaves_settings_alone(grid: pd.DataFrame) -> None:
    before = dict(matplotlib.rcParams)
    first, second = (
        figures.bid_curves(grid, chosen=1.4, unit=FEN_CPM, auctions=200_000) for _ in range(2)
    )
    assert first == second
    assert dict(matplotlib.rcParams) == before
    assert "date" not in first


def test_the_chosen_multiplier_and_the_baseline_are_marked(grid: pd.DataFrame) -> None:
    svg = figures.bid_curves(
        grid, chosen=1.4, unit=FEN_CPM, auctions=200_000, baseline=("mcpc <b>", 1e6, 2e6)
    )
    nearest = grid["multiplier"].iloc[(grid["multiplier"] - 1.4).abs().argmin()]
    assert f"chosen: {nearest:.3g}" in texts(svg)
    assert "mcpc <b>" in texts(svg)
    assert "<b>" not in svg


def test_long_series_are_thinned() -> None:
    svg = figures.cumulative_difference(SERIES, ROW, unit=FEN_CPM)
    longest = max(re.findall(r'd="([^"]*)"', svg), key=len)
    assert longest.count("L") < figures.MOST_POINTS
    assert "+4.00 CNY" in texts(svg)
    assert "95 % interval:" in texts(svg)


def test_without_an_interval_the_figure_says_so() -> None:
    bare = replace(ROW, simultaneous_low=math.nan, simultaneous_high=math.nan)
    assert "no interval:" in texts(figures.cumulative_difference(SERIES[:1], bare, unit=FEN_CPM))


def test_the_map_prints_every_number(hour_table: pd.DataFrame) -> None:
    shown = texts(figures.exchange_hour_map(hour_table, label="Surplus (CNY)"))
    for value in hour_table.to_numpy().ravel():
        text = "·" if np.isnan(value) else f"{value:.1f}".replace("-", "\N{MINUS SIGN}")
        assert text in shown
    large = texts(figures.exchange_hour_map(hour_table.abs() * 1e4, label="Spend", signed=False))
    assert "Spend, in thousands" in large


def test_rare_events_get_log_axes_and_no_empty_bin_is_lost(
    tables: dict[str, pd.DataFrame],
) -> None:
    labels = texts(figures.reliability_curves(tables, event="conversion"))
    assert "predicted conversion rate (%)" in labels
    assert "0.01" in labels
    assert any(table["observed"].eq(0).any() for table in tables.values())
    common = pd.DataFrame({"predicted": [0.2, 0.8], "observed": [0.3, 0.7],
                           "low": [0.2, 0.6], "high": [0.4, 0.8]})  # fmt: skip
    linear = texts(figures.reliability_curves({"model": common}))
    assert "observed click rate (%)" in linear
    assert "60" in linear  # evenly spaced ticks in per cent


def test_flat_and_empty_values_do_not_break_a_figure(win_points: pd.DataFrame) -> None:
    zero = pd.DataFrame({"multiplier": [1.0], "impressions": [0], "spend": [0.0], "value": [0.0]})
    nothing = pd.DataFrame({"predicted": [0.001], "observed": [0.0], "low": [0.0], "high": [0.1]})
    for svg in (
        figures.bid_curves(zero, chosen=1.0, unit=FEN_CPM, auctions=10),
        figures.win_rate_curves(win_points.assign(observed=np.nan), unit=FEN_CPM),
        figures.reliability_curves({"empty": nothing}),
        figures.reliability_curves({"zero": nothing.assign(predicted=0.0)}),
        figures.exchange_hour_map(pd.DataFrame([[0.0, np.nan]]), label="x"),
        figures.exchange_hour_map(pd.DataFrame([[np.nan]]), label="x", signed=False),
    ):
        ET.fromstring(svg)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: figures.win_rate_curves(pd.DataFrame({"bid_cpm": [1]}), unit=FEN_CPM), "exchange"),
        (lambda: figures.reliability_curves({}), "tables: got 0"),
        (lambda: figures.exchange_hour_map(pd.DataFrame(np.ones((17, 24))), label="x"), "17"),
        (lambda: figures.cumulative_difference(SERIES[:0], ROW, unit=FEN_CPM), "no rows"),
    ],
)
def test_wrong_input_is_refused_by_name(draw: Callable[[], str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        draw()


def test_cleaning_touches_no_text() -> None:
    text = "id=url(#a) href=#b 1.23456 &lt;style&gt;"
    svg = f'<svg xmlns="urn:x"><text id="t" x="1.23456">{text}</text></svg>'
    assert text in clean_svg(svg)
    assert text in inline_svg(clean_svg(svg), "f1")
    assert 'id="f1-t" x="1.23"' in inline_svg(clean_svg(svg), "f1")


def test_a_twin_of_the_explorer_is_drawn_whole() -> None:
    flows = pd.DataFrame([[30.0, 10.0], [0.0, 60.0]], ["aurora", "<b>"], ["line A", "line B"])
    frontier = pd.DataFrame({"number": [1.0, 2.0, 3.0], "value": [5.0, 8.0, np.nan]})
    svg = allocation_figures.allocation_picture(
        flows, frontier, now=(2.0, 8.0), flow="Spend ($)", limit="budget, line A ($)",
        value="value ($)",
    )  # fmt: skip
    shown = texts(svg)
    for text in ("aurora", "line A", "line B", "Spend ($)", "budget, line A ($)", "value ($)"):
        assert text in shown
    with pytest.raises(DataError, match="flows: has shape"):
        allocation_figures.allocation_picture(
            pd.DataFrame(np.ones((2, 9))), frontier, now=(1, 1), flow="", limit="", value=""
        )


def test_response_curves_mark_every_plan() -> None:
    curve = pd.DataFrame({"exchange": "x", "plan": "", "spend": [0, 1e6, 2e6],
                          "surplus": [0, 3e6, 4e6]})  # fmt: skip
    stops = pd.DataFrame({"exchange": "x", "plan": ["by return", "one"], "spend": [1e6, 2e6],
                          "surplus": [3e6, 4e6]})  # fmt: skip
    svg = allocation_figures.response_curves(pd.concat([curve, stops]), unit=FEN_CPM)
    shown = texts(svg)
    for text in ("x", "by return", "one", "spend (CNY)", "expected surplus (CNY)"):
        assert text in shown
    with pytest.raises(DataError, match="no rows"):
        allocation_figures.response_curves(curve[:0], unit=FEN_CPM)
