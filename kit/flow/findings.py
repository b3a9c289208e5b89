"""What a comparison found, as plain data: ``result.json``, from which the report is drawn."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Literal, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from kit.base.errors import DataError
from kit.base.files import write_text

RESULT = "result.json"
"""Name of the file, beside the report."""

FigureKind = Literal[
    "bid_curves", "win_rate", "reliability", "exchange_hour", "cumulative", "budget_split"
]


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FrameData(_Plain):
    """A small frame: column names and rows; a number that does not exist is null."""

    columns: list[str]
    rows: list[list[Any]]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Self:
        """Keep a frame's columns and rows, without its index."""
        rows = [[_plain(cell) for cell in row] for row in frame.itertuples(index=False, name=None)]
        return cls(columns=list(map(str, frame.columns)), rows=rows)

    def frame(self) -> pd.DataFrame:
        """Return the frame; nulls are NaN in number columns."""
        frame = pd.DataFrame(self.rows, columns=self.columns)
        texts = [name for name in frame if any(isinstance(cell, str) for cell in frame[name])]
        numbers = frame.columns.difference(texts)
        return frame.astype(dict.fromkeys(numbers, "float64"))


class TableData(_Plain):
    """A table of the report; cells are as they are shown."""

    title: str
    table: FrameData
    note: str = ""


class FigureData(_Plain):
    """A figure of the report: the numbers that are drawn, and what they say."""

    kind: FigureKind
    title: str
    caption: str
    alt: str
    data: FrameData
    options: dict[str, Any] = {}


class SectionData(_Plain):
    """A section of its own, for what goes beyond the main comparison."""

    title: str
    lead: str = ""
    words: list[str]
    tables: list[TableData]


class UnitData(_Plain):
    """The log's price unit; see `kit.base.units.PriceUnit`."""

    currency: str
    minor_per_major: int
    label: str


class SourceData(_Plain):
    """The log; see `kit.report.parts.DataFacts`."""

    source: str
    source_hash: str
    rows: int
    bad_rows: int
    period: str
    splits: dict[str, int]
    notes: list[str]


class StruckData(_Plain):
    """A sentence of a narrative that did not hold, and why."""

    text: str
    reason: str


class NarrativeData(_Plain):
    """The narrative; see `kit.report.narrative.Narrative`."""

    by: str
    sentences: list[str]
    struck: list[StruckData] = []
    note: str = ""


class Findings(_Plain):
    """Everything a report says, and nothing that is drawn.

    Sums of money (``totals``, ``comparison``, ``verdict``) are price sums in `unit`; tables are in
    currency.
    """

    version: Literal[2] = 2
    title: str
    question: str
    policy: str
    baseline: str
    unit: UnitData
    comparison: dict[str, Any]
    totals: dict[str, dict[str, Any]]
    optimistic: dict[str, Any] | None
    models: dict[str, dict[str, Any]]
    choice: dict[str, Any]
    verdict: dict[str, Any] | None = None
    no_verdict: str = ""
    narrative: NarrativeData | None = None
    budget_split: dict[str, Any] | None = None
    data: SourceData
    method: list[str]
    results: TableData
    figures: list[FigureData]
    sections: list[SectionData] = []
    diagnostics: list[TableData]
    limits: list[str]
    command: str
    versions: dict[str, str]
    seed: int
    generated_at: str

    def save(self, path: Path) -> Path:
        """Write one JSON file, whole or not at all."""
        plain = self.model_dump(mode="json")
        write_text(path, json.dumps(plain, indent=1, allow_nan=False) + "\n")
        return path

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        DataError
            If the file is missing, no JSON, or not what `save` writes.
        """
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise DataError(
                f"{path}: cannot be read ({error.strerror}). Pass the result.json of `kit demo`."
            ) from None
        except (ValidationError, ValueError) as error:
            raise DataError(
                f"{path.name}: is no result of this version ({_first(error)}). "
                "Run `kit demo` again."
            ) from None


def _plain(cell: Any) -> Any:
    if hasattr(cell, "item"):
        cell = cell.item()
    if cell is None or cell is pd.NA or (isinstance(cell, float) and not math.isfinite(cell)):
        return None
    return cell


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error).splitlines()[0]
    item = error.errors()[0]
    return f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}"
