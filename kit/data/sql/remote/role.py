"""Whether a PostgreSQL role can do more than read, asked of the server, and what takes it away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kit.base.errors import DataError

_FEW_TABLES = 5
_READING = (
    "pg_read_all_data", "pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables",
    "pg_monitor", "pg_database_owner", "pg_use_reserved_connections",
)  # fmt: skip
"""Roles of the server's own that change nothing; the owner of a database is found as such."""
_REACHING = (
    "pg_read_file", "pg_read_binary_file", "pg_stat_file", "pg_ls_dir", "lo_import", "lo_export",
    "pg_reload_conf", "pg_rotate_logfile", "pg_switch_wal", "pg_create_restore_point",
    "pg_promote", "pg_file_write", "pg_file_rename", "pg_file_unlink",
)  # fmt: skip
"""Functions for superusers that somebody may have granted."""
_EXTENSIONS = ("dblink", "http", "pg_net", "aws_s3", "aws_lambda", "adminpack", "pg_cron")
"""Their functions reach other machines or files, or run SQL elsewhere."""

# What `session_user` may become with SET ROLE counts as well: SET needs no more than a SELECT of
# set_config(). `via` are its own memberships through which it is a role.
_ROLES = """
    SELECT quote_ident(r.rolname), r.rolname = session_user AS own,
           r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication,
           r.oid < 16384 AND r.rolname LIKE 'pg\\_%%' AND NOT r.rolname = ANY(%(reading)s),
           ARRAY(SELECT quote_ident(p.rolname) FROM pg_catalog.pg_auth_members m
                 JOIN pg_catalog.pg_roles p ON p.oid = m.roleid
                 JOIN pg_catalog.pg_roles me ON me.oid = m.member
                 WHERE me.rolname = session_user AND pg_has_role(p.oid, r.oid, 'MEMBER')
                 ORDER BY 1)
    FROM pg_catalog.pg_roles r
    WHERE pg_has_role(session_user, r.oid, 'MEMBER') ORDER BY own DESC, r.rolname
"""
_OBJECTS = """
    WITH spaces AS (
        SELECT * FROM pg_catalog.pg_namespace
        WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%%'
    ),
    objects(kind, place, name, owner, acl, doing) AS (
        SELECT 'DATABASE', '', quote_ident(datname), datdba,
               coalesce(datacl, acldefault('d', datdba)), ARRAY['CREATE']
        FROM pg_catalog.pg_database WHERE datname = current_database()
        UNION ALL
        SELECT 'SCHEMA', '', quote_ident(nspname), nspowner,
               coalesce(nspacl, acldefault('n', nspowner)), ARRAY['CREATE']
        FROM spaces
        UNION ALL
        SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, quote_ident(nspname),
               format('%%I.%%I', nspname, relname), relowner,
               coalesce(relacl, acldefault(
                   (CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", relowner)),
               CASE relkind WHEN 'S' THEN ARRAY['UPDATE', 'USAGE']
               ELSE ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'MAINTAIN'] END
        FROM pg_catalog.pg_class c JOIN spaces ON spaces.oid = c.relnamespace
        WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        UNION ALL
        SELECT 'COLUMN', quote_ident(nspname),
               format('%%I.%%I (%%I)', nspname, relname, attname), 0::oid, attacl,
               ARRAY['INSERT', 'UPDATE']
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        JOIN spaces ON spaces.oid = c.relnamespace
        WHERE attacl IS NOT NULL
        UNION ALL
        SELECT 'ROUTINE', quote_ident(nspname), format('%%I.%%I(%%s)', nspname, proname,
                   pg_catalog.pg_get_function_identity_arguments(p.oid)),
               CASE WHEN nspname = 'pg_catalog' THEN 0::oid ELSE proowner END,
               coalesce(proacl, acldefault('f', proowner)), ARRAY['EXECUTE']
        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        JOIN pg_catalog.pg_language l ON l.oid = p.prolang
        WHERE prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
          AND (proname = ANY(%(reaching)s)
               OR lanispl AND NOT lanpltrusted  -- such as plpython3u: it can open any file
               OR prosecdef AND nspname NOT IN ('pg_catalog', 'information_schema')
               OR EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                          JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
                          WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                            AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
                            AND e.extname = ANY(%(extensions)s)))
    ),
    mine AS (SELECT oid FROM pg_catalog.pg_roles
             WHERE pg_has_role(session_user, oid, 'MEMBER') AND rolname <> 'pg_database_owner')
    SELECT kind, place, name, 'OWNER', quote_ident(pg_get_userbyid(owner))
    FROM objects WHERE owner IN (SELECT oid FROM mine)
    UNION ALL
    SELECT kind, place, name, string_agg(privilege_type, ', ' ORDER BY privilege_type),
           CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
    FROM objects CROSS JOIN LATERAL aclexplode(acl)
    WHERE privilege_type = ANY(doing) AND grantee <> owner
      AND (grantee = 0 OR grantee IN (SELECT oid FROM mine))
    GROUP BY kind, place, name, grantee
    ORDER BY 1, 2, 4, 5, 3
"""


