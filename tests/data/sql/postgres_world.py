"""A PostgreSQL server of the tests' own, with the tables of `engine_world` and a few roles."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from kit.base.assets import asset_dir

from .engine_world import CANARY

PASSWORD = "s3cret-p@ss/word?"
QUOTED = "s3cret-p%40ss%2Fword%3F"
_DEBIAN = Path("/usr/lib/postgresql")
_START_SECONDS = 60

_TABLES = """
    CREATE TABLE auctions (id BIGINT, exchange VARCHAR, price DECIMAL(22, 2));
    INSERT INTO auctions
        SELECT i, 'x' || i % 10, i * 0.25 FROM generate_series(0, 19999) t(i);
    CREATE VIEW cheap AS SELECT * FROM auctions WHERE price < 1;
    CREATE SCHEMA other;
    CREATE TABLE other.deals (deal_id VARCHAR);
    CREATE TABLE secrets (a VARCHAR);
    CREATE TABLE half (shown INTEGER, hidden INTEGER);
    CREATE SEQUENCE numbers;
    ANALYZE;
"""
_SERVER_TYPES = {"DOUBLE": "DOUBLE PRECISION", "TINYINT": "SMALLINT", "UTINYINT": "SMALLINT"}
_READER = """
    CREATE ROLE {role} LOGIN PASSWORD '{password}';
    GRANT USAGE ON SCHEMA other TO {role};
    GRANT SELECT ON auctions, cheap, other.deals TO {role};
    GRANT SELECT (shown) ON half TO {role};
"""


@dataclass(frozen=True)
class Postgres:
    """A server that runs.

    Parameters
    ----------
    folder : Path
        With its data and sockets.
    port : int
        On loopback.
    """

    folder: Path
    port: int

    def url(self, role: str = "reader", password: str = QUOTED, database: str = "ads") -> str:
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def admin(self, database: str = "ads") -> Any:
        """Connect as a superuser; each statement counts at once."""
        import psycopg

        return psycopg.connect(
            host=str(self.folder), port=self.port, user="admin", dbname=database, autocommit=True
        )

    def state(self, database: str = "ads") -> dict[str, Any]:
        """Return what tells whether any table, role, function, object or setting was changed."""
        asked = {
            "rows": "SELECT relname::text, query_to_xml(format('SELECT count(*), md5(string_agg("
            "t::text, chr(10) ORDER BY t::text)) FROM %s t', oid::regclass), true, false, '')::text"
            " FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
            "ORDER BY 1",
            "relations": "SELECT array_agg(relname || relfilenode || coalesce(relacl::text, '') "
            "ORDER BY oid) FROM pg_class WHERE relpersistence <> 't' AND relkind <> 't'",
            "functions": "SELECT count(*) FROM pg_proc",
            "schemas": "SELECT array_agg(nspname::text ORDER BY nspname) FROM pg_namespace "
            "WHERE nspname !~ '^pg_(toast_)?temp'",
            "roles": "SELECT array_agg(r::text ORDER BY oid) FROM pg_authid r",
            "members": "SELECT array_agg(m::text) FROM pg_auth_members m",
            "databases": "SELECT array_agg(datname || coalesce(datacl::text, '')) FROM pg_database",
            "large objects": "SELECT count(*) FROM pg_largeobject_metadata",
            "extensions": "SELECT array_agg(extname::text) FROM pg_extension",
            "settings": "SELECT array_agg(s::text) FROM pg_db_role_setting s",
            "configuration": "SELECT array_agg(name || setting) FROM pg_file_settings",
            "sequences": "SELECT array_agg(s::text) FROM pg_sequences s",
            "slots": "SELECT count(*) FROM pg_replication_slots",
        }
        with self.admin(database) as connection:
            return {name: connection.execute(sql).fetchall() for name, sql in asked.items()}

    def working(self, text: str) -> list[str]:
        """Return what other sessions run now with a text in it."""
        with self.admin() as connection:
            found = connection.execute(
                "SELECT query FROM pg_stat_activity WHERE state <> 'idle' "
                "AND pid <> pg_backend_pid() AND strpos(query, %s) > 0",
                [text],
            ).fetchall()
        return [query for (query,) in found]


def load_samples(server: Postgres) -> None:
    """Copy data_samples/ into a database `samples`, which `reader` may read; once a server."""
    with server.admin() as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = 'samples'").fetchone():
            return
        connection.execute("CREATE DATABASE samples")
    with duckdb.connect() as files, server.admin("samples") as connection:
        for path in sorted(asset_dir("data_samples").glob("*.parquet")):
            rows = files.sql(f"SELECT * FROM '{path}'")
            kinds = [str(kind) for kind in rows.types]
            columns = ", ".join(
                f'"{name}" {_SERVER_TYPES.get(kind, kind)}'
                for name, kind in zip(rows.columns, kinds, strict=True)
            )
            text = server.folder / "rows.csv"
            rows.write_csv(str(text), header=False)
            connection.execute(f"CREATE TABLE {path.stem} ({columns})")
            with connection.cursor().copy(f"COPY {path.stem} FROM STDIN (FORMAT csv)") as copy:
                copy.write(text.read_bytes())
            connection.execute(f"GRANT SELECT ON {path.stem} TO reader; ANALYZE {path.stem}")


def postgres_programs() -> Path | None:
    """Return the folder with `initdb` and `postgres`; None if there is none."""
    named = shutil.which("initdb")
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return Path(named).parent if named else found[-1].parent if found else None


@contextlib.contextmanager
def running_postgres(programs: Path) -> Iterator[Postgres]:
    """Start a server with a cluster of its own, and end both."""
    # Not pytest's folder: that is closed to the user that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="kit-pg-"))
    other: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses root
        other = {"user": "postgres", "group": "postgres", "extra_groups": []}
        shutil.chown(folder, "postgres", "postgres")
    data, log = folder / "data", folder / "log"
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "admin", "--no-sync", "-E", "UTF8",
             "--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256"],
            check=True, capture_output=True, cwd=folder, **other,
        )  # fmt: skip
        server = Postgres(folder, _free_port())
        options = {
            "listen_addresses": "127.0.0.1", "port": server.port, "fsync": "off",
            "unix_socket_directories": folder, "shared_buffers": "32MB", "max_connections": 30,
        }  # fmt: skip
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (
            log.open("wb") as out,
            subprocess.Popen(
                [programs / "postgres", "-D", data, *settings],
                stdout=out, stderr=out, cwd=folder, **other,
            ) as process,
        ):  # fmt: skip
            try:
                _fill(server, process, log)
                yield server
            finally:
                process.send_signal(signal.SIGQUIT)  # at once; nothing of it is kept
    finally:
        shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _fill(server: Postgres, process: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            first = server.admin("postgres")
            break
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start: {log.read_text()}") from None
            time.sleep(0.1)
    with first as connection:
        connection.execute("CREATE DATABASE ads")
    with server.admin() as connection:
        connection.execute(_TABLES)
        connection.execute("INSERT INTO secrets VALUES (%s)", [CANARY])
        connection.execute(_READER.format(role="reader", password=PASSWORD))
    (server.folder / "canary.txt").write_text(f"{CANARY}\n", encoding="utf-8")
    (server.folder / "canary.txt").chmod(0o644)
