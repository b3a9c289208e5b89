"""What makes rows or text of any size from little: each has a bound that is written out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlglot import exp

from kit.base.errors import UnsafeSQLError
from kit.data.sql.guard.reading import position

MAX_SIZE = 1_000
"""Longest text that one `repeat` or `lpad` may make of a character."""

MAX_REPEATS = 100_000
"""Most that the sizes of all ``repeat`` of a query may multiply to."""

MAX_SERIES = 10_000
"""Most values that ``range`` or ``generate_series`` may make, from bounds written out."""

MAX_INNER = 100
"""Most values that the series inside lambdas may multiply to."""

MAX_LAMBDAS = 2
"""Most lambdas that may stand one in another."""

REDUCERS = ("reduce", "list_reduce", "array_reduce")
"""Functions that carry a value on from one entry of a list to the next."""

_SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3_600, "DAY": 86_400, "WEEK": 604_800,
            "MONTH": 2_419_200, "QUARTER": 7_776_000, "YEAR": 31_536_000}  # fmt: skip
_MAKERS = (
    exp.Add, exp.DPipe, exp.Concat, exp.ConcatWs, exp.Array, exp.ArrayConcat, exp.ArrayAppend,
    exp.ArrayPrepend, exp.Struct, exp.Tuple, exp.Map, exp.Replace, exp.RegexpReplace, exp.Lambda,
    exp.Comprehension, exp.Anonymous, exp.Repeat, exp.Format,
)  # fmt: skip


def check_growth(tree: exp.Expr) -> None:
    """Refuse what multiplies, where each part of it is small enough.

    Raises
    ------
    UnsafeSQLError
        Naming the function.
    """
    found = list(tree.find_all(exp.Repeat, exp.Lambda, exp.Comprehension, exp.GenerateSeries))
    repeats = [size_of(node.args.get("times")) for node in found if isinstance(node, exp.Repeat)]
    made = math.prod(max(abs(size or 1), 1) for size in repeats)
    if made > MAX_REPEATS:
        raise UnsafeSQLError(
            f"repeat: its sizes multiply to {made:,}; at most {MAX_REPEATS:,} are allowed"
        )
    inner = 1
    for node in found:
        if isinstance(node, exp.Lambda | exp.Comprehension):
            _check_lambda(node)
        elif isinstance(node, exp.GenerateSeries) and _around(node):
            inner *= series_length(node)
            if inner > MAX_INNER:
                raise UnsafeSQLError(
                    f"series inside a lambda may multiply to {MAX_INNER} values", position(node)
                )


def check_size(node: exp.Expr, size: exp.Expr | None) -> None:
    """Refuse a size that is not written out, or too large.

    Raises
    ------
    UnsafeSQLError
        Naming the function.
    """
    value = 0 if size is None else size_of(size)
    if value is None or abs(value) > MAX_SIZE:
        name = node.name if isinstance(node, exp.Anonymous) else node.key
        raise UnsafeSQLError(
            f"{name.lower()}: the size must be a whole number of at most {MAX_SIZE:,}, written "
            "out, or least(...) with one", position(node),
        )  # fmt: skip


def check_format(node: exp.Expr, pattern: object) -> None:
    """Refuse a format that is not written out, or that pads to any length.

    Raises
    ------
    UnsafeSQLError
    """
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        raise UnsafeSQLError("a format must be written out as text", position(node))
    widths = [whole(digits) for digits in re.findall(r"\d+", pattern.name)]
    inner = re.search(r"\{[^{}]*\{", pattern.name.replace("{{", ""))  # a width from an argument
    if "*" in pattern.name or inner or any(w is None or w > MAX_SIZE for w in widths):
        raise UnsafeSQLError(
            f"a format may pad to {MAX_SIZE:,} characters, with widths written out", position(node)
        )


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
    length = int(abs(bounds[1] - bounds[0]) / step) if step else MAX_SERIES
    length += not (step and node.args.get("is_end_exclusive"))
    if length > MAX_SERIES:
        raise UnsafeSQLError(
            f"a series of {length:,} values; at most {MAX_SERIES:,} are allowed", position(node)
        )
    return length


def list_length(nodes: Iterable[exp.Expr]) -> int | None:
    """Return how many rows lists make that are unnested side by side; None if a query says so."""
    longest = 1
    for node in nodes:
        if node.find(exp.Query) is not None:
            return None
        series = [series_length(part) for part in node.find_all(exp.GenerateSeries)]
        if series:
            length = math.prod(series)
        elif isinstance(node, exp.Array):
            length = len(node.expressions)
        else:
            length = MAX_SERIES if node.find(exp.Column) is None else 1  # of a row, its own list
        longest = max(longest, length)
    return longest


def size_of(node: object) -> int | None:
    """Return a bound of a size: a whole number, or the smallest one in ``least(...)``."""
    if isinstance(node, exp.Cast | exp.Paren):
        return size_of(node.this)
    if isinstance(node, exp.Least):
        known = [size_of(part) for part in (node.this, *node.expressions)]
        return min((value for value in known if value is not None), default=None)
    if isinstance(node, exp.Neg):
        value = size_of(node.this)
        return None if value is None else -value
    if isinstance(node, exp.Literal) and not node.is_string:
        return whole(node.name)
    return None


def whole(digits: str) -> int | None:
    """Return a number of at most 18 digits; more are turned slowly, or not at all."""
    return int(digits) if digits.isdecimal() and len(digits) <= 18 else None


def _check_lambda(node: exp.Expr) -> None:
    if _around(node) >= MAX_LAMBDAS:
        raise UnsafeSQLError(f"more than {MAX_LAMBDAS} lambdas stand one in another",
                             position(node))  # fmt: skip
    parent = node.parent
    name = parent.name.lower() if isinstance(parent, exp.Anonymous) else parent and parent.key
    if name not in REDUCERS or not isinstance(node, exp.Lambda) or not node.expressions:
        return
    total = node.expressions[0].name.lower()
    uses = [part for part in node.this.find_all(exp.Identifier) if part.name.lower() == total]
    made = node.this.find(exp.Repeat, exp.Format) or (len(uses) > 1 and node.this.find(*_MAKERS))
    if made:
        raise UnsafeSQLError(
            f"{name}: the value that is carried on may be used once where it grows", position(node)
        )


def _around(node: exp.Expr) -> int:
    """Return how many lambdas stand around a node."""
    count, parent = 0, node.parent
    while parent is not None:
        count += isinstance(parent, exp.Lambda | exp.Comprehension)
        parent = parent.parent
    return count


def _number(node: exp.Expr) -> float | None:
    """Return a whole number, or a date or an interval in seconds, that is written out."""
    if isinstance(node, exp.Cast) and node.this.is_string:
        count, _, unit = node.this.name.partition(" ")
        if unit:
            return _seconds(count, unit)
        try:
            return datetime.fromisoformat(node.this.name).replace(tzinfo=UTC).timestamp()
        except ValueError:
            return None
    if isinstance(node, exp.Interval) and isinstance(node.this, exp.Literal):
        return _seconds(node.this.name, node.text("unit"))
    return size_of(node)


def _seconds(count: str, unit: str) -> int | None:
    number, size = whole(count), _SECONDS.get(unit.upper().removesuffix("S"))
    return None if number is None or size is None else number * size
