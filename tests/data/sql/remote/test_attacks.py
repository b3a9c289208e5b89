"""A real PostgreSQL server under SQL that no guard has seen: nothing is written, all of it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from kit.base.errors import KitError, QueryError
from kit.data.sql.contract.limits import Limits
from kit.data.sql.remote.engine import RemoteEngine
from tests.data.sql.engine_world import CANARY
from tests.data.sql.postgres_world import PASSWORD, Postgres
from tests.data.sql.remote.hostile import READS, RUNS_ON, WRITES

pytestmark = pytest.mark.slow

COUNT = "SELECT count(*) AS n FROM auctions"
_MODE = "SELECT current_setting('transaction_read_only') AS mode"


@pytest.fixture(scope="module")
def before(postgres: Postgres) -> dict[str, Any]:
    return postgres.state()


@pytest.mark.parametrize("ask", ["run", "explain"])
def test_nothing_is_written_without_the_guard(
    postgres: Postgres, engine: RemoteEngine, before: dict[str, Any], ask: str
) -> None:
    for sql in WRITES:
        _try(getattr(engine, ask), sql)
        assert postgres.state() == before, sql
        assert engine.run(COUNT).frame["n"].item() == 20_000
        assert engine.run(_MODE).frame["mode"].item() == "on"


def test_nothing_is_written_by_a_role_that_could(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction is a wall of its own: here the check of the role is left out."""
    monkeypatch.setattr("kit.data.sql.remote.engine.refuse_writer", lambda connection, shown: None)
    with postgres.admin() as connection:
        connection.execute(f"CREATE ROLE writer LOGIN PASSWORD '{PASSWORD}'")
        connection.execute("GRANT pg_write_all_data, pg_read_all_data TO writer")
        connection.execute("GRANT CREATE ON SCHEMA public TO writer; GRANT CREATE ON DATABASE ads "
                           "TO writer; GRANT ALL ON SEQUENCE numbers TO writer")  # fmt: skip
    before = postgres.state()
    try:
        with RemoteEngine(postgres.url("writer"), Limits(timeout_seconds=2)) as engine:
            for sql in WRITES:
                _try(engine.run, sql)
                assert postgres.state() == before, sql
    finally:
        with postgres.admin() as connection:
            connection.execute("DROP OWNED BY writer; DROP ROLE writer")


def test_nothing_outside_its_grants_and_no_file_is_read(
    postgres: Postgres, engine: RemoteEngine
) -> None:
    for sql in READS:
        told = _try(engine.run, sql.format(canary=postgres.folder / "canary.txt",
                                           folder=postgres.folder))  # fmt: skip
        assert CANARY not in told, sql
        assert "SCRAM" not in told, sql
        assert str(postgres.folder / "data") not in told, sql
        assert not (postgres.folder / "out.txt").exists(), sql


@pytest.mark.parametrize("sql", RUNS_ON)
def test_a_query_that_runs_on_is_ended_on_the_server(postgres: Postgres, sql: str) -> None:
    with RemoteEngine(postgres.url(), Limits(timeout_seconds=0.5)) as engine:
        engine.run(COUNT)
        started = time.monotonic()
        with pytest.raises(QueryError) as caught:
            engine.run(sql)
        assert caught.value.kind in ("timeout", "memory"), str(caught.value)
        assert time.monotonic() - started < 2.5
        assert _soon(lambda: postgres.working("kit_answer") == []), "it runs on, on the server"
        assert engine.run(COUNT).frame["n"].item() == 20_000


def test_a_server_that_cannot_be_asked_to_stop_is_cut_off(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    monkeypatch.setattr(psycopg.Connection, "cancel_safe", lambda self, timeout: None)
    with RemoteEngine(postgres.url(), Limits(timeout_seconds=0.5)) as engine:
        engine.run(COUNT)
        started = time.monotonic()
        with pytest.raises(QueryError) as caught:
            engine.run(RUNS_ON[4])
        assert caught.value.kind == "timeout"
        assert time.monotonic() - started < 3
        assert engine.run(COUNT).frame["n"].item() == 20_000, "by a new connection"
    assert _soon(lambda: postgres.working("kit_answer") == []), "the server sees that it is gone"


def test_a_query_ends_with_the_process_that_asked(postgres: Postgres) -> None:
    script = (
        "from kit.data.sql.contract.limits import Limits\n"
        "from kit.data.sql.open_engine import open_engine\n"
        "engine = open_engine('env:KIT_WAREHOUSE', Limits(timeout_seconds=300))\n"
        "engine.run('SELECT 1')\n"
        "print('asks', flush=True)\n"
        "engine.run('SELECT pg_sleep(3599)')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE,
        env={**os.environ, "KIT_WAREHOUSE": postgres.url()},
    ) as asker:  # fmt: skip
        assert asker.stdout is not None
        assert asker.stdout.readline() == b"asks\n"
        assert _soon(lambda: postgres.working("kit_answer") != [])
        asker.kill()
    assert _soon(lambda: postgres.working("kit_answer") == [])


def test_a_query_that_another_thread_stops_is_ended_on_the_server(postgres: Postgres) -> None:
    with RemoteEngine(postgres.url(), Limits(timeout_seconds=30)) as engine:
        engine.run(COUNT)
        stopper = threading.Timer(0.5, engine.stop)
        stopper.start()
        with pytest.raises(QueryError, match="was stopped") as caught:
            engine.run(RUNS_ON[1])
        stopper.join()
        assert caught.value.kind == "other"
        assert _soon(lambda: postgres.working("kit_answer") == [])
        assert engine.run(COUNT).frame["n"].item() == 20_000


def test_an_advisory_lock_ends_with_its_query(postgres: Postgres, engine: RemoteEngine) -> None:
    engine.run("SELECT pg_advisory_lock(42)")
    with postgres.admin() as connection:
        free = connection.execute("SELECT pg_try_advisory_lock(42)").fetchone()
    assert free == (True,)


def test_settings_of_one_query_do_not_reach_the_next(engine: RemoteEngine) -> None:
    shown = "SELECT current_setting('search_path') AS p, current_setting('statement_timeout') AS t"
    before = engine.run(shown).frame.iloc[0].tolist()
    assert before == ["public, pg_temp", "2s"]
    for scope in ("true", "false"):
        engine.run(f"SELECT set_config('search_path', 'other', {scope}), "
                   f"set_config('statement_timeout', '0', {scope})")  # fmt: skip
        assert engine.run(shown).frame.iloc[0].tolist() == before


def _try(ask: Callable[[str], Any], sql: str) -> str:
    """Return what one is told: an answer, or why there is none."""
    try:
        answer = ask(sql)
    except KitError as error:
        return str(error)
    return answer.frame.to_string() if hasattr(answer, "frame") else answer.text


def _soon(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 3
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
