"""No SQL takes more time or memory than the limits say, and the engine answers after each."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.base.errors import QueryError
from kit.data.sql.engine import DatabaseFile, Engine, Limits
from tests.data.sql.engine_world import make_world

TIMEOUT = 0.5
KILLED = 0.5
SLACK = 1.5  # a child to start, and a busy machine
MEMORY_MB = 128
MOST_MB = MEMORY_MB * 3 // 2 + 512 + 100  # with the libraries

FAST = (
    "SELECT repeat('ab', 1000000000)",
    "SELECT length(repeat('ab', 1000000000))",
    "SELECT repeat(repeat('ab', 1000000), i) FROM range(1000) t(i)",
    "SELECT lpad('x', 2000000000, 'y')",
    "SELECT printf('%1000000000d', 1)",
    "SELECT sum(i) FROM range(1000000000000) t(i)",
    "SELECT count(*) FROM auctions a, auctions b, auctions c",
    "SELECT a.id FROM auctions a, auctions b ORDER BY a.id + b.id",
    "SELECT list(i) FROM range(1000000000) t(i)",
    "WITH RECURSIVE r AS (SELECT 1 i UNION ALL SELECT i + 1 FROM r) SELECT max(i) FROM r",
    "SELECT regexp_replace(repeat('a', 10000000), 'a', 'bbbbbbbbbbbbbbbbbbbb', 'g')",
    "SELECT " + "(" * 30_000 + "1" + ")" * 30_000,
)

SLOW = (
    "SELECT range(1000000000)",
    "SELECT unnest(range(1000000000))",
    "SELECT list_transform(range(100000000), lambda x: x::VARCHAR)",
    "SELECT list_sort(list_transform(range(20000000), lambda x: hash(x)))",
    "SELECT levenshtein(repeat('a', 100000), repeat('b', 100000))",
    "SELECT repeat('9', 1000000)::BIGNUM * repeat('9', 1000000)::BIGNUM",
    "SELECT bitstring('1', 2000000000)",
    "SELECT md5(repeat('x', 500000000))",
    "SELECT json_array(repeat('x', 100000000), repeat('x', 100000000), repeat('x', 100000000))",
    "SELECT replace(repeat('a', 100000000), 'a', repeat('b', 1000))",
    "SELECT string_agg(repeat('x', 1000), '') FROM range(10000000)",
    "SELECT array_agg(i) OVER (ORDER BY i) FROM range(100000) t(i)",
    "SELECT map_from_entries(list_zip(range(50000000), range(50000000)))",
    "SELECT count(DISTINCT hash(a.id, b.id)) FROM auctions a, auctions b",
    "SELECT (SELECT sum(i * j) FROM range(1000000) s(j)) FROM range(1000000) t(i)",
    "SELECT sleep_ms(100000)",
    "SELECT sleep_ms(10) FROM range(100000)",
    "SELECT regexp_matches(repeat('a', 10000), '" + "(" * 900 + "a" + ")*" * 900 + "')",
    "SELECT repeat('a', 100000) LIKE '" + "%a" * 5000 + "b'",
    "WITH RECURSIVE r AS (SELECT 'x' s UNION ALL SELECT s || s FROM r) SELECT max(s) FROM r",
    "FROM test_vector_types(NULL::INT[][], all_flat = true), range(1000000000)",
    "PIVOT (SELECT i, i AS j FROM range(100000) t(i)) ON j USING sum(i)",
    "SELECT * FROM auctions TABLESAMPLE reservoir(100000000 ROWS), range(100000)",
    "SELECT " + " UNION ALL SELECT ".join(["1"] * 60_000),
    "SELECT 1 IN (" + ",".join(["1"] * 200_000) + ")",
    "SELECT " + ",".join(f"{n} c{n}" for n in range(60_000)),
    "WITH " + ", ".join(
        f"c{n} AS (FROM c{n - 1} a, c{n - 1} b)" if n else "c0 AS (FROM auctions)"
        for n in range(40)
    ) + " SELECT count(*) FROM c39",
    "SELECT json_extract(repeat('[', 4000000) || repeat(']', 4000000), '$')",
    "EXPLAIN SELECT 1",
)  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    world = make_world(tmp_path_factory.mktemp("bombed"))
    limits = Limits(timeout_seconds=TIMEOUT, memory_mb=MEMORY_MB, spill_mb=64, answer_mb=4)
    with Engine(DatabaseFile(world.database), limits) as engine:
        yield engine


class _Watch:
    """The most memory that the engine's children held."""

    def __init__(self, engine: Engine) -> None:
        self.most_mb = 0.0
        self._engine = engine
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._done.wait(0.01):
            try:
                status = Path(f"/proc/{self._engine.pid}/status").read_text()
            except OSError:
                continue
            peak = [line for line in status.splitlines() if line.startswith("VmHWM")]
            self.most_mb = max([self.most_mb, *(int(line.split()[1]) / 1024 for line in peak)])

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


def _ask(engine: Engine, sql: str) -> tuple[str, int]:
    """Return how a query ended, and the bytes that its answer takes here."""
    try:
        answer = engine.run(sql)
    except QueryError as error:
        return error.kind, 0
    return "answered", int(answer.frame.memory_usage(deep=True).sum())


def _bounded(engine: Engine, sql: str) -> None:
    with _Watch(engine) as watch:
        started = time.monotonic()
        kind, held = _ask(engine, sql)
        took = time.monotonic() - started
    assert kind in ("answered", "timeout", "memory", "syntax", "other")
    assert held < 64 << 20
    assert took < TIMEOUT + KILLED + SLACK
    assert watch.most_mb < MOST_MB
    assert engine.run("SELECT 1 AS one").frame["one"].item() == 1


@pytest.mark.parametrize("sql", FAST, ids=range(len(FAST)))
def test_a_bomb_is_bounded(engine: Engine, sql: str) -> None:
    _bounded(engine, sql)


@pytest.mark.slow
@pytest.mark.parametrize("sql", SLOW, ids=range(len(SLOW)))
def test_more_bombs_are_bounded(engine: Engine, sql: str) -> None:
    _bounded(engine, sql)
