"""Which groups and labels of the data may be shown: no small group, no id, no exact figure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

from kit.ai.hostile import clean, encoded
from kit.ai.names import Names
from kit.base.errors import PromptError

MIN_COUNT = 20
"""Fewest rows behind a group that is shown.

Below it a group can be one household's evening, and no rate can be read off it: with 19 auctions
the standard error of a win rate near one half is 11 points.
"""
MAX_LABELS, MAX_LABEL = 50, 40
"""Most labels of a column, and characters of one: more of either is text about somebody."""

_THINGS = frozenset((
    "ad_unit_id", "advertiser_id", "app_id", "campaign_id", "creative_id", "deal_id", "demand_id",
    "exchange_id", "line_id", "line_item_id", "order_id", "placement_id", "publisher_id",
    "site_id", "supply_id", "unit_id", "user_segment",
))  # fmt: skip
"""Ids of what is bought and sold, and what many users share. Any other may be of one person."""
_PERSONAL = frozenset((
    "address", "cookie", "email", "gaid", "guid", "hash", "id", "idfa", "idfv", "ids", "ifa", "ip",
    "ipv4", "ipv6", "key", "latitude", "longitude", "mac", "maid", "md5", "password", "phone",
    "secret", "sha1", "sha256", "token", "uid", "user", "username", "uuid",
))  # fmt: skip
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")


def group_lines(rows: Iterable[Mapping[str, Any]], count: str) -> tuple[list[str], int]:
    """Return groups as lines, and how many were left out.

    Parameters
    ----------
    rows : iterable of mapping
        One a group, by column; each value a number, a label, a date, a full hour, or missing.
    count : str
        The column that says how many rows of the data are behind a group.

    Returns
    -------
    list of str
        A JSON list of the columns, then one of each group's values.
    int
        Groups of fewer than `MIN_COUNT` rows.

    Raises
    ------
    PromptError
        If the count is missing, a column holds ids or too many labels, or a value is of a type
        that no aggregate has.

    Examples
    --------
    >>> rows = [{"exchange": "aurora", "auctions": 37421}, {"exchange": "dione", "auctions": 7}]
    >>> group_lines(rows, "auctions")
    (['["exchange", "auctions"]', '["aurora", 37420]'], 1)
    """
    given = list(rows)
    if not given:
        return [], 0
    columns = tuple(given[0])
    for column in columns:
        refuse_ids(column)
    kept = [row for row in given if _count(row, count, columns) >= MIN_COUNT]
    for column in columns:
        labels = {row[column] for row in kept if isinstance(row[column], str)}
        if len(labels) > MAX_LABELS:
            raise PromptError(
                f"{column}: has {len(labels)} labels; must have at most {MAX_LABELS}. Group by "
                "something coarser."
            )
    shown = Names.of({"": dict.fromkeys(columns, "")})
    head = _list([encoded(shown.show(column), MAX_LABEL) for column in columns])
    lines = [_list([_cell(column, row[column]) for column in columns]) for row in kept]
    return ([head, *lines] if lines else []), len(given) - len(kept)


def label_lines(
    labels: Mapping[str, Mapping[str, int]], names: Names
) -> tuple[list[str], int]:  # fmt: skip
    """Return the labels of some columns as lines, and how many labels were left out.

    Parameters
    ----------
    labels : mapping of str to mapping of str to int
        By column, each label with the number of its rows. A column with too many labels, and a
        label that is too long or has too few rows, are left out.
    names : Names
        Of the schema.

    Raises
    ------
    PromptError
        If a column holds ids, or is not in the schema.

    Examples
    --------
    >>> names = Names.of({"auctions": {"device": "VARCHAR"}})
    >>> label_lines({"device": {"mobile": 900, "fridge": 3}}, names)
    (['{"device": ["mobile"]}'], 1)
    """
    lines, left_out = [], 0
    for column, counts in labels.items():
        refuse_ids(column)
        if names.show(column) not in names:
            raise PromptError(f"labels: {column!r} is not in the schema. Pass its columns only.")
        kept = [label for label, rows in counts.items() if rows >= MIN_COUNT and _short(label)]
        if len(kept) > MAX_LABELS:
            kept = []
        left_out += len(counts) - len(kept)
        if kept:
            listed = _list([encoded(label, MAX_LABEL) for label in kept])
            lines.append(f"{{{encoded(names.show(column), MAX_LABEL)}: {listed}}}")
    return lines, left_out


def refuse_ids(column: str) -> None:
    """Refuse a column by its name where it may hold ids of people or auctions.

    Raises
    ------
    PromptError
        If it may.

    Examples
    --------
    >>> refuse_ids("campaign_id")
    >>> refuse_ids("userId")
    Traceback (most recent call last):
    kit.base.errors.PromptError: userId: may hold ids of people or auctions; ...
    """
    if not may_share(column):
        raise PromptError(
            f"{clean(column, MAX_LABEL)}: may hold ids of people or auctions; must be a number or "
            "a label of many rows. Drop it, or name it for what it counts."
        )


def may_share(column: str) -> bool:
    """Whether the labels of a column of this name may leave.

    Examples
    --------
    >>> may_share("user_segment"), may_share("user_id")
    (True, False)
    """
    parts = [part.lower() for part in _PART.findall(column)]
    return "_".join(parts) in _THINGS or not _PERSONAL & set(parts)


def rounded(value: float) -> str:
    """Return a number with four significant digits: enough for a judgement, too few for an id.

    Examples
    --------
    >>> rounded(8005551234), rounded(0.0123456), rounded(float("nan"))
    ('8006000000', '0.01235', 'null')
    """
    if not math.isfinite(value):
        return "null"
    short = float(f"{value:.4g}")
    return str(int(short)) if short.is_integer() and abs(short) < 1e15 else repr(short)


def _count(row: Mapping[str, Any], count: str, columns: Sequence[str]) -> int:
    if tuple(row) != columns:
        raise PromptError("groups: the columns differ between rows; must be the same in each.")
    value = row.get(count)
    number = float(value) if isinstance(value, Real) else math.nan
    if number >= 0 and number.is_integer():
        return int(number)
    raise PromptError(
        f"{count}: got {type(value).__name__}; must be a column with the number of rows behind "
        "each group, whole and >= 0. Add count(*) to the query."
    )


def _cell(column: str, value: Any) -> str:
    kind = type(value).__name__  # pandas and numpy need not be loaded to know their scalars
    if kind in ("NoneType", "NaTType", "NAType"):
        return "null"
    if kind == "bool":
        return "true" if value else "false"
    if isinstance(value, Integral | Real | Decimal):
        return rounded(float(value))
    if isinstance(value, str):
        return encoded(value if _short(value) else "(long text)", MAX_LABEL)
    if isinstance(value, datetime) and (value.minute, value.second, value.microsecond) == (0, 0, 0):
        return encoded(value.strftime("%Y-%m-%d %H:00"), MAX_LABEL)
    if isinstance(value, date) and not isinstance(value, datetime):
        return encoded(value.isoformat(), MAX_LABEL)
    raise PromptError(
        f"{column}: holds a {kind}; must be numbers, labels, dates or full hours. "
        "Aggregate or round it in the query."
    )


def _short(label: str) -> bool:
    return len(label) <= MAX_LABEL


def _list(items: Iterable[str]) -> str:
    return "[" + ", ".join(items) + "]"
