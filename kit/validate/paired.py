"""Pair two replays' block totals into independent units, and merge those that are not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import bad_values, has_columns, one_of
from kit.base.errors import DataError
from kit.validate.blocks import Blocks
from kit.validate.bootstrap import Array, residuals

METRICS = ("surplus", "value", "spend", "clicks", "impressions")
BLOCK_COLUMNS = ("auctions", *METRICS)
LEAST_MERGED = 16
"""Merging leaves at least this many units."""


@dataclass(frozen=True, eq=False)
class PairedUnits:
    """Paired totals of independent units, in time order.

    Parameters
    ----------
    policy, baseline : ndarray, shape (units, metrics)
        Totals of the two policies.
    auctions : ndarray, shape (units,)
        Auctions, the same for both.
    """

    policy: Array
    baseline: Array
    auctions: Array

    @property
    def difference(self) -> Array:
        """Policy minus baseline, shape (units, metrics)."""
        return np.asarray(self.policy - self.baseline)

    def __len__(self) -> int:
        return len(self.auctions)


def time_differences(
    policy: pd.DataFrame, baseline: pd.DataFrame, blocks: Blocks, metric: str = "surplus"
) -> pd.DataFrame:
    """Return the paired difference of each time block, in time order, for a figure.

    Returns
    -------
    pandas.DataFrame, shape (time blocks, 3)
        Columns ``block`` (its label), ``auctions`` and ``difference``.

    Raises
    ------
    DataError
        If the frames are not paired or the metric is unknown.
    """
    one_of("metric", metric, METRICS)
    check_frames(policy, baseline)
    units = pair(policy, baseline, blocks, [metric])
    return pd.DataFrame({
        "block": [blocks.time_labels[code] for code in np.unique(_time_of(policy, blocks))],
        "auctions": units.auctions.astype(np.int64),
        "difference": units.difference[:, 0],
    })  # fmt: skip


def check_frames(policy: pd.DataFrame, baseline: pd.DataFrame) -> None:
    """Check that two frames of block totals are complete and paired.

    Raises
    ------
    DataError
        Naming the frame and column, or how they fail to pair.
    """
    for name, frame in (("policy", policy), ("baseline", baseline)):
        has_columns(f"{name} blocks", frame.columns, BLOCK_COLUMNS)
        for column in BLOCK_COLUMNS:
            values = frame[column].to_numpy(dtype=np.float64)
            bad_values(
                f"{name} blocks, {column}", values, ~np.isfinite(values), "finite",
                "Replay again without missing values.", "missing or infinite",
            )  # fmt: skip
    if not len(policy) or not policy["auctions"].sum() > 0:
        raise DataError(
            "policy blocks: no auctions; must hold at least one. Replay a log with rows."
        )
    same = policy.index.equals(baseline.index) and policy.index.is_unique
    if not same or not np.array_equal(policy["auctions"], baseline["auctions"]):
        raise DataError(
            f"policy and baseline blocks: {len(policy)} and {len(baseline)} blocks that do not "
            "pair; must have the same unique codes and the same auctions in each. "
            "Replay both policies on one log with the same blocks."
        )


def _time_of(frame: pd.DataFrame, blocks: Blocks) -> NDArray[np.int32]:
    codes = frame.index.to_numpy()
    outside = (codes < 0) | (codes >= len(blocks))
    bad_values(
        "block codes", codes, outside, f"in [0, {len(blocks) - 1}]",
        "Pass the blocks that the replay was given.", "unknown",
    )  # fmt: skip
    return np.asarray(blocks.time[codes])


def pair(
    policy: pd.DataFrame, baseline: pd.DataFrame, blocks: Blocks | None, metrics: Sequence[str]
) -> PairedUnits:
    """Add up the campaigns of each time block; without `blocks` each row is a unit."""
    unit = np.arange(len(policy))
    if blocks is not None:
        _, unit = np.unique(_time_of(policy, blocks), return_inverse=True)
    names = list(metrics)
    sums = [
        frame[columns].astype(np.float64).groupby(unit).sum().to_numpy()
        for frame, columns in ((policy, names), (baseline, names), (policy, ["auctions"]))
    ]
    kept = sums[2][:, 0] > 0  # a block without auctions is no evidence
    return PairedUnits(sums[0][kept], sums[1][kept], sums[2][kept, 0])


def lag_one(values: Array) -> float:
    """Return the lag-1 autocorrelation of values in time order; 0 if they do not vary.

    Examples
    --------
    >>> lag_one(np.array([1.0, 1.0, 1.0, -1.0, -1.0, -1.0]))
    0.5
    """
    centred = values - values.mean()
    spread = float(centred @ centred)
    return float(centred[1:] @ centred[:-1]) / spread if spread > 0 else 0.0


def dependence(units: PairedUnits) -> float:
    """Return by how many standard errors neighbours move together in the first metric.

    It is the lag-1 autocorrelation of what blocks add beyond their size, times ``sqrt(blocks)``:
    about standard normal for independent blocks.
    """
    beyond_size = residuals(units.difference[:, :1], units.auctions)[:, 0]
    return lag_one(beyond_size) * math.sqrt(len(units))


def merge_dependent(units: PairedUnits, min_blocks: int) -> tuple[PairedUnits, int]:
    """Merge neighbours in pairs while they move together; return how often that was done.

    One standard error is enough to merge: dependence that outlasts one block is then seen. Below
    16 blocks merging costs more than it mends, and `kit.validate.serial` widens the interval
    instead.
    """
    merges = 0
    while len(units) // 2 >= max(min_blocks, LEAST_MERGED) and dependence(units) > 1:
        starts = np.arange(len(units) // 2) * 2  # an odd last unit joins the pair before it
        units = PairedUnits(
            np.add.reduceat(units.policy, starts, axis=0),
            np.add.reduceat(units.baseline, starts, axis=0),
            np.add.reduceat(units.auctions, starts),
        )
        merges += 1
    return units, merges
