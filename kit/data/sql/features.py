"""Features as SQL: one guarded expression over the columns of a row, computed for a whole frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import sqlglot
from sqlglot import exp

from kit.base.errors import UnsafeSQLError
from kit.data.sql.policy import check_expression

MAX_LENGTH = 300
"""Characters of an expression: what a person can still review at a glance."""

STEADY = frozenset((
    "Abs", "And", "Case", "Cast", "Ceil", "Coalesce", "Concat", "Contains", "Cos", "Day",
    "DayOfMonth", "DayOfWeek", "DayOfWeekIso", "DayOfYear", "EndsWith", "Exp", "Extract", "Floor",
    "Greatest", "Hour", "If", "IsNan", "Least", "Left", "Length", "Ln", "Log", "Lower", "Minute",
    "Month", "Nullif", "Or", "Pow", "Quarter", "Right", "Round", "Sign", "Sin", "SplitPart",
    "Sqrt", "StartsWith", "StrPosition", "Substring", "TimestampTrunc", "Trim", "Trunc", "TryCast",
    "Upper", "Week", "WeekOfYear", "Xor",
))  # fmt: skip
"""Functions of a feature, by the parser's names: the same row always gives the same answer, of a
size that the row decides."""

_LOCKED = (
    "SET TimeZone = 'UTC'",  # else that of the machine: a time with a zone would read otherwise
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET python_enable_replacements = false",
    "SET memory_limit = '2GiB'",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


def check_feature(text: str, columns: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return an expression written anew, and the columns that it reads.

    Parameters
    ----------
    text : str
        Such as ``exchange || '/' || device``.
    columns : sequence of str
        What it may read.

    Raises
    ------
    UnsafeSQLError
        If the guard refuses it (`kit.data.sql.policy.check_expression`), it is too long, reads no
        column, or calls what is not in `STEADY`.

    Examples
    --------
    >>> check_feature("bid_floor_cpm/nullif(page_quality,0)", ["bid_floor_cpm", "page_quality"])
    ('bid_floor_cpm / NULLIF(page_quality, 0)', ('bid_floor_cpm', 'page_quality'))
    >>> check_feature("random() * hour", ["hour"])
    Traceback (most recent call last):
    kit.base.errors.UnsafeSQLError: sql: function rand is not among those of a feature
    """
    if len(text) > MAX_LENGTH:
        raise UnsafeSQLError(f"has {len(text):,} characters; a feature may have {MAX_LENGTH}")
    sql = check_expression(text, dict.fromkeys(columns, ""))
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    for call in tree.find_all(exp.Func):
        if type(call).__name__ not in STEADY:
            name = call.name if isinstance(call, exp.Anonymous) else call.sql_name()
            raise UnsafeSQLError(f"function {name.lower()} is not among those of a feature")
    named = {column.name.lower() for column in tree.find_all(exp.Column)}
    reads = tuple(name for name in columns if name.lower() in named)
    if not reads:
        raise UnsafeSQLError("reads no column; a feature must say something of its row")
    if len(reads) > len({name.lower() for name in reads}):
        raise UnsafeSQLError(f"columns {', '.join(reads)} differ in case alone; SQL reads one")
    return sql, reads


def compute_features(frame: pd.DataFrame, expressions: Mapping[str, str]) -> pd.DataFrame:
    """Return one column an expression, in the rows' order.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (n, columns)
        What they read.
    expressions : mapping of str to str
        Name to SQL; what is run is what `check_feature` writes.

    Raises
    ------
    UnsafeSQLError
        As `check_feature`; also if one is of a type that does not fit. No message quotes a value.

    Notes
    -----
    They run in a database of their own that holds these columns alone and can reach nothing else.
    What cannot be computed in a row, such as a text that is no number, is missing there: a later
    row must not be what stops a bidder. Truths are 1 and 0.

    Examples
    --------
    >>> rows = pd.DataFrame({"device": ["tv", "phone"], "hour": [8, 20]})
    >>> compute_features(rows, {"late": "hour > 18", "pair": "device || hour"}).values.tolist()
    [[0.0, 'tv8'], [1.0, 'phone20']]
    """
    checked = {
        name: check_feature(text, list(map(str, frame.columns)))
        for name, text in expressions.items()
    }
    read = {column for _, reads in checked.values() for column in reads}
    table = pa.Table.from_pandas(
        frame[[name for name in frame if name in read]], preserve_index=False
    )
    with duckdb.connect(":memory:") as connection:
        connection.register("row", table)
        for setting in _LOCKED:
            connection.execute(setting)
        done = {name: _computed(connection, name, sql) for name, (sql, _) in checked.items()}
    return pd.DataFrame(done)


def _computed(connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> Any:
    try:
        found = connection.sql(f'SELECT TRY({sql}) AS feature FROM "row"').to_arrow_table()
    except duckdb.BinderException as error:  # speaks of types, not of values
        raise _refused(name, sql, str(error).splitlines()[0][:200]) from None
    except (duckdb.Error, UnicodeError):
        raise _refused(name, sql, "a value or a type does not fit") from None
    values = found.column("feature")
    kind = values.type
    if pa.types.is_boolean(kind) or pa.types.is_decimal(kind):
        return values.cast(pa.float64()).to_pandas()
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return values.to_pandas()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        return values.to_pandas().astype("category")
    raise UnsafeSQLError(f"feature {name!r} ({sql}) is of type {kind}; must be a number or a text")


def _refused(name: str, sql: str, why: str) -> UnsafeSQLError:
    return UnsafeSQLError(f"feature {name!r} ({sql}) cannot be computed: {why}")
