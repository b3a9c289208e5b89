"""How the engine's child starts, runs over, dies, and is cleaned up after."""

from __future__ import annotations

import _thread
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kit.base.errors import QueryError
from kit.data.sql.engine import DatabaseFile, Engine, Limits, ParquetTables
from kit.data.sql.local import process as process_module
from tests.data.sql.engine_world import CANARY, World, make_world

STUCK = "SELECT levenshtein(repeat('a', 200000), repeat('b', 200000))"
"""Hears no interrupt: only a kill ends it."""

ENDLESS = "SELECT sum(i) FROM range(1000000000000) t(i)"


def _reaped(engine: Engine) -> bool:
    """Whether the child ends within ten seconds, all its threads: then it can be waited for."""
    for _ in range(1000):
        if engine.pid is None:
            return True
        time.sleep(0.01)
    return False


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def start(world: World) -> Iterator[Callable[..., Engine]]:
    """Start engines, and close them at the end."""
    engines: list[Engine] = []

    def _start(**limits: float) -> Engine:
        engine = Engine(DatabaseFile(world.database), Limits(**{"memory_mb": 128, **limits}))
        engines.append(engine)
        engine.run("SELECT 1")
        return engine

    yield _start
    for engine in engines:
        engine.close()


def _pid(engine: Engine) -> int:
    assert engine.pid is not None
    return engine.pid


def _folder(engine: Engine) -> Path:
    return Path(os.readlink(f"/proc/{_pid(engine)}/cwd"))


def _gone(pid: int) -> bool:
    """Whether a process ends within a second; one that is only not reaped has ended too."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_the_child_holds_no_key_and_nothing_that_it_does_not_need(
    monkeypatch: pytest.MonkeyPatch, start: Callable[..., Engine], tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    secret = tmp_path / "secret.txt"
    secret.write_text(CANARY)
    with secret.open() as file:
        os.set_inheritable(file.fileno(), True)
        pid = _pid(start())
        proc = Path(f"/proc/{pid}")
        environment = (proc / "environ").read_bytes()
        assert CANARY.encode() not in environment
        names = {pair.split(b"=")[0].decode() for pair in environment.split(b"\0") if pair}
        assert {"HOME", "PATH", "USER"}.isdisjoint(names)
        assert len(names) <= 7, "what DuckDB, Arrow and Python need, and nothing that is inherited"
        assert str(secret) not in [os.readlink(link) for link in (proc / "fd").iterdir()]
    maps = (proc / "maps").read_text()
    assert "_duckdb" in maps
    assert "numpy" not in maps, "its import would cost half as much again as the whole start"
    assert "pandas" not in maps
    limits = (proc / "limits").read_text()
    assert "Max core file size        0 " in limits
    assert f"Max file size             {4096 << 20} " in limits


def test_what_hears_no_interrupt_is_killed_half_a_second_later(
    start: Callable[..., Engine],
) -> None:
    engine = start(timeout_seconds=0.3)
    pid, folder = _pid(engine), _folder(engine)
    started = time.monotonic()
    with pytest.raises(QueryError, match=r"longer than 0\.3 s") as caught:
        engine.run(STUCK)
    assert 0.8 <= time.monotonic() - started < 3
    assert caught.value.kind == "timeout"
    assert _gone(pid)
    assert not folder.exists()
    assert engine.run("SELECT 2 AS n").frame["n"].item() == 2


def test_a_child_that_was_stopped_is_killed_too(start: Callable[..., Engine]) -> None:
    engine = start(timeout_seconds=0.2)
    os.kill(_pid(engine), signal.SIGSTOP)
    with pytest.raises(QueryError) as caught:
        engine.run("SELECT 1")
    assert caught.value.kind == "timeout"


@pytest.mark.parametrize(
    ("number", "kind"), [(signal.SIGKILL, "memory"), (signal.SIGSEGV, "other")]
)
def test_a_child_that_dies_under_a_query(
    start: Callable[..., Engine], number: signal.Signals, kind: str
) -> None:
    engine = start(timeout_seconds=5)
    folder = _folder(engine)
    threading.Timer(0.2, os.kill, (_pid(engine), number)).start()
    with pytest.raises(QueryError) as caught:
        engine.run(ENDLESS)
    assert caught.value.kind == kind
    assert not folder.exists()
    assert engine.run("SELECT 2 AS n").frame["n"].item() == 2


def test_a_child_that_died_between_queries_is_replaced_unseen(start: Callable[..., Engine]) -> None:
    engine = start()
    for number in (signal.SIGKILL, signal.SIGALRM, signal.SIGALRM, signal.SIGALRM):
        pid = _pid(engine)
        os.kill(pid, number)
        if number == signal.SIGKILL:
            assert _reaped(engine)  # SIGALRM, which idleness sends, may also meet the next query
        assert engine.run("SELECT 2 AS n").frame["n"].item() == 2
        assert engine.pid != pid


def test_a_stop_between_queries_is_not_blamed_on_the_next(
    start: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed child takes a while to die: the kernel says that it runs until all threads ended."""
    engine = start()
    process = engine._process
    assert process is not None
    monkeypatch.setattr(process._child, "poll", lambda: None)
    engine.stop()
    assert engine.pid is None
    assert engine.run("SELECT 2 AS n").frame["n"].item() == 2
    assert engine._process is not process


