"""A seeded maker of SQL that is nearly right or nearly harmful, and a judge of what got through.

The judge asks DuckDB's own parser, not the guard's, which tables and functions a text names, and
looks at what a locked engine answers and at the files around it.
"""

from __future__ import annotations

import hashlib
import json
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from kit.base.errors import QueryError
from kit.data.sql.engine import DatabaseFile, Engine, Limits
from kit.data.sql.guard.grants import read_schema
from kit.data.sql.guard.vocabulary import functions
from kit.data.sql.local.locked import Setup, open_locked
from kit.data.sql.policy import CheckedSQL
from tests.data.sql import corpora, filled

CANARY = "CANARY-4711"
EACH = 50
"""Of so many accepted texts, one is run in the engine's child."""


_HOLE = "zz_hole"
_ODD = (
    "\u00a0", "\u3000", "\u200b", "\x00", "\u00e9", "\u017f", "\u212a", "\u2028", "\uffe5", "'",
    '"', "`", "$$", "\\", ";", "--", "/*", "*/", "#", "@", "?", ":", "::", "[", "{", ")", "%", "0x",
    "E'",
)  # fmt: skip
_LISTED = ("lower", "sum", "max", "list", "hash", "coalesce", "to_json", "count", "unnest", "md5",
           "length", "list_value", "struct_pack", "array_agg", "any_value", "first")  # fmt: skip
_UNLISTED = ("getenv", "read_text", "read_csv", "query", "query_table", "current_setting", "glob",
             "getvariable", "nextval", "duckdb_settings", "which_secret", "pragma_version",
             "read_blob", "sniff_csv", "in_search_path", "pg_typeof", "write_log")  # fmt: skip
_NAMES = ("rowid", "user", "current_user", "current_schema", "main", "system", "t", "x", "a",
          "identities", "api_keys", "auctions", "deals", "kit_1_deals", "answer")  # fmt: skip
_WRAPS = (
    "SELECT * FROM ({})", "WITH deals AS ({}) SELECT * FROM deals", "({}) UNION ALL ({})",
    "SELECT ({})", "SELECT 1 WHERE EXISTS ({})", "FROM ({}) SELECT *", "WITH q AS ({}) FROM q",
    "SELECT * FROM exchanges e, LATERAL ({}) l", "SELECT * FROM ({}) q JOIN identities USING (x)",
    "PIVOT ({}) ON 1", "SELECT COLUMNS(*) FROM ({})", "SELECT q FROM ({}) q", "{} LIMIT ALL",
    "SELECT * EXCLUDE (user_id) FROM ({}), auctions LIMIT 5", "COPY ({}) TO 'out.csv'",
    "EXPLAIN ANALYZE {}", "WITH identities AS ({}) SELECT * FROM main.identities",
)  # fmt: skip
_OWN = {
    "unnest", "range", "generate_series", "+", "-", "*", "/", "//", "%", "**", "^", "||", "&", "|",
    "<<", ">>", "~", "~~", "!~~", "~~*", "!~~*", "~~~", "@>", "<@", "&&", "^@", "->>", "->",
    "regexp_full_match", "struct_extract", "array_extract", "array_slice", "list_value", "row",
}  # fmt: skip
"""How DuckDB's parser calls its operators."""

_QUERIES = ("SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE")

_STARS = (
    "SELECT * FROM auctions WHERE hour > 3 LIMIT 5", "FROM conversions LIMIT 5",
    "SELECT a.*, e.region FROM auctions a JOIN exchanges e USING (exchange) LIMIT 5",
    "SELECT COLUMNS('.*id') FROM conversions LIMIT 5", "TABLE campaigns",
    "SELECT * EXCLUDE (budget) FROM campaigns c JOIN conversions v USING (campaign_id) LIMIT 5",
)  # fmt: skip


