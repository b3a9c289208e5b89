"""The guard in PostgreSQL's dialect: the same rules, other functions and other ways round."""

from __future__ import annotations

import pytest

from kit.base.errors import DataError, UnsafeSQLError
from kit.data.sql.guard.grants import Grants, read_schema
from kit.data.sql.policy import check_sql
from tests.data.sql import corpora

GRANTS = Grants.from_schema(corpora.SCHEMA.read_text("utf-8"), corpora.ALLOW, "postgres")

HOSTILE = [
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('PG_VERSION')",
    "SELECT * FROM pg_ls_dir('.')",
    "SELECT pg_stat_file('PG_VERSION')",
    "SELECT pg_sleep(10)",
    "SELECT exchange FROM deals WHERE pg_sleep(10) IS NULL",
    "SELECT * FROM dblink('host=127.0.0.1', 'SELECT 1') AS t(a int)",
    "SELECT dblink_connect('host=127.0.0.1')",
    "SELECT dblink_exec('x', 'DROP TABLE deals')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(1, '/tmp/x')",
    "SELECT lo_get(1)",
    "COPY deals TO PROGRAM 'curl -d @- http://127.0.0.1:9'",
    "COPY deals FROM '/etc/passwd'",
    "COPY (SELECT 1) TO '/tmp/x'",
    "SELECT * FROM pg_catalog.pg_authid",
    "SELECT * FROM pg_shadow",
    "SELECT rolname FROM pg_roles",
    "SELECT * FROM pg_settings",
    "SELECT * FROM pg_stat_activity",
    "SELECT table_name FROM information_schema.tables",
    "SELECT * FROM pg_temp.deals",
    "SELECT current_setting('data_directory')",
    "SELECT set_config('statement_timeout', '0', false)",
    "SET statement_timeout = 0",
    "SET ROLE postgres",
    "RESET ALL",
    "SHOW ALL",
    "SELECT query_to_xml('SELECT * FROM api_keys', true, true, '')",
    "SELECT table_to_xml('api_keys', true, true, '')",
    "SELECT database_to_xml(true, true, '')",
    "SELECT cursor_to_xml('c', 1, true, true, '')",
    "SELECT xpath('/', xmlparse(document '<a/>'))",
    "DO $$ BEGIN DELETE FROM deals; END $$",
    "CALL refresh()",
    "SELECT 'api_keys'::regclass",
    "SELECT CAST('api_keys' AS regclass)",
    "SELECT 'api_keys'::pg_catalog.regclass",
    "SELECT 'pg_sleep'::regproc",
    "SELECT * FROM deals FOR UPDATE",
    "SELECT * FROM deals FOR SHARE SKIP LOCKED",
    "SELECT * INTO stolen FROM deals",
    "SELECT * INTO TEMP stolen FROM deals",
    "SELECT * FROM ONLY api_keys",
    "SELECT * FROM ONLY deals",
    "SELECT E'\\\\'; DROP TABLE deals; --'",
    "SELECT E'a\\'b'",
    "SELECT U&'\\0041'",
    "SELECT U&\"\\0075ser_id\" FROM auctions",
    "WITH gone AS (DELETE FROM deals RETURNING *) SELECT * FROM gone",
    "WITH more AS (INSERT INTO deals VALUES ('x') RETURNING 1) SELECT 1",
    "INSERT INTO deals VALUES ('x')",
    "UPDATE deals SET floor_cpm = 0",
    "MERGE INTO deals USING exchanges ON true WHEN MATCHED THEN DELETE",
    "TRUNCATE deals",
    "CREATE TABLE t AS SELECT * FROM deals",
    "CREATE EXTENSION dblink",
    "ALTER SYSTEM SET fsync = off",
    "GRANT ALL ON deals TO PUBLIC",
    "EXPLAIN ANALYZE DELETE FROM deals",
    "PREPARE p AS SELECT * FROM api_keys",
    "EXECUTE p",
    "DECLARE c CURSOR FOR SELECT * FROM api_keys",
    "LISTEN x",
    "NOTIFY x, 'a'",
    "SELECT pg_notify('x', 'a')",
    "LOCK TABLE deals",
    "VACUUM",
    "SELECT nextval('s')",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_terminate_backend(1)",
    "SELECT pg_reload_conf()",
    "SELECT pg_logical_emit_message(false, 'a', 'b')",
    "SELECT txid_current()",
    "SELECT current_user",
    "SELECT session_user",
    'SELECT "current_user"()',
    "SELECT current_database()",
    "SELECT version()",
    "SELECT inet_server_addr()",
    "SELECT has_table_privilege('api_keys', 'select')",
    "SELECT pg_get_viewdef('v')",
    "SELECT secret FROM api_keys",
    "SELECT user_id FROM auctions",
    "SELECT a.user_id FROM auctions a",
    "SELECT (a).user_id FROM auctions a",
    "SELECT a FROM auctions a",
    "SELECT to_json(a) FROM auctions a",
    "SELECT auctions::text FROM auctions",
    "SELECT array_agg(a) FROM auctions a",
    "SELECT ctid FROM deals, unnest(ARRAY[1]) u",
    "SELECT xmin FROM deals, unnest(ARRAY[1]) u",
    "SELECT 1 OPERATOR(pg_catalog.+) 2",
    "SELECT generate_series(1, 1000000000)",
    "SELECT count(*) FROM generate_series(1, 1000000000)",
    "SELECT count(*) FROM auctions a, auctions b",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT * FROM t",
    "SELECT repeat('x', 1000000000)",
    "SELECT lpad('x', 1000000000, 'y')",
    "SELECT 1; DROP TABLE deals",
    "SELECT $1",
    "BEGIN",
    "TABLE api_keys",
]  # fmt: skip

