"""Why PostgreSQL did not answer, in a kind and a sentence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

from kit.base.errors import QueryError
from kit.data.sql.contract.text import shortened

_KINDS = {
    "42601": "syntax", "42803": "syntax", "42P19": "syntax", "42P20": "syntax", "0A000": "syntax",
    "42P01": "name", "42703": "name", "42702": "name", "42883": "name", "3F000": "name",
    "42P09": "name", "42501": "name", "42712": "name", "42704": "name",
    "42804": "type", "42846": "type", "42725": "type", "42P18": "type", "42P22": "type",
    "57014": "timeout", "25P03": "timeout", "55P03": "busy", "40001": "busy", "40P01": "busy",
}  # fmt: skip
"""By SQLSTATE; what is not here goes by its class."""
_CLASSES = {"22": "value", "21": "value", "P0": "value", "53": "memory", "54": "memory"}
_TABLE = re.compile(r'relation "(?:\w+\.)*([^"]+)" does not exist')
_FUNCTION = re.compile(r"function (?:\w+\.)*(\w+)\(")


def failure(error: Any, seconds: float) -> QueryError:
    """Return what a query failed of.

    Parameters
    ----------
    error : psycopg.Error
        With the server's SQLSTATE and words.
    seconds : float
        What the query was allowed.
    """
    state = error.sqlstate or ""
    said = error.diag
    words = said.message_primary or str(error).strip() or type(error).__name__
    if said.message_hint and state[:2] == "42":
        words = f"{words}. {said.message_hint}"
    if words.startswith("cannot insert multiple commands"):
        words = "got several statements; must be one SELECT. Ask one question at a time."
    if state.startswith(("08", "57P")) or not state:
        return lost(words)
    kind = "busy" if state == "53300" else _KINDS.get(state) or _CLASSES.get(state[:2], "other")
    if kind == "timeout":
        return late(seconds)
    if words.startswith("operator does not exist"):
        kind = "type"
    if state == "25006":
        words = f"{words}. Ask for what is there, and change nothing."
    return QueryError(kind, shortened(words))


def lost(words: str) -> QueryError:
    """Return that the server is not there any more."""
    return QueryError("other", f"the connection to the server was lost ({words}). Ask again.")


def late(seconds: float) -> QueryError:
    """Return that a query took too long."""
    return QueryError(
        "timeout",
        f"took longer than {seconds:g} s and was stopped. Filter or aggregate earlier, or raise "
        "the time-out.",
    )


def named_function(error: QueryError) -> str | None:
    """Return the function that a failure says is not there, or not for such arguments.

    Examples
    --------
    >>> named_function(QueryError("name", "function summ(bigint) does not exist. No function ..."))
    'summ'
    """
    found = _FUNCTION.search(str(error)) if error.kind == "name" else None
    return found[1] if found else None


def with_nearest(error: QueryError, tables: Iterable[str]) -> QueryError:
    """Add the tables with names like the one that is not there: the server names none.

    Examples
    --------
    >>> print(with_nearest(QueryError("name", 'relation "deal" does not exist'), ["deals"]))
    sql: relation "deal" does not exist. Did you mean: deals?
    """
    found = _TABLE.search(str(error))
    near = difflib.get_close_matches(found[1], list(tables), n=3, cutoff=0.6) if found else []
    if not near:
        return error
    words = str(error).removeprefix("sql: ")
    return QueryError(error.kind, f"{words}. Did you mean: {', '.join(near)}?")
