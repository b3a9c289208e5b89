"""A checked query over several lines, as a person would write it."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.generator import Generator

_WIDTH = 96


def pretty_sql(sql: str, dialect: str = "duckdb") -> str:
    """Return a checked query over several lines, for the eye; the guard reads it as the same query.

    Examples
    --------
    >>> print(pretty_sql("SELECT COUNT(*) FILTER(WHERE won) AS wins FROM auctions LIMIT 5"))
    SELECT
      COUNT(*) FILTER (WHERE won) AS wins
    FROM auctions
    LIMIT 5
    """
    written = _writer(dialect)(dialect=dialect, pretty=True, max_text_width=_WIDTH)
    tree = sqlglot.parse_one(sql, dialect=dialect)
    for table in tree.find_all(exp.Table):
        alias = table.args.get("alias")
        if table.alias == table.name and alias is not None and not alias.args.get("columns"):
            table.set("alias", None)  # the guard names every table; it need not be read twice
    return str(written.generate(tree))


@cache
def _writer(dialect: str) -> Any:
    """Return a generator that leaves the filter of an aggregate on its line."""
    base: type[Generator] = Dialect.get_or_raise(dialect).generator_class

    class Readable(base):  # type: ignore[valid-type, misc]
        def filter_sql(self, expression: exp.Filter) -> str:
            rows = self.sql(expression.expression, "this")
            return f"{self.sql(expression, 'this')} FILTER (WHERE {rows})"

    return Readable
