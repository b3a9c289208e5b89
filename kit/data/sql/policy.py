"""The guard: a text is one bounded query over granted columns, or it is refused with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError

from kit.base.checks import one_of
from kit.base.errors import UnsafeSQLError
from kit.data.sql.guard.ending import with_limit, with_order
from kit.data.sql.guard.grants import Grants
from kit.data.sql.guard.project import project
from kit.data.sql.guard.reading import check_text, position, read
from kit.data.sql.guard.scope import Resolver
from kit.data.sql.guard.vocabulary import DIALECTS, QUERIES, check_nodes, has_aggregate

ROW_LIMIT = 10_000
"""Rows of an answer, unless the caller says otherwise."""


@dataclass(frozen=True)
class CheckedSQL:
    """A query that passed.

    Parameters
    ----------
    sql : str
        Written anew from the checked tree: the only text that may be run.
    tables : tuple of str
        Tables that it reads.
    dialect : str
    row_limit : int
        Most rows that it returns.
    """

    sql: str
    tables: tuple[str, ...]
    dialect: str
    row_limit: int


def check_sql(
    sql: str, grants: Grants, *, dialect: str = "duckdb", row_limit: int = ROW_LIMIT
) -> CheckedSQL:
    """Return a query written anew, if all of it is allowed.

    Parameters
    ----------
    sql : str
        One statement.
    grants : Grants
        What it may read.
    dialect : str
        ``duckdb`` or ``postgres``.
    row_limit : int
        Rows that it may return; a limit is added.

    Raises
    ------
    UnsafeSQLError
        With the reason and, where the parser knows it, the place.

    Notes
    -----
    1. The text is plain: no control or invisible characters, not too long, not too deep.
    2. It parses as one statement whose root is a query.
    3. Every node of the tree, and every function, is on a list (`kit.data.sql.guard.vocabulary`).
    4. Every table and column is granted, and tables are put behind projections of their granted
       columns (`kit.data.sql.guard.scope`); joins have a bound (`kit.data.sql.guard.joins`).
    5. Groups that have no order are ordered by their keys, so that an answer is the same each
       time, and a row limit is added (`kit.data.sql.guard.ending`).
    6. SQL is written from the tree without comments. That text must parse to nodes that pass (3),
       resolve to names that pass (4), and be written the same again.

    Examples
    --------
    >>> grants = Grants.of({"deals": {"deal_id": "VARCHAR", "floor_cpm": "DOUBLE"}},
    ...                    ["deals.floor_cpm"])
    >>> check_sql("select max(floor_cpm) m from deals -- the highest", grants, row_limit=10).sql
    'SELECT MAX(floor_cpm) AS m FROM (SELECT "floor_cpm" FROM deals) AS deals LIMIT 10'
    >>> check_sql("select deal_id from deals", grants)
    Traceback (most recent call last):
    kit.base.errors.UnsafeSQLError: sql: column 'deal_id' is not granted (at 1:14)
    """
    one_of("dialect", dialect, DIALECTS)
    check_text(sql)
    tree = read(sql, dialect)
    try:
        check_nodes(tree, dialect)
        resolver = Resolver(grants, dialect)
        resolver.resolve(tree)
        project(resolver.reads, tree, resolver.left_out)
        ended = with_limit(with_order(tree), row_limit)
        written = ended.sql(dialect=dialect, comments=False, copy=False)
        _check_written(written, grants, dialect)
    except (RecursionError, SqlglotError) as error:
        words = "nested too deeply" if isinstance(error, RecursionError) else "not SQL of ours"
        raise UnsafeSQLError(f"it is {words}") from None
    tables = tuple(dict.fromkeys(table.name for _, table in resolver.reads))
    return CheckedSQL(written, tables, dialect, row_limit)


def check_expression(text: str, columns: Mapping[str, str], *, dialect: str = "duckdb") -> str:
    """Return one expression over the columns of a row written anew, if it is allowed.

    Parameters
    ----------
    text : str
        Such as ``bid_floor_cpm / nullif(page_quality, 0)``.
    columns : mapping of str to str
        What it may read, to SQL types.
    dialect : str

    Raises
    ------
    UnsafeSQLError
        As `check_sql`; also for a query, an aggregate or a window inside it.

    Examples
    --------
    >>> check_expression("hour IN (8,9) and device = 'mobile'", {"hour": "", "device": ""})
    "hour IN (8, 9) AND device = 'mobile'"
    """
    grants = Grants.of({"row": columns})
    check_text(text)
    tree = read(f"SELECT {text} FROM row", dialect)
    entries = tree.expressions if isinstance(tree, exp.Select) else []
    table = tree.args.get("from_")
    plain = len(entries) == 1 and table is not None and table.this.sql() == "row"
    extra = {name for name, value in tree.args.items() if value} - {"expressions", "from_"}
    many = (*QUERIES, exp.Window, exp.Star, exp.Columns, exp.Explode)
    if not plain or extra or entries[0].find(*many) or has_aggregate(entries[0], dialect):
        raise UnsafeSQLError("must be one expression over the columns of a row: no query, "
                             "aggregate or window", position(tree))  # fmt: skip
    check_sql(f"SELECT {text} FROM row", grants, dialect=dialect)
    check_nodes(tree, dialect)  # quotes odd names, as above
    return str(entries[0].unalias().sql(dialect=dialect, comments=False))


def _check_written(written: str, grants: Grants, dialect: str) -> None:
    """Refuse a text that reads otherwise than the tree that it was written from."""
    again = read(written, dialect, room=3)  # projections and the limit make it longer
    check_nodes(again, dialect)
    if again.sql(dialect=dialect, comments=False) != written:
        raise UnsafeSQLError("it cannot be written back without a change; say it more simply")
    try:
        Resolver(grants, dialect).resolve(again)
    except UnsafeSQLError as error:
        raise UnsafeSQLError(f"it reads otherwise once written anew: {error.reason}") from None
