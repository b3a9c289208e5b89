"""From request columns to LightGBM's matrix, the same way at fit and at prediction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kit.base.checks import did_you_mean
from kit.base.errors import ModelError, UnsafeSQLError
from kit.data.log import AuctionLog
from kit.data.schema import COLUMNS
from kit.data.sql.features import check_feature, compute_features

SAFE_COLUMNS = (
    "exchange", "auction_type", "bid_floor_cpm", "campaign_id", "unit_id", "deal_id", "deal_at",
    "supply_path",
)  # fmt: skip
"""Canonical request columns that a model uses unless told otherwise."""

CALENDAR = {"hour": "hour", "weekday": "day_of_week"}
"""Derived from ``timestamp`` in the log's time zone, by pandas' word for it, unless the log
declares its own."""

MAX_LABELS = 1000
"""A label column keeps this many labels, the most frequent; the rest count as missing."""

_LARGEST = float(np.finfo(np.float32).max)
"""What LightGBM's matrix holds: a ratio may be larger."""

_NEVER = ("auction_id", "timestamp", "time_index")


def default_features(log: AuctionLog) -> tuple[str, ...]:
    """Return what a model of this log uses by default: declared, safe canonical, calendar."""
    declared = log.meta.features
    safe = [name for name in SAFE_COLUMNS if name in log.frame.columns]
    has_clock = "timestamp" in log.frame.columns
    calendar = [name for name in CALENDAR if has_clock and name not in declared]
    return (*declared, *safe, *calendar)


def checked_features(log: AuctionLog, features: Sequence[str]) -> tuple[str, ...]:
    """Return `features` if a model may use them.

    Raises
    ------
    ModelError
        If one is unknown to the log, names rows, or says what we or the auction did.
    """
    allowed = {*log.request.columns, *default_features(log)} - set(_NEVER)
    for name in features:
        if name in allowed:
            continue
        column = COLUMNS.get(name)
        why = "names rows" if name in _NEVER else "is not in this log"
        if column is not None and column.role != "request":
            why = f"is {column.role} information, unknown at request time"
        raise ModelError(
            f"features: {name!r} {why}; must be among: {', '.join(sorted(allowed)) or 'none'}. "
            f"{did_you_mean(name, allowed) or 'Leave it out.'}"
        )
    return tuple(dict.fromkeys(features))


def readable(log: AuctionLog) -> tuple[str, ...]:
    """Return the columns that a computed feature may read: request columns and the calendar."""
    clock = CALENDAR if "timestamp" in log.frame.columns else {}
    names = (*log.request.columns, *default_features(log), *clock)
    return tuple(name for name in dict.fromkeys(names) if name not in ("auction_id", "time_index"))