def test_idleness_ends_the_child(start: Callable[..., Engine]) -> None:
    engine = start(idle_seconds=1)
    pid = _pid(engine)
    time.sleep(0.5)
    asked = time.monotonic()
    engine.run("SELECT 1")
    for _ in range(1000):
        if engine.pid is None:
            break
        time.sleep(0.01)
    assert _gone(pid)
    assert time.monotonic() - asked >= 0.99, "each query starts the count again"
    assert engine.run("SELECT 2 AS n").frame["n"].item() == 2


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_leaves_no_answer_for_the_next_query(start: Callable[..., Engine]) -> None:
    engine = start(timeout_seconds=20)
    pid = _pid(engine)
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        engine.run("SELECT 1 AS n, sleep_ms(1000)")
    assert _gone(pid)
    assert engine.run("SELECT 2 AS n").frame["n"].item() == 2


def test_a_parent_that_is_killed_leaves_neither_child_nor_data(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spill = "SELECT count(*) FROM (SELECT DISTINCT i, hash(i) h FROM range(1000000000) t(i))"
    script = (
        "import sys\n"
        "from kit.data.sql.engine import *\n"
        f"engine = Engine(DatabaseFile({str(world.database)!r}),\n"
        "    Limits(timeout_seconds=60, memory_mb=64))\n"
        "engine.run('SELECT 1')\n"
        "print(engine.pid, flush=True)\n"
        f"engine.run({spill!r})\n"
    )
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        folder = Path(os.readlink(f"/proc/{child}/cwd"))
        assert folder.parent == tmp_path
        for _ in range(500):
            if list((folder / "spill").glob("*.tmp")):
                break
            time.sleep(0.01)
        else:
            pytest.fail("nothing was spilled, so nothing is shown to be cleaned up")
        parent.kill()
    assert _gone(child), "it watches its pipe while it works"
    assert list((folder / "spill").iterdir()) == []
    monkeypatch.setattr(process_module.tempfile, "tempdir", str(tmp_path))
    process_module._sweep()
    assert folder.exists(), "it may be one that just starts"
    os.utime(folder, (0, 0))
    process_module._sweep()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_not_swept(start: Callable[..., Engine]) -> None:
    engine = start()
    os.utime(_folder(engine), (0, 0))
    process_module._sweep()
    assert _folder(engine).is_dir()
    assert engine.run("SELECT 2 AS n").frame["n"].item() == 2


def test_a_fork_that_ends_leaves_the_engine_to_its_owner(start: Callable[..., Engine]) -> None:
    engine = start()
    process = engine._process
    assert process is not None
    _, function, args, _ = process._end.peek()
    folder = _folder(engine)
    forked = subprocess.Popen([sys.executable, "-c", ""])
    forked.wait()
    function(forked.pid, *args[1:])  # what a fork's exit runs, in a process that is not the owner
    assert folder.is_dir()
    assert engine.run("SELECT 2 AS n").frame["n"].item() == 2


def test_an_engine_that_is_forgotten_takes_its_child_along(world: World) -> None:
    engine = Engine(DatabaseFile(world.database))
    engine.run("SELECT 1")
    pid, folder = _pid(engine), _folder(engine)
    del engine
    assert _gone(pid)
    assert not folder.exists()


def test_temporary_files_are_bounded_and_go(start: Callable[..., Engine]) -> None:
    engine = start(memory_mb=64, spill_mb=16, timeout_seconds=20)
    folder = _folder(engine)
    with pytest.raises(QueryError) as caught:
        engine.run("FROM (SELECT i, hash(i) h FROM range(5000000) t(i) ORDER BY h) OFFSET 4999999")
    assert caught.value.kind == "memory"
    assert list((folder / "spill").iterdir()) == []


def test_a_child_started_far_from_the_package_finds_it(
    monkeypatch: pytest.MonkeyPatch, world: World, tmp_path: Path
) -> None:
    (tmp_path / "duckdb.py").write_text("raise SystemExit('the wrong module')")
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    with Engine(ParquetTables({"t": world.parquet})) as engine:
        assert engine.run("SELECT count(*) AS n FROM t").frame["n"].item() == 20_000


def test_no_place_for_temporary_files_is_said(
    monkeypatch: pytest.MonkeyPatch, world: World, tmp_path: Path
) -> None:
    monkeypatch.setattr(process_module.tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(QueryError, match=r"did not start .*nowhere.*temporary folder"):
        Engine(DatabaseFile(world.database)).run("SELECT 1")


def test_a_child_that_cannot_start_is_said(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    monkeypatch.setattr(process_module, "_CHILD", ("-c", "raise SystemExit(3)"))
    with pytest.raises(QueryError, match=r"did not start .*ended with 3"):
        Engine(DatabaseFile(world.database)).run("SELECT 1")


@pytest.mark.slow
def test_hundreds_of_queries_leave_the_child_as_it_was(start: Callable[..., Engine]) -> None:
    engine = start(timeout_seconds=1, memory_mb=256)
    pid = _pid(engine)

    def resident() -> int:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 >> 20

    for _ in range(20):
        engine.run("SELECT * FROM range(100000)")
    before = resident()
    for number in range(300):
        try:
            engine.run(
                (
                    "SELECT * FROM range(100000)",
                    "SELECT repeat('ab', 1000000000)",
                    "SELECT count(DISTINCT i) FROM range(1000000) t(i)",
                    "SELECT nothing",
                    "SELECT string_agg(repeat('x', 1000), '') FROM range(10000000)",
                )[number % 5]
            )
        except QueryError:
            continue
    assert engine.pid == pid
    assert resident() < before + 60
    assert len(list(Path(f"/proc/{pid}/fd").iterdir())) < 12
    assert list((_folder(engine) / "spill").iterdir()) == []
