"""Whether what a SELECT joins is bound together: no product of large tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from kit.base.errors import UnsafeSQLError
from kit.data.sql.guard.reading import position
from kit.data.sql.guard.vocabulary import QUERIES

if TYPE_CHECKING:
    from kit.data.sql.guard.names import Level, Source

MAX_PRODUCT = 10_000
"""Most rows that entries of FROM of a known size may make of one row of the others."""

_METHODS = {"", "ASOF", "NATURAL"}
_RELATE = (
    exp.EQ, exp.NullSafeEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.Like, exp.ILike,
    exp.Glob, exp.StartsWith, exp.EndsWith, exp.Contains, exp.ArrayContains, exp.RegexpLike,
    exp.RegexpFullMatch, exp.Anonymous, exp.In, exp.Paren,
)  # fmt: skip


def check(node: exp.Select, level: Level) -> int:
    """Refuse a SELECT whose entries of FROM are not bound together by conditions.

    Returns
    -------
    int
        How many rows its lists and limited queries make of one row of its tables.

    Raises
    ------
    UnsafeSQLError
        Naming the entry that nothing binds.
    """
    for join in node.args.get("joins") or []:
        if (join.args.get("method") or "").upper() not in _METHODS:
            raise UnsafeSQLError(f"{join.method} JOIN is not allowed", position(join))
    large = [source for source in level.sources if source.shape.rows is None and not source.leads]
    groups = _groups(node, level, large) if len(large) > 1 else []
    if len(groups) > 1:
        lone = min(groups, key=len)
        raise UnsafeSQLError(
            f"nothing binds {_said(lone)} to the rest of FROM: a product of tables has no bound. "
            "Join on a condition that names a column of each", position(node),
        )  # fmt: skip
    longer = [source for source in level.sources if source.shape.factor > 1]
    product = math.prod(source.shape.factor for source in longer)
    if product <= MAX_PRODUCT or len(longer) == 1:
        return product
    if len(_groups(node, level, longer)) > 1:
        raise UnsafeSQLError(
            f"a product of lists makes {product:,} rows of one; at most {MAX_PRODUCT:,} are "
            "allowed. Join them on a condition", position(node),
        )  # fmt: skip
    return max(source.shape.factor for source in longer)


def bind_outer(node: exp.Select, level: Level) -> None:
    """Note the levels around a SELECT whose columns choose its rows."""
    large = [source for source in level.sources if source.shape.rows is None and not source.leads]
    terms = [list(_columns(term)) for term in _terms(node) if isinstance(term, _RELATE)]
    for around in list(level.chain())[1:]:
        chosen = any(
            any(_owner(column, level) for column in term)
            and any(not _owner(column, level) and _owner(column, around) for column in term)
            for term in terms
        )
        around.bound |= chosen or not large


def _groups(node: exp.Select, level: Level, sources: list[Source]) -> list[list[Source]]:
    """Return the entries, put together by the conditions that tie them."""
    group = {id(source): {id(source)} for source in level.sources}
    for tie in _ties(node, level):
        merged = set().union(*(group[id(source)] for source in tie)) if tie else set()
        for member in merged:
            group[member] = merged
    seen: list[set[int]] = []
    for source in sources:
        if group[id(source)] not in seen:
            seen.append(group[id(source)])
    return [[source for source in sources if id(source) in members] for members in seen]


def _ties(node: exp.Select, level: Level) -> Iterator[list[Source]]:
    """Yield sets of entries that one condition ties together."""
    for join in _all_joins(node):
        name = join.this.alias_or_name.lower()
        new = [source for source in level.sources if source.alias == name][:1]
        using = [part.name.lower() for part in join.args.get("using") or []]
        if using or (join.args.get("method") or "").upper() == "NATURAL":
            earlier = [s for s in level.sources if s not in new and _may_have(s, using)]
            yield new + earlier[:1]
    for term in _terms(node):
        yield _tied(term, level)


def _terms(node: exp.Select) -> Iterator[exp.Expr]:
    """Yield what must hold of a row: the parts of WHERE and of each ON."""
    where = node.args.get("where")
    conditions = [] if where is None else [where.this]
    for join in _all_joins(node):
        conditions += [join.args.get("on"), join.args.get("match_condition")]
    for condition in conditions:
        if isinstance(condition, exp.Expr):
            yield from _conjuncts(condition)


def _all_joins(node: exp.Select) -> Iterator[exp.Join]:
    """Yield the joins of a FROM, also those in parentheses; not those of queries in it."""
    entries = [node.args["from_"].this] if node.args.get("from_") else []
    for join in node.args.get("joins") or []:
        yield join
        entries.append(join.this)
    while entries:
        entry = entries.pop()
        if isinstance(entry, exp.Subquery) and isinstance(entry.this, exp.Table | exp.Subquery):
            entries.append(entry.this)
        for join in entry.args.get("joins") or []:
            yield join
            entries.append(join.this)


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    else:
        yield condition


def _tied(term: exp.Expr, level: Level) -> list[Source]:
    """Return the entries that a condition ties; of ``OR``, those that each side ties."""
    term = term.unnest()
    if isinstance(term, exp.Or):
        left = [source for part in _conjuncts(term.left) for source in _tied(part, level)]
        right = {id(s) for part in _conjuncts(term.right) for s in _tied(part, level)}
        return [source for source in left if id(source) in right]
    if not isinstance(term, _RELATE):
        return []
    sides = [_owners(side, level) for side in term.iter_expressions()]
    found = [source for side in sides for source in side]
    # A mix of two entries on one side, as in ``a.x * b.y > 1``, compares nothing of the two.
    if sum(bool(side) for side in sides) < 2:
        return []
    unlike = [source for place, source in enumerate(found) if source not in found[:place]]
    return unlike if len(unlike) > 1 else []


def _owners(side: exp.Expr, level: Level) -> list[Source]:
    owners = [_owner(column, level) for column in _columns(side)]
    return [owner for owner in owners if owner is not None]


def _columns(term: exp.Expr) -> Iterator[exp.Column]:
    for part in term.walk(prune=lambda inner: isinstance(inner, QUERIES)):
        if isinstance(part, exp.Column):
            yield part


def _owner(column: exp.Column, level: Level) -> Source | None:
    if column.table:
        named = [source for source in level.sources if source.alias == column.table.lower()]
        if named:
            return named[0]
    name = (column.parts[0] if column.table else column).name.lower()
    having = [source for source in level.sources if source.has(name)]
    unknown = [source for source in level.sources if source.shape.columns is None]
    if len(having) == 1:
        return having[0]
    return unknown[0] if not having and len(unknown) == 1 else None


def _may_have(source: Source, names: list[str]) -> bool:
    return source.shape.columns is None or all(source.has(name) for name in names)


def _said(sources: list[Source]) -> str:
    return ", ".join(source.alias or "an entry without a name" for source in sources)
