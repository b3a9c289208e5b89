"""SQL that this package writes, in the dialect of another database, and back."""

from __future__ import annotations

import sqlglot
from sqlglot.errors import ErrorLevel, SqlglotError

from kit.base.errors import QueryError

WRITTEN = "duckdb"
"""The dialect of metrics.toml, and of all SQL that this package writes itself."""


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
    except (SqlglotError, ValueError) as error:
        first = str(error).split("\n")[0][:200]
        raise QueryError("syntax", f"cannot be said in {to}'s dialect ({first}).") from None
    return written
