"""One child of an engine: its folder, its pipes, and its end."""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kit.base.errors import DataError, QueryError
from kit.data.sql.contract.limits import MB, Limits
from kit.data.sql.local.frames import LENGTHS, pack, unpack
from kit.data.sql.local.sources import Source

KILL_SECONDS = 0.5
"""How long after its time-out a query is killed, if the interrupt was not heard."""
_START_SECONDS = 30.0
_DYING_SECONDS = 5.0  # its pipe is closed: only the kernel's work is left, slow on a busy machine
_OLD_SECONDS = 60.0
_PREFIX = "kit-sql-"
_CHILD = ("-P", "-m", "kit.data.sql.local.child")  # -P: nothing is imported from its folder
_MEMORY_SIGNALS = (signal.SIGKILL, signal.SIGABRT, signal.SIGBUS)


class EndedError(Exception):
    """The child ended without an answer."""

    def __init__(self, code: int, stopped: bool = False) -> None:
        super().__init__(f"ended with {code}")
        self.code = code
        self.stopped = stopped

    @property
    def idle(self) -> bool:
        """Whether it ended itself, because nobody asked."""
        return self.code == -signal.SIGALRM and not self.stopped

    def query_error(self) -> QueryError:
        """Return what it means for the query that it was asked."""
        if self.stopped:
            return QueryError("other", "was stopped. Ask again.")
        if -self.code in _MEMORY_SIGNALS:
            return QueryError(
                "memory",
                "the query took more memory than it may, and its process was stopped. Filter "
                "earlier, or build shorter values.",
            )
        return QueryError(
            "other",
            f"the query ended its process (exit code {self.code}), as very deep nesting does. Ask "
            "in a simpler form.",
        )


class EngineProcess:
    """A started child, ready for its first request.

    Its folder goes when it ends, however it ends; if this process is killed too, the next engine
    that starts takes it away.

    Parameters
    ----------
    source : DatabaseFile or ParquetTables
        What it reads.
    limits : Limits
        What it holds to.
    """

    def __init__(self, source: Source, limits: Limits) -> None:
        _sweep()
        self.files = file_identities(source)
        self.confined = False
        self._stopped = False
        self._most_bytes = 2 * limits.answer_mb * MB
        try:
            folder, lock = _make_folder(source)
        except OSError as error:
            raise _unstarted(error) from None
        try:
            self._child = _popen(folder, limits)
        except BaseException as error:
            _remove(folder, lock)
            if isinstance(error, OSError):
                raise _unstarted(error) from None
            raise
        self._end = weakref.finalize(self, _finish, os.getpid(), self._child, folder, lock)
        try:
            header, _ = self._exchange(_setup(source, limits, folder), _START_SECONDS)
        except (EndedError, TimeoutError) as error:
            raise _unstarted(error) from None
        self.confined = bool(header["confined"])

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._end.alive and not self._stopped and self._child.poll() is None

    def ask(self, request: Mapping[str, Any], seconds: float) -> tuple[dict[str, Any], bytes]:
        """Send a request and return the answer.

        Parameters
        ----------
        request : mapping
            What to do.
        seconds : float
            Its time-out; the child interrupts it then, and is killed half a second later.

        Raises
        ------
        EndedError
            If the child ended instead.
        QueryError, DataError
            What the child says, or that the time is over.
        """
        try:
            header, payload = self._exchange({**request, "seconds": seconds}, seconds)
        except TimeoutError:
            self.end()
            raise _late(seconds) from None
        if header.get("broken"):
            self.end()
        if "kind" not in header:
            return header, payload
        if header["kind"] == "source":
            raise DataError(f"sql: {header['message']}. Must be data that DuckDB reads: mend it.")
        if header["kind"] == "timeout":
            raise _late(seconds)
        raise QueryError(header["kind"], header["message"])

    def stop(self) -> None:
        """Kill it while another thread may ask it: that query fails, and it is asked no other."""
        self._stopped = True  # first: it is a while from the kill until the kernel says so
        self._child.kill()

    def end(self) -> None:
        """Kill it and remove its folder."""
        self._end()

    def _exchange(self, message: Mapping[str, Any], seconds: float) -> tuple[dict[str, Any], bytes]:
        """Send and receive; whatever comes in between, no answer is left for the next request."""
        deadline = time.monotonic() + seconds + KILL_SECONDS
        try:
            self._send(pack(message), deadline)
            header_size, size = LENGTHS.unpack(self._receive(LENGTHS.size, deadline))
            if size > self._most_bytes:
                raise EOFError  # no child of ours sends so much
            header = unpack(self._receive(header_size, deadline))
            return header, self._receive(size, deadline)
        except (BrokenPipeError, EOFError):
            raise EndedError(self._ended(), self._stopped) from None
        except BaseException:
            self.end()
            raise

    def _ended(self) -> int:
        """Return how a child ended whose pipe is closed."""
        try:
            return self._child.wait(_DYING_SECONDS)
        except subprocess.TimeoutExpired:
            return -signal.SIGKILL
        finally:
            self.end()

    def _send(self, data: bytes, deadline: float) -> None:
        handle = self._pipe(self._child.stdin)
        rest = memoryview(data)
        while rest:
            _wait(handle, select.POLLOUT, deadline)
            rest = rest[os.write(handle, rest[: select.PIPE_BUF]) :]

    def _receive(self, size: int, deadline: float) -> bytes:
        handle = self._pipe(self._child.stdout)
        got = bytearray()
        while len(got) < size:
            _wait(handle, select.POLLIN, deadline)
            piece = os.read(handle, min(size - len(got), 1 << 20))
            if not piece:
                raise EOFError
            got += piece
        return bytes(got)

    @staticmethod
    def _pipe(pipe: Any) -> int:
        if pipe is None:
            raise ValueError("the child is always started with pipes")
        return int(pipe.fileno())


