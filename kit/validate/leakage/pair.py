"""`Pair`: train and tune rows side by side, as the checks want them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import as_numbers, bad_values, has_columns, one_of
from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.data.schema import COLUMNS
from kit.models.features import CALENDAR, default_features
from kit.models.labels import TARGETS, carries_label

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Mask = NDArray[np.bool_]
NO_TIME = np.iinfo(np.int64).min
NAMES_ROWS = ("auction_id", "timestamp", "time_index")
"""Columns that say which row it is: never a feature, of use as evidence."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Rows of both parts, train first; every array has shape (train rows + tune rows,).

    Parameters
    ----------
    train, tune : pandas.DataFrame
        The parts.
    features : tuple of str
        Columns that a model is to use.
    target : str
        The column of labels.
    labelled : ndarray of bool
        Rows that carry a label.
    time : ndarray of int64 or None
        When each request came, microseconds; an order in time where there is no clock.
    label_time, mature_at : ndarray of int64 or None
        When a positive label came, and when a label is final; `NO_TIME` where unknown.
    rows_drop_out : bool
        Whether rows that are not mature carry no label, as in `kit.models.labels`.
    bins : dict
        Columns that `kit.validate.leakage.bins.binned` has cut already.
    """

    train: pd.DataFrame
    tune: pd.DataFrame
    features: tuple[str, ...]
    target: str
    labelled: Mask
    time: NDArray[np.int64] | None
    label_time: NDArray[np.int64] | None = None
    mature_at: NDArray[np.int64] | None = None
    rows_drop_out: bool = False
    _codes: dict[str, tuple[Codes, int]] = field(default_factory=dict, repr=False)
    _values: dict[str, Array] = field(default_factory=dict, repr=False)
    bins: dict[str, tuple[Codes, int]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.train) + len(self.tune)

    @cached_property
    def in_train(self) -> Mask:
        """Rows of train."""
        return np.arange(len(self)) < len(self.train)

    @cached_property
    def label(self) -> Mask:
        """Labels; False where a row carries none."""
        return self.flags(self.target) & self.labelled

    def has(self, name: str) -> bool:
        """Whether both parts have a column."""
        return name in self.train.columns and name in self.tune.columns

    @cached_property
    def _of_labels(self) -> frozenset[str]:
        frame = self.train
        kinds = zip(map(str, frame.columns), frame.dtypes, strict=True)
        return frozenset(name for name, kind in kinds if _is_text(kind))

    def is_label(self, name: str) -> bool:
        """Whether a column holds labels rather than numbers or times."""
        return name in self._of_labels

    @cached_property
    def numeric(self) -> list[str]:
        """Features that are numbers."""
        return [name for name in self.features if not self.is_label(name)]

    @cached_property
    def keys(self) -> list[str]:
        """Columns that rows can be joined by: those of labels, used as features or not."""
        names = [str(name) for name in self.train.columns if self.has(str(name))]
        skipped = (*NAMES_ROWS, "market_price_kind", self.target)
        return [name for name in names if name not in skipped and self.is_label(name)]

    def flags(self, name: str) -> Mask:
        """Return a column of yes and no."""
        return np.concatenate([part[name].to_numpy(dtype=bool) for part in (self.train, self.tune)])

    def numbers(self, name: str) -> Array:
        """Return a column as float64, NaN where it is missing or infinite."""
        if name not in self._values:
            sides = [_numbers(part[name]) for part in (self.train, self.tune)]
            self._values[name] = np.concatenate(sides)
        return self._values[name]

    def codes(self, name: str) -> tuple[Codes, int]:
        """Return a label column's codes, -1 where it is missing, and how many there are."""
        if name not in self._codes:
            self._codes[name] = _factorised(self.train[name], self.tune[name])
        return self._codes[name]


def _is_text(kind: Any) -> bool:
    return not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind))


def _numbers(values: pd.Series) -> Array:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        times = micros(values)
        return np.where(times == NO_TIME, np.nan, times)
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _factorised(train: pd.Series, tune: pd.Series) -> tuple[Codes, int]:
    """Return codes over both parts; labels of categories are compared by their text."""
    sides = [_coded(values) for values in (train, tune)]
    texts = np.concatenate([np.asarray(names, dtype=object) for _, names in sides])
    merged, labels = pd.factorize(texts)
    first = len(sides[0][1])
    places = (np.append(merged[:first], -1), np.append(merged[first:], -1))
    joined = [place[codes] for place, (codes, _) in zip(places, sides, strict=True)]
    return np.concatenate(joined).astype(np.intp), len(labels)


