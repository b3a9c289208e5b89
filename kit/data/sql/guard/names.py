"""What the names of one SELECT may mean: its sources, their columns, and what it hands on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from kit.base.errors import UnsafeSQLError
from kit.data.sql.guard.growth import whole
from kit.data.sql.guard.reading import position
from kit.data.sql.guard.vocabulary import QUERIES


@dataclass(frozen=True)
class Shape:
    """What a query returns.

    Parameters
    ----------
    columns : tuple of str or None
        Names, in lower case; None where they are not all known.
    rows : int or None
        Most rows that it can have, if something in it says so.
    times : int
        Where nothing says so: rows that lists make of each row of a table.
    """

    columns: tuple[str, ...] | None
    rows: int | None = None
    times: int = 1

    @property
    def factor(self) -> int:
        """How much longer it makes what it is joined to, beyond what tables do."""
        return self.times if self.rows is None else self.rows


@dataclass(frozen=True)
class Source:
    """One entry of FROM.

    Parameters
    ----------
    alias : str
        In lower case; "" if it has none.
    shape : Shape
    hidden : frozenset of str
        Columns that are there and not granted.
    leads : bool
        Whether its rows follow from those of an earlier entry (LATERAL, a list of a row).
    table : bool
        Whether it is a table, which has rows of its own that may not be read whole.
    """

    alias: str
    shape: Shape
    hidden: frozenset[str] = frozenset()
    leads: bool = False
    table: bool = False

    def has(self, name: str) -> bool:
        """Whether a column of that name is known to be there."""
        return self.shape.columns is not None and name in self.shape.columns


@dataclass(frozen=True)
class Named:
    """One entry of WITH.

    Parameters
    ----------
    name : str
        What it is called in the query that is written.
    shape : Shape
    scans : int
        Tables that one use of it reads.
    """

    name: str
    shape: Shape
    scans: int


@dataclass
class Level:
    """One SELECT: what its names may mean."""

    sources: list[Source]
    aliases: frozenset[str] = frozenset()
    outer: Level | None = None
    bound: bool = False
    """Whether a query inside it has its rows chosen by a column of this one."""

    def chain(self) -> Iterator[Level]:
        """Yield this level and those around it."""
        level: Level | None = self
        while level is not None:
            yield level
            level = level.outer


def own_nodes(node: exp.Expr, skip: Sequence[str] = ()) -> Iterator[exp.Expr]:
    """Yield the nodes of one level in order: a query inside it is yielded and not entered.

    A join's table is no part of it, a join's condition is.
    """
    waiting = _parts(node, skip)[::-1]
    while waiting:  # a loop: through nested generators a long chain takes the square of its time
        part = waiting.pop()
        yield part
        if not isinstance(part, QUERIES):
            waiting += _parts(part, ("this",) if isinstance(part, exp.Join) else ())[::-1]


def _parts(node: exp.Expr, skip: Sequence[str]) -> list[exp.Expr]:
    found = []
    for name, value in node.args.items():
        if name not in skip:
            parts = value if isinstance(value, list) else [value]
            found += [part for part in parts if isinstance(part, exp.Expr)]
    return found


def check_in(source: Source, name: str, node: exp.Expr) -> None:
    """Refuse a column that a source does not grant or have."""
    if name in source.hidden:
        raise UnsafeSQLError(f"column {name!r} is not granted", position(node))
    if source.shape.columns is not None and name not in source.shape.columns:
        near = difflib.get_close_matches(name, source.shape.columns, n=3, cutoff=0.6)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UnsafeSQLError(
            f"there is no column {name!r} in {source.alias or 'it'}{hint}", position(node)
        )


def check_pattern(node: exp.Expr, pattern: exp.Expr, level: Level) -> None:
    """Refuse a choice of columns by a pattern that no granted one fits, or that cannot be judged.

    Parameters
    ----------
    node : Expr
        ``COLUMNS(...)``, or a star with LIKE.
    pattern : Expr
        What chooses.
    level : Level
    """
    hidden = frozenset().union(*(source.hidden for source in level.sources))
    for text in pattern.find_all(exp.Literal):
        if text.name.lower() in hidden:
            raise UnsafeSQLError(f"column {text.name!r} is not granted", position(node))
    granted = [column for source in level.sources for column in source.shape.columns or ()]
    if isinstance(pattern, exp.Lambda) and hidden:
        raise UnsafeSQLError(
            "columns are chosen by a function from a table that is granted in part; name them",
            position(node),
        )
    if not (isinstance(pattern, exp.Literal) and granted):
        return
    regex = pattern.name if isinstance(node, exp.Columns) else _as_regex(node, pattern.name)
    try:
        fits = any(re.search(regex, column, re.IGNORECASE) for column in granted)
    except re.error:
        fits = False
    if not fits:
        raise UnsafeSQLError(f"no column fits {pattern.name!r}", position(node))


def _as_regex(node: exp.Expr, pattern: str) -> str:
    """Return a pattern of LIKE or GLOB as a regular expression; an escaped sign fits itself."""
    many, one = ("*", "?") if isinstance(node, exp.Glob) else ("%", "_")
    signs = {many: ".*", one: "."}
    parts = re.split(r"\\(.)", pattern)
    return "^" + "".join(
        re.escape(part) if place % 2 else "".join(signs.get(c, re.escape(c)) for c in part)
        for place, part in enumerate(parts)
    ) + "$"  # fmt: skip


def near(name: str, level: Level) -> str:
    """Return the hint of an error: columns with a name like this one, or nothing."""
    known = {
        column
        for around in level.chain()
        for source in around.sources
        for column in source.shape.columns or ()
    }
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def renamed(shape: Shape, alias: exp.Expr | None) -> Shape:
    """Apply the column names of ``AS t(a, b)``."""
    given = [] if alias is None else [part.name.lower() for part in alias.args.get("columns") or []]
    if not given:
        return shape
    if shape.columns is None:
        return shape
    return replace(shape, columns=(*given, *shape.columns[len(given) :]))


def outputs(node: exp.Select, level: Level) -> tuple[str, ...] | None:
    """Return the names of a SELECT's columns; None if one of them cannot be told."""
    names: list[str] = []
    for entry in node.expressions:
        star = entry.this if isinstance(entry, exp.Column) else entry
        if isinstance(star, exp.Star):
            table = entry.table.lower() if isinstance(entry, exp.Column) else None
            found = [s for s in level.sources if table is None or s.alias == table]
            if any(s.shape.columns is None for s in found) or star.args.get("rename"):
                return None
            without = {part.name.lower() for part in star.args.get("except_") or []}
            names += [c for s in found for c in s.shape.columns or () if c not in without]
        elif entry.alias_or_name and not entry.find(exp.Columns):
            names.append(entry.alias_or_name.lower())
        else:
            return None
    return tuple(names)