def file_identities(source: Source) -> tuple[tuple[str, int, int], ...]:
    """Return what tells the files apart from others that take their places."""
    found = []
    for path in source.files:
        try:
            status = path.stat()
        except OSError:
            raise DataError(f"{path}: is gone; must be a file. Put it back.") from None
        found.append((str(path), status.st_dev, status.st_ino))
    return tuple(found)


def _unstarted(error: Exception) -> QueryError:
    return QueryError(
        "other",
        f"the engine's process did not start ({error}); must have a temporary folder and memory. "
        "Free some, or report it.",
    )


def _late(seconds: float) -> QueryError:
    return QueryError(
        "timeout",
        f"took longer than {seconds:g} s and was stopped. Filter or aggregate earlier, or raise "
        "the time-out.",
    )


def _wait(handle: int, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(handle, event)
    if not poll.poll(max(deadline - time.monotonic(), 0.0) * 1000):
        raise TimeoutError


def _make_folder(source: Source) -> tuple[Path, int]:
    """Return a folder for a child, and what keeps others from removing it."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    fcntl.flock(lock, fcntl.LOCK_EX)
    (folder / "spill").mkdir()
    if "tables" in source.spec():
        for at, path in enumerate(source.files):  # under names that are no patterns of files
            (folder / f"{at}.parquet").symlink_to(path)
    return folder, lock


def _setup(source: Source, limits: Limits, folder: Path) -> dict[str, Any]:
    return {
        "source": source.spec(),
        "folder": str(folder),
        "files": [str(path) for path in source.files],
        "memory_mb": limits.memory_mb,
        "spill_mb": limits.spill_mb,
        "threads": limits.threads,
        "idle_seconds": limits.idle_seconds,
    }


def _popen(folder: Path, limits: Limits) -> subprocess.Popen[bytes]:
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    paths = [Path(__file__).parents[4], *(Path(path) for path in given if path)]
    environment = {  # nothing of the user's: no key, no proxy, no home
        "PYTHONPATH": os.pathsep.join(str(path.resolve()) for path in paths),
        "LC_ALL": "C.UTF-8",
        "MALLOC_ARENA_MAX": "1",  # arenas are address space, which is bounded
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "DUCKDB_JE_MALLOC_CONF": "retain:false",
        # The size of the machine, for DuckDB, which aborts where it cannot read the kernel's files.
        "SLURM_MEM_PER_NODE": str(limits.memory_mb),
        "SLURM_CPUS_ON_NODE": str(limits.threads),
    }
    return subprocess.Popen(
        [sys.executable, *_CHILD],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
        cwd=folder, env=environment, start_new_session=True,
    )  # fmt: skip


def _finish(owner: int, child: subprocess.Popen[bytes], folder: Path, lock: int) -> None:
    if os.getpid() != owner:  # a fork of the owner, which still needs it
        return
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    _remove(folder, lock)


def _remove(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def _sweep() -> None:
    """Remove the folders of engines that were killed before they could: nobody locks those."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime < _OLD_SECONDS:
                continue
            lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue  # another's, or gone by now
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
        else:
            _remove(folder, lock)
