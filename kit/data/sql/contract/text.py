"""What is said to an engine and by it: a query's text, and why it failed."""

from __future__ import annotations

from kit.base.errors import QueryError

LONGEST_SQL = 1_000_000
"""Characters of a query."""

_LONGEST_FAILURE = 600


def sayable(sql: str) -> str:
    """Return a query that can be sent.

    Raises
    ------
    QueryError
        If it is too long, or no Unicode text.
    """
    if len(sql) > LONGEST_SQL:
        raise QueryError(
            "other", f"got {len(sql)} characters; may be {LONGEST_SQL}. Ask a shorter question."
        )
    try:
        sql.encode()
    except UnicodeEncodeError:
        raise QueryError(
            "syntax", "holds half a surrogate pair; must be Unicode text. Remove it."
        ) from None
    return sql


def shortened(words: str) -> str:
    """Return why a query failed in at most 600 characters.

    Examples
    --------
    >>> shortened("no such table")
    'no such table'
    >>> len(shortened("no such table " * 100))
    600
    """
    fits = len(words) <= _LONGEST_FAILURE
    return words if fits else words[: _LONGEST_FAILURE - 1] + "…"
