"""Cut a log into blocks over time and campaign: the units an interval resamples."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import number
from kit.base.errors import DataError
from kit.data.log import AuctionLog

HOURS = (1, 2, 3, 4, 6, 8, 12, 24)
"""Block lengths that divide a day, so that every day is cut at the same hours."""
_HOUR_US = 3_600_000_000


@dataclass(frozen=True, eq=False)
class Blocks:
    """Which block every row of a log belongs to.

    Parameters
    ----------
    codes : ndarray of int32, shape (n,)
        Block of each row; blocks are numbered in time order, then by campaign, none is empty.
    labels : tuple of str, length blocks
        One name a block.
    kind : str
        How the blocks were cut, in words, for the report.
    time : ndarray of int32, shape (blocks,)
        The time block of each block. Blocks of different campaigns at one time meet the same
        rivals, so `kit.validate.compare.compare` resamples time blocks, whole.
    time_labels : tuple of str, length time blocks
        One name a time block.
    """

    codes: NDArray[np.int32]
    labels: tuple[str, ...]
    kind: str
    time: NDArray[np.int32]
    time_labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def time_count(self) -> int:
        """Number of time blocks, the independent units."""
        return len(self.time_labels)


def time_blocks(
    log: AuctionLog,
    target: int = 40,
    *,
    episode: int | None = None,
    min_rows: int = 500,
    by_campaign: bool = True,
) -> Blocks:
    """Cut a log into consecutive time blocks, crossed with campaign.

    With a clock a block is 1, 2, 3, 4, 6, 8, 12 hours or whole days of the log's own time zone:
    the longest that still gives `target` blocks, and never less than an hour, since neighbouring
    minutes share rivals and users. With ``time_index`` it is a run of consecutive steps; steps
    fewer than `target` are cut further into equal runs of at least `min_rows` rows. Without
    either it is an equal run of consecutive rows, at least `min_rows` long.

    Parameters
    ----------
    log : AuctionLog
        Rows in time order.
    target : int
        Time blocks aimed at. More blocks give a steadier interval, longer ones less dependence.
    episode : int or None
        Auctions a budget episode, counted from row 0. An episode is never split over two time
        blocks: its rows share a budget, so they are not independent.
    min_rows : int
        Fewest rows a block where there is no clock.
    by_campaign : bool
        Whether to cross time blocks with ``campaign_id``.

    Raises
    ------
    DataError
        If the log is empty or a number is out of range.

    Examples
    --------
    >>> frame = pd.DataFrame({"market_price_cpm": np.ones(4000), "market_price_kind": "known"})
    >>> blocks = time_blocks(AuctionLog(frame), episode=300)
    >>> len(blocks), blocks.kind
    (7, '7 runs of 600 consecutive auctions')
    """
    number("target", target, 1)
    number("min_rows", min_rows, 1)
    number("episode", 1 if episode is None else episode, 1)
    if not len(log):
        raise DataError("log: has no rows; blocks need at least one. Pass a log with rows.")
    raw, names, kind = _cut_time(log, target, min_rows, episode)
    if episode is not None:
        # The time block of an episode's first row is that of the whole episode.
        raw = np.repeat(raw[::episode], episode)[: len(raw)]
        kind += "" if "runs of" in kind else f", whole episodes of {episode:,}"
    used, time_codes = np.unique(raw, return_inverse=True)
    time_names = tuple(names[code] for code in used)
    kind = f"{len(used)} {kind}"
    return _cross(log, time_codes.astype(np.int64), time_names, kind, by_campaign)


def _cut_time(
    log: AuctionLog, target: int, min_rows: int, episode: int | None
) -> tuple[NDArray[np.int64], list[str], str]:
    """Return time codes (n,), a name for each code, and the kind without its count."""
    if "timestamp" in log.frame.columns:
        return _by_clock(log, target)
    if "time_index" in log.frame.columns:
        steps = log.frame["time_index"].to_numpy(dtype=np.int64)
        if steps[0] != steps[-1]:
            return _by_step(steps, target, min_rows)
    return _by_rows(len(log), target, min_rows, episode or 1)


def _by_clock(log: AuctionLog, target: int) -> tuple[NDArray[np.int64], list[str], str]:
    local = log.frame["timestamp"].dt.tz_convert(log.meta.timezone).dt.tz_localize(None)
    stamps = np.asarray(local, dtype="datetime64[us]").astype(np.int64)
    midnight = stamps[0] // (24 * _HOUR_US) * (24 * _HOUR_US)
    hour = (stamps - midnight) // _HOUR_US
    # Local clocks step back once a year; a block never does.
    hour = np.maximum.accumulate(hour)
    length = _hours_a_block(len(np.unique(hour)), target)
    codes = hour // length
    origin = pd.Timestamp(midnight, unit="us")
    starts = [origin + pd.Timedelta(hours=length * code) for code in range(int(codes[-1]) + 1)]
    names = [f"{start:%Y-%m-%d %H:%M}" for start in starts]
    return codes, names, f"blocks of {_hours(length)} ({log.meta.timezone} clock)"


def _hours_a_block(hours: int, target: int) -> int:
    """Return the longest length that leaves `target` blocks in `hours` hours, at least 1."""
    days = hours // (24 * target)
    if days >= 1:
        return 24 * days
    return max((length for length in HOURS if length * target <= hours), default=1)


def _hours(length: int) -> str:
    if length % 24 == 0:
        return "a day" if length == 24 else f"{length // 24} days"
    return "an hour" if length == 1 else f"{length} hours"


def _by_step(
    steps: NDArray[np.int64], target: int, min_rows: int
) -> tuple[NDArray[np.int64], list[str], str]:
    values, step_codes, rows = np.unique(steps, return_inverse=True, return_counts=True)
    if len(values) >= target:
        per_block = len(values) // target
        codes = step_codes // per_block
        names = [f"time_index {value}" for value in values[::per_block]]
        noun = "each time_index" if per_block == 1 else f"{per_block} consecutive time_index"
        return codes, names, f"blocks, {noun}"
    # Few long steps: equal runs inside each, so that no block spans two steps.
    length = max(min_rows, math.ceil(len(steps) / target))
    parts = np.maximum(1, np.round(rows / length)).astype(np.int64)
    first_row = np.cumsum(rows) - rows
    within = np.arange(len(steps)) - first_row[step_codes]
    part = within * parts[step_codes] // rows[step_codes]
    codes = (np.cumsum(parts) - parts)[step_codes] + part
    names = [
        f"time_index {value}" + (f" part {index + 1}" if count > 1 else "")
        for value, count in zip(values, parts, strict=True)
        for index in range(count)
    ]
    return codes, names, f"runs of about {length:,} auctions, none across two time_index"


def _by_rows(
    rows: int, target: int, min_rows: int, episode: int
) -> tuple[NDArray[np.int64], list[str], str]:
    length = max(min_rows, math.ceil(rows / target))
    length = math.ceil(length / episode) * episode
    codes = np.arange(rows) // length
    count = int(codes[-1]) + 1
    if count > 1 and rows - (count - 1) * length < length / 2:
        codes = np.minimum(codes, count - 2)  # a short tail joins the block before it
    names = [f"auctions from {start:,}" for start in range(1, rows + 1, length)]
    return codes, names, f"runs of {length:,} consecutive auctions"


def _cross(
    log: AuctionLog,
    time_codes: NDArray[np.int64],
    time_names: tuple[str, ...],
    kind: str,
    by_campaign: bool,
) -> Blocks:
    campaign, campaigns = log.labels("campaign_id" if by_campaign else "", "")
    used, codes = np.unique(time_codes * len(campaigns) + campaign, return_inverse=True)
    time = (used // len(campaigns)).astype(np.int32)
    labels = time_names
    if len(campaigns) > 1:
        kind = f"{kind}, crossed with {len(campaigns)} campaigns"
        pairs = zip(time, used % len(campaigns), strict=True)
        labels = tuple(f"{time_names[when]} · {campaigns[which]}" for when, which in pairs)
    return Blocks(codes.astype(np.int32), labels, kind, time, time_names)
