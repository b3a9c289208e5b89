"""The guard: a text is one bounded query over granted columns, or it is refused with a reason."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError
from sqlglot.tokenizer_core import TokenType

from kit.base.checks import one_of
from kit.base.errors import UnsafeSQLError
from kit.data.sql.grants import Grants
from kit.data.sql.project import project
from kit.data.sql.scope import Resolver
from kit.data.sql.vocabulary import DIALECTS, QUERIES, check_nodes, position

MAX_TEXT = 20_000
"""Longest query, in characters."""

MAX_NESTING = 60
"""Most brackets that may be open at once."""

ROW_LIMIT = 10_000
"""Rows of an answer, unless the caller says otherwise."""

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of what is refused here


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
    3. Every node of the tree, and every function, is on a list (`kit.data.sql.vocabulary`).
    4. Every table and column is granted, and tables are put behind projections of their granted
       columns (`kit.data.sql.scope`); joins have a bound (`kit.data.sql.joins`).
    5. A row limit is added, and SQL is written from the tree without comments. That text must
       parse to nodes that pass (3) and be written the same again.

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
    _check_text(sql)
    tree = _parse(_pivot_as_select(sql, dialect), dialect)
    try:
        check_nodes(tree, dialect)
        resolver = Resolver(grants, dialect)
        resolver.query(tree, {}, None)
        project(resolver.reads, tree)
        written = _with_limit(tree, row_limit).sql(dialect=dialect, comments=False)
    except RecursionError:
        raise UnsafeSQLError("it is nested too deeply") from None
    _check_written(written, dialect)
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
    _check_text(text)
    tree = _parse(f"SELECT {text} FROM row", dialect)
    entries = tree.expressions if isinstance(tree, exp.Select) else []
    table = tree.args.get("from_")
    plain = len(entries) == 1 and table is not None and table.this.sql() == "row"
    extra = {name for name, value in tree.args.items() if value} - {"expressions", "from_"}
    if not plain or extra or entries[0].find(*QUERIES, exp.AggFunc, exp.Window, exp.Star):
        raise UnsafeSQLError("must be one expression over the columns of a row: no query, "
                             "aggregate or window", position(tree))  # fmt: skip
    check_sql(tree.sql(dialect=dialect), grants, dialect=dialect)
    return str(entries[0].unalias().sql(dialect=dialect, comments=False))


def _check_text(sql: str) -> None:
    if not isinstance(sql, str) or not sql.strip():
        raise UnsafeSQLError("there is no statement")
    if len(sql) > MAX_TEXT:
        raise UnsafeSQLError(f"it has {len(sql):,} characters; at most {MAX_TEXT:,} are allowed")
    for place, character in enumerate(sql):
        if character in "\t\n\r":
            continue
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            line = sql.count("\n", 0, place) + 1
            column = place - (sql.rfind("\n", 0, place) + 1) + 1
            raise UnsafeSQLError(
                f"character U+{ord(character):04X} is invisible or not text", f"{line}:{column}"
            )
    depth = 0
    for character in sql:
        depth += (character in "([{") - (character in ")]}")
        if depth > MAX_NESTING:
            raise UnsafeSQLError(f"more than {MAX_NESTING} brackets are open at once")


def _parse(sql: str, dialect: str) -> exp.Expr:
    try:
        found = sqlglot.parse(sql, dialect=dialect, error_level=ErrorLevel.RAISE)
    except ParseError as error:
        where = error.errors[0] if error.errors else {}
        place = f"{where['line']}:{where['col']}" if where.get("line") else None
        what = where.get("description") or "it cannot be read as SQL"
        raise UnsafeSQLError(f"it cannot be read as SQL: {what}", place) from None
    except (SqlglotError, RecursionError, ValueError, AttributeError, TypeError) as error:
        words = "nested too deeply" if isinstance(error, RecursionError) else "not SQL"
        raise UnsafeSQLError(f"it cannot be read as SQL: {words}") from None
    statements = [one for one in found if one is not None]
    if len(statements) != 1 or len(found) > 2:
        raise UnsafeSQLError(f"got {len(found)} statements; must be one")
    root = statements[0]
    for quoted in list(root.find_all(exp.RawString)):
        quoted.replace(exp.Literal.string(quoted.name))  # $$text$$ is text
    inner = root.unnest() if isinstance(root, exp.Subquery) else root
    if not isinstance(inner, exp.Select | exp.SetOperation | exp.Values | exp.Pivot):
        raise UnsafeSQLError(f"got {_kind(root)}; must be one query (SELECT)", position(root))
    if isinstance(root, exp.Pivot) and not isinstance(root.this, exp.Table | exp.Subquery):
        raise UnsafeSQLError("a pivot must be of a table or a query", position(root))
    return root


def _pivot_as_select(sql: str, dialect: str) -> str:
    """Return ``PIVOT ... ORDER BY`` as a SELECT from the pivot: the parser knows no other order."""
    if sql.lstrip()[:7].upper().removeprefix("UN")[:5] != "PIVOT":
        return sql
    try:
        tokens = sqlglot.tokenize(sql, dialect=dialect)
    except SqlglotError:
        return sql
    depth = 0
    for token in tokens:
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if depth == 0 and token.token_type in (TokenType.ORDER_BY, TokenType.LIMIT):
            return f"SELECT * FROM ({sql[: token.start]}) {sql[token.start :]}"
    return sql


def _kind(root: exp.Expr) -> str:
    return str(root.this).upper() if isinstance(root, exp.Command) else root.key.upper()


def _with_limit(tree: exp.Expr, rows: int) -> exp.Expr:
    """Return the query with a limit of its own, or within one."""
    limit = tree.args.get("limit")
    size = None if limit is None else limit.args.get("expression") or limit.args.get("count")
    options = None if limit is None else limit.args.get("limit_options")
    plain = options is None or not (options.args.get("percent") or options.args.get("with_ties"))
    if plain and isinstance(size, exp.Literal) and size.name.isdecimal() and int(size.name) <= rows:
        return tree
    if limit is None and isinstance(tree, exp.Select | exp.SetOperation):
        tree.set("limit", exp.Limit(expression=exp.Literal.number(rows)))
        return tree
    alias = exp.TableAlias(this=exp.to_identifier("answer"))
    if isinstance(tree, exp.Values | exp.Subquery):
        tree.set("alias", alias)
    else:
        tree = exp.Subquery(this=tree, alias=alias)
    return exp.select("*").from_(tree).limit(rows)


def _check_written(written: str, dialect: str) -> None:
    """Refuse a text that reads otherwise than the tree that it was written from."""
    again = _parse(written, dialect)
    check_nodes(again, dialect)
    if again.sql(dialect=dialect, comments=False) != written:
        raise UnsafeSQLError("it cannot be written back without a change; say it more simply")
