"""Which table and column each name of a query means, and a rewrite that lets it mean no other.

Two layers, so that a mistake of the first leaks nothing. First each name is resolved, innermost
query first, and one that is not granted is refused. Then each table that is read is put behind a
projection of its granted columns alone (`project`), so that stars, whole rows and anything this
file did not foresee find no other columns.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from kit.base.errors import UnsafeSQLError
from kit.data.sql.guard import joins
from kit.data.sql.guard.grants import Grants, Table
from kit.data.sql.guard.growth import list_length, series_length
from kit.data.sql.guard.names import (
    Level,
    Named,
    Shape,
    Source,
    aliases_of,
    at_most,
    check_in,
    check_pattern,
    in_window,
    made_names,
    near,
    outputs,
    own_nodes,
    refers,
    renamed,
    stands_for_value,
)
from kit.data.sql.guard.reading import position
from kit.data.sql.guard.vocabulary import QUERIES, is_aggregate

_DEFAULT_SCHEMA = {"duckdb": "main", "postgres": "public"}
_NEW_NAME = "kit_"
_MEANT = frozenset(
    {"rowid", "filename", "file_row_number", "file_index", "ctid", "xmin", "xmax", "cmin", "cmax",
     "tableoid", "user", "current_user", "session_user", "current_role", "current_catalog",
     "current_schema"}
)  # fmt: skip
"""Names that a database answers itself, where no column has them."""

MAX_SCANS = 100
"""Most reads of tables in one query: a WITH of doublings asks for any number."""

CTEs = Mapping[str, Named]


@dataclass
class Resolver:
    """Resolve a query's names against what is granted.

    Parameters
    ----------
    grants : Grants
    dialect : str
    """

    grants: Grants
    dialect: str
    reads: list[tuple[exp.Table, Table]] = field(default_factory=list)
    left_out: list[exp.Column] = field(default_factory=list)
    """Columns that stars leave out and that are not granted, so not there."""
    seen: set[int] = field(default_factory=set)
    scans: int = 0
    """Reads of tables once every name of WITH is written out."""
    renamings: int = 0

    def resolve(self, tree: exp.Expr) -> None:
        """Resolve a whole statement.

        Raises
        ------
        UnsafeSQLError
            As `query`; also for a table in a place that was not thought of.
        """
        self.query(tree, {}, None)
        for node in tree.find_all(exp.Table):
            if id(node) not in self.seen:
                raise UnsafeSQLError("a table may not stand there", position(node))

    def query(self, node: exp.Expr, ctes: CTEs, outer: Level | None) -> Shape:
        """Resolve one query and all inside it, and return what it returns.

        Raises
        ------
        UnsafeSQLError
            At the first name that is not granted or not there, and at a join without a bound.
        """
        ctes = self._with(node, ctes, outer)
        if isinstance(node, exp.Select):
            shape = self._select(node, ctes, outer)
        elif isinstance(node, exp.SetOperation):
            shape = self._set_operation(node, ctes, outer)
        elif isinstance(node, exp.Subquery):
            shape = self._wrapped(node, ctes, outer)
        elif isinstance(node, exp.Pivot):
            level = Level(self._sources(node.this, ctes, outer), outer=outer)
            self._inside(node, level, ctes, skip=("this", "into"))
            shape = Shape(None, times=max([s.shape.factor for s in level.sources], default=1))
        elif isinstance(node, exp.Values):
            self._inside(node, Level([], outer=outer), ctes)
            shape = Shape(None, len(node.expressions))
        else:
            raise UnsafeSQLError(f"{node.key} is not a query", position(node))
        return replace(shape, rows=at_most(node, shape.rows))

    def _with(self, node: exp.Expr, ctes: CTEs, outer: Level | None) -> CTEs:
        """Resolve the WITH of a query; each name sees those before it, not itself."""
        clause = node.args.get("with_")
        if clause is None:
            return ctes
        known = dict(ctes)
        for entry in clause.expressions:
            before = self.scans
            shape = renamed(self.query(entry.this, known, outer), entry.args.get("alias"))
            scans, self.scans = self.scans - before, before  # they count where the name is read
            name = entry.alias.lower()
            new = entry.alias
            if name in self.grants.known or name in known or name.startswith(_NEW_NAME):
                # It would be read otherwise if we and the database disagreed on its scope.
                self.renamings += 1
                new = f"{_NEW_NAME}{self.renamings}_{name}"
            entry.args["alias"].set("this", exp.to_identifier(new, quoted=True))
            known[name] = Named(new, shape, scans)
        return known

    def _select(self, node: exp.Select, ctes: CTEs, outer: Level | None) -> Shape:
        level = Level([], outer=outer)
        first = node.args.get("from_")
        if first is not None:
            level.sources += self._sources(first.this, ctes, outer)
        for join in node.args.get("joins") or []:
            level.sources += self._sources(join.this, ctes, level)
        for lateral in node.args.get("laterals") or []:
            level.sources += self._sources(lateral, ctes, level)
        level.aliases = aliases_of(node)
        for join in node.args.get("joins") or []:
            if join.args.get("method") == "NATURAL":
                _check_natural(join, level)
            for name in join.args.get("using") or []:
                self._name(name.name.lower(), name, level, frozenset())
        self._inside(node, level, ctes, skip=("with_", "from_", "laterals"))
        joins.bind_outer(node, level)
        rows, times = self._size(node, level, joins.check(node, level))
        return Shape(outputs(node, level), rows, times)

    def _set_operation(self, node: exp.SetOperation, ctes: CTEs, outer: Level | None) -> Shape:
        left, right = self.query(node.left, ctes, outer), self.query(node.right, ctes, outer)
        level = Level([Source("", left), Source("", right)], outer=outer)
        self._inside(node, level, ctes, skip=("with_", "this", "expression"))
        rows = left.rows
        if isinstance(node, exp.Union):
            rows = None if left.rows is None or right.rows is None else left.rows + right.rows
        columns = None if node.args.get("by_name") else left.columns
        return Shape(columns, rows, max(left.factor, right.factor))

    def _wrapped(self, node: exp.Subquery, ctes: CTEs, outer: Level | None) -> Shape:
        if isinstance(node.this, exp.Table):
            raise UnsafeSQLError("a table in parentheses is no query", position(node))
        shape = self.query(node.this, ctes, outer)
        level = Level([Source("", shape)], outer=outer)
        self._inside(node, level, ctes, skip=("with_", "this", "alias", "joins", "pivots"))
        return shape

    def _sources(self, node: exp.Expr, ctes: CTEs, outer: Level | None) -> list[Source]:
        """Return what one entry of FROM brings; `outer` is what it may refer to."""
        within = list(self._source(node, ctes, outer))
        for join in node.args.get("joins") or []:
            within += self._sources(join.this, ctes, Level(within, outer=outer))
            self._inside(join, Level(within, outer=outer), ctes, skip=("this",))
        pivots = node.args.get("pivots") or []
        for pivot in pivots:
            self._inside(pivot, Level(within, outer=outer), ctes, skip=("into",))
        if pivots:
            hidden = frozenset().union(*(source.hidden for source in within))
            alias = pivots[-1].alias.lower() or node.alias_or_name.lower()
            factor = max(source.shape.factor for source in within)
            return [Source(alias, Shape(None, times=factor), hidden)]
        return within

    def _source(self, node: exp.Expr, ctes: CTEs, outer: Level | None) -> list[Source]:
        alias, names = node.alias_or_name.lower(), node.args.get("alias")
        if isinstance(node, exp.Table):
            self.seen.add(id(node))
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            return [self._named(node, ctes)]
        if isinstance(node, exp.Table) and isinstance(node.this, exp.GenerateSeries):
            column = ("generate_series", "range", alias)
            return [Source(alias, renamed(Shape(column, series_length(node.this)), names))]
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table | exp.Subquery):
            found = self._sources(node.this, ctes, outer)
            if names is None or len(found) > 1:
                return found
            return [replace(found[0], alias=alias, shape=renamed(found[0].shape, names))]
        if isinstance(node, exp.Subquery | exp.Values):
            return [Source(alias, renamed(self.query(node, ctes, outer), names))]
        if isinstance(node, exp.Lateral) and isinstance(node.this, exp.Subquery):
            before = Level([] if outer is None else outer.sources, outer=outer and outer.outer)
            shape = self.query(node.this, ctes, before)
            return [Source(alias, renamed(shape, names), leads=before.bound)]
        if isinstance(node, exp.Unnest | exp.Lateral):
            self._inside(node, outer or Level([]), ctes, skip=("alias",))
            lists = node.expressions if isinstance(node, exp.Unnest) else [node.this]
            length = list_length(lists)
            if length is None or not refers(node):
                return [Source(alias, Shape(None, length))]
            return [Source(alias, Shape(None, times=length), leads=True)]
        raise UnsafeSQLError(f"{node.key} cannot be read from", position(node))

    def _named(self, node: exp.Table, ctes: CTEs) -> Source:
        name, alias = node.name.lower(), node.args.get("alias")
        schema = node.db.lower()
        if node.catalog or schema not in ("", _DEFAULT_SCHEMA[self.dialect]):
            raise UnsafeSQLError(f"schema {node.db} is not granted", position(node))
        if not schema and name in ctes:
            cte = ctes[name]
            self._scan(node, cte.scans)
            if alias is None:
                node.set("alias", exp.TableAlias(this=exp.to_identifier(node.name, quoted=True)))
            node.set("this", exp.to_identifier(cte.name, quoted=True))
            return Source(node.alias_or_name.lower(), renamed(cte.shape, alias))
        table = self.grants.table(name)
        if table is None:
            raise UnsafeSQLError(
                f"table {node.name!r} is not granted{self.grants.hint(name)}", position(node)
            )
        alias = alias or exp.TableAlias(this=node.this)
        node.set("alias", alias)
        node.set("db", None)
        node.set("this", exp.to_identifier(table.name))
        self._scan(node, 1)
        self.reads.append((node, table))
        shape = renamed(Shape(tuple(column.lower() for column in table.columns)), alias)
        if table.hidden and len(shape.columns or ()) > len(table.columns):
            raise UnsafeSQLError(
                f"{table.name} has {len(table.columns)} granted columns; its alias names more",
                position(node),
            )
        return Source(node.alias_or_name.lower(), shape, table.hidden, table=True)

    def _scan(self, node: exp.Expr, times: int) -> None:
        self.scans += times
        if self.scans > MAX_SCANS:
            raise UnsafeSQLError(
                f"its tables would be read more than {MAX_SCANS} times", position(node)
            )

    def _inside(
        self, node: exp.Expr, level: Level, ctes: CTEs,
        skip: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Resolve the names of one level, and the queries inside it."""
        made = made_names(node)
        for part in own_nodes(node, skip):
            if isinstance(part, QUERIES):
                self.query(part, ctes, level)
            elif isinstance(part, exp.Columns):
                check_pattern(part, part.this, level)
            elif isinstance(part, exp.Like | exp.ILike | exp.Glob | exp.SimilarTo) and isinstance(
                part.this, exp.Star
            ):
                check_pattern(part, part.expression, level)
            elif isinstance(part, exp.Star) and isinstance(part.args.get("ilike"), exp.Expr):
                check_pattern(exp.ILike(this=exp.Star()), part.args["ilike"], level)
            elif isinstance(part, exp.Column) and part.arg_key == "except_":
                self._left_out(part, level)
            elif isinstance(part, exp.Column) and not isinstance(part.this, exp.Star):
                self._column(part, level, made)
            elif isinstance(part, exp.Identifier) and stands_for_value(part):
                self._name(part.name.lower(), part, level, made)

    def _column(self, node: exp.Column, level: Level, made: frozenset[str]) -> None:
        parts = [part.name.lower() for part in node.parts]
        if len(parts) > 2 and parts[0] == _DEFAULT_SCHEMA[self.dialect]:
            node.set("catalog" if len(parts) > 3 else "db", None)
            parts = parts[1:]
        if len(parts) == 1:
            return self._name(parts[0], node, level, made)
        for around in level.chain():
            for source in around.sources:
                if source.alias == parts[0]:
                    return check_in(source, parts[1], node)
        return self._name(parts[0], node, level, made)  # a field of a struct

    def _name(self, name: str, node: exp.Expr, level: Level, made: frozenset[str]) -> None:
        """Refuse a bare name that no source grants."""
        for around in level.chain():
            if any(name in source.hidden for source in around.sources):
                raise UnsafeSQLError(f"column {name!r} is not granted", position(node))
            if any(source.has(name) for source in around.sources):
                return
            if name in around.aliases and name not in _MEANT:
                return
            if any(source.table and source.alias == name for source in around.sources):
                raise UnsafeSQLError(f"{name!r} is a table; name its columns", position(node))
        if name in _MEANT and name not in made:
            raise UnsafeSQLError(f"there is no column {name!r}", position(node))
        if name in made or any(
            source.shape.columns is None for around in level.chain() for source in around.sources
        ):
            return
        raise UnsafeSQLError(f"there is no column {name!r}{near(name, level)}", position(node))

    def _left_out(self, node: exp.Column, level: Level) -> None:
        """Note a name after EXCLUDE that no source has, or will have once it is projected."""
        name = node.name.lower()
        hidden = any(name in source.hidden for source in level.sources)
        if hidden and not any(source.has(name) for source in level.sources):
            self.left_out.append(node)

    def _size(self, node: exp.Select, level: Level, factor: int) -> tuple[int | None, int]:
        """Return most rows of a SELECT before its LIMIT, or what multiplies those of its tables."""
        own = list(own_nodes(node, ("with_", "from_", "joins")))
        parts = own_nodes(node, ("with_", "from_"))
        lists = [
            part for part in parts if isinstance(part, exp.Explode | exp.ExplodingGenerateSeries)
        ]
        made = (
            list_length(part.this if isinstance(part, exp.Explode) else part for part in lists) or 1
        )
        if made > 1 and made * factor > joins.MAX_PRODUCT:
            raise UnsafeSQLError(
                f"its lists make {made * factor:,} rows of one; at most {joins.MAX_PRODUCT:,} are "
                "allowed", position(node),
            )  # fmt: skip
        if any(refers(part) or part.find(exp.Query) for part in lists):
            return None, made * factor
        totals = any(is_aggregate(part, self.dialect) and not in_window(part) for part in own)
        if totals and node.args.get("group") is None:
            return made, 1
        if any(source.shape.rows is None for source in level.sources):
            return None, made * factor
        return made * math.prod(source.shape.rows or 0 for source in level.sources), 1


def _check_natural(node: exp.Join, level: Level) -> None:
    """Refuse a natural join that would compare columns which are not granted."""
    counts = Counter(name for source in level.sources for name in source.hidden)
    shared = next((name for name, count in counts.items() if count > 1), None)
    if shared is not None:
        raise UnsafeSQLError(
            f"a natural join compares {shared!r} too, which is not granted; name the columns in "
            "USING", position(node),
        )  # fmt: skip
