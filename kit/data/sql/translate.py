"""SQL that this package writes, in the dialect of another database, and back."""

from __future__ import annotations

import sqlglot
from sqlglot.errors import ErrorLevel, SqlglotError

from kit.base.errors import QueryError, UnsafeSQLError
from kit.data.sql.guard.grants import Grants
from kit.data.sql.policy import ROW_LIMIT, CheckedSQL, check_sql

WRITTEN = "duckdb"
"""The dialect of metrics.toml, and of all SQL that this package writes itself."""


def check_translated(
    sql: str, grants: Grants, *, to: str, of: str = WRITTEN, row_limit: int = ROW_LIMIT
) -> CheckedSQL:
    """Guard a query in one dialect, say it in another, and guard that: it alone may be run.

    Parameters
    ----------
    sql : str
    grants : Grants
        What it may read.
    to, of : str
        Dialect of the engine, and of the query.
    row_limit : int
        Rows that it may return.

    Raises
    ------
    UnsafeSQLError
        If either is refused. A place is one in `sql`.
    QueryError
        If it cannot be said in the other dialect.

    Examples
    --------
    >>> grants = Grants.of({"days": {"wins": "INT", "bids": "INT"}})
    >>> check_translated("SELECT wins / bids AS rate FROM days", grants, to="postgres").sql
    'SELECT CAST(wins AS DOUBLE PRECISION) / bids AS rate FROM days ... LIMIT 10000'
    """
    judged = check_sql(sql, grants, dialect=of, row_limit=row_limit)
    if to == of:
        return judged
    written = translate_sql(judged.sql, to, of)
    try:
        return check_sql(written, grants, dialect=to, row_limit=row_limit)
    except UnsafeSQLError as error:
        raise UnsafeSQLError(f"{error.reason} (in {to}'s dialect)") from None


def translate_sql(sql: str, to: str, of: str = WRITTEN) -> str:
    """Return a query in another dialect; the guard judges what comes out like any other query.

    What the dialects mean otherwise is written out: a division of whole numbers, where NULL is in
    an order, a quantile.

    Parameters
    ----------
    sql : str
    to, of : str
        As `QueryEngine.dialect` names them.

    Raises
    ------
    QueryError
        If it cannot be read, or not be said in the other dialect.

    Examples
    --------
    >>> translate_sql("SELECT sum(clicks) / sum(wins) AS ctr FROM days", "postgres")
    'SELECT CAST(SUM(clicks) AS DOUBLE PRECISION) / SUM(wins) AS ctr FROM days'
    >>> translate_sql("SELECT won FROM auctions", "duckdb")
    'SELECT won FROM auctions'
    """
    if to == of:
        return sql
    try:
        (written,) = sqlglot.transpile(sql, read=of, write=to, unsupported_level=ErrorLevel.RAISE)
    except (SqlglotError, ValueError, RecursionError) as error:
        first = str(error).split("\n")[0][:200]
        raise QueryError("syntax", f"cannot be said in {to}'s dialect ({first}).") from None
    return written