def aliases_of(node: exp.Select) -> frozenset[str]:
    """Return the names that a SELECT's list gives."""
    given: set[str] = set()
    for entry in node.expressions:
        star = entry.this if isinstance(entry, exp.Column) else entry
        renamed = star.args.get("rename") or [] if isinstance(star, exp.Star) else [entry]
        given |= {part.alias.lower() for part in renamed if isinstance(part, exp.Alias)}
    return frozenset(given)


def made_names(node: exp.Expr) -> frozenset[str]:
    """Return names that lambdas and comprehensions make, and windows."""
    made: set[str] = set()
    for part in own_nodes(node):
        if isinstance(part, exp.Lambda):
            made |= {name.name.lower() for name in part.expressions}
        elif isinstance(part, exp.Comprehension):
            made.add(part.expression.name.lower())
    return frozenset(made)


_NAMING = (
    exp.Column, exp.Table, exp.TableAlias, exp.Alias, exp.Aliases, exp.CTE, exp.Lambda,
    exp.PropertyEQ, exp.Window, exp.Join, exp.PivotAlias, exp.Kwarg, exp.DataType, exp.ColumnDef,
    exp.Star, exp.Pivot, exp.UnpivotColumns, exp.Collate,
)  # fmt: skip


def stands_for_value(node: exp.Identifier) -> bool:
    """Whether a bare identifier is read as a column: the parser leaves some so, in ``a.b.f()``."""
    if isinstance(node.parent, exp.Dot):
        return node.arg_key == "this"
    return not isinstance(node.parent, _NAMING) and not (
        isinstance(node.parent, exp.In) and node.find_ancestor(exp.Pivot) is not None
    )


def refers(node: exp.Expr) -> bool:
    """Whether a list is made of columns, other than names that its own lambdas give."""
    made = made_names(node)
    return any(
        isinstance(part, exp.Column) and (part.parts[0].name.lower() not in made)
        for part in own_nodes(node, ("alias",))
    )


def in_window(node: exp.Expr) -> bool:
    """Whether a node of this level is inside a window function."""
    parent = node.parent
    while parent is not None and not isinstance(parent, QUERIES):
        if isinstance(parent, exp.Window):
            return True
        parent = parent.parent
    return False


def at_most(node: exp.Expr, rows: int | None) -> int | None:
    """Return the smaller of a bound and a LIMIT that is written out."""
    limit = node.args.get("limit")
    size = None if limit is None else limit.args.get("expression") or limit.args.get("count")
    options = None if limit is None else limit.args.get("limit_options")
    if options is not None and (options.args.get("percent") or options.args.get("with_ties")):
        return rows
    given = whole(size.name) if isinstance(size, exp.Literal) else None
    known = [bound for bound in (given, rows) if bound is not None]
    return min(known, default=None)