class Maker:
    """Makes texts from seeds: subtrees are exchanged, names swapped, words and signs changed.

    Parameters
    ----------
    seed : int
    canary : Path
        A file that must not be read; its path is put into texts.
    """

    def __init__(self, seed: int, canary: Path) -> None:
        self.rng = random.Random(seed)
        self.benign = [*_STARS, *(case["sql"] for case in corpora.read("benign_open"))]
        self.hostile = [
            case["sql"].replace("/tmp/canary.txt", str(canary))
            for case in corpora.read("hostile_open")
        ]
        schema = read_schema(filled.DDL)
        self.columns = [name for columns in schema.values() for name in columns]
        self.tables = [*schema, f'"{canary}"', f"'{canary}'", "information_schema.tables",
                       "duckdb_settings()", "pg_catalog.pg_class", "main.deals"]  # fmt: skip
        self.granted = list(filled.GRANTS.tables["auctions"].columns)
        self.canary = canary
        self.trees: dict[str, list[exp.Expr]] = {}
        self.fragments: dict[tuple[str, int], str] = {}
        self.holes: dict[tuple[str, int], str] = {}

    def texts(self, count: int) -> Iterator[str]:
        """Yield so many texts."""
        for _ in range(count):
            yield self.text()

    def text(self) -> str:
        """Return one text."""
        rng = self.rng
        sql = self._spliced() if rng.random() < 0.7 else rng.choice(self.benign)
        while rng.random() < 0.6:
            sql = rng.choice((self._swapped, self._wrapped, self._retouched, self._signed))(sql)
        return sql

    def _spliced(self) -> str:
        """Put a piece of one seed, or a call, in the place of a piece of another."""
        rng = self.rng
        host, at = self._place(rng.choice(self.benign))
        if at is None:
            return host
        if (host, at) not in self.holes:
            tree = sqlglot.parse_one(host, dialect="duckdb")
            node = self._pieces(tree)[at]
            hole = exp.to_table(_HOLE) if isinstance(node, exp.Table) else exp.column(_HOLE)
            node.replace(hole)
            self.holes[host, at] = tree.sql(dialect="duckdb")
            self.fragments[host, at] = node.sql(dialect="duckdb")
        return self.holes[host, at].replace(_HOLE, self._piece(self.fragments[host, at]))

    def _piece(self, old: str) -> str:
        rng = self.rng
        kind = rng.random()
        if kind < 0.35:
            return rng.choice(self.granted)
        if kind < 0.45:
            return rng.choice(self.columns)
        if kind < 0.55:
            return f"{rng.choice(_LISTED)}({old})"
        if kind < 0.60:
            return f"{rng.choice(_UNLISTED)}('{self.canary}')"
        if kind < 0.65:
            return f"({old}).{rng.choice(_LISTED + _UNLISTED)}()"
        if kind < 0.72:
            return rng.choice(self.tables)
        if kind < 0.75:
            return rng.choice(_NAMES)
        other, at = self._place(rng.choice(self.benign if kind < 0.95 else self.hostile))
        if at is None:
            return f"({other})"
        if (other, at) not in self.fragments:
            tree = sqlglot.parse_one(other, dialect="duckdb")
            self.fragments[other, at] = self._pieces(tree)[at].sql(dialect="duckdb")
        return self.fragments[other, at]

    def _place(self, sql: str) -> tuple[str, int | None]:
        if sql not in self.trees:
            try:
                self.trees[sql] = self._pieces(sqlglot.parse_one(sql, dialect="duckdb"))
            except Exception:  # a seed may be no SQL
                self.trees[sql] = []
        pieces = self.trees[sql]
        return sql, self.rng.randrange(len(pieces)) if pieces else None

    @staticmethod
    def _pieces(tree: exp.Expr) -> list[exp.Expr]:
        kinds = (exp.Column, exp.Literal, exp.Func, exp.Binary, exp.Table, exp.Subquery, exp.Star)
        return [node for node in tree.walk() if isinstance(node, kinds) and node.parent]

    def _swapped(self, sql: str) -> str:
        """Put another name in the place of one."""
        words = [word for word in sql.split() if word.isidentifier()]
        if not words:
            return sql
        old = self.rng.choice(words)
        pool = self.rng.choice((self.columns, self.tables, _NAMES, _LISTED, words))
        return sql.replace(old, self.rng.choice(pool), 1)

    def _wrapped(self, sql: str) -> str:
        return self.rng.choice(_WRAPS).replace("{}", sql)

    def _retouched(self, sql: str) -> str:
        """Change quotes, case, blanks or comments, which should change nothing."""
        parts = sql.split(" ")
        at = self.rng.randrange(len(parts))
        word = parts[at]
        parts[at] = self.rng.choice((
            word.upper(), word.swapcase(), f'"{word}"', f"{word}/**/", f"/* {word} */{word}",
            f"{word} -- x\n", f"\t\n{word}", f"({word})", f"{word} {word}",
        ))  # fmt: skip
        return " ".join(parts)

    def _signed(self, sql: str) -> str:
        """Put an odd sign in, cut a piece out, or join two texts."""
        rng = self.rng
        at = rng.randrange(len(sql) + 1)
        kind = rng.random()
        if kind < 0.5:
            return sql[:at] + rng.choice(_ODD) + sql[at:]
        if kind < 0.8:
            return sql[:at] + sql[at + rng.randrange(1, 12) :]
        other = rng.choice(self.benign + self.hostile)
        return (
            sql[:at] + rng.choice((" ", "; ", " UNION ", " ")) + other[rng.randrange(len(other)) :]
        )


