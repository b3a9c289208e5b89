"""What a named log format is, and the list of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd
import pyarrow as pa

from kit.data.log import LogMeta
from kit.data.parse import Layout
from kit.data.row_checks import RowFaults
from kit.data.schema import COLUMNS, arrow_schema

FeatureKind = Literal["number", "text"]
FEATURE_TYPES: Mapping[str, pa.DataType] = {
    "number": pa.float64(),
    "text": pa.dictionary(pa.int32(), pa.string()),
}


@dataclass(frozen=True)
class TextFormat:
    """How a text log is read, whatever its size.

    Parameters
    ----------
    meta : LogMeta
        What the format states: unit, whether a tie wins, bid step and cap, time zone.
    layout : Layout
        Fields of a row.
    convert : callable
        Turns a frame of raw fields into canonical columns and features, and adds a fault for
        each row it cannot turn.
    features : mapping of str to {"number", "text"}
        Declared features and their types.
    has_header : bool
        Whether the first line names the fields.
    """

    meta: LogMeta
    layout: Layout
    convert: Callable[[pd.DataFrame, RowFaults], pd.DataFrame]
    features: Mapping[str, FeatureKind] = field(default_factory=dict)
    has_header: bool = False


FORMATS: dict[str, str] = {
    "ipinyou-log": "raw iPinYou impression log, tabs, 27 or 29 columns; a tie wins",
    "ipinyou-theta": "`click price pCTR` with spaces, perhaps a fourth column; a tie wins",
    "ipinyou-ctr": "`click price pCTR time_index` with tabs; a tie wins",
    "ipinyou-yzbx": "`click price bid feature:1 ...`; the bids are simulated and a tie loses",
    "csv": "comma-separated with a header; name columns with --column; a tie loses unless stated",
    "parquet": "Parquet that kit wrote, or any other with --column; a tie loses unless stated",
}
"""Every ``--format`` with one line of help."""


def to_table(frame: pd.DataFrame, features: Mapping[str, FeatureKind]) -> pa.Table:
    """Return a frame of good rows as a table in the schema on disk."""
    names = [name for name in frame.columns if name in COLUMNS]
    schema = arrow_schema(names, {name: FEATURE_TYPES[kind] for name, kind in features.items()})
    columns = [
        pa.array(frame[field.name], from_pandas=True).cast(field.type, safe=False)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