def _coded(values: pd.Series) -> tuple[Codes, list[str]]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, labels = values.cat.codes.to_numpy(), values.cat.categories
    else:
        codes, labels = pd.factorize(values)
    return np.asarray(codes, dtype=np.intp), [str(label) for label in labels]


def micros(values: pd.Series) -> NDArray[np.int64]:
    """Return times as microseconds since 1970, `NO_TIME` where missing; an order in time as is."""
    if not pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values.to_numpy(dtype=np.int64)
    plain = values.dt.tz_localize(None) if isinstance(values.dtype, pd.DatetimeTZDtype) else values
    return plain.to_numpy(dtype="datetime64[us]").astype(np.int64)


def pair_of_logs(
    train: AuctionLog, tune: AuctionLog, features: Sequence[str] | None, target: str
) -> Pair:
    """Return two logs as a pair; rows carry labels as `kit.models.labels.labelled` says.

    Raises
    ------
    DataError
        If a part is empty, a column is missing, or the target is unknown.
    """
    one_of("target", target, TARGETS)
    chosen = default_features(train) if features is None else tuple(dict.fromkeys(features))
    frames = [_with_calendar(log, chosen) for log in (train, tune)]
    for name, frame in zip(("train", "tune"), frames, strict=True):
        _check(name, frame, (*chosen, "click", target))
    converts = target == "conversion"
    times = [
        _joined(frames, name) if converts else None
        for name in ("conversion_time", "label_mature_at")
    ]
    time = _joined(frames, "timestamp")
    return Pair(
        frames[0],
        frames[1],
        chosen,
        target,
        np.concatenate([carries_label(frame, target) for frame in frames]),
        _joined(frames, "time_index") if time is None else time,
        times[0],
        times[1],
        rows_drop_out=True,
    )


def pair_of_frames(
    train: pd.DataFrame,
    tune: pd.DataFrame,
    features: Sequence[str] | None,
    label: str,
    time: str | None,
    label_time: str | None,
    mature_at: str | None,
) -> Pair:
    """Return two plain frames as a pair; every row carries a label unless it is missing.

    Raises
    ------
    DataError
        If a part is empty, a column is missing, or a label is neither yes nor no.
    """
    told = [name for name in (label, time, label_time, mature_at) if name is not None]
    outcomes = [name for name, column in COLUMNS.items() if column.role != "request"]
    rest = [str(name) for name in train.columns if name not in (*told, *outcomes, *NAMES_ROWS)]
    chosen = tuple(rest if features is None else dict.fromkeys(features))
    parts = (("train", train), ("tune", tune))
    for name, frame in parts:
        _check(name, frame, (*chosen, *told))
    answers = [_yes_or_no(f"{name}.{label}", frame[label]) for name, frame in parts]
    known = np.concatenate([~np.isnan(side) for side in answers])
    frames = [
        frame.assign(**{label: side == 1.0})
        for (_, frame), side in zip(parts, answers, strict=True)
    ]
    when, came, final = (
        _joined(frames, name) if name else None for name in (time, label_time, mature_at)
    )
    return Pair(frames[0], frames[1], chosen, label, known, when, came, final)


def _yes_or_no(name: str, column: pd.Series) -> Array:
    """Return labels as 0 and 1, NaN where there is none."""
    numbers = as_numbers(name, column)
    bad_values(name, numbers, ~np.isnan(numbers) & (numbers != 0) & (numbers != 1), "0, 1 or none")
    return numbers


def _check(name: str, frame: pd.DataFrame, needed: Sequence[str]) -> None:
    if not len(frame):
        raise DataError(f"{name}: has no rows; must have at least one. Pass another split.")
    has_columns(name, map(str, frame.columns), needed)


def _with_calendar(log: AuctionLog, features: Sequence[str]) -> pd.DataFrame:
    """Add hour and weekday where a model would derive them."""
    derived = [name for name in CALENDAR if name in features and name not in log.frame.columns]
    if not derived or "timestamp" not in log.frame.columns:
        return log.frame
    local = log.frame["timestamp"].dt.tz_convert(log.meta.timezone)
    return log.frame.assign(**{name: getattr(local.dt, CALENDAR[name]) for name in derived})


def _joined(frames: Sequence[pd.DataFrame], name: str) -> NDArray[np.int64] | None:
    if any(name not in frame.columns for frame in frames):
        return None
    return np.concatenate([micros(frame[name]) for frame in frames])
