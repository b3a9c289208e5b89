"""What the semantic layer writes for DuckDB means the same on PostgreSQL, guard included."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.ai.words.labels import label_queries
from kit.base.errors import QueryError, UnsafeSQLError
from kit.data.sql.contract.limits import Limits
from kit.data.sql.guard.grants import Grants
from kit.data.sql.meaning.metrics import load_metrics
from kit.data.sql.remote.engine import RemoteEngine
from kit.data.sql.translate import check_translated, translate_sql
from tests.ai.scoring import (
    HERE,
    TABLES,
    read_questions,
    rows_of,
    same_rows,
    sample_values,
    understand,
)

from .postgres_world import Postgres, load_samples


@pytest.fixture(scope="module")
def samples(postgres: Postgres) -> Iterator[RemoteEngine]:
    load_samples(postgres)
    with RemoteEngine(postgres.url(database="samples"), Limits(timeout_seconds=30)) as engine:
        yield engine


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("SELECT a / b FROM t", "SELECT CAST(a AS DOUBLE PRECISION) / b FROM t"),
        ("SELECT a FROM t ORDER BY a DESC", "SELECT a FROM t ORDER BY a DESC NULLS LAST"),
        (
            "SELECT quantile_cont(a, 0.5) AS m FROM t",
            "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY a) AS m FROM t",
        ),
    ],
)
def test_what_the_dialects_mean_otherwise_is_written_out(written: str, meant: str) -> None:
    assert translate_sql(written, "postgres") == meant
    assert translate_sql(translate_sql(written, "postgres"), "duckdb", "postgres")


@pytest.mark.parametrize("sql", ["SELECT (", "SELECT 1; SELECT 2", "SELECT 'a", "(" * 5000])
def test_what_cannot_be_translated_is_said(sql: str) -> None:
    with pytest.raises(QueryError, match="cannot be said in postgres's dialect") as caught:
        translate_sql(sql, "postgres")
    assert caught.value.kind == "syntax"


def test_both_readings_are_guarded() -> None:
    grants = Grants.of({"days": {"wins": "INT", "bids": "INT", "day": "DATE"}}, ["days.wins"])
    with pytest.raises(UnsafeSQLError, match="bids") as caught:
        check_translated("SELECT bids FROM days", grants, to="postgres")
    assert caught.value.at == "1:11"
    with pytest.raises(UnsafeSQLError, match=r"postgres's dialect") as caught:
        check_translated("SELECT entropy(wins) FROM days", grants, to="postgres")
    assert caught.value.at is None


@pytest.mark.slow
def test_labels_are_the_same(samples: RemoteEngine) -> None:
    tables = samples.schema()
    assert sorted(tables) == sorted(TABLES)
    grants = Grants.of(tables)
    asked = label_queries(load_metrics(HERE), tables)
    assert asked.keys() == sample_values().keys()
    for place, sql in asked.items():
        checked = check_translated(sql, grants, to="postgres")
        told = samples.run(checked.sql).frame.iloc[:, 0]
        assert sorted(map(str, told)) == sorted(sample_values()[place]), place


@pytest.mark.slow
def test_open_questions_have_the_same_answers(samples: RemoteEngine) -> None:
    grants = Grants.of(samples.schema())
    answered = 0
    for question in read_questions("open"):
        sql = understand(question["question"]).sql
        if sql is None:
            continue
        checked = check_translated(sql, grants, to="postgres")
        frame = samples.run(checked.sql).frame
        told = frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)
        assert same_rows(told, rows_of(sql), ordered=False), (question["question"], checked.sql)
        answered += 1
    assert answered > 30
