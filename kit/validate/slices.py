"""The effect slice by slice, every slice and metric counted, and who loses by a gain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from kit.base.checks import bad_values, number, one_of
from kit.base.errors import DataError
from kit.data.log import AuctionLog
from kit.validate.blocks import Blocks
from kit.validate.bootstrap import Array, block_se, residuals
from kit.validate.paired import METRICS, PairedUnits, check_frames
from kit.validate.serial import inflation, studentised_in_time, too_few_blocks, too_few_events

_JOIN = " \N{MIDDLE DOT} "
FEWEST_FOR_BOOTSTRAP = 14
"""With fewer time blocks in common the slices are counted by Holm, not by resampling."""


@dataclass(frozen=True, eq=False)
class SliceEffects:
    """What `slice_effects` found.

    Parameters
    ----------
    table : pandas.DataFrame, one row a slice and metric
        Columns slice, metric, auctions, policy, baseline, difference, low, high, sure and
        lacking; slices with more auctions first. The intervals hold for every row that has one,
        together; ``sure`` rows differ from zero with all of them counted; ``lacking`` says why a
        row has no interval.
    level : float
        Level of the intervals.
    counted : int
        Slices times metrics that have an interval.
    adjusted_by : {"max-t", "Holm", ""}
        How they were counted.
    """

    table: pd.DataFrame
    level: float
    counted: int
    adjusted_by: str

    @property
    def losers(self) -> pd.DataFrame:
        """Rows that are surely worse, the largest loss first; less spend is no loss."""
        is_worse = self.table["sure"] & (self.table["difference"] < 0)
        counts = is_worse & (self.table["metric"] != "spend")
        return self.table[counts].sort_values("difference", kind="stable")

    def regret(self, metric: str = "surplus") -> tuple[str, float]:
        """Return the slice that loses most in a metric, and how much; ``("", 0.0)`` if none loses.

        It is the estimate, whether or not the loss is sure.

        Raises
        ------
        DataError
            If the metric was not compared.
        """
        one_of("metric", metric, tuple(self.table["metric"].unique()))
        rows = self.table[self.table["metric"] == metric].sort_values("difference", kind="stable")
        worst = rows.iloc[0]
        if worst["difference"] >= 0:
            return "", 0.0
        return str(worst["slice"]), -float(worst["difference"])


def cross_blocks(blocks: Blocks, log: AuctionLog, column: str) -> Blocks:
    """Cross the time blocks of a log with a label column, in place of campaigns.

    Parameters
    ----------
    blocks : Blocks
        How the log was cut in time.
    log : AuctionLog
        The same rows.
    column : str
        Such as ``exchange``; absent values form a slice of their own.

    Raises
    ------
    DataError
        If the log lacks the column or has other rows.

    Examples
    --------
    >>> from kit.validate.blocks import time_blocks
    >>> log = AuctionLog(pd.DataFrame({"market_price_cpm": np.ones(4), "market_price_kind": "known",
    ...     "exchange": ["a", "b", "a", "b"]}))
    >>> cross_blocks(time_blocks(log, min_rows=2), log, "exchange").labels[:2]
    ('auctions from 1 · a', 'auctions from 1 · b')
    """
    if column not in log.frame.columns or len(log) != len(blocks.codes):
        raise DataError(
            f"column: got {column!r} and {len(log)} rows; must be a column of the log that the "
            f"{len(blocks.codes)} block codes were cut from. Pass that log."
        )
    codes, names = log.labels(column, "")
    used, crossed = np.unique(blocks.time[blocks.codes] * len(names) + codes, return_inverse=True)
    time = (used // len(names)).astype(np.int32)
    pairs = zip(time, used % len(names), strict=True)
    labels = tuple(f"{blocks.time_labels[when]}{_JOIN}{names[which]}" for when, which in pairs)
    return replace(
        blocks, codes=crossed.astype(np.int32), labels=labels, time=time,
        kind=f"{blocks.time_count} time blocks, crossed with {len(names)} of {column}",
    )  # fmt: skip


def slice_names(blocks: Blocks) -> tuple[str, ...]:
    """Return the slice of each block: what its label says beyond its time; empty for none."""
    return tuple(
        label.removeprefix(blocks.time_labels[time]).removeprefix(_JOIN)
        for label, time in zip(blocks.labels, blocks.time, strict=True)
    )


def slice_effects(
    policy: pd.DataFrame,
    baseline: pd.DataFrame,
    *,
    blocks: Blocks,
    rng: np.random.Generator,
    metrics: Sequence[str] = ("surplus", "value", "spend"),
    level: float = 0.95,
    resamples: int = 4000,
    min_blocks: int = 8,
    min_events: int = 30,
) -> SliceEffects:
    """Compare two policies in each slice, with intervals that hold for all of them together.

    Parameters
    ----------
    policy, baseline : pandas.DataFrame, shape (blocks, >= 6)
        Block totals of two replays of one log, indexed by block code.
    blocks : Blocks
        Time blocks crossed with campaigns, or with another column by `cross_blocks`.
    rng : numpy.random.Generator
        Source of the bootstrap draws.
    metrics : sequence of str
        Block columns.
    level, resamples : float, int
        As in `kit.validate.compare.compare`.
    min_blocks, min_events : int
        A slice with fewer time blocks, or in which neither policy won so many clicks (for spend:
        impressions), has too little data for an interval.

    Returns
    -------
    SliceEffects

    Raises
    ------
    DataError
        If the frames are not paired, or an option is out of range.

    Notes
    -----
    Slices of one time are resampled together, so that what they have in common is counted once
    (max-t over slices and metrics). A slice that does not appear in a block adds nothing there.
    With fewer than 14 time blocks the maximum of many resampled t statistics is too rough:
    intervals are then Student's at Bonferroni's level, and Holm's procedure says which rows are
    sure.

    References
    ----------
    Romano and Wolf, "Stepwise Multiple Testing as Formalized Data Snooping" (2005); Holm, "A
    Simple Sequentially Rejective Multiple Test Procedure" (1979).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> hours = [f"hour {hour}" for hour in range(20)]
    >>> blocks = Blocks(np.arange(40, dtype=np.int32),
    ...     tuple(f"{hour} · {name}" for hour in hours for name in "ab"), "40 blocks",
    ...     np.repeat(np.arange(20, dtype=np.int32), 2), tuple(hours))
    >>> base = pd.DataFrame({"auctions": 500, "impressions": 90, "clicks": 3, "value": 9.0,
    ...     "spend": 4.0, "surplus": 5.0}, index=range(40))
    >>> gain = np.tile([2.0, -1.0], 20) + rng.normal(0, 1, 40)
    >>> found = slice_effects(base.assign(surplus=5.0 + gain), base, blocks=blocks, rng=rng,
    ...     metrics=["surplus"])
    >>> found.counted, found.regret()[0], found.losers["slice"].tolist()
    (2, 'b', ['b'])
    """
    _check_options(metrics, level, resamples, min_blocks, min_events)
    check_frames(policy, baseline)
    slices = _by_slice(policy, baseline, blocks)
    pairs = [(one, metric) for one in slices for metric in metrics]
    table = pd.DataFrame([_row(one, metric, min_blocks, min_events) for one, metric in pairs])
    kept = (table["lacking"] == "").to_numpy()
    if not kept.any():
        return SliceEffects(table, level, 0, "")
    added = np.column_stack([one.added(metric) for one, metric in pairs])[:, kept]
    center = table.loc[kept, "difference"].to_numpy()
    if len(added) >= FEWEST_FOR_BOOTSTRAP:
        sizes = np.sum([one.units.auctions for one in slices], axis=0)
        found = studentised_in_time(added, sizes, level=level, resamples=resamples, rng=rng)
        half, method = found.simultaneous * found.se, "max-t"
        sure = np.abs(center) > half
    else:
        half, sure = _by_holm(added, center, level)
        method = "Holm"
    table.loc[kept, ["low", "high"]] = center[:, None] + np.column_stack([-half, half])
    table.loc[kept, "sure"] = sure
    return SliceEffects(table, level, int(kept.sum()), method)


def _check_options(
    metrics: Sequence[str], level: float, resamples: int, min_blocks: int, min_events: int
) -> None:
    if isinstance(metrics, str) or not metrics or len(set(metrics)) != len(metrics):
        raise DataError(
            f"metrics: got {metrics!r}; must be a list of different names. "
            f"Pass some of {', '.join(METRICS)}."
        )
    for name in metrics:
        one_of("metrics", name, METRICS)
    number("level", level, 0.5, 0.999)
    number("resamples", resamples, 200)
    number("min_blocks", min_blocks, 2)
    number("min_events", min_events, 1)


@dataclass(frozen=True, eq=False)
class _Slice:
    """Totals of one slice in every time block, in time order; 0 where it does not appear."""

    name: str
    units: PairedUnits

    def side(self, metric: str) -> tuple[Array, Array]:
        at = METRICS.index(metric)
        return self.units.policy[:, at], self.units.baseline[:, at]

    def added(self, metric: str) -> Array:
        """Return what each time block adds beyond the slice's size there."""
        policy, baseline = self.side(metric)
        return residuals((policy - baseline)[:, None], self.units.auctions)[:, 0]


