"""What a write-up is made of: tables, figures, facts about the data, how to run it again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from kit.base.errors import DataError
from kit.base.units import PriceUnit
from kit.report.numbers import MINUS, count

MOST_TABLE_ROWS = 100
_NUMERIC = re.compile(rf"[+{MINUS}-]?[\d,.]+( %| [A-Z]{{3}})?( to .*)?|\N{{EN DASH}}")


@dataclass(frozen=True, eq=False)
class Table:
    """A small table; units belong into the column names.

    Parameters
    ----------
    title : str
        What it shows.
    frame : pandas.DataFrame
        Text is shown as it is, numbers with thousands separators; the index is not shown.
    note : str
        One sentence below it.

    Raises
    ------
    DataError
        If it has more than 100 rows: a report is read, not searched.

    Examples
    --------
    >>> table = Table("Clicks", pd.DataFrame({"policy": ["lin"], "clicks": [1234]}))
    >>> table.header, table.body, table.numeric
    (('policy', 'clicks'), (('lin', '1,234'),), (False, True))
    """

    title: str
    frame: pd.DataFrame
    note: str = ""

    def __post_init__(self) -> None:
        if len(self.frame) > MOST_TABLE_ROWS:
            raise DataError(
                f"table {self.title!r}: {len(self.frame)} rows; must have at most "
                f"{MOST_TABLE_ROWS}. Show the largest rows and sum the rest."
            )

    @property
    def header(self) -> tuple[str, ...]:
        """Column names."""
        return tuple(map(str, self.frame.columns))

    @property
    def body(self) -> tuple[tuple[str, ...], ...]:
        """Cells as text, row by row."""
        rows = self.frame.itertuples(index=False, name=None)
        return tuple(tuple(_cell(value) for value in row) for row in rows)

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold numbers only, and are aligned to the right."""
        columns = zip(*self.body, strict=True) if len(self.frame) else [()] * len(self.header)
        return tuple(all(_NUMERIC.fullmatch(cell) for cell in column) for column in columns)


@dataclass(frozen=True)
class ReportFigure:
    """One figure with what it says.

    Parameters
    ----------
    title : str
        The finding's subject.
    caption : str
        How to read it.
    alt : str
        What it shows, for a reader who cannot see it.
    svg : str
        From `kit.report.figures`.
    """

    title: str
    caption: str
    alt: str
    svg: str

    @property
    def slug(self) -> str:
        """The title as a file name: lower-case letters, digits and hyphens."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")[:60] or "figure"


@dataclass(frozen=True, eq=False)
class Section:
    """A section of its own, between the results and the figures.

    Parameters
    ----------
    title : str
        What it is about.
    lead : str
        What was found, set off; empty for none.
    words : tuple of str
        Paragraphs.
    tables : tuple of Table
        Shown below them.
    """

    title: str
    lead: str = ""
    words: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class DataFacts:
    """Where the numbers come from.

    Parameters
    ----------
    source, source_hash : str
        File name and SHA-256.
    rows, bad_rows : int
        Auctions read, and rows that could not be.
    period : str
        Days covered, in words.
    unit : PriceUnit
        Unit of the log; amounts in the report are in its currency.
    splits : mapping of str to int
        Rows of each split, in time order.
    notes : tuple of str
        What else must be known (ties, censoring, time zone).
    """

    source: str
    source_hash: str
    rows: int
    period: str
    unit: PriceUnit
    splits: Mapping[str, int]
    bad_rows: int = 0
    notes: tuple[str, ...] = ()

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Name and text of each fact."""
        splits = ", ".join(f"{name} {count(rows)}" for name, rows in self.splits.items())
        return (
            ("Source", self.source),
            ("SHA-256", self.source_hash),
            ("Auctions", count(self.rows)),
            ("Bad rows", "none" if not self.bad_rows else f"{count(self.bad_rows)} left out"),
            ("Period", self.period),
            ("Splits, in time order", splits),
            (
                "Price unit",
                f"{self.unit.label}; amounts in this report are in {self.unit.currency}",
            ),
        )


@dataclass(frozen=True)
class Reproduce:
    """How to get the same numbers again.

    Parameters
    ----------
    command : str
        The exact command.
    versions : mapping of str to str
        Versions of what computed them.
    seed : int
        Seed of every random draw.
    """

    command: str
    versions: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA:
        return count(float("nan"))
    is_flag = isinstance(value, bool | np.bool_)
    return count(float(value)) if isinstance(value, Real) and not is_flag else str(value)
