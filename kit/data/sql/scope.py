"""Which table and column each name of a query means, and a rewrite that lets it mean no other.

Two layers, so that a mistake of the first leaks nothing. First each name is resolved, innermost
query first, and one that is not granted is refused. Then each table that is read is put behind a
projection of its granted columns alone (`project`), so that stars, whole rows and anything this
file did not foresee find no other columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from kit.base.errors import UnsafeSQLError
from kit.data.sql import joins
from kit.data.sql.grants import Grants, Table
from kit.data.sql.names import (
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
    renamed,
    stands_for_value,
)
from kit.data.sql.vocabulary import (
    MAX_SERIES,
    QUERIES,
    is_aggregate,
    position,
    series_length,
)

_DEFAULT_SCHEMA = {"duckdb": "main", "postgres": "public"}
_NEW_NAME = "kit_"

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
    scans: int = 0
    """Reads of tables once every name of WITH is written out."""

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
            self._inside(node, level, ctes, skip=("this",))
            shape = Shape(None)
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
            # A name that a table has too would be read otherwise if we and the database disagreed.
            new = _NEW_NAME + name if name in self.grants.known | set(known) else entry.alias
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
            for name in join.args.get("using") or []:
                self._name(name.name.lower(), name, level, frozenset())
        self._inside(node, level, ctes, skip=("with_", "from_", "laterals"))
        joins.check(node, level)
        return Shape(outputs(node, level), self._rows(node, level))

    def _set_operation(self, node: exp.SetOperation, ctes: CTEs, outer: Level | None) -> Shape:
        left, right = self.query(node.left, ctes, outer), self.query(node.right, ctes, outer)
        level = Level([Source("", left), Source("", right)], outer=outer)
        self._inside(node, level, ctes, skip=("with_", "this", "expression"))
        rows = left.rows
        if isinstance(node, exp.Union):
            rows = None if left.rows is None or right.rows is None else left.rows + right.rows
        columns = None if node.args.get("by_name") else left.columns
        return Shape(columns, rows)

    def _wrapped(self, node: exp.Subquery, ctes: CTEs, outer: Level | None) -> Shape:
        if isinstance(node.this, exp.Table):
            raise UnsafeSQLError("a table in parentheses is no query", position(node))
        shape = self.query(node.this, ctes, outer)
        level = Level([Source("", shape)], outer=outer)
        self._inside(node, level, ctes, skip=("with_", "this", "alias"))
        return shape

    def _sources(self, node: exp.Expr, ctes: CTEs, outer: Level | None) -> list[Source]:
        """Return what one entry of FROM brings; `outer` is what it may refer to."""
        within = list(self._source(node, ctes, outer))
        for join in node.args.get("joins") or []:
            within += self._sources(join.this, ctes, Level(within, outer=outer))
            self._inside(join, Level(within, outer=outer), ctes, skip=("this",))
        pivots = node.args.get("pivots") or []
        for pivot in pivots:
            self._inside(pivot, Level(within, outer=outer), ctes)
        if pivots:
            hidden = frozenset().union(*(source.hidden for source in within))
            alias = pivots[-1].alias.lower() or node.alias_or_name.lower()
            return [Source(alias, Shape(None), hidden)]
        return within

    def _source(self, node: exp.Expr, ctes: CTEs, outer: Level | None) -> list[Source]:
        alias, names = node.alias_or_name.lower(), node.args.get("alias")
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            return [self._named(node, ctes)]
        if isinstance(node, exp.Table) and isinstance(node.this, exp.GenerateSeries):
            column = ("generate_series", "range")
            return [Source(alias, renamed(Shape(column, series_length(node.this)), names))]
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
            return self._sources(node.this, ctes, outer)
        if isinstance(node, exp.Subquery | exp.Values):
            return [Source(alias, renamed(self.query(node, ctes, outer), names))]
        if isinstance(node, exp.Lateral) and isinstance(node.this, exp.Subquery):
            before = Level([] if outer is None else outer.sources, outer=outer and outer.outer)
            shape = self.query(node.this, ctes, before)
            return [Source(alias, renamed(shape, names), leads=before.referred)]
        if isinstance(node, exp.Unnest | exp.Lateral):
            self._inside(node, outer or Level([]), ctes, skip=("alias",))
            leads = node.find(exp.Column) is not None
            return [Source(alias, Shape(None, None if leads else MAX_SERIES), leads=leads)]
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
            near = self.grants.nearest(name)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise UnsafeSQLError(f"table {node.name!r} is not granted{hint}", position(node))
        node.set("db", None)
        self._scan(node, 1)
        self.reads.append((node, table))
        columns = tuple(column.lower() for column in table.columns)
        return Source(node.alias_or_name.lower(), renamed(Shape(columns), alias), table.hidden)

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
                check_pattern(part, level)
            elif isinstance(part, exp.Column) and part.arg_key == "except_":
                continue  # left out of a star: `project` drops what is not there
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
                    around.referred |= around is not level
                    return check_in(source, parts[1], node)
        return self._name(parts[0], node, level, made)  # a field of a struct

    def _name(self, name: str, node: exp.Expr, level: Level, made: frozenset[str]) -> None:
        """Refuse a bare name that no source grants."""
        for around in level.chain():
            if any(name in source.hidden for source in around.sources):
                raise UnsafeSQLError(f"column {name!r} is not granted", position(node))
            if any(source.has(name) for source in around.sources) or name in around.aliases:
                around.referred |= around is not level
                return
        if name in made or any(
            source.shape.columns is None for around in level.chain() for source in around.sources
        ):
            return
        raise UnsafeSQLError(f"there is no column {name!r}{near(name, level)}", position(node))

    def _rows(self, node: exp.Select, level: Level) -> int | None:
        """Return most rows of a SELECT, before its LIMIT."""
        grouped = node.args.get("group") is not None
        own = own_nodes(node, ("with_", "from_", "joins"))
        if not grouped and any(
            is_aggregate(part, self.dialect) and not in_window(part) for part in own
        ):
            return 1
        if any(isinstance(part, exp.Explode) for part in own_nodes(node, ("with_", "from_"))):
            return None
        rows = 1
        for source in level.sources:
            if source.shape.rows is None:
                return None
            rows *= source.shape.rows
        return rows
