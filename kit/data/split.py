"""Cut a log in time: train before tune before holdout, and nothing later leaks back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import has_columns, number
from kit.base.errors import DataError
from kit.data.log import AuctionLog

PARTS = ("train", "tune", "holdout")
KIND_WORDS = {
    "day": "by whole days",
    "hour": "by whole hours",
    "time_index": "by time_index",
    "row": "in file order",
}


@dataclass(frozen=True, eq=False)
class Split:
    """Three parts of a log, each later than the one before.

    Parameters
    ----------
    train, tune, holdout : AuctionLog
        To fit, to choose, to judge.
    kind : {"day", "hour", "time_index", "row"}
        What was never cut in two.
    cutoffs : mapping of str to mapping of str to str
        By campaign ("all" if not by campaign): where tune and holdout begin, as text.
    """

    train: AuctionLog
    tune: AuctionLog
    holdout: AuctionLog
    kind: str
    cutoffs: Mapping[str, Mapping[str, str]]

    @property
    def about(self) -> str:
        """How the log was cut, in words."""
        parts = (self.train, self.tune, self.holdout)
        sizes = ", ".join(f"{name} {len(part):,}" for name, part in zip(PARTS, parts, strict=True))
        words = KIND_WORDS[self.kind]
        if len(self.cutoffs) > 1:
            return f"{words}, each campaign by itself ({sizes} auctions)"
        cut = next(iter(self.cutoffs.values()))
        return f"{words}, tune from {cut['tune']}, holdout from {cut['holdout']} ({sizes} auctions)"


def time_split(
    log: AuctionLog, *, tune: float = 0.2, holdout: float = 0.2, by_campaign: bool = False
) -> Split:
    """Cut a log into train, tune and holdout, in time order.

    Cuts fall between whole days of the log's time zone where it spans at least three, else
    between hours, else between values of ``time_index``, else between rows: wherever the parts
    come nearest to their shares. A conversion that came after its part's end is not in it: such
    a row reads as not (yet) converted, and ``label_mature_at`` still says that its label is open.

    Parameters
    ----------
    log : AuctionLog
        Rows in time order.
    tune, holdout : float
        Shares of the rows, in (0, 0.9], together below 1.
    by_campaign : bool
        Whether each campaign is cut at its own times.

    Raises
    ------
    DataError
        If a share is out of range, or a log (or campaign) has fewer than three rows.

    Examples
    --------
    >>> frame = pd.DataFrame({"market_price_cpm": np.ones(10), "market_price_kind": "known"})
    >>> split = time_split(AuctionLog(frame))
    >>> split.about
    'in file order, tune from row 7, holdout from row 9 (train 6, tune 2, holdout 2 auctions)'
    """
    shares = checked_shares(tune, holdout)
    if by_campaign:
        has_columns("split by campaign", log.frame.columns, ["campaign_id"])
    groups, names = log.labels("campaign_id" if by_campaign else "", "all")
    kind, keys = time_keys(log, groups)
    part = np.zeros(len(log), dtype=np.int8)
    ends: dict[str, NDArray[np.int64]] = {}
    for code, name in enumerate(names):
        rows = groups == code
        ends[name] = cut_points(keys[rows], shares, name if by_campaign else "the log")
        part[rows] = np.searchsorted(ends[name], keys[rows], side="right")
    later = np.array([ends[name] for name in names])[groups]
    parts = [
        _mask_later(log.rows(part == number), kind, _end(later[part == number], number))
        for number in range(len(PARTS))
    ]
    cutoffs = {name: cut_texts(kind, cuts, log.meta.timezone) for name, cuts in ends.items()}
    return Split(parts[0], parts[1], parts[2], kind, cutoffs)


def checked_shares(tune: float, holdout: float) -> tuple[float, float]:
    """Return both shares after checking them.

    Raises
    ------
    DataError
        If one is out of range, or nothing would be left to train on.
    """
    shares = number("tune", tune, 0, 0.9, above=0), number("holdout", holdout, 0, 0.9, above=0)
    if sum(shares) >= 1:
        raise DataError(
            f"tune and holdout: got {tune:g} and {holdout:g}; must be below 1 together, so that "
            "rows are left to train on. Pass smaller shares."
        )
    return shares


def time_keys(log: AuctionLog, groups: NDArray[np.int32]) -> tuple[str, NDArray[np.int64]]:
    """Return what is never cut in two, and its number in each row, shape (n,)."""
    for kind, keys in _possible_keys(log):
        if _least_distinct(keys, groups) >= len(PARTS):
            return kind, keys
    return "row", np.arange(1, len(log) + 1, dtype=np.int64)


def _possible_keys(log: AuctionLog) -> list[tuple[str, NDArray[np.int64]]]:
    if "timestamp" in log.frame.columns:
        return [("day", log.day), ("hour", log.day * 24 + log.hour)]
    if "time_index" in log.frame.columns:
        return [("time_index", log.frame["time_index"].to_numpy(dtype=np.int64))]
    return []


def _least_distinct(keys: NDArray[np.int64], groups: NDArray[np.int32]) -> int:
    pairs = pd.DataFrame({"group": groups, "key": keys})
    return int(pairs.groupby("group")["key"].nunique().min())


def cut_points(
    keys: NDArray[np.int64], shares: tuple[float, float], name: str
) -> NDArray[np.int64]:
    """Return the first key of tune and of holdout, shape (2,).

    Parameters
    ----------
    keys : ndarray of int64, shape (n,)
        A key a row, or a row a key with repetitions; order does not matter.
    shares : (float, float)
        Of tune and holdout.
    name : str
        What is cut, for a message.

    Raises
    ------
    DataError
        If there are fewer than three keys.
    """
    values, rows = np.unique(keys, return_counts=True)
    return cut_counts(values, rows, shares, name)


def cut_counts(
    values: NDArray[np.int64], rows: NDArray[np.int64], shares: tuple[float, float], name: str
) -> NDArray[np.int64]:
    """Return what `cut_points` does, from distinct keys in order and their rows."""
    if len(values) < len(PARTS):
        raise DataError(
            f"split: {name} has {len(values)} distinct time{'s' * (len(values) != 1)} or rows; "
            f"must have at least {len(PARTS)}. Pass a longer log."
        )
    before = np.cumsum(rows) - rows  # rows before each key
    total = rows.sum()
    goals = ((1 - sum(shares)) * total, (1 - shares[1]) * total)
    first = 1 + int(np.argmin(np.abs(before[1:-1] - goals[0])))
    second = first + 1 + int(np.argmin(np.abs(before[first + 1 :] - goals[1])))
    return np.array([values[first], values[second]], dtype=np.int64)


def _end(later: NDArray[np.int64], part: int) -> NDArray[np.int64] | None:
    return None if part == len(PARTS) - 1 else later[:, part]


def _mask_later(log: AuctionLog, kind: str, end: NDArray[np.int64] | None) -> AuctionLog:
    """Take out conversions that came at or after the first key of the next part."""
    columns = log.frame.columns
    if end is None or kind not in ("day", "hour") or "conversion_time" not in columns:
        return log
    starts = key_starts(kind, end, log.meta.timezone)
    return AuctionLog(mask_conversions(log.frame, starts), log.meta)


def mask_conversions(frame: pd.DataFrame, until: pd.Timestamp | pd.DatetimeIndex) -> pd.DataFrame:
    """Return rows as they were known at `until` (UTC; one time, or one a row)."""
    seen = (frame["conversion_time"] < until).to_numpy()
    masked = {"conversion_time": frame["conversion_time"].where(seen)}
    if "conversion" in frame.columns:
        masked["conversion"] = frame["conversion"] & seen
    if "conversion_value_cpm" in frame.columns:
        masked["conversion_value_cpm"] = frame["conversion_value_cpm"].where(seen)
    return frame.assign(**masked)


def key_starts(kind: str, keys: NDArray[np.int64], zone: str) -> pd.DatetimeIndex:
    """Return when each day or hour of a time zone begins, UTC."""
    unit = "D" if kind == "day" else "h"
    local = pd.DatetimeIndex(keys.astype(f"datetime64[{unit}]").astype("datetime64[us]"))
    zoned = local.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return zoned.tz_convert("UTC")


def cut_texts(kind: str, cuts: NDArray[np.int64], zone: str) -> dict[str, str]:
    """Return where tune and holdout begin, as text.

    Examples
    --------
    >>> cut_texts("day", np.array([20513, 20515]), "UTC")
    {'tune': '2026-03-01', 'holdout': '2026-03-03'}
    """
    if kind in ("day", "hour"):
        length = 10 if kind == "day" else 16
        local = key_starts(kind, cuts, zone).tz_convert(zone)
        texts = [f"{when:%Y-%m-%d %H:%M}"[:length] for when in local]
    else:
        noun = "row" if kind == "row" else "time_index"
        texts = [f"{noun} {cut}" for cut in cuts]
    return dict(zip(PARTS[1:], texts, strict=True))
