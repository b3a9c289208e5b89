"""What an engine of a real PostgreSQL server answers and hides, and a connection that breaks."""

from __future__ import annotations

import dataclasses
import threading
import traceback

import pytest

from kit.base.errors import DataError, QueryError
from kit.data.sql.contract.limits import Limits
from kit.data.sql.guard.grants import Grants
from kit.data.sql.policy import check_sql
from kit.data.sql.remote import postgres as postgres_module
from kit.data.sql.remote.engine import RemoteEngine
from tests.data.sql.postgres_world import PASSWORD, QUOTED, Postgres

pytestmark = pytest.mark.slow

COUNT = "SELECT count(*) AS n FROM auctions"


def test_a_schema_of_the_role_own_does_not_stand_in_for_public(postgres: Postgres) -> None:
    with postgres.admin() as connection:
        connection.execute("CREATE SCHEMA reader; CREATE TABLE reader.auctions AS SELECT 1 AS id")
        connection.execute("GRANT USAGE ON SCHEMA reader TO reader")
        connection.execute("GRANT SELECT ON reader.auctions TO reader")
    try:
        with RemoteEngine(postgres.url()) as engine:
            assert engine.run(COUNT).frame["n"].item() == 20_000
            assert engine.schema()["reader.auctions"] == {"id": "INTEGER"}
    finally:
        with postgres.admin() as connection:
            connection.execute("DROP SCHEMA reader CASCADE")


def test_a_connection_that_the_server_closed_is_opened_again(postgres: Postgres) -> None:
    with RemoteEngine(postgres.url(), Limits(timeout_seconds=5)) as engine:
        engine.run(COUNT)
        assert _end_sessions(postgres) >= 1
        assert engine.run(COUNT).frame["n"].item() == 20_000


def test_a_connection_lost_in_a_query_is_said(postgres: Postgres) -> None:
    with RemoteEngine(postgres.url(), Limits(timeout_seconds=20)) as engine:
        engine.run(COUNT)
        ended = threading.Timer(0.5, lambda: _end_sessions(postgres))
        ended.start()
        with pytest.raises(
            QueryError, match=r"connection to the server was lost.*Ask again"
        ) as caught:
            engine.run("SELECT pg_sleep(15)")
        ended.join()
        assert caught.value.kind == "other"
        assert engine.run(COUNT).frame["n"].item() == 20_000


def test_rights_that_are_given_later_are_found_on_the_next_connection(postgres: Postgres) -> None:
    with RemoteEngine(postgres.url()) as engine:
        engine.run(COUNT)
        with postgres.admin() as connection:
            connection.execute("GRANT INSERT ON auctions TO reader")
        try:
            engine.close()
            with pytest.raises(DataError, match="may INSERT"):
                engine.run(COUNT)
            with pytest.raises(DataError, match="may INSERT"):
                engine.run(COUNT)
        finally:
            with postgres.admin() as connection:
                connection.execute("REVOKE INSERT ON auctions FROM reader")
        assert engine.run(COUNT).frame["n"].item() == 20_000


@pytest.mark.parametrize("case", ["wrong password", "no server", "no database", "odd option"])
def test_no_password_is_shown_when_there_is_no_connection(postgres: Postgres, case: str) -> None:
    url = {
        "wrong password": postgres.url(password="wr0ng-one"),
        "no server": postgres.url().replace(str(postgres.port), "1"),
        "no database": postgres.url().replace("/ads", "/none"),
        "odd option": f"{postgres.url()}?bogus=1",
    }[case]
    engine = RemoteEngine(url)
    with pytest.raises(DataError, match="no connection") as caught:
        engine.schema()
    told = "".join(traceback.format_exception(caught.value)) + repr(engine) + str(vars(engine))
    for secret in (PASSWORD, QUOTED, "wr0ng-one"):
        assert secret not in told


