"""A query for the eye is the same query to the guard."""

from __future__ import annotations

import json
from pathlib import Path

import sqlglot

from kit.data.sql.guard.pretty import pretty_sql

QUESTIONS = Path(__file__).parents[3] / "ai" / "questions_open.json"


def test_it_reads_as_the_same_query() -> None:
    for case in (case for case in json.loads(QUESTIONS.read_text()) if case["sql"]):
        plain = sqlglot.parse_one(case["sql"], dialect="duckdb")
        again = sqlglot.parse_one(pretty_sql(case["sql"]), dialect="duckdb")
        assert again == plain, case["id"]


def test_a_filter_stays_on_its_line_and_literals_stay_as_they_are() -> None:
    sql = "SELECT count(*) FILTER (WHERE won) AS n FROM t WHERE a = 'FILTER(WHERE\n  x'"
    lines = pretty_sql(sql).splitlines()
    assert "  COUNT(*) FILTER (WHERE won) AS n" in lines
    assert "FILTER(WHERE\n  x'" in pretty_sql(sql)