class Judge:
    """Runs what was accepted on a locked engine, and says what it should not have done.

    Parameters
    ----------
    folder : Path
        Gets a database, a canary, and nothing else.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.canary = folder / "canary.csv"
        self.canary.write_text(f"a,b\n{CANARY},1\n", "utf-8")
        database = folder / "filled.duckdb"
        with duckdb.connect(str(database)) as connection:
            filled.fill(connection)
        limits = Limits(timeout_seconds=5.0, memory_mb=512, threads=1)
        self.engine = Engine(DatabaseFile(database), limits)
        # The engine opens the file for each query, which takes longer than the query: most texts
        # run on what its child runs them on, opened and locked by the same code, and kept open.
        spill = folder.with_name(f"{folder.name}-spill")
        spill.mkdir()
        self.locked = open_locked(Setup({"database": str(database)}, spill, 512, 64, 1))
        self.before = self._files()
        self.parser = duckdb.connect()
        listed = functions("duckdb")
        self.functions = listed.named | set(listed.sized) | listed.formats | _OWN
        self.ran = self.answered = 0
        self.failed: dict[str, int] = {}

    def breach(self, checked: CheckedSQL) -> str | None:
        """Return what is wrong with an accepted text, or None."""
        if not set(checked.tables) <= {table.name for table in filled.GRANTS.tables.values()}:
            return f"says that it reads {checked.tables}"
        tables, called = self.names(checked.sql)
        if odd := tables - set(filled.GRANTS.tables):
            return f"reads {sorted(odd)}"
        if odd := called - self.functions:
            return f"calls {sorted(odd)}"
        shown = self._answer(checked.sql)
        for mark in (filled.MARK_TEXT, str(filled.MARK_NUMBER), CANARY):
            if mark in shown:
                return f"shows {mark}"
        return None

    def _answer(self, sql: str) -> str:
        """Return what an answer shows; nothing where there is none."""
        self.ran += 1
        stop = threading.Timer(5.0, self.locked.interrupt)
        stop.start()
        try:
            if self.ran % EACH == 0:
                shown = self.engine.run(sql).frame.to_csv()
            else:
                shown = str(self.locked.execute(sql).fetchall())
        except (QueryError, duckdb.Error) as error:
            kind = error.kind if isinstance(error, QueryError) else type(error).__name__
            self.failed[kind] = self.failed.get(kind, 0) + 1
            return ""
        finally:
            stop.cancel()
        self.answered += 1
        return shown

    def names(self, sql: str) -> tuple[set[str], set[str]]:
        """Return the tables and functions that a text names, by DuckDB's own parser."""
        [(text,)] = self.parser.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()
        found = json.loads(text)
        if found["error"]:  # DuckDB cannot parse it, or it is more than a SELECT
            harmful = "SELECT statements" in found["error_message"]
            return {"what is no SELECT"} if harmful else set(), set()
        if len(found["statements"]) != 1:
            return {"several statements"}, set()
        tables: set[str] = set()
        called: set[str] = set()
        known: set[str] = set()
        _collect(found, tables, called, known)
        return tables - known, called

    def written(self) -> bool:
        """Whether any file was made or changed."""
        return self._files() != self.before

    def close(self) -> None:
        """End the engine."""
        self.engine.close()
        self.locked.close()

    def _files(self) -> dict[str, str]:
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*")) if path.is_file()
        }  # fmt: skip


def _collect(node: Any, tables: set[str], called: set[str], known: set[str]) -> None:
    if isinstance(node, list):
        for part in node:
            _collect(part, tables, called, known)
    elif isinstance(node, dict):
        if node.get("type") == "BASE_TABLE":
            tables.add(node["table_name"].lower())
        if "cte_map" in node and node["type"] not in _QUERIES:
            tables.add(f"by a {node['type']}")
        if node.get("function_name"):
            called.add(node["function_name"].lower())
        for entry in (node.get("cte_map") or {}).get("map") or []:
            known.add(entry["key"].lower())
        for part in node.values():
            _collect(part, tables, called, known)
