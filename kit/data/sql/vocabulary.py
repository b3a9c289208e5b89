"""What a query's tree may be made of: kinds of node, functions, literals; all else is refused."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files

from sqlglot import exp

from kit.base.checks import one_of
from kit.base.errors import UnsafeSQLError

DIALECTS = ("duckdb", "postgres")
"""Dialects whose functions are on an allow-list."""

MAX_SIZE = 1_000
"""Largest literal size of text that a function such as ``repeat`` may make, in characters."""

MAX_SERIES = 10_000
"""Most values that ``range`` or ``generate_series`` may make, from bounds written out."""

QUERIES = (exp.Select, exp.SetOperation, exp.Subquery)
"""Kinds of node that are a query of their own."""

_CLAUSES = (
    exp.Select, exp.Union, exp.Except, exp.Intersect, exp.Subquery, exp.Values, exp.With, exp.CTE,
    exp.From, exp.Join, exp.Lateral, exp.Unnest, exp.Explode, exp.Table, exp.TableAlias,
    exp.TableSample, exp.Pivot, exp.PivotAlias, exp.UnpivotColumns, exp.Where, exp.Group, exp.Cube,
    exp.Rollup, exp.GroupingSets, exp.Having, exp.Qualify, exp.Window, exp.WindowSpec, exp.Order,
    exp.Ordered, exp.Limit, exp.LimitOptions, exp.Fetch, exp.Offset, exp.Distinct,
)  # fmt: skip
_EXPRESSIONS = (
    exp.Column, exp.Identifier, exp.Star, exp.Columns, exp.Alias, exp.Aliases, exp.PropertyEQ,
    exp.Literal, exp.Boolean, exp.Null, exp.Var, exp.DataType, exp.DataTypeParam, exp.ColumnDef,
    exp.Interval,
    exp.IntervalSpan, exp.Cast, exp.TryCast, exp.Case, exp.If, exp.Paren, exp.Tuple, exp.Array,
    exp.Struct, exp.Map, exp.ToMap, exp.VarMap, exp.MapFromEntries, exp.Lambda, exp.Comprehension,
    exp.Bracket, exp.Slice, exp.Dot, exp.Kwarg, exp.Filter, exp.WithinGroup, exp.IgnoreNulls,
    exp.RespectNulls, exp.HavingMax, exp.Collate, exp.AtTimeZone, exp.Anonymous, exp.GenerateSeries,
    exp.Repeat, exp.Pad, exp.Format, exp.AnonymousAggFunc,
    exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript, exp.JSONPathWildcard,
    exp.JSONExtract, exp.JSONExtractScalar, exp.JSONKeyValue,
)  # fmt: skip
_OPERATORS = (
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Pow, exp.Neg, exp.DPipe, exp.EQ,
    exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is, exp.In,
    exp.Between, exp.Like, exp.ILike, exp.Glob, exp.Escape, exp.Not, exp.And, exp.Or, exp.Xor,
    exp.Exists, exp.Any, exp.All, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseNot,
    exp.BitwiseLeftShift, exp.BitwiseRightShift, exp.ArrayContainsAll, exp.ArrayOverlaps,
    exp.RegexpILike, exp.SimilarTo,
)  # fmt: skip
_NODES = frozenset(_CLAUSES + _EXPRESSIONS + _OPERATORS)

_ARGUMENTS: dict[type[exp.Expr], set[str]] = {
    exp.Select: {"with_", "expressions", "distinct", "from_", "joins", "laterals", "where", "group",
                 "having", "qualify", "windows", "order", "limit", "offset", "sample", "pivots"},
    exp.Table: {"this", "alias", "db", "catalog", "joins", "laterals", "pivots", "sample"},
    exp.With: {"expressions"},
    exp.Lateral: {"this", "alias", "view", "outer", "cross_apply"},
}  # fmt: skip
"""Of these, what may be set; the rest locks rows, writes, or reads another version or part."""

_WORDS = {
    exp.Command: "that statement is not a query",
    exp.Parameter: "a parameter or variable may not be read",
    exp.SessionParameter: "a setting may not be read",
    exp.Placeholder: "a query must be complete, without placeholders",
    exp.PositionalColumn: "columns are read by name, not by place",
    exp.Into: "SELECT INTO writes",
    exp.Lock: "locking rows is not reading",
}

_ODD_TYPES = (exp.DType.USERDEFINED, exp.DType.UNKNOWN)

_SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3_600, "DAY": 86_400, "WEEK": 604_800,
            "MONTH": 2_419_200, "QUARTER": 7_776_000, "YEAR": 31_536_000}  # fmt: skip

_VAR = re.compile(r"[A-Za-z_][A-Za-z_0-9 ]*\Z")


@dataclass(frozen=True)
class Functions:
    """The functions of one dialect that a query may call.

    Parameters
    ----------
    named : frozenset of str
        Names, in lower case, of those the parser has no node for.
    typed : frozenset of str
        Names of the parser's nodes for the others.
    aggregates : frozenset of str
        Names, in lower case, that turn many rows into one.
    sized : dict of str to int
        Place of the argument that decides the size of the result.
    formats : frozenset of str
        Names of those whose first argument is a format with widths.
    """

    named: frozenset[str]
    typed: frozenset[str]
    aggregates: frozenset[str]
    sized: dict[str, int]
    formats: frozenset[str]


@lru_cache
def functions(dialect: str = "duckdb") -> Functions:
    """Return the functions that may be called in a dialect, from ``functions.toml``.

    Raises
    ------
    DataError
        If the dialect has no list.

    Examples
    --------
    >>> "avg" in functions().named, "read_csv" in functions().named
    (True, False)
    """
    one_of("dialect", dialect, DIALECTS)
    text = files("kit.data.sql").joinpath("functions.toml").read_text("utf-8")
    found = tomllib.loads(text)
    lists = {kind: set(names.lower().split()) for kind, names in found[dialect].items()}
    return Functions(
        frozenset().union(*lists.values()),
        frozenset(found["typed"][dialect].split()),
        frozenset(lists["aggregate"]),
        found["sized"][dialect],
        frozenset(found["formats"][dialect].split()),
    )


def check_nodes(tree: exp.Expr, dialect: str) -> None:
    """Refuse a tree with a node, an argument or a function that is on no list.

    Raises
    ------
    UnsafeSQLError
        Naming the first one found, and where it stands.
    """
    allowed = functions(dialect)
    for node in tree.walk():
        _check_kind(node, allowed)
        _check_arguments(node)
        if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
            _check_named(node, allowed)
        elif isinstance(node, exp.Var):
            _check_word(node)
        elif isinstance(node, exp.DataType):
            _check_type(node)
        elif isinstance(node, exp.Format):
            _check_format(node, node.this)
        elif isinstance(node, exp.Repeat | exp.Pad):
            _check_size(node, node.args.get("times") or node.expression)
        elif isinstance(node, exp.GenerateSeries):
            series_length(node)


def position(node: exp.Expr) -> str | None:
    """Return ``line:column`` of the first name in a node, if the parser kept one."""
    for part in node.walk():
        if "line" in part.meta:
            return f"{part.meta['line']}:{part.meta['col']}"
    return None


def series_length(node: exp.GenerateSeries) -> int:
    """Return how many values a series makes.

    Raises
    ------
    UnsafeSQLError
        If its bounds are not whole numbers or dates written out, or it makes more than
        `MAX_SERIES`.
    """
    parts = [node.args.get(name) for name in ("start", "end", "step")]
    given = [_number(part) for part in parts if part is not None]
    bounds = [value for value in given if value is not None]
    if len(bounds) < max(len(given), 2):
        raise UnsafeSQLError("a series needs whole numbers or dates, written out, as its bounds",
                             position(node))  # fmt: skip
    step = abs(bounds[2]) if len(bounds) > 2 else 1
    length = int(abs(bounds[1] - bounds[0]) / step) + 1 if step else MAX_SERIES + 1
    if length > MAX_SERIES:
        raise UnsafeSQLError(
            f"a series of {length:,} values; at most {MAX_SERIES:,} are allowed", position(node)
        )
    return length


def is_aggregate(node: exp.Expr, dialect: str) -> bool:
    """Whether a node turns many rows into one."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in functions(dialect).aggregates
    return isinstance(node, exp.AggFunc)


