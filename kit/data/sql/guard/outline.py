"""What a checked query says that its answer must be: its groups, its measures, its totals."""

from __future__ import annotations

from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from kit.data.sql.guard.vocabulary import is_aggregate


@dataclass(frozen=True)
class Measure:
    """One aggregate of an answer.

    Parameters
    ----------
    name : str
        Its alias; its expression where it has none.
    sql : str
        Its expression.
    place : int
        Of its column in the answer: a column without an alias is called otherwise by each engine.
    """

    name: str
    sql: str
    place: int


@dataclass(frozen=True)
class Outline:
    """The outermost SELECT of a query, as far as its answer can be foretold.

    Parameters
    ----------
    keys : tuple of str
        Columns that tell its rows apart; empty for one row, or where there is no GROUP BY.
    grouped : bool
        Whether it has a GROUP BY.
    loose : bool
        Whether it groups by something that it does not return.
    measures : tuple of Measure
        Its aggregates.
    totals : str or None
        The same aggregates over all groups at once; None where groups are left out (LIMIT, HAVING,
        QUALIFY), or no total is meant.
    tables : tuple of str
        Tables of its FROM, if it joins nothing but tables.
    where : str or None
        Its condition.
    limit : int or None
        Most rows that it returns.
    """

    keys: tuple[str, ...]
    grouped: bool
    loose: bool
    measures: tuple[Measure, ...]
    totals: str | None
    tables: tuple[str, ...]
    where: str | None
    limit: int | None


def outline(sql: str, dialect: str = "duckdb") -> Outline | None:
    """Return the outline of a checked query; None for one that is no plain SELECT.

    Examples
    --------
    >>> found = outline("SELECT exchange, count(*) AS bids FROM auctions GROUP BY 1 LIMIT 10000")
    >>> found.keys, [measure.name for measure in found.measures], found.tables
    (('exchange',), ['bids'], ('auctions',))
    >>> found.totals
    'SELECT COUNT(*) AS bids FROM auctions'
    """
    tree = sqlglot.parse_one(sql, dialect=dialect)
    if not isinstance(tree, exp.Select) or any(entry.is_star for entry in tree.expressions):
        return None
    measures = [entry for entry in tree.expressions if _aggregates(entry, dialect)]
    plain = [entry for entry in tree.expressions if not any(entry is one for one in measures)]
    grouped = tree.args.get("group") is not None
    where = tree.args.get("where")
    return Outline(
        tuple(entry.alias_or_name for entry in plain) if grouped else (),
        grouped,
        grouped and not _returned(tree, plain),
        tuple(_measure(tree, entry, dialect) for entry in measures),
        _totals(tree, measures, dialect),
        _tables(tree),
        None if where is None else where.this.sql(dialect=dialect),
        _limit(tree),
    )


def _measure(tree: exp.Select, entry: exp.Expr, dialect: str) -> Measure:
    sql = entry.unalias().sql(dialect=dialect)
    place = next(at for at, one in enumerate(tree.expressions) if one is entry)
    return Measure(entry.alias_or_name or sql, sql, place)


def _aggregates(entry: exp.Expr, dialect: str) -> bool:
    """Whether an output is an aggregate of the rows; a window function of groups is none."""
    return any(is_aggregate(node, dialect) for node in entry.walk()) and not entry.find(exp.Window)


def _returned(tree: exp.Select, plain: list[exp.Expr]) -> bool:
    """Whether every key of GROUP BY is among the outputs."""
    group = tree.args["group"]
    if group.args.get("all"):
        return True
    names = {entry.alias_or_name.lower() for entry in plain}
    texts = {entry.unalias().sql().lower() for entry in plain}
    for key in group.expressions:
        if isinstance(key, exp.Literal) or key.sql().lower() in texts:
            continue
        if isinstance(key, exp.Column) and key.name.lower() in names:
            continue
        return False
    return bool(group.expressions)


def _totals(tree: exp.Select, measures: list[exp.Expr], dialect: str) -> str | None:
    cut = any(tree.args.get(name) for name in ("having", "qualify", "distinct", "offset", "sample"))
    if not measures or cut or tree.args.get("group") is None:
        return None
    total = tree.copy()
    total.set("expressions", [entry.copy() for entry in measures])
    for name in ("group", "order", "limit"):
        total.set(name, None)
    return str(total.sql(dialect=dialect))


def _tables(tree: exp.Select) -> tuple[str, ...]:
    first = tree.args.get("from_")
    entries = [] if first is None else [first.this]
    entries += [join.this for join in tree.args.get("joins") or []]
    bases = [_base(entry) for entry in entries]
    if tree.args.get("with_") or not all(isinstance(base, exp.Table) for base in bases):
        return ()
    return tuple(base.name for base in bases)


def _base(entry: exp.Expr) -> exp.Expr:
    """Return the table behind a projection that the guard put before it."""
    inner = entry.this if isinstance(entry, exp.Subquery) else None
    if not isinstance(inner, exp.Select):
        return entry
    set_args = {name for name, value in inner.args.items() if value}
    plain = all(type(column) is exp.Column for column in inner.expressions)
    found: exp.Expr = inner.args["from_"].this if "from_" in set_args else entry
    return found if plain and set_args == {"expressions", "from_"} else entry


def _limit(tree: exp.Select) -> int | None:
    limit = tree.args.get("limit")
    size = None if limit is None else limit.args.get("expression")
    return int(size.name) if isinstance(size, exp.Literal) and size.name.isdecimal() else None
