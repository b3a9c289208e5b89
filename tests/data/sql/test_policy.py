"""The guard: what it refuses and passes, and that what it writes means the same."""

from __future__ import annotations

import contextlib
import time

import duckdb
import pytest

from kit.base.errors import DataError, UnsafeSQLError
from kit.data.sql.guard.grants import Grants
from kit.data.sql.guard.reading import MAX_NESTING, MAX_TEXT, MAX_TOKENS
from kit.data.sql.policy import check_expression, check_sql
from tests.data.sql import corpora

GRANTS = Grants.from_schema(corpora.SCHEMA.read_text("utf-8"), corpora.ALLOW)


def refused(sql: str, match: str) -> UnsafeSQLError:
    with pytest.raises(UnsafeSQLError, match=match) as caught:
        check_sql(sql, GRANTS)
    return caught.value


@pytest.mark.parametrize("case", corpora.read("hostile_open"), ids=lambda case: case["id"])
def test_hostile_sql_is_refused(case):
    with pytest.raises(UnsafeSQLError):
        check_sql(case["sql"], GRANTS)


@pytest.mark.parametrize("case", corpora.read("benign_open"), ids=lambda case: case["id"])
def test_benign_sql_passes_and_is_written_the_same_again(case):
    once = check_sql(case["sql"], GRANTS)
    assert once.tables or "FROM" not in once.sql
    assert set(once.tables) <= {table.name for table in GRANTS.tables.values()}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT (SELECT user_id FROM (SELECT 1 AS x)) FROM auctions",
        "SELECT user_id.lower() FROM auctions",
        "SELECT lower(user_id).upper() FROM auctions",
        "SELECT list_transform([1], x -> user_id) FROM auctions",
        "SELECT [user_id FOR x IN [1]] FROM auctions",
        "SELECT * REPLACE (user_id AS unit_id) FROM auctions",
        "SELECT COLUMNS('USER_ID') FROM auctions",
        "SELECT COLUMNS(c -> c = 'user_id') FROM auctions",
        "SELECT a.exchange FROM auctions a JOIN conversions c USING (user_id)",
        "SELECT exchange FROM auctions WINDOW w AS (ORDER BY user_id)",
        "SELECT 1 AS user_id, (SELECT max(user_id) FROM auctions)",
        "PIVOT conversions ON kind USING sum(revenue) GROUP BY user_id",
    ],
)
def test_a_hidden_column_is_refused_in_any_place(sql):
    assert refused(sql, "(?i)'user_id' is not granted").reason


@pytest.mark.parametrize(
    "sql",
    [
        "WITH identities AS (SELECT * FROM identities) SELECT * FROM identities",
        "WITH a AS (SELECT * FROM identities) SELECT 1",
        "SELECT 1 WHERE EXISTS (FROM identities)",
        "SELECT exchange FROM exchanges LIMIT (SELECT count(*) FROM identities)",
        "TABLE identities",
    ],
)
def test_a_table_that_is_not_granted_is_refused_in_any_place(sql):
    refused(sql, "'identities' is not granted")


def test_a_name_of_with_may_shadow_a_table_and_never_reads_it():
    checked = check_sql("WITH identities AS (SELECT 1 AS user_id) SELECT user_id FROM identities",
                        GRANTS)  # fmt: skip
    assert checked.tables == ()
    assert '"kit_1_identities" AS "identities"' in checked.sql


def test_names_of_with_are_kept_apart_when_they_are_written():
    """They were both called kit_deals, and the inner one answered."""
    sql = """WITH deals AS (SELECT 1 AS x) SELECT * FROM (
        WITH kit_deals AS (SELECT 2 AS x) SELECT * FROM deals)"""
    connection = duckdb.connect()
    assert connection.execute(check_sql(sql, GRANTS).sql).fetchall() == [(1,)]


def test_a_star_leaves_out_what_is_not_granted():
    checked = check_sql("SELECT * EXCLUDE (user_id, won) FROM auctions", GRANTS)
    assert "user_id" not in checked.sql
    assert "EXCLUDE (won)" in checked.sql


