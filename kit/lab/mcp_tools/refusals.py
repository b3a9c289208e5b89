"""What an agent is told when a tool cannot do what it asks: one sentence, never a stack trace."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable
from typing import Any, ParamSpec

from kit.base.errors import DataError, KitError, QueryError
from kit.lab.mcp_tools.places import workspace
from kit.lab.mcp_tools.said import said

MAX_REASON = 500
Told = dict[str, Any]
"""What a tool returns: plain values for JSON, with ``refused`` where it refuses."""

_P = ParamSpec("_P")
_TURN = threading.Lock()


def tool(work: Callable[_P, Told]) -> Callable[_P, Told]:
    """Make a function a tool: one call at a time, and every failure a sentence.

    One at a time, because an agent may call a hundred at once and each may start a process.
    """

    @functools.wraps(work)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> Told:
        with _TURN:
            try:
                return work(*args, **kwargs)
            except Exception as error:  # what is unforeseen may quote the data: it is not told
                return {"refused": reason_of(error)}

    return guarded


def reason_of(error: Exception) -> str:
    """Return why something failed, in words that may leave this machine.

    An engine's message quotes cells, so of a failed query only its kind is told; what is no error
    of ours is told by its type alone. Ids and hidden characters are taken out of the rest.

    Examples
    --------
    >>> reason_of(QueryError("type", "could not convert 'uid-7f3a-0001' to INT32"))
    'sql: a value has the wrong type for what is done with it'
    >>> reason_of(ZeroDivisionError("user 550e8400"))
    'it failed (ZeroDivisionError); ask a person to run it with the command line'
    """
    from kit.ai.disclosure import share_failure
    from kit.ai.names import Names

    if isinstance(error, QueryError):
        line = share_failure(error, Names.of({})).text.split("\n")[1]
        return f"sql: {json.loads(line)['failure']}"
    if isinstance(error, KitError):
        return said(str(error).replace(f"{workspace()}/", ""), MAX_REASON)
    return f"it failed ({type(error).__name__}); ask a person to run it with the command line"


def text(name: str, given: object, most: int) -> str:
    """Return a text that an agent passed.

    Raises
    ------
    DataError
        If it is none, empty, or too long.
    """
    if not isinstance(given, str) or not given.strip() or len(given) > most:
        came = f"{len(given):,} characters" if isinstance(given, str) else type(given).__name__
        raise DataError(f"{name}: got {came}; must be a text of 1 to {most:,}. Say it shorter.")
    return given.strip()
