"""No SQL writes a file or reads one that was not given, with the check of statements or without.

`UNCHECKED` runs each attack on what holds behind that check: DuckDB's lock and the kernel's.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from kit.base.errors import QueryError
from kit.data.sql.engine import DatabaseFile, Engine, Limits, ParquetTables
from kit.data.sql.local import process as process_module
from tests.data.sql import corpora
from tests.data.sql.engine_world import CANARY, UNCHECKED, UNCONFINED, World, make_world

READS = (
    "FROM read_text('{root}/canary.txt')",
    "FROM read_blob('{root}/canary.txt')",
    "FROM '{root}/canary.csv'",
    'FROM "{root}/canary.parquet"',
    "FROM read_csv('{root}/canary.csv')",
    "FROM read_csv_auto(['{root}/canary.csv'])",
    "FROM read_single_csv_file('{root}/canary.csv')",
    "FROM read_json('{root}/canary.json')",
    "FROM read_ndjson_objects('{root}/canary.json')",
    "FROM read_parquet('{root}/can*.parquet')",
    "FROM read_parquet(['{data}', '{root}/canary.parquet'], union_by_name = true)",
    "FROM read_duckdb('{root}/canary.duckdb', table_name = 'secrets')",
    "FROM read_text('{data}/../canary.txt')",
    "FROM read_text('{spill}/../../../../../../../../..{root}/canary.txt')",
    "FROM read_text('file://{root}/canary.txt')",
    "FROM read_text('/proc/self/root{root}/canary.txt')",
    "FROM read_text('/proc/self/cwd/../{root}/canary.txt')",
    "FROM read_blob('/proc/self/environ')",
    "FROM read_blob('/proc/{parent}/environ')",
    "FROM read_text('/dev/fd/0')",
    "FROM read_text('/etc/passwd')",
    "FROM glob('{root}/*')",
    "FROM glob('/*')",
    "FROM sniff_csv('{root}/canary.csv')",
    "FROM parquet_metadata('{root}/canary.parquet')",
    "FROM parquet_kv_metadata('{root}/canary.parquet')",
    "FROM query('FROM read_text(''{root}/canary.txt'')')",
    "FROM query_table('{root}/canary.csv')",
    "FROM json_execute_serialized_sql(json_serialize_sql('FROM read_text(''{root}/canary.txt'')'))",
    "CREATE TEMP TABLE x AS FROM read_text('{root}/canary.txt'); FROM x",
    "CREATE TEMP TABLE x (a VARCHAR); COPY x FROM '{root}/canary.csv'; FROM x",
    "CREATE TEMP MACRO m() AS TABLE FROM read_text('{root}/canary.txt'); FROM m()",
    "PREPARE p AS FROM read_text($1); EXECUTE p('{root}/canary.txt')",
    "ATTACH '{root}/canary.duckdb' AS c; FROM c.secrets",
    "ATTACH '{root}/canary.duckdb' AS c (READ_ONLY); FROM c.secrets",
    "ATTACH '{root}/canary.csv' AS c (TYPE csv); FROM c",
    "IMPORT DATABASE '{root}'",
    "SET file_search_path = '{root}'; FROM 'canary.csv'",
    "SET allowed_directories = ['{root}']; FROM read_text('{root}/canary.txt')",
    "SET enable_external_access = true; FROM read_text('{root}/canary.txt')",
    "RESET enable_external_access; FROM read_text('{root}/canary.txt')",
    "SET lock_configuration = false; SET enable_external_access = true; FROM '{root}/canary.csv'",
    "SET VARIABLE p = '{root}/canary.txt'; FROM read_text(getvariable('p'))",
    "SELECT getenv('CANARY_KEY')",
    "FROM duckdb_secrets()",
    "FROM canary_frame",
    "FROM os.environ",
    "FROM pandas_scan(1)",
    "FROM python_arrow_scan(1, 2, 3)",
)

WRITES = (
    "COPY (SELECT 1) TO '{root}/out.csv'",
    "COPY (SELECT 1) TO '{data}' (FORMAT csv, USE_TMP_FILE false)",
    "COPY (SELECT 1) TO '{data}' (FORMAT parquet, USE_TMP_FILE false)",
    "COPY (SELECT 1) TO '{data}.wal' (FORMAT csv, USE_TMP_FILE false)",
    "WITH x AS (COPY (SELECT 1) TO '{root}/out.csv') FROM x",
    "WITH x AS (COPY (SELECT 1) TO '{data}' (FORMAT csv, USE_TMP_FILE false)) FROM x",
    "WITH x AS (COPY (SELECT 1) TO '{link}' (FORMAT csv, USE_TMP_FILE false)) FROM x",
    "WITH x AS (COPY (SELECT 1) TO '{data}.wal' (FORMAT csv, USE_TMP_FILE false)) FROM x",
    "WITH x AS (/**/coPy(SELECT 1) TO '{data}' (FORMAT csv, USE_TMP_FILE false)) FROM x",
    "WITH x AS (\u00a0COPY\u2060(SELECT 1) TO '{data}' (FORMAT csv, USE_TMP_FILE false)) FROM x",
    "WITH x AS (COPY (SELECT 1) TO '{data}' (FORMAT csv, USE_TMP_FILE false)) PIVOT x ON Count",
    "EXPLAIN ANALYZE WITH x AS (COPY (SELECT 1) TO '{data}' (USE_TMP_FILE false)) FROM x",
    "FROM query('WITH x AS (CO' || 'PY (SELECT 1) TO ''{data}'' (USE_TMP_FILE false)) FROM x')",
    "COPY (SELECT 1 AS a) TO '{root}/parts' (FORMAT parquet, PARTITION_BY a)",
    "EXPORT DATABASE '{root}/export'",
    "COPY FROM DATABASE shop TO memory",
    "ATTACH '{root}/new.duckdb' AS n; CREATE TABLE n.x AS SELECT 1",
    "ATTACH '{data}' AS n (READ_WRITE); CREATE TABLE n.x AS SELECT 1",
    "ATTACH ':memory:' AS m; USE m; DETACH shop; ATTACH '{data}' AS shop; DROP TABLE shop.auctions",
    "CREATE TABLE x AS SELECT 1",
    "INSERT INTO auctions VALUES (1, 'a', 1)",
    "WITH x AS (DELETE FROM auctions RETURNING *) FROM x",
    "UPDATE auctions SET price = 0",
    "DROP TABLE auctions",
    "TRUNCATE auctions",
    "ALTER TABLE auctions ADD COLUMN x INT",
    "CREATE INDEX i ON auctions (id)",
    "COMMENT ON TABLE auctions IS 'x'",
    "CREATE SEQUENCE s; SELECT nextval('s')",
    "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')",
    "SET secret_directory = '{root}'; CREATE PERSISTENT SECRET s (TYPE http)",
    "INSTALL httpfs",
    "FORCE INSTALL httpfs FROM '{root}'",
    "LOAD '{root}/evil.duckdb_extension'",
    "UPDATE EXTENSIONS",
    "SET temp_directory = '{root}/elsewhere'",
    "SET profiling_output = '{root}/profile.json'; EXPLAIN ANALYZE SELECT 1",
    "PRAGMA enable_profiling = 'json'; PRAGMA profiling_output = '{root}/profile.json'; SELECT 1",
    "CALL enable_profiling(save_location = '{root}/profile.json', format = 'json'); SELECT 42",
    "CALL enable_logging(storage = 'file', storage_path = '{root}/logs'); SELECT 42",
    "SET log_query_path = '{root}/queries.log'; SELECT 1",
    "SELECT write_log('x')",
    "CHECKPOINT",
    "FORCE CHECKPOINT",
    "FROM checkpoint()",
    "FROM force_checkpoint()",
    "VACUUM ANALYZE",
    "PRAGMA add_parquet_key('k', '0123456789012345')",
    "FROM register_external_resource('a', 'b')",
    "BEGIN; CREATE TABLE x AS SELECT 1; COMMIT",
)

CALLS = (
    "FROM read_csv('http://127.0.0.1:{port}/x.csv')",
    "FROM 'https://127.0.0.1:{port}/x.parquet'",
    "FROM 's3://bucket/x.parquet'",
    "ATTACH 'http://127.0.0.1:{port}/x.duckdb' AS h",
    "ATTACH 'host=127.0.0.1 port={port}' AS p (TYPE postgres)",
    "INSTALL httpfs FROM 'http://127.0.0.1:{port}'",
    "SET custom_extension_repository = 'http://127.0.0.1:{port}'; INSTALL httpfs",
    "SET http_proxy = '127.0.0.1:{port}'; FROM read_text('http://127.0.0.1:{port}/x')",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("attacked"))


@pytest.fixture(params=["database", "parquet"])
def source(request: pytest.FixtureRequest, world: World) -> DatabaseFile | ParquetTables:
    if request.param == "database":
        return DatabaseFile(world.database)
    return ParquetTables({"auctions": world.parquet})


@pytest.fixture
def target(source: DatabaseFile | ParquetTables) -> Path:
    return source.files[0]


@contextmanager
def listener() -> Iterator[tuple[int, list[str]]]:
    """Listen on a port of this machine, and note who calls."""
    calls: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                try:
                    caller, _ = server.accept()
                except TimeoutError:
                    continue
                calls.append("called")
                caller.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1], calls
        finally:
            done.set()
            thread.join()


def _say(engine: Engine, sql: str) -> str:
    """Return all that a query lets out: its rows, or what its failure says."""
    try:
        return engine.run(sql).frame.to_csv()
    except QueryError as error:
        return str(error)


def _attack(
    source: DatabaseFile | ParquetTables, world: World, target: Path, attacks: tuple[str, ...]
) -> list[str]:
    """Return the attacks of which a canary came out, or that changed a file."""
    limits = Limits(timeout_seconds=3, memory_mb=128, spill_mb=64)
    broke, before = [], world.state()
    with Engine(source, limits) as engine, listener() as (port, calls):
        folder = _folder(engine)
        for attack in attacks:
            places = {"root": world.root, "data": target, "spill": folder / "spill", "port": port,
                      "link": folder / "0.parquet", "parent": os.getpid()}  # fmt: skip
            sql = attack
            for name, place in places.items():
                sql = sql.replace(f"{{{name}}}", str(place))
            said = _say(engine, sql)
            if CANARY in said or calls or world.state() != before:
                broke.append(f"{attack} -> {said[:200]}")
        assert engine.run("SELECT count(*) AS n FROM auctions").frame["n"].item() == 20_000
    return broke


def _folder(engine: Engine) -> Path:
    engine.run("SELECT 1")
    return Path(os.readlink(f"/proc/{engine.pid}/cwd"))


@pytest.fixture
def canary_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_KEY", CANARY)


@pytest.mark.usefixtures("canary_key")
@pytest.mark.parametrize("attacks", [READS, WRITES, CALLS], ids=["reads", "writes", "calls"])
def test_the_locks_hold_without_the_check_of_statements(
    monkeypatch: pytest.MonkeyPatch, source: DatabaseFile | ParquetTables, world: World,
    target: Path, attacks: tuple[str, ...],
) -> None:  # fmt: skip
    monkeypatch.setattr(process_module, "_CHILD", UNCHECKED)
    assert _attack(source, world, target, attacks) == []


@pytest.mark.slow
@pytest.mark.usefixtures("canary_key")
@pytest.mark.parametrize("attacks", [READS, WRITES], ids=["reads", "writes"])
def test_duckdbs_lock_and_the_check_hold_on_a_kernel_without_landlock(
    monkeypatch: pytest.MonkeyPatch, source: DatabaseFile | ParquetTables, world: World,
    target: Path, attacks: tuple[str, ...],
) -> None:  # fmt: skip
    monkeypatch.setattr(process_module, "_CHILD", UNCONFINED)
    assert _attack(source, world, target, attacks) == []


def test_the_canaries_sing(world: World) -> None:
    """What guards the files is neither luck nor a typing error: without it, they are read."""
    with duckdb.connect() as connection:
        seen = 0
        for attack in READS[:10]:
            sql = attack.replace("{root}", str(world.root))
            seen += CANARY in str(connection.sql(sql).to_arrow_table())
    assert seen >= 9


def test_a_copy_inside_with_is_what_the_kernel_stops(
    monkeypatch: pytest.MonkeyPatch, world: World, tmp_path: Path
) -> None:
    """DuckDB 2.0 alone would overwrite a file that it may read: the reason for `confine`."""
    copy = tmp_path / "victim.parquet"
    copy.write_bytes(world.parquet.read_bytes())
    both = UNCHECKED[-1].replace(
        "child.main()",
        "child.confine_files = lambda readable, writable: False\nchild.main()",
    )
    attack = f"WITH x AS (COPY (SELECT 1) TO '{copy}' (FORMAT csv, USE_TMP_FILE false)) FROM x"
    for child, kept in ((UNCHECKED, True), ((*UNCHECKED[:-1], both), False)):
        monkeypatch.setattr(process_module, "_CHILD", child)
        with Engine(ParquetTables({"t": copy})) as engine:
            _say(engine, attack)
            if kept and not engine.confined:
                pytest.skip("this kernel has no Landlock")
        assert (copy.read_bytes() == world.parquet.read_bytes()) == kept


LEFT = (
    "CREATE OR REPLACE TEMP TABLE auctions AS SELECT 'left' AS id; SELECT 1",
    "CREATE OR REPLACE VIEW auctions AS SELECT 'left' AS id; SELECT 1",
    "CREATE OR REPLACE TEMP MACRO count(x) AS 'left'; SELECT 1",
    "CREATE TYPE left_type AS ENUM ('a'); SELECT 1",
    "SET VARIABLE left_variable = 'left'; SELECT 1",
    "PREPARE left_statement AS SELECT 'left'; SELECT 1",
    "CREATE SECRET left_secret (TYPE http, BEARER_TOKEN 'left'); SELECT 1",
    "ATTACH ':memory:' AS left_database; CREATE TABLE left_database.t AS SELECT 1; SELECT 1",
    "CREATE SCHEMA left_schema; SET search_path = 'left_schema'; SELECT 1",
    "BEGIN; SELECT 1",
    "BEGIN; SELECT 1/0 + error('left')",
    "SET search_path = 'pg_catalog'; SELECT 1",
)


def test_nothing_of_one_query_reaches_the_next(
    monkeypatch: pytest.MonkeyPatch, source: DatabaseFile | ParquetTables
) -> None:
    monkeypatch.setattr(process_module, "_CHILD", UNCHECKED)
    look = (
        "SELECT (SELECT sum(id) FROM auctions)::VARCHAR || (SELECT count(id) FROM auctions),"
        "getvariable('left_variable'), (SELECT count(*) FROM duckdb_prepared_statements()),"
        "(SELECT count(*) FROM duckdb_secrets()), (SELECT count(*) FROM duckdb_schemas()),"
        "(SELECT list(database_name ORDER BY 1) FROM duckdb_databases())::VARCHAR,"
        "(SELECT count(*) FROM duckdb_types() WHERE NOT internal), current_setting('search_path')"
    )
    with Engine(source) as engine:
        fresh = engine.run(look).frame.to_csv()
        pid = engine.pid
        for sql in LEFT:
            _say(engine, sql)
            assert engine.run(look).frame.to_csv() == fresh, sql
        assert engine.pid == pid, "the same child all along"


@pytest.mark.slow
@pytest.mark.usefixtures("canary_key")
def test_no_function_that_duckdb_knows_opens_a_file(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    """Whatever functions a version brings along, each is called with the path of a canary."""
    monkeypatch.setattr(process_module, "_CHILD", UNCHECKED)
    with duckdb.connect() as connection:
        known = connection.execute(
            "SELECT DISTINCT function_name, function_type FROM duckdb_functions() "
            "WHERE function_name SIMILAR TO '[a-z][a-z_]+' AND NOT function_name SIMILAR TO "
            "'(icu_)?collate_.*' AND function_type IN "
            "('scalar', 'table', 'pragma', 'macro', 'table_macro') AND function_name <> 'sleep_ms'"
        ).fetchall()
    attacks = []
    for name, kind in known:
        if kind in ("scalar", "macro"):
            attacks.append(f"SELECT {name}('{{root}}/canary.txt')")
        elif kind == "pragma":
            attacks.append(f"PRAGMA {name}('{{root}}/new.csv')")
        else:
            attacks.append(f"CALL {name}('{{root}}/canary.txt')")
            attacks.append(f"CALL {name}('{{root}}/new.csv', 'csv')")
            attacks.append(f"FROM {name}(['{{root}}/canary.parquet'], 'secrets')")
    assert len(attacks) > 700
    assert _attack(ParquetTables({"auctions": world.parquet}), world, world.parquet,
                   tuple(attacks)) == []  # fmt: skip


@pytest.mark.slow
@pytest.mark.usefixtures("canary_key")
@pytest.mark.parametrize("child", [UNCHECKED, UNCONFINED, process_module._CHILD])
def test_the_corpus_of_hostile_queries_breaks_no_lock(
    monkeypatch: pytest.MonkeyPatch, world: World, child: tuple[str, ...]
) -> None:
    monkeypatch.setattr(process_module, "_CHILD", child)
    attacks = tuple(entry["sql"] for entry in corpora.read("hostile_open"))
    for source in (DatabaseFile(world.database), ParquetTables({"auctions": world.parquet})):
        assert _attack(source, world, source.files[0], attacks) == []
