"""How many rows stand behind each figure of a query: what must be known before one is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from kit.base.errors import UnsafeSQLError
from kit.data.sql.guard.reading import position
from kit.data.sql.guard.vocabulary import is_aggregate

_MANY_ROWS = (
    exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Median, exp.Stddev, exp.StddevPop, exp.StddevSamp,
    exp.Variance, exp.VariancePop,
)  # fmt: skip
"""Aggregates that no single row decides; ``max(bid)`` is one row's bid."""

_CUTS = ("with_", "distinct", "qualify", "offset", "sample", "pivots", "laterals", "windows")
_OTHER_ROWS = (exp.Unnest, exp.Explode, exp.Lateral, exp.Pivot, exp.TableSample)
_PREFIX = "rows_behind"


@dataclass(frozen=True)
class Behind:
    """A query that also counts.

    Parameters
    ----------
    sql : str
        The query, with counts after its own columns; to be guarded again.
    columns : tuple of str
        Its own columns.
    counts : int
        How many counts follow: the rows of the group, then those of each aggregate.
    """

    sql: str
    columns: tuple[str, ...]
    counts: int


def count_behind(sql: str, *, plain: bool) -> Behind:
    """Return a checked query that also counts the rows behind each of its groups and figures.

    Parameters
    ----------
    sql : str
        As the guard wrote it, for DuckDB.
    plain : bool
        Whether it must be of the plainest kind, as SQL must be that nobody vouches for: one table,
        each output a key or one aggregate, of a column or a sum of columns. In any other the
        figure of one row can be singled out: ``sum(CASE WHEN hour = 3 THEN bid ELSE 0 END)`` rests
        on every row, by count, and ``sum(a) - sum(a) FILTER (WHERE b)`` on the few between.

    Raises
    ------
    UnsafeSQLError
        If the rows behind a figure cannot be counted, or one row may decide it.

    Examples
    --------
    >>> found = count_behind("SELECT device, avg(bid) AS bid FROM log GROUP BY 1", plain=True)
    >>> print(found.sql)
    SELECT device, AVG(bid) AS bid, COUNT(*) AS rows_behind, COUNT(bid) AS rows_behind_1
    FROM log GROUP BY 1
    >>> count_behind("SELECT max(bid) AS bid FROM log", plain=True)
    Traceback (most recent call last):
    kit.base.errors.UnsafeSQLError: sql: max may tell the value of one row; must be ... (at 1:14)
    """
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    if not isinstance(tree, exp.Select) or any(entry.is_star for entry in tree.expressions):
        raise UnsafeSQLError("must be one SELECT of groups and their figures")
    _one_level(tree)
    inner = list(_innermost(tree))
    _grouped(tree, inner)
    if plain:
        _plainest(tree)
    columns = tuple(_name(entry) for entry in tree.expressions)
    _names_apart(columns)
    counts = [exp.Count(this=exp.Star()), *dict.fromkeys(_rows_of(one) for one in inner)]
    for number, count in enumerate(counts):
        name = f"{_PREFIX}_{number}" if number else _PREFIX
        tree.append("expressions", exp.alias_(count.copy(), name))
    return Behind(tree.sql(dialect="duckdb"), columns, len(counts))


def _one_level(tree: exp.Select) -> None:
    """Refuse what reads other rows than those that are grouped, or drops rows of the answer."""
    cut = any(tree.args.get(name) for name in _CUTS) or tree.find(*_OTHER_ROWS)
    first = tree.args.get("from_")
    entries = [first.this] if first else []
    entries += [join.this for join in tree.args.get("joins") or []]
    projected = sum(_is_projection(entry) for entry in entries)
    tables = sum(isinstance(entry, exp.Table) for entry in entries)
    queries = sum(1 for _ in tree.find_all(exp.Select, exp.SetOperation, exp.Values))
    if cut or not entries or projected + tables != len(entries) or queries != 1 + projected:
        raise UnsafeSQLError(
            "the rows behind its figures cannot be counted; must be one SELECT with GROUP BY, "
            "without a query inside, WITH, DISTINCT, QUALIFY or OFFSET"
        )


def _is_projection(entry: exp.Expr) -> bool:
    """Whether it is some columns of a table and no more: what the guard puts before tables."""
    inner = entry.this if isinstance(entry, exp.Subquery) else None
    if not isinstance(inner, exp.Select):
        return False
    given = {name for name, value in inner.args.items() if value}
    if given != {"expressions", "from_"} or type(inner.args["from_"].this) is not exp.Table:
        return False
    return all(type(column) is exp.Column for column in inner.expressions)