def _check_kind(node: exp.Expr, allowed: Functions) -> None:
    kind = type(node)
    if kind in _NODES or (isinstance(node, exp.Func) and kind.__name__ in allowed.typed):
        return
    for known, words in _WORDS.items():
        if isinstance(node, known):
            raise UnsafeSQLError(words, position(node))
    if isinstance(node, exp.Func):
        raise UnsafeSQLError(
            f"function {node.sql_name().lower()} is not on the list of functions", position(node)
        )
    raise UnsafeSQLError(f"{node.key} is not allowed in a query", position(node))


def _check_arguments(node: exp.Expr) -> None:
    permitted = _ARGUMENTS.get(type(node))
    if permitted is None:
        return
    odd = [name for name, value in node.args.items() if value and name not in permitted]
    if odd:
        words = {"recursive": "a recursive query has no bound", "into": "SELECT INTO writes",
                 "locks": "locking rows is not reading"}  # fmt: skip
        name = odd[0].rstrip("_")
        raise UnsafeSQLError(words.get(name, f"{name} is not allowed in {node.key}"),
                             position(node))  # fmt: skip


def _check_format(node: exp.Expr, pattern: object) -> None:
    """Refuse a format that is not written out, or that pads to any length."""
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        raise UnsafeSQLError("a format must be written out as text", position(node))
    widths = re.findall(r"\d+", pattern.name)
    if "*" in pattern.name or "{}}" in pattern.name or any(int(w) > MAX_SIZE for w in widths):
        raise UnsafeSQLError(
            f"a format may pad to {MAX_SIZE:,} characters, with widths written out", position(node)
        )


