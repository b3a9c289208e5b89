"""What every engine promises, whether DuckDB, Parquet files or PostgreSQL hold the tables."""

from __future__ import annotations

import contextlib
import datetime
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from kit.base.errors import QUERY_FAILURES, QueryError
from kit.data.sql.contract.protocol import QueryEngine
from kit.data.sql.engine import DatabaseFile, Engine, Limits, ParquetTables
from kit.data.sql.guard.grants import Grants
from kit.data.sql.guard.vocabulary import DIALECTS
from kit.data.sql.policy import check_sql
from tests.data.sql.engine_world import World, make_world


@dataclass(frozen=True)
class Kind:
    """One kind of engine over `engine_world`, and how its SQL is spelled."""

    make: Callable[[Limits], QueryEngine]
    endless: str

    wide: str = "SELECT repeat('x', 100000) AS x FROM generate_series(1, 1000)"
    others: bool = True  # a view, and a table outside the main schema

    def __call__(self, **limits: float) -> QueryEngine:
        return self.make(Limits(**{"memory_mb": 512, "timeout_seconds": 5, **limits}))  # type: ignore[arg-type]


_SERIES = "SELECT sum(i) FROM generate_series(1, 1000000000000) t(i)"
_CROSS = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("contract"))


@pytest.fixture(
    scope="module", params=["file", "parquet", pytest.param("postgres", marks=pytest.mark.slow)]
)
def kind(request: pytest.FixtureRequest, world: World) -> Kind:
    if request.param == "postgres":
        from kit.data.sql.remote.engine import RemoteEngine

        server = request.getfixturevalue("postgres")
        return Kind(lambda limits: RemoteEngine(server.url(), limits), _CROSS)
    if request.param == "parquet":
        source = ParquetTables({"auctions": world.parquet})
        return Kind(lambda limits: Engine(source, limits), _SERIES, others=False)
    return Kind(lambda limits: Engine(DatabaseFile(world.database), limits), _SERIES)


@pytest.fixture(scope="module")
def engine(kind: Kind) -> Iterator[QueryEngine]:
    with kind() as engine:
        assert engine.dialect in DIALECTS
        assert all(file.is_file() for file in engine.files)
        yield engine


def test_rows_come_back_as_pandas_holds_them(engine: QueryEngine) -> None:
    result = engine.run(
        "SELECT exchange, count(*) AS n, sum(id) AS ids, avg(price) AS price, sum(price) AS paid "
        "FROM auctions GROUP BY exchange ORDER BY exchange"
    )
    frame = result.frame
    assert result.columns == ("exchange", "n", "ids", "price", "paid")
    assert (len(frame), result.truncated, frame["n"].sum()) == (10, False, 20_000)
    kinds = [str(kind) for kind in frame.dtypes]
    assert kinds == ["str", "int64", "int64", "float64", "float64"]
    assert frame["ids"].sum() == sum(range(20_000))
    assert frame["paid"].sum() == pytest.approx(0.25 * sum(range(20_000)))
    assert frame["exchange"].tolist() == [f"x{i}" for i in range(10)]
    assert 0 < result.seconds < 5


def test_types_of_all_kinds(engine: QueryEngine) -> None:
    row = engine.run(
        "SELECT DATE '2024-02-29' AS d, TIMESTAMP '2024-02-29 12:00:00.123456' AS t, "
        "TIMESTAMP WITH TIME ZONE '2024-02-29 12:00+02' AS z, TIME '12:30:01' AS c, true AS b, "
        "CAST(3 AS SMALLINT) AS s, CAST(1.5 AS REAL) AS r, CAST(12.5 AS DECIMAL(9, 2)) AS p, "
        "CAST(7 AS DECIMAL(9, 0)) AS w, CAST(2 AS DECIMAL(38, 0)) * 1e30 AS h, ARRAY[1, 2] AS l, "
        "'süß' AS u, '100%' AS q, INTERVAL '1 month 2 days 03:00:00' AS i"
    ).frame.iloc[0]
    assert row["d"] == datetime.date(2024, 2, 29)
    assert row["t"] == pd.Timestamp("2024-02-29 12:00:00.123456")
    assert row["z"] == pd.Timestamp("2024-02-29 10:00", tz="UTC"), "the session's zone is UTC"
    assert row["c"] == datetime.time(12, 30, 1)
    assert (bool(row["b"]), row["s"], row["r"], row["p"]) == (True, 3, 1.5, 12.5)
    assert isinstance(row["w"], int | np.integer)
    assert row["h"] == pytest.approx(2e30)
    assert (list(row["l"]), row["u"], row["q"]) == ([1, 2], "süß", "100%")
    assert row["i"] == pd.DateOffset(months=1, days=2, nanoseconds=3 * 3600 * 10**9)


