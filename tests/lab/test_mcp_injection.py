"""Hostile text in names, values, metrics and questions: no tool hands it on but as data."""

from __future__ import annotations

import json

import pytest

from kit.lab.mcp_tools.data import kit_ask_data, kit_describe_data, kit_run_sql
from tests.ai.injection import HIDDEN, PLANTED_ID, planted
from tests.data.sql import corpora

WHERE = ("column_name", "table_name", "value", "metric_text", "question")
CASES = [case for case in corpora.read("injection_open") if case["where"] in WHERE]
FEW = [next(case for case in CASES if case["where"] == where) for where in WHERE]
FILE = "planted.duckdb"
FENCED = {"schema", "labels", "metrics", "groups"}
SQL = "SELECT exchange, count(*) AS n FROM auctions GROUP BY 1"


def answers(case, root):
    """Return what the tools answer while the text of a case stands where it says."""
    with planted(case, root) as (_, question):  # the folder is the workspace then
        if case["where"] == "question":
            return [kit_ask_data(question, FILE)]
        return [kit_describe_data(FILE), kit_ask_data(question, FILE), kit_run_sql(SQL, FILE)]


def check(case, root):
    for told in answers(case, root):
        plain = json.dumps(told, ensure_ascii=False)
        assert PLANTED_ID not in plain
        assert HIDDEN not in plain
        for name, value in told.items():
            if name in FENCED:
                assert value.count("</data>") == 1
                assert value.endswith("</data>")
            elif name != "sql":  # that is our own or the agent's
                assert "</" not in json.dumps(value)
                assert "<|" not in json.dumps(value)


@pytest.mark.parametrize("case", FEW, ids=lambda case: case["id"])
def test_what_is_planted_stays_data(case, tmp_path):
    check(case, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_every_case(case, tmp_path):
    check(case, tmp_path)