def test_no_password_is_shown_of_an_engine_that_runs(engine: RemoteEngine) -> None:
    engine.run(COUNT)
    told = (
        f"{engine!r} {vars(engine)} {engine.address!r} {engine._backend!r} {engine._backend.con!r}"
    )
    assert PASSWORD not in told
    assert QUOTED not in told


def test_dates_that_pandas_lacks_are_said(engine: RemoteEngine) -> None:
    for value in ("'infinity'::date", "'-infinity'::timestamp", "'0044-03-15 BC'::date",
                  "'20240-01-01'::timestamptz", "'24:00'::time"):  # fmt: skip
        with pytest.raises(QueryError, match=r"column 'odd'.*Cast it to text") as caught:
            engine.run(f"SELECT {value} AS odd")
        assert caught.value.kind == "type"
        assert len(engine.run(f"SELECT CAST({value} AS VARCHAR) AS text").frame) == 1


def test_types_of_the_server_own(engine: RemoteEngine) -> None:
    row = engine.run(
        "SELECT '{\"a\": 1}'::jsonb AS j, '1.2.3.4'::inet AS i, 'NaN'::numeric AS n, "
        "'Infinity'::float8 AS f, ARRAY[['a', NULL]] AS l, ARRAY[1.5] AS d, '\\x00ff'::bytea AS b, "
        "int4range(1, 3) AS r, '3 years -2 days -01:02:03.5'::interval AS v, 5::oid AS o, "
        "ROW(1, 'x') AS w, ARRAY[DATE '2024-01-01'] AS k, '12:00+02'::timetz AS z, ''::text AS e"
    ).frame.iloc[0]
    assert (row["j"], row["i"], row["f"], row["b"]) == (
        '{"a": 1}',
        "1.2.3.4",
        float("inf"),
        b"\0\xff",
    )
    assert row["n"] != row["n"]
    assert [list(part) for part in row["l"]] == [["a", None]]
    assert list(row["d"]) == [1.5]
    assert (row["r"], row["w"], row["z"], row["e"]) == ("[1,3)", "(1,x)", "12:00:00+02", "")
    assert (row["v"].months, row["v"].days, row["v"].nanoseconds) == (36, -2, -3_723_500_000_000)
    assert row["o"] == 5
    assert str(row["k"][0]) == "2024-01-01"


