"""What is asked of a PostgreSQL server: the rows of a query, its plan, and what may be read."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import pyarrow as pa

from kit.base.errors import DataError, QueryError
from kit.data.sql.contract.limits import MB, Limits
from kit.data.sql.contract.results import ScanEstimate
from kit.data.sql.remote.values import arrow_column

_MOST_FETCHED = 2048
_TYPES = {
    "boolean": "BOOLEAN", "smallint": "SMALLINT", "integer": "INTEGER", "bigint": "BIGINT",
    "real": "REAL", "double precision": "DOUBLE PRECISION", "text": "VARCHAR",
    "character varying": "VARCHAR", "character": "VARCHAR", "timestamp with time zone":
    "TIMESTAMP WITH TIME ZONE", "timestamp without time zone": "TIMESTAMP",
}  # fmt: skip
"""The words that the semantic layer and prompts know; PostgreSQL takes them as well."""

# The transaction ends in a rollback, and these end with it. One schema alone, so that a name means
# the table that `columns` listed, and no schema of the role's own.
_SETTINGS = """
    SELECT set_config('statement_timeout', %(millis)s, true),
           set_config('lock_timeout', %(millis)s, true),
           set_config('idle_in_transaction_session_timeout', %(idle)s, true),
           set_config('search_path', quote_ident(%(schema)s) || ', pg_temp', true),
           set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true),
           set_config('IntervalStyle', 'postgres', true), set_config('bytea_output', 'hex', true),
           -- Nobody waits for a query whose client was killed. Older servers lack this one.
           (SELECT set_config(name, '1000', true) FROM pg_catalog.pg_settings
            WHERE name = 'client_connection_check_interval')
"""
_SCHEMAS = """
    SELECT nspname FROM pg_catalog.pg_namespace
    WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%%'
      AND has_schema_privilege(oid, 'USAGE')
    ORDER BY nspname
"""
_COLUMNS = """
    SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
      AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%%'
      AND a.attnum > 0 AND NOT a.attisdropped
      AND has_schema_privilege(n.oid, 'USAGE')
      AND has_column_privilege(c.oid, a.attnum, 'SELECT')
    ORDER BY n.nspname <> %(schema)s, n.nspname, c.relname, a.attnum
"""
_SIZES = """
    SELECT n.nspname, c.relname, c.reltuples::bigint
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = ANY(%s)
"""


@contextlib.contextmanager
def reading(connection: Any, limits: Limits, schema: str) -> Iterator[None]:
    """Hold a transaction that reads only, in bounded time, and is rolled back.

    Tables of `schema` go by their names alone.

    Once its first statement has run, no statement can make it writing again. Advisory locks and
    settings, which a rollback does not undo, are discarded.
    """
    connection.execute("BEGIN TRANSACTION READ ONLY")
    try:
        millis = f"{limits.timeout_seconds * 1000:.0f}"
        idle = f"{limits.timeout_seconds * 2000 + 5000:.0f}"
        connection.execute(_SETTINGS, {"millis": millis, "idle": idle, "schema": schema})
        yield
    finally:
        if not connection.closed:
            connection.execute("ROLLBACK")
            connection.execute("DISCARD ALL")


def rows(connection: Any, sql: str, limits: Limits) -> tuple[pa.Table, bool]:
    """Return the answer to a query, cut off at a limit, and whether it was.

    Raises
    ------
    QueryError
        If one row is larger than an answer may be, or a value has no form here.
    """
    _declare(connection, sql)
    kept: list[list[bytes | None]] = []
    left, largest, size = limits.answer_mb * MB, 1, 1
    while True:
        wanted = min(size, limits.rows + 1 - len(kept), max(1, left // largest + 1))
        fetched = connection.execute(f"FETCH FORWARD {wanted} FROM kit_answer").pgresult
        for at in range(fetched.ntuples):
            row = [fetched.get_value(at, place) for place in range(fetched.nfields)]
            bytes_ = sum(len(value) for value in row if value is not None)
            largest, left = max(largest, bytes_), left - bytes_
            if left < 0 and not kept:
                raise _too_large(limits)
            if left < 0 or len(kept) == limits.rows:
                return _table(connection, fetched, kept), True
            kept.append(row)
        if fetched.ntuples < wanted:
            return _table(connection, fetched, kept), False
        # Slowly, as a row of the next batch can be far larger than those so far.
        size = min(4 * size, _MOST_FETCHED)


def estimate(connection: Any, sql: str, schema: str) -> ScanEstimate:
    """Return what a query would read, by the server's plan and its counts of rows."""
    _declare(connection, sql)  # refuses what is no query, and runs nothing
    text = _explain(connection, "(FORMAT TEXT)", sql)
    plan = json.loads(_explain(connection, "(FORMAT JSON, VERBOSE)", sql))
    scans: Counter[tuple[str, str]] = Counter()
    returned: dict[tuple[str, str], int] = {}
    nodes = [entry["Plan"] for entry in plan]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if "Relation Name" in node:
            table = (node.get("Schema", schema), node["Relation Name"])
            scans[table] += 1
            returned[table] = max(returned.get(table, 0), int(node["Plan Rows"]))
    found = connection.execute(_SIZES, [[name for _, name in scans]]).fetchall()
    sizes = {(place, name): size for place, name, size in found}
    by_table: Counter[str] = Counter()
    for table, times in scans.items():
        # -1: a table that was never analysed; then what its scan would return is all that is known.
        size = sizes.get(table, -1)
        by_table[_name(*table, schema)] += times * (size if size >= 0 else returned[table])
    return ScanEstimate(by_table.total(), dict(by_table), text)


