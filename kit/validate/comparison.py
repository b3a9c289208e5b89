"""What a comparison ends in: a decision in words, its reasons, and the numbers behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import pandas as pd

from kit.base.checks import has_columns, one_of

Decision = Literal["better", "worse", "cannot conclude"]
DECISIONS = ("better", "worse", "cannot conclude")


@dataclass(frozen=True)
class MetricDifference:
    """One metric of the policy beside the baseline, over the whole holdout.

    Parameters
    ----------
    metric : str
        Name of the block column: surplus, value, spend, clicks or impressions.
    policy, baseline, difference : float
        Totals and policy minus baseline; price sums in the log's unit, or counts.
    low, high : float
        The metric's own interval; NaN where the data cannot support one.
    simultaneous_low, simultaneous_high : float
        The interval that holds for every comparison counted, together; the verdict uses it.
    se : float
        Block standard error of the difference, widened where neighbouring blocks move together;
        NaN with fewer than 2 blocks.
    mde : float
        Smallest true difference that a holdout like this one finds with the stated power.
    """

    metric: str
    policy: float
    baseline: float
    difference: float
    low: float
    high: float
    simultaneous_low: float
    simultaneous_high: float
    se: float
    mde: float


@dataclass(frozen=True)
class Comparison:
    """The outcome of `kit.validate.compare.compare`.

    Parameters
    ----------
    decision : {"better", "worse", "cannot conclude"}
        About the first metric, at the stated level, with every comparison counted.
    reasons : tuple of str
        Why, in sentences; for "cannot conclude" what is lacking and roughly how much of it.
    blocks : int
        Independent units that were resampled.
    block_kind : str
        How they were cut.
    level : float
        Level of the intervals.
    comparisons : int
        Metrics times policies that the simultaneous intervals count.
    rows : tuple of MetricDifference
        One a metric; the first decides.
    auctions, clicks : int
        Auctions of the holdout; clicks of the policy that won more of them.
    needed_auctions : int or None
        With an open verdict, auctions at which a difference of the observed size would be found
        with `power`.
    power : float
        Power that `mde` and `needed_auctions` refer to.
    resamples : int
        Bootstrap draws.
    """

    decision: Decision
    reasons: tuple[str, ...]
    blocks: int
    block_kind: str
    level: float
    comparisons: int
    rows: tuple[MetricDifference, ...]
    auctions: int
    clicks: int
    needed_auctions: int | None = None
    power: float = 0.8
    resamples: int = 4000

    def __post_init__(self) -> None:
        one_of("decision", self.decision, DECISIONS)

    @property
    def first(self) -> MetricDifference:
        """The metric that decides."""
        return self.rows[0]

    @property
    def table(self) -> pd.DataFrame:
        """One row a metric, the fields of `MetricDifference` as columns, and `per_1000`.

        ``per_1000`` is the difference per 1,000 auctions of the holdout.
        """
        frame = pd.DataFrame([asdict(row) for row in self.rows]).set_index("metric")
        return frame.assign(per_1000=frame["difference"] * 1000 / self.auctions)

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON; a number that does not exist is None."""
        plain = asdict(self)
        plain["reasons"] = list(self.reasons)
        plain["rows"] = [
            {name: _none_if_absent(value) for name, value in asdict(row).items()}
            for row in self.rows
        ]
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Comparison:
        """Read what `to_dict` wrote.

        Raises
        ------
        DataError
            If a field is missing or the decision is not one of the three.
        """
        names = [field.name for field in fields(cls)]
        has_columns("verdict", plain, names)
        values = {name: plain[name] for name in names}
        values["reasons"] = tuple(plain["reasons"])
        values["rows"] = tuple(
            MetricDifference(**{name: _nan_if_none(value) for name, value in row.items()})
            for row in plain["rows"]
        )
        return cls(**values)


def _none_if_absent(value: str | float) -> str | float | None:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _nan_if_none(value: Any) -> Any:
    return math.nan if value is None else value
