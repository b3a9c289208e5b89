"""What an engine answers, how it fails, and that no query meets what another left."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kit.base.errors import QUERY_FAILURES, DataError, LeakageError, QueryError
from kit.data.log import META_KEY
from kit.data.sql.engine import DatabaseFile, Engine, Limits, ParquetTables

from .engine_world import World, make_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def engine(world: World) -> Iterator[Engine]:
    with Engine(DatabaseFile(world.database), Limits(memory_mb=256, timeout_seconds=5)) as engine:
        yield engine


@pytest.fixture(scope="module")
def tables(world: World) -> Iterator[Engine]:
    source = ParquetTables({"auctions": world.parquet, "again": world.parquet})
    with Engine(source, Limits(memory_mb=256, timeout_seconds=5)) as engine:
        yield engine


def test_rows_come_back_as_pandas_holds_them(engine: Engine) -> None:
    result = engine.run(
        "SELECT exchange, count(*) AS n, sum(id) AS ids, avg(price) AS price, sum(price) AS paid "
        "FROM auctions GROUP BY exchange ORDER BY exchange"
    )
    frame = result.frame
    assert result.columns == ("exchange", "n", "ids", "price", "paid")
    assert (len(frame), result.truncated, frame["n"].sum()) == (10, False, 20_000)
    assert frame["ids"].dtype == "int64", "DuckDB's sum of whole numbers is a decimal"
    assert frame["paid"].dtype == "float64"
    assert frame["ids"].sum() == sum(range(20_000))
    assert 0 < result.seconds < 5


def test_types_of_all_kinds(engine: Engine) -> None:
    row = engine.run(
        "SELECT DATE '2024-02-29' AS d, TIMESTAMP '2024-02-29 12:00' AS t, "
        "TIMESTAMPTZ '2024-02-29 12:00' AS z, NULL::INT AS n, [1, 2] AS l, {'a': 1} AS s, "
        "'a'::ENUM('a', 'b') AS e, true AS b, 170141183460469231731687303715884105727::HUGEINT AS h"
    ).frame.iloc[0]
    assert row["d"] == datetime.date(2024, 2, 29)
    assert row["t"] == pd.Timestamp("2024-02-29 12:00")
    assert row["z"] == pd.Timestamp("2024-02-29 12:00", tz="UTC"), "the session's zone is UTC"
    assert pd.isna(row["n"])
    assert (list(row["l"]), row["s"], row["e"], row["b"]) == ([1, 2], {"a": 1}, "a", True)
    assert row["h"] == pytest.approx(1.7e38, rel=0.01)


def test_no_rows_and_two_columns_of_one_name(engine: Engine) -> None:
    none = engine.run("SELECT id, price FROM auctions WHERE false")
    assert (none.columns, len(none.frame), none.truncated) == (("id", "price"), 0, False)
    twice = engine.run("SELECT 1 AS a, 2 AS a")
    assert twice.columns == ("a", "a")
    assert twice.frame.iloc[0].tolist() == [1, 2]


@pytest.mark.parametrize("kind", ["UNION(a INT, b VARCHAR)", "BIGNUM"])
def test_a_type_that_pandas_lacks_is_said(engine: Engine, kind: str) -> None:
    with pytest.raises(QueryError, match=r"column 'odd'.*Cast it to VARCHAR") as caught:
        engine.run(f"SELECT 1::{kind} AS odd")
    assert caught.value.kind == "type"


def test_pivot_and_parquet(tables: Engine, engine: Engine) -> None:
    for one in (tables, engine):
        wide = one.run("PIVOT auctions ON exchange USING count(*) GROUP BY id").frame
        assert wide.shape == (10_000, 11)  # cut at the limit of rows
        assert one.run("FROM auctions LIMIT 3").frame["id"].tolist() == [0, 1, 2]


def test_too_many_rows_are_cut_and_said(world: World) -> None:
    with Engine(DatabaseFile(world.database), Limits(rows=7)) as engine:
        cut = engine.run("SELECT * FROM range(1000000000000)")
        assert (cut.frame["range"].tolist(), cut.truncated) == (list(range(7)), True)
        whole = engine.run("SELECT * FROM range(7)")
        assert (len(whole.frame), whole.truncated) == (7, False)


def test_too_many_bytes_are_cut_and_said(world: World) -> None:
    with Engine(DatabaseFile(world.database), Limits(answer_mb=1, memory_mb=512)) as engine:
        cut = engine.run("SELECT repeat('x', 100000) AS x FROM range(1000)")
        assert cut.truncated
        assert len(cut.frame) == 10, "ten of 100 kB fit into one MB, and eleven do not"
        with pytest.raises(QueryError, match="one row takes more than 1 MB") as caught:
            engine.run("SELECT repeat('x', 2000000) AS x")
        assert caught.value.kind == "memory"


@pytest.mark.parametrize(
    ("sql", "kind", "words"),
    [
        ("SELEC 1", "syntax", "syntax error"),
        ("SELECT (1", "syntax", ""),
        ("SELECT id, count(*) FROM auctions", "syntax", "GROUP BY"),
        ("SELECT prise FROM auctions", "name", "price"),
        ("SELECT 1 FROM auction", "name", "auctions"),
        ("SELECT summ(id) FROM auctions", "name", "sum"),
        ("SELECT a.exchange, exchange FROM auctions a, auctions b", "name", "Ambiguous"),
        ("SELECT sum(exchange) FROM auctions", "type", "No function matches"),
        ("SELECT id = exchange FROM auctions", "value", "x0"),
        ("SELECT 'x'::INT", "value", "Could not convert"),
        ("SELECT (SELECT id FROM auctions)", "value", "More than one row"),
        ("SELECT error('my words')", "value", "my words"),
        ("SELECT length(repeat('ab', 1000000000))", "memory", ""),
        ("SELECT * FROM read_text('/etc/hostname')", "other", "disabled by configuration"),
        ("", "other", "no statement"),
        ("SELECT 1; SELECT 2", "other", "SELECT, SELECT"),
        ("DROP TABLE auctions", "other", "DROP"),
        ("WITH x AS (COPY (SELECT 1) TO 'x.csv') FROM x", "other", "COPY"),
        ("WITH x AS (\u00a0COPY\u2060(SELECT 1) TO 'x.csv') FROM x", "other", "COPY"),
        ("WITH x AS (DELETE FROM auctions RETURNING *) FROM x", "other", "DELETE"),
        ("WITH x AS (COPY (SELECT 1) TO 'x') PIVOT x ON Count USING count(*)", "other", "COPY"),
        ("SELECT 1 -- \udc80", "syntax", "surrogate"),
        ("SELECT " + "1," * 500_000 + "1", "other", "characters"),
    ],
)  # fmt: skip
def test_failures_have_kinds(engine: Engine, sql: str, kind: str, words: str) -> None:
    assert kind in QUERY_FAILURES
    with pytest.raises(QueryError) as caught:
        engine.run(sql)
    message = str(caught.value)
    assert (caught.value.kind, words in message) == (kind, True), message
    assert message.startswith("sql: ")
    assert len(message) < 700
    assert "Error:" not in message, "DuckDB's names of its own exceptions are no help"


def test_copy_is_no_word_that_names_need_avoid(engine: Engine) -> None:
    sql = """SELECT 'copy' AS copy, $$"type":"COPY_QUERY_NODE"$$ AS COPY -- copy\nFROM auctions"""
    assert engine.run(sql).columns == ("copy", "COPY")


def test_a_query_that_runs_on_is_interrupted_and_the_child_kept(world: World) -> None:
    with Engine(DatabaseFile(world.database), Limits(timeout_seconds=0.3)) as engine:
        engine.run("SELECT 1")
        before = engine.pid
        with pytest.raises(QueryError, match=r"longer than 0\.3 s") as caught:
            engine.run("SELECT sum(i) FROM range(1000000000000) t(i)")
        assert caught.value.kind == "timeout"
        assert engine.pid == before
        assert engine.run("SELECT 1 AS one").frame["one"].item() == 1


def test_one_child_serves_many_queries_and_one_that_was_closed_starts_again(world: World) -> None:
    engine = Engine(DatabaseFile(world.database))
    assert engine.pid is None
    engine.run("SELECT 1")
    first = engine.pid
    engine.run("SELECT 2")
    assert engine.pid == first is not None
    engine.close()
    assert engine.pid is None
    assert engine.run("SELECT 3 AS n").frame["n"].item() == 3
    assert engine.pid not in (None, first)
    engine.close()


def test_schema_and_estimate(engine: Engine, tables: Engine) -> None:
    auctions = {"id": "BIGINT", "exchange": "VARCHAR", "price": "DECIMAL(22,2)"}
    assert engine.schema() == {
        "auctions": auctions, "cheap": auctions, "other.deals": {"deal_id": "VARCHAR"},
    }  # fmt: skip
    assert tables.schema() == {"auctions": auctions, "again": auctions}
    join = "SELECT count(*) FROM auctions a JOIN auctions b USING (id) WHERE a.price > 1"
    for one in (engine, tables):
        estimate = one.explain(join)
        assert estimate.by_table == {"auctions": 40_000}
        assert estimate.rows == 40_000
        assert "Join" in estimate.text
    assert engine.explain("FROM cheap").by_table == {"auctions": 20_000}, "views are looked through"
    both = tables.explain("SELECT (SELECT count(*) FROM again), id FROM auctions")
    assert both.by_table == {"auctions": 20_000, "again": 20_000}
    assert tables.explain("SELECT 1").rows == 0
    with pytest.raises(QueryError, match="DROP"):
        engine.explain("DROP TABLE auctions")


def test_an_estimate_runs_nothing(world: World) -> None:
    with Engine(DatabaseFile(world.database), Limits(timeout_seconds=1)) as engine:
        estimate = engine.explain("SELECT count(*) FROM auctions a, auctions b, auctions c, cheap")
        assert estimate.rows == 80_000


def test_a_database_that_another_process_writes_is_busy(world: World, tmp_path: Path) -> None:
    path = tmp_path / "held.duckdb"
    path.write_bytes(world.database.read_bytes())
    script = (
        "import duckdb, sys\n"
        f"connection = duckdb.connect({str(path)!r})\n"
        "print('held', flush=True)\n"
        "sys.stdin.readline()\n"
    )
    with (
        Engine(DatabaseFile(path)) as engine,
        subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as writer,
    ):
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(QueryError, match="lock") as caught:
            engine.run("SELECT 1")
        assert caught.value.kind == "busy"
        writer.communicate(b"\n")
        assert engine.run("SELECT count(*) AS n FROM auctions").frame["n"].item() == 20_000


def test_between_queries_others_may_write_and_their_rows_are_seen(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "shared.duckdb"
    path.write_bytes(world.database.read_bytes())
    with Engine(DatabaseFile(path)) as engine:
        count = "SELECT count(*) AS n FROM auctions"
        assert engine.run(count).frame["n"].item() == 20_000
        pid = engine.pid
        with duckdb.connect(str(path)) as writer:
            writer.execute("INSERT INTO auctions VALUES (-1, 'new', 0)")
        assert engine.run(count).frame["n"].item() == 20_001
        assert engine.pid == pid


def test_a_log_of_writes_that_a_crash_left_is_read_and_kept(world: World, tmp_path: Path) -> None:
    path = tmp_path / "crashed.duckdb"
    path.write_bytes(world.database.read_bytes())
    with Engine(DatabaseFile(path)) as engine:
        engine.run("SELECT 1")  # a child that has not seen the log
        script = (
            "import duckdb, os\n"
            f"connection = duckdb.connect({str(path)!r})\n"
            "connection.execute(\"INSERT INTO auctions VALUES (-1, 'late', 0)\")\n"
            "os._exit(1)\n"
        )
        subprocess.run([sys.executable, "-c", script], check=False)
        log = path.with_name(path.name + ".wal")
        before = log.read_bytes()
        assert engine.run("SELECT count(*) AS n FROM auctions").frame["n"].item() == 20_001
        assert log.read_bytes() == before


def test_a_replaced_file_is_read_anew(world: World, tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    for rows in (5, 6):
        fresh = tmp_path / "fresh.parquet"
        pq.write_table(pa.table({"a": range(rows)}), fresh)
        fresh.replace(path)
        if rows == 5:
            engine = Engine(ParquetTables({"log": path}))
        assert engine.run("SELECT count(*) AS n FROM log").frame["n"].item() == rows
    path.unlink()
    with pytest.raises(DataError, match=r"log\.parquet: is gone"):
        engine.run("SELECT 1")
    engine.close()


def test_names_that_files_can_have(world: World, tmp_path: Path) -> None:
    content = world.parquet.read_bytes()
    (tmp_path / "year=2020").mkdir()
    odd = [tmp_path / "year=2020" / "plain.parquet", tmp_path / "a[1]*.parquet",
           tmp_path / "it's.parquet", tmp_path / "süß, ok.parquet"]  # fmt: skip
    for path in odd:
        path.write_bytes(content)
    pq.write_table(pa.table({"wrong": [1]}), tmp_path / "a1x.parquet")  # what a[1]* would match
    source = ParquetTables({f"t{at}": path for at, path in enumerate(odd)})
    with Engine(source) as engine:
        for at in range(len(odd)):
            assert engine.run(f"FROM t{at} LIMIT 1").columns == ("id", "exchange", "price")


@pytest.mark.parametrize("name", ["it's.duckdb", "süß [1].db", "main.duckdb", "memory"])
def test_names_that_databases_can_have(world: World, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(world.database.read_bytes())
    with Engine(DatabaseFile(tmp_path / name)) as engine:
        assert engine.run("SELECT count(*) AS n FROM auctions").frame["n"].item() == 20_000


def test_sources_are_checked(world: World, tmp_path: Path) -> None:
    text = tmp_path / "text.duckdb"
    text.write_text("no database at all")
    broken = tmp_path / "broken.duckdb"
    broken.write_bytes(world.database.read_bytes()[:13_000])
    sealed = tmp_path / "log.sealed.parquet"
    sealed.write_bytes(world.parquet.read_bytes())
    link = tmp_path / "innocent.parquet"
    link.symlink_to(sealed)
    for path, match in ((tmp_path / "none", "no such file"), (tmp_path, "a folder"),
                        (text, "not a DuckDB database")):  # fmt: skip
        with pytest.raises(DataError, match=match):
            DatabaseFile(path)
    with pytest.raises(DataError, match="not a Parquet file"):
        ParquetTables({"t": text})
    for path in (sealed, link):
        with pytest.raises(LeakageError, match="sealed holdout"):
            ParquetTables({"t": path})
    for tables in ({}, {"a b": world.parquet}, {"T": world.parquet, "t": world.parquet}):
        with pytest.raises(DataError):
            ParquetTables(tables)
    with pytest.raises(DataError, match="Must be data that DuckDB reads"):
        Engine(DatabaseFile(broken)).run("SELECT 1")


def test_a_sealed_file_is_known_by_its_mark_too(tmp_path: Path) -> None:
    from kit.data.log import LogMeta

    meta = LogMeta.from_json(
        pq.read_schema(_sample()).metadata[META_KEY].decode()
    )  # a log's own, but sealed
    import dataclasses

    table = pa.table({"a": [1]}).replace_schema_metadata(
        {META_KEY: dataclasses.replace(meta, sealed=True).to_json().encode()}
    )
    pq.write_table(table, tmp_path / "renamed.parquet")
    with pytest.raises(LeakageError, match="sealed holdout"):
        ParquetTables({"t": tmp_path / "renamed.parquet"})


def _sample() -> Path:
    from kit.base.assets import asset_dir

    return asset_dir("data_samples") / "auctions.parquet"


def test_the_source_is_named_by_its_real_path(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(world.root)
    with Engine(DatabaseFile(Path("shop.duckdb"))) as engine:
        os.chdir("/")
        assert engine.run("SELECT count(*) AS n FROM cheap").frame["n"].item() == 4