def test_nulls_are_missing_in_every_type(engine: QueryEngine) -> None:
    kinds = ("INTEGER", "DOUBLE PRECISION", "VARCHAR", "DATE", "TIMESTAMP", "BOOLEAN", "TIME",
             "TIMESTAMP WITH TIME ZONE", "DECIMAL(9, 2)", "DECIMAL(9, 0)", "INTERVAL")  # fmt: skip
    columns = ", ".join(f"CAST(NULL AS {kind}) AS c{at}" for at, kind in enumerate(kinds))
    frame = engine.run(f"SELECT {columns}").frame
    assert frame.shape == (1, len(kinds))
    assert frame.isna().all(axis=None)
    mixed = engine.run("SELECT * FROM (VALUES (1, 'a'), (NULL, NULL)) t(n, s) ORDER BY n").frame
    assert mixed["n"].isna().tolist() == mixed["s"].isna().tolist() == [False, True]


def test_a_clock_change_is_told_in_utc(engine: QueryEngine) -> None:
    frame = engine.run(
        "SELECT TIMESTAMP WITH TIME ZONE '2024-10-27 02:30+02' AS a, "
        "TIMESTAMP WITH TIME ZONE '2024-10-27 02:30+01' AS b"
    ).frame
    assert str(frame["a"].dtype) == "datetime64[us, UTC]"
    assert (frame["b"] - frame["a"]).item() == pd.Timedelta(hours=1)


def test_no_rows_and_two_columns_of_one_name(engine: QueryEngine) -> None:
    none = engine.run("SELECT id, price FROM auctions WHERE false")
    assert (none.columns, len(none.frame), none.truncated) == (("id", "price"), 0, False)
    assert [str(kind) for kind in none.frame.dtypes] == ["int64", "float64"]
    twice = engine.run("SELECT 1 AS a, 2 AS a")
    assert twice.columns == ("a", "a")
    assert twice.frame.iloc[0].tolist() == [1, 2]


def test_too_many_rows_are_cut_and_said(kind: Kind) -> None:
    with kind(rows=7) as engine:
        started = time.monotonic()
        cut = engine.run("SELECT id FROM auctions ORDER BY id")
        assert (cut.frame["id"].tolist(), cut.truncated) == (list(range(7)), True)
        whole = engine.run("SELECT id FROM auctions ORDER BY id LIMIT 7")
        assert (len(whole.frame), whole.truncated) == (7, False)
        assert time.monotonic() - started < 5
    with kind(rows=5000) as engine:
        cut = engine.run("SELECT id FROM auctions ORDER BY id")
        assert (cut.frame["id"].tolist(), cut.truncated) == (list(range(5000)), True)


def test_too_many_bytes_are_cut_and_said(kind: Kind) -> None:
    with kind(answer_mb=1) as engine:
        cut = engine.run(kind.wide)
        assert cut.truncated
        assert len(cut.frame) == 10, "ten of 100 kB fit into one MB, and eleven do not"
        with pytest.raises(QueryError, match="one row takes more than 1 MB") as caught:
            engine.run("SELECT repeat('x', 2000000) AS x")
        assert caught.value.kind == "memory"


@pytest.mark.parametrize(
    ("sql", "kinds", "words"),
    [
        ("SELEC 1", "syntax", "syntax error"),
        ("SELECT (1", "syntax", ""),
        ("SELECT id, count(*) FROM auctions", "syntax", "GROUP BY"),
        ("SELECT prise FROM auctions", "name", "price"),
        ("SELECT 1 FROM auction", "name", "auctions"),
        ("SELECT summ(id) FROM auctions", "name", "summ"),
        ("SELECT a.exchange, exchange FROM auctions a, auctions b", "name", "mbiguous"),
        ("SELECT sum(exchange) FROM auctions", "type", "No function matches"),
        ("SELECT CAST('x' AS INTEGER)", "value", "x"),
        ("SELECT (SELECT id FROM auctions)", "value", "ore than one row"),
        ("DROP TABLE auctions", "syntax other", "DROP"),
        ("SELECT 1; SELECT 2", "syntax other", "must be one SELECT"),
        ("SELECT 1; DROP TABLE auctions", "syntax other", "must be one SELECT"),
        ("INSERT INTO auctions VALUES (1, 'x', 2)", "syntax other", "INSERT"),
        ("COPY auctions TO '/tmp/kit-contract.csv'", "syntax other", "COPY"),
        ("", "syntax other", ""),
        ("SELECT '\ud800'", "syntax", "surrogate"),
    ],
)
def test_failures_have_a_kind_and_a_sentence(
    engine: QueryEngine, sql: str, kinds: str, words: str
) -> None:
    with pytest.raises(QueryError) as caught:
        engine.run(sql)
    message = str(caught.value)
    assert caught.value.kind in QUERY_FAILURES
    assert (caught.value.kind in kinds.split(), words in message) == (True, True), message
    assert message.startswith("sql: ")
    assert len(message) < 700
    assert engine.run("SELECT count(*) AS n FROM auctions").frame["n"].item() == 20_000