@pytest.mark.parametrize(
    ("sql", "match"),
    [
        ("", "no statement"),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("SELECT '" + "x" * MAX_TEXT + "'", "characters; at most"),
        ("SELECT " + "(" * (MAX_NESTING + 1) + "1" + ")" * (MAX_NESTING + 1), "brackets"),
        ("SELECT 1\u200b", "U\\+200B"),
        ("SELECT 1\x00", "U\\+0000"),
        ("SELECT ?", "placeholders"),
        ("SELECT printf('%2000000000d', 1)", "may pad"),
        ("SELECT format('{:>999999999}', region) FROM exchanges", "may pad"),
        ("SELECT repeat(repeat('x', 1000), 1000)", "multiply to 1,000,000"),
        ("SELECT repeat('x', 1000) a, repeat(a, 1000) b", "multiply to 1,000,000"),
        ("SELECT 'x'.repeat(1000000000)", "in brackets"),
        ("SELECT region.lpad(1000000000, 'x') FROM exchanges", "in brackets"),
        ("SELECT format('{1:>{0}}', 1000000000, 'x')", "may pad"),
        ("SELECT repeat('x', " + "9" * 5000 + ")", "written out"),
        ("SELECT format('{:>" + "9" * 5000 + "}', 1)", "may pad"),
        ("SELECT * FROM range(" + "9" * 5000 + ")", "written out"),
        ("SELECT * FROM range(" + "9" * 500 + ")", "written out"),
        ("SELECT list_reduce(range(40), (a, x) -> a || a)", "used once"),
        ("SELECT list_reduce([[1], [2]], lambda a, x: a + a)", "used once"),
        ("SELECT list_reduce(['a', 'b'], lambda a, x: repeat(a, 900))", "used once"),
        ("SELECT list_transform(range(9000), x -> range(9000))", "inside a lambda"),
        ("SELECT [[[z FOR z IN [1]] FOR y IN [1]] FOR x IN [1]]", "more than 2 lambdas"),
        ("SELECT unnest(range(9000)) FROM (SELECT unnest(range(9000)) FROM deals)", "81,000,000"),
        ("SELECT 1 FROM unnest(list_transform(range(9000), x -> x)) a,"
         " unnest(list_transform(range(9000), x -> x)) b", "product of lists"),
        ("SELECT 1 FROM (SELECT unnest(range(9000)), count(*) FROM deals) a,"
         " (SELECT unnest(range(9000)), count(*) FROM deals) b", "product of lists"),
        ("SELECT 1 FROM deals a, unnest([a.at] || range(9000)) u, unnest([a.at] || range(9000)) v",
         "product of lists"),
        ("SELECT 1 FROM deals d, LATERAL (SELECT revenue FROM conversions WHERE d.at = d.at) z",
         "nothing binds"),
        ("SELECT 1 FROM auctions TABLESAMPLE reservoir((SELECT count(*) FROM api_keys))",
         "may not stand there"),
        ('SELECT "current_schema"', "no column 'current_schema'"),
        ('SELECT "user" FROM unnest([1]) u', "no column 'user'"),
        ("SELECT current_role FROM unnest([1]) u", "no column 'current_role'"),
        ("SELECT 1 AS user, user", "no column 'user'"),
        ("SELECT rowid FROM deals, unnest([1]) u", "no column 'rowid'"),
        ("SELECT deals FROM deals, unnest([1]) u", "name its columns"),
        ("SELECT (at,) FROM deals", "written row"),
        ("SELECT INTERVAL '2 days ago'", "numbers with units"),
        ("SELECT INTERVAL '1 day 02:00:00'", "numbers with units"),
        ("SELECT struct_pack(1 + at) FROM deals", "needs a name"),
        ("SELECT " + "1, " * MAX_TOKENS + "1", "words; at most"),
        ("SELECT repeat('x', hour) FROM auctions", "written out"),
        ("SELECT * FROM range(100000)", "100,000 values"),
        ("SELECT * FROM auctions a, LATERAL (SELECT revenue FROM conversions) b", "nothing binds"),
        ("SELECT 1 FROM auctions a JOIN deals b ON a.exchange = b.exchange OR TRUE", "nothing"),
        ("SELECT * FROM range(9000) a, range(9000) b", "product of lists"),
        ("SELECT x::regtype FROM (SELECT 1 AS x)", "type"),
        ("SELECT COLUMNS('^user_id') FROM auctions", "no column fits"),
        ("SELECT rowid FROM exchanges", "no column 'rowid'"),
        ("SELECT clearing_price FROM auctions", "did you mean clearing_price_cpm"),
        ("SELECT count(*) FROM auction", "did you mean auctions"),
        ("WITH a AS (FROM auctions)" + "".join(
            f", {y} AS (FROM {x} UNION ALL FROM {x})" for x, y in zip("abcdefg", "bcdefgh",
                                                                      strict=True)
        ) + " SELECT count(*) FROM h", "more than 100 times"),
    ],
)  # fmt: skip
def test_each_refusal_says_why(sql, match):
    refused(sql, match)


