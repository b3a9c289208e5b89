"""The small queries that tell which labels and which days a table holds."""

from __future__ import annotations

from collections.abc import Mapping

from kit.ai.words.scope import plain_tables
from kit.data.sql.meaning.layer import MetricLayer, Tables

LABEL_LIMIT = 200
"""Labels that are taken from a column at most; one with more is asked for by no name."""


def label_queries(layer: MetricLayer, tables: Tables) -> Mapping[tuple[str, str], str]:
    """Return a query for each column whose labels, or first and last time, are worth knowing.

    Examples
    --------
    >>> from kit.data.sql.meaning.metrics import load_metrics
    >>> asked = label_queries(load_metrics(), {"auctions": {"device": "VARCHAR", "won": "BOOLEAN"}})
    >>> asked[("auctions", "device")]
    'SELECT DISTINCT device FROM auctions WHERE device IS NOT NULL ORDER BY device LIMIT 200'
    """
    found = {}
    for table, columns in plain_tables(tables).items():
        for dimension in layer.dimensions.values():
            for column in dimension.sql:
                if dimension.list and column in columns:
                    found[table, column] = (
                        f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL "
                        f"ORDER BY {column} LIMIT {LABEL_LIMIT}"
                    )
        entry = layer.tables.get(table)
        clock = entry.time if entry and entry.time else "timestamp"
        if clock in columns:
            found[table, clock] = _ends(table, clock, columns[clock])
    return found


def _ends(table: str, clock: str, kind: str) -> str:
    zoned = "ZONE" in kind.upper() or kind.upper() == "TIMESTAMPTZ"
    time = f"{clock} AT TIME ZONE 'UTC'" if zoned else clock
    ends = (f"SELECT CAST({end}({time}) AS DATE) AS day FROM {table}" for end in ("min", "max"))
    return " UNION ALL ".join(ends)
