"""What a query's tree may be made of: kinds of node, functions, literals; all else is refused."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from sqlglot import exp

from kit.base.checks import one_of
from kit.base.errors import UnsafeSQLError
from kit.data.sql.guard.growth import (
    REDUCERS,
    check_format,
    check_growth,
    check_size,
    series_length,
)
from kit.data.sql.guard.reading import position

DIALECTS = ("duckdb", "postgres")
"""Dialects whose functions are on an allow-list."""

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
    exp.ExplodingGenerateSeries,
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

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9 ]*\Z|\Z")
_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*\Z")
_ROLE = frozenset({"user", "current_role", "system_user"})
"""Names to the parser; without quotes PostgreSQL answers with the role that asks."""
_NUMBER = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")


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
    text = files("kit.data.sql.guard").joinpath("functions.toml").read_text("utf-8")
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
        _check_text(node)
        _check_method(node, allowed)
        if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
            _check_named(node, allowed)
        elif isinstance(node, exp.DataType):
            _check_type(node)
        elif isinstance(node, exp.Struct | exp.Tuple):
            _check_row(node)
        elif isinstance(node, exp.Format):
            check_format(node, node.this)
        elif isinstance(node, exp.Repeat | exp.Pad):
            check_size(node, node.args.get("times") or node.expression)
        elif isinstance(node, exp.GenerateSeries):
            series_length(node)
    check_growth(tree)


def is_aggregate(node: exp.Expr, dialect: str) -> bool:
    """Whether a node turns many rows into one."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in functions(dialect).aggregates
    return isinstance(node, exp.AggFunc)


def allowed_nodes() -> frozenset[type[exp.Expr]]:
    """Return the kinds of node that a query may hold in any dialect."""
    return _NODES


def has_aggregate(tree: exp.Expr, dialect: str) -> bool:
    """Whether anything in a tree turns many rows into one."""
    return any(is_aggregate(node, dialect) for node in tree.walk())


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


def _check_method(node: exp.Expr, allowed: Functions) -> None:
    """Refuse ``x.repeat(n)`` and the like: the place of its size is another there."""
    if not (isinstance(node.parent, exp.Dot) and node.arg_key == "expression"):
        return
    sized = {*allowed.sized, *allowed.formats, *REDUCERS}
    name = node.name.lower() if isinstance(node, exp.Anonymous) else node.key
    typed = isinstance(node, exp.Repeat | exp.Pad | exp.Format | exp.GenerateSeries | exp.Reduce)
    if typed or name in sized:
        raise UnsafeSQLError(f"{name} must be called with all its arguments in brackets",
                             position(node))  # fmt: skip


def _check_named(node: exp.Expr, allowed: Functions) -> None:
    name = node.name.lower()
    place = allowed.sized.get(name)
    if place is not None:
        check_size(node, node.expressions[place] if place < len(node.expressions) else None)
    elif name in allowed.formats:
        check_format(node, node.expressions[0] if node.expressions else None)
    elif name not in allowed.named:
        raise UnsafeSQLError(f"function {name} is not on the list of functions", position(node))


def _check_text(node: exp.Expr) -> None:
    """Refuse a word or number that is no such: the writer puts them down as they are."""
    if isinstance(node, exp.Identifier):
        if not _NAME.match(node.name):
            node.set("quoted", True)  # a database may take another letter for a space
        elif node.name.lower() in _ROLE and not node.args.get("quoted"):
            node.set("this", node.name.lower())
            node.set("quoted", True)
    elif isinstance(node, exp.Literal):
        if not node.is_string and not _NUMBER.match(node.name):
            raise UnsafeSQLError(f"{node.name!r} is not a number", position(node))
    elif not isinstance(node, exp.Anonymous | exp.JSONPathPart):
        for value in node.args.values():
            if isinstance(value, str) and not _WORD.match(value):
                raise UnsafeSQLError(f"{value!r} is not allowed as a word", position(node))


def _check_row(node: exp.Expr) -> None:
    """Refuse what would be written as another value: a row of one, a part without a name."""
    if isinstance(node, exp.Struct):
        if any(not isinstance(part, exp.PropertyEQ | exp.Column) for part in node.expressions):
            raise UnsafeSQLError("each part of struct_pack needs a name: a := ...", position(node))
    elif len(node.expressions) == 1 and not isinstance(node.parent, exp.Values | exp.Distinct):
        raise UnsafeSQLError("a row of one value must be written row(...)", position(node))


def _check_type(node: exp.DataType) -> None:
    if not isinstance(node.this, exp.DType) or node.this in _ODD_TYPES:
        raise UnsafeSQLError("a type must be one of SQL's own", position(node))