def _innermost(tree: exp.Select) -> Iterator[exp.Expr]:
    """Yield the aggregates of rows; one over others, such as a total of groups, reads no row."""
    for node in tree.dfs():
        if isinstance(node, exp.Window):
            _total(node)
        if not is_aggregate(node, "duckdb"):
            continue
        if not isinstance(node, _MANY_ROWS):
            name = node.name if isinstance(node, exp.Anonymous) else node.key
            raise UnsafeSQLError(
                f"{name.lower()} may tell the value of one row; must be count, sum, avg, median, "
                "stddev or variance", position(node)
            )  # fmt: skip
        if sum(is_aggregate(below, "duckdb") for below in node.walk()) == 1:
            yield node


def _total(window: exp.Window) -> None:
    over = any(window.args.get(name) for name in ("partition_by", "order", "spec"))
    called = window.this
    of_groups = isinstance(called, exp.Sum) and any(
        is_aggregate(node, "duckdb") for node in called.this.walk()
    )
    if over or not of_groups:
        raise UnsafeSQLError("a window function reads other rows than its group's",
                             position(window))  # fmt: skip


def _grouped(tree: exp.Select, inner: list[exp.Expr]) -> None:
    group = tree.args.get("group")
    if tree.find(exp.Rollup, exp.Cube, exp.GroupingSets):
        raise UnsafeSQLError("groups within groups tell what is left out of a larger one")
    shown = {id(node) for entry in tree.expressions for node in entry.walk()}
    if not any(id(node) in shown for node in inner):
        raise UnsafeSQLError("it returns rows; must return figures of groups. Aggregate them")
    if group is None and any(not _aggregated(entry) for entry in tree.expressions):
        raise UnsafeSQLError("it returns rows; must return figures of groups. Add GROUP BY")


def _aggregated(entry: exp.Expr) -> bool:
    return any(is_aggregate(node, "duckdb") for node in entry.walk())


def _plainest(tree: exp.Select) -> None:
    if tree.find(exp.Join):
        raise UnsafeSQLError("a join may repeat a row until it looks like many; ask one table")
    if tree.args.get("having"):
        raise UnsafeSQLError("HAVING tells of figures that are left out; drop it")
    for entry in tree.expressions:
        if _aggregated(entry) and not _bare(entry.unalias()):
            raise UnsafeSQLError(
                "an output must be a key of GROUP BY, or one aggregate of a column or of a sum of "
                "columns, with or without FILTER; compute the rest from those", position(entry)
            )  # fmt: skip
    ordered = tree.args.get("order")
    for node in ordered.find_all(exp.Func) if ordered else ():
        if is_aggregate(node, "duckdb"):
            raise UnsafeSQLError("ORDER BY must name an output, not compute", position(node))


def _bare(output: exp.Expr) -> bool:
    call = output.this if isinstance(output, exp.Filter) else output
    if not isinstance(call, _MANY_ROWS):
        return False
    argument = call.this
    if isinstance(call, exp.CountIf):
        return True
    if isinstance(call, exp.Count):
        several = argument.expressions if isinstance(argument, exp.Distinct) else [argument]
        return len(several) == 1 and isinstance(several[0], exp.Star | exp.Column)
    return _linear(argument)


def _linear(node: exp.Expr) -> bool:
    """Whether no row can weigh more in a sum than by its own values."""
    if isinstance(node, exp.Column):
        return True
    if isinstance(node, exp.Cast):  # of more than a column it could be a condition in disguise
        return isinstance(node.this, exp.Column)
    if isinstance(node, exp.Paren | exp.Neg):
        return _linear(node.this)
    if isinstance(node, exp.Add | exp.Sub):
        return all(isinstance(side, exp.Literal) or _linear(side) for side in _sides(node))
    if isinstance(node, exp.Mul | exp.Div):
        left, right = _sides(node)
        return _linear(left) and isinstance(right, exp.Literal)
    return False


def _sides(node: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    return node.args["this"], node.args["expression"]


def _rows_of(aggregate: exp.Expr) -> exp.Expr:
    """Return the count of the rows that an aggregate reads."""
    argument = aggregate.this
    if isinstance(argument, exp.Distinct):
        argument = argument.expressions[0]
    itself = isinstance(aggregate, exp.CountIf)
    count = aggregate.copy() if itself else exp.Count(this=argument.copy())
    outer = aggregate.parent
    if isinstance(outer, exp.Filter):
        return exp.Filter(this=count, expression=outer.expression.copy())
    return count


def _name(entry: exp.Expr) -> str:
    return entry.alias_or_name if isinstance(entry, exp.Alias | exp.Column) else ""


def _names_apart(columns: tuple[str, ...]) -> None:
    low = [column.lower() for column in columns]
    if not all(low) or len(set(low)) < len(low):
        raise UnsafeSQLError("each column needs a name of its own; write AS after it")
    taken = next((column for column in low if column.startswith(_PREFIX)), None)
    if taken:
        raise UnsafeSQLError(f"{taken} is the name of the count that is added; take another")
