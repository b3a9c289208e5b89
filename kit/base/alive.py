"""Whether a process that left a mark still runs."""

from __future__ import annotations

import psutil

_START_TOLERANCE_S = 2.0


def started(pid: int) -> float:
    """Return when a running process started, in seconds since the epoch.

    Raises
    ------
    ProcessLookupError
        If there is none of that number.
    """
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        raise ProcessLookupError(f"no process {pid}") from None


def alive(pid: int, start: float) -> bool:
    """Whether the very process still runs: a number is given out again, with another start.

    Examples
    --------
    >>> import os
    >>> alive(os.getpid(), started(os.getpid())), alive(os.getpid(), 0.0)
    (True, False)
    """
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - start) < _START_TOLERANCE_S
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