def _by_slice(policy: pd.DataFrame, baseline: pd.DataFrame, blocks: Blocks) -> list[_Slice]:
    """Return the slices, those with more auctions first."""
    codes = policy.index.to_numpy()
    outside = (codes < 0) | (codes >= len(blocks))
    bad_values(
        "block codes", codes, outside, f"in [0, {len(blocks) - 1}]",
        "Pass the blocks that the replay was given.", "unknown",
    )  # fmt: skip
    _, time = np.unique(blocks.time[codes], return_inverse=True)
    which, names = pd.factorize(np.array(slice_names(blocks), dtype=object)[codes], sort=True)
    shape = (int(time.max()) + 1, len(names))
    cell = time * shape[1] + which

    def sums(frame: pd.DataFrame, column: str) -> Array:
        values = frame[column].to_numpy(dtype=np.float64)
        return np.asarray(np.bincount(cell, values, shape[0] * shape[1]), float).reshape(shape)

    auctions = sums(policy, "auctions")
    sides = [np.stack([sums(side, name) for name in METRICS]) for side in (policy, baseline)]
    found = [
        _Slice(str(name), PairedUnits(sides[0][:, :, at].T, sides[1][:, :, at].T, auctions[:, at]))
        for at, name in enumerate(names)
        if auctions[:, at].sum() > 0
    ]
    return sorted(found, key=lambda one: -float(one.units.auctions.sum()))


