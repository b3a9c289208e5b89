"""How an answer ends: in one order, however many threads count it, and within its rows."""

from __future__ import annotations

import duckdb
import pytest

from kit.data.sql.guard.grants import Grants
from kit.data.sql.policy import check_sql

GRANTS = Grants.of({"bids": {"exchange": "VARCHAR", "hour": "INTEGER", "won": "BOOLEAN"}})


def ordered(sql: str, dialect: str = "duckdb") -> str:
    """Return what stands after the ORDER BY that was written, or nothing."""
    return check_sql(sql, GRANTS, dialect=dialect, row_limit=10).sql.partition(" ORDER BY ")[2]


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@pytest.mark.parametrize(
    ("sql", "order"),
    [
        ("SELECT exchange, count(*) FROM bids GROUP BY 1", "1 LIMIT 10"),
        ("SELECT exchange, count(*) FROM bids GROUP BY exchange", "exchange LIMIT 10"),
        ("SELECT count(*) FROM bids GROUP BY exchange, hour % 6", "exchange, hour % 6 LIMIT 10"),
        ("SELECT count(*) FROM bids GROUP BY exchange LIMIT 3", "exchange LIMIT 3"),
        ("SELECT DISTINCT exchange, hour FROM bids", "1, 2 LIMIT 10"),
        ("SELECT exchange, count(*) AS n FROM bids GROUP BY 1 ORDER BY n DESC", None),
        ("SELECT exchange, won FROM bids", ""),
        ("SELECT count(*) FROM bids", ""),
        ("SELECT DISTINCT * FROM bids", ""),
        ("SELECT DISTINCT ON (exchange) exchange, hour FROM bids", ""),
        ("SELECT exchange, hour, count(*) FROM bids GROUP BY ROLLUP (exchange, hour)", ""),
        ("SELECT exchange, hour, count(*) FROM bids GROUP BY exchange, CUBE (hour)", ""),
        ("SELECT exchange, count(*) FROM bids GROUP BY GROUPING SETS ((exchange), ())", ""),
    ],
)
def test_groups_are_ordered_by_their_keys_unless_they_have_an_order(sql, order, dialect):
    written = ordered(sql, dialect)
    assert written == order if order is not None else written.startswith("n DESC")


def test_groups_come_in_one_order_from_many_threads():
    """A replayed answer came with its rows in another order than the recorded one."""
    connection = duckdb.connect()
    connection.execute("SET threads = 4")
    connection.execute(
        "CREATE TABLE bids AS SELECT 'exchange ' || (i * 7919 % 5000) AS exchange,"
        " i % 24 AS hour, i % 3 = 0 AS won FROM range(400000) t(i)"
    )
    sql = check_sql("SELECT exchange, count(*) AS n FROM bids GROUP BY 1", GRANTS, row_limit=50).sql
    answers = {tuple(connection.execute(sql).fetchall()) for _ in range(5)}
    assert len(answers) == 1
    rows = answers.pop()
    assert rows == tuple(sorted(rows))
    assert len(rows) == 50
