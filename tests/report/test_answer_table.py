"""An answer's rows as a person reads them, and its picture."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

from kit.report.answer_figure import answer_picture
from kit.report.answer_table import readable_cells


def shown(values: object, name: str = "x") -> list[str]:
    return [row[0] for row in readable_cells(pd.DataFrame({name: values})).rows]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1234567, -3], ["1,234,567", "\N{MINUS SIGN}3"]),
        ([0.0123456, 0.0987], ["0.01235", "0.09870"]),
        ([9.6902, 1234.5], ["9.69", "1,234.50"]),
        ([1.0, np.nan, 3.0], ["1", "\N{EN DASH}", "3"]),
        ([2e8 + 0.5, 3e8], ["200,000,000", "300,000,000"]),
        ([np.inf, 0.5], ["inf", "0.5000"]),
        ([True, False], ["true", "false"]),
        (["a" * 61, None], ["a" * 59 + "\N{HORIZONTAL ELLIPSIS}", "\N{EN DASH}"]),
        ([datetime.date(2026, 3, 2), None], ["2026-03-02", "\N{EN DASH}"]),
        ([np.array([1, 2]), None], ["[1, 2]", "\N{EN DASH}"]),
    ],
)
def test_values(values: object, expected: list[str]) -> None:
    assert shown(values) == expected


def test_moments_are_dates_only_where_all_are_midnight() -> None:
    noon = pd.to_datetime(["2026-03-02 12:00:00", "2026-03-03 00:00:00"], utc=True)
    assert shown(noon) == ["2026-03-02 12:00:00", "2026-03-03 00:00:00"]
    assert shown(noon.normalize()) == ["2026-03-02", "2026-03-03"]


def test_whole_numbers_that_are_names_have_no_separators() -> None:
    for name in ("campaign_id", "year", "Hour"):
        assert shown([20260302], name) == ["20260302"]
    assert shown([20260302], "impressions_per_hour") == ["20,260,302"]


def test_columns_that_share_a_name_are_told_apart_by_place() -> None:
    frame = pd.DataFrame([["x", 1.5], ["y", 2.5]], columns=["n", "n"])
    cells = readable_cells(frame, most=1)
    assert cells.header == ("n", "n")
    assert cells.rows == (("x", "1.500"),)
    assert cells.words == {0}


def test_an_empty_answer_has_a_header_and_no_rows() -> None:
    assert readable_cells(pd.DataFrame({"a": [], "b": []})).rows == ()
    assert readable_cells(pd.DataFrame()).header == ()


def test_the_picture_is_bars_or_the_numbers() -> None:
    bars = answer_picture(pd.DataFrame({"exchange": [f"e{at}" for at in range(20)], "spend": 1.5}))
    assert "spend by exchange, the first 16 of 20" in bars
    assert "e15" in bars
    assert "e16" not in bars
    single = answer_picture(pd.DataFrame({"win_rate": [0.8762], "spend": [1234.5]}))
    for said in ("win_rate", "0.8762", "1,234.50"):
        assert said in single
    assert "No row" in answer_picture(pd.DataFrame({"a": []}))
    assert "No answer yet" in answer_picture(pd.DataFrame())


def test_the_picture_escapes_what_the_data_say() -> None:
    svg = answer_picture(pd.DataFrame({"<b>": ["<script>x</script>", "$y$"], "n": [1, 2]}))
    assert "<script>" not in svg
    assert "&lt;script&gt;" in svg
    assert "$y$" in svg
