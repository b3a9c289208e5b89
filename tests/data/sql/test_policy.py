"""The guard: what it refuses and passes, and that what it writes means the same."""

from __future__ import annotations

import pytest

from kit.base.errors import DataError, UnsafeSQLError
from kit.data.sql.grants import Grants
from kit.data.sql.policy import MAX_NESTING, MAX_TEXT, check_expression, check_sql
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
    assert '"kit_identities" AS "identities"' in checked.sql


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
        ("SELECT repeat(repeat('x', 1000), 1000)", "made longer again"),
        ("SELECT repeat('x', hour) FROM auctions", "written out"),
        ("SELECT * FROM range(100000)", "100,001 values"),
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
    ("sql", "limited"),
    [
        ("SELECT 1 LIMIT 5", "SELECT 1 LIMIT 5"),
        ("SELECT 1 LIMIT 50", "SELECT * FROM (SELECT 1 LIMIT 50) AS answer LIMIT 10"),
        ("SELECT 1 LIMIT 10%", "SELECT * FROM (SELECT 1 LIMIT 10 PERCENT) AS answer LIMIT 10"),
        ("SELECT 1 UNION ALL SELECT 2", "SELECT 1 UNION ALL SELECT 2 LIMIT 10"),
        ("VALUES (1)", "SELECT * FROM (VALUES (1)) AS answer LIMIT 10"),
    ],
)
def test_rows_are_limited(sql, limited):
    assert check_sql(sql, GRANTS, row_limit=10).sql == limited


def test_grants_must_name_what_is_there():
    schema = {"deals": {"deal_id": "VARCHAR"}}
    for allow in (["deal"], ["deals.floor"], []):
        with pytest.raises(DataError, match="allow"):
            Grants.of(schema, allow)


@pytest.mark.parametrize(
    "text",
    ["a, b", "(SELECT 1)", "sum(a)", "a FROM row", "a) FROM row WHERE (b", "getenv('x')", "*",
     "a; b", "row_number() OVER ()", "a -- b", "user_id"],
)  # fmt: skip
def test_an_expression_is_one_value_of_a_row(text):
    with pytest.raises(UnsafeSQLError):
        check_expression(text, {"a": "", "b": ""})