BENIGN = [
    "SELECT exchange, count(*) AS n FROM auctions WHERE won GROUP BY exchange ORDER BY n DESC",
    "SELECT date_trunc('day', timestamp) d, sum(clearing_price_cpm) FROM auctions GROUP BY 1",
    "SELECT extract(hour FROM timestamp) h, avg(fee_cpm)::numeric(10,2) FROM auctions GROUP BY 1",
    "SELECT * FROM auctions LIMIT 5",
    "SELECT t.* FROM auctions t WHERE t.hour BETWEEN 8 AND 20",
    "SELECT DISTINCT ON (exchange) exchange, deal_id FROM deals ORDER BY exchange, deal_id",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY bid_price_cpm) FROM auctions",
    "SELECT string_agg(DISTINCT exchange, ',' ORDER BY exchange) FROM deals",
    "SELECT exchange FROM auctions WHERE timestamp > now() - interval '7 days'",
    "SELECT count(*) FILTER (WHERE won)::float / count(*) AS win_rate FROM auctions",
    "SELECT a.exchange, r.region FROM auctions a JOIN exchanges r USING (exchange)",
    "SELECT deal_id FROM deals ORDER BY floor_cpm DESC NULLS LAST FETCH FIRST 10 ROWS ONLY",
    "SELECT $$it's$$ AS said",
    "SELECT * FROM deals TABLESAMPLE SYSTEM (10)",
    "SELECT to_char(timestamp, 'YYYY-MM') m, sum(revenue) FROM conversions GROUP BY m",
    "SELECT exchange ~ '^a', exchange ILIKE 'A%', exchange SIMILAR TO 'a%' FROM deals",
    "SELECT lag(bid_price_cpm) OVER (PARTITION BY exchange ORDER BY timestamp) FROM auctions",
    "SELECT coalesce(deal_id, '-') || ':' || exchange FROM auctions",
    "SELECT * FROM campaigns a, LATERAL (SELECT count(*) n FROM conversions c "
    "WHERE c.campaign_id = a.campaign_id) z",
    "SELECT CASE WHEN won THEN 1 ELSE 0 END FROM auctions",
    "SELECT ARRAY[1, 2, 3], ARRAY(SELECT exchange FROM deals)",
    "SELECT unnest(ARRAY[1, 2, 3])",
    "SELECT age(now(), timestamp) FROM auctions",
    "SELECT width_bucket(bid_price_cpm, 0, 10, 5) b, count(*) FROM auctions GROUP BY b",
    "SELECT round(avg(bid_price_cpm)::numeric, 2) FROM auctions",
    "SELECT date_part('dow', timestamp) FROM auctions",
    "SELECT hour, count(*) FROM auctions GROUP BY GROUPING SETS ((hour), ())",
    "SELECT device, country, sum(fee_cpm) FROM auctions GROUP BY ROLLUP (device, country)",
    "TABLE deals",
    "VALUES (1), (2)",
    "WITH a AS MATERIALIZED (SELECT * FROM deals) SELECT * FROM a",
    "SELECT max(timestamp)::date - 7 FROM auctions",
    "SELECT timestamp AT TIME ZONE 'UTC' FROM auctions",
    "SELECT bool_or(won), every(won) FROM auctions",
    "SELECT mode() WITHIN GROUP (ORDER BY exchange) FROM auctions",
    "SELECT stddev_samp(bid_price_cpm), corr(hour, bid_price_cpm) FROM auctions",
    "SELECT exchange FROM deals WHERE floor_cpm = ANY (ARRAY[1.0, 2.0])",
    "SELECT deal_id FROM deals d WHERE NOT EXISTS (SELECT 1 FROM auctions a "
    "WHERE a.deal_id = d.deal_id)",
    "SELECT nullif(1, 2), greatest(1, 2), least(1, 2), 7 % 3, 2 ^ 3, 5 / 2, -2 ^ 2",
    """SELECT '{"a": 1}'::jsonb -> 'a', '{"a": 1}'::json ->> 'a'""",
    "SELECT g::date, count(a.auction_id) FROM generate_series('2026-01-01'::timestamp, "
    "'2026-01-31'::timestamp, '1 day'::interval) AS g "
    "LEFT JOIN auctions a ON date_trunc('day', a.timestamp) = g GROUP BY 1",
    "SELECT g FROM generate_series(DATE '2026-01-01', DATE '2026-01-31', INTERVAL '1 day') AS g",
    "SELECT sum(hour) OVER w FROM auctions WINDOW w AS (PARTITION BY exchange ORDER BY timestamp)",
    "SELECT exchange FROM deals UNION SELECT exchange FROM exchanges ORDER BY 1",
    "SELECT split_part(unit_id, '-', 1), left(unit_id, 3), upper(unit_id) FROM auctions",
]  # fmt: skip


