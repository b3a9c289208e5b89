"""What one query may cost: time, memory, disk, and the size of its answer."""

from __future__ import annotations

from dataclasses import dataclass

from kit.base.checks import number

MB = 1 << 20
"""Bytes of an MB."""


@dataclass(frozen=True)
class Limits:
    """The bounds that an `Engine` holds every query to.

    Parameters
    ----------
    timeout_seconds : float
        A query is interrupted after this long; half a second later its process is killed.
    memory_mb : int
        What DuckDB may hold, in MB; the process gets half as much again, and 512 MB, for what
        DuckDB does not count.
    spill_mb : int
        What sorts and joins that outgrow the memory may write to a folder of their own.
    threads : int
        Threads that work on a query.
    rows : int
        Rows of an answer; the rest is cut off, and the result says so.
    answer_mb : int
        MB of an answer; the same.
    idle_seconds : float
        A process that nobody asks for so long ends; the next query starts another.

    Examples
    --------
    >>> Limits(timeout_seconds=2.0).memory_mb
    1024
    >>> Limits(timeout_seconds=0)
    Traceback (most recent call last):
    kit.base.errors.DataError: timeout_seconds: got 0; must be a number in [0.05, 3600]. Pass a value inside the range.
    """  # noqa: E501

    timeout_seconds: float = 10.0
    memory_mb: int = 1024
    spill_mb: int = 2048
    threads: int = 2
    rows: int = 10_000
    answer_mb: int = 32
    idle_seconds: float = 300.0

    def __post_init__(self) -> None:
        number("timeout_seconds", self.timeout_seconds, 0.05, 3600)
        number("memory_mb", self.memory_mb, 64, 1_000_000)
        number("spill_mb", self.spill_mb, 1, 1_000_000)
        number("threads", self.threads, 1, 256)
        number("rows", self.rows, 1, 10_000_000)
        number("answer_mb", self.answer_mb, 1, 1024)
        number("idle_seconds", self.idle_seconds, 1, 86_400)
