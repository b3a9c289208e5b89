"""What a query may read: tables, and of each the columns that are granted."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from kit.base.errors import DataError

_FEW = 8


@dataclass(frozen=True)
class Table:
    """One table that may be read.

    Parameters
    ----------
    name : str
    columns : mapping of str to str
        Granted columns, in order, to their SQL types ("" if not known).
    hidden : frozenset of str
        Columns that the table has and that are not granted, in lower case.
    """

    name: str
    columns: Mapping[str, str]
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Grants:
    """The tables that may be read, by name in lower case.

    Parameters
    ----------
    tables : mapping of str to Table
    known : frozenset of str
        Names of all tables that exist, granted or not, in lower case.

    Examples
    --------
    >>> grants = Grants.of({"deals": {"deal_id": "VARCHAR", "at": "INTEGER"}}, ["deals.at"])
    >>> list(grants.table("DEALS").columns), sorted(grants.table("deals").hidden)
    (['at'], ['deal_id'])
    >>> grants.nearest("deal")
    ['deals']
    """

    tables: Mapping[str, Table]
    known: frozenset[str] = field(default=frozenset())

    @classmethod
    def of(
        cls, schema: Mapping[str, Mapping[str, str]], allow: Iterable[str] | None = None
    ) -> Grants:
        """Grant what `allow` names of a schema.

        Parameters
        ----------
        schema : mapping of table to mapping of column to type
            All that exists.
        allow : iterable of str or None
            ``table`` for a whole table, ``table.column`` for one column. None grants all.

        Raises
        ------
        DataError
            If `allow` names what is not in the schema, or nothing at all.
        """
        by_name = {name.lower(): name for name in schema}
        if len(by_name) < len(schema):
            raise DataError("schema: two tables differ in the case of their letters alone; names "
                            "are compared without it. Rename one.")  # fmt: skip
        wanted: dict[str, set[str]] = {}
        for entry in by_name if allow is None else allow:
            whole = by_name.get(entry.strip().lower())  # a table's own name may have a dot
            table, _, column = (entry, "", "") if whole else entry.strip().partition(".")
            name = whole or by_name.get(table.lower())
            if name is None:
                raise DataError(f"allow: got {entry!r}; there is no table {table!r} in the schema, "
                                f"which has: {', '.join(schema)}. Name one of them.")  # fmt: skip
            columns = {known.lower() for known in schema[name]}
            if column and column.lower() not in columns:
                raise DataError(f"allow: got {entry!r}; {name} has no such column, it has: "
                                f"{', '.join(schema[name])}. Name one of them.")  # fmt: skip
            wanted.setdefault(name, set()).update({column.lower()} if column else columns)
        if not wanted:
            raise DataError("allow: names no table; nothing could be read. Name one at least.")
        tables = {
            name.lower(): Table(
                name,
                MappingProxyType({c: t for c, t in schema[name].items() if c.lower() in granted}),
                frozenset(c.lower() for c in schema[name] if c.lower() not in granted),
            )
            for name, granted in wanted.items()
        }
        return cls(MappingProxyType(tables), frozenset(by_name))

    @classmethod
    def from_schema(
        cls, ddl: str, allow: Iterable[str] | None = None, dialect: str = "duckdb"
    ) -> Grants:
        """Grant what `allow` names of the tables that ``CREATE TABLE`` statements declare.

        Raises
        ------
        DataError
            If the text is no such statements, or as `of` does.
        """
        return cls.of(read_schema(ddl, dialect), allow)

    def table(self, name: str) -> Table | None:
        """Return a granted table, whatever the case of its name; None if it is not granted."""
        return self.tables.get(name.lower())

    def nearest(self, name: str) -> list[str]:
        """Return granted tables with a name like this one."""
        return difflib.get_close_matches(name.lower(), self.tables, n=3, cutoff=0.6)

    def hint(self, name: str) -> str:
        """Return the end of a refusal: tables of a like name, or all if they are few."""
        near = self.nearest(name)
        if near:
            return f"; did you mean {' or '.join(near)}?"
        few = sorted(table.name for table in self.tables.values())
        return f"; granted: {', '.join(few)}" if len(few) <= _FEW else ""


def read_schema(ddl: str, dialect: str = "duckdb") -> dict[str, dict[str, str]]:
    """Return tables and their columns with types, from ``CREATE TABLE`` statements.

    Raises
    ------
    DataError
        If the text is anything else.

    Examples
    --------
    >>> read_schema("CREATE TABLE deals (deal_id VARCHAR, floor_cpm DOUBLE)")
    {'deals': {'deal_id': 'TEXT', 'floor_cpm': 'DOUBLE'}}
    """
    try:
        statements = [found for found in parse(ddl, dialect=dialect) if found is not None]
    except SqlglotError as error:
        raise DataError(f"schema: cannot be read as SQL: {error}. Give CREATE TABLE.") from None
    tables: dict[str, dict[str, str]] = {}
    for statement in statements:
        declared = statement.find(exp.Schema)
        if not isinstance(statement, exp.Create) or statement.kind != "TABLE" or declared is None:
            raise DataError(
                f"schema: got {statement.sql(dialect=dialect)[:80]!r}; must be CREATE TABLE with "
                "columns. Leave other statements out."
            )
        tables[_folded(declared.this.this, dialect)] = {
            _folded(column.this, dialect): column.args["kind"].sql(dialect=dialect)
            if column.args.get("kind")
            else ""
            for column in declared.expressions
            if isinstance(column, exp.ColumnDef)
        }
    if not tables:
        raise DataError("schema: declares no table. Give at least one CREATE TABLE.")
    return tables


def _folded(name: exp.Expr, dialect: str) -> str:
    """Return a name as the database keeps it: PostgreSQL turns one without quotes to lower case."""
    return name.name if dialect != "postgres" or name.args.get("quoted") else name.name.lower()