@dataclass(frozen=True)
class Finding:
    """One way in which a role can do more than read.

    Parameters
    ----------
    what : str
        What it may do.
    mend : str
        SQL that takes it away.
    """

    what: str
    mend: str


def role_findings(connection: Any) -> tuple[Finding, ...]:
    """Return all that the role of a connection may do beyond reading.

    ``default_transaction_read_only`` counts for nothing, as the role itself may reset it; so does
    TEMPORARY, which every role has by default and which leaves nothing behind.

    Parameters
    ----------
    connection : psycopg.Connection
        In a transaction.
    """
    asked = {"reading": list(_READING)}
    roles = connection.execute(_ROLES, asked).fetchall()
    own, _, superuser, *_ = roles[0]
    if superuser:  # it is a member of every role, and may do all the rest as well
        return tuple(_attributes(own, *roles[0])[:1])
    found = [finding for row in roles for finding in _attributes(own, *row)]
    asked = {"reaching": list(_REACHING), "extensions": list(_EXTENSIONS)}
    grouped: dict[tuple[str, str, str, str], list[str]] = {}
    for kind, place, name, doing, who in connection.execute(_OBJECTS, asked).fetchall():
        grouped.setdefault((kind, place, doing, who), []).append(name)
    leave = {name: _leave(via, own) for name, *_, via in roles}
    for (kind, place, doing, who), names in grouped.items():
        if doing == "OWNER":
            found.append(_owned(kind, names, who, own, leave))
        else:
            found.append(_granted(kind, place, doing, who, names, own))
    return tuple(found)


def refuse_writer(connection: Any, shown: str) -> None:
    """Refuse a role that can do more than read.

    Raises
    ------
    DataError
        Saying what it may do, and the SQL that takes it away.
    """
    found = role_findings(connection)
    if not found:
        return
    role = connection.execute("SELECT session_user").fetchone()[0]
    what = "; ".join(finding.what for finding in found)
    mends = "\n".join(f"  {mend}" for mend in dict.fromkeys(finding.mend for finding in found))
    raise DataError(
        f"{shown}: the role {role!r} {what}; must be able to read and no more. Ask with another "
        f"role, or run this as an administrator:\n{mends}"
    )


def _attributes(
    own: str, name: str, is_own: bool, super_: bool, makes_roles: bool, makes_databases: bool,
    replicates: bool, powerful: bool, via: list[str],
) -> list[Finding]:  # fmt: skip
    """Return what a role that it is, or may become, can do as such."""
    held = [
        (super_, "is a superuser", "NOSUPERUSER"),
        (makes_roles, "may make roles", "NOCREATEROLE"),
        (makes_databases, "may make databases", "NOCREATEDB"),
        (replicates, "may replicate", "NOREPLICATION"),
    ]
    if is_own:
        return [Finding(what, f"ALTER ROLE {name} {mend};")
                for holds, what, mend in held if holds]  # fmt: skip
    said = [f"may become {name}, which {what}" for holds, what, _ in held if holds]
    if powerful:
        said.append(f"is a member of {name}")
    return [Finding(what, _leave(via, own)) for what in said]


def _owned(kind: str, names: list[str], who: str, own: str, leave: dict[str, str]) -> Finding:
    what = f"owns {kind.lower()} {_listed(names)}"
    if who != own:
        return Finding(f"may become {who}, which {what}", leave[who])
    moved = "; ".join(f"ALTER {kind} {name} OWNER TO CURRENT_USER" for name in names)
    return Finding(what, f"{moved};")


def _granted(kind: str, place: str, doing: str, who: str, names: list[str], own: str) -> Finding:
    what = f"may {doing} on {kind.lower()} {_listed(names)}"
    what += "" if who == own else f" as {who}"
    if kind == "COLUMN":
        taken = "; ".join(_revoked_column(name, doing, who) for name in names)
        return Finding(what, f"{taken};")
    target = f"{kind} {', '.join(names)}"
    if kind in ("TABLE", "SEQUENCE") and len(names) > _FEW_TABLES:
        target = f"ALL {kind}S IN SCHEMA {place}"
    return Finding(what, f"REVOKE {doing} ON {target} FROM {who};")


def _revoked_column(name: str, doing: str, who: str) -> str:
    table, _, column = name.partition(" (")
    each = ", ".join(f"{one} ({column}" for one in doing.split(", "))
    return f"REVOKE {each} ON {table} FROM {who}"


def _leave(via: list[str], own: str) -> str:
    return f"REVOKE {', '.join(via)} FROM {own};"


def _listed(names: list[str]) -> str:
    rest = len(names) - _FEW_TABLES
    return ", ".join(names[:_FEW_TABLES]) + (f" and {rest} more" if rest > 0 else "")