def _check_named(node: exp.Expr, allowed: Functions) -> None:
    name = node.name.lower()
    place = allowed.sized.get(name)
    if place is not None:
        _check_size(node, node.expressions[place] if place < len(node.expressions) else None)
    elif name in allowed.formats:
        _check_format(node, node.expressions[0] if node.expressions else None)
    elif name not in allowed.named:
        raise UnsafeSQLError(f"function {name} is not on the list of functions", position(node))


def _check_size(node: exp.Expr, size: exp.Expr | None) -> None:
    value = 0 if size is None else _at_most(size)
    if value is None or abs(value) > MAX_SIZE:
        raise UnsafeSQLError(
            f"{node.sql_name().lower() if isinstance(node, exp.Func) else node.name}: the size "
            f"must be a whole number of at most {MAX_SIZE:,}, written out, or least(...) with one",
            position(node),
        )  # fmt: skip
    inner = node.this if isinstance(node.this, exp.Expr) else None
    if inner is not None and inner.find(exp.Repeat, exp.Pad) is not None:
        raise UnsafeSQLError("text that is made longer may not be made longer again",
                             position(node))  # fmt: skip


def _check_word(node: exp.Var) -> None:
    if not _VAR.match(node.name):
        raise UnsafeSQLError(f"{node.name!r} is not allowed as a word", position(node))


def _check_type(node: exp.DataType) -> None:
    if not isinstance(node.this, exp.DType) or node.this in _ODD_TYPES:
        raise UnsafeSQLError("a type must be one of SQL's own", position(node))


def _whole(node: exp.Expr) -> int | None:
    sign = 1
    if isinstance(node, exp.Neg):
        sign, node = -1, node.this
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdecimal():
        return sign * int(node.name)
    return None


def _at_most(node: exp.Expr) -> int | None:
    """Return a bound of a size: a whole number, or the smallest one in ``least(...)``."""
    if isinstance(node, exp.Cast | exp.Paren):
        return _at_most(node.this)
    if isinstance(node, exp.Least):
        known = [_at_most(part) for part in (node.this, *node.expressions)]
        return min((value for value in known if value is not None), default=None)
    return _whole(node)


def _number(node: exp.Expr) -> float | None:
    """Return a whole number, or a date or an interval in seconds, that is written out."""
    if isinstance(node, exp.Cast) and node.this.is_string:
        try:
            return datetime.fromisoformat(node.this.name).replace(tzinfo=UTC).timestamp()
        except ValueError:
            return None
    if isinstance(node, exp.Interval) and isinstance(node.this, exp.Literal):
        unit = node.text("unit").upper().removesuffix("S")
        count = node.this.name
        return int(count) * _SECONDS[unit] if count.isdecimal() and unit in _SECONDS else None
    return _whole(node)
