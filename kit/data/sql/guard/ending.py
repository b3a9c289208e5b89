"""How an answer ends: groups come in one order, and no more rows than are allowed."""

from __future__ import annotations

from sqlglot import exp

from kit.data.sql.guard.growth import whole

_TOGETHER = (exp.Rollup, exp.Cube, exp.GroupingSets, exp.Tuple)
"""What of a GROUP BY is no plain key; an answer grouped so, or by ALL, comes as it comes."""


def with_order(tree: exp.Expr) -> exp.Expr:
    """Return the query, ordered by its keys where it has groups and no order of its own.

    Notes
    -----
    A database hands groups and distinct rows out in any order, another one each time that two
    threads met otherwise; and under a limit, other groups. Its keys tell each group from every
    other, so that they leave no two rows to chance. A key that is a text or another constant is
    the same in every group and left out.
    """
    if not isinstance(tree, exp.Select) or tree.args.get("order"):
        return tree
    group, distinct = tree.args.get("group"), tree.args.get("distinct")
    keys: list[exp.Expr] = []
    if group is not None and distinct is None:
        if not any(isinstance(key, _TOGETHER) for key in group.expressions):
            keys = [key.copy() for key in group.expressions if _orders(key)]
    elif group is None and distinct is not None and distinct.args.get("on") is None:
        entries = tree.expressions
        if not any(entry.find(exp.Star, exp.Columns) for entry in entries):
            keys = [exp.Literal.number(place) for place in range(1, len(entries) + 1)]
    if keys:
        tree.set("order", exp.Order(expressions=[exp.Ordered(this=key) for key in keys]))
    return tree


def with_limit(tree: exp.Expr, rows: int) -> exp.Expr:
    """Return the query with a limit of its own, or within one."""
    limit = tree.args.get("limit")
    key = "count" if isinstance(limit, exp.Fetch) else "expression"
    size = None if limit is None else limit.args.get(key)
    options = None if limit is None else limit.args.get("limit_options")
    plain = options is None or not (options.args.get("percent") or options.args.get("with_ties"))
    given = whole(size.name) if isinstance(size, exp.Literal) else None
    if limit is not None and plain and given is not None:
        limit.set(key, exp.Literal.number(min(given, rows)))
        return tree
    if limit is None and isinstance(tree, exp.Select | exp.SetOperation):
        tree.set("limit", exp.Limit(expression=exp.Literal.number(rows)))
        return tree
    alias = exp.TableAlias(this=exp.to_identifier("answer"))
    if isinstance(tree, exp.Values):
        tree.set("alias", alias)
    else:
        tree = exp.Subquery(this=tree, alias=alias)
    return exp.select("*").from_(tree).limit(rows)


def _orders(key: exp.Expr) -> bool:
    """Return whether a key of a group may stand in an ORDER BY: a place, or what names a column."""
    place = isinstance(key, exp.Literal) and not key.is_string
    return place or key.find(exp.Column) is not None
