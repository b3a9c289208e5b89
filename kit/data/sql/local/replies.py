"""What the engine's child answers: rows, an estimate, or the schema (in the child)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.ipc

from kit.data.sql.local.failures import RefusedError
from kit.data.sql.local.locked import Setup, open_outline

_BATCH_ROWS = 2048
_WRITING = re.compile(r'"type":"([A-Z]+)_QUERY_NODE"')  # a literal's quotes are escaped
_TAKEN = frozenset({"SELECT", "MULTI"})  # MULTI is a PIVOT whose columns its rows name
_SCHEMA = """
    SELECT if(schema_name = 'main', table_name, schema_name || '.' || table_name),
           column_name, data_type
    FROM duckdb_columns()
    WHERE NOT internal AND database_name = current_database()
    ORDER BY schema_name, table_name, column_index
"""
_SIZES = "SELECT schema_name, table_name, estimated_size FROM duckdb_tables() WHERE NOT internal"


def one_question(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Refuse all but one SELECT (or PIVOT) that writes nothing.

    DuckDB's lock and the kernel's hold without this; it says sooner what is not taken.
    """
    kinds = [statement.type.name for statement in connection.extract_statements(sql)]
    if len(kinds) != 1 or kinds[0] not in _TAKEN:
        raise RefusedError(
            f"got {', '.join(kinds) or 'no statement'}; must be one SELECT. Ask one question at a "
            "time, and change nothing."
        )
    written = _written(connection, sql, kinds[0])
    if written is not None:
        raise RefusedError(f"got {written} in a SELECT; must write nothing. Take it out.")


def _written(connection: duckdb.DuckDBPyConnection, sql: str, kind: str) -> str | None:
    """Return the statement that writes inside a SELECT: DuckDB takes one as the body of a CTE.

    DuckDB's own parser says so; its tokens do not, since it takes more characters for spaces than
    they do. It has no word for a PIVOT, which then must not even hold the letters.
    """
    if kind == "MULTI":
        return "COPY" if "copy" in sql.casefold() else None
    trees = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
    found = _WRITING.search(trees[0][0])
    return None if found is None else found[1]


def rows(
    connection: duckdb.DuckDBPyConnection, sql: str, most_rows: int, most_bytes: int
) -> tuple[dict[str, Any], bytes]:
    """Return the answer as an Arrow stream, cut off at a limit, and whether it was."""
    one_question(connection, sql)
    reader = connection.sql(sql).to_arrow_reader(_BATCH_ROWS)
    kept, truncated = _first(reader, most_rows, most_bytes)
    if truncated and not kept:
        raise MemoryError(
            f"one row takes more than {most_bytes >> 20} MB, the most an answer may. Select "
            "shorter values."
        )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, reader.schema) as stream:
        for batch in kept:
            stream.write_batch(batch)
    return {"truncated": truncated}, sink.getvalue().to_pybytes()


def _first(
    batches: Iterator[pa.RecordBatch], most_rows: int, most_bytes: int
) -> tuple[list[pa.RecordBatch], bool]:
    """Return what fits, and whether anything did not."""
    kept: list[pa.RecordBatch] = []
    for batch in batches:
        fits = _fitting(batch, most_rows, most_bytes)
        if fits:
            kept.append(batch.slice(0, fits))
        if fits < batch.num_rows:
            return kept, True
        most_rows -= fits
        most_bytes -= batch.nbytes
    return kept, False


def _fitting(batch: pa.RecordBatch, most_rows: int, most_bytes: int) -> int:
    """Return how many of a batch's first rows fit."""
    low, high = 0, min(int(batch.num_rows), most_rows)
    if batch.slice(0, high).nbytes <= most_bytes:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if batch.slice(0, middle).nbytes <= most_bytes else (low, middle)
    return low


def estimate(
    connection: duckdb.DuckDBPyConnection, setup: Setup, sql: str
) -> tuple[dict[str, Any], bytes]:
    """Return the plan as text, and the rows of every table that it scans, each time it does."""
    one_question(connection, sql)
    text = "\n".join(str(row[1]) for row in connection.execute(f"EXPLAIN {sql}").fetchall())
    if "database" in setup.source:
        sizes = {
            _name(schema, table): int(size)
            for schema, table, size in connection.execute(_SIZES).fetchall()
        }
        scans = _scans(connection, sql)
    else:
        outline, sizes = open_outline(setup)
        with outline:
            scans = _scans(outline, sql)
    by_table = {name: sizes.get(name, 0) * times for name, times in scans.items()}
    return {"by_table": by_table, "text": text}, b""


def _scans(connection: duckdb.DuckDBPyConnection, sql: str) -> Mapping[str, int]:
    """Return how often a plan scans each table."""
    found: Counter[str] = Counter()
    for _, plan in connection.execute(f"EXPLAIN (FORMAT JSON) {sql}").fetchall():
        nodes = json.loads(plan)
        while nodes:
            node = nodes.pop()
            nodes += node["children"]
            table = node.get("extra_info", {}).get("Table")
            if table is not None:
                found[_name(*table.split(".")[-2:])] += 1
    return found


def _name(schema: str, table: str) -> str:
    return table if schema == "main" else f"{schema}.{table}"


def columns(connection: duckdb.DuckDBPyConnection) -> tuple[dict[str, Any], bytes]:
    """Return every table's columns and their types."""
    tables: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(_SCHEMA).fetchall():
        tables.setdefault(table, {})[column] = kind
    return {"tables": tables}, b""
