"""What an engine answers: rows as pandas holds them, or what a query would read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.ipc

from kit.base.errors import QueryError


@dataclass(frozen=True)
class QueryResult:
    """The answer to a query.

    Parameters
    ----------
    columns : tuple of str
        Names, in order; two can be the same.
    frame : DataFrame
        The rows. Decimals are float64; whole ones int64 where they fit.
    truncated : bool
        Whether rows were cut off at a limit.
    seconds : float
        How long it took.
    """

    columns: tuple[str, ...]
    frame: pd.DataFrame
    truncated: bool
    seconds: float


@dataclass(frozen=True)
class ScanEstimate:
    """What a query would read, from the database's plan; nothing is run.

    Parameters
    ----------
    rows : int
        Rows of the tables that the plan scans, in all.
    by_table : mapping of str to int
        The same by table; one that is scanned twice counts twice.
    text : str
        The plan, as the database draws it.
    """

    rows: int
    by_table: Mapping[str, int]
    text: str


def read_answer(payload: bytes) -> tuple[tuple[str, ...], pd.DataFrame]:
    """Return the columns and rows of an Arrow stream.

    Raises
    ------
    QueryError
        If a column is of a type that pandas does not hold.
    """
    with pa.ipc.open_stream(payload) as stream:
        table = stream.read_all()
    return tuple(table.column_names), to_frame(table)


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as pandas holds it.

    Raises
    ------
    QueryError
        If a column is of a type that pandas does not hold.
    """
    for at, field in enumerate(table.schema):
        if isinstance(field.type, pa.BaseExtensionType) or pa.types.is_union(field.type):
            raise _odd(field.name)
        if pa.types.is_decimal(field.type):
            table = table.set_column(at, field.name, _number(table.column(at), field.type))
    try:
        frame: pd.DataFrame = table.to_pandas()
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise QueryError(
            "type", f"the answer holds what pandas cannot ({error}). Cast it to VARCHAR."
        ) from None
    return frame


def _number(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Return a decimal column as whole numbers if it is one and they fit, else as float64."""
    if kind.scale == 0:
        try:
            return column.cast(pa.int64())
        except pa.ArrowInvalid:
            pass
    return column.cast(pa.float64())


def _odd(name: str) -> QueryError:
    return QueryError(
        "type", f"column {name!r} has a type that pandas does not hold. Cast it to VARCHAR."
    )
