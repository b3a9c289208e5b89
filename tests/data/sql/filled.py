"""The tables of schema.sql with rows in them; what an analyst may not read is marked."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd

from kit.data.sql.guard.grants import Grants, read_schema
from tests.data.sql import corpora

DDL = corpora.SCHEMA.read_text("utf-8")
GRANTS = Grants.from_schema(DDL, corpora.ALLOW)
MARK_TEXT = "HIDDEN"
MARK_NUMBER = 7_777_777.25
ROWS = {"auctions": 400, "campaigns": 6, "exchanges": 4, "deals": 12, "conversions": 60,
        "identities": 20, "api_keys": 3, "sealed_auctions": 10}  # fmt: skip

_EXCHANGES = ["adx", "aurora", "openx", "rubicon"]
_WORDS = {
    "device": ["mobile", "desktop", "ctv"],
    "ad_format": ["banner", "video"],
    "country": ["US", "DE"],
    "kind": ["purchase", "signup"],
}


def frames(seed: int = 0) -> dict[str, pd.DataFrame]:
    """Return a frame a table, in the order of the schema."""
    rng = np.random.default_rng(seed)
    found = {}
    for table, columns in read_schema(DDL).items():
        granted = GRANTS.table(table)
        found[table] = pd.DataFrame({
            name: _open(name, kind, ROWS[table], rng)
            if granted is not None and name in granted.columns
            else _marked(name, kind, ROWS[table])
            for name, kind in columns.items()
        })  # fmt: skip
    return found


def fill(connection: duckdb.DuckDBPyConnection, *, granted_only: bool = False) -> None:
    """Make the tables, whole or with what is granted alone."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET threads = 1")  # ties are broken the same way each time
    for table, frame in frames().items():
        kinds = read_schema(DDL)[table]
        granted = GRANTS.table(table)
        if granted_only:
            if granted is None:
                continue
            kinds = {name: kind for name, kind in kinds.items() if name in granted.columns}
        columns = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
        connection.execute(f"CREATE TABLE {table} ({columns})")
        connection.register("frame", frame[list(kinds)])
        connection.execute(f"INSERT INTO {table} SELECT * FROM frame")
        connection.unregister("frame")


def _open(name: str, kind: str, rows: int, rng: np.random.Generator) -> list[Any]:
    if name == "exchange":
        return _EXCHANGES if rows == len(_EXCHANGES) else list(rng.choice(_EXCHANGES, rows))
    if name == "campaign_id":
        return [f"c{i}" for i in (range(rows) if rows == 6 else rng.integers(0, 6, rows))]
    if name == "deal_id":
        return [None if rows > 12 and rng.random() < 0.7 else f"d{i % 12}" for i in range(rows)]
    if "TIMESTAMP" in kind:
        start = pd.Timestamp("2026-03-02")
        return [start + pd.Timedelta(seconds=int(s)) for s in rng.integers(0, 864_000, rows)]
    if kind == "DATE":
        return [pd.Timestamp("2026-03-01").date()] * rows
    if kind == "BOOLEAN":
        return list(map(bool, rng.random(rows) < 0.4))
    if kind == "INT":
        return list(map(int, rng.integers(0, 24, rows)))
    if kind == "DOUBLE":
        return [round(float(x), 3) for x in rng.gamma(2, 1, rows)]
    return list(map(str, rng.choice(_WORDS.get(name, [f"{name}{i}" for i in range(5)]), rows)))


def _marked(name: str, kind: str, rows: int) -> list[Any]:
    if kind == "TEXT":
        return [f"{MARK_TEXT}-{name}-{i}" for i in range(rows)]
    return [MARK_NUMBER] * rows if kind == "DOUBLE" else [True] * rows