def test_a_query_that_runs_on_is_stopped_and_the_next_one_answered(kind: Kind) -> None:
    with kind(timeout_seconds=0.5) as engine:
        engine.run("SELECT 1")
        started = time.monotonic()
        with pytest.raises(QueryError, match=r"longer than 0\.5 s") as caught:
            engine.run(kind.endless)
        assert caught.value.kind == "timeout"
        assert time.monotonic() - started < 2
        assert engine.run("SELECT 1 AS one").frame["one"].item() == 1


def test_another_thread_can_stop_a_query(kind: Kind) -> None:
    with kind(timeout_seconds=30) as engine:
        engine.stop()  # nothing runs
        engine.run("SELECT 1")
        started = time.monotonic()
        stopper = threading.Timer(0.5, engine.stop)
        stopper.start()
        with pytest.raises(QueryError, match="was stopped") as caught:
            engine.run(kind.endless)
        stopper.join()
        assert caught.value.kind == "other"
        assert time.monotonic() - started < 5
        assert engine.run("SELECT 1 AS one").frame["one"].item() == 1


def test_nothing_of_one_query_reaches_the_next(engine: QueryEngine) -> None:
    zone = "SELECT CAST(TIMESTAMP WITH TIME ZONE '2024-01-01 00:00+00' AS VARCHAR) AS z"
    before = engine.run(zone).frame["z"].item()
    for sql in ("SET TimeZone = 'Asia/Tokyo'", "SELECT set_config('TimeZone', 'Asia/Tokyo', false)",
                "CREATE TEMPORARY TABLE mine AS SELECT 1 AS one"):  # fmt: skip
        with contextlib.suppress(QueryError):  # it may be taken, and must end with its query
            engine.run(sql)
    assert engine.run(zone).frame["z"].item() == before
    with pytest.raises(QueryError, match="mine"):
        engine.run("SELECT * FROM mine")


def test_one_that_was_closed_starts_again(kind: Kind) -> None:
    engine = kind()
    assert engine.run("SELECT 1 AS n").frame["n"].item() == 1
    engine.close()
    engine.close()
    assert engine.run("SELECT 2 AS n").frame["n"].item() == 2
    engine.close()


def test_threads_share_an_engine(engine: QueryEngine) -> None:
    got: dict[int, int] = {}

    def ask(number: int) -> None:
        got[number] = engine.run(f"SELECT {number} AS n").frame["n"].item()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {number: number for number in range(8)}


def test_schema_and_estimate(engine: QueryEngine, kind: Kind) -> None:
    schema = engine.schema()
    assert list(schema["auctions"]) == ["id", "exchange", "price"]
    assert list(schema["auctions"].values())[:2] == ["BIGINT", "VARCHAR"]
    assert schema["auctions"]["price"].endswith("(22,2)")
    join = "SELECT count(*) FROM auctions a JOIN auctions b USING (id) WHERE a.price > 1"
    estimate = engine.explain(join)
    assert estimate.by_table == {"auctions": 40_000}
    assert estimate.rows == 40_000
    assert "Join" in estimate.text
    assert engine.explain("SELECT 1").rows == 0
    if kind.others:
        assert schema["cheap"] == schema["auctions"]
        assert schema["other.deals"] == {"deal_id": "VARCHAR"}
        assert engine.explain("SELECT * FROM cheap").by_table == {"auctions": 20_000}
    for sql in ("DROP TABLE auctions", "DELETE FROM auctions", "ANALYZE SELECT 1"):
        with pytest.raises(QueryError):
            engine.explain(sql)


def test_an_estimate_runs_nothing(kind: Kind) -> None:
    with kind(timeout_seconds=1) as engine:
        estimate = engine.explain("SELECT count(*) FROM auctions a, auctions b, auctions c")
        assert estimate.rows == 60_000


def test_what_the_guard_writes_is_answered(engine: QueryEngine) -> None:
    grants = Grants.of(engine.schema(), ["auctions.exchange", "auctions.price"])
    checked = check_sql(
        "SELECT exchange, round(avg(price), 2) AS paid FROM auctions WHERE exchange LIKE 'x%' "
        "GROUP BY exchange ORDER BY paid DESC, exchange LIMIT 3",
        grants, dialect=engine.dialect,
    )  # fmt: skip
    answer = engine.run(checked.sql)
    assert answer.frame["exchange"].tolist() == ["x9", "x8", "x7"]
    assert answer.frame["paid"].tolist() == [2501.0, 2500.75, 2500.5]