def _row(one: _Slice, metric: str, min_blocks: int, min_events: int) -> dict[str, object]:
    policy, baseline = (float(side.sum()) for side in one.side(metric))
    return {
        "slice": one.name,
        "metric": metric,
        "auctions": int(one.units.auctions.sum()),
        "policy": policy,
        "baseline": baseline,
        "difference": policy - baseline,
        "low": math.nan,
        "high": math.nan,
        "sure": False,
        "lacking": _lacking(one, metric, min_blocks, min_events),
    }


def _lacking(one: _Slice, metric: str, min_blocks: int, min_events: int) -> str:
    clicks, impressions = (
        max(float(side.sum()) for side in one.side(event)) for event in ("clicks", "impressions")
    )
    thin = too_few_events(metric, clicks, impressions, min_events)
    if thin:
        return thin
    seen = one.units.auctions > 0
    policy, baseline = one.side(metric)
    return too_few_blocks((policy != baseline)[seen], min_blocks)


def _by_holm(added: Array, center: Array, level: float) -> tuple[Array, NDArray[np.bool_]]:
    """Return half widths at Bonferroni's level, and which rows Holm's procedure calls sure."""
    blocks, rows = added.shape
    wider = np.array([inflation(column) for column in added.T])
    error = block_se(added, np.ones(blocks)) * wider
    freedom = np.maximum(np.count_nonzero(added, axis=0) - 1, 1)
    half = student.isf((1 - level) / (2 * rows), freedom) * error
    statistic = np.divide(np.abs(center), error, out=np.full(rows, np.inf), where=error > 0)
    p_values = 2 * student.sf(statistic, freedom)
    order = np.argsort(p_values)
    # The smallest p against alpha / rows, the next against alpha / (rows - 1), until one fails.
    passed = p_values[order] <= (1 - level) / (rows - np.arange(rows))
    sure = np.zeros(rows, dtype=bool)
    sure[order] = np.logical_and.accumulate(passed)
    return half, sure
