"""The verbs of the SQL guard and its engine: sql-check, sql-run."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from kit.cli.options import Verbs, add_verb, words

_ALLOW = (
    "--allow names whole tables (`deals`) or single columns (`auctions.won`), split by commas;\n"
    "all of the schema without it."
)


def sql_check(verbs: Verbs) -> None:
    """Add ``kit sql-check``."""
    parser = add_verb(
        verbs, "sql-check", "judge SQL from stdin: one bounded query over granted columns, or not",
        f"{_ALLOW}\nExit 0 if it may run, 1 if it is refused; with --batch 0 once all are judged.",
    )  # fmt: skip
    parser.add_argument(
        "--schema", required=True, metavar="FILE", help="CREATE TABLE statements of what is there"
    )
    _policy_options(parser)
    parser.add_argument(
        "--batch", action="store_true", help="stdin is a JSON list of texts; prints a JSON list"
    )
    parser.set_defaults(act=_check)


def sql_run(verbs: Verbs) -> None:
    """Add ``kit sql-run``."""
    parser = add_verb(
        verbs, "sql-run", "judge SQL from stdin and run it in a locked process: one answer",
        f"{_ALLOW}\nA refusal or a query that fails exits with 1.",
    )  # fmt: skip
    parser.add_argument(
        "--db", required=True, metavar="FILE",
        help="a DuckDB database; a Parquet file, which is the table of its name; "
        "postgresql://USER@HOST/DATABASE, or env:NAME of a variable that holds such an address",
    )  # fmt: skip
    _policy_options(parser)
    parser.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS")
    parser.add_argument(
        "--no-policy", action="store_true",
        help="for tests: leave it to the locked process alone, which grants every table",
    )  # fmt: skip
    parser.set_defaults(act=_run)


def _policy_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--allow", type=words, metavar="T1,T2.COL", help="what it may read")
    parser.add_argument("--dialect", choices=("duckdb", "postgres"), default="duckdb")
    parser.add_argument(
        "--rows", type=int, default=10_000, metavar="N", help="most rows of an answer"
    )


def _check(given: argparse.Namespace) -> int:
    from kit.data.sql.guard.grants import Grants

    ddl = Path(given.schema).read_text("utf-8")
    grants = Grants.from_schema(ddl, given.allow, given.dialect)
    if given.batch:
        judged = [_judge(text, grants, given) for text in _batch(sys.stdin.read())]
        print(json.dumps(judged))
        return 0
    judged_one = _judge(sys.stdin.read(), grants, given)
    _print(judged_one, given.json)
    return 0 if judged_one["ok"] else 1


def _run(given: argparse.Namespace) -> int:
    from kit.base.errors import QueryError, UnsafeSQLError
    from kit.data.sql.contract.limits import Limits
    from kit.data.sql.contract.plain import plain_rows
    from kit.data.sql.guard.grants import Grants
    from kit.data.sql.open_engine import open_engine
    from kit.data.sql.policy import check_sql

    sql = sys.stdin.read()
    limits = Limits(timeout_seconds=given.timeout, rows=given.rows)
    with open_engine(given.db, limits) as engine:
        try:
            if not given.no_policy:
                grants = Grants.of(engine.schema(), given.allow)
                # One row more than is shown, so that an answer that was cut off is known as such.
                checked = check_sql(sql, grants, dialect=engine.dialect, row_limit=given.rows + 1)
                sql = checked.sql
            answer = engine.run(sql)
        except UnsafeSQLError as error:
            _print({"ok": False, "reason": error.reason, "at": error.at}, given.json)
            return 1
        except QueryError as error:
            _print({"ok": False, "reason": str(error), "kind": error.kind, "at": None}, given.json)
            return 1
    if given.json:
        columns = list(answer.columns)
        print(json.dumps({"columns": columns, "rows": plain_rows(answer.frame),
                          "truncated": answer.truncated}, allow_nan=False))  # fmt: skip
    else:
        print(answer.frame.to_string(index=False))
    return 0


def _judge(text: Any, grants: Any, given: argparse.Namespace) -> dict[str, Any]:
    from kit.base.errors import UnsafeSQLError
    from kit.data.sql.policy import check_sql

    try:
        checked = check_sql(text, grants, dialect=given.dialect, row_limit=given.rows)
    except UnsafeSQLError as error:
        return {"ok": False, "reason": error.reason, "at": error.at}
    return {"ok": True, "sql": checked.sql}


def _batch(text: str) -> list[Any]:
    from kit.base.errors import DataError

    try:
        found = json.loads(text)
    except ValueError as error:
        raise DataError(f"stdin: no JSON: {error}. Give a JSON list of texts.") from None
    if not isinstance(found, list):
        raise DataError(f"stdin: got a JSON {type(found).__name__}; must be a list of texts.")
    return found


def _print(judged: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(judged))
    elif judged["ok"]:
        print(judged["sql"])
    else:
        where = f" (at {judged['at']})" if judged["at"] else ""
        print(f"kit: sql: {judged['reason']}{where}", file=sys.stderr)