def test_the_place_of_a_refusal_is_told():
    assert refused("SELECT won,\n  user_id FROM auctions", "user_id").at == "2:9"
    assert refused("SELECT won\nFROM WHERE", "cannot be read").at is not None


@pytest.mark.parametrize(
    ("sql", "match"),
    [
        ("SELECT exchange FROM auctions NATURAL JOIN conversions", "natural join compares"),
        ("SELECT z FROM campaigns AS c(a, b, d, e, f, g, h, i, z)", "alias names more"),
        ("SELECT max(COLUMNS(c -> c LIKE 'contact%')) FROM campaigns", "chosen by a function"),
        ("SELECT * LIKE 'contact\\_%' ESCAPE '\\' FROM campaigns", "no column fits"),
        ("SELECT * ILIKE 'Contact%' FROM campaigns", "no column fits"),
        ("SELECT * GLOB 'contact*' FROM campaigns", "no column fits"),
        ("SELECT 1 FROM auctions a, conversions v WHERE a.hour * v.revenue > 9", "nothing binds"),
    ],
)
def test_what_the_frozen_half_taught(sql, match):
    """Five of its 130 hostile texts passed when it was scored; four of those read nothing."""
    refused(sql, match)


def test_columns_by_pattern_and_escaped_text_pass():
    assert "LIKE 'b%'" in check_sql("SELECT * LIKE 'b%' FROM campaigns", GRANTS).sql
    chosen = check_sql("SELECT COLUMNS(c -> c LIKE 'e%') FROM exchanges", GRANTS)
    assert "COLUMNS(LAMBDA" in chosen.sql
    written = check_sql(r"SELECT E'one\ntwo it\'s' AS memo", GRANTS).sql
    assert written == "SELECT 'one\ntwo it''s' AS memo LIMIT 10000"
    with pytest.raises(UnsafeSQLError, match="U\\+0008"):
        check_sql(r"SELECT E'a\b'", GRANTS)


