"""The engine's child: holds DuckDB, answers one message at a time, ends with its parent.

Run as ``python -m kit.data.sql.local.child`` by `kit.data.sql.local.process`; it imports neither
pandas nor numpy, so that it starts in a third of a second.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, BinaryIO

from kit.data.sql.local.confine import confine_files, limit_resources
from kit.data.sql.local.frames import pack, read_header

if TYPE_CHECKING:
    import duckdb

    from kit.data.sql.local.locked import Setup

_UNCOUNTED_MB = 512  # stacks, libraries, and what DuckDB allocates without counting it
_LATE_SECONDS = 1.0  # the parent kills first; this is for a parent that is gone or stopped
_AGAIN_SECONDS = 0.05

Request = dict[str, Any]
Reply = tuple[dict[str, Any], bytes]


def main() -> None:
    """Answer what comes in on stdin until it ends."""
    out = _take_stdout()
    said = read_header(sys.stdin.buffer)
    if said is None:
        return
    sys.modules["numpy"] = None  # type: ignore[assignment]  # pyarrow does without; 0.15 s
    from kit.data.sql.local.locked import Setup

    setup = Setup(
        said["source"], Path(said["folder"]), said["memory_mb"], said["spill_mb"], said["threads"]
    )
    answer = _answers()
    limit_resources(setup.memory_mb * 3 // 2 + _UNCOUNTED_MB, setup.spill_mb * 2)
    confined = confine_files(map(Path, said["files"]), setup.spill)
    _send(out, {"confined": confined})
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, even where Python is stuck
    requests: SimpleQueue[Request] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests, setup.spill), daemon=True).start()
    while True:
        signal.setitimer(signal.ITIMER_REAL, said["idle_seconds"])
        request = requests.get()
        signal.setitimer(signal.ITIMER_REAL, request["seconds"] + _LATE_SECONDS)
        _send(out, *answer(setup, request))


def _take_stdout() -> BinaryIO:
    """Return the pipe to the parent, which nothing that prints can reach."""
    out = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return out


def _send(out: BinaryIO, header: dict[str, Any], payload: bytes = b"") -> None:
    out.write(pack({**header, "size": len(payload)}))
    out.write(payload)
    out.flush()


def _listen(requests: SimpleQueue[Request], spill: Path) -> None:
    """Pass requests on; when the parent is gone, leave no data behind and end at once."""
    try:
        while (request := read_header(sys.stdin.buffer)) is not None:
            requests.put(request)
        for path in spill.iterdir():
            path.unlink(missing_ok=True)
    finally:
        os._exit(0)


def _answers() -> Callable[[Setup, Request], Reply]:
    """Return what answers a request, with all that it imports: files are out of reach later."""
    import duckdb

    from kit.data.sql.local import replies
    from kit.data.sql.local.failures import failure
    from kit.data.sql.local.locked import open_locked

    def ask(connection: duckdb.DuckDBPyConnection, setup: Setup, request: Request) -> Reply:
        with connection, _interrupted(connection, request["seconds"]):
            match request["do"]:
                case "rows":
                    return replies.rows(
                        connection, request["sql"], request["rows"], request["bytes"]
                    )
                case "estimate":
                    return replies.estimate(connection, setup, request["sql"])
                case _:
                    return replies.columns(connection)

    def answer(setup: Setup, request: Request) -> Reply:
        try:
            connection = open_locked(setup)
        except Exception as error:
            kind, message = failure(error)
            return {"kind": kind if kind == "busy" else "source", "message": message}, b""
        try:
            return ask(connection, setup, request)
        except Exception as error:
            kind, message = failure(error)
            broken = isinstance(error, duckdb.FatalException | duckdb.InternalException)
            return {"kind": kind, "message": message, "broken": broken}, b""

    return answer


@contextmanager
def _interrupted(connection: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
    """Interrupt what runs after so many seconds, and again: between two steps it is not heard."""
    done = threading.Event()

    def watch() -> None:
        if done.wait(seconds):
            return
        while not done.wait(_AGAIN_SECONDS):
            connection.interrupt()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


if __name__ == "__main__":
    main()
