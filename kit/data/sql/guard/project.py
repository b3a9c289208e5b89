"""A rewrite after which a query finds no column that is not granted, whatever its names mean."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from kit.data.sql.guard.grants import Table


def project(
    reads: Sequence[tuple[exp.Table, Table]], tree: exp.Expr, left_out: Sequence[exp.Column] = ()
) -> None:
    """Put each table that is read behind a projection of its granted columns, where it matters.

    It does where the table has columns that are not granted, or the query has a star. What a star
    leaves out (`left_out`) and no longer finds is dropped.
    """
    whole = _needs_all(tree)
    used = {part.name.lower() for part in tree.find_all(exp.Identifier)}
    for node, table in reads:
        if not (table.hidden or whole):
            continue
        wanted = [name for name in table.columns if whole or name.lower() in used]
        columns = [exp.column(name, quoted=True) for name in wanted or list(table.columns)[:1]]
        inner = exp.select(*columns).from_(exp.Table(this=exp.to_identifier(table.name)))
        wrapped = exp.Subquery(this=inner, alias=node.args.get("alias"))
        for name in ("joins", "pivots", "sample", "laterals"):
            wrapped.set(name, node.args.get(name))
        node.replace(wrapped)
    for column in left_out:
        star = column.parent
        column.pop()
        if isinstance(star, exp.Star) and not star.args.get("except_"):
            star.set("except_", None)


def _needs_all(tree: exp.Expr) -> bool:
    """Whether a query depends on which columns its tables have, beyond those it names."""
    for part in tree.find_all(exp.Star, exp.Columns, exp.Pivot, exp.Join, exp.TableAlias):
        if isinstance(part, exp.Star) and isinstance(part.parent, exp.Count):
            continue
        if isinstance(part, exp.Join) and part.args.get("method") != "NATURAL":
            continue
        if isinstance(part, exp.TableAlias) and not part.args.get("columns"):
            continue
        return True
    return False
