"""Bounds that the kernel holds the engine's child to, whatever DuckDB lets a query do.

DuckDB's own lock does not suffice: version 2.0 takes ``WITH x AS (COPY … TO 'file')`` for a SELECT,
and a path that it may read it may also write.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Iterable
from pathlib import Path

MB = 1 << 20
_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_NO_NEW_PRIVILEGES = 38
_READ, _LIST, _REMOVE = 1 << 2, 1 << 3, 1 << 5
_WRITE, _MAKE, _TRUNCATE = 1 << 1, 1 << 8, 1 << 14
_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: _TRUNCATE, 5: 1 << 15}  # what each version can refuse
_TCP_SINCE, _TCP = 4, 3


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64))


class _Rule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def limit_resources(memory_mb: int, spill_mb: int) -> None:
    """Bound this process's address space and files; leave no core dump.

    Parameters
    ----------
    memory_mb : int
        What it may take in addition to what it has mapped by now.
    spill_mb : int
        The largest file that it may write.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_FSIZE, spill_mb * MB)
    if sys.platform == "linux":  # elsewhere the limit is not kept, or the size not known
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        _lower(resource.RLIMIT_AS, pages * resource.getpagesize() + memory_mb * MB)


def _lower(kind: int, limit: int) -> None:
    _, hard = resource.getrlimit(kind)
    bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(kind, (bound, bound))


def confine_files(readable: Iterable[Path], writable: Path) -> bool:
    """Take from this thread, and those it starts, all files but these, and TCP; for good.

    Parameters
    ----------
    readable : iterable of Path
        Files that may be read.
    writable : Path
        The folder in which files may be made, listed, read, written and removed.

    Returns
    -------
    bool
        Whether the kernel does so (Linux 5.13 and later, with Landlock).
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return False
    rights = 0
    for since, more in _RIGHTS.items():
        rights |= more if version >= since else 0
    asked = _Ruleset(rights, _TCP if version >= _TCP_SINCE else 0)
    size = ctypes.sizeof(asked) if version >= _TCP_SINCE else 8  # older kernels know files only
    ruleset = libc.syscall(_CREATE, ctypes.byref(asked), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    try:
        for path in readable:
            _allow(libc, ruleset, path, _READ)
        spill = _READ | _LIST | _WRITE | _MAKE | _REMOVE | (_TRUNCATE & rights)
        _allow(libc, ruleset, writable, spill)
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        confined: int = libc.syscall(_RESTRICT, ruleset, ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    return confined == 0


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _Rule(rights, handle)
        if libc.syscall(_ADD, ruleset, 1, ctypes.byref(rule), ctypes.c_uint32(0)):
            raise OSError(ctypes.get_errno(), "the kernel takes no rule", str(path))
    finally:
        os.close(handle)