def test_a_short_time_out_does_not_hold_for_the_catalog(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = "SELECT pg_sleep(0.3)"
    columns = postgres_module.columns
    monkeypatch.setattr(
        postgres_module, "columns", lambda c, schema: (c.execute(slow), columns(c, schema))[1]
    )
    with RemoteEngine(postgres.url(), Limits(timeout_seconds=0.1)) as engine:
        assert "auctions" in engine.schema()
        with pytest.raises(QueryError, match=r"longer than 0\.1 s"):
            engine.run(slow)


def test_names_that_need_quotes_pass_the_guard_and_the_server(
    postgres: Postgres, engine: RemoteEngine
) -> None:
    with postgres.admin() as connection:
        connection.execute(
            'CREATE TABLE "Odd Log" ("Exchange Id" INT, "select" INT, secret INT); '
            'INSERT INTO "Odd Log" VALUES (1, 2, 3), (4, 5, 6); '
            'GRANT SELECT ON "Odd Log" TO reader'
        )
    try:
        grants = Grants.of(engine.schema(), ["Odd Log.Exchange Id", "Odd Log.select"])
        for sql, wanted in (
            ('SELECT sum("Exchange Id") AS a, max("select") AS b FROM "Odd Log"', [5, 5]),
            ('SELECT * FROM "Odd Log" ORDER BY 1', [1, 2]),
            ('SELECT User FROM (SELECT 7 AS "user") AS t', [7]),
        ):
            checked = check_sql(sql, grants, dialect="postgres")
            assert engine.run(checked.sql).frame.iloc[0].tolist() == wanted, checked.sql
    finally:
        with postgres.admin() as connection:
            connection.execute('DROP TABLE "Odd Log"')


def test_the_tables_of_another_schema(postgres: Postgres) -> None:
    with postgres.admin() as connection:
        connection.execute(
            'CREATE SCHEMA "Ad s"; CREATE TABLE "Ad s".auctions (only_here INT); '
            'INSERT INTO "Ad s".auctions VALUES (7); ANALYZE; GRANT USAGE ON SCHEMA "Ad s" TO '
            'reader; GRANT SELECT ON "Ad s".auctions TO reader'
        )
    try:
        with RemoteEngine(f"{postgres.url()}/Ad%20s?connect_timeout=5") as engine:
            schema = engine.schema()
            assert schema["auctions"] == {"only_here": "INTEGER"}
            assert "public.auctions" in schema
            grants = Grants.of(schema, ["auctions"])
            checked = check_sql("SELECT * FROM auctions", grants, dialect="postgres")
            assert engine.run(checked.sql).frame["only_here"].tolist() == [7]
            assert engine.explain(checked.sql).by_table == {"auctions": 1}
            assert engine.explain("SELECT * FROM public.cheap").by_table == {
                "public.auctions": 20_000
            }
    finally:
        with postgres.admin() as connection:
            connection.execute('DROP SCHEMA "Ad s" CASCADE')
    with (
        RemoteEngine(f"{postgres.url()}/none") as engine,
        pytest.raises(DataError, match="there is no schema 'none'; must be one of: other, public"),
    ):
        engine.schema()


def test_a_null_character_is_refused(engine: RemoteEngine) -> None:
    with pytest.raises(QueryError, match="NUL"):
        engine.run("SELECT 1\0; DELETE FROM auctions")


def test_a_table_that_was_never_analysed_has_an_estimate(
    postgres: Postgres, engine: RemoteEngine
) -> None:
    with postgres.admin() as connection:
        connection.execute("CREATE TABLE fresh AS SELECT * FROM auctions")
        connection.execute("GRANT SELECT ON fresh TO reader")
    try:
        estimate = engine.explain("SELECT * FROM fresh")
        assert 10_000 < estimate.by_table["fresh"] < 40_000
    finally:
        with postgres.admin() as connection:
            connection.execute("DROP TABLE fresh")


def test_partitions_and_columns_that_are_not_granted(
    postgres: Postgres, engine: RemoteEngine
) -> None:
    with postgres.admin() as connection:
        connection.execute(
            "CREATE TABLE log (day DATE, n INT) PARTITION BY RANGE (day); CREATE TABLE log_1 "
            "PARTITION OF log FOR VALUES FROM ('2024-01-01') TO ('2024-02-01'); "
            "INSERT INTO log SELECT '2024-01-03', i FROM generate_series(1, 500) t(i); "
            "ANALYZE log; GRANT SELECT ON log TO reader"
        )
    try:
        schema = engine.schema()
        assert schema["log"] == {"day": "DATE", "n": "INTEGER"}
        assert "log_1" not in schema
        assert schema["half"] == {"shown": "INTEGER"}
        assert "secrets" not in schema
        assert engine.explain("SELECT sum(n) FROM log").rows == 500
    finally:
        with postgres.admin() as connection:
            connection.execute("DROP TABLE log")


def test_limits_hold_for_the_memory_of_an_answer(postgres: Postgres) -> None:
    limits = dataclasses.replace(Limits(), rows=10_000, answer_mb=1)
    with RemoteEngine(postgres.url(), limits) as engine:
        cut = engine.run("SELECT repeat('x', CASE WHEN i < 100 THEN 1 ELSE 5000 END) AS x "
                         "FROM generate_series(1, 1000000) t(i)")  # fmt: skip
        assert cut.truncated
        assert len(cut.frame) == 99 + (2**20 - 99) // 5000


def _end_sessions(postgres: Postgres) -> int:
    with postgres.admin() as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename = 'reader' AND application_name = 'kit'"
        ).fetchall()
    return len(ended)
