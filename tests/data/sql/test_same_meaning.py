"""What the guard writes answers as what was asked, on tables with nothing else in them."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import duckdb
import pytest

from kit.base.errors import UnsafeSQLError
from kit.data.sql.policy import check_sql
from tests.data.sql import corpora, filled
from tests.data.sql.fuzz import Maker


@pytest.fixture(scope="module")
def asked():
    connection = duckdb.connect()
    filled.fill(connection, granted_only=True)
    connection.execute("SET enable_external_access = false")
    return connection


@pytest.fixture(scope="module")
def guarded():
    connection = duckdb.connect()
    filled.fill(connection)
    return connection


def answer(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], list[Any]]:
    rows = connection.execute(sql).fetchall()
    names = [name.lower() for name, *_ in connection.description]
    return names, sorted((tuple(map(_rounded, row)) for row in rows), key=repr)


def _rounded(value: Any) -> Any:
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.9g}")
    return repr(value)


SETTLED = [case for case in corpora.read("benign_open") if "SAMPLE" not in case["sql"].upper()]


@pytest.mark.parametrize("case", SETTLED, ids=lambda case: case["id"])
def test_a_benign_query_has_the_same_columns_and_rows(case, asked, guarded):
    names, rows = answer(asked, case["sql"])
    checked = check_sql(case["sql"], filled.GRANTS)
    assert answer(guarded, checked.sql) == (names, rows)


ODD = [
    "SELECT * FROM auctions ORDER BY auction_id LIMIT 3",
    "SELECT a.* EXCLUDE (won) FROM auctions a WHERE hour = 3",
    "SELECT * REPLACE (hour + 1 AS hour) FROM auctions",
    "SELECT * RENAME (hour AS h) FROM auctions",
    "SELECT COLUMNS('.*_cpm') FROM auctions",
    "SELECT * FROM auctions JOIN conversions USING (campaign_id)",
    "SELECT * FROM deals NATURAL JOIN exchanges",
    "SELECT * FROM deals d (a, b) JOIN exchanges e ON b = e.exchange",
    'FROM deals SELECT seller WHERE "at" > 3',
    "SELECT cpm: floor_cpm FROM deals",
    "WITH deals AS (SELECT 1 AS x) SELECT x, deals.x FROM deals",
    "WITH d AS (SELECT * FROM deals) SELECT d.at, D.seller FROM d",
    "WITH a AS (SELECT 1 x) SELECT * FROM (WITH a AS (SELECT x + 1 x FROM a) "
    "SELECT * FROM (WITH a AS (SELECT x + 1 x FROM a) SELECT * FROM a))",
    "SELECT main.deals.at FROM main.deals",
    "SELECT DEALS.at FROM deals",
    "SELECT exchange, count(*) FROM auctions GROUP BY ALL ORDER BY ALL",
    "SELECT hour, weekday, sum(won::INT) FROM auctions GROUP BY GROUPING SETS ((hour), (weekday))",
    "SELECT hour FROM auctions QUALIFY row_number() OVER (PARTITION BY hour ORDER BY 1) = 1",
    "SELECT DISTINCT ON (exchange) exchange, deal_id FROM deals ORDER BY exchange, deal_id",
    "PIVOT deals ON exchange USING sum(floor_cpm) GROUP BY seller",
    "SELECT * FROM exchanges PIVOT (sum(fee_share) FOR exchange IN ('adx', 'openx') "
    "GROUP BY region)",
    "UNPIVOT exchanges ON fee_share, auction_type INTO NAME what VALUE much",
    "SELECT * FROM exchanges UNPIVOT (much FOR what IN (fee_share, auction_type))",
    "(SELECT 1 AS a UNION ALL SELECT 2) ORDER BY a LIMIT 1",
    "SELECT 1 AS a UNION BY NAME SELECT 2 AS b, 3 AS a",
    "SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 1",
    "SELECT * FROM ((SELECT 3 AS a) x JOIN deals d ON x.a = d.at)",
    "SELECT d.deal_id, t.x FROM deals d, unnest([d.at, d.at + 1]) AS t(x)",
    "SELECT d.deal_id, z.n FROM deals d, LATERAL (SELECT count(*) n FROM auctions a "
    "WHERE a.deal_id = d.deal_id) z",
    "SELECT a.auction_id, c.kind FROM auctions a ASOF JOIN conversions c "
    "ON a.campaign_id = c.campaign_id AND a.timestamp >= c.timestamp",
    "SELECT x FROM range(3) t(x), generate_series(1, 2) s",
    "SELECT INTERVAL '1 day 2 hours' a, INTERVAL '-1.5 days' b, INTERVAL '01:30:00' c, "
    "INTERVAL 1 WEEK d, INTERVAL (1 + 1) DAY e, '1 day 02:00:00'::INTERVAL f",
    "SELECT [x + 1 FOR x IN [1, 2] IF x > 1], list_filter([1, 2], lambda x: x > 1)",
    "SELECT {'a': 1, 'b': 'c'}.b, MAP {'k': 2}['k'], [1, 2, 3][1:2]",
    "SELECT -2 ** 2 a, -7 // 2 b, -7 % 3 c, 1 / 2 d, 7 ^ 2 e, NOT TRUE AND FALSE f",
    "SELECT 'it''s', 'a\\b', $$a 'b' c$$, '--', '/* */'",
    "SELECT 0x1F, 1_000 a, 1e3 b, .5 c, 5. d",
    "SELECT 'b' < 'C' COLLATE NOCASE, 'a' || NULL, concat('a', NULL)",
    "SELECT exchange FROM auctions WHERE exchange SIMILAR TO 'a.*' AND exchange NOT LIKE 'ad%'",
    "SELECT sum(hour) FILTER (WHERE won) OVER w FROM auctions WINDOW w AS (PARTITION BY exchange)",
    'SELECT "at" AS "a ""b", seller AS été FROM deals',
]


@pytest.mark.parametrize("sql", ODD)
def test_odd_syntax_means_the_same(sql, asked, guarded):
    checked = check_sql(sql, filled.GRANTS)
    assert answer(guarded, checked.sql) == answer(asked, sql)


@pytest.mark.slow
def test_what_is_nearly_right_means_the_same_too(tmp_path, asked, guarded):
    """Texts of the fuzz that pass, and that DuckDB takes as they are."""
    compared = 0
    for text in Maker(7, tmp_path / "canary.csv").texts(4_000):
        if "SAMPLE" in text.upper() or "random" in text:
            continue
        with contextlib.suppress(UnsafeSQLError, duckdb.Error):
            checked = check_sql(text, filled.GRANTS)
            _, before = answer(asked, text)
            assert answer(guarded, checked.sql)[1] == before, text
            compared += 1
    assert compared > 400


def test_the_comparison_can_fail(asked, guarded):
    assert answer(asked, "SELECT * FROM auctions") != answer(guarded, "SELECT * FROM auctions")