@pytest.mark.parametrize("sql", HOSTILE)
def test_hostile_sql_is_refused(sql):
    with pytest.raises(UnsafeSQLError):
        check_sql(sql, GRANTS, dialect="postgres")


@pytest.mark.parametrize("sql", BENIGN)
def test_benign_sql_passes(sql):
    checked = check_sql(sql, GRANTS, dialect="postgres", row_limit=10)
    assert "user_id" not in checked.sql
    assert checked.sql.endswith(("LIMIT 10", "LIMIT 5", "ROWS ONLY"))


def test_a_name_in_another_case_reads_the_table_that_is_granted():
    """Another table may be called "Deals": the name in the grant is written, not the user's."""
    checked = check_sql('SELECT 1 FROM "Deals"', GRANTS, dialect="postgres")
    assert 'FROM deals AS "Deals"' in checked.sql


def test_a_schema_is_read_as_postgres_keeps_it():
    ddl = 'CREATE TABLE Deals (DealID int, "At" int)'
    assert list(read_schema(ddl, "postgres")["deals"]) == ["dealid", "At"]
    assert list(read_schema(ddl)["Deals"]) == ["DealID", "At"]


def test_tables_that_differ_in_case_alone_cannot_be_granted():
    with pytest.raises(DataError, match="case of their letters"):
        Grants.of({"deals": {"a": ""}, "Deals": {"a": ""}})


def test_the_schema_public_is_that_of_the_grants():
    assert check_sql("SELECT at FROM public.deals", GRANTS, dialect="postgres").tables == ("deals",)
    with pytest.raises(UnsafeSQLError, match="schema main"):
        check_sql("SELECT at FROM main.deals", GRANTS, dialect="postgres")


@pytest.mark.parametrize("word", ["user", "USER", "current_role", "system_user"])
def test_a_column_is_not_the_function_that_the_server_reads_without_quotes(word):
    """Unquoted, these name the role that asks, whichever column is called so."""
    sql = f'SELECT {word} FROM (SELECT 7 AS "{word.lower()}") AS t'
    checked = check_sql(sql, GRANTS, dialect="postgres")
    assert checked.sql.startswith(f'SELECT "{word.lower()}" FROM (SELECT 7 AS ')
