"""Every way in which a role can write is found on a real server, and its mend takes it away."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from kit.base.errors import DataError
from kit.data.sql.contract.limits import Limits
from tests.data.sql.postgres_world import PASSWORD, QUOTED, Postgres

pytestmark = pytest.mark.slow

ROLE = '"Odd Role"'
_CASES = {
    "superuser": ("ALTER ROLE {r} SUPERUSER", "is a superuser"),
    "makes roles": ("ALTER ROLE {r} CREATEROLE", "may make roles"),
    "makes databases": ("ALTER ROLE {r} CREATEDB", "may make databases"),
    "replicates": ("ALTER ROLE {r} REPLICATION", "may replicate"),
    "schema": ("GRANT CREATE ON SCHEMA public TO {r}", "may CREATE on schema public"),
    "schema of all": ("GRANT CREATE ON SCHEMA other TO PUBLIC", "schema other as PUBLIC"),
    "database": ("GRANT CREATE ON DATABASE ads TO {r}", "may CREATE on database ads"),
    "insert": ("GRANT INSERT ON auctions TO {r}", "may INSERT on table public.auctions"),
    "update": ("GRANT UPDATE ON auctions TO {r}", "may UPDATE on table public.auctions"),
    "delete": ("GRANT DELETE ON other.deals TO {r}", "may DELETE on table other.deals"),
    "truncate": ("GRANT TRUNCATE ON auctions TO {r}", "may TRUNCATE on table"),
    "trigger": ("GRANT TRIGGER ON auctions TO {r}", "may TRIGGER on table"),
    "view": ("GRANT UPDATE ON cheap TO {r}", "may UPDATE on table public.cheap"),
    "all tables": ("GRANT ALL ON ALL TABLES IN SCHEMA public TO {r}", "TRUNCATE, UPDATE on table"),
    "all of all": ("GRANT INSERT ON auctions TO PUBLIC", "table public.auctions as PUBLIC"),
    "column": ("GRANT UPDATE (price) ON auctions TO {r}", "column public.auctions (price)"),
    "odd name": ('CREATE TABLE "My; ""T" (a INT); GRANT DELETE ON "My; ""T" TO {r}', '"My; ""T"'),
    "sequence": ("GRANT USAGE ON SEQUENCE numbers TO {r}", "may USAGE on sequence public.numbers"),
    "own table": ("ALTER TABLE half OWNER TO {r}", "owns table public.half"),
    "own schema": ("ALTER SCHEMA other OWNER TO {r}", "owns schema other"),
    "own database": ("ALTER DATABASE ads OWNER TO {r}", "owns database ads"),
    "writes all": ("GRANT pg_write_all_data TO {r}", "is a member of pg_write_all_data"),
    "reads files": ("GRANT pg_read_server_files TO {r}", "pg_read_server_files"),
    "writes files": ("GRANT pg_write_server_files TO {r}", "pg_write_server_files"),
    "runs programs": ("GRANT pg_execute_server_program TO {r}", "pg_execute_server_program"),
    "kills": ("GRANT pg_signal_backend TO {r}", "pg_signal_backend"),
    "group": ("GRANT INSERT ON auctions TO grp; GRANT grp TO {r}", "public.auctions as grp"),
    "group of a group": (
        "ALTER ROLE grp CREATEDB; CREATE ROLE between; GRANT grp TO between; GRANT between TO {r}",
        "may become grp, which may make databases",
    ),
    "group that must be set": (
        "ALTER ROLE {r} NOINHERIT; GRANT DELETE ON auctions TO grp; GRANT grp TO {r}",
        "may DELETE on table public.auctions as grp",
    ),
    "group that owns": ("ALTER TABLE half OWNER TO grp; GRANT grp TO {r}", "which owns table"),
    "group of superusers": ("ALTER ROLE grp SUPERUSER; GRANT grp TO {r}", "which is a superuser"),
    "another's rights": (
        "CREATE FUNCTION public.wipe(a INT DEFAULT 1) RETURNS INT LANGUAGE sql SECURITY DEFINER "
        "AS 'SELECT 1'",
        "may EXECUTE on routine public.wipe(a integer) as PUBLIC",
    ),
    "untrusted language": (
        "CREATE LANGUAGE anyfile HANDLER plpgsql_call_handler; CREATE FUNCTION public.wipe() "
        "RETURNS INT LANGUAGE anyfile AS 'BEGIN RETURN 1; END'",
        "may EXECUTE on routine public.wipe() as PUBLIC",
    ),
    "file function": ("GRANT EXECUTE ON FUNCTION pg_read_file(text) TO {r}", "pg_read_file(text)"),
    "dblink": ("CREATE EXTENSION dblink", "public.dblink"),
    "its word for it": (
        "ALTER ROLE {r} SET default_transaction_read_only = on; GRANT INSERT ON auctions TO {r}",
        "may INSERT on table",
    ),
}  # fmt: skip


@pytest.fixture
def role(postgres: Postgres) -> Iterator[str]:
    """A role that reads one table, and a group that it can be put into."""
    with postgres.admin() as connection:
        connection.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'; CREATE ROLE grp")
        connection.execute(f"GRANT SELECT ON auctions TO {ROLE}")
    yield ROLE
    with postgres.admin() as connection:
        connection.execute('DROP EXTENSION IF EXISTS dblink; DROP TABLE IF EXISTS "My; ""T"')
        connection.execute("DROP FUNCTION IF EXISTS public.wipe")
        connection.execute("DROP LANGUAGE IF EXISTS anyfile")
        connection.execute(f"REASSIGN OWNED BY {ROLE}, grp TO admin")
        connection.execute(f"DROP OWNED BY {ROLE}, grp; DROP ROLE {ROLE}, grp")
        connection.execute("DROP ROLE IF EXISTS between")
        connection.execute("REVOKE INSERT ON auctions FROM PUBLIC")
        connection.execute("REVOKE CREATE ON SCHEMA other FROM PUBLIC")


def _count(server: Postgres) -> int:
    from kit.data.sql.remote.engine import RemoteEngine

    with RemoteEngine(server.url("Odd%20Role"), Limits(timeout_seconds=10)) as engine:
        return int(engine.run("SELECT count(*) AS n FROM auctions").frame["n"].item())


@pytest.mark.parametrize("name", _CASES)
def test_a_way_to_write_is_refused_with_its_mend(postgres: Postgres, role: str, name: str) -> None:
    assert _count(postgres) == 20_000
    given, words = _CASES[name]
    with postgres.admin() as connection:
        connection.execute(given.format(r=role))
    with pytest.raises(DataError) as caught:
        _count(postgres)
    message = str(caught.value)
    assert words in message
    assert PASSWORD not in message
    assert QUOTED not in message
    mends = re.findall(r"^  (.+;)$", message, re.MULTILINE)
    assert mends
    with postgres.admin() as connection:
        for mend in mends:
            connection.execute(mend)
    assert _count(postgres) == 20_000, "what was named is all that had to be taken away"


@pytest.mark.parametrize("group", ["pg_read_all_data", "pg_monitor", "pg_read_all_stats"])
def test_roles_that_read_are_taken(postgres: Postgres, role: str, group: str) -> None:
    with postgres.admin() as connection:
        connection.execute(f"GRANT {group} TO {role}")
    assert _count(postgres) == 20_000


def test_many_tables_are_one_mend(postgres: Postgres, role: str) -> None:
    with postgres.admin() as connection:
        connection.execute("CREATE SCHEMA many")
        connection.execute("".join(f"CREATE TABLE many.t{i} ();" for i in range(12)))
        connection.execute(f"GRANT INSERT ON ALL TABLES IN SCHEMA many TO {role}")
    try:
        with pytest.raises(DataError, match="and 7 more") as caught:
            _count(postgres)
        assert f"REVOKE INSERT ON ALL TABLES IN SCHEMA many FROM {role};" in str(caught.value)
    finally:
        with postgres.admin() as connection:
            connection.execute("DROP SCHEMA many CASCADE")


def test_several_ways_are_all_named(postgres: Postgres, role: str) -> None:
    with postgres.admin() as connection:
        connection.execute(f"GRANT INSERT, DELETE ON auctions TO {role}")
        connection.execute(f"GRANT pg_signal_backend TO {role}; ALTER ROLE {role} CREATEDB")
    with pytest.raises(DataError) as caught:
        _count(postgres)
    for words in ("may make databases", "pg_signal_backend", "DELETE, INSERT on table"):
        assert words in str(caught.value)
