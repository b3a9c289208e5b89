"""A folder with data that an engine may read, and canaries that it must not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

CANARY = "CANARY-7f3a"
"""Stands in every file that no query may read."""

UNCHECKED = (
    "-P",
    "-c",
    "import sys; sys.modules['numpy'] = None\n"
    "from kit.data.sql.local import child, replies\n"
    "replies.one_question = lambda connection, sql: None\n"
    "child.main()",
)
"""A child that runs any statement: only the locks are left."""

UNCONFINED = (
    "-P",
    "-c",
    "from kit.data.sql.local import child\n"
    "child.confine_files = lambda readable, writable: False\n"
    "child.main()",
)
"""A child as on a kernel without Landlock."""


@dataclass(frozen=True)
class World:
    """The files."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "shop.duckdb"

    @property
    def parquet(self) -> Path:
        return self.root / "auctions.parquet"

    def state(self) -> dict[str, tuple[int, int, int]]:
        """Return what tells whether any file was changed, made or removed."""
        found = {}
        for path in self.root.rglob("*"):
            status = path.stat()
            found[str(path)] = (status.st_ino, status.st_size, status.st_mtime_ns)
        return found


def make_world(root: Path) -> World:
    """Write the data and the canaries."""
    world = World(root)
    rows = "SELECT i AS id, 'x' || i % 10 AS exchange, i * 0.25 AS price FROM range(20000) t(i)"
    with duckdb.connect(str(world.database)) as connection:
        connection.execute(f"CREATE TABLE auctions AS {rows}")
        connection.execute("CREATE VIEW cheap AS FROM auctions WHERE price < 1")
        connection.execute("CREATE SCHEMA other; CREATE TABLE other.deals (deal_id VARCHAR)")
        connection.execute(f"COPY auctions TO '{world.parquet}'")
        connection.execute(f"COPY (SELECT '{CANARY}' AS a) TO '{root / 'canary.parquet'}'")
    with duckdb.connect(str(root / "canary.duckdb")) as connection:
        connection.execute(f"CREATE TABLE secrets AS SELECT '{CANARY}' AS a")
    (root / "canary.txt").write_text(f"{CANARY}\n", encoding="utf-8")
    (root / "canary.csv").write_text(f"a\n{CANARY}\n", encoding="utf-8")
    (root / "canary.json").write_text(f'{{"a": "{CANARY}"}}\n', encoding="utf-8")
    return world