def columns(connection: Any, schema: str) -> dict[str, dict[str, str]]:
    """Return the type of every column that the role may read, by table.

    Tables outside `schema` are named ``schema.table``.

    Raises
    ------
    DataError
        If there is no such schema.
    """
    places = [row[0] for row in connection.execute(_SCHEMAS, {}).fetchall()]
    if schema not in places:
        raise DataError(
            f"warehouse: there is no schema {schema!r}; must be one of: {', '.join(places)}. Name "
            "it after the database, as in postgresql://user@host/database/schema."
        )
    tables: dict[str, dict[str, str]] = {}
    for place, table, column, kind in connection.execute(_COLUMNS, {"schema": schema}).fetchall():
        tables.setdefault(_name(place, table, schema), {})[column] = _type(kind)
    return tables


def _type(kind: str) -> str:
    """Return the server's name of a type in the words used here.

    Examples
    --------
    >>> [_type(kind) for kind in ("character varying(9)[]", "timestamp(3) with time zone")]
    ['VARCHAR[]', 'TIMESTAMP WITH TIME ZONE']
    >>> _type("numeric(22,2)")
    'NUMERIC(22,2)'
    """
    plain = re.sub(r"\([\d,]+\)", "", kind).removesuffix("[]")
    array = "[]" if kind.endswith("[]") else ""
    return _TYPES[plain] + array if plain in _TYPES else kind.upper()


def knows_function(connection: Any, name: str) -> bool:
    """Return whether there is a function of a name, whatever its arguments."""
    asked = "SELECT 1 FROM pg_catalog.pg_proc WHERE proname = %s LIMIT 1"
    return connection.execute(asked, [name.lower()]).fetchone() is not None


def _declare(connection: Any, sql: str) -> None:
    """Open a cursor over a query: the server takes only a SELECT there, and runs none of it yet.

    With `binary` the text goes by the protocol that takes one statement, and what follows a
    semicolon is refused.
    """
    connection.execute(f"DECLARE kit_answer NO SCROLL CURSOR FOR {sql}", binary=True)


def _explain(connection: Any, options: str, sql: str) -> str:
    found = connection.execute(f"EXPLAIN {options} {sql}", binary=True).pgresult
    return b"\n".join(found.get_value(at, 0) for at in range(found.ntuples)).decode()


def _table(connection: Any, fetched: Any, kept: list[list[bytes | None]]) -> pa.Table:
    arrays, names = [], []
    for place in range(fetched.nfields):
        name, kind, detail = (
            fetched.fname(place).decode(),
            fetched.ftype(place),
            fetched.fmod(place),
        )
        whole = None if detail < 4 else (detail - 4) & 0x7FF == 0  # low 11 bits: places
        values = [row[place] for row in kept]
        try:
            arrays.append(arrow_column(values, kind, whole, _list_reader(connection, kind)))
        except (pa.ArrowException, ValueError, OverflowError) as error:
            raise QueryError(
                "type", f"column {name!r} holds what pandas cannot ({error}). Cast it to text."
            ) from None
        names.append(name)
    return pa.Table.from_arrays(arrays, names)


def _list_reader(connection: Any, kind: int) -> Any:
    """Return what reads values of an array type; None for other types."""
    import psycopg
    from psycopg.adapt import Transformer

    known = connection.adapters.types.get(kind)
    if known is None or known.array_oid != kind:
        return None
    loader = Transformer(connection).get_loader(kind, psycopg.pq.Format.TEXT)
    return partial(loader.load)


def _name(place: str, table: str, schema: str) -> str:
    return table if place == schema else f"{place}.{table}"


def _too_large(limits: Limits) -> QueryError:
    return QueryError(
        "memory",
        f"one row takes more than {limits.answer_mb} MB, the most an answer may. Select shorter "
        "values.",
    )
