"""How many rows stand behind a figure: counted, or the query is refused."""

from __future__ import annotations

import pytest

from kit.base.errors import UnsafeSQLError
from kit.data.sql.guard.behind import count_behind
from kit.data.sql.guard.grants import Grants
from kit.data.sql.policy import check_sql

COLUMNS = {"device": "VARCHAR", "bid": "DOUBLE", "fee": "DOUBLE", "won": "BOOLEAN", "hour": "INT",
           "user_id": "VARCHAR"}  # fmt: skip
GRANTS = Grants.of({"log": COLUMNS}, [f"log.{name}" for name in COLUMNS if name != "user_id"])


def counted(sql: str, *, plain: bool = True) -> str:
    behind = count_behind(check_sql(sql, GRANTS).sql, plain=plain)
    check_sql(behind.sql, GRANTS)
    return behind.sql


def test_the_rows_of_the_group_and_those_of_each_aggregate_are_counted():
    found = count_behind(
        "SELECT device, count(*) FILTER (WHERE won) AS wins, sum(bid - fee) AS bids, "
        "count(DISTINCT hour) AS hours FROM log GROUP BY 1 ORDER BY wins",
        plain=True,
    )
    assert (found.columns, found.counts) == (("device", "wins", "bids", "hours"), 4)
    assert found.sql == (
        "SELECT device, COUNT(*) FILTER(WHERE won) AS wins, SUM(bid - fee) AS bids, "
        "COUNT(DISTINCT hour) AS hours, COUNT(*) AS rows_behind, "
        "COUNT(*) FILTER(WHERE won) AS rows_behind_1, COUNT(bid - fee) AS rows_behind_2, "
        "COUNT(hour) AS rows_behind_3 FROM log GROUP BY 1 ORDER BY wins"
    )


@pytest.mark.parametrize(
    "outputs",
    [
        "avg(won::INT) AS rate", "sum(bid * 2) AS twice", "sum(-(bid + fee)) AS less",
        "median(bid) AS middle", "stddev(bid) AS spread", "count(hour) AS hours",
        "count_if(won) AS wins",
        "sum(bid / 1000) FILTER (WHERE won AND hour > 3) AS spend",
    ],
)  # fmt: skip
def test_plain_figures_pass(outputs):
    assert "rows_behind_1" in counted(f"SELECT device, {outputs} FROM log GROUP BY ALL")
    assert "rows_behind_1" in counted(f"SELECT {outputs} FROM log WHERE hour = 3")


ONE_ROW = [
    "max(bid) AS x", "min(bid) AS x", "any_value(bid) AS x", "first(bid) AS x", "list(bid) AS x",
    "string_agg(device, ',') AS x", "arg_max(bid, hour) AS x", "quantile_cont(bid, 0.99) AS x",
    "mode(bid) AS x", "histogram(bid) AS x", "count(*) AS n, max(bid) AS x", "bit_xor(hour) AS x",
    "approx_quantile(bid, 0.5) AS x", "bool_or(won) AS x", "product(bid) AS x",
]  # fmt: skip


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("outputs", ONE_ROW)
def test_what_one_row_decides_is_refused(outputs, plain):
    with pytest.raises(UnsafeSQLError, match="one row"):
        counted(f"SELECT {outputs} FROM log", plain=plain)


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT bid FROM log", "SELECT DISTINCT device FROM log", "SELECT * FROM log",
        "SELECT device FROM log GROUP BY 1", "VALUES (1)", "SELECT 1 AS one", "SELECT bid, "
        "row_number() OVER () AS n FROM log", "SELECT sum(bid) OVER () AS s FROM log",
        "SELECT count(*) AS n FROM log WHERE bid > (SELECT avg(bid) FROM log)",
        "SELECT avg(bid) AS b FROM (SELECT * FROM log LIMIT 1) AS t",
        "WITH t AS (SELECT * FROM log LIMIT 1) SELECT avg(bid) AS b FROM t",
        "SELECT count(*) AS n FROM log UNION ALL SELECT count(*) AS n FROM log",
        "SELECT device, count(*) AS n FROM log GROUP BY ROLLUP (device)",
        "SELECT device, count(*) AS n FROM log GROUP BY GROUPING SETS ((device), ())",
        "SELECT avg(bid) AS b FROM log TABLESAMPLE 1 ROWS",
        "SELECT device, count(*) AS n FROM log GROUP BY 1 QUALIFY row_number() OVER () = 1",
        "SELECT unnest([1, 2]) AS k, count(*) AS n FROM log GROUP BY 1",
        "SELECT count(*) AS n, count(*) AS N FROM log", "SELECT count(*) FROM log",
        "SELECT count(*) AS rows_behind FROM log",
        "SELECT device, lag(sum(bid)) OVER (ORDER BY device) AS b FROM log GROUP BY 1",
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused(sql, plain):
    with pytest.raises(UnsafeSQLError):
        counted(sql, plain=plain)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sum(CASE WHEN hour = 3 THEN bid ELSE 0 END) AS b FROM log",
        "SELECT sum(bid) - sum(bid) FILTER (WHERE hour <> 3) AS b FROM log",
        "SELECT sum(bid * (hour = 3)::INT) AS b FROM log",
        "SELECT sum(CAST(bid - 3 AS BOOLEAN)::INT) AS b FROM log",
        "SELECT sum(bid * bid) AS b FROM log",
        "SELECT sum(exp(bid)) AS b FROM log",
        "SELECT sum(100 / (bid - 3)) AS b FROM log",
        "SELECT avg(DISTINCT bid) AS b FROM log",
        "SELECT if(count(*) > 9, 1, 0) AS b FROM log",
        "SELECT count(CASE WHEN hour = 3 THEN 1 END) AS b FROM log",
        "SELECT device, sum(bid) AS b FROM log GROUP BY 1 HAVING sum(bid) > 9",
        "SELECT device, count(*) AS n FROM log GROUP BY 1 ORDER BY sum(bid)",
        "SELECT avg(a.bid) AS b FROM log AS a JOIN log AS c ON a.hour = c.hour",
        "SELECT avg(a.bid) AS b FROM log AS a, log AS c WHERE a.hour = c.hour",
        "SELECT device || count(*)::VARCHAR AS b FROM log GROUP BY device",
    ],
)
def test_figures_that_single_a_row_out_are_refused_where_nobody_vouches_for_the_sql(sql):
    with pytest.raises(UnsafeSQLError):
        counted(sql)


def test_a_share_of_the_total_counts_the_rows_of_its_group():
    sql = "SELECT device, sum(bid) / sum(sum(bid)) OVER () AS share FROM log GROUP BY 1"
    assert counted(sql, plain=False).count("rows_behind") == 2
    with pytest.raises(UnsafeSQLError):
        counted(sql)