def _checked(name: str, text: str, allowed: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    try:
        return check_feature(text, allowed)
    except UnsafeSQLError as error:
        raise UnsafeSQLError(
            f"expression {name!r} ({text}): {error.reason}; must be one SQL expression over "
            f"{', '.join(allowed)}. Write it so, or leave it out.",
            error.at,
        ) from None


@dataclass(frozen=True)
class FeatureTable:
    """The columns of a model and the labels it knows, in LightGBM's order.

    Parameters
    ----------
    names : tuple of str
        Columns in order.
    labels : dict
        For each label column, the labels it knows; a code is a position in this tuple.
    derived : tuple of str
        Those of `names` that come from ``timestamp``.
    timezone : str
        Where hours and weekdays are counted (IANA name).
    expressions : dict of str to str
        Those of `names` that are computed: SQL over request columns, as
        `kit.data.sql.features.check_feature` wrote it.
    reads : tuple of str
        Columns that the expressions read.
    clock : tuple of str
        Those of `reads` that come from ``timestamp``.

    Examples
    --------
    >>> frame = pd.DataFrame({"market_price_cpm": 1.0, "market_price_kind": "known",
    ...                       "exchange": ["b", "a", "b"]})
    >>> table = FeatureTable.of(AuctionLog(frame))
    >>> table.matrix(pd.DataFrame({"exchange": ["a", "unseen"]})).ravel().tolist()
    [1.0, nan]
    """

    names: tuple[str, ...]
    labels: dict[str, tuple[str, ...]]
    derived: tuple[str, ...] = ()
    timezone: str = "UTC"
    expressions: dict[str, str] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    clock: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        log: AuctionLog,
        features: Sequence[str] | None = None,
        expressions: Mapping[str, str] | None = None,
    ) -> FeatureTable:
        """Return the table of a training log.

        Raises
        ------
        ModelError
            If a feature may not be used.
        UnsafeSQLError
            If the guard refuses an expression.
        """
        names = default_features(log) if features is None else checked_features(log, features)
        own = [name for name in names if name in log.frame.columns]
        labels = {name: _labels_of(log.frame[name]) for name in own if _is_label(log.frame[name])}
        derived = tuple(name for name in names if name not in own)
        table = cls(names, labels, derived, log.meta.timezone)
        return table._with(log, expressions) if expressions else table

    def _with(self, log: AuctionLog, expressions: Mapping[str, str]) -> FeatureTable:
        """Return the table with computed features, and the labels that they give in `log`."""
        allowed = readable(log)
        sql, reads = dict[str, str](), dict[str, None]()
        for name, text in expressions.items():
            if name in allowed or name in self.names:
                raise ModelError(
                    f"expressions: {name!r} is a column of the log; must be a new name. Rename it."
                )
            sql[name], read = _checked(name, text, allowed)
            reads |= dict.fromkeys(read)
        names = (*self.names, *sql)
        clock = tuple(name for name in reads if name not in log.frame.columns)
        table = replace(self, names=names, expressions=sql, reads=tuple(reads), clock=clock)
        done = table._computed(log.frame)
        for name in sql:
            if len(done) and done[name].isna().all():
                raise ModelError(
                    f"expression {name!r} ({sql[name]}): gives no value in any row; must say "
                    "something. Mend it, or leave it out."
                )
        labels = {name: _labels_of(done[name]) for name in sql if _is_label(done[name])}
        return replace(table, labels={**self.labels, **labels})

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns that a frame must have."""
        made = (*self.derived, *self.expressions)
        own = [name for name in self.names if name not in made]
        read = [name for name in self.reads if name not in self.clock]
        clock = ["timestamp"] if self.derived or self.clock else []
        return tuple(dict.fromkeys([*own, *read, *clock]))

    def _computed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the expressions' values; times are those of the log's time zone."""
        read = pd.DataFrame(index=frame.index)
        for name in self.reads:
            if name in self.clock:
                read[name] = getattr(self._local(frame).dt, CALENDAR[name])
            else:
                read[name] = self._local(frame) if name == "timestamp" else _steady(frame[name])
        return compute_features(read, self.expressions)

    def _local(self, frame: pd.DataFrame) -> Any:
        return frame["timestamp"].dt.tz_convert(self.timezone).dt.tz_localize(None)

    @property
    def categorical(self) -> list[int]:
        """Positions of the label columns."""
        return [position for position, name in enumerate(self.names) if name in self.labels]

    def check(self, columns: Iterable[str]) -> None:
        """Refuse a frame without the model's columns.

        Raises
        ------
        ModelError
            Naming every missing column.
        """
        present = list(columns)
        missing = [name for name in self.needed if name not in present]
        if missing:
            raise ModelError(
                f"request: lacks {', '.join(missing)}; must have every column the model was "
                f"trained on: {', '.join(self.needed)}. Add or map the missing ones."
            )

    def matrix(self, request: pd.DataFrame | AuctionLog) -> NDArray[np.float32]:
        """Return the features, shape (n, features), columns contiguous; missing is NaN.

        Raises
        ------
        ModelError
            If a column is missing or is text where the model expects a number.
        """
        frame = request.frame if isinstance(request, AuctionLog) else request
        self.check(frame.columns)
        matrix = np.empty((len(frame), len(self.names)), dtype=np.float32, order="F")
        local = self._local(frame) if self.derived else None
        made = self._computed(frame) if self.expressions else frame
        for position, name in enumerate(self.names):
            source = made if name in self.expressions else frame
            if local is not None and name in self.derived:
                matrix[:, position] = getattr(local.dt, CALENDAR[name])
            elif name in self.labels:
                matrix[:, position] = _codes(source[name], self.labels[name])
            else:
                matrix[:, position] = _numbers(name, source[name])
        return matrix

    def importance(self, gain: ArrayLike, splits: ArrayLike) -> pd.DataFrame:
        """Return ``feature``, ``gain`` (share of the total) and ``splits``, largest gain first."""
        total = np.asarray(gain, dtype=np.float64)
        share = total / max(total.sum(), np.finfo(np.float64).tiny)
        frame = pd.DataFrame({"feature": list(self.names), "gain": share, "splits": splits})
        return frame.sort_values("gain", ascending=False, kind="stable", ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and dicts for JSON."""
        return {
            "names": list(self.names),
            "labels": {name: list(labels) for name, labels in self.labels.items()},
            "derived": list(self.derived),
            "timezone": self.timezone,
            "expressions": dict(self.expressions),
            "reads": list(self.reads),
            "clock": list(self.clock),
        }

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> FeatureTable:
        """Read what `to_dict` wrote."""
        labels = {name: tuple(known) for name, known in raw["labels"].items()}
        read = (tuple(raw.get(name, ())) for name in ("reads", "clock"))
        made = raw.get("expressions", {}), *read
        return cls(tuple(raw["names"]), labels, tuple(raw["derived"]), raw["timezone"], *made)


def _steady(values: pd.Series) -> pd.Series:
    """Return a column in the one type that expressions read it in, whatever a part of a log holds.

    A whole number that is missing somewhere is a float to pandas, and its text would read ``8.0``
    in one part of a log and ``8`` in another.
    """
    if values.dtype == object:
        return values.astype("string")
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        return values.astype(np.float64)
    return values


def _is_label(values: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(values.dtype)


def _as_categories(values: pd.Series) -> tuple[NDArray[np.intp], list[str]]:
    """Return codes (-1 is missing) and labels as text."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype("category")
    codes = np.asarray(values.cat.codes, dtype=np.intp)
    return codes, [str(label) for label in values.cat.categories]


def _labels_of(values: pd.Series) -> tuple[str, ...]:
    """Return the labels that occur, most frequent first, then by name; at most MAX_LABELS."""
    codes, labels = _as_categories(values)
    counts = np.bincount(codes[codes >= 0], minlength=len(labels))
    ranked = sorted(range(len(labels)), key=lambda code: (-counts[code], labels[code]))
    return tuple(labels[code] for code in ranked[:MAX_LABELS] if counts[code])


def _codes(values: pd.Series, known: tuple[str, ...]) -> NDArray[np.float32]:
    """Return positions in `known`; NaN for missing and unknown labels."""
    codes, labels = _as_categories(values)
    place = {label: position for position, label in enumerate(known)}
    # the last entry answers code -1
    lookup = np.array([*(place.get(label, np.nan) for label in labels), np.nan], dtype=np.float32)
    return lookup[codes]


def _numbers(name: str, values: pd.Series) -> NDArray[np.float64]:
    if not pd.api.types.is_numeric_dtype(values.dtype):
        raise ModelError(
            f"{name}: has type {values.dtype}; must be a number, as in training. Use pd.to_numeric."
        )
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(np.clip(numbers, -_LARGEST, _LARGEST))
