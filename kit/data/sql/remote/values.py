"""PostgreSQL's text of values as Arrow columns: the same types as the engine for files answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

Column = Sequence[bytes | None]

_ARROW = {
    20: pa.int64(), 21: pa.int16(), 23: pa.int32(), 26: pa.int64(), 700: pa.float32(),
    701: pa.float64(), 1082: pa.date32(), 1114: pa.timestamp("us"),
    1184: pa.timestamp("us", "UTC"),
}  # fmt: skip
"""By the server's number of a type, what Arrow reads from its text."""
_BOOL, _BYTEA, _TIME, _INTERVAL, _NUMERIC = 16, 17, 1083, 1186, 1700
_CLOCK = re.compile(r"(-?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?$")
_UNITS = re.compile(r"(-?\d+) (year|mon|day)")


def arrow_column(
    values: Column, kind: int, whole: bool | None, read_list: Callable[[bytes], Any] | None
) -> pa.Array:
    """Return one column of an answer.

    Parameters
    ----------
    values : sequence of bytes or None
        As the server wrote them, with ISO dates in UTC.
    kind : int
        The server's number of the type. What is not known here stays text.
    whole : bool or None
        Whether a numeric column has no places after the point; None if its type does not say.
    read_list : callable or None
        Reads a value of an array type; None for other types.

    Raises
    ------
    ArrowInvalid
        If a value has no such form in Arrow: an infinite date, or one before our era.

    Examples
    --------
    >>> arrow_column([b"12.50", None], 1700, False, None).to_pylist()
    [12.5, None]
    >>> arrow_column([b"1 mon 2 days 03:00:00"], 1186, None, None).to_pylist()
    [MonthDayNano(months=1, days=2, nanoseconds=10800000000000)]
    """
    if read_list is not None:
        return pa.array([None if v is None else _plain(read_list(v)) for v in values])
    if kind == _BOOL:
        return pa.array([None if v is None else v == b"t" for v in values], pa.bool_())
    if kind == _BYTEA:
        return pa.array(
            [None if v is None else bytes.fromhex(v[2:].decode()) for v in values], pa.binary()
        )
    text = pa.array(values, pa.binary()).cast(pa.string())
    if kind == _NUMERIC:
        return _number(text, whole)
    if kind == _TIME:
        return pa.array([_micros(v) for v in text.to_pylist()], pa.int64()).cast(pa.time64("us"))
    if kind == _INTERVAL:
        return pa.array([_interval(v) for v in text.to_pylist()], pa.month_day_nano_interval())
    return text.cast(_ARROW.get(kind, pa.string()))


def _number(text: pa.Array, whole: bool | None) -> pa.Array:
    """Return whole numbers if they are and fit, else float64, as `results` does for decimals."""
    if whole is not False:
        try:
            return text.cast(pa.int64())
        except pa.ArrowInvalid:
            pass
    return text.cast(pa.float64())


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


def _micros(text: str | None) -> int | None:
    """Return a time of day; Arrow does not read it from text, and has no 24:00."""
    if text is None:
        return None
    found = _CLOCK.search(text)
    if found is None or text.startswith("24"):
        raise pa.ArrowInvalid(f"time {text!r}")
    sign, hours, minutes, seconds, rest = found.groups()
    micros = ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1_000_000
    return (micros + int((rest or "").ljust(6, "0"))) * (-1 if sign else 1)


def _interval(text: str | None) -> pa.MonthDayNano | None:
    if text is None:
        return None
    units = {name: int(count) for count, name in _UNITS.findall(text)}
    clock = _CLOCK.search(text)
    micros = _micros(clock[0]) if clock else 0
    if "infinity" in text or micros is None:
        raise pa.ArrowInvalid(f"interval {text!r}")
    months = units.get("year", 0) * 12 + units.get("mon", 0)
    return pa.MonthDayNano([months, units.get("day", 0), micros * 1000])