@pytest.mark.parametrize(
    ("sql", "limited"),
    [
        ("SELECT 1 LIMIT 5", "SELECT 1 LIMIT 5"),
        ("SELECT 1 LIMIT 50", "SELECT 1 LIMIT 10"),
        ("SELECT 1 LIMIT 5 * 9", "SELECT * FROM (SELECT 1 LIMIT 5 * 9) AS answer LIMIT 10"),
        ("(SELECT 1) LIMIT 50", "(SELECT 1) LIMIT 10"),
        ("SELECT 1 FETCH FIRST 50 ROWS ONLY", "SELECT 1 LIMIT 10"),
        ("SELECT 1 LIMIT 10%", "SELECT * FROM (SELECT 1 LIMIT 10 PERCENT) AS answer LIMIT 10"),
        ("SELECT 1 UNION ALL SELECT 2", "SELECT 1 UNION ALL SELECT 2 LIMIT 10"),
        ("VALUES (1)", "SELECT * FROM (VALUES (1)) AS answer LIMIT 10"),
    ],
)
def test_rows_are_limited(sql, limited):
    assert check_sql(sql, GRANTS, row_limit=10).sql == limited


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "DATE (" * 29 + "1" + ")" * 29,
        "SELECT 1::" + "DECIMAL(" * 29,
        "SELECT 1::" + "INT[" * 29,
        "SELECT " + "IF[" * 29,
        "SELECT region" + ".lower()" * 240 + " FROM exchanges",
        "SELECT " + "NOT " * 790 + "TRUE",
        "SELECT " + "a." * 390 + "a",
        "SELECT 1" + "::INT" * 390,
        "SELECT 1" + "[1]" * 260,
        "SELECT " + "-" + " -" * 700 + "1",
        "SELECT " + "1 + " * 390 + "1",
        "SELECT " + "'' || " * 390 + "''",
        "SELECT 1" + " UNION SELECT 1" * 260,
        "SELECT " + "CASE WHEN TRUE THEN 1 ELSE " * 150 + "1",
    ],
)
def test_no_text_keeps_the_guard_busy_or_breaks_it(sql):
    """Some of them took it minutes: its parser tries each bracket of a type twice.

    The best of three counts: on a busy machine one may be slow.
    """
    took = []
    while len(took) < 3 and min(took, default=1.0) >= 0.5:
        began = time.process_time()
        with contextlib.suppress(UnsafeSQLError):
            check_sql(sql, GRANTS)
        took.append(time.process_time() - began)
    assert min(took) < 0.5


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT x.a FROM ((SELECT 1 AS a)) x",
        "SELECT d.at FROM (deals d JOIN exchanges e ON d.exchange = e.exchange)",
        "SELECT * FROM ((SELECT 1 AS a) x JOIN deals d ON x.a = d.at)",
        "SELECT * FROM ((SELECT 1 AS a) x JOIN deals d ON x.a = d.at AND EXISTS ("
        "WITH deals AS (SELECT 1) FROM deals))",
        "SELECT 1 FROM deals d, LATERAL (SELECT won FROM auctions a WHERE a.deal_id = d.deal_id) z",
        "SELECT d.deal_id, x FROM deals d, unnest([d.floor_cpm, d.floor_cpm * 2]) AS t(x)",
        "SELECT 1 FROM unnest([1, 2, 3]) a, unnest([1, 2, 3]) b",
        "WITH top AS (SELECT hour FROM auctions LIMIT 20000) "
        "SELECT * FROM top, (SELECT sum(hour) AS total FROM top)",
        "SELECT list_reduce([1, 2], (a, x) -> CASE WHEN x > a THEN x ELSE a END)",
        "SELECT repeat('#', 40), format('{{{}}} {:>10}', 20, 'x')",
    ],
)
def test_what_has_a_bound_passes(sql):
    connection = duckdb.connect()
    connection.execute(corpora.SCHEMA.read_text("utf-8"))
    connection.execute(check_sql(sql, GRANTS).sql)


def test_a_star_leaves_out_what_another_table_has_under_a_hidden_name():
    sql = "SELECT * EXCLUDE (user_id) FROM (SELECT 1 AS user_id, 2 AS b), auctions"
    assert "EXCLUDE (user_id)" in check_sql(sql, GRANTS).sql


def test_a_name_with_another_letter_is_quoted_as_it_may_be_read_for_a_space():
    checked = check_sql("SELECT exchange AS \u0119cpm FROM exchanges", GRANTS)
    assert 'AS "\u0119cpm"' in checked.sql


def test_grants_must_name_what_is_there():
    schema = {"deals": {"deal_id": "VARCHAR"}}
    for allow in (["deal"], ["deals.floor"], []):
        with pytest.raises(DataError, match="allow"):
            Grants.of(schema, allow)


@pytest.mark.parametrize(
    "text",
    ["a, b", "(SELECT 1)", "sum(a)", "a FROM row", "a) FROM row WHERE (b", "getenv('x')", "*",
     "a; b", "row_number() OVER ()", "a -- b", "user_id",
     "unnest([a])", "COLUMNS('a|b')", "entropy(a)", "-(" * 40 + "a" + ")" * 40],
)  # fmt: skip
def test_an_expression_is_one_value_of_a_row(text):
    with pytest.raises(UnsafeSQLError):
        check_expression(text, {"a": "", "b": ""})
