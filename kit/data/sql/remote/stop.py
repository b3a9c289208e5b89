"""Ends a query on the server when its time is over, whatever it told the server of time-outs."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

_AFTER_SECONDS = 0.25  # the server's own time-out comes first
_CANCEL_SECONDS = 1.0


@contextlib.contextmanager
def stopped_after(connection: Any, seconds: float) -> Iterator[threading.Event]:
    """Cancel what runs on a connection after so many seconds; then cut it off.

    A query can set the server's ``statement_timeout`` to what it likes for its later rows, and a
    server that is cut off from the network keeps no time-out at all.

    Parameters
    ----------
    connection : psycopg.Connection
    seconds : float

    Yields
    ------
    Event
        Set once the time was over.
    """
    done, late = threading.Event(), threading.Event()

    def watch() -> None:
        if done.wait(seconds + _AFTER_SECONDS):
            return
        late.set()
        with contextlib.suppress(Exception):  # if it cannot be asked to stop, it is cut off
            connection.cancel_safe(timeout=_CANCEL_SECONDS)
        if not done.wait(_CANCEL_SECONDS):
            _cut(connection)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield late
    finally:
        done.set()
        watcher.join()


def _cut(connection: Any) -> None:
    """Shut the socket: whoever waits for the server finds it closed."""
    with contextlib.suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as pipe:
        pipe.shutdown(socket.SHUT_RDWR)
