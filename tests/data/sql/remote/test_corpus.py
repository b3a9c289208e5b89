"""The corpora on a real PostgreSQL: hostile SQL without the guard, benign SQL translated."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pytest

from kit.base.errors import KitError, QueryError, UnsafeSQLError
from kit.data.sql.contract.limits import Limits
from kit.data.sql.guard.grants import Grants
from kit.data.sql.remote.engine import RemoteEngine
from kit.data.sql.translate import check_translated, translate_sql
from tests.data.sql import corpora, filled
from tests.data.sql.postgres_world import Postgres
from tests.data.sql.test_policy_postgres import HOSTILE

pytestmark = pytest.mark.slow

ANSWERED = 58
"""Of the open benign queries, which are written in all that DuckDB has: the others are refused or
fail, and none may answer otherwise."""


UNSETTLED = {
    "b005": "a tie at the LIMIT: either row is right",
    "b032": "count_if of nothing known is NULL on DuckDB, and 0 once translated",
}


@pytest.fixture(scope="module")
def files() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    filled.fill(connection)
    return connection


@pytest.fixture(scope="module")
def corpus(postgres: Postgres, files: duckdb.DuckDBPyConnection) -> Iterator[RemoteEngine]:
    """The same rows on the server, where `reader` may read what the analyst may."""
    text = postgres.folder / "rows.csv"
    with postgres.admin() as connection:
        connection.execute("CREATE DATABASE corpus")
    with postgres.admin("corpus") as connection:
        for statement in filled.DDL.split(";")[:-1]:
            connection.execute(translate_sql(statement, "postgres"))
        for table in filled.frames():
            files.sql(f"FROM {table}").write_csv(str(text), header=False)
            with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
                copy.write(text.read_bytes())
        for table in filled.GRANTS.tables.values():
            columns = ", ".join(f'"{name}"' for name in table.columns)
            connection.execute(f"GRANT SELECT ({columns}) ON {table.name} TO reader")
        connection.execute("ANALYZE")
    url = postgres.url(database="corpus")
    with RemoteEngine(url, Limits(timeout_seconds=1, answer_mb=8)) as engine:
        yield engine


def test_hostile_sql_changes_and_shows_nothing(postgres: Postgres, corpus: RemoteEngine) -> None:
    before = postgres.state("corpus")
    attacks = [*HOSTILE, *(case["sql"] for case in corpora.read("hostile_open"))]
    for sql in attacks:
        try:
            told = corpus.run(sql).frame.to_csv()
        except KitError as error:
            told = str(error)
        for mark in (filled.MARK_TEXT, str(filled.MARK_NUMBER), "root:x:0"):
            assert mark not in told, sql
    assert postgres.state("corpus") == before


def test_benign_sql_answers_as_it_does_on_duckdb_or_not_at_all(corpus: RemoteEngine) -> None:
    granted = duckdb.connect()
    filled.fill(granted, granted_only=True)
    grants = Grants.of(corpus.schema(), corpora.ALLOW)
    answered, other = 0, []
    for case in corpora.read("benign_open"):
        try:
            checked = check_translated(case["sql"], grants, to="postgres")
            frame = corpus.run(checked.sql).frame
        except (UnsafeSQLError, QueryError):
            continue
        if case["id"] in UNSETTLED:
            continue
        answered += 1
        told = _rows(frame.itertuples(index=False, name=None))
        if told != _rows(granted.execute(case["sql"]).fetchall()):
            other.append(case["id"])
    assert not other
    assert answered >= ANSWERED


def _rows(rows: Any) -> list[tuple[str, ...]]:
    return sorted(tuple(_plain(value) for value in row) for row in rows)


def _plain(value: Any) -> str:
    if isinstance(value, list | np.ndarray):
        return str([_plain(item) for item in value])
    if value is None or value != value:
        return "null"
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        midnight = isinstance(value, datetime.datetime) and value.time() == datetime.time()
        return str(value.date() if midnight else value)
    number = float(value)
    return f"{number:.9g}" if math.isfinite(number) else "null"
